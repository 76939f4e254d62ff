"""The command line: one function for each command. Heavy imports happen inside: `livegan --help` loads no numpy.

Exit codes: 0 done (Ctrl-C during a show or a render included: its film is kept), 1 `livegan doctor` found that no show
can run, `livegan doors` that something is not ready, or the reader of standard output went away, 2 an error, reported
in one sentence, 130 interrupted before there was anything to keep.
"""

import atexit
import os
import sys
import threading
from contextlib import suppress
from typing import Annotated

import typer

from livegan.cli import (
    capture,
    compose,
    doors,
    dream,
    dream_film,
    inspect,
    learn,
    listen,
    log,
    networks,
    osc,
    play,
    project,
    rehearse,
    render,
    select,
    studio,
    training,
    upload,
)
from livegan.cli.options import OptionalAddress, dashed_file
from livegan.cli.output import echo, flush, open_closed_streams, replace_unprintable, report_error, show
from livegan.cli.supervise import supervise, wants_supervisor
from livegan.core.signals import Interrupt, handle_ending_signals
from livegan.core.version import __version__
from livegan.errors import LiveganError

USAGE = 2  # exit code of words that are no command line
INTERRUPTED = 130

app = typer.Typer(
    name="livegan",
    help="Turns live music into pictures on a stage.",
    epilog="Begin with: livegan play --anywhere",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)


def program() -> None:
    """`main` as the whole of a process, which ends without unloading torch and others: that takes half a second."""
    try:
        main()
    except SystemExit as end:
        if "torch" not in sys.modules or not isinstance(end.code, int):
            raise
        atexit._run_exitfuncs()
        with suppress(OSError):
            sys.stderr.flush()
        os._exit(flush(end.code))


def main() -> None:
    """Run one command and end the process with its exit code; an error is one sentence, never a traceback."""
    _set_environment()
    open_closed_streams()
    replace_unprintable()
    if wants_supervisor(sys.argv[1:]):
        sys.exit(supervise())
    interrupt = Interrupt()  # every signal that ends a command does it as Ctrl-C does: films and reports are kept
    with handle_ending_signals(interrupt):
        try:
            app()
            code = 0
        except SystemExit as end:  # how typer ends every command
            code = end.code if isinstance(end.code, int) else 1
            if code == USAGE and (hint := dashed_file(sys.argv[1:])):
                echo(hint)
        except KeyboardInterrupt:
            code = INTERRUPTED
        except (LiveganError, OSError) as error:
            code = report_error(error)
        code = flush(code)
        if interrupt.happened or threading.active_count() > 1:
            os._exit(code)  # libraries take seconds to unload, or abort under a thread that still loads a network
    sys.exit(code)


def _set_environment() -> None:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's pool would fight the audio callback for the cores
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # idle torch threads sleep instead of spinning
    os.environ.setdefault("LP_NUM_THREADS", str(max(1, (os.cpu_count() or 2) - 1)))  # OpenGL without a graphics card
    os.environ.setdefault("JACK_NO_START_SERVER", "1")  # looking for JACK must not start it


def _print_version(asked: bool) -> None:
    if asked:
        show(f"livegan {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Turns live music into pictures on a stage."""


app.command()(play.play)
app.command(cls=OptionalAddress)(render.render)
app.command(cls=OptionalAddress)(project.project)
app.command()(inspect.devices)
app.command()(inspect.scenes)
app.command()(inspect.sets)
app.command()(inspect.bookmarks)
app.command()(inspect.keys)
app.command()(inspect.check)
app.command()(listen.listen)
app.command()(log.log)
app.command()(learn.learn)
app.command()(osc.osc)
app.command()(inspect.routes)
app.command()(inspect.parameters)
app.command()(inspect.doctor)
app.command()(doors.doors)
app.command()(rehearse.rehearse)
app.command()(inspect.bench)
app.command()(capture.capture)
app.command()(upload.upload)
app.command()(select.select)
app.command()(training.dataset)
app.command()(training.train)
app.command()(studio.studio)
app.add_typer(networks.app, name="networks")
app.add_typer(compose.app, name="compose")
dream.app.command("film", cls=OptionalAddress)(dream_film.make_film)
app.add_typer(dream.app, name="dream")
