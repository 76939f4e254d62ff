"""Subprocesses that run livegan's own modules: a safe path, so that nothing is imported from the current folder.

`python -c` and `python -m` put the current folder first on `sys.path`, where an untrusted `av.py` or `json.py` would be
run; with `-P`, or PYTHONSAFEPATH, they do not (docs.python.org, "Command line and environment", -P).
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

SAFE_PATH = "PYTHONSAFEPATH"


def module_command(module: str, *words: str) -> list[str]:
    """The command line that runs a module; in a bundle the program takes the interpreter's part (tools/bundle)."""
    return [sys.executable, "-P", "-m", module, *words]


def module_environment(base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of such a process: it imports what this one does; what it starts itself has a safe path too."""
    return {**base, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), SAFE_PATH: "1"}


def own_command() -> list[str]:
    """The command line that has started this process, to start it once more."""
    if getattr(sys, "frozen", False):  # PyInstaller's mark
        return [sys.executable, *sys.argv[1:]]
    return [sys.executable, *sys.orig_argv[1:]]


@contextmanager
def safe_spawn() -> Iterator[None]:
    """Context manager for processes that `multiprocessing` starts, by `python -c`: they have a safe path."""
    before = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[SAFE_PATH]
        else:
            os.environ[SAFE_PATH] = before
