"""Guide: contour and steering as what is added to the logits of the tokens of a bar."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livegan.composer.contour import Contour
from livegan.composer.steering import Steering
from livegan.composer.voices import HIGHEST, LOWEST, PITCHES, STEPS_PER_BAR, VOICES

CLOSENESS = 1.6  # k of follow 1: per semitone
WIDTH = 2.0  # w [semitones]: nearer pitches than this are nearly as good as the line's, so that harmony decides
STRIKE = 1.875  # weight of the attack wish, as a share of k
LIVELY = 0.3  # logit of attacks, always: nucleus sampling leaves out rare ones
CENTRES = (70.0, 64.5, 59.5, 51.0)  # usual pitch of Bach's voices in C major and A minor [MIDI]
REGISTER_PULL = 0.35  # per semitone, of a full register wish
DENSITY = 3.2  # logit of attacks at density 1 and, negative, at 0
TENSION = 1.5  # logit per dissonance or foreign note at tension 0 and, negative, at 1
REST = -2.5  # logit of rests, always: Bach's rests are mostly breaths between phrases
_STRENGTH = (0.35, 0.7, 1.0, 0.7)  # of wishes for more attacks: on the beat, a 16th, an eighth, three 16ths after it
_CALM = (0.5, 1.2, 1.0, 1.2)  # of wishes for fewer
_FOREIGN = np.isin(np.arange(LOWEST, HIGHEST + 1) % 12, (1, 3, 6, 8, 10))  # not in C major or A minor
_PITCH = np.arange(LOWEST, HIGHEST + 1, dtype=np.float32)
_HARSH = np.isin(np.arange(-PITCHES, PITCHES + 1) % 12, (1, 2, 6, 10, 11))  # seconds, sevenths, the tritone


@dataclass(slots=True, eq=False)
class Guide:
    """Logits to add in each step of a bar."""

    pull: NDArray[np.float32]  # per pitch, struck or held: (steps, VOICES, PITCHES)
    attack: NDArray[np.float32]  # to every attack: (steps, VOICES)
    rest: float = REST
    tension: float = 0.0  # -1..1

    @classmethod
    def of(cls, contour: Contour | None, steering: Steering, steps: int = STEPS_PER_BAR) -> "Guide":
        """Guide of a bar. Neutral steering without a contour, or with follow 0, adds only REST and LIVELY."""
        steering = steering.clipped()
        guide = cls(np.zeros((steps, VOICES, PITCHES), np.float32), np.zeros((steps, VOICES), np.float32))
        closeness = CLOSENESS * steering.follow
        if contour is not None and closeness > 0:
            line = contour.pitch[:steps] + steering.register
            away = np.nan_to_num(_PITCH - np.clip(line, LOWEST, HIGHEST)[..., None], nan=0.0)
            guide.pull[: len(line)] -= closeness * (np.sqrt(away**2 + WIDTH**2) - WIDTH)  # pseudo-Huber
            guide.attack[: len(line)] += closeness * STRIKE * (2 * np.clip(contour.attack[:steps], 0, 1) - 1)
        elif steering.register:
            pull = REGISTER_PULL * min(1.0, abs(steering.register) / 6)
            for voice, centre in enumerate(CENTRES):
                guide.pull[:, voice] -= pull * np.abs(_PITCH - np.clip(centre + steering.register, LOWEST, HIGHEST))
        wish = 2 * steering.density - 1
        strength, calm = (np.array(row, np.float32)[np.arange(steps) % 4] for row in (_STRENGTH, _CALM))
        guide.attack += (LIVELY * strength + DENSITY * wish * (strength if wish > 0 else calm))[:, None]
        guide.tension = 2 * steering.tension - 1
        return guide

    def chord(self, step: int, root: int, third: int) -> None:
        """Ask for the triad on `root` (pitch class), root in the bass, in all voices at a step."""
        classes = np.arange(LOWEST, HIGHEST + 1) % 12
        triad = np.isin(classes, (root, (root + third) % 12, (root + 7) % 12))
        self.pull[step, :3, ~triad] -= 12
        self.pull[step, 3, classes != root] -= 12
        self.pull[step, 0, classes == (root + 7) % 12] -= 2  # the tune ends on the root or the third
        self.attack[step] += 3

    def dominant(self, steps: slice, root: int) -> None:
        """Prefer the dominant seventh chord of the tonic `root` (pitch class), not inverted, in some steps."""
        classes = np.arange(LOWEST, HIGHEST + 1) % 12
        seventh = np.isin(classes, [(root + up) % 12 for up in (7, 11, 2, 5)])
        self.pull[steps][:, :, ~seventh] -= 3
        self.pull[steps][:, 3, classes != (root + 7) % 12] -= 1.5

    def of_tension(self, now: NDArray[np.int64], decided: list[int]) -> NDArray[np.float32]:
        """Logits of pitches beside what sounds, for tension: (n, PITCHES)."""
        harsh = np.zeros((len(now), PITCHES), np.float32)
        rows = np.arange(PITCHES)[None]
        for other in decided:
            sounding = now[:, other, None]
            harsh += _HARSH[np.clip(rows - sounding, -PITCHES, PITCHES) + PITCHES] & (sounding < PITCHES)
        unusual = np.minimum(harsh, 1) * np.float32(0.6) + _FOREIGN * np.float32(0.8)
        return (np.float32(TENSION * self.tension) * unusual).astype(np.float32)
