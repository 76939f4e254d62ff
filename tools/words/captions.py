"""Captions of the motifs by a grammar: phrases with colours, moods, places and turns of speech that say no motif."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from livegan.mapping.words import colours, numbers
from livegan.mapping.words.phrases import motif_names, phrases

NONE = "none"  # the class of what is no picture
_HERE = Path(__file__).parent
_GRAMMAR = {
    name: tuple(part.strip() for part in re.split(r"[;\n]", text) if part.strip())
    for name, text in tomllib.loads((_HERE / "grammar.toml").read_text("utf-8")).items()
}
_NONSENSE = tuple(
    line for line in (_HERE / "nonsense.txt").read_text("utf-8").splitlines() if line and not line.startswith("#")
)
MOODS = tuple(word for row in numbers.rows().values() for word in row["words"].split())


@dataclass(frozen=True, slots=True)
class Caption:
    """A text, the motif that it says (or NONE), and where its phrase came from."""

    text: str
    motif: str
    phrase: str


def captions(count: int, seed: int) -> Iterator[Caption]:
    """`count` captions of each motif and of none: first every phrase as it is, then with what says nothing about it."""
    rng = np.random.default_rng([seed, 1])
    names = [name for name, row in colours.table().items() if row[2] != "w"]
    plain = [*colours.HUES] * 3

    def one(pool: list[str] | tuple[str, ...]) -> str:
        return pool[int(rng.integers(len(pool)))]

    def colour() -> str:
        return one(plain) if rng.random() < 0.5 else one(names)

    def dressed(template: str, row: dict[str, tuple[str, ...]], phrase: str) -> str:
        things = row["things"] + row["plain"]
        words = {
            "c": colour(),
            "d": colour(),
            "m": one(MOODS),
            "n": one(MOODS),
            "t": one(_GRAMMAR["tails"]),
            "q": one(things),
        }
        scene = phrase in row["scenes"]
        words |= {"p": one(things) if scene else phrase, "s": phrase if scene else one(row["scenes"])}
        text = template.format(**words)
        return one(_GRAMMAR["frames"]).format(text) if rng.random() < 0.3 else text

    for motif in motif_names():
        row = phrases()[motif]
        everything = [phrase for kind in ("plain", "things", "scenes") for phrase in row[kind]]
        yield Caption(motif, motif, motif)
        for at in range(count - 1):
            phrase = everything[at % len(everything)]
            if at < len(everything):
                yield Caption(phrase, motif, phrase)
            else:
                yield Caption(
                    dressed(one(_GRAMMAR["scenes" if phrase in row["scenes"] else "things"]), row, phrase),
                    motif,
                    phrase,
                )
    for at in range(count):
        phrase = _NONSENSE[at % len(_NONSENSE)]
        kind = rng.random()
        if at < len(_NONSENSE):
            text = phrase
        elif kind < 0.3:
            text = _gibberish(rng)
        elif kind < 0.6:
            text = f"{phrase}, {one(_NONSENSE)}"
        elif kind < 0.8:
            text = one(_GRAMMAR["frames"]).format(phrase)
        else:
            text = f"{phrase} {one(_GRAMMAR['tails'])}"
        yield Caption(text, NONE, phrase)


def _gibberish(rng: np.random.Generator) -> str:
    letters = "abcdefghijklmnopqrstuvwxyz" if rng.random() < 0.8 else "asdfghjkl;qwertyuiop1234567890!?"
    return " ".join("".join(rng.choice(list(letters), int(rng.integers(2, 9)))) for _ in range(int(rng.integers(1, 5))))
