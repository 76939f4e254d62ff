"""`livegan play --supervise`: the parent process, and how the show under it begins, also as a spare or once more."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from livegan.cli.anywhere import Session
from livegan.cli.output import echo
from livegan.engine.lifeline import VARIABLE, Lifeline

if TYPE_CHECKING:
    from livegan.engine.show_state import ShowState


def wants_supervisor(words: Sequence[str]) -> bool:
    """Whether a command line asks for a supervisor, and is not the one under it already.

    It is not parsed for that: what is wrong in it the show says, and what parses command lines takes 10 MB.
    """
    own = words[: words.index("--")] if "--" in words else words
    return own[:1] == ["play"] and "--supervise" in own and VARIABLE not in os.environ


def supervise() -> int:
    """Play under a supervisor, in this process; the exit code."""
    from livegan.core.own_process import own_command
    from livegan.engine.supervisor import Supervisor

    return Supervisor(own_command(), echo).run()


def begin(lifeline: Lifeline) -> "ShowState | None":
    """Begin the show under a supervisor; a spare first waits for its turn. The state to go on from, None: a new show.

    Ends the process if there is no turn for a spare.
    """
    from livegan.engine.crash_file import write_crashes_to

    write_crashes_to(lifeline.crash_path)
    if lifeline.spare:
        from livegan.core.priority import niced

        niced(_load_libraries)
        if not lifeline.wait_for_order():
            raise typer.Exit
    if lifeline.restart is None:
        return None
    from livegan.core.clock import wall_time
    from livegan.engine.show_state import ShowState, read_state

    state = read_state(lifeline.state_path, wall_time())
    if isinstance(state, ShowState):
        return state
    if state:
        echo(f"livegan: {state}.")
    return None


def do_nothing() -> None:
    """There is no picture to release."""


def hold(lifeline: Lifeline, state: "ShowState") -> Callable[[], None]:
    """Hold the last picture of the show that has died where its window was, if it had one; what releases it."""
    if state.place is None:
        return do_nothing
    from livegan.engine.supervisor import picture_path
    from livegan.errors import DisplayError
    from livegan.ui.display import application

    try:  # before the show's libraries are loaded: that takes seconds
        application()
        from livegan.ui.held_picture import hold_picture
    except (DisplayError, ImportError):  # the show itself says why
        return do_nothing
    return hold_picture(picture_path(lifeline.state_path), state.window, state.place)


def _load_libraries() -> None:
    """Load what takes most of a show's start."""
    from livegan.engine.warm_up import load_libraries

    load_libraries()
    with suppress(ImportError):  # it plays without a window, and none could be opened
        import livegan.ui.play
        import livegan.ui.session  # noqa: F401


def time_left(session: Session, lifeline: Lifeline) -> Session:
    """The session with what is left of its --duration."""
    from livegan.core.clock import wall_time

    if session.duration_s is None or lifeline.restart is None:
        return session
    return replace(session, duration_s=max(session.duration_s - (wall_time() - lifeline.began_s), 0.1))
