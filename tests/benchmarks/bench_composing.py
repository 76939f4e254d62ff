"""What live composing costs, and how exactly it plays: `python -m tests.benchmarks.bench_composing [--live] [SECONDS]`.

By a counting clock (or, with --live, by the wall clock, on the threads of a show) ten minutes are composed, conducted,
played by FluidSynth and sent to a MIDI port that only counts. Written: bars that came too late, how far notes were from
the beat clock, and the share of one core of each part.
"""

import sys
import time
from collections.abc import Callable

import numpy as np

from livegan.control.midi_out import MidiOutput
from livegan.control.output_ports import FakeOutPorts
from livegan.core.clock import WallClock
from livegan.core.parameters import COMPOSE_DEFAULTS
from livegan.core.timeline import NoteEvent, Timeline
from livegan.engine.guard import FaultGuard
from livegan.engine.music import PlayedMusic, open_music
from livegan.engine.sound_runtime import Service, SoundRuntime
from livegan.features.music_clock import MusicClock

SECONDS = 600.0
BLOCK = 256
RATE = 48000


class Cpu:
    """CPU time of one part, on whichever thread it runs."""

    def __init__(self, name: str) -> None:
        self.name, self.seconds, self.longest_s = name, 0.0, 0.0

    def of(self, work: Callable[[float], float]) -> Callable[[float], float]:
        def timed(now_s: float) -> float:
            began_s = time.thread_time()
            wait_s = work(now_s)
            spent_s = time.thread_time() - began_s
            self.seconds += spent_s
            self.longest_s = max(self.longest_s, spent_s)
            return wait_s

        return timed


class Errors:
    """How far notes are from the beat clock: from the nearest 16th that it counts."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline, self._clock = timeline, MusicClock(timeline)
        self._mark_s = 0.0
        self.notes, self.worst_s = 0, 0.0

    def look(self) -> None:
        now = self._timeline.now
        for event in now.events(self._mark_s, now.end_s):
            self.notes += event.on
            self.worst_s = max(self.worst_s, self._error_s(event))
        self._mark_s = now.end_s

    def _error_s(self, event: NoteEvent) -> float:
        steps = 4.0 * self._clock.beats_at(self._timeline.origin_s + event.time_s + 1e-5)  # it looks so much back
        return abs(steps - round(steps)) * 15.0 / self._clock.bpm


def steer(music: PlayedMusic, at_s: float, moving: bool) -> None:
    """Knobs that are always turned."""
    if moving:
        turn = np.sin(at_s / 7.0)
        values = {"compose.density": 0.5 + 0.45 * turn, "compose.tempo": 1.0 + 0.3 * np.sin(at_s / 11.0)}
        music.controls.put({**COMPOSE_DEFAULTS, "compose.tension": 0.5 - 0.4 * turn, **values})


def counted(seconds: float, name: str, moving: bool) -> None:
    """By a counting clock: the composer gets its turn once a block."""
    music = open_music(name, RATE)
    assert music.composer is not None
    music.composer.background = True
    ports = FakeOutPorts("counter")
    midi = MidiOutput(music.timeline, music.programs, "counter", ports=ports)
    composing, sound, sending = (Cpu(part) for part in ("composer", "conductor and FluidSynth", "MIDI"))
    poll, draw, send = composing.of(music.composer.poll), sound.of(music.poll), sending.of(midi.poll)
    music.start(0.0)
    midi.start(0.0)
    errors, sent_s = Errors(music.timeline), 0.0
    for at in range(0, round(seconds * RATE), BLOCK):
        now_s = at / RATE
        steer(music, now_s, moving)
        draw(now_s)
        while sent_s <= now_s:  # its thread sleeps until the next note
            sent_s += max(send(sent_s), 1e-4)
        poll(now_s)
        errors.look()
    midi.stop()
    tell(f"{name}, counting clock{', knobs turned' if moving else ''}", music, midi, errors, seconds,
         [composing, sound, sending])  # fmt: skip


def live(seconds: float, name: str) -> None:
    """By the wall clock, on the threads of a show."""
    clock = WallClock()
    music = open_music(name, RATE)
    assert music.composer is not None
    music.composer.background = True
    midi = MidiOutput(music.timeline, music.programs, "counter", ports=FakeOutPorts("counter"))
    composing, sound, sending = (Cpu(part) for part in ("composer", "conductor and FluidSynth", "MIDI"))
    music.poll = sound.of(music.poll)  # type: ignore[method-assign]
    errors = Errors(music.timeline)
    services = [
        Service("composer", poll=composing.of(music.composer.poll)),
        Service("midi-out", poll=sending.of(midi.poll), start=lambda: midi.start(clock.now()), stop=midi.stop),
    ]
    with SoundRuntime(music, clock, FaultGuard(clock.now), services):
        end_s = clock.now() + seconds
        while clock.now() < end_s:
            errors.look()
            clock.wait_until(clock.now() + 0.5)
    tell(f"{name}, wall clock", music, midi, errors, seconds, [composing, sound, sending])


def tell(title: str, music: PlayedMusic, midi: MidiOutput, errors: Errors, seconds: float, parts: list[Cpu]) -> None:
    total = sum(part.seconds for part in parts)
    print(f"{title}: {seconds:.0f} s, {music.conductor.bars} bars, {errors.notes} notes")
    print(f"  bars that were late and repeated: {music.conductor.repeated}")
    print(f"  notes from the beat clock at most: {1e3 * errors.worst_s:.6f} ms")
    print(f"  FluidSynth from them at most: {1e3 * music.worst_s:.3f} ms (it begins notes every 64 samples)")
    mean_ms = 1e3 * midi.late_s / max(midi.sent, 1)
    print(f"  MIDI from them at most: {1e3 * midi.worst_s:.3f} ms, on average {mean_ms:.3f} ms, {midi.sent} notes")
    for part in parts:
        share = 100 * part.seconds / seconds
        print(f"  {part.name}: {share:.2f} % of a core, longest turn {1e3 * part.longest_s:.0f} ms of CPU")
    print(f"  together: {100 * total / seconds:.2f} % of a core", flush=True)


def main(arguments: list[str]) -> None:
    seconds = next((float(word) for word in arguments if word.replace(".", "").isdigit()), SECONDS)
    name = next((word for word in arguments if word.startswith("compose")), "compose:chorale:7")
    if "--live" in arguments:
        live(seconds, name)
        return
    counted(seconds, name, moving=False)
    counted(seconds, name, moving=True)


if __name__ == "__main__":
    main(sys.argv[1:])
