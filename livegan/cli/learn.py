"""`livegan learn`: bind knobs and pads by moving them, without a show."""

from typing import Annotated

import typer

from livegan.cli.options import VenueFile, venue_with
from livegan.cli.output import echo, show


def learn(
    parameter: Annotated[
        str, typer.Argument(help="What to learn at once (`livegan parameters`); without it you choose by moving.")
    ] = "",
    mode: Annotated[
        str, typer.Option("--mode", help="How a button works: momentary, toggle (on and off), radio (stays on).")
    ] = "",
    list_: Annotated[bool, typer.Option("--list", help="Print what was learnt, and in which files.")] = False,
    forget: Annotated[str, typer.Option(metavar="CONTROL", help="Forget what a control has learnt: knob.3.")] = "",
    port: Annotated[str, typer.Option(metavar="NAME", help="Only controllers with this in their name.")] = "",
    venue: VenueFile = None,
) -> None:
    """Move a knob, say what it turns: it is kept for every show. Ctrl-C ends it. In a show the key L does the same."""
    from datetime import date

    from livegan.core.clock import WallClock
    from livegan.studio import learn_session

    if list_:
        for line in learn_session.learnt_lines():
            show(line)
        return
    if forget:
        show(learn_session.forget(forget, port, date.today()))
        return
    target = learn_session.target_called(parameter, mode) if parameter else None
    learn_session.LearnSession(venue_with(venue), WallClock(), echo, _ask, port=port).run(target)


def _ask(question: str) -> str:
    echo(question.rstrip())
    return input()
