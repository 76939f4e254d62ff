"""Installing networks into the user's own folder: from files, folders, addresses, the catalogue, or Python code."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.catalogue import CatalogueEntry, load_catalogue, slug
from livegan.networks.clip_shape import ACTIVATIONS
from livegan.networks.download import DownloadProgress, check_address, fetch
from livegan.networks.info import NetworkInfo, write_info
from livegan.networks.library import (
    BUNDLED,
    files_in,
    find_network,
    folder_of_networks,
    installed_folder,
    is_checkpoint,
    path_of,
)
from livegan.networks.models import MODELS
from livegan.studio.network_convert import refuse_code, write_network
from livegan.studio.network_list import can_download

FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
# Files of a folder with these endings are named if they are no networks.
FOREIGN_ENDINGS = (".pkl", ".pt", ".pth", ".ckpt", ".bin", ".safetensors")

MOST_LINES = 8  # of what is wrong with the files of a folder

Fetching = Callable[[str], AbstractContextManager[DownloadProgress]]  # a progress bar for one address


@dataclass(frozen=True, slots=True)
class Code:
    """Dimensions and folder of a user's function that acts as a network."""

    z_dim: int
    c_dim: int
    resolution: tuple[int, int]  # height, width [px]
    folder: Path


@dataclass(frozen=True, slots=True)
class Added:
    """Result of adding networks."""

    networks: tuple[NetworkInfo, ...]
    refused: tuple[str, ...]  # a sentence for each file of a folder that is no network


def add(
    target: str,
    name: str = "",
    sha256: str = "",
    code: Code | None = None,
    fetching: Fetching | None = None,
    activation: str = "",
) -> Added:
    """Put a network into the user's own folder: from a file, a folder, an address, the catalogue, or MODULE:FUNCTION.

    Each is opened and checked before it is installed. `activation` is that of a CLIP whose file does not say it.
    NetworkError if nothing could be added.
    """
    if activation and activation not in ACTIVATIONS:
        raise NetworkError(f"--activation {activation!r} is none that CLIP has; there are: {', '.join(ACTIVATIONS)}")
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
        info = find_network(path)
        if activation and info.kind != "clip":
            raise NetworkError(f"is a {info.kind}; --activation is only for CLIP: leave it out", path)
        if activation:
            info = replace(info, shape={**info.shape, "activation": activation, "activation_from": "--activation"})
        return Added((_install(info, name or _short(path.stem)),), ())
    style = load_catalogue().find(target)
    if style is not None:
        return Added((_add_style(style, name, sha256, fetching),), ())
    near = load_catalogue().nearest(target)
    hint = f"did you mean '{near.key}'?" if near else "type: livegan networks list --catalogue"
    raise NetworkError(f"there is no file {printable(target)}, and no network in the catalogue is called so; {hint}")


def _add_style(style: CatalogueEntry, name: str, sha256: str, fetching: Fetching | None) -> NetworkInfo:
    where = style.url or style.page
    if not can_download(style):
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
    advice = "check the address" if style is None else _by_hand(style)
    files = [_fetched(url, sha256, fetching, advice)]
    if path.endswith((".safetensors", ".json")):  # half of a pair
        other = ".json" if path.endswith(".safetensors") else ".safetensors"
        beside = _fetched(parts._replace(path=f"{path.rpartition('.')[0]}{other}").geturl(), "", fetching, advice)
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


def _by_hand(style: CatalogueEntry) -> str:
    """What to do where an address of the catalogue does not answer: nobody has typed it."""
    command = f"livegan networks add FILE --name {style.key}"
    return f"is this computer online? If it is, open that address in the browser, then type: {command}"


def _fetched(url: str, sha256: str, fetching: Fetching | None, advice: str) -> Path:
    if fetching is None:
        return fetch(url, sha256, advice=advice)
    with fetching(url) as report:
        return fetch(url, sha256, report, advice=advice)


def _add_folder(folder: Path, name: str) -> Added:
    """Every network in a folder, e.g. the snapshots of a training, as FOLDER-FILE."""
    files = list(_candidates(folder_of_networks(folder)))
    if not files:
        endings = ", ".join(FOREIGN_ENDINGS)
        raise NetworkError(f"holds no {endings} file; give the folder where the networks lie", folder)
    names = [f"{name or _short(folder.resolve().name)}-{_short(file.stem)}" for file in files]
    for free in names:
        _check_free(free)
    added: list[NetworkInfo] = []
    refused: list[str] = []
    for file, free_name in zip(files, names, strict=True):
        try:
            added.append(_install(find_network(file), free_name))
        except NetworkError as error:
            refused.append(str(error))
    if not added:
        more = [f"and {len(refused) - MOST_LINES} more"] if len(refused) > MOST_LINES else []
        raise NetworkError("\n".join([f"{folder}: holds no network that can be added", *refused[:MOST_LINES], *more]))
    return Added(tuple(added), tuple(refused))


def _candidates(folder: Path) -> Iterator[Path]:
    """In order of name, so in the order of training."""
    from livegan.networks.importers.sniff import looks_like_one

    for path in sorted(files_in(folder)):
        if (
            path.is_file()
            and not is_checkpoint(path)
            and (path.suffix.lower() in FOREIGN_ENDINGS or looks_like_one(path))
        ):
            yield path


def _add_code(function: str, name: str, code: Code | None) -> NetworkInfo:
    """Write down a function of the user's own, once it has drawn."""
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
    """Copy a network into the user's folder, once it has been opened whole."""
    from livegan.networks.library import open_network
    from livegan.networks.weights import load_model
    from livegan.rendering.load import load_generator

    refuse_code(info)
    _check_free(name)
    if info.kind in MODELS:
        load_model(info)
    elif open_network(info) is None:  # without weights there is only what the description asks for
        load_generator(info, "cpu").close()
    return write_network(info, installed_folder() / f"{name}.json")


def _short(stem: str) -> str:
    """The name of a network after that of a file, short enough that two of them make the name of a file."""
    return slug(stem)[:100].strip("-")


def _check_free(name: str) -> None:
    """NetworkError if something is so called already."""
    if not name:
        raise NetworkError("that file's name has no letter or digit in it; choose a name: --name NAME")
    if any((folder / f"{name}.json").exists() for folder in (BUNDLED, installed_folder())):
        raise NetworkError(f"a network called '{name}' is here already; choose another name: --name NAME")
