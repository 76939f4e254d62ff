"""`livegan rehearse`: songs heard before the show, each into a scene pack that follows it on stage."""

from pathlib import Path
from typing import Annotated

import typer

from livegan.cli.options import DeviceName, VenueFile, refuse_address, venue_with
from livegan.cli.output import echo, show
from livegan.core.signals import end_at_once
from livegan.core.text import counted
from livegan.errors import LiveganError


def rehearse(
    songs: Annotated[list[Path], typer.Argument(metavar="SONG...", help="Songs that will be played on stage.")],
    scene: Annotated[
        list[str] | None,
        typer.Option("--scene", "-s", help="Look to begin from, by name or path; several: parts take them in turn."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder of the pack.", show_default="SONG-pack, beside you")
    ] = None,
    device: DeviceName = "",
    venue: VenueFile = None,
) -> None:
    """Hear songs once and write scene packs: a look for each part, at its place in the song, in whatever tempo.

    Each pack is a folder with a setlist, its scenes, what the song is recognised by, and report.html.
    """
    with end_at_once():
        from livegan.core.progress import progress_bar
        from livegan.studio.rehearsal_page import fitted_lines, write_rehearsal_page
        from livegan.studio.rehearse import rehearse as run

        if output is not None and len(songs) > 1:
            raise LiveganError("-o names one folder; rehearse the songs one by one, or leave it out")
        place = venue_with(venue, device=device)
    for song in songs:
        refuse_address(str(song))
        folder = output or Path(f"{song.stem}-pack")
        with progress_bar(song.name, 100, "%") as report:
            pack = run(song, scene or ["default"], folder, place, report)
        write_rehearsal_page(pack, folder / "report.html")
        letters = "".join(part.letter for part in pack.parts)
        known = f"its place is known in {100 * pack.sure:.0f} % of it"
        show(f"{pack.title}: {counted(len(pack.parts), 'part')}, {letters}; {known}.")
        for line in fitted_lines(pack):
            show(f"  {line}")
        echo(f"The report: {folder / 'report.html'}. On stage: livegan play --set {pack.setlist}")
