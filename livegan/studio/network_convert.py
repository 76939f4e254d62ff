"""Conversion of networks to NAME.json and NAME.safetensors, tiled to other proportions if asked."""

import os
import re
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from livegan.core.files import wait_for_disk
from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.info import NetworkInfo, write_info
from livegan.networks.library import find_network
from livegan.networks.models import MODELS
from livegan.networks.weights_file import check_description

WEIGHTLESS = ("plain", "patterns")  # kinds that draw by formula
ADDABLE = (*ARCHITECTURES, *MODELS, *WEIGHTLESS)  # kinds that are data, not code


def convert(name: str, output: Path | None, tiles: tuple[int, int] | None, overwrite: bool) -> NetworkInfo:
    """Write any network livegan can read as NAME.json and NAME.safetensors; `output` is a folder or a file's name."""
    info = find_network(name)
    refuse_code(info)
    info = tiled(info, tiles) if tiles else info
    check_description(info)
    suffix = f"-{tiles[0]}x{tiles[1]}" if tiles else ""
    place = output or Path()
    if not place.suffix or place.is_dir():
        place = place / f"{info.name}{suffix}.json"
    if place.suffix not in (".json", ".safetensors"):
        raise NetworkError(f"is no name for a network; type for example: -o {place.stem}.safetensors", place)
    place = place.with_suffix(".json")
    if place.exists() and place.resolve() == info.path.resolve():
        raise NetworkError("is that network itself; choose another name with -o", place)
    if (place.exists() or place.with_suffix(".safetensors").exists()) and not overwrite:
        raise NetworkError("is there already; choose another name with -o, or type --overwrite", place)
    if info.kind not in WEIGHTLESS:
        from livegan.networks.weights import check_weights  # torch, on first use

        check_weights(info)
    return write_network(info, place)


def parse_tiles(text: str) -> tuple[int, int] | None:
    """(down, across) from "2x1"; None from nothing."""
    if not text:
        return None
    match = re.fullmatch(r"([1-9]\d?)x([1-9]\d?)", text.lower())
    if not match:
        raise NetworkError(f"--tiles {text!r} is not DOWNxACROSS; type for example: --tiles 1x2 (twice as wide)")
    return int(match[1]), int(match[2])


def tiled(info: NetworkInfo, tiles: tuple[int, int]) -> NetworkInfo:
    """`info` with its constant repeated `tiles` times down and across: other proportions from the same weights."""
    tileable = [kind for kind, architecture in ARCHITECTURES.items() if "tiles" in architecture.defaults]
    if info.kind not in tileable:
        raise NetworkError(
            f"{info.name} is a {info.kind}; only a {' or '.join(tileable)} can be tiled: leave out --tiles"
        )
    before = info.shape.get("tiles", [1, 1])
    if not (isinstance(before, list) and len(before) == 2 and all(type(old) is int and old > 0 for old in before)):
        raise NetworkError("'shape.tiles' must be [down, across], each a whole number above 0", info.path)
    height, width = (side // old * new for side, old, new in zip(info.resolution, before, tiles, strict=True))
    if max(height, width) > 16384:
        raise NetworkError(f"--tiles {tiles[0]}x{tiles[1]} makes {width}x{height} px; 16384 is the most")
    return replace(info, resolution=(height, width), shape={**info.shape, "tiles": list(tiles)})


def write_network(info: NetworkInfo, place: Path) -> NetworkInfo:
    """The two files of a network, each moved into place whole: the weights, then the description that names them."""
    done = replace(info, name=place.stem, path=place)
    weighs = info.kind not in WEIGHTLESS  # one of those has no weights, whatever lies beside it
    if weighs and not info.weights.is_file():
        raise NetworkError("no such file; a network is two files, a .json and a .safetensors", info.weights)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".adding-", dir=place.parent) as folder:
            aside = replace(info, path=Path(folder) / place.name)
            write_info(aside)
            if weighs:
                shutil.copyfile(info.weights, aside.weights)
                wait_for_disk(aside.weights)
                os.replace(aside.weights, done.weights)
            os.replace(aside.path, done.path)
    except OSError as error:
        raise NetworkError(f"{place} cannot be written ({error.strerror or error}); choose another place") from error
    return done


def refuse_code(info: NetworkInfo) -> None:
    """A description that names code, or files elsewhere, is not taken over from anywhere."""
    if info.kind not in ADDABLE:
        raise NetworkError(
            f"{info.path}: is of kind '{printable(info.kind)}', which is not weights but names what lies elsewhere; "
            "if it is your own code, type: livegan networks add MODULE:FUNCTION --name NAME"
        )
