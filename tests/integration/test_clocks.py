"""Clocks over real cables: MIDI clock through a private JACK server, Ableton Link between two processes."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from livegan.control.link import LEAD_BEATS
from tests.jack import Jack, private_jack
from tests.screen import ROOT

pytestmark = pytest.mark.virtual

SENDER = """
import sys, time, rtmidi
bpm, jitter_s, ticks = float(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="Sequencer")
out.open_virtual_port("clock")
print("plugged", flush=True)
sys.stdin.readline()
period_s, start_s = 60 / bpm / 24, time.monotonic() + 0.05
out.send_message([0xFA])
for number in range(ticks):
    due_s = start_s + number * period_s + (number * 7919 % 101) / 101 * jitter_s
    while (rest_s := due_s - time.monotonic()) > 0:
        time.sleep(rest_s)
    out.send_message([0xF8])
sys.stdin.readline()
"""

RECEIVER = """
import json, sys, time
from livegan.control.midi import MidiInput
from livegan.control.midi_clock import MidiClock
clock = MidiClock()
midi = MidiInput(lambda event: None, clock=clock)
midi.start(time.monotonic())
while not any("Sequencer" in name for name in midi.open_ports):
    time.sleep(0.02)
    midi.poll(time.monotonic() + 10)
print(json.dumps({"open": True}), flush=True)
end_s, line = time.monotonic() + float(sys.argv[1]), None
while line is None or time.monotonic() < end_s:
    time.sleep(0.005)
    line = clock.line(time.monotonic()) or line
midi.stop()
print(json.dumps({"bpm": line.bpm, "beats": line.beats, "source": line.source, "bar": line.knows_bar}), flush=True)
"""

CLOCK_OUT = """
import json, statistics, sys, threading, time
import rtmidi
from livegan.control.clock_out import MidiClockOut
from livegan.control.midi_clock import MidiClock
from livegan.control.ports import list_midi_inputs
from livegan.core.beat_line import BeatLine
heard = []
box = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="drumbox")
box.open_virtual_port("in")
box.ignore_types(timing=False)
box.set_callback(lambda event, _: heard.append((time.monotonic(), event[0])))
line = BeatLine(time.monotonic() + 0.3, 0.0, 120.0)
out = MidiClockOut(lambda: line, "drumbox")
stop, end_s = threading.Event(), time.monotonic() + 2.6
while time.monotonic() < end_s:
    stop.wait(out.poll(time.monotonic()))
inputs = list_midi_inputs()
out.stop()
deadline = time.monotonic() + 5.0
while not any(message == [0xFC] for _, message in heard) and time.monotonic() < deadline:
    stop.wait(0.02)
clock = MidiClock()
for time_s, message in heard:
    clock.receive("drumbox", message, time_s)
got = clock.line(heard[-1][0])
print(json.dumps({
    "first": heard[0][1], "last": heard[-1][1], "ticks": sum(message == [0xF8] for _, message in heard),
    "sent": out.sent, "inputs": inputs, "bpm": got.bpm, "away": got.beats_at(end_s) - line.beats_at(end_s),
    "worst_ms": 1e3 * out.worst_s, "mean_ms": 1e3 * out.late_s / out.sent,
}), flush=True)
"""

PEER = """
import json, sys, time
from livegan.control.link import LinkClock
from livegan.core.beat_line import BeatLine
leads = sys.argv[1] == "lead"
wish = BeatLine(1000.3, 0.0, 97.0)
clock = LinkClock(time.monotonic, lead=(lambda: wish) if leads else None)
clock.start()
seen = []
deadline = time.monotonic() + 20.0
while len(seen) < 90 and time.monotonic() < deadline:
    time.sleep(clock.poll(time.monotonic()))
    line = clock.line(time.monotonic())
    if line is not None:
        seen.append((line.time_s, line.beats, line.bpm, line.source))
print(json.dumps(seen), flush=True)
sys.stdin.read()  # until the other has seen enough, too
clock.stop()
"""


def start(script: str, *words: str, env: dict[str, str] | None = None) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", script, *words],
        env={**os.environ, **(env or {}), "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def read(process: "subprocess.Popen[str]", begins: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(begins):
            return line
    raise AssertionError(f"ended without {begins!r}: {process.communicate()}")


@pytest.fixture(scope="module")
def jack() -> Iterator[Jack]:
    with private_jack() as running:
        yield running


@pytest.mark.parametrize(("bpm", "jitter_s"), [(128.0, 0.003)])
def test_midi_clock_from_a_real_port_is_right_after_four_beats(jack: Jack, bpm: float, jitter_s: float) -> None:
    sender = start(SENDER, str(bpm), str(jitter_s), "96", env=jack.env)
    receiver = start(RECEIVER, str(4 * 60 / bpm + 2.0), env=jack.env)  # the sender may be late on a busy machine
    try:
        read(receiver, '{"open"')
        assert sender.stdin is not None
        sender.stdin.write("go\n")
        sender.stdin.flush()
        told = json.loads(read(receiver, '{"bpm"'))
        assert receiver.wait(20) == 0
    finally:
        for process in (sender, receiver):
            process.kill()
            process.communicate()
    assert told["bpm"] == pytest.approx(bpm, abs=0.2)
    assert told["source"] == "MIDI clock from Sequencer"
    assert told["bar"]
    assert told["beats"] == pytest.approx(95 / 24, abs=0.01)  # the newest tick


def test_midi_clock_to_a_real_port_is_the_shows(jack: Jack) -> None:
    process = start(CLOCK_OUT, env=jack.env)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    told = json.loads(next(line for line in out.splitlines() if line.startswith("{")))
    assert (told["first"], told["last"]) == ([0xFA], [0xFC])
    assert told["ticks"] == told["sent"] >= 96
    assert told["inputs"] == []  # what livegan sends is no input of its own
    assert told["bpm"] == pytest.approx(120.0, abs=0.2)
    assert told["away"] == pytest.approx(0.0, abs=0.05)  # JACK keeps a message for a period


def test_two_link_peers_agree_on_tempo_and_phase() -> None:
    peers = [start(PEER, role) for role in ("follow", "lead")]
    try:
        told = [json.loads(read(peer, "[")) for peer in peers]
    finally:
        for peer in peers:
            peer.communicate()
    assert [peer.returncode for peer in peers] == [0, 0]
    rows = [np.array([row[:3] for row in seen]) for seen in told]
    assert min(map(len, rows)) >= 50, "two processes did not find each other on the loopback"
    assert told[0][-1][3] == "Link, 1 peer"
    later = [row[-30:] for row in rows]  # by then the one has taken the tempo of the other
    assert [row[-1, 2] for row in later] == pytest.approx([97.0, 97.0], abs=0.01)
    places = []
    for seen in later:
        away = (seen[:, 1] - (seen[:, 0] - 1000.3) * 97.0 / 60.0 + 2.0) % 4.0 - 2.0  # [beats]
        places.append(np.median(away))
        assert abs(places[-1]) < LEAD_BEATS + 0.01, "the place in the bar that is wished for"
        assert (
            np.abs(away - places[-1]) * 60.0 / 97.0 < 0.005
        ).mean() > 0.9  # a process that had to wait reads it late
    assert abs(places[0] - places[1]) * 60.0 / 97.0 < 0.005, "both are at the same place"
