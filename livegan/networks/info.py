"""NetworkInfo: the description of a network in the JSON beside its weights. No torch here, so listing is fast."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from livegan.core.files import read_text, reason_of, write_atomic
from livegan.core.text import CONTROL_CHARACTERS, printable
from livegan.errors import NetworkError
from livegan.networks.architectures import ARCHITECTURES

FORMAT = "livegan-network-1"
ENCODER_SUFFIX = ".encoder"  # of the file of its encoder (`networks.encoder`)
HEARING_SUFFIX = ".hearing"  # of a network that hears the beat (`networks.hearing_network`)
TAGGER_SUFFIX = ".musicnn"  # of a music tagger (`networks.musicnn`)
MAX_FILE_BYTES = 1 << 22
MAX_PIXELS = 1 << 26  # of a picture: 8192x8192
MAX_SHAPE_KEYS = 64  # of "shape"
MAX_DIGITS = 100  # of a whole number: what is longer is no float either


@dataclass(frozen=True, slots=True)
class NetworkInfo:
    """Description of a network: name, dimensions, and the path of its weights."""

    name: str
    path: Path  # the JSON file; the weights lie beside it as NAME.safetensors
    kind: str  # which generator draws it: a name in GENERATORS
    resolution: tuple[int, int]  # height, width [px]
    z_dim: int
    c_dim: int = 0  # number of classes, 0 = none
    w_dim: int = 0
    title: str = ""  # one line for people
    licence: str = ""
    made_by: str = ""  # the command or the person that made the weights
    source: str = ""  # where they came from: a file, a page
    classes: tuple[str, ...] = ()  # names of the classes, where they have any
    light_of: str = ""  # the name of the network whose light sibling it is: same z, classes and w, cheaper to draw
    shape: Mapping[str, Any] = field(default_factory=dict)  # what else the architecture must know to be built
    rim: int = 0  # outermost pixels, at its own size, that mirror those further in (`networks.rim`)
    notes: tuple[str, ...] = ()  # what people should know of it, a sentence each: what was guessed, what is left out

    @property
    def num_ws(self) -> int:
        """Rows of w if the description determines them, else 0; 0 if there is no w."""
        if self.kind == "morph":
            return int(self.shape.get("rows", 0))
        if self.kind not in ARCHITECTURES:
            return 0
        try:
            return ARCHITECTURES[self.kind].num_ws(self.shape)
        except (KeyError, TypeError):
            return 0

    @property
    def text_dim(self) -> int:
        """Numbers of the text vector that is its class vector; 0: it takes no words."""
        return self.c_dim if self.kind in ARCHITECTURES and ARCHITECTURES[self.kind].takes_text else 0

    @property
    def weights(self) -> Path:
        """The safetensors file beside the JSON."""
        return self.path.with_suffix(".safetensors")


def read_info(path: Path) -> NetworkInfo:
    """The network described by a JSON file; NetworkError if it is not such a file, with every mistake in it."""
    try:
        if not path.is_file():  # a pipe would be waited for
            raise ValueError("it is no file")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ValueError(f"{path.stat().st_size} bytes of JSON")
        table = json.loads(read_text(path), parse_int=bounded_int)
    except (OSError, ValueError, RecursionError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else printable(str(error))
        raise NetworkError(
            f"cannot be read as the description of a network ({reason}); "
            "give the .json that livegan wrote beside the weights",
            path,
        ) from error
    if not isinstance(table, dict) or table.get("format") != FORMAT:
        raise NetworkError(f"is not the description of a network ('format' must be '{FORMAT}')", path)
    mistakes = [f"'{key}' is missing" for key in ("kind", "resolution", "z_dim") if key not in table]
    mistakes += [f"no key called '{printable(key)}'" for key in table if key not in _KEYS]
    mistakes += [f"'{key}' must be {_KEYS[key][1]}" for key in table if key in _KEYS and not _KEYS[key][0](table[key])]
    if mistakes:
        more = f"; and {len(mistakes) - 8} more" if len(mistakes) > 8 else ""
        raise NetworkError(f"{'; '.join(mistakes[:8])}{more}", path)
    values = {key: value for key, value in table.items() if key != "format"}
    values["resolution"] = tuple(table["resolution"])
    values["classes"] = tuple(table.get("classes", ()))
    values["notes"] = tuple(table.get("notes", ()))
    return NetworkInfo(name=path.stem, path=path, **values)


def write_info(info: NetworkInfo) -> None:
    """Write `info` to ``info.path``, whole or not at all; the same value gives the same bytes."""
    write_atomic(info.path, info_json(info))


def info_json(info: NetworkInfo) -> str:
    """The JSON of a description, without lines for what it has not: a source, a heavier sibling, a rim, notes."""
    values = {"format": FORMAT} | {key: getattr(info, key) for key in _KEYS if key != "format"}
    for key in ("source", "light_of", "rim", "notes"):
        if not values[key]:
            del values[key]
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def bounded_int(text: str) -> int:
    """`parse_int` for untrusted JSON: ValueError above MAX_DIGITS digits, which would be slow, or fail later."""
    if len(text) > MAX_DIGITS:
        raise ValueError(f"a number of {len(text)} digits")
    return int(text)


def _size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 16384


def _count(value: object) -> bool:
    return (value == 0 and not isinstance(value, bool)) or _size(value)


def _text(value: object) -> bool:
    return isinstance(value, str) and not CONTROL_CHARACTERS.search(value)


def _pair(value: object) -> bool:
    fine = isinstance(value, list) and len(value) == 2 and all(_size(side) for side in value)
    return fine and value[0] * value[1] <= MAX_PIXELS  # type: ignore[index]


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(_text(word) for word in value)


_KEYS = {
    "format": (_text, "a word"),
    "kind": (_text, "a word"),
    "resolution": (_pair, "[height, width] in pixels, no more than 8192x8192"),
    "z_dim": (_size, "a whole number from 1 to 16384"),
    "c_dim": (_count, "a whole number from 0 to 16384"),
    "w_dim": (_count, "a whole number from 0 to 16384"),
    "title": (_text, "a line of text"),
    "licence": (_text, "a line of text"),
    "made_by": (_text, "a line of text"),
    "source": (_text, "a line of text"),
    "classes": (_texts, "a list of words"),
    "notes": (_texts, "a list of lines of text"),
    "light_of": (_text, "the name of a network"),
    "rim": (_count, "a whole number of pixels"),
    "shape": (
        lambda value: isinstance(value, dict) and len(value) <= MAX_SHAPE_KEYS and all(map(_text, value)),
        f"a table of at most {MAX_SHAPE_KEYS} keys",
    ),
}
