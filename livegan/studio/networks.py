"""What `livegan networks` does: list, tell, convert and add networks. torch is invited only to prove one."""

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path

from safetensors import SafetensorError, safe_open

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.catalogue import CatalogueEntry, load_catalogue, slug
from livegan.networks.download import DownloadProgress, check_address, fetch
from livegan.networks.info import NetworkInfo, write_info
from livegan.networks.library import (
    BUNDLED,
    files_in,
    find_network,
    find_networks,
    installed_folder,
    list_folders,
    path_of,
)

FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
FOREIGN = (".pkl", ".pt", ".pth", ".ckpt", ".safetensors")  # in a folder, these are told of if they are no networks
MOST_SHOWN = 500  # characters of one thing that is told
WEIGHTLESS = ("plain", "patterns")  # kinds that draw by formula
ADDABLE = (*ARCHITECTURES, *WEIGHTLESS)  # kinds that are data, not somebody's code

Fetching = Callable[[str], AbstractContextManager[DownloadProgress]]  # a bar for one address


@dataclass(frozen=True, slots=True)
class Code:
    """What must be said of a function of the player's own."""

    z_dim: int
    c_dim: int
    resolution: tuple[int, int]  # height, width [px]
    folder: Path


@dataclass(frozen=True, slots=True)
class Added:
    """What came of adding."""

    networks: tuple[NetworkInfo, ...]
    refused: tuple[str, ...]  # a sentence for each file of a folder that is none


def here() -> Iterator[tuple[str, NetworkInfo | NetworkError]]:
    """Every network that can be named, those that came along first; a broken one with what is wrong with it."""
    names = [path.stem for folder in (BUNDLED, installed_folder()) for path in sorted(folder.glob("*.json"))]
    for name in dict.fromkeys(names):
        try:
            yield name, find_network(name)
        except NetworkError as error:
            yield name, error


def listed() -> list[str]:
    """A line for each network that can be named, under a heading; below it, what is broken."""
    rows = [("name", "size", "kind", "classes", "parameters", "licence", "from")]
    broken = []
    for name, info in here():
        if isinstance(info, NetworkError):
            broken.append(f"{name} is broken: {info}")
            continue
        count = parameters(info)
        height, width = info.resolution
        numbers = f"{count / 1e6:.1f} M" if count else "-"
        size, classes = f"{width}x{height}", str(info.c_dim or "-")
        rows.append((name, size, info.kind, classes, numbers, info.licence or "unknown", origin(info)))
    for name, folder in list_folders().items():
        try:
            inside = find_networks(folder)
        except NetworkError as error:
            broken.append(f"{name} is broken: {error}")
            continue
        height, width = inside[0].resolution
        row = (f"{width}x{height}", f"{len(inside)} in a folder", str(inside[0].c_dim or "-"), "-")
        rows.append((name, *row, inside[0].licence or "unknown", origin(inside[0])))
    return [*_columns(rows), *broken]


def catalogued() -> list[str]:
    """A line for each public network that could be added, under a heading."""
    rows = [("name", "size", "licence", "get it", "page")]
    for style in load_catalogue().networks:
        size = f"{style.resolution[1]}x{style.resolution[0]}" if style.resolution else "unknown"
        how = "add" if _direct(style) else ("browser" if style.url else "page")
        rows.append((style.key, size, style.licence, how, style.page or "unknown"))
    return _columns(rows)


def told(name: str) -> list[str]:
    """Everything that is known of a network, a line each; a style of the catalogue that is not here is told too."""
    try:
        info = find_network(name)
    except NetworkError:
        style = load_catalogue().find(name)
        if style is None:
            raise
        return _told_of(style)
    height, width = info.resolution
    count = parameters(info)
    lines = {
        "name": info.name,
        "title": info.title,
        "kind": info.kind,
        "size": f"{width}x{height} px",
        "z": str(info.z_dim),
        "w": str(info.w_dim or "none"),
        "classes": f"{info.c_dim or 'none'}" + (f": {', '.join(info.classes[:12])}" if info.classes else ""),
        "parameters": f"{count:,}".replace(",", " ") if count else "",
        "licence": info.licence or "unknown",
        "made by": info.made_by,
        "source": info.source,
        **{f"shape.{key}": str(value) for key, value in info.shape.items()},
        "description": str(info.path),
        "weights": f"{info.weights} ({info.weights.stat().st_size / 1e6:.1f} MB)" if info.weights.is_file() else "",
    }
    given = path_of(name)
    if given.is_file() and info.path.parent.resolve() != given.parent.resolve():
        lines["converted"] = f"once, and kept in {info.path.parent}"
    return _columns([(key, value) for key, value in lines.items() if value])


def parameters(info: NetworkInfo) -> int:
    """How many numbers its weights hold, from the head of the file; 0 if there are none or they cannot be read."""
    if not info.weights.is_file():  # a pipe would never end
        return 0
    try:
        with safe_open(info.weights, framework="np") as file:
            return sum(prod(file.get_slice(key).get_shape()) for key in file.keys())  # noqa: SIM118 - it is no dict
    except (SafetensorError, OSError, ValueError, MemoryError):
        return 0


def origin(info: NetworkInfo) -> str:
    """Where it came from, in a few words."""
    return info.source or ("your folder" if info.path.parent == installed_folder() else "livegan")


def tiles_of(text: str) -> tuple[int, int] | None:
    """(down, across) from "2x1"; None from nothing."""
    if not text:
        return None
    found = re.fullmatch(r"([1-9]\d?)x([1-9]\d?)", text.lower())
    if not found:
        raise NetworkError(f"--tiles {text!r} is not DOWNxACROSS; type for example: --tiles 1x2 (twice as wide)")
    return int(found[1]), int(found[2])


def tiled(info: NetworkInfo, tiles: tuple[int, int]) -> NetworkInfo:
    """`info` with its constant repeated `tiles` times down and across: other proportions from the same weights."""
    tileable = [kind for kind, architecture in ARCHITECTURES.items() if "tiles" in architecture.defaults]
    if info.kind not in tileable:
        raise NetworkError(
            f"{info.name} is a {info.kind}; only a {' or '.join(tileable)} can be tiled: leave out --tiles"
        )
    before = info.shape.get("tiles", [1, 1])
    if not (isinstance(before, list) and len(before) == 2 and all(type(old) is int and old > 0 for old in before)):
        raise NetworkError("'shape.tiles' must be [down, across]; convert the network again", info.path)
    height, width = (side // old * new for side, old, new in zip(info.resolution, before, tiles, strict=True))
    if max(height, width) > 16384:
        raise NetworkError(f"--tiles {tiles[0]}x{tiles[1]} makes {width}x{height} px; 16384 is the most")
    return replace(info, resolution=(height, width), shape={**info.shape, "tiles": list(tiles)})


def convert(name: str, output: Path | None, tiles: tuple[int, int] | None, overwrite: bool) -> NetworkInfo:
    """Write any network livegan can read as NAME.json and NAME.safetensors; `output` is a folder or a file's name."""
    info = find_network(name)
    _refuse_code(info)
    info = tiled(info, tiles) if tiles else info
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
    return _write(info, place)


def add(
    target: str, name: str = "", sha256: str = "", code: Code | None = None, fetching: Fetching | None = None
) -> Added:
    """Put a network into the player's own folder: from a file, a folder, an address, the catalogue, or MODULE:FUNCTION.

    Each is opened and checked before it is installed. NetworkError if nothing could be added.
    """
    if name and not NAME.fullmatch(name):
        raise NetworkError(f"--name {name!r} is not a name; use letters, digits, - and _, for example: --name forest")
    path = path_of(target)
    if FUNCTION.fullmatch(target) and not path.exists():
        return Added((_add_code(target, name, code),), ())
    if "://" in target:
        return Added((_add_address(target, name, sha256, None, fetching),), ())
    if path.is_dir():
        return _add_folder(path, name)
    if path.exists():
        return Added((_install(find_network(path), name or _short(path.stem)),), ())
    style = load_catalogue().find(target)
    if style is not None:
        return Added((_add_style(style, name, sha256, fetching),), ())
    near = load_catalogue().nearest(target)
    hint = f"did you mean '{near.key}'?" if near else "type: livegan networks list --catalogue"
    raise NetworkError(f"there is no file {target}, and no network in the catalogue is called so; {hint}")


def _add_style(style: CatalogueEntry, name: str, sha256: str, fetching: Fetching | None) -> NetworkInfo:
    where = style.url or style.page
    if not _direct(style):
        raise NetworkError(
            f"{style.name}: can only be had in the browser{f', from {where}' if where else ''}; download it there, "
            f"then type: livegan networks add FILE --name {style.key}"
        )
    return _add_address(style.url, name or style.key, sha256 or style.sha256, style, fetching)


def _add_address(
    url: str, name: str, sha256: str, style: CatalogueEntry | None, fetching: Fetching | None
) -> NetworkInfo:
    parts = check_address(url)
    path = parts.path
    _check_free(name or _short(Path(path).stem))  # before hundreds of megabytes are fetched
    files = [_fetched(url, sha256, fetching)]
    if path.endswith((".safetensors", ".json")):  # one of a pair
        other = ".json" if path.endswith(".safetensors") else ".safetensors"
        beside = _fetched(parts._replace(path=f"{path.rpartition('.')[0]}{other}").geturl(), "", fetching)
        files.append(Path(shutil.move(beside, files[0].with_name(beside.name))))
    try:
        info = replace(find_network(files[0]), source=printable(url, 4096))
        if style is not None:
            info = replace(info, title=info.title or style.name, licence=info.licence or style.licence)
        return _install(info, name or _short(files[0].stem))
    except NetworkError as error:
        raise error.about(url) from error
    finally:
        for file in files:
            file.unlink(missing_ok=True)


def _fetched(url: str, sha256: str, fetching: Fetching | None) -> Path:
    if fetching is None:
        return fetch(url, sha256)
    with fetching(url) as tell:
        return fetch(url, sha256, tell)


def _add_folder(folder: Path, name: str) -> Added:
    """Every network in a folder, e.g. the snapshots of a training, as FOLDER-FILE."""
    files = list(_candidates(folder))
    if not files:
        raise NetworkError(f"holds no {', '.join(FOREIGN)} file; give the folder where the networks lie", folder)
    names = [f"{name or _short(folder.resolve().name)}-{_short(file.stem)}" for file in files]
    for one in names:
        _check_free(one)
    added: list[NetworkInfo] = []
    refused: list[str] = []
    for file, one in zip(files, names, strict=True):
        try:
            added.append(_install(find_network(file), one))
        except NetworkError as error:
            refused.append(str(error))
    if not added:
        raise NetworkError("\n".join([f"{folder}: holds no network that can be added", *refused]))
    return Added(tuple(added), tuple(refused))


def _candidates(folder: Path) -> Iterator[Path]:
    """In order of name, so in the order of training."""
    from livegan.networks.importers.sniff import looks_like_one

    for path in sorted(files_in(folder)):
        if path.is_file() and (path.suffix.lower() in FOREIGN or looks_like_one(path)):
            yield path


def _add_code(function: str, name: str, code: Code | None) -> NetworkInfo:
    """Write down a function of the player's own, once it has drawn."""
    from livegan.rendering.load import load_generator

    if not name or code is None:
        raise NetworkError(
            f"{function}: say what it is called and takes, for example: livegan networks add {function} "
            "--name mine --input 128 --classes 1000 --size 256"
        )
    _check_free(name)
    info = NetworkInfo(
        name=name,
        path=installed_folder() / f"{name}.json",
        kind="custom",
        resolution=code.resolution,
        z_dim=code.z_dim,
        c_dim=code.c_dim,
        made_by="you",
        shape={"function": function, "folder": str(code.folder.resolve())},
    )
    load_generator(info, "cpu").close()
    info.path.parent.mkdir(parents=True, exist_ok=True)
    write_info(info)
    return info


def _install(info: NetworkInfo, name: str) -> NetworkInfo:
    """Copy a network into the player's folder, once it has been opened whole."""
    from livegan.networks.library import open_network
    from livegan.rendering.load import load_generator

    _refuse_code(info)
    _check_free(name)
    if open_network(info) is None:  # without weights there is only what the description asks for
        load_generator(info, "cpu").close()
    return _write(info, installed_folder() / f"{name}.json")


def _write(info: NetworkInfo, place: Path) -> NetworkInfo:
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
                os.replace(aside.weights, done.weights)
            os.replace(aside.path, done.path)
    except OSError as error:
        raise NetworkError(f"{place} cannot be written ({error.strerror or error}); choose another place") from error
    return done


def _short(stem: str) -> str:
    """The name of a network after that of a file, short enough that two of them make the name of a file."""
    return slug(stem)[:100].strip("-")


def _check_free(name: str) -> None:
    """NetworkError if something is so called already."""
    if not name:
        raise NetworkError("that file's name has no letter or digit in it; choose a name: --name NAME")
    if any((folder / f"{name}.json").exists() for folder in (BUNDLED, installed_folder())):
        raise NetworkError(f"a network called '{name}' is here already; choose another name: --name NAME")


def _refuse_code(info: NetworkInfo) -> None:
    """A description that names code, or files elsewhere, is not taken over from anywhere."""
    if info.kind not in ADDABLE:
        raise NetworkError(
            f"{info.path}: is of kind '{info.kind}', which is not weights but names what lies elsewhere; "
            "if it is your own code, type: livegan networks add MODULE:FUNCTION --name NAME"
        )


def _direct(style: CatalogueEntry) -> bool:
    """Whether its file can be fetched without a browser."""
    from livegan.networks.download import BROWSER_ONLY

    return bool(style.url) and (check_address(style.url).hostname or "") not in BROWSER_ONLY


def _told_of(style: CatalogueEntry) -> list[str]:
    size = f"{style.resolution[1]}x{style.resolution[0]} px" if style.resolution else "unknown"
    lines = {
        "name": style.key,
        "title": style.name,
        "kind": style.kind,
        "size": size,
        "licence": style.licence,
        "author": style.author,
        "trained on": style.trained_on,
        "notes": style.notes,
        "page": style.page or "unknown",
        "file": style.url or "unknown",
        "here": f"not yet; type: livegan networks add {style.key}"
        + ("" if _direct(style) else " (it says how: only a browser can fetch it)"),
    }
    return _columns([(key, value) for key, value in lines.items() if value])


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows with their columns under one another, safe to be shown."""
    rows = [tuple(printable(cell, MOST_SHOWN) for cell in row) for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
