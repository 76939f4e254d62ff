"""Numbers of a sentence by a table of words: slow, fierce, dark, crisp, huge (numbers.toml)."""

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from livegan.core.target import NUMBERS
from livegan.mapping.words.tokens import stem, tokens, word_set

_AGAINST = word_set("not no never without hardly barely un")


@cache
def rows() -> dict[str, dict[str, Any]]:
    """What the table is written as: row -> its words, numbers and latents."""
    return tomllib.loads((files(__package__) / "numbers.toml").read_text("utf-8"))


@cache
def table() -> dict[str, dict[str, float]]:
    """Word stem -> its numbers (`core.target.NUMBERS`) and latents. A word of several rows has the mean of them."""
    found: dict[str, dict[str, list[float]]] = {}
    for row in rows().values():
        for word in tokens(row["words"]):
            for name, value in row.items():
                if name != "words":
                    found.setdefault(stem(word), {}).setdefault(name, []).append(value)
    return {word: {name: sum(all_) / len(all_) for name, all_ in row.items()} for word, row in found.items()}


def find_numbers(words: Sequence[str]) -> tuple[dict[str, float], dict[str, float], list[str]]:
    """Numbers, latents and the words that said them. "not fast" is slow; several words give the mean."""
    values: dict[str, list[float]] = {}
    said = []
    for at, word in enumerate(words):
        row = table().get(stem(word))
        if row is None:
            continue
        against = bool(set(words[max(0, at - 2) : at]) & _AGAINST)
        said.append(f"not {word}" if against else word)
        for name, value in row.items():
            middle = 0.5 if name in NUMBERS else 0.0
            values.setdefault(name, []).append(2 * middle - value if against else value)
    means = {name: sum(all_) / len(all_) for name, all_ in values.items()}
    numbers = {name: value for name, value in means.items() if name in NUMBERS}
    return numbers, {name: value for name, value in means.items() if name not in NUMBERS}, said
