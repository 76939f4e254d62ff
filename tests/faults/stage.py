"""A stage for faults: a show that is recorded while something breaks, and a stopwatch for its pictures."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import av
import numpy as np

from livegan.audio.source import Source
from livegan.core.clock import WallClock
from livegan.engine.guard import FaultGuard
from livegan.engine.runtime import Runtime
from livegan.engine.sound_runtime import Service
from livegan.features.clock_choice import ClockChoice
from livegan.features.listening import Listening
from livegan.networks.library import find_network
from livegan.outputs.film import Film
from livegan.outputs.queue import OutputQueue
from livegan.outputs.soundtrack import LiveSound
from livegan.rendering.gradient import Gradient
from tests.deadline import until
from tests.faults.measured import FaultFigures, record
from tests.shows import plain_show

FPS = 30.0
SIZE = (160, 90)


class Fault:
    """One fault, from when it is about to happen."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.began_s, self.over_s = now(), float("nan")

    def over(self) -> None:
        """Its cause has ended."""
        self.over_s = self._now()


class Stage:
    """A show at 30 frames a second, recorded with its sound."""

    def __init__(
        self,
        folder: Path,
        source: Source,
        services: Callable[[Runtime], Sequence[Service]] = lambda show: (),
        clock_choice: ClockChoice | None = None,
        listening: Listening | None = None,
    ) -> None:
        ring, self.film = source.ring, folder / "show.mkv"
        sound = LiveSound(ring.sample_rate, ring.channels)
        self.guard = FaultGuard(WallClock().now)
        self.recorder = OutputQueue(
            "film", lambda: Film(self.film, SIZE, FPS, audio=sound, live=True, threads=1, preset="ultrafast"), ring
        )
        info = replace(find_network("plain"), resolution=SIZE[::-1])
        self.show = plain_show(
            source,
            Service("output-film", self.recorder.open, self.recorder.poll, self.recorder.close),
            generator=Gradient(info, "cpu"),
            outputs=[self.recorder],
            fps=FPS,
            clock_choice=clock_choice,
            guard=self.guard,
            listening=listening,
        )
        for service in services(self.show):
            self.show.add(service)
        self._times_s: list[float] = []
        self.show.frames.subscribe(lambda: self._times_s.append(self.show.clock.now()))

    @contextmanager
    def played(self) -> Iterator["Stage"]:
        """The show runs; in the end, its film holds every frame that was made."""
        with self.show:
            until(lambda: self.show.published > 5, "the show")
            yield self
        assert self.guard.faults == 0, self.guard.newest
        assert self.recorder.notice == ""
        with av.open(str(self.film)) as film:
            frames = sum(packet.size > 0 for packet in film.demux(video=0))
        assert frames == self.recorder.written == self.show.published - self.recorder.dropped

    @contextmanager
    def fault(self, group: str, what: str, shown: str) -> Iterator[Fault]:
        """Measure one fault: in the block it is caused, ended (`over`) and waited for until the show is ordinary."""
        dropped, fault = self.recorder.dropped, Fault(self.show.clock.now)
        yield fault
        end_s = self.show.clock.now()
        until(lambda: self._times_s[-1] > end_s, "one more picture")
        times_s = [time_s for time_s in self._times_s if time_s >= fault.began_s - 1 / FPS]
        gap_s = max((after - before for before, after in itertools.pairwise(times_s)), default=float("inf"))
        again_s = end_s - fault.over_s
        lost = self.recorder.dropped - dropped
        record(
            FaultFigures(
                group,
                what,
                shown,
                gap_s,
                None if np.isnan(again_s) else again_s,
                f"{lost} frames of the recording" if lost else "nothing",
            )
        )

    def notices(self) -> str:
        """What the HUD says."""
        return "; ".join(self.show.notices())

    def loudness(self, seconds: float = 0.05) -> float:
        """Peak of the newest sound."""
        ring = self.show.source.ring
        count = round(seconds * ring.sample_rate)
        _, sound = ring.read(ring.written - count, ring.written)
        return float(np.nan_to_num(np.abs(sound)).max()) if len(sound) == count else 0.0

    def lag_s(self) -> float:
        """How old the newest sound is that was listened to [s]."""
        times_s, _ = self.show._listening.ring.history(1)
        return self.show.clock.now() - float(times_s[-1]) if len(times_s) else float("inf")

    def until_told(self, *words: str) -> None:
        """Wait for a notice."""
        until(lambda: all(word in self.notices() for word in words), lambda: f"{words} in '{self.notices()}'")

    def until_loud(self, low: float, high: float) -> None:
        """Wait for sound of that peak, listened to in time, and nothing else to tell."""
        until(
            lambda: low < self.loudness() < high and self.lag_s() < 0.2 and not self.show.source.notice,
            lambda: f"loudness {self.loudness():.2f}, lag {self.lag_s():.2f}, '{self.notices()}'",
        )
