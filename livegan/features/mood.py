"""Music tagging, live: once a second, two networks name the last three seconds; moods follow from the names."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Vector
from livegan.features.hop import Hop
from livegan.features.registry import FEATURES, Feature, Setup
from livegan.features.slow_work import SlowWork
from livegan.networks.music_tags import TAG_NAMES

NUMBERS = ("energy", "valence", "warmth", "brightness", "motion", "sharpness", "happy", "tense", "sad", "calm")
EVERY_S = 1.0
LATER_S = 0.5  # a result is seen so long after its sound
PATCH_S = 3.008  # what the networks listen to
LEAST_S = 1.0  # of music before they are asked
LOUD_S = 20.0  # over which loudness is made even
QUICK_S = 3.0  # ... after a pause
SMOOTH_S = 2.0  # time constant of the numbers
PAUSE_S = 4.0  # of silence after which it begins anew
RISE_S, FALL_S = 1.0, 3.0  # of all numbers, where music begins and ends
HISTORY_S = 180.0  # time constant of what is usual of this music
OWN, OWN_AFTER_S = 0.5, 60.0  # share of that in what tags are compared with, and when it is reached


@dataclass(frozen=True, slots=True, eq=False)
class Listened:
    """What the networks are asked about."""

    samples: Vector  # mono
    sample_rate: int  # [Hz]
    mean_square: float  # of the music lately


class MoodReader:
    """The networks, and what has been usual of the music so far. One thread."""

    def __init__(self) -> None:
        self._count = 0
        self._mean: NDArray[np.float64] = np.zeros(len(TAG_NAMES))

    def __call__(self, listened: Listened) -> Vector:
        """NUMBERS and the probabilities of TAG_NAMES, (102,), 0..1."""
        import soxr  # late, as is what loads torch

        from livegan.networks.music_mood import evidence, logits_of, mood, quarters, usual_levels
        from livegan.networks.music_tags import by_name
        from livegan.networks.musicnn import load_tagger
        from livegan.networks.musicnn_input import SAMPLE_RATE, log_mel, loudness_gain

        sound = listened.samples
        if listened.sample_rate != SAMPLE_RATE:
            sound = np.asarray(soxr.resample(sound, listened.sample_rate, SAMPLE_RATE), np.float32)
        patch = log_mel(sound * np.float32(loudness_gain(listened.mean_square)))
        tags = by_name(load_tagger()(patch[None])[0])[0]
        logits = logits_of(tags)
        self._count += 1
        share = 1.0 / min(self._count, HISTORY_S / EVERY_S)
        self._mean += share * (logits - self._mean)
        usual = usual_levels().towards(self._mean, OWN * min(1.0, self._count * EVERY_S / OWN_AFTER_S))
        numbers = mood(evidence(tags, usual))
        return np.concatenate((numbers, quarters(numbers[0], numbers[1]), tags)).astype(np.float32)


@FEATURES("mood")
class Mood(Feature):
    """What the music is, 0..1, smoothed over about four seconds; 0 in silence.

    `mood.energy` and its kin are 0.5 where nothing speaks for either side, compared with all music and with the last
    minutes; `mood.happy`, `.tense`, `.sad` and `.calm` sum to 1. `tag.techno` and its kin are probabilities: low, so
    use their changes.
    """

    on_request = True
    delay_s = 3.9  # half of the patch, of a second's wait, LATER_S, and the smoothing
    source = "musicnn (Pons & Serra 2019, 1909.06654); Russell 1980 for the quarters; the table presets/tags.toml"

    def __init__(self, setup: Setup) -> None:
        self.names = (*(f"mood.{name}" for name in NUMBERS), *(f"tag.{name}" for name in TAG_NAMES))
        self._setup = setup
        self._every, later = round(EVERY_S / setup.hop_s), round(LATER_S / setup.hop_s)
        self._past: Vector = np.zeros(round(PATCH_S * setup.sample_rate), np.float32)
        self._at = 0  # where the next sample goes
        self._heard = 0  # hops since the music began
        self._shut_s = PAUSE_S
        self._square, self._open_s = 0.0, 0.0
        self._next = 0  # number of the hop that follows
        self._gate = 0.0
        self._keep = np.float32(np.exp(-setup.hop_s / SMOOTH_S))
        self._values: Vector = np.zeros(len(self.names), np.float32)
        self._target: Vector | None = None
        self.slow = self._work = SlowWork(MoodReader(), later)

    def compute(self, hop: Hop, out: Vector) -> None:
        """Copies and counts; once a second it asks for work."""
        if hop.number != self._next:
            self._begin_anew()
        self._next = hop.number + 1
        self._listen(hop)
        if self._heard and self._heard % self._every == 0 and self._shut_s < EVERY_S:
            seconds = self._heard * self._setup.hop_s
            if seconds >= LEAST_S * 0.99:
                self._work.ask(hop.number, self._listened(seconds))
        result = self._work.result(hop.number)
        if result is not None:
            self._values = result if self._target is None else self._values
            self._target = result
        self._show(out)

    def _listen(self, hop: Hop) -> None:
        """Remember the sound, and how loud it is."""
        hop_s, count = self._setup.hop_s, len(hop.sound)
        self._shut_s = 0.0 if hop.open else self._shut_s + hop_s
        if self._shut_s >= PAUSE_S:
            self._heard, self._open_s = 0, min(self._open_s, QUICK_S)
            return
        if hop.open:
            self._open_s += hop_s
            mean_square = float(np.dot(hop.sound, hop.sound)) / count
            self._square += (mean_square - self._square) * hop_s / min(self._open_s, LOUD_S)
        head = min(count, len(self._past) - self._at)
        self._past[self._at : self._at + head] = hop.sound[:head]
        self._past[: count - head] = hop.sound[head:]
        self._at = (self._at + count) % len(self._past)
        self._heard += 1

    def _listened(self, seconds: float) -> Listened:
        """The sound since the music began, of the last three seconds at most."""
        ordered = np.concatenate((self._past[self._at :], self._past[: self._at]))
        newest = ordered[-min(round(seconds * self._setup.sample_rate), len(ordered)) :]
        return Listened(newest, self._setup.sample_rate, self._square)

    def _show(self, out: Vector) -> None:
        """Glide towards the newest result; fade out where there is no music."""
        hop_s = self._setup.hop_s
        if self._target is not None:
            self._values = self._target + (self._values - self._target) * self._keep
            step = hop_s / RISE_S if self._shut_s < EVERY_S else -hop_s / FALL_S
            self._gate = min(max(self._gate + step, 0.0), 1.0)
            if self._gate == 0.0 and step < 0:
                self._target = None
        np.multiply(self._values, np.float32(self._gate), out=out)

    def _begin_anew(self) -> None:
        """It was not asked for a while."""
        self._heard, self._shut_s, self._gate, self._target = 0, PAUSE_S, 0.0, None
        self._work.forget()
