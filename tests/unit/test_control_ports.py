"""Which MIDI back end is chosen, on machines that have none, one or both."""

import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

from livegan.control.midi import MidiInput
from livegan.control.ports import SystemPorts, choose_api, list_midi_inputs
from livegan.core.channels import Inbox


@pytest.mark.parametrize("broken", [None, ModuleType("rtmidi")], ids=["missing", "another package of this name"])
def test_a_machine_without_python_rtmidi_is_one_without_midi(
    monkeypatch: pytest.MonkeyPatch, broken: ModuleType | None
) -> None:
    monkeypatch.setitem(sys.modules, "rtmidi", broken)
    assert choose_api() is None
    assert SystemPorts().names() is None
    assert list_midi_inputs() == []
    midi = MidiInput(Inbox().put)
    midi.start(0.0)
    midi.poll(1.0)
    assert (midi.status, midi.notice) == ("MIDI: none on this machine", "")
    midi.stop()


@pytest.mark.parametrize(
    ("asked", "alsa", "jack", "chosen"),
    [
        ("", True, True, "ALSA"),
        ("", True, False, "ALSA"),
        ("", False, True, "JACK"),
        ("", False, False, None),
        ("jack", True, True, "JACK"),
        ("jack", True, False, None),
        ("alsa", True, True, "ALSA"),
        ("alsa", False, True, None),
        ("jakc", True, True, "ALSA"),
    ],
)
def test_alsa_comes_before_jack_unless_one_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, asked: str, alsa: bool, jack: bool, chosen: str | None
) -> None:
    rtmidi = ModuleType("rtmidi")
    numbers = {"API_RTMIDI_DUMMY": 0, "API_LINUX_ALSA": 1, "API_UNIX_JACK": 2}
    vars(rtmidi).update(numbers, get_compiled_api=lambda: [1, 2])
    monkeypatch.setitem(sys.modules, "rtmidi", rtmidi)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("LIVEGAN_MIDI_API", asked)
    monkeypatch.setattr(Path, "exists", lambda path: alsa)
    monkeypatch.setattr(Path, "glob", lambda path, pattern: iter([path] if jack else []))
    expected = {"ALSA": 1, "JACK": 2, None: None}[chosen]
    assert choose_api() == expected


def test_elsewhere_the_machines_own_back_end_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    rtmidi = ModuleType("rtmidi")
    numbers = {"API_RTMIDI_DUMMY": 0, "API_LINUX_ALSA": 1, "API_UNIX_JACK": 2}
    compiled = [0, 7]
    vars(rtmidi).update(numbers, get_compiled_api=lambda: compiled)
    monkeypatch.setitem(sys.modules, "rtmidi", rtmidi)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert choose_api() == 7
    compiled.remove(7)
    assert choose_api() is None


def test_choosing_a_backend_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEGAN_MIDI_API", "jack")
    monkeypatch.setattr(Path, "glob", lambda path, pattern: iter([path]))
    monkeypatch.delenv("JACK_NO_START_SERVER", raising=False)
    before = dict(os.environ)
    choose_api()
    assert dict(os.environ) == before
