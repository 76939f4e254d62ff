"""Tag table: what each music tag asks of a picture, in numbers, colours and motifs. A TOML file for artists; no torch.

presets/tags.toml, or the user's own tags.toml in the folder of settings.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, RootModel, field_validator, model_validator

from livegan.core.oklab import parse_hex
from livegan.core.registry import unknown
from livegan.core.resources import bundled
from livegan.core.toml import StrictModel, read_table
from livegan.errors import SceneError
from livegan.networks.music_tags import TAG_NAMES

FILE = "tags.toml"
MOODS = ("energy", "valence", "warmth", "brightness", "motion", "sharpness")  # numbers of a tag, and of a mood
MOTIFS = (
    *("silk", "flow", "glass", "turing", "julia", "attractor"),
    *("rings", "kaleidoscope", "topo", "neon", "marble", "galaxy"),
)
MOST_COLOURS = 4

Share = Annotated[float, Field(ge=0, le=1)]


class TagLine(StrictModel):
    """What one tag asks of a picture."""

    why: str = Field(description="the reason")
    weight: float = Field(1.0, ge=0, le=10, description="how much it counts")
    rare: bool = Field(False, description="true: never likely, and counts by its changes alone")
    energy: Share | None = Field(None, description="0 calm .. 1 wild")
    valence: Share | None = Field(None, description="0 sad .. 1 glad")
    warmth: Share | None = Field(None, description="0 cold .. 1 warm colours")
    brightness: Share | None = Field(None, description="0 dark .. 1 bright")
    motion: Share | None = Field(None, description="0 still .. 1 fast")
    sharpness: Share | None = Field(None, description="0 soft .. 1 crisp")
    colours: list[str] = Field([], max_length=MOST_COLOURS, description="sRGB, as 8a2be2, the most important first")
    classes: dict[str, Annotated[float, Field(ge=0)]] = Field({}, description="motif and its share")

    @field_validator("colours")
    @classmethod
    def _are_colours(cls, colours: list[str]) -> list[str]:
        for colour in colours:
            try:
                parse_hex(colour)
            except ValueError:
                raise ValueError(f"'{colour}' is no colour; write six hexadecimal digits, as 8a2be2") from None
        return colours

    @field_validator("classes")
    @classmethod
    def _are_motifs(cls, classes: dict[str, float]) -> dict[str, float]:
        wrong = [unknown("motif", name, MOTIFS) for name in classes if name not in MOTIFS]
        if wrong:
            raise ValueError("; ".join(wrong))
        return classes


class TagFile(RootModel[dict[str, TagLine]]):
    """The whole file: a table for each of TAG_NAMES."""

    @model_validator(mode="after")
    def _has_every_tag(self) -> "TagFile":
        wrong = [unknown("tag", name, TAG_NAMES) for name in self.root if name not in TAG_NAMES]
        missing = [name for name in TAG_NAMES if name not in self.root]
        wrong += [f"no table for {', '.join(missing)}"] if missing else []
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


@dataclass(frozen=True, slots=True, eq=False)
class TagTable:
    """The file as arrays, rows in the order of TAG_NAMES."""

    lines: tuple[TagLine, ...]
    weight: NDArray[np.float64]  # (92,)
    rare: NDArray[np.bool_]  # (92,)
    numbers: NDArray[np.float64]  # (92, 6) NaN: not asked for
    classes: NDArray[np.float64]  # (92, 12), rows sum to 1, or 0


def read_tag_table(path: Path) -> TagTable:
    """SceneError, with every mistake and the nearest right name, for a file that is no such table."""
    table = read_table(path, TagFile, SceneError).root
    lines = tuple(table[name] for name in TAG_NAMES)
    classes = np.array([[line.classes.get(motif, 0.0) for motif in MOTIFS] for line in lines])
    return TagTable(
        lines,
        np.array([line.weight for line in lines]),
        np.array([line.rare for line in lines]),
        np.array([[getattr(line, name) for name in MOODS] for line in lines], np.float64),
        classes / np.maximum(classes.sum(axis=1, keepdims=True), 1e-9),
    )


@cache
def tag_table() -> TagTable:
    """The user's own table, or the bundled one; read once."""
    return read_tag_table(tag_table_path())


def tag_table_path() -> Path:
    """The user's own table, or the bundled one."""
    import platformdirs

    own = Path(platformdirs.user_config_dir("livegan")) / FILE
    return own if own.is_file() else bundled("presets") / FILE
