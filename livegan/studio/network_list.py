"""Tables of networks for the shell: those that are here, those of the catalogue, everything known of one."""

from collections.abc import Iterator, Sequence
from math import prod

from livegan.core.registry import unknown
from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.cache import cache_root, is_cached
from livegan.networks.catalogue import CatalogueEntry, load_catalogue
from livegan.networks.download import check_address
from livegan.networks.encoder_file import encoder_path
from livegan.networks.info import NetworkInfo
from livegan.networks.library import (
    BUNDLED,
    find_light,
    find_network,
    find_networks,
    installed_folder,
    list_folders,
    path_of,
)
from livegan.networks.models import MODELS
from livegan.networks.weights_file import check_description, check_head
from livegan.studio.network_convert import WEIGHTLESS

MAX_CELL = 500  # characters in a cell of a table


def named_networks() -> Iterator[tuple[str, NetworkInfo | NetworkError]]:
    """Every network that has a name, the bundled ones first; a broken one with its error."""
    names = [path.stem for folder in (BUNDLED, installed_folder()) for path in sorted(folder.glob("*.json"))]
    for name in dict.fromkeys(names):
        try:
            yield name, find_network(name)
        except NetworkError as error:
            yield name, error


def network_table() -> list[str]:
    """A line for each network that can be named, under a heading; below it, what is broken."""
    rows = [("name", "size", "kind", "classes", "parameters", "light", "licence", "from")]
    broken = []
    for name, info in named_networks():
        if isinstance(info, NetworkError):
            broken.append(f"{name} is broken: {info}")
            continue
        try:
            count = parameter_count(info)
        except NetworkError as error:
            broken.append(f"{name} is broken: {error}")
            continue
        numbers = f"{count / 1e6:.1f} M" if count else "-"
        size, classes = size_text(info), str(info.c_dim or "-")
        light = "of " + info.light_of if info.light_of else light_name(info) or "-"
        rows.append((name, size, info.kind, classes, numbers, light, info.licence or "unknown", origin(info)))
    for name, folder in list_folders().items():
        try:
            inside = find_networks(folder)
        except NetworkError as error:
            broken.append(f"{name} is broken: {error}")
            continue
        height, width = inside[0].resolution
        row = (f"{width}x{height}", f"{len(inside)} in a folder", str(inside[0].c_dim or "-"), "-", "-")
        rows.append((name, *row, inside[0].licence or "unknown", origin(inside[0])))
    return [*_columns(rows), *broken]


def catalogue_table() -> list[str]:
    """A line for each public network that could be added, under a heading."""
    rows = [("name", "size", "licence", "get it", "page")]
    for style in load_catalogue().networks:
        size = f"{style.resolution[1]}x{style.resolution[0]}" if style.resolution else "unknown"
        how = "add" if can_download(style) else ("browser" if style.url else "page")
        rows.append((style.key, size, style.licence, how, style.page or "unknown"))
    return _columns(rows)


def describe(name: str) -> list[str]:
    """Everything known about a network, a line each; also about an entry of the catalogue that is not installed."""
    try:
        info = find_network(name)
    except NetworkError:
        style = load_catalogue().find(name)
        if style is None:
            raise
        return _describe_entry(style)
    check_description(info)
    _check_kind(info)
    count = parameter_count(info)
    lines = {
        "name": info.name,
        "title": info.title,
        "kind": info.kind,
        **_dimensions(info),
        "parameters": f"{count:,}".replace(",", " ") if count else "",
        "light sibling": light_name(info),
        "light sibling of": info.light_of,
        "encoder": encoder_text(info),
        "licence": info.licence or "unknown",
        "made by": info.made_by,
        "source": info.source,
        "note": "; ".join(info.notes),
        **{f"shape.{key}": str(value) for key, value in info.shape.items()},
        "description": str(info.path),
        "weights": f"{info.weights} ({info.weights.stat().st_size / 1e6:.1f} MB)" if info.weights.is_file() else "",
    }
    given = path_of(name)
    if given.is_file() and info.path.parent.resolve() != given.parent.resolve():
        if is_cached(info.path):
            lines["converted"] = f"once, and kept in {info.path.parent}"
        else:  # and where it lies now is deleted at the end
            lines["converted"] = f"anew each time: the cache {cache_root()} cannot be written"
            lines["description"] = lines["weights"] = ""
    return _columns([(key, value) for key, value in lines.items() if value])


def _check_kind(info: NetworkInfo) -> None:
    """NetworkError if nothing here draws networks of that kind; those of plugins count."""
    if info.kind in (*ARCHITECTURES, *MODELS, *WEIGHTLESS):
        return
    from livegan.rendering.load import generators  # imports all of them

    if info.kind not in generators():
        raise NetworkError(unknown("generator", printable(info.kind), generators()), info.path)


def _dimensions(info: NetworkInfo) -> dict[str, str]:
    """What goes in and comes out."""
    if info.kind in MODELS:
        return {
            "what it is for": f"it {MODELS[info.kind].does}",
            "takes": size_text(info),
            "embedding": f"{info.z_dim} numbers",
        }
    names = f": {', '.join(info.classes[:12])}" if info.classes else ""
    return {
        "size": f"{size_text(info)} px",
        "z": str(info.z_dim),
        "w": str(info.w_dim or "none"),
        "classes": f"{info.c_dim or 'none'}{names}",
    }


def parameter_count(info: NetworkInfo) -> int:
    """How many numbers its weights hold, from the head of the file; 0 for kinds without.

    NetworkError if it is broken, or does not fit the description.
    """
    if info.kind not in (*ARCHITECTURES, *MODELS):
        return 0
    return sum(prod(entry.shape) for entry in check_head(info).values())


def size_text(info: NetworkInfo) -> str:
    """WIDTHxHEIGHT of its pictures; of a model, of what it takes."""
    height, width = info.resolution
    return MODELS[info.kind].size(info) if info.kind in MODELS else f"{width}x{height}"


def encoder_text(info: NetworkInfo) -> str:
    """The file of its encoder; "" if there is none, and what is wrong with it if it does not fit."""
    try:
        return str(encoder_path(info) or "")
    except NetworkError as error:
        return str(error)


def light_name(info: NetworkInfo) -> str:
    """The name of its light sibling; "" if there is none, and what is wrong with it if it does not fit."""
    try:
        light = find_light(info)
    except NetworkError as error:
        return f"broken: {error}"
    return light.name if light else ""


def origin(info: NetworkInfo) -> str:
    """Where it came from, in a few words."""
    return info.source or ("your folder" if info.path.parent == installed_folder() else "livegan")


def can_download(style: CatalogueEntry) -> bool:
    """Whether its file can be fetched without a browser."""
    from livegan.networks.download import BROWSER_ONLY

    return bool(style.url) and (check_address(style.url).hostname or "") not in BROWSER_ONLY


def _describe_entry(style: CatalogueEntry) -> list[str]:
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
        + ("" if can_download(style) else " (it says how: only a browser can fetch it)"),
    }
    return _columns([(key, value) for key, value in lines.items() if value])


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows as aligned columns of printable text."""
    rows = [tuple(printable(cell, MAX_CELL) for cell in row) for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
