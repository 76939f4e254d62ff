"""Phrases of the twelve motifs (phrases.toml), and whole-word matches of them: naive Bayes over word stems."""

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from livegan.mapping.words.tokens import stem, tokens, word_set

STOP = word_set(
    "a an the of in on at to and or with by from for is are was were be it its as that this these those my your his",
    "her our their i you he she we they me him them into over under after before through then than so very not no one",
    "two three out up down off where when what who how all every each some more other like made has have had do does",
    "did will would there here until get got go goes going just about any can could may",
)


@cache
def phrases() -> dict[str, dict[str, tuple[str, ...]]]:
    """Motif -> kind (plain, things, scenes) -> its phrases."""
    rows = tomllib.loads((files(__package__) / "phrases.toml").read_text("utf-8"))
    return {
        motif: {
            kind: tuple(part.strip() for part in re.split(r"[;\n]", text) if part.strip()) for kind, text in row.items()
        }
        for motif, row in rows.items()
    }


def motif_names() -> tuple[str, ...]:
    """The twelve, in the order of their pitches."""
    return tuple(phrases())


@cache
def _counts() -> dict[str, NDArray[np.float64]]:
    """Word stem -> how often the phrases of each motif have it (12,); the plain ones count six times."""
    names = motif_names()
    counts: dict[str, NDArray[np.float64]] = {}
    for at, name in enumerate(names):
        for kind, parts in phrases()[name].items():
            for part in parts:
                for word in {stem(word) for word in tokens(part) if word.isalnum() and word not in STOP}:
                    counts.setdefault(word, np.zeros(len(names)))[at] += 6.0 if kind == "plain" else 1.0
    return counts


def match(words: Sequence[str]) -> tuple[NDArray[np.float64], float, list[str]]:
    """Shares of the motifs (12,) by whole words, how sure that is (0..1), and the words that the phrases know."""
    counts = _counts()
    known = [word for word in dict.fromkeys(words) if word.isalnum() and word not in STOP and stem(word) in counts]
    seen = np.array([counts[stem(word)] for word in known]).reshape(-1, len(motif_names()))
    logs = np.log((seen + 0.08) / (seen + 0.08).sum(1, keepdims=True)).sum(0)
    shares = np.exp(logs - logs.max())
    shares /= shares.sum()
    support = float(seen[:, shares.argmax()].sum())
    return shares, float(shares.max()) * support / (support + 4), known
