"""Description of a network that composes: JSON in the header of its file, read without torch."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from safetensors import SafetensorError, safe_open

from livegan.core.files import expanded
from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.info import bounded_int
from livegan.training.run_folder import SNAPSHOTS

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


def stored(path: Path, framework: Literal["np", "pt"]) -> tuple[str, dict[str, Any]]:
    """The description and the tensors in a file, numpy's or torch's; NetworkError in a sentence if it is none."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ValueError(f"larger than {MAX_FILE_BYTES} bytes")
        with safe_open(path, framework=framework) as file:
            text = (file.metadata() or {}).get("livegan", "")
            return text, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except FileNotFoundError as error:
        raise NetworkError("no such network", path) from error
    except (OSError, SafetensorError, ValueError, TypeError) as error:  # TypeError: of a type that numpy has not
        if isinstance(error, SafetensorError):  # its own words are of headers
            hint = f"give a {SUFFIX} file, or train one: livegan compose train"
            raise NetworkError(f"is no network that composes, or not a whole one; {hint}", path) from error
        reason = printable(getattr(error, "strerror", None) or str(error))
        raise NetworkError(f"cannot be read as a network that composes ({reason})", path) from error


def network_path(path: str | Path) -> Path:
    """The network file at `path`: itself, or the newest in the folder of a run; NetworkError if there is none."""
    place = expanded(path)
    if not place.is_dir():
        return place
    found = sorted(place.glob(f"*{SUFFIX}")) or sorted((place / SNAPSHOTS).glob(f"*{SUFFIX}"))
    if not found:
        raise NetworkError(f"no network that composes in it (*{SUFFIX}); train one: livegan compose train", place)
    return found[-1]


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
