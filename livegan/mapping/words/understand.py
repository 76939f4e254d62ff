"""From a sentence to a dream target: motifs by a sentence model or by whole words, colours and numbers by tables."""

import numpy as np

from livegan.core.target import Target
from livegan.mapping.words.colours import find_colours, hue_of, shares
from livegan.mapping.words.numbers import find_numbers
from livegan.mapping.words.phrases import match, motif_names, phrases
from livegan.mapping.words.tokens import tokens

UNSURE = 0.35  # of `Target.confidence`: below it, a sentence was not understood
_LEAST = 0.08  # a motif with less of a share is left out


def understand(text: str) -> Target:
    """What a sentence asks of a picture. Not understood: confidence below UNSURE, and `understood` says so."""
    words = tokens(text)
    found = find_colours(words)
    numbers, latents, said = find_numbers(words)
    coloured = {at for colour in found for at in range(colour.start, colour.end)}
    motifs, confidence, known = match([word for at, word in enumerate(words) if at not in coloured])
    classes = {}
    understood = []
    if known and confidence > 0.1:
        kept = np.where(motifs >= _LEAST, motifs, 0)
        order = np.argsort(-kept)
        classes = {motif_names()[at]: float(kept[at] / kept.sum()) for at in order if kept[at] > 0}
        understood.append(f"{', '.join(known)}: {' and '.join(list(classes)[:2])}")
    if found:
        confidence = max(confidence, 0.5)
    if said:
        confidence = max(confidence, 0.4)
    understood += [f"{colour.name}: {_hex(colour.srgb)}, {hue_of(colour.srgb)}" for colour in found]
    understood += [f"{', '.join(said)}: {_told({**numbers, **latents})}"] if said else []
    if confidence < UNSURE:
        understood = ["not understood"] if not text.strip() or not understood else [*understood, "hardly understood"]
    return Target(
        classes=classes,
        colours=shares(found, words),
        latents=latents,
        confidence=confidence,
        understood=tuple(understood),
        **numbers,
    )


def suggestions(count: int = 12) -> tuple[str, ...]:
    """Sentences to begin with, one of each motif."""
    return tuple(row["plain"][0] for row in list(phrases().values())[:count])


def sentence(target: Target) -> str:
    """A target in words, for people: "60 % silk, 40 % flow; 8000ff; slow"."""
    parts = [", ".join(f"{share * 100:.0f} % {name}" for name, share in target.classes.items())]
    parts.append(
        ", ".join(f"{share * 100:.0f} % {_hex(colour)} ({hue_of(colour)})" for share, colour in target.colours)
    )
    return "; ".join(part for part in parts if part) or "nothing in particular"


def _hex(srgb: tuple[float, float, float]) -> str:
    return "".join(f"{round(255 * value):02x}" for value in srgb)


def _told(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.2g}" for name, value in values.items())
