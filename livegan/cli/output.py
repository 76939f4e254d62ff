"""Output of the command line: results on standard output, messages on standard error, errors as one sentence."""

import errno
import os
import sys
from contextlib import suppress

from livegan.core.text import printable, printable_lines
from livegan.errors import LiveganError

ERROR = 2  # exit code
READER_LEFT = 1  # exit code: `livegan parameters | head`


def show(text: str) -> None:
    """Print a result on standard output; LiveganError if that cannot be written."""
    try:
        print(printable_lines(text))
    except OSError as error:
        raise _no_output(error) from error


def echo(line: str) -> None:
    """Print a message on standard error; a terminal that was closed is no reason to end."""
    with suppress(OSError):
        print(printable_lines(line), file=sys.stderr, flush=True)


def open_closed_streams() -> None:
    """Standard streams that the caller has closed (`>&-`) lead nowhere; else the next file opened would be one."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def replace_unprintable() -> None:
    """What the terminal's encoding has no character for is printed as a question mark."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def report_error(error: BaseException) -> int:
    """Say in one sentence what went wrong; the exit code. A reader of standard output that went away is no error."""
    if isinstance(error, BrokenPipeError):
        return READER_LEFT
    if isinstance(error, OSError):
        place = f"{printable(error.filename)}: " if error.filename else ""
        echo(f"livegan: {place}{error.strerror or error}")
    else:
        echo(f"livegan: {error}")
    return ERROR


def flush(code: int) -> int:
    """Write what standard output still holds; the exit code, which is another if that fails."""
    try:
        sys.stdout.flush()
    except OSError as error:
        with suppress(OSError):  # else Python would try once more, and complain
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return report_error(error if error.errno == errno.EPIPE else _no_output(error))
    return code


def _no_output(error: OSError) -> LiveganError | OSError:
    if error.errno == errno.EPIPE:
        return error
    return LiveganError(f"standard output cannot be written: {error.strerror}; choose another place for it")
