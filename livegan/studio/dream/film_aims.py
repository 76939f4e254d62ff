"""Aims of the segments of a film: its words, the lyric that is sung, and what the music of the segment means."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from livegan.core.target import LATENTS, Target
from livegan.core.types import Vector
from livegan.mapping.words import understand
from livegan.studio.dream.dreamer import Aim
from livegan.studio.dream.lyrics import Lyric, lyric_at
from livegan.studio.dream.meaning import Meaning
from livegan.studio.dream.prompts import parse_story
from livegan.studio.dream.segments import Segment

SOUND_RATE = 16_000  # [Hz] of what joint models of sound and pictures hear
BESIDE_WORDS = 0.35  # weight of the sound where there are words
LYRIC_WEIGHT, TEXT_BESIDE_LYRIC = 1.0, 0.5
SECTION_SPREAD, SEGMENT_SPREAD = 0.8, 1.1  # standard deviations of the latents of a section, and within one
LIGHT_BY_LOUDNESS, ENERGY_BY_LOUDNESS = 0.25, 0.5  # from the quiet parts to the loud ones
LEAST_SOUND_S = 1.0  # Wav2CLIP hears nothing in less


@dataclass(frozen=True, slots=True, eq=False)
class FilmAims:
    """What each segment of a film is dreamt towards."""

    segments: Sequence[Segment]
    meaning: Meaning
    text: str = ""  # prompts "words:weight:stop | words ^ the next phrase"; phrases share the film evenly
    lyrics: Sequence[Lyric] = ()  # on the clock of the film
    sound: Vector | None = None  # (n,) mono at SOUND_RATE, of the whole film
    sound_weight: float | None = None  # None: 1, or BESIDE_WORDS
    seed: int = 0

    def of(self, segment: Segment) -> list[Aim]:
        """The aims of one segment."""
        lyric = lyric_at(self.lyrics, segment.start_s, segment.end_s)
        words = [Aim(lyric.text, target=understand(lyric.text), weight=LYRIC_WEIGHT)] if lyric else []
        phrases = parse_story(self.text).phrases
        if phrases:
            phrase = phrases[segment.number * len(phrases) // len(self.segments)]
            share = TEXT_BESIDE_LYRIC if lyric else 1.0
            words += [
                Aim(prompt.text, target=understand(prompt.text), weight=share * prompt.weight, stop=prompt.stop)
                for prompt in phrase
            ]
        weight = self.sound_weight
        if weight is None:
            weight = BESIDE_WORDS if words else 1.0
        heard = Aim(sound=self._sound(segment), target=self._heard(segment), weight=weight)
        if words:  # they say what is seen; the music says how it moves on
            words[0] = replace(words[0], target=self._varied(words[0].target or Target(), segment))
        return [*words, heard] if weight else words

    def _heard(self, segment: Segment) -> Target:
        """What the music of a segment means; brighter and wilder where it is loud."""
        target = self._varied(self.meaning.target(segment.start_s, segment.end_s), segment)
        louder = segment.loudness - self._mean_loudness
        return replace(
            target,
            brightness=_moved(target.brightness, LIGHT_BY_LOUDNESS * louder),
            energy=_moved(target.energy, ENERGY_BY_LOUDNESS * louder),
        )

    @property
    def _mean_loudness(self) -> float:
        seconds = sum(each.seconds for each in self.segments)
        return sum(each.loudness * each.seconds for each in self.segments) / seconds

    def _varied(self, target: Target, segment: Segment) -> Target:
        """The target with latents of its own: near each other within a section, alike where the section comes again."""
        section = np.random.default_rng([self.seed, segment.label]).standard_normal(len(LATENTS))
        own = np.random.default_rng([self.seed, 1 << 20, segment.number]).standard_normal(len(LATENTS))
        values = SECTION_SPREAD * section + SEGMENT_SPREAD * own
        return replace(target, latents={**dict(zip(LATENTS, values.tolist(), strict=True)), **target.latents})

    def _sound(self, segment: Segment) -> Vector | None:
        """The sound of a segment, of one second at least."""
        if self.sound is None:
            return None
        middle, half = (segment.start_s + segment.end_s) / 2, max(segment.seconds, LEAST_SOUND_S) / 2
        part = self.sound[max(0, round((middle - half) * SOUND_RATE)) : round((middle + half) * SOUND_RATE)]
        missing = round(LEAST_SOUND_S * SOUND_RATE) - len(part)
        return np.pad(part, (0, missing)) if missing > 0 else part


def _moved(value: float | None, by: float) -> float:
    return float(np.clip((0.5 if value is None else value) + by, 0.0, 1.0))
