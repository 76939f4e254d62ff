"""Target follower: from one dream target to the next over so many bars, by a cubic of continuous value and slope.

What a target does not ask for (None, or empty) has a presence of 0: it fades out and leaves the picture to the scene,
where `Target.blend` would let it count whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livegan.core.oklab import oklab_to_srgb
from livegan.core.target import CLASSES, LATENTS, NUMBERS, Rgb, Target
from livegan.core.types import FeatureFrame
from livegan.mapping.beat_position import BeatPosition
from livegan.mapping.gradient_stops import STOPS, gradient_stops

BEATS_PER_BAR = 4
SEEN = 1e-3  # presence from which a part is seen: what is not may jump
STEEPEST = 1.5  # of a cubic from 0 to 1; a faster start would lead too far beyond the target

Vector64 = NDArray[np.float64]

# The state is one vector: values, then the presence of each part. Each value belongs to a part.
_SINGLES = (*LATENTS, *NUMBERS)  # parts of one value each
_CLASSES = slice(0, len(CLASSES))
_ONES = slice(_CLASSES.stop, _CLASSES.stop + len(_SINGLES))
_STOPS = slice(_ONES.stop, _ONES.stop + STOPS)
_PARTS = ("classes", *_SINGLES, "colours")
_PART_OF = np.repeat(np.arange(len(_PARTS)), [len(CLASSES), *(1 for _ in _SINGLES), STOPS])


@dataclass(frozen=True, slots=True)
class Pull:
    """Where a target pulls the picture now, and how far each part of it counts, 0..1; what counts not is left out."""

    classes: Mapping[str, float]  # the sum is 1; empty where they count not
    class_share: float
    latents: Mapping[str, tuple[float, float]]  # value, how far it counts
    numbers: Mapping[str, tuple[float, float]]
    colours: tuple[Rgb, ...]  # of dark, middle and light parts
    middle: float  # brightness of the parts that get the colour of the middle
    colour_share: float


NO_PULL = Pull({}, 0.0, {}, {}, (), 0.5, 0.0)


class TargetFollower:
    """Drift to the newest target; many small steps equal one large step."""

    def __init__(self) -> None:
        self._beats = BeatPosition()
        self._start = self._end = np.zeros(_STOPS.stop + len(_PARTS))
        self._slope = np.zeros_like(self._start)  # at the start, for the whole way
        self._way, self._bars = 1.0, 1.0  # how much of the way is gone, 0..1; its length
        self._pull: Pull | None = NO_PULL  # of this place; None: not computed yet

    def aim(self, target: Target | None, bars: float) -> None:
        """Drift to `target` over so many bars from now on; None: back to nothing."""
        now, slope = self._place(), self._velocity() * bars
        values, present = _vector(target or Target())
        end, start = np.concatenate([values, present]), now.copy()
        shown, asked = (now[_STOPS.stop :] > SEEN)[_PART_OF], (present > 0)[_PART_OF]
        head = slice(0, _STOPS.stop)
        start[head] = np.where(asked & ~shown, end[head], start[head])
        end[head] = np.where(asked, end[head], start[head])
        slope[head] = np.where(asked & shown, slope[head], 0.0)
        self._start, self._end, self._slope = start, end, np.clip(slope, -STEEPEST, STEEPEST)
        self._bars, self._way = max(bars, 0.0), 0.0
        self._pull = None

    def step(self, heard: FeatureFrame, dt_s: float) -> Pull:
        """Advance by `dt_s`, in bars of the beat that is heard, or of 120 beats a minute."""
        bars = max(self._beats.step(heard, dt_s), 0.0) / BEATS_PER_BAR
        if self._way < 1:
            self._way = min(self._way + bars / self._bars, 1.0) if self._bars > 0 else 1.0
            self._pull = None
        if self._pull is None:
            self._pull = _pull(self._place())
        return self._pull

    def _place(self) -> Vector64:
        """Cubic Hermite curve, level at its end."""
        t = self._way
        if t >= 1:
            return self._end
        eased = t * t * (3 - 2 * t)
        return self._start * (1 - eased) + self._end * eased + self._slope * (t * (1 - t) ** 2)

    def _velocity(self) -> Vector64:
        """Change per bar."""
        t = self._way
        if t >= 1:
            return np.zeros_like(self._end)
        along = (self._end - self._start) * (6 * t * (1 - t)) + self._slope * ((1 - t) * (1 - 3 * t))
        return along / max(self._bars, 1e-6)


def _vector(target: Target) -> tuple[Vector64, Vector64]:
    """Values of a target, and how far each of its parts counts."""
    values, present = np.zeros(_STOPS.stop), np.zeros(len(_PARTS))
    values[_CLASSES] = [target.classes.get(name, 0.0) for name in CLASSES]
    present[0] = values[_CLASSES].sum() > 0
    for at, name in enumerate(_SINGLES):
        value = target.latents.get(name) if name in LATENTS else getattr(target, name)
        values[_ONES.start + at] = value or 0.0
        present[1 + at] = value is not None
    values[_STOPS], present[-1] = gradient_stops(target)
    return values, present


def _pull(place: Vector64) -> Pull:
    present = dict(zip(_PARTS, np.clip(place[_STOPS.stop :], 0.0, 1.0).tolist(), strict=True))
    weights = np.clip(place[_CLASSES], 0.0, None)
    total = float(weights.sum())
    weighted = zip(CLASSES, (weights / total).tolist(), strict=True) if total > SEEN and present["classes"] else ()
    values = dict(zip(_SINGLES, place[_ONES].tolist(), strict=True))
    *labs, middle = place[_STOPS].tolist()
    colours = oklab_to_srgb(np.reshape(labs, (3, 3))).tolist() if present["colours"] else []
    return Pull(
        classes={name: share for name, share in weighted if share > 0},
        class_share=present["classes"],
        latents={name: (values[name], present[name]) for name in LATENTS if present[name]},
        numbers={name: (values[name], present[name]) for name in NUMBERS if present[name]},
        colours=tuple((red, green, blue) for red, green, blue in colours),
        middle=middle if colours else NO_PULL.middle,
        colour_share=present["colours"],
    )
