"""Real MIDI ports on a private JACK server: a knob turned in one process is an event in another."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.deadline import until
from tests.jack import Jack, KnobBox, private_jack
from tests.screen import ROOT

pytestmark = pytest.mark.virtual

# MIDI input in a process of its own, because JACK's library reads its environment once.
MIDI_INPUT = """
import json, sys, threading, time
from livegan.control.midi import MidiInput
from livegan.control.ports import list_midi_inputs
from livegan.core.channels import Inbox
from livegan.core.controller import Controller

inbox, stop = Inbox(), threading.Event()
box = Controller(
    name="box", match=("knobbox",), knobs={16: "knob.1"}, pads={36: "pad.1"},
    controls={"cc14 1": "fader.1", "nrpn 1200": "fader.2"}, encoders={"cc 20": "twos-complement"},
)
midi = MidiInput(inbox.put, [box], port=sys.argv[1])
print(json.dumps({"inputs": list_midi_inputs()}), flush=True)
midi.start(time.monotonic())

def poll():
    while not stop.wait(min(midi.poll(time.monotonic()), 0.05)):
        pass

def tell():
    last = None
    while not stop.wait(0.005):
        for event in inbox.drain():
            print(json.dumps({"event": event.name, "value": event.value, "kind": event.kind}), flush=True)
        now = {"open": list(midi.open_ports), "status": midi.status, "notice": midi.notice}
        if now != last:
            print(json.dumps(now), flush=True)
            last = now

threads = [threading.Thread(target=work) for work in (poll, tell)]
for thread in threads:
    thread.start()
sys.stdin.read()
stop.set()
for thread in threads:
    thread.join()
midi.stop()
midi.stop()
print(json.dumps({"stopped": midi.status}), flush=True)
"""


class MidiProcess:
    """MIDI input in a process of its own, and the lines it printed."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.messages: list[dict[str, object]] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("{"):  # libjack prints there too
                self.messages.append(json.loads(line))

    def wait_for(self, fits: Callable[[dict[str, object]], bool], what: str, since: int = 0) -> None:
        until(
            lambda: any(fits(message) for message in self.messages[since:]) or self._dead(),
            lambda: f"{what}; {self.messages}",
        )

    def wait_for_event(self, name: str, value: float, since: int = 0) -> None:
        self.wait_for(
            lambda message: message.get("event") == name and abs(float(str(message["value"])) - value) < 1e-6,
            name,
            since,
        )

    def wait_for_ports(self, *names: str, since: int = 0) -> None:
        self.wait_for(lambda message: message.get("open") == list(names), f"the ports {names}", since)

    def _dead(self) -> bool:
        assert self.process.poll() is None, f"MIDI input ended; it said {self.messages}"
        return False

    def turn(self, box: KnobBox, message: list[int], name: str, value: float) -> None:
        """Turn a knob until its event arrives: right after plugging in, JACK may not have drawn the cable yet."""
        since = len(self.messages)

        def heard() -> bool:
            box.send(message)
            return any(
                message.get("event") == name and message.get("value") == value for message in self.messages[since:]
            )

        until(heard, lambda: f"{name} to be heard; {self.messages}", pause_s=0.1)

    def stop(self) -> None:
        """Close its input and wait until it has ended in order."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(timeout=20) == 0
        self._reader.join(timeout=20)
        assert self.messages[-1] == {"stopped": "MIDI: stopped"}

    def kill(self) -> None:
        """End the process, whatever happened."""
        self.process.kill()
        self.process.wait()
        self._reader.join(timeout=20)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


@contextmanager
def midi_process(env: dict[str, str], port: str = "") -> Iterator[MidiProcess]:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", MIDI_INPUT, port],
        env=os.environ | env | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    midi = MidiProcess(process)
    try:
        yield midi
        midi.stop()
    finally:
        midi.kill()


@pytest.fixture(scope="module")
def jack() -> Iterator[Jack]:
    with private_jack() as running:
        yield running


def test_a_knob_turned_is_an_event_with_the_controllers_name(jack: Jack) -> None:
    with jack.controller() as box, midi_process(jack.env) as midi:
        midi.wait_for(lambda message: message.get("inputs") == ["KnobBox:ctl"], "the port in the list")
        midi.wait_for_ports("KnobBox:ctl")
        midi.turn(box, [0xB0, 16, 127], "knob.1", 1.0)
        box.send([0xB0, 16, 0])
        midi.wait_for_event("knob.1", 0.0)
        box.send([0xB3, 74, 127])  # no name for this one, and another channel
        midi.wait_for_event("cc.74", 1.0)
        box.send([0x90, 36, 127])
        midi.wait_for_event("pad.1", 1.0)
        box.send([0x80, 36, 64])
        midi.wait_for_event("pad.1", 0.0)
        for message in ([0xB0, 1, 64], [0xB0, 33, 1]):  # coarse and fine half of 14 bits
            box.send(message)
        midi.wait_for_event("fader.1", (64 * 128 + 1) / 16383)
        assert [message for message in midi.messages if message.get("event") == "fader.1"][1:] == [], "no jump"
        for number, value in ((99, 9), (98, 48), (6, 127), (38, 127)):
            box.send([0xB0, number, value])
        midi.wait_for_event("fader.2", 1.0)
        for value in (1, 125):
            box.send([0xB0, 20, value])
        midi.wait_for_event("cc.20", -0.03)
        for value in [127] * 6 + [1] * 6 + [127] * 3:  # an encoder that no file knows
            box.send([0xB5, 21, value])
        midi.wait_for_event("cc.21", -0.01)
        turns = [message["value"] for message in midi.messages if message.get("kind") == "turn"]
        assert turns[:2] == [0.01, -0.03]


def test_a_pulled_controller_is_missed_and_found_again(jack: Jack) -> None:
    with midi_process(jack.env) as midi:
        midi.wait_for(lambda message: message.get("status") == "MIDI: nothing plugged in", "an empty table")
        with jack.controller() as box:
            midi.wait_for_ports("KnobBox:ctl")
            midi.turn(box, [0xB0, 16, 127], "knob.1", 1.0)
            box.send([0x90, 36, 127])
            midi.wait_for_event("pad.1", 1.0)
            before = len(midi.messages)
            box.pull()
            midi.wait_for(lambda message: "KnobBox" in str(message.get("notice", "")), "a notice", before)
            midi.wait_for_event("pad.1", 0.0, before)  # no pad stays pressed for ever
        before = len(midi.messages)
        with jack.controller() as box:
            midi.wait_for_ports("KnobBox:ctl", since=before)
            midi.turn(box, [0xB0, 16, 0], "knob.1", 0.0)
            midi.wait_for(lambda message: message.get("notice") == "", "no notice", before)


def test_several_controllers_at_once_or_only_the_named_one(jack: Jack) -> None:
    with jack.controller("KnobBox") as one, jack.controller("Pedal") as two:
        with midi_process(jack.env) as midi:
            midi.turn(one, [0xB0, 16, 127], "knob.1", 1.0)
            midi.turn(two, [0xB0, 16, 127], "cc.16", 1.0)  # the box's names are not the pedal's
        with midi_process(jack.env, "pedal") as midi:
            midi.wait_for_ports("Pedal:ctl")


def test_the_server_may_die_and_come_back(jack: Jack) -> None:
    with midi_process(jack.env) as midi:
        with jack.controller() as box:
            midi.wait_for_ports("KnobBox:ctl")
            midi.turn(box, [0xB0, 16, 127], "knob.1", 1.0)
            before = len(midi.messages)
            jack.down(kill=True)
            midi.wait_for(lambda message: message.get("status") == "MIDI: none on this machine", "no MIDI", before)
        jack.up()
        before = len(midi.messages)
        with jack.controller() as box:
            midi.wait_for_ports("KnobBox:ctl", since=before)
            midi.turn(box, [0xB0, 16, 0], "knob.1", 0.0)


def test_a_machine_without_midi_is_no_error() -> None:
    nobody = {"LIVEGAN_MIDI_API": "jack", "JACK_DEFAULT_SERVER": "livegan-nobody"}  # whatever is plugged in here
    with midi_process(nobody) as midi:
        midi.wait_for(lambda message: message.get("inputs") == [], "an empty list")
        midi.wait_for(lambda message: message.get("status") == "MIDI: none on this machine", "calm")
        assert all(not message.get("notice") for message in midi.messages)


MIDI_OUTPUT = """
import json, sys, threading, time
import rtmidi
from livegan.control.midi_out import MidiOutput
from livegan.control.output_ports import list_midi_outputs
from livegan.core.timeline import NoteEvent, TimedBeat, Timeline

heard = []
box = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="soundbox")
box.open_virtual_port("in")
box.set_callback(lambda event, _: heard.append((time.monotonic(), event[0])))
print(json.dumps({"outputs": list_midi_outputs()}), flush=True)
music, beats = Timeline(), []
for number in range(12):
    at_s = number / 10
    events = [NoteEvent(at_s, False, 0, 59 + number)] if number else []
    events.append(NoteEvent(at_s, True, 0, 60 + number, 100))
    beats.append(TimedBeat(at_s, 0.1, number, number % 4, 4, 600.0, tuple(events)))
midi = MidiOutput(music, [(0, 19)], "soundbox")
midi.start(time.monotonic())
music.origin_s = time.monotonic() + 1.0
music.put(tuple(beats))
stop = threading.Event()
while time.monotonic() < music.origin_s + 1.05:
    stop.wait(midi.poll(time.monotonic()))
midi.stop()
deadline = time.monotonic() + 5.0
while not any(message == [0x80, 70, 0] for _, message in heard) and time.monotonic() < deadline:
    stop.wait(0.02)
messages = [message for _, message in heard]
print(json.dumps({"heard": messages, "sent": midi.sent, "notice": midi.notice}), flush=True)
"""


def test_notes_go_to_a_port_and_all_are_let_go(jack: Jack) -> None:
    listed, result = _run(jack, MIDI_OUTPUT)
    assert isinstance(listed, dict)
    assert isinstance(result, dict)
    assert any("soundbox" in name for name in listed["outputs"])
    assert result["notice"] == ""
    struck = [message[1] for message in result["heard"] if message[0] == 0x90]
    let_go = [message[1] for message in result["heard"] if message[0] == 0x80]
    assert struck == let_go == list(range(60, 60 + result["sent"]))
    assert result["sent"] >= 10
    assert [0xC0, 19] in result["heard"]


MIDI_LIGHTS = """
import json, threading, time
import rtmidi
from livegan.control.feedback import Feedback, Shown
from livegan.control.ports import list_midi_inputs
from livegan.core.controller import Controller, FeedbackTable

heard, stop = [], threading.Event()
lights, rings = {"scene.1": "note 9"}, {"knob.1": "cc 9"}
table = FeedbackTable(same=("pad",), lights=lights, rings=rings, dim=1, on=5, start="F0 7E F7")
box = Controller(name="box", match=("knobbox",), knobs={16: "knob.1"}, pads={36: "pad.1"}, feedback=(table,))

def plug():
    port = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="knobbox")
    port.ignore_types(sysex=False)
    port.set_callback(lambda event, _: heard.append(event[0]))
    port.open_virtual_port("lights")
    return port

def wait(feedback, count):
    deadline = time.monotonic() + 10.0
    while len({tuple(message) for message in heard}) < count and time.monotonic() < deadline:
        stop.wait(min(feedback.poll(time.monotonic()), 0.05))
    print(json.dumps(sorted(set(map(tuple, heard)))), flush=True)
    heard.clear()

def show(source, control):
    return {"pad.1": Shown("dim"), "scene.1": Shown("on"), "knob.1": Shown("dim", 0.5)}[control]

port, feedback = plug(), Feedback(lambda: show, [box])
wait(feedback, 4)
print(json.dumps(list_midi_inputs()), flush=True)
port.close_port()
port.delete()
while feedback._open:
    stop.wait(min(feedback.poll(time.monotonic()), 0.05))
port = plug()
wait(feedback, 4)
feedback.stop()
deadline = time.monotonic() + 10.0
dark = {(0x90, 9, 0), (0x90, 36, 0), (0xB0, 9, 0)}
while not dark <= set(map(tuple, heard)) and time.monotonic() < deadline:
    stop.wait(0.02)
print(json.dumps(sorted(dark & set(map(tuple, heard[-3:])))), flush=True)
"""


def _run(jack: Jack, script: str) -> list[object]:
    """Each line of JSON that a script prints, run in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **jack.env},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith(("{", "["))]


def test_lights_and_rings_are_lit_again_after_a_replug_and_dark_at_the_end(jack: Jack) -> None:
    first, inputs, again, end = _run(jack, MIDI_LIGHTS)
    lit = [[0x90, 9, 5], [0x90, 36, 1], [0xB0, 9, 64], [0xF0, 0x7E, 0xF7]]
    assert first == lit
    assert inputs == [], "it does not play on its own lights"
    assert again == lit
    assert end == [[0x90, 9, 0], [0x90, 36, 0], [0xB0, 9, 0]]


def test_a_knobs_move_is_seen_in_the_next_two_frames(jack: Jack) -> None:
    """A whole show at 60 frames a second; frame 1 is the one that is being made when the message arrives."""
    script = "import json; from tests.benchmarks.bench_midi import knob_to_frame; print(json.dumps(knob_to_frame(8)))"
    (counts,) = _run(jack, script)
    assert isinstance(counts, dict)
    assert sum(counts.values()) == 8
    assert set(counts) <= {"1", "2"}
