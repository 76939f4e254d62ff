"""`livegan studio`: the page in the browser."""

from pathlib import Path
from typing import Annotated

import typer

from livegan.cli.output import echo


def studio(
    host: Annotated[
        str, typer.Option(help="127.0.0.1: this machine alone. 0.0.0.0: others too, who need the whole address.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 7860,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Where uploads and results lie; else in your data folder.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, max=64, help="So many at a time; the others wait.")] = 2,
    max_upload: Annotated[
        int, typer.Option("--max-upload", min=1, max=1_000_000, help="Megabytes that are taken at a time.")
    ] = 500,
    keep_days: Annotated[
        float, typer.Option("--keep-days", min=0.01, help="Results older than this are removed.")
    ] = 30.0,
    keep_gb: Annotated[
        float, typer.Option("--keep-gb", min=0.01, help="The oldest are removed beyond so many gigabytes.")
    ] = 20.0,
) -> None:
    """Make films, pictures and music on a page in the browser. It needs no network; Ctrl-C ends it."""
    import platformdirs

    from livegan.web.studio.serve import StudioOptions, serve_studio

    place = folder or platformdirs.user_data_path("livegan") / "studio"

    def tell(address: str) -> None:
        echo(f"open this in a browser: {address}")
        echo(f"results are kept in {place}; Ctrl-C here ends it")

    serve_studio(StudioOptions(place, host, port, jobs, max_upload, keep_days, keep_gb), tell)
