"""A show with composed music, whole: threads, features, score, MIDI; nothing is left behind."""

import threading
from pathlib import Path

import pytest

from livegan.config.venue import AudioTable, MusicTable, Venue, WindowTable
from livegan.control.output_ports import FakeOutPorts
from livegan.core.clock import WallClock
from livegan.core.types import ControlEvent
from livegan.engine.report import report
from livegan.engine.show import PlayOptions, set_up
from livegan.errors import DeviceError
from tests.deadline import until
from tests.shell import runner_here
from tests.show_logs import notes
from tests.unit.test_control_midi_out import hanging

SCENE = """
title = "Notes"
network = "falling-notes"
[knobs]
"knob.1" = "compose.volume"
"pad.1" = "notes.off"
"""


def test_composed_music_is_heard_seen_and_sent_and_nothing_is_left_hanging(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> Path:
        raise DeviceError("there is none")

    ports = FakeOutPorts("Synth")
    monkeypatch.setattr("livegan.engine.music.find_soundfont", missing)
    monkeypatch.setattr("livegan.control.midi_out.SystemOutPorts", lambda: ports)
    (scene := tmp_path / "notes.toml").write_text(SCENE)
    venue = Venue(
        audio=AudioTable(input="compose:marimba:7", monitor=False),
        music=MusicTable(midi_out="synth"),
        window=WindowTable(size=(64, 36)),
    )
    before = threading.enumerate()
    log = tmp_path / "show.log"
    show = set_up(venue, PlayOptions(str(scene), log, in_window=False, one_scene=True), WallClock())
    assert any("built-in instrument" in line for line in show.notices)
    heard: set[str] = set()
    with show.runtime as runtime:
        names = {thread.name for thread in threading.enumerate()}
        assert {"livegan-composer", "livegan-midi-out"} <= names

        def has_played() -> bool:
            features, frame = runtime.performer.features, runtime.frames.peek()
            heard.update(name for name in ("note.onset", "voice.4.onset", "level") if features[name] > 0.05)
            score = frame.plan.score if frame is not None else None
            if score is not None and len(score.notes) and (score.notes[:, 0] > 0.2).any():
                heard.add("score ahead")
            return len(heard) == 4 and len(ports.sent.get("Synth", ())) > 12

        until(has_played, lambda: f"music to be heard and seen; {heard}, {ports.sent}")
        assert runtime.performer.features["beat.bpm"] == pytest.approx(120, abs=0.1)
        runtime.controls.put(ControlEvent(0.0, "knob.1", 0.5))
        until(lambda: any(message[1:] == (7, 64) for message in ports.sent["Synth"]), "the volume to be told")
        let_go = len(ports.sent["Synth"])
        runtime.controls.put(ControlEvent(0.0, "pad.1", 1.0))
        until(lambda: any(message[1] == 123 for message in ports.sent["Synth"][let_go:]), "every note to be let go")
        facts = report(runtime)
    assert facts["music"]["repeated"] == 0
    assert facts["music"]["bars"] >= 1
    assert facts["faults"] == 0
    assert not hanging(ports.sent["Synth"])
    until(lambda: set(threading.enumerate()) <= set(before), "every thread to end")
    lines = notes(log)
    assert any(line["kind"] == "bar" and line["number"] == 0 for line in lines)
    assert any(line.get("input") == "compose:marimba:7" for line in lines)


def test_notes_for_a_midi_output_need_music_that_has_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (scene := tmp_path / "notes.toml").write_text(SCENE)
    venue = Venue(
        audio=AudioTable(input="demo", monitor=False),
        music=MusicTable(midi_out="synth"),
        window=WindowTable(size=(64, 36)),
    )
    show = set_up(venue, PlayOptions(str(scene), in_window=False, one_scene=True), WallClock())
    assert "No notes go to the MIDI output 'synth': only --compose and MIDI files have any." in show.notices
    typed = runner_here(tmp_path, monkeypatch, capsys)("play", "demo", "--headless", "--midi-out", "synth")
    assert typed.returncode == 2
    assert "--midi-out synth gets the notes of music that livegan plays itself; add --compose STYLE" in typed.stderr
