"""Fault matrix: the process that hears ends, or hangs."""

import os
import signal
from pathlib import Path

import pytest

from livegan.audio.test_signals import Tone
from livegan.engine.sound_runtime import Service
from livegan.features import listening_process
from livegan.features.listening_process import ListeningProcess
from tests.deadline import until
from tests.faults.stage import Stage

pytestmark = pytest.mark.virtual
SOON_S = 0.5


@pytest.mark.parametrize(
    ("number", "what"),
    [(signal.SIGKILL, "the process that hears is killed"), (signal.SIGSTOP, "the process that hears hangs")],
)
def test_the_show_hears_by_itself_until_another_process_does(
    number: signal.Signals, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening_process, "AGAIN_S", SOON_S)
    monkeypatch.setattr(listening_process, "LOOK_S", SOON_S / 5)
    hears = ListeningProcess(48000, 2)
    service = Service("hearing", hears.start, hears.poll, hears.close, lambda: hears.notice)
    stage = Stage(tmp_path, Tone(), lambda show: [service], listening=hears)
    with stage.played():
        until(lambda: hears.apart, "the other process hears")
        first = hears.process_id
        assert first is not None
        with stage.fault("Engine", what, "a notice; the show hears by itself, then another process does") as fault:
            os.kill(first, number)
            fault.over()
            stage.until_told("hears by itself")
            until(lambda: hears.process_id != first and stage.lag_s() < 0.2, "sound is heard in time")
        until(lambda: hears.apart and stage.lag_s() < 0.2, "another process hears")
        assert hears.process_id not in (None, first)
        until(lambda: not stage.notices(), "no notice any more")
