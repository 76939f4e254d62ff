"""From a sentence to a dream target: motifs by a sentence model or by whole words, colours and numbers by tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from livegan.core.oklab import to_hex
from livegan.core.target import NUMBERS, Target
from livegan.mapping.words import sentence_map
from livegan.mapping.words.colours import Found, find_colours, hue_of, shares
from livegan.mapping.words.numbers import find_numbers
from livegan.mapping.words.phrases import STOP, match, motif_names
from livegan.mapping.words.tokens import tokens
from livegan.mapping.words.translations import in_english
from livegan.networks.minilm import INSTALL, MiniLM, is_installed

NOT_UNDERSTOOD = "not understood: it names no picture that can be drawn"  # in `Target.understood`
UNSURE = 0.35  # of `Target.confidence`: below it, a sentence was not understood
_SUGGESTIONS = (
    "slow violet smoke over black",
    "rain on a window",
    "a galaxy in deep blue",
    "wild neon lights",
    "soft golden silk",
    "a calm river in turquoise",
)
_LONGEST = 1000  # characters that are read
_LEAST = 0.08  # a motif with less of a share is left out
_HALF = 0.5  # of the words that matter: where so many are colours and moods, nothing more is asked for
_SURELY = 0.7  # how sure a motif must be that colours and moods alone call for: "soft and warm" is silk, "slow" nothing
_SAID = 0.6  # how sure a sentence of colours and moods alone is
_FAR = {name: 0.12 if name in NUMBERS else 0.6 for name in (*NUMBERS, "scale", "light", "fold")}  # from the middle


@dataclass(frozen=True, slots=True)
class _Reading:
    """Motifs of a sentence."""

    shares: NDArray[np.float64]  # (12,), the sum is 1
    confidence: float
    numbers: dict[str, float]  # and latents, where the sentence as a whole says them


def understand(text: str) -> Target:
    """What a sentence asks of a picture. Not understood: confidence below UNSURE, and `understood` says so."""
    english = in_english(text[:_LONGEST])
    words = tokens(english)
    found = find_colours(words)
    numbers, latents, said = find_numbers(words)
    reading = _read(english, words, found)
    confidence = reading.confidence
    classes = {}
    is_said = _share_said(words, found, said)
    if confidence >= (UNSURE if is_said < 1 else _SURELY) and (is_said < 1 or reading.shares.max() >= _SURELY):
        kept = np.where(reading.shares >= _LEAST, reading.shares, 0)
        kept /= kept.sum()
        classes = {motif_names()[at]: float(kept[at]) for at in np.argsort(-kept) if kept[at] > 0}
        numbers = {**{name: value for name, value in reading.numbers.items() if name in NUMBERS}, **numbers}
        latents = {**{name: value for name, value in reading.numbers.items() if name not in NUMBERS}, **latents}
    else:
        confidence = _SAID if is_said > _HALF else min(confidence, UNSURE - 0.01)
    coloured = {word for colour in found for word in colour.name.split()}
    understood = [*classes, *(_once(colour.name) for colour in found), *(word for word in said if word not in coloured)]
    if confidence < UNSURE:
        understood.insert(0, NOT_UNDERSTOOD)
    return Target(
        classes=classes,
        colours=shares(found, words),
        latents=latents,
        confidence=confidence,
        understood=tuple(dict.fromkeys(understood)),
        **numbers,
    )


def suggestions() -> tuple[str, ...]:
    """Sentences to begin with."""
    return _SUGGESTIONS


def sentence(target: Target) -> str:
    """A target in words, for people: "60 % silk, 40 % flow; 100 % 8000ff (violet)"."""
    parts = [", ".join(f"{share * 100:.0f} % {name}" for name, share in target.classes.items())]
    parts.append(
        ", ".join(f"{share * 100:.0f} % {to_hex(colour)} ({hue_of(colour)})" for share, colour in target.colours)
    )
    return "; ".join(part for part in parts if part) or "nothing in particular"


def what_is_missing() -> str | None:
    """One sentence that says what to install where sentences are understood by whole words alone."""
    return None if is_installed() else f"words are matched one by one; to understand whole sentences: {INSTALL}"


def _read(text: str, words: Sequence[str], found: Sequence[Found]) -> _Reading:
    """Motifs by the sentence map, asked with and without the colours; by whole words where the extra is missing."""
    coloured = {at for colour in found if not colour.is_thing for at in range(colour.start, colour.end)}
    bare = [word for at, word in enumerate(words) if at not in coloured]
    if not any(word.isalpha() and word not in STOP for word in bare):
        return _Reading(np.full(len(motif_names()), 1 / len(motif_names())), 0.0, {})
    if not is_installed():
        by_words, confidence, _ = match(bare)
        return _Reading(by_words, confidence, {})
    ways = [text, " ".join(bare)] if coloured else [text]
    vectors = _encoder().embed(ways)
    trained = sentence_map.load()
    odds = trained.classes(vectors)
    motifs = odds[:-1] / odds[:-1].sum()
    confidence = float((1 - odds[-1]) ** 6 * min(1.0, 2 * motifs.max()))
    numbers = {
        name: float(np.clip(value, 0, 1) if name in NUMBERS else np.clip(value, -2, 2))
        for name, value in trained.read_numbers(vectors[0]).items()
        if abs(value - (0.5 if name in NUMBERS else 0.0)) > _FAR[name]
    }
    return _Reading(motifs, confidence, numbers)


def _share_said(words: Sequence[str], found: Sequence[Found], said: Sequence[str]) -> float:
    """How many of the words that matter are colours and moods, 0..1."""
    matter = [word for word in words if word.isalnum() and word not in STOP]
    known = {word for colour in found for word in words[colour.start : colour.end]} | set(said)
    return sum(word in known for word in matter) / max(len(matter), 1)


@cache
def _encoder() -> MiniLM:
    return MiniLM()


def _once(name: str) -> str:
    """A name without words that it has twice: "blue blue"."""
    return " ".join(dict.fromkeys(name.split()))
