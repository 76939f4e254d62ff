"""Description of a network that composes: JSON in the header of its file, read without torch."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.info import bounded_int

SUFFIX = ".composer"
FORMAT = "livegan-composer-1"
MAX_FILE_BYTES = 1 << 30
MAX_WORD = 4000  # letters of an entry of the card

_TYPES: Mapping[str, tuple[type, ...]] = {  # of entries that are no texts
    "shape": (dict,),
    "figures": (dict,),
    "seed": (int,),
    "steps": (int,),
    "seconds": (int, float),
}


@dataclass(frozen=True, slots=True)
class ComposerInfo:
    """Description of a network that composes."""

    kind: str
    shape: Mapping[str, Any]  # what its module is built from: checked by that module
    title: str = ""
    data: str = ""  # the corpus, in words
    licence: str = ""
    made_by: str = ""  # the command that trained it
    seed: int = 0
    steps: int = 0  # of training
    seconds: float = 0.0  # of training
    machine: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)  # what was measured, by name


def info_of(text: str, path: Path) -> ComposerInfo:
    """The description in a header; NetworkError if it is none."""
    try:
        table = json.loads(text, parse_int=bounded_int, parse_constant=_not_finite)
        if not isinstance(table, dict) or table.pop("format", None) != FORMAT:
            raise ValueError(f"its format is not {FORMAT}")
        info = ComposerInfo(**table)
        for name, value in asdict(info).items():
            fits = isinstance(value, _TYPES.get(name, str)) and not isinstance(value, bool)
            if not fits or len(str(value)) > MAX_WORD:
                raise ValueError(f"its {name} is {value!r}")
        for name, figure in info.figures.items():
            if not isinstance(figure, int | float):
                raise ValueError(f"its figure {name} is {figure!r}")
        return info
    except (ValueError, TypeError, RecursionError) as error:
        raise NetworkError(f"is no network that composes ({printable(str(error))}); train it again", path) from error


def _not_finite(word: str) -> float:
    raise ValueError(f"{word} is in it")
