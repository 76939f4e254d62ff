"""Prompt syntax of VQGAN-CLIP: "text:weight:stop | another ^ the next phrase of a story"; images and noise alike."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from livegan.core.text import printable
from livegan.errors import DreamError

DEFAULT_PROMPT = "A cute, smiling, Nerdy Rodent"  # of VQGAN-CLIP, where nothing at all was asked for
MOST_SEED = 2**63 - 1

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?inf", re.IGNORECASE)
_MEANT_AS_NUMBER = re.compile(r"[+-]?[\d.,]*\d[\d.,]*\s*[%x]?")  # "1,5", "0..5", "50%"


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt: text, or the file name of an image."""

    text: str
    weight: float = 1.0  # below 0: away from it
    stop: float = -math.inf  # the loss of weight 1 below which it pulls no more

    def __str__(self) -> str:
        """As it is written."""
        stop = "" if self.stop == -math.inf else f":{self.stop:g}"
        return f"{self.text}:{self.weight:g}{stop}" if stop or self.weight != 1 else self.text


@dataclass(frozen=True, slots=True)
class NoisePrompt:
    """Noise prompt: a random embedding of a seed."""

    seed: int
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Story:
    """Phrases, one after the other, each of one or more prompts that hold at the same time."""

    phrases: tuple[tuple[Prompt, ...], ...] = field(default=())

    def at(self, iteration: int, every: int) -> tuple[Prompt, ...]:
        """The phrase of an iteration: the next one every so many, from the first again after the last; 0: the first."""
        if not self.phrases:
            return ()
        return self.phrases[iteration // every % len(self.phrases) if every > 0 else 0]


def parse_story(text: str) -> Story:
    """Prompts separated by "|", phrases of a story by "^"; nothing from nothing.

    DreamError, with the nearest right form, for an empty prompt and for a weight or a stop that is no number.
    """
    if not text.strip():
        return Story()
    parts = [phrase.split("|") for phrase in text.split("^")]
    if any(not part.strip() for phrase in parts for part in phrase):
        kept = [" | ".join(part.strip() for part in phrase if part.strip()) for phrase in parts]
        right = " ^ ".join(phrase for phrase in kept if phrase)
        raise DreamError(f"the prompts '{printable(text)}' have an empty one; {_form(right or DEFAULT_PROMPT)}")
    return Story(tuple(tuple(parse_prompt(part) for part in phrase) for phrase in parts))


def parse_images(text: str) -> tuple[Prompt, ...]:
    """Image prompts, "photo.jpg:0.5 | other.png": file names with weights and stops; DreamError as `parse_story`."""
    parts = text.split("|") if text.strip() else []
    if any(not part.strip() for part in parts):
        right = " | ".join(part.strip() for part in parts if part.strip())
        raise DreamError(f"the image prompts '{printable(text)}' have an empty one; {_form(right or 'photo.jpg')}")
    return tuple(parse_prompt(part) for part in parts)


def parse_prompt(text: str) -> Prompt:
    """One prompt, "text", "text:weight" or "text:weight:stop". A colon before what is no number belongs to the text.

    DreamError, with the nearest right form, if a weight or a stop was meant and is none.
    """
    words, numbers = text.strip(), list[str]()
    while len(numbers) < 2 and ":" in words:
        before, _, last = words.rpartition(":")
        number = last.strip()
        if not (_NUMBER.fullmatch(number) or _MEANT_AS_NUMBER.fullmatch(number) or (not number and numbers)):
            break
        words, numbers = before.strip(), [number, *numbers]
    weight, stop = [*numbers, *("1", "-inf")[len(numbers) :]]
    bad = [value for value in (weight, stop) if not _NUMBER.fullmatch(value)] or math.isinf(float(weight))
    if bad or not words:
        fields = [words or DEFAULT_PROMPT, *(_nearest_number(value) for value in numbers)]
        why = "has a weight or a stop that is no number" if words else "has no text before its weight"
        raise DreamError(f"the prompt '{printable(text.strip())}' {why}; {_form(':'.join(fields))}")
    return Prompt(words, float(weight), float(stop))


def parse_noise(seeds: Sequence[int], weights: Sequence[float] = ()) -> tuple[NoisePrompt, ...]:
    """Noise prompts: a seed and a weight each, or weight 1 where none is given; DreamError if that does not fit."""
    if weights and len(weights) != len(seeds):
        raise DreamError(
            f"there are {len(seeds)} noise prompts (-nps) and {len(weights)} weights (-npw); give a weight for each"
        )
    for seed in seeds:
        if not 0 <= seed <= MOST_SEED:
            raise DreamError(f"{seed} is no seed of a noise prompt; type for example: -nps {min(abs(seed), 7)}")
    for weight in weights:
        if not math.isfinite(weight):
            raise DreamError(f"{weight} is no weight of a noise prompt; type for example: -npw 0.5")
    return tuple(NoisePrompt(seed, weight) for seed, weight in zip(seeds, weights or [1.0] * len(seeds), strict=True))


def _nearest_number(text: str) -> str:
    """The number that was most likely meant."""
    if _NUMBER.fullmatch(text):
        return "1" if math.isinf(float(text)) else text
    percent = text.rstrip().endswith("%")
    plain = re.sub(r"[.,]+", ".", re.sub(r"[^\d.,+-]", "", text))
    if not _NUMBER.fullmatch(plain):
        return "1"
    return f"{float(plain) / (100 if percent else 1):g}"


def _form(right: str) -> str:
    return f"write for example: '{printable(right)}'"
