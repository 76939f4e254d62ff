"""Trained map from a sentence's 384 numbers (MiniLM) to motifs and to how a picture is: two small layers.

It is made by `python -m tools.words.train` from captions of the motifs; its card is sentence-map.md.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files

import numpy as np
from numpy.typing import NDArray

SCALE = 8.0  # of the unit vectors, so that the layers see numbers of about 0.4
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SentenceMap:
    """Some multi-layer perceptrons whose answers are averaged, and a line for the numbers."""

    names: tuple[str, ...]  # of what is read: the motifs, then "none" for what is no picture
    numbers: tuple[str, ...]  # of `core.target.NUMBERS` and latents of the motifs
    first: Floats  # (maps, 384, hidden)
    first_bias: Floats  # (maps, hidden)
    second: Floats  # (maps, hidden, names)
    second_bias: Floats  # (maps, names)
    line: Floats  # (384, numbers)
    line_bias: Floats  # (numbers,)

    def classes(self, vectors: Floats) -> NDArray[np.float64]:
        """Probabilities (names,) of one sentence that is given in some ways (ways, 384)."""
        hidden = np.maximum(np.einsum("wd,mdh->mwh", SCALE * vectors, self.first) + self.first_bias[:, None], 0)
        logits = np.einsum("mwh,mhn->mwn", hidden, self.second) + self.second_bias[:, None]
        logits = logits.mean((0, 1), dtype=np.float64)
        odds = np.exp(logits - logits.max())
        return np.asarray(odds / odds.sum())

    def read_numbers(self, vector: Floats) -> dict[str, float]:
        """Numbers and latents that a sentence (384,) asks for, whether it does or not: the middle is "not at all"."""
        return dict(zip(self.numbers, (vector @ self.line + self.line_bias).tolist(), strict=True))


@cache
def load() -> SentenceMap:
    """The bundled map."""
    with as_file(files(__package__) / "sentence-map.npz") as path, np.load(path, allow_pickle=False) as arrays:
        tables = {name: arrays[name] for name in arrays.files}
    floats = {name: np.asarray(table, np.float32) for name, table in tables.items() if table.dtype.kind == "f"}
    return SentenceMap(tuple(tables["names"].tolist()), tuple(tables["numbers"].tolist()), **floats)
