"""`livegan compose`: music by networks. Heavy imports happen inside, as in `livegan.cli`."""

import typer

from livegan.cli.output import show

app = typer.Typer(help="Write music with networks, and play it.", no_args_is_help=True, rich_markup_mode=None)


@app.command("styles")
def list_styles() -> None:
    """List the styles. Each has its instruments, tempo, density and room."""
    from livegan.composer.styles import style_table

    show("\n".join(style_table()))
