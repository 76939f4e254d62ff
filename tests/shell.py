"""Commands as a person types them: in this process (fast), or as a shell starts them."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from livegan import cli
from livegan.engine.sound_runtime import SoundRuntime
from tests.deadline import until

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Typed:
    """How a command ended and what it printed."""

    returncode: int
    stdout: str
    stderr: str


class LeftError(Exception):
    """The process would have ended here, whatever its threads do."""


Run = Callable[..., Typed]


def runner_here(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], **environment: str
) -> Run:
    """Runs `livegan WORDS...` in this process and in `folder`, as the entry point does; an exception is a failure."""
    monkeypatch.chdir(folder)
    for name, value in {"COLUMNS": "100", "XDG_CONFIG_HOME": str(folder / "config"), **environment}.items():
        monkeypatch.setenv(name, value)

    def leave(code: int) -> None:
        raise LeftError(code)

    monkeypatch.setattr(os, "_exit", leave)

    def run(*words: str) -> Typed:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["livegan", *words])
        try:
            cli.main()
        except SystemExit as end:
            code = end.code
        except LeftError as end:
            code = end.args[0]
        until(lambda: not SoundRuntime.stuck(), "the threads of the show to end")
        assert isinstance(code, int)
        printed = capsys.readouterr()
        return Typed(code, printed.out, printed.err)

    return run


def runner_outside(folder: Path, **environment: str) -> Run:
    """Runs `livegan WORDS...` in a process of its own in `folder`, on a machine without display or sound."""
    settings = {"XDG_RUNTIME_DIR": str(folder), "XDG_CONFIG_HOME": str(folder / "config"), "COLUMNS": "100"}

    def run(*words: str, **streams: int) -> Typed:
        done = subprocess.run(
            [sys.executable, str(ROOT / "main.py"), *words],
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},  # type: ignore[arg-type]
            text=True,
            check=False,
            timeout=120,
            cwd=folder,
            env=os.environ | settings | environment,
        )
        return Typed(done.returncode, done.stdout or "", done.stderr or "")

    return run
