"""Network library: find networks by name, file or folder. No torch here."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from livegan.core.files import is_file, user_path
from livegan.core.registry import nearest, unknown
from livegan.core.text import printable, quoted
from livegan.errors import NetworkError
from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.importers.sniff import looks_like_one, sniff_file
from livegan.networks.info import ENCODER_SUFFIX, FORMAT, HEARING_SUFFIX, TAGGER_SUFFIX, NetworkInfo, read_info

if TYPE_CHECKING:
    from livegan.networks.architectures.protocol import StyleNet

BUNDLED = Path(__file__).resolve().parent / "bundled"
OWN_SUFFIXES = (".json", ".safetensors")
OTHERS = {
    ENCODER_SUFFIX: "the encoder of a network",
    HEARING_SUFFIX: "a network that hears the beat",
    TAGGER_SUFFIX: "a tagger of music",
}  # files of livegan that lie beside networks
CHECKPOINT = "checkpoint.pt"  # of a training
MAX_COMPARED_NAMES = 1000  # names that a wrong one is compared with
READABLE_SUFFIXES = (
    *OWN_SUFFIXES,
    ".pkl",
    ".pt",
    ".pth",
    ".ckpt",
    ".bin",
)  # for hints only: file types are detected from content


def installed_folder() -> Path:
    """The folder of the networks that the user has added; may not exist yet."""
    return platformdirs.user_data_path("livegan") / "networks"


def list_networks() -> list[NetworkInfo]:
    """The bundled networks and those in `installed_folder`, by name; of equal names the bundled one."""
    return [_described(path) for path in _named().values()]


def list_folders() -> dict[str, Path]:
    """Folders of networks that can be given by name: the bundled ones and those in `installed_folder`."""
    parents = [parent for parent in (installed_folder(), BUNDLED) if parent.is_dir()]
    return {folder.name: folder for parent in parents for folder in sorted(parent.iterdir()) if folder.is_dir()}


def find_network(name: str | Path) -> NetworkInfo:
    """The network of that name, or in that file: livegan's own, or any that another program wrote.

    Raises a NetworkError that offers the nearest right name or file, or says in one sentence what is wrong with it.
    """
    text, path = str(name), path_of(name)
    named = _named()
    if text in named:
        return _described(named[text])
    if path.suffix in READABLE_SUFFIXES or path.parent != Path(".") or path.exists():
        return _in_file(path)
    if text.endswith(("/", "\\")):
        raise NetworkError(f"{printable(text)}: no such folder; give one with networks in it")
    raise NetworkError(f"{unknown('network', printable(text), [*named, *list_folders()])} (or give the file of one)")


def find_networks(name: str | Path) -> list[NetworkInfo]:
    """The one network of that name or file, or all those in that folder, sorted by name.

    Numbers in names count as numbers, so that snapshots of a training come in its order; the folder of a training
    stands for its snapshots. Other files, encoders, taggers and light siblings are skipped, but a network that cannot
    be read is a NetworkError that names it.
    """
    path = list_folders().get(str(name)) or path_of(name)
    if str(name) in _named() or not path.is_dir():
        return [find_network(name)]
    path = folder_of_networks(path)
    files = [file for file in files_in(path) if not file.name.startswith(".") and file.suffix not in OTHERS]
    files = [file for file in files if not is_checkpoint(file)]
    files.sort(key=_in_order)
    described = {file for file in files if file.suffix == ".json" and _is_ours(file)}
    stems = {file.stem for file in files}
    files = [file for file in files if not (file in described and _light_of(file) in stems)]
    networks = [
        file
        for file in files
        if file in described
        or (file.suffix != ".json" and file.with_suffix(".json") not in described and looks_like_one(file))
    ]
    if not networks:
        raise NetworkError("no networks in this folder; give one with .pkl, .pt or .safetensors files in it", path)
    return [_in_file(file) for file in networks]


def folder_of_networks(folder: Path) -> Path:
    """The folder itself, or that of the snapshots of a training; NetworkError for one without a snapshot yet."""
    checkpoint, snapshots = folder / CHECKPOINT, folder / "snapshots"
    if not checkpoint.is_file():
        return folder
    if any(snapshots.glob("*.safetensors")) or (snapshots.is_dir() and not is_checkpoint(checkpoint)):
        return snapshots
    if is_checkpoint(checkpoint) and not any(folder.glob("*.safetensors")):  # of a finished light sibling
        raise NetworkError(_no_snapshot(folder))
    return folder


def is_checkpoint(path: Path) -> bool:
    """Whether a file is the checkpoint of a `livegan train` of a network that draws."""
    if path.name != CHECKPOINT:
        return False
    try:
        settings = json.loads((path.parent / "settings.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(settings, dict) and "dataset" in settings and settings.get("encoder_of") == ""


def find_light(info: NetworkInfo) -> NetworkInfo | None:
    """The light sibling of a network: NAME-light, beside it or with that name; None if there is none.

    NetworkError if what has that name does not say that it is, or does not fit the network.
    """
    name = f"{info.name}-light"
    beside = info.path.with_name(f"{name}.json")
    path = beside if is_file(beside) else _named().get(name)
    if path is None:
        return None
    light = _described(path)
    mistakes = [] if light.light_of == info.name else [f"'light_of' must be '{printable(info.name)}'"]
    mistakes += [
        f"'{key}' is {getattr(light, key)}, not {getattr(info, key)}"
        for key in ("z_dim", "c_dim", "w_dim")
        if getattr(light, key) != getattr(info, key)
    ]
    (height, width), (full_height, full_width) = light.resolution, info.resolution
    if height * full_width != width * full_height or height > full_height:
        mistakes.append(f"its pictures of {width}x{height} px are not those of {full_width}x{full_height} px reduced")
    if light.kind not in ARCHITECTURES:
        mistakes.append(f"a network of kind '{printable(light.kind)}' has no w")
    if mistakes:
        raise NetworkError(
            f"is not a light sibling of {info.name}: {'; '.join(mistakes)}; "
            f"give it another name, or train it for {info.name}",
            path,
        )
    return light


def path_of(name: str | Path) -> Path:
    """The path in an argument or a file, existing or not; NetworkError if it cannot be a path."""
    try:
        return user_path(name)
    except ValueError as error:
        raise NetworkError(f"{printable(str(name))}: cannot be the path of a network ({error})") from error


def files_in(folder: Path) -> list[Path]:
    """The entries of a folder, in no order; NetworkError if it cannot be listed."""
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise NetworkError(f"cannot be looked into ({error.strerror})", folder) from error


def open_network(info: NetworkInfo) -> "StyleNet | None":
    """The network of `info` on the CPU in float32, weights read and checked; None for kinds that have none.

    NetworkError if its files are broken. Imports torch.
    """
    if info.kind not in ARCHITECTURES:
        return None
    from livegan.networks.weights import load_style_net  # torch, on first use

    return load_style_net(info)


def _in_file(path: Path) -> NetworkInfo:
    if not path.exists():
        folder = path.parent
        others = (
            [other.name for other in files_in(folder) if other.suffix in READABLE_SUFFIXES and other.exists()]
            if folder.is_dir()
            else []
        )
        close = nearest(path.name, sorted(others)[:MAX_COMPARED_NAMES])
        hint = (
            f"; did you mean '{folder / close}'?" if close else f"; networks there are: {', '.join(sorted(_named()))}"
        )
        what = "is a link that leads to no file" if path.is_symlink() else "no such file"
        raise NetworkError(f"{what}{hint}", path)
    if path.suffix in OTHERS:
        raise NetworkError(f"is {OTHERS[path.suffix]}, no network; give the .safetensors or .json of one", path)
    if path.is_dir() or is_checkpoint(path):
        run = path if path.is_dir() else path.parent
        place = folder_of_networks(run)
        if place != run or is_checkpoint(path):
            raise NetworkError(f"is a training; its networks are in {place}: give one of them", path)
    own = path.suffix in OWN_SUFFIXES and path.is_file()  # then its own reader says what is wrong with it
    kind = path.suffix[1:] if own else sniff_file(path)
    if kind == "json":
        return _described(path)
    described = path.with_suffix(".json")
    if kind != "safetensors" or not described.is_file():
        from livegan.networks.importers.convert import import_network

        return import_network(path, kind)
    return _described(described)


def _no_snapshot(folder: Path) -> str:
    command = f"livegan train --resume {quoted(folder)}"
    return f"{printable(str(folder))} is a training without a snapshot yet; go on with: {command}"


def _described(path: Path) -> NetworkInfo:
    """The description in a JSON file. One that names code to run must lie where only the user puts files."""
    info = read_info(path)
    if info.kind == "custom" and path.parent.resolve() not in (installed_folder().resolve(), BUNDLED):
        raise NetworkError(
            f"names code to run, so it is accepted only in {installed_folder()}; "
            "if you trust that code, type: livegan networks add MODULE:FUNCTION",
            path,
        )
    if info.kind == "morph":
        raise NetworkError("a morph names other files; list its networks in a scene, with [bank] mode = 'blend'", path)
    return info


def _light_of(path: Path) -> str:
    """The name of the network whose light sibling the network of a JSON is; "" if it is none."""
    if not path.stem.endswith("-light"):
        return ""
    try:
        return read_info(path).light_of
    except NetworkError:  # whoever opens it is told
        return ""


def _is_ours(path: Path) -> bool:
    """Whether a JSON is a description of a network: training tools leave others in their folders."""
    if path.with_suffix(".safetensors").is_file():
        return True
    try:
        if not path.is_file():  # a pipe would never end
            return False
        with path.open("rb") as file:
            return FORMAT.encode() in file.read(4096)
    except OSError:
        return False


def _named() -> dict[str, Path]:
    """The JSON of each network that has a name: the bundled ones, then the user's."""
    bundled, added = (sorted(folder.glob("*.json"), key=_in_order) for folder in (BUNDLED, installed_folder()))
    named = {path.stem: path for path in bundled}
    return named | {path.stem: path for path in added if path.stem not in named}


def _in_order(path: Path) -> list[tuple[int, str]]:
    """For sorting: 'x-9' before 'x-10'."""
    parts = re.split(r"([0-9]+)", path.name)
    return [(int(part), "") if index % 2 else (0, part) for index, part in enumerate(parts)]
