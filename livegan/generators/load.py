"""Find a network by its name or its file, and make a generator of it. torch is invited only when one is made."""

from pathlib import Path
from typing import TYPE_CHECKING

from livegan.core.registry import Registry, nearest, unknown
from livegan.errors import NetworkError
from livegan.generators.info import NetworkInfo, read_info
from livegan.generators.registry import GENERATORS

if TYPE_CHECKING:
    from livegan.generators.registry import Generator, Maker

SHIPPED = Path(__file__).resolve().parent / "networks"
ENDINGS = (".json", ".safetensors")


def list_networks() -> list[NetworkInfo]:
    """The networks that came with livegan, by name."""
    return [read_info(path) for path in sorted(SHIPPED.glob("*.json"))]


def find_network(name: str | Path) -> NetworkInfo:
    """The network of that name, or in that .json or .safetensors file.

    Raises a NetworkError that offers the nearest right name or file.
    """
    text, path = str(name), Path(name).expanduser()
    if path.suffix in ENDINGS or path.parent != Path("."):
        return _in_file(path)
    names = [found.stem for found in SHIPPED.glob("*.json")]
    if text in names:
        return read_info(SHIPPED / f"{text}.json")
    raise NetworkError(f"{unknown('network', text, names)} (or give the .safetensors file of one)")


def load_generator(info: NetworkInfo, device: str = "auto") -> "Generator":
    """The network made ready on `device` ("auto", "cpu", "cuda", "mps"); takes seconds, so do it aside.

    NetworkError if it cannot be made there: broken weights, a device that is not there or has no memory left.
    """
    from livegan.generators.device import choose_device  # brings torch

    makers = generators()
    if info.kind not in makers:
        raise NetworkError(f"{info.path}: {unknown('generator', info.kind, makers)}")
    try:
        return makers[info.kind](info, choose_device(device).device)
    except RuntimeError as error:  # torch's own, e.g. CUDA out of memory
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise NetworkError(f"{info.name} does not run here: {reason}; try --device cpu") from error


def generators() -> "Registry[Maker]":
    """The table of generators with every member in it."""
    from livegan.generators import plain, stylegan2_generator  # noqa: F401  (they enter themselves)

    return GENERATORS


def _in_file(path: Path) -> NetworkInfo:
    if path.suffix not in ENDINGS:
        raise NetworkError(
            f"{path}: is not a network livegan can play; give a .safetensors file with its .json beside it"
        )
    if not path.is_file():
        folder = path.parent
        others = [other.name for other in folder.iterdir() if other.suffix in ENDINGS] if folder.is_dir() else []
        close = nearest(path.name, others)
        hint = f"; did you mean '{folder / close}'?" if close else f"; networks that came along: {', '.join(_names())}"
        raise NetworkError(f"{path}: no such file{hint}")
    described = path.with_suffix(".json")
    if not described.is_file():
        raise NetworkError(f"{path}: {described.name} must lie beside it: it says what the weights are")
    return read_info(described)


def _names() -> list[str]:
    return sorted(found.stem for found in SHIPPED.glob("*.json"))
