"""`livegan listen`: feature analysis of a sound, as meters and as files."""

from pathlib import Path
from typing import Annotated

import typer

from livegan.cli.options import Duration, VenueFile, refuse_address, venue_with
from livegan.cli.output import echo
from livegan.cli.play import leave


def listen(
    input_: Annotated[
        str,
        typer.Argument(metavar="SONG|DEVICE", help="A song, 'demo', or part of an input's name (`livegan devices`)."),
    ] = "",
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write every feature of every hop, one JSON object a line.")
    ] = None,
    events: Annotated[Path | None, typer.Option(help="Write onsets, beats, downbeats and tempo as JSON.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw waveform, bands, onsets, beats and chroma as PNG.")] = None,
    tags: Annotated[
        bool, typer.Option("--tags", help="Say what a song is: its tags, its mood, the picture it asks for.")
    ] = False,
    duration: Duration = None,
    venue: VenueFile = None,
) -> None:
    """Show what a show hears: meters, features, events, a plot. Ctrl-C ends it and keeps what was heard."""
    from livegan.studio.listen import listen as run
    from livegan.studio.listen_files import ListenJob

    refuse_address(input_)
    if tags:
        from livegan.studio.listen_tags import tag_lines

        for line in tag_lines(input_ or venue_with(venue).audio.input):
            echo(line)
        if not (json_ or events or plot):
            return
    result = run(ListenJob(input_, json_, events, plot, duration), venue_with(venue))
    for line in result.lines:
        echo(line)
    leave(0, list(result.stuck))
