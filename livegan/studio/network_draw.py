"""Pictures of networks as files: of seeds, with faces or without, and one latent through many snapshots."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count as numbers
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from livegan.core.files import write_atomic
from livegan.core.images import write_png
from livegan.core.latents import MAX_SEED, latent_of_seed
from livegan.core.progress import ProgressCallback
from livegan.core.types import Pixels
from livegan.datasets.faces import FaceFinder
from livegan.errors import NetworkError
from livegan.networks.api import Network, load_network
from livegan.networks.contact_sheet import GAP_GREY, GAP_PX, contact_sheet
from livegan.networks.info import NetworkInfo
from livegan.networks.latents.files import read_path, synthesis_file

TRIES = 200  # seeds that are drawn for each picture that is wanted, before giving up
CELL_PX, LABEL_PX, LABEL_TEXT_PX = 192, 22, 13
MAX_CELLS = 4096


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture that was kept, and how many seeds it took since the one before."""

    seed: int
    path: Path


def draw_seeds(
    info: NetworkInfo,
    folder: Path,
    count: int,
    first_seed: int,
    find_faces: FaceFinder | None,
    with_face: bool = True,
    psi: float = 1.0,
    device: str = "cpu",
    report: ProgressCallback = lambda done: None,
) -> list[Drawn]:
    """Draw seed after seed until `count` pictures are kept: with a face, without one, or (no `find_faces`) all.

    Each becomes NAME-seed0007.png and, with its latent, NAME-seed0007.json: a synthesis file of GANce, version 2, which
    a path of a scene plays. NetworkError if TRIES seeds for each do not suffice; those found stay.
    """
    net = load_network(info.path, device)
    kept: list[Drawn] = []
    for seed in numbers(first_seed):
        if len(kept) == count:
            return kept
        if seed > MAX_SEED or seed - first_seed >= TRIES * count:
            what = "with" if with_face else "without"
            raise NetworkError(
                f"{info.name}: of {seed - first_seed} seeds only {len(kept)} pictures are {what} a face; "
                f"they are in {folder}. Ask for fewer, or another --seed"
            )
        vector, picture = _of_seed(net, seed, psi)
        if find_faces is not None and bool(find_faces(picture)) != with_face:
            continue
        kept.append(Drawn(seed, _write(info, folder / f"{info.name}-seed{seed:04d}.png", picture, vector)))
        report(len(kept))
    return kept


def grow(
    networks: Sequence[NetworkInfo],
    latents: Sequence[str],
    sheet: Path,
    pictures: Path | None = None,
    psi: float = 1.0,
    device: str = "cpu",
    progress: Callable[[int], ProgressCallback] = lambda total: lambda done: None,
) -> tuple[int, int]:
    """Draw every latent with every network: a sheet with a row per latent, a column per network, and files if asked.

    `latents` are specs as of a path in a scene: files, "seeds:1-5". Returns how many latents and networks.
    """
    columns: list[list[Pixels]] = []
    names: tuple[str, ...] = ()
    tell: ProgressCallback = lambda done: None  # noqa: E731
    for info in networks:
        net = load_network(info.path, device)
        points = read_path(latents, net.z_dim, net.w_dim, Path())
        if not columns:
            names = points.names
            if len(names) * len(networks) > MAX_CELLS:
                raise NetworkError(
                    f"{len(names)} latents with {len(networks)} networks are over {MAX_CELLS} pictures; name fewer"
                )
            tell = progress(len(names) * len(networks))
        column = []
        for row, latent in enumerate(points.array):
            classes = [0] if net.c_dim else None
            w = net.map(latent[None], classes, psi) if points.kind == "z" else _rows(net, latent)
            column.append(net.render(w[0]))
            if pictures is not None:
                name = f"{row + 1:03d}-{_file_name(names[row])}-{info.name}.png"
                write_png(pictures / name, column[-1], "--pictures")
            tell(len(columns) * len(names) + row + 1)
        columns.append(column)
    write_png(sheet, _labelled(columns, names, [info.name for info in networks]), "-o")
    return len(names), len(networks)


def _of_seed(net: Network, seed: int, psi: float) -> tuple[Any, Pixels]:
    """The latent of a seed and its picture: z where that says all, else w+ (a class, truncation)."""
    z = latent_of_seed(seed, net.z_dim)
    w = net.map(z[None], [seed % net.c_dim] if net.c_dim else None, psi)
    return (w[0] if net.c_dim or psi != 1.0 else z), net.render(w[0])


def _rows(net: Network, latent: Any) -> Any:
    """w+ (1, num_ws, w_dim) of one row or as many as the network has."""
    if len(latent) not in (1, net.num_ws):
        raise NetworkError(f"{net.name} takes w of {net.num_ws} rows, not {len(latent)}; give latents of this network")
    return np.broadcast_to(latent, (net.num_ws, net.w_dim))[None]


def _write(info: NetworkInfo, path: Path, picture: Pixels, vector: Any) -> Path:
    """The picture and, beside it, its synthesis file."""
    write_png(path, picture, "-o")
    weights = info.weights
    sources = {
        "network_path": str(weights.absolute()),
        "network_hash": _md5(weights),
        "image_path": str(path.absolute()),
        "image_hash": _md5(path),
    }
    try:
        write_atomic(path.with_suffix(".json"), synthesis_file(vector, sources))
    except OSError as error:
        raise NetworkError(f"{path.with_suffix('.json')} cannot be written ({error.strerror or error})") from error
    return path


def _md5(path: Path) -> str:
    """MD5 of a file, in hex: what GANce's synthesis files identify files by."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _file_name(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name)[:60]


def _labelled(columns: Sequence[Sequence[Pixels]], rows: Sequence[str], names: Sequence[str]) -> Pixels:
    """The sheet with the names of the networks above and those of the latents within."""
    height, width = columns[0][0].shape[:2]
    square = [_sized(column[row], height, width) for row in range(len(rows)) for column in columns]
    sheet = contact_sheet(square, len(columns), CELL_PX)
    whole = Image.new("RGB", (sheet.shape[1], sheet.shape[0] + LABEL_PX), (GAP_GREY,) * 3)
    whole.paste(Image.fromarray(sheet), (0, LABEL_PX))
    pen, font = ImageDraw.Draw(whole), ImageFont.load_default(LABEL_TEXT_PX)
    wide, high = (sheet.shape[1] - GAP_PX) // len(columns), (sheet.shape[0] - GAP_PX) // len(rows)
    for column, name in enumerate(names):
        pen.text((GAP_PX + column * wide + 2, 4), _fitting(pen, name, wide - 8, font), (230, 230, 230), font)
    for row, name in enumerate(rows):
        at = GAP_PX + 4, LABEL_PX + (row + 1) * high - LABEL_TEXT_PX - 6
        text = _fitting(pen, name, wide - 12, font)
        pen.text(at, text, (255, 255, 255), font, stroke_width=2, stroke_fill=(0, 0, 0))
    return np.asarray(whole)


def _sized(picture: Pixels, height: int, width: int) -> Pixels:
    """A picture at the size of the first network's."""
    if picture.shape[:2] == (height, width):
        return picture
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS))


def _fitting(pen: ImageDraw.ImageDraw, text: str, width: int, font: Any) -> str:
    """The end of a name that fits: snapshots differ there."""
    while len(text) > 1 and pen.textlength(text, font) > width:
        text = f"…{text[2:]}"
    return text
