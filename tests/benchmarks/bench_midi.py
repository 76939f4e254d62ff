"""MIDI input: microseconds a message, frames under a flood, and frames from a knob to the picture, over a JACK port.

    python -m tests.benchmarks.bench_midi

The smallest time of several rounds counts. The flood is 10 000 control changes a second from another process, on 64
knobs; the frames are those of a show at 60 a second whose network costs nothing.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from livegan.control.midi import MidiInput
from livegan.control.ports import FakePorts, SystemPorts
from livegan.core.binding import Binding
from livegan.core.controller import Controller
from livegan.core.types import ControlEvent, FramePlan
from livegan.engine.router import Router
from livegan.engine.runtime import Runtime
from livegan.engine.sound_runtime import Service
from tests.jack import Jack, private_jack
from tests.shows import plain_show

MESSAGES, ROUNDS, SECONDS = 10_000, 5, 10.0
BOX = Controller(
    name="box",
    match=("box",),
    knobs={20: "knob.1"},
    pads={36: "pad.1"},
    controls={"cc14 1": "fader.1", "nrpn 5": "fader.2"},
    encoders={"cc 21": "twos-complement"},
)
KINDS = {
    "control change": [(0xB0, 20, value) for value in range(1, 128)],
    "note": [(0x90, 36, velocity) for velocity in (100, 0)],
    "14-bit pair": [(0xB0, number, value) for value in range(128) for number in (1, 33)],
    "NRPN": [
        (0xB0, number, value) for value in range(128) for number, value in ((99, 0), (98, 5), (6, value), (38, 1))
    ],
    "encoder": [(0xB0, 21, value) for value in (1, 127)],
}
FLOOD = """
import sys, time, rtmidi
out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="box")
out.open_virtual_port("flood")
print("plugged", flush=True)
sys.stdin.readline()
sent, began = 0, time.monotonic()
while sent < int(sys.argv[1]):
    for _ in range(20):
        out.send_message([0xB0, sent % 64, 1 + sent % 127])
        sent += 1
    time.sleep(max(0.0, began + sent / 10_000 - time.monotonic()))
print(sent / (time.monotonic() - began), flush=True)
sys.stdin.readline()
"""


def microseconds(messages: list[tuple[int, int, int]]) -> float:
    """Of one message: from the driver's callback to the engine's inbox, read 60 times a second."""
    router, ports = Router(), FakePorts("box")
    midi = MidiInput(router.put, [BOX], ports=ports)
    midi.start(0.0)
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for number in range(MESSAGES):
            ports.play("box", *messages[number % len(messages)])
            if number % 166 == 0:
                router.take_engine_events()
        times.append(time.perf_counter() - began)
    return min(times) / MESSAGES * 1e6


def listing_ms() -> float:
    """Of one look for ports, with three of them on the server."""
    ports = SystemPorts()
    ports.names()
    times = []
    for _ in range(50):
        began = time.perf_counter()
        ports.names()
        times.append(time.perf_counter() - began)
    ports.close()
    return sorted(times)[25] * 1e3


@contextmanager
def midi_show() -> Iterator[tuple[Runtime, list[int]]]:
    """A running show with MIDI, and how many frames had been published when each event arrived."""
    arrivals: list[int] = []
    services: list[Service] = []
    show = plain_show(None)

    def send(event: ControlEvent) -> None:
        arrivals.append(show.published)
        show.controls.put(event)

    midi = MidiInput(send, [Controller(name="box", match=("box",), knobs={20: "knob.1"})], now=show.clock.now)
    services.append(Service("midi", poll=midi.poll, stop=midi.stop))
    show._services = services
    with show:
        while not midi.open_ports:
            time.sleep(0.01)
        while show.published < 5:
            time.sleep(0.01)
        yield show, arrivals


def frames_of(jack: Jack, count: int) -> dict[str, float]:
    """Intervals of `SECONDS` of frames while another process sends so many messages."""
    with subprocess.Popen(
        [sys.executable, "-c", FLOOD, str(count)],
        env=os.environ | jack.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as sender:
        assert sender.stdout is not None
        assert sender.stdin is not None
        sender.stdout.readline()
        with midi_show() as (show, arrivals):
            dropped, published = show.dropped, show.published
            print("go", file=sender.stdin, flush=True)
            began = time.monotonic()
            intervals = []
            last = show.published
            at_s = began
            while time.monotonic() - began < SECONDS:
                time.sleep(0.001)
                if show.published != last:
                    now_s = time.monotonic()
                    intervals.append((now_s - at_s) / (show.published - last))
                    last, at_s = show.published, now_s
            found = {
                "messages": len(arrivals),
                "frames": show.published - published,
                "dropped frames": show.dropped - dropped,
                "median ms": sorted(intervals)[len(intervals) // 2] * 1e3,
                "p99 ms": sorted(intervals)[int(len(intervals) * 0.99)] * 1e3,
                "lost events": show.controls.dropped,
            }
        sender.stdin.close()
    return found


def knob_to_frame(moves: int = 60) -> dict[str, int]:
    """Which frame shows a knob's move: 1 is the one that is being made when its message arrives, 2 the next."""
    import rtmidi

    out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="box")
    out.open_virtual_port("knobs")
    counts: dict[str, int] = {}
    with midi_show() as (show, arrivals):
        show.controls.learned = {("box", "knob.1"): Binding("truncation", takeover="jump")}
        for move in range(moves):
            plans: dict[int, FramePlan] = {}

            def keep(plans: dict[int, FramePlan] = plans) -> None:
                frame = show.frames.peek()
                if frame is not None:
                    plans[show.published + 1] = frame.plan

            before, sent = show.performer.patch.set_values["truncation"], len(arrivals)
            end = show.frames.subscribe(keep)
            out.send_message([0xB0, 20, 10 + move % 100])
            while len(arrivals) == sent or show.published < arrivals[sent] + 4:
                time.sleep(0.001)
            end()
            changed = [number - arrivals[sent] for number, plan in plans.items() if plan.truncation != before]
            key = str(min(changed)) if changed else "later"
            counts[key] = counts.get(key, 0) + 1
    out.close_port()
    out.delete()
    return counts


if __name__ == "__main__":
    for kind, messages in KINDS.items():
        print(f"{kind}: {microseconds(messages):.2f} us a message")
    with private_jack() as jack:
        os.environ.update(jack.env)
        print(f"a look for ports: {listing_ms():.3f} ms, twice a second")
        print("frames after a knob's message:", json.dumps(knob_to_frame()))
        for count in (0, int(SECONDS * 10_000)):
            print(f"{count} messages in {SECONDS:.0f} s:", json.dumps(frames_of(jack, count)))
