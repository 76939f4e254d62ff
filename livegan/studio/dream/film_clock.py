"""Clock of a dream film: where in a dream each frame is, and how strongly the music moves it then."""

from dataclasses import dataclass
from functools import cached_property
from math import ceil, pi, sin

import numpy as np

from livegan.studio.dream.segments import Segment
from livegan.studio.dream.song_analysis import Curve, SongAnalysis

RATE_HZ = 200.0  # of the curves
ATTACK_S, RELEASE_S = 0.1, 0.14  # of a pulse
BEAT_SHARE, BAR_SHARE, ONSET_SHARE = 0.75, 1.0, 0.35  # of a pulse at full loudness; an onset by its strength squared
REST, DRIVE = 0.6, 1.2  # speed of the dream between pulses, and what a pulse adds
SWELL = 0.6  # how much slower it is where a segment begins and ends, and faster in its middle


@dataclass(frozen=True, slots=True)
class Moment:
    """Where in a dream a frame is: `amount` of the way from step `iteration` to the next one."""

    segment: int
    iteration: int
    amount: float


@dataclass(frozen=True, eq=False)
class FilmClock:
    """Frames of a film and the moments of the dream that they show."""

    segments: tuple[Segment, ...]
    heard: SongAnalysis
    fps: float
    even: bool = False  # every step lasts as long as any other, as in MetaMusic
    unseen: int = 0  # first steps that no frame shows: the dream is under way when the film begins

    @property
    def frames(self) -> int:
        """How many: the last one ends at the end of the sound or after it."""
        return max(1, ceil(self.heard.seconds * self.fps - 1e-6))

    @cached_property
    def pulses(self) -> Curve:
        """Pulse of the music, 0..1, at RATE_HZ: rises at beats and onsets, more where it is loud, and fades."""
        count = ceil(self.heard.seconds * RATE_HZ) + 1
        hits = np.zeros(count)
        for moments_s, strengths in (
            (self.heard.beats_s, np.full(len(self.heard.beats_s), BEAT_SHARE)),
            (self.heard.downbeats_s, np.full(len(self.heard.downbeats_s), BAR_SHARE)),
            (self.heard.onsets_s, ONSET_SHARE * self.heard.onset_strengths**2),
        ):
            places = np.clip(np.round(moments_s * RATE_HZ).astype(int), 0, count - 1)
            np.maximum.at(hits, places, strengths)
        loudness = np.interp(
            np.arange(count) / RATE_HZ, np.arange(len(self.heard.loudness)) * self.heard.hop_s, self.heard.loudness
        )
        hits *= 0.25 + 0.75 * loudness
        pulse = np.empty(count)
        level, keep = 0.0, np.exp(-1 / (RELEASE_S * RATE_HZ))
        for at, hit in enumerate(hits.tolist()):
            level = max(level * keep, hit)
            pulse[at] = level
        width = max(1, round(ATTACK_S * RATE_HZ))
        ahead = np.concatenate((pulse[width // 2 :], np.full(width // 2, pulse[-1])))  # centred on the beat
        smooth = np.convolve(np.pad(ahead, width, mode="edge"), np.hanning(width + 2)[1:-1], "same")[width:-width]
        return np.asarray(np.clip(smooth / np.hanning(width + 2).sum(), 0.0, 1.0))

    @cached_property
    def _travelled(self) -> Curve:
        """How far the dream has gone by each step of the curves: it hurries on every pulse."""
        return np.concatenate(([0.0], np.cumsum(REST + DRIVE * self.pulses[:-1]) / RATE_HZ))

    def pulse(self, time_s: float) -> float:
        """The pulse at a moment, 0..1."""
        return float(np.interp(time_s * RATE_HZ, np.arange(len(self.pulses)), self.pulses))

    def loudness(self, time_s: float) -> float:
        """The loudness around a moment, 0..1."""
        return self.heard.loudness_between(max(0.0, time_s - 0.15), time_s + 0.15)

    def moment(self, frame: int) -> Moment:
        """Where in the dream a frame is."""
        time_s = min(frame / self.fps, self.heard.seconds)
        starts = [segment.start_s for segment in self.segments]
        number = max(0, int(np.searchsorted(starts, time_s + 1e-9, "right")) - 1)
        segment = self.segments[number]
        unseen = 0 if number else min(self.unseen, segment.iterations - 1)
        place = unseen + (segment.iterations - unseen) * self._share(segment, time_s)
        iteration = min(int(place), max(0, segment.iterations - 1))
        return Moment(number, iteration, min(1.0, place - iteration))

    def _share(self, segment: Segment, time_s: float) -> float:
        """How much of a segment is over: of its time, or of its music."""
        if self.even:
            return float(np.clip((time_s - segment.start_s) / segment.seconds, 0.0, 1.0))
        at = np.array([segment.start_s, time_s, segment.end_s]) * RATE_HZ
        start, now, end = np.interp(at, np.arange(len(self._travelled)), self._travelled)
        share = float(np.clip((now - start) / max(end - start, 1e-9), 0.0, 1.0))
        return share - SWELL * sin(2 * pi * share) / (2 * pi)
