"""Music tagging of a whole song: tags and an embedding over time, and the target of the song or of a part of it."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from livegan.audio.song import read_song
from livegan.core.target import Target
from livegan.core.types import Vector
from livegan.mapping.moods import mood_of_tags, target_of
from livegan.networks.music_mood import Levels, logits_of, usual_levels
from livegan.networks.music_tags import TAG_NAMES, TAGS, by_name
from livegan.networks.musicnn_input import PATCH_SAMPLES, SAMPLE_RATE, log_mel, loudness_gain

__all__ = ["TAGS", "Meaning", "meaning_of", "meaning_of_song"]

STEP_S = 1.0
SMOOTH_S = 1.5  # deviation of the Gaussian over time; 3.5 s wide at half its height
LOUD_S = 10.0  # deviation of that over which loudness is made even
GATE_DB = -54.0  # quieter is silence [dBFS]
FAINT = 1e-6  # weight of a second of silence: it counts where there is nothing else
OWN = 0.5  # share of the song's own levels in what its parts are compared with
BATCH = 8  # patches at once

Progress = Callable[[float], object]  # called with the share that is done, 0..1
FORM = ("scale", "turn", "form", "fold", "drift")  # latents that say nothing of colour and light
FORM_SEED = 15


@dataclass(frozen=True, slots=True, eq=False)
class Meaning:
    """What a song means, second by second."""

    times_s: NDArray[np.float64]  # (n,) the middle of each second
    tags: NDArray[np.float32]  # (n, 100) probabilities, columns TAGS, smoothed
    embedding: NDArray[np.float32]  # (n, 400) hidden units of the networks, smoothed
    level_db: NDArray[np.float64]  # (n,) loudness [dBFS], -120 or more
    seconds: float  # length of the song

    @property
    def music(self) -> NDArray[np.bool_]:
        """Which seconds are no silence, (n,)."""
        return self.level_db > GATE_DB

    def mean_tags(self, start_s: float = 0.0, end_s: float = inf) -> dict[str, float]:
        """Mean probability of each of TAG_NAMES between two moments; nothing of silence."""
        chosen = self._chosen(start_s, end_s)
        if not self.music[chosen].any():
            return {}
        mean = by_name(self.tags[chosen & self.music]).mean(axis=0)
        return dict(zip(TAG_NAMES, mean.tolist(), strict=True))

    def top(self, count: int = 6, start_s: float = 0.0, end_s: float = inf) -> list[tuple[str, float]]:
        """The likeliest tags between two moments."""
        return sorted(self.mean_tags(start_s, end_s).items(), key=lambda tag: -tag[1])[:count]

    def mood(self, start_s: float = 0.0, end_s: float = inf) -> dict[str, float]:
        """`tag_table.MOODS` between two moments, 0..1; nothing of silence."""
        tags = self.mean_tags(start_s, end_s)
        return mood_of_tags(tags, self._usual(start_s, end_s)) if tags else {}

    def target(self, start_s: float = 0.0, end_s: float = inf) -> Target:
        """What the song, or a part of it, asks of a picture: a part is compared with the song as well."""
        tags = self.mean_tags(start_s, end_s)
        if not tags:
            return Target(confidence=0.0, understood=("silence",))
        return target_of(np.array(list(tags.values())), self._usual(start_s, end_s))

    def form(self) -> dict[str, float]:
        """Latents for what tags do not choose, about standard normal: each song has its own form.

        A seeded random projection of how far each tag is from what is usual for it (Johnson and Lindenstrauss 1984: it
        keeps distances).
        """
        tags = self.mean_tags()
        if not tags:
            return dict.fromkeys(FORM, 0.0)
        usual = usual_levels()
        far = (logits_of(np.array(list(tags.values()))) - usual.mean) / usual.spread
        far /= max(float(np.sqrt(np.square(far).mean())), 1e-6)
        rows = np.random.default_rng(FORM_SEED).standard_normal((len(FORM), len(far)))
        return dict(zip(FORM, (rows @ far / np.sqrt(len(far))).tolist(), strict=True))

    def _chosen(self, start_s: float, end_s: float) -> NDArray[np.bool_]:
        """Seconds between two moments; at least the nearest one."""
        chosen = (self.times_s >= start_s) & (self.times_s < end_s)
        if not chosen.any():
            chosen[np.abs(self.times_s - (start_s + min(end_s, self.seconds)) / 2).argmin()] = True
        return np.asarray(chosen)

    def _usual(self, start_s: float, end_s: float) -> Levels:
        whole = start_s <= 0 and end_s >= self.seconds
        if whole or not self.music.any():
            return usual_levels()
        return usual_levels().towards(logits_of(by_name(self.tags[self.music])).mean(axis=0), OWN)


def meaning_of_song(path: Path, progress: Progress = lambda _: None) -> Meaning:
    """The meaning of a sound file or a film's sound; MediaError if it cannot be played."""
    song = read_song(path).at_rate(SAMPLE_RATE)
    return meaning_of(song.samples.mean(axis=1, dtype=np.float32), progress)


def meaning_of(samples: Vector, progress: Progress = lambda _: None) -> Meaning:
    """The meaning of mono sound at 16 kHz, finite. Shorter than a second, it is one row.

    Loudness is made even over tens of seconds first, as the networks take what is quiet for ambient; patches of three
    seconds have each second in their middle.
    """
    from livegan.networks.musicnn import load_tagger  # late: torch

    tagger, count = load_tagger(), max(1, round(len(samples) / SAMPLE_RATE / STEP_S))
    times_s: NDArray[np.float64] = (np.arange(count, dtype=np.float64) + 0.5) * STEP_S
    squares = np.array([_mean_square(_around(samples, time_s, SAMPLE_RATE)) for time_s in times_s])
    level_db: NDArray[np.float64] = 10 * np.log10(np.maximum(squares, 1e-12))
    weights = (level_db > GATE_DB).astype(np.float64) + FAINT
    even = gaussian_filter1d(squares * weights, LOUD_S, mode="nearest") / gaussian_filter1d(
        weights, LOUD_S, mode="nearest"
    )
    tags, embedding = np.zeros((count, len(TAGS)), np.float32), np.zeros((count, 400), np.float32)
    waiting: dict[int, NDArray[np.float32]] = {}
    for k, time_s in enumerate(times_s):
        patch = log_mel(_around(samples, time_s, PATCH_SAMPLES) * loudness_gain(float(even[k])))
        if waiting and (len(waiting) == BATCH or len(patch) != len(next(iter(waiting.values())))):
            _tag(tagger, waiting, tags, embedding)
            progress(k / count)
        waiting[k] = patch
    _tag(tagger, waiting, tags, embedding)
    progress(1.0)
    return Meaning(times_s, _smooth(tags, weights), _smooth(embedding, weights), level_db, len(samples) / SAMPLE_RATE)


def _tag(
    tagger: Callable[[NDArray[np.float32]], tuple[NDArray[np.float32], NDArray[np.float32]]],
    waiting: dict[int, NDArray[np.float32]],
    tags: NDArray[np.float32],
    embedding: NDArray[np.float32],
) -> None:
    """Tag the patches that wait, all of one length."""
    rows = list(waiting)
    tags[rows], embedding[rows] = tagger(np.stack(list(waiting.values())))
    waiting.clear()


def _around(samples: Vector, time_s: float, count: int) -> Vector:
    """The samples around a moment, fewer at the ends of the song but at least one window of the spectrum."""
    middle = round(time_s * SAMPLE_RATE)
    part = samples[max(0, middle - count // 2) : middle + count - count // 2]
    return np.pad(part, (0, 512 - len(part))) if len(part) < 512 else part


def _mean_square(samples: Vector) -> float:
    return float(np.dot(samples, samples)) / max(len(samples), 1)


def _smooth(rows: NDArray[np.float32], weights: NDArray[np.float64]) -> NDArray[np.float32]:
    """Gaussian mean over time, in which silence hardly counts."""
    total = gaussian_filter1d(rows * weights[:, None], SMOOTH_S / STEP_S, axis=0, mode="nearest")
    return np.asarray(total / gaussian_filter1d(weights, SMOOTH_S / STEP_S, mode="nearest")[:, None], np.float32)
