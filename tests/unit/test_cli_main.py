"""Entry point of the command line: standard streams that are closed, threads that go on."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from livegan import cli
from tests.shell import ROOT


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_standard_streams_may_be_closed(closed: str) -> None:
    command = f"exec '{sys.executable}' '{ROOT / 'main.py'}' --version {closed}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_a_command_does_not_wait_for_a_thread_that_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def leave(code: int) -> None:
        raise RuntimeError(f"left with {code}")

    monkeypatch.setattr(os, "_exit", leave)
    monkeypatch.setattr(sys, "argv", ["livegan", "--version"])
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    try:
        with pytest.raises(RuntimeError, match="left with 0"):
            cli.main()
    finally:
        ended.set()
        thread.join()


def test_a_word_that_could_be_no_file_is_only_a_wrong_option(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["livegan", "render", f"-{'x' * 300}"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    assert "No such option" in capsys.readouterr().err


@pytest.mark.parametrize(("there", "told"), [(True, "type: ./-dash.wav"), (False, "")])
def test_a_file_whose_name_begins_like_an_option_is_told_how_to_type(
    there: bool, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    if there:
        (tmp_path / "-dash.wav").touch()
    monkeypatch.setattr(sys, "argv", ["livegan", "render", "-dash.wav", "-o", "film.mp4"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert "No such option" in said
    assert told in said
    assert ("./" in said) == there
