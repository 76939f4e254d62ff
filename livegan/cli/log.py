"""`livegan log`: the story of a show, from its log."""

from pathlib import Path
from typing import Annotated

import typer

from livegan.cli.options import Overwrite
from livegan.cli.output import echo, show


def log(
    file: Annotated[Path, typer.Argument(metavar="SHOW.LOG", help="What `livegan play --log show.log` wrote.")],
    html: Annotated[Path | None, typer.Option("--html", help="Write it as a page with plots.")] = None,
    json_: Annotated[
        bool, typer.Option("--json", help="Everything that was noted, one JSON object a line, for programs.")
    ] = False,
    overwrite: Overwrite = False,
) -> None:
    """Tell a show from its log: scenes, controls, faults, quality, flashes, tempo; as text or as a page."""
    import json

    from livegan.core.files import check_outputs, write_atomic
    from livegan.engine.show_log_reader import open_show_log
    from livegan.errors import MediaError
    from livegan.studio.log_page import log_page
    from livegan.studio.log_story import read_story, story_lines

    read = open_show_log(file)
    check_outputs({"--html": html}, [file])
    if html is not None and html.exists() and not overwrite:
        raise MediaError(f"{html} is there already; type --overwrite, or give another name")
    if json_:
        show("\n".join(json.dumps(note) for block in read.blocks() for note in block.notes))
        return
    story = read_story(read)
    if html is not None:
        write_atomic(html, log_page(story))
        echo(f"The page is {html}.")
        return
    show("\n".join(story_lines(story)))
