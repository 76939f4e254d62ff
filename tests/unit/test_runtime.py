"""The runtime: every thread started is joined, everything opened is closed, whatever fails on the way."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from livegan.audio.test_signals import Clicks, Silence
from livegan.control.midi import MidiInput
from livegan.control.ports import FakePorts
from livegan.core.binding import Binding
from livegan.core.clock import WallClock
from livegan.core.controller import Controller
from livegan.core.types import ControlEvent
from livegan.engine.report import report
from livegan.engine.show_log import ShowLog
from livegan.engine.sound_runtime import Service
from livegan.errors import DeviceError, MediaError
from tests.deadline import until
from tests.show_logs import log_service, notes
from tests.shows import plain_show


def livegan_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("livegan")]


def test_every_thread_is_named_and_joined() -> None:
    before = threading.enumerate()
    with plain_show(None, Service("midi", poll=lambda now_s: 0.1)) as running:
        until(lambda: running.published > 5, "frames")
        names = {f"livegan-{name}" for name in ("audio", "listening", "loader", "watchdog", "engine", "midi")}
        assert set(livegan_threads()) == names
    assert threading.enumerate() == before
    assert running.stuck() == []


def test_clicks_are_heard_and_their_age_is_measured() -> None:
    with plain_show(Clicks(240.0)) as running:
        until(lambda: running.latencies.count > 20, "sound")
        until(lambda: (told := running.telemetry.peek()) is not None and told.onset > 0.5, "an onset in the telemetry")
    facts = report(running)
    assert facts["frames"] == running.published
    assert facts["faults"] == 0
    assert facts["network"] == "plain"
    assert 0 < facts["latency_ms"]["p50"] <= facts["latency_ms"]["p95"] <= facts["latency_ms"]["max"]


class Deaf(Silence):
    """A source that cannot be opened."""

    stopped = 0

    def start(self, now_s: float) -> None:
        raise DeviceError("no input called 'x'")

    def stop(self) -> None:
        self.stopped += 1


def test_a_source_that_does_not_open_opens_nothing_else() -> None:
    opened: list[str] = []
    running = plain_show(Deaf(), Service("film", start=lambda: opened.append("film")))
    with pytest.raises(DeviceError), running:
        pass
    assert opened == []
    assert livegan_threads() == []


def test_a_service_that_does_not_open_closes_those_before_it() -> None:
    told: list[str] = []

    def refuse() -> None:
        raise MediaError("cannot be written")

    first = Service("first", start=lambda: told.append("open"), stop=lambda: told.append("closed"))
    with pytest.raises(MediaError), plain_show(None, first, Service("second", start=refuse)):
        pass
    assert told == ["open", "closed"]
    assert livegan_threads() == []


def test_a_service_that_fails_to_close_holds_up_no_other() -> None:
    told: list[str] = []

    def fail() -> None:
        raise OSError("disk full")

    good = Service("film", stop=lambda: told.append("film closed"))
    with pytest.raises(OSError, match="disk full"), plain_show(None, good, Service("journal", stop=fail)):
        pass
    assert told == ["film closed"]
    assert livegan_threads() == []


def test_a_thread_that_hangs_in_a_driver_is_named_and_holds_up_nobody() -> None:
    frozen, thaw = threading.Event(), threading.Event()

    class Frozen(Silence):
        def poll(self, now_s: float) -> float:
            frozen.set()
            thaw.wait(30)
            return 0.1

    with plain_show(Frozen(), join_s=0.2) as running:
        assert frozen.wait(10)
        until(lambda: running.published > 3, "frames while the sound hangs")
    assert running.stuck() == ["livegan-audio"]
    thaw.set()
    until(lambda: not livegan_threads(), "the thread to end")


def test_a_stage_that_raises_is_counted_and_shown_but_frames_go_on() -> None:
    class Broken(Silence):
        def poll(self, now_s: float) -> float:
            raise RuntimeError("driver says no")

    with plain_show(Broken()) as running:
        until(lambda: running.published > 20, "frames")
        telemetry = until(running.telemetry.peek, "telemetry")
    assert telemetry.faults >= 1
    assert any("driver says no" in line for line in telemetry.notices)


def test_what_is_missing_in_the_network_that_draws_is_said() -> None:
    with plain_show() as running:
        until(lambda: running.published > 3, "frames")
        running.performer.generator.notice = "quality steps: no room"
        telemetry = until(
            lambda: next((t for t in [running.telemetry.peek()] if t and t.notices), None), "telemetry with a notice"
        )
    assert telemetry.notices == ("plain: quality steps: no room",)
    assert running._listening.wanted == running.performer.patch.groups  # and nothing else is computed


def test_control_events_are_written_to_the_show_log(tmp_path: Path) -> None:
    log = ShowLog(tmp_path / "show.log")
    writer = log_service(log)
    with plain_show(None, writer, log=log) as running:
        running.controls.put(ControlEvent(WallClock().now(), "knob.1", 0.25))
        running.controls.put(ControlEvent(WallClock().now(), "knob.2", 0.125, kind="turn", source="box"))
        running.controls.put(ControlEvent(WallClock().now(), "noise", kind="release", source="osc"))
        learnt = Binding("noise", "toggle", high=0.5)
        running.controls.put(ControlEvent(WallClock().now(), "pad.1", source="box", binding=learnt))
        running.controls.put(ControlEvent(WallClock().now(), "pad.2", source="box", binding=Binding("noise")))
        until(lambda: not len(running.controls.engine_events), "the event to be read")
        mark = running.published
        until(lambda: running.published > mark, "a frame")
    lines = notes(tmp_path / "show.log")
    hands = {line["name"]: line for line in lines if line["kind"] == "hand"}
    assert hands["knob.1"]["value"] == 0.25
    assert (hands["knob.2"]["how"], hands["knob.2"]["source"]) == ("turn", "box")
    assert (hands["pad.1"]["to"], hands["pad.2"]["to"]) == ({"to": "noise", "mode": "toggle", "high": 0.5}, "noise")
    assert (hands["noise"]["how"], hands["noise"]["source"]) == ("release", "osc")
    assert running._faults.faults == 0


def test_the_delay_of_frames_is_measured_and_that_of_the_window_is_added() -> None:
    with plain_show() as running:
        until(lambda: running.delay_s > 0, "a delay")
        own_s = running.delay_s
        assert own_s < 0.5
        for value in (0.25, 9.0):
            running.controls.put(ControlEvent(WallClock().now(), "screen.delay", value))
            until(lambda: running.delay_s >= min(value, 0.5), "the delay of the window")  # noqa: B023
        mark, handled = running.published, running.performer.patch.controls.values()
        until(lambda: running.published > mark, "a frame")
    assert 0.5 <= running.delay_s < 1.0
    assert handled == ()


def test_a_bank_is_loaded_behind_the_show_and_played_from_end_to_end() -> None:
    names = tuple(f"snapshot-{i}" for i in range(8))
    with plain_show(names=names) as running:
        until(lambda: (t := running.telemetry.peek()) is not None and t.bank.startswith("networks 8 of 8"), "the bank")
        seen = set()

        def turn() -> bool:
            position = len(seen) % 8
            running.controls.put(ControlEvent(WallClock().now(), "knob.1", position / 7))
            frame = running.frames.peek()
            if frame is not None:
                seen.add(frame.plan.network)
            return seen == set(names)

        until(turn, "every network")
    assert report(running)["faults"] == 0
    assert running.performer.bank_text.startswith("networks 8 of 8")


def test_a_blackout_from_a_pad_reaches_the_window_while_the_engine_hangs(tmp_path: Path) -> None:
    """Sent by the MIDI driver's own thread; the engine is inside a picture that never ends."""
    log = ShowLog(tmp_path / "show.log")
    writer = log_service(log)
    running, hung, thaw = plain_show(None, writer, log=log), threading.Event(), threading.Event()
    ports = FakePorts("Pads")
    pads = Controller(name="pads", match=("pads",), pads={36: "blackout", 37: "pad.1"})
    midi = MidiInput(running.controls.put, [pads], now=running.clock.now, ports=ports)

    def hang(*_: object) -> None:
        hung.set()
        thaw.wait(30)

    woken = threading.Event()
    with running:
        running.performer.step = hang  # type: ignore[assignment,method-assign]
        assert hung.wait(10)
        running.controls.window_events.subscribe(woken.set)
        midi.start(0.0)
        driver = threading.Thread(target=lambda: [ports.play("Pads", 0x90, note, 127) for note in (37, 36)])
        driver.start()
        driver.join(10)
        assert not driver.is_alive()
        assert woken.is_set(), "before the driver's callback returned"
        (event,) = running.controls.window_events.drain()
        assert (event.name, event.value) == ("blackout", 1.0)
        assert len(running.controls.engine_events) == 1, "the pad waits for the engine"
        running.controls.record(event)  # as the window does
        thaw.set()
    names = {note.get("name") for note in notes(tmp_path / "show.log")}
    assert {"blackout", "pad.1"} <= names


def test_hops_that_the_engine_was_too_late_for_are_counted_and_reported() -> None:
    with plain_show() as running:
        ring = running._listening.ring
        until(lambda: running.published > 2, "frames")
        assert running.missed_hops == 0
        batch = ring.since(ring.written - 1)
        assert batch is not None
        ring.since = lambda *_: replace(batch, missed=3) if not running.missed_hops else None  # type: ignore[method-assign]
        until(lambda: running.missed_hops == 3, "the missed hops")
        until(lambda: (t := running.telemetry.peek()) is not None and t.missed_hops == 3, "them in the telemetry")
    assert report(running)["missed_hops"] == 3
