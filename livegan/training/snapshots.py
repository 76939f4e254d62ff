"""Snapshots: a network as it is at some moment of its training, to play, to look at, and to know where it comes from.

NNNNNN.safetensors + .json, NNNNNN.png (one picture), NNNNNN-sheet.png (rows are classes, columns the same latents) and
NNNNNN.md (its card) for N thousand pictures shown; NNNNNN_MMM are M more. The folder is one that `livegan networks` and
scenes take.
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from safetensors import SafetensorError
from torch import Tensor

from livegan.core.images import write_png
from livegan.core.latents import latent_of_seed
from livegan.core.types import Pixels
from livegan.core.version import __version__
from livegan.errors import MediaError, TrainingError
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.networks.contact_sheet import contact_sheet
from livegan.networks.info import NetworkInfo
from livegan.networks.weights import save_weights
from livegan.training.distance import pictures_of
from livegan.training.progress import amount
from livegan.training.settings import Settings

COUNT = 8  # snapshots of a run
COLUMNS = 8  # latents of a sheet
ROWS = 16  # of a sheet, at most
ROWS_WITHOUT = 4  # where there are no classes
CELL_PX = 128  # of a sheet

Measure = Callable[[StyleGAN2], Mapping[str, float]]  # how far from its pictures a network is, by name of the measure


@dataclass(frozen=True, slots=True)
class Card:
    """What a network's card says besides its settings."""

    title: str
    data: str  # what it learnt from
    classes: tuple[str, ...] = ()
    method: str = "adversarial"  # or "distilled": regression on the pictures of a programme
    licence: str = ""
    machine: str = ""
    command: str = ""  # that makes it again


def schedule(kimg: float, count: int = COUNT) -> tuple[float, ...]:
    """When snapshots are taken: each at twice the pictures of the one before, the last at the end [kimg].

    All but the last are whole thousands; a run too short for so many has fewer.
    """
    whole = {float(round(kimg / 2**index)) for index in range(1, count)}
    return (*sorted(moment for moment in whole if 1 <= moment < kimg), kimg)


def name_of(kimg: float) -> str:
    """What the files of a snapshot are called: 20 is `000020`, 2.5 is `000002_500`; so they lie in their order."""
    thousands, pictures = divmod(round(kimg * 1000), 1000)
    return f"{thousands:06}_{pictures:03}" if pictures else f"{thousands:06}"


def command_of(settings: Settings, dataset: str, paired: bool, asked: Mapping[str, object]) -> str:
    """The command that trains such a network again; of the dataset only its name, as paths are nobody's business."""
    words = ["livegan", "train", Path(dataset).name or dataset, "--preset", settings.preset]
    words += ["--paired"] if paired else []
    for key, value in asked.items():
        option = f"--{key.replace('_', '-')}"
        if isinstance(value, bool):
            words.append(option if value else f"--no-{option[2:]}")
        else:
            words += [option, str(value)]
    return shlex.join(words)


def take(
    network: StyleGAN2,
    folder: Path,
    kimg: float,
    settings: Settings,
    card: Card,
    seconds: float,
    measured: Mapping[str, float],
) -> Path:
    """Write a snapshot of `network` after `kimg` and so many seconds; its JSON. TrainingError if the disk refuses."""
    path = folder / f"{name_of(kimg)}.json"
    info = describe(network, path, card, kimg)
    pictures, rows = draw_sheet(network)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _keep(info, halved(network))
        write_png(path.with_suffix(".png"), pictures[0], "-o")
        write_png(path.with_name(f"{path.stem}-sheet.png"), contact_sheet(pictures, COLUMNS, CELL_PX), "-o")
        text = told(info, settings, card, kimg, seconds, rows, measured)
        path.with_suffix(".md").write_text(text, encoding="utf-8")
    except (OSError, MediaError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        raise TrainingError(f"{folder}: the snapshot of {amount(kimg)} kimg cannot be written ({reason})") from error
    return path


def _keep(info: NetworkInfo, tensors: Mapping[str, Tensor]) -> None:
    """Write both files whole, the description last: a show that looks into the folder finds none, or this one."""
    with TemporaryDirectory(prefix=".part-", dir=info.path.parent) as folder:
        made = replace(info, path=Path(folder) / info.path.name)
        save_weights(made, tensors)
        made.weights.chmod(made.path.stat().st_mode)  # who may read the one may read the other
        made.weights.replace(info.weights)
        made.path.replace(info.path)


def describe(network: StyleGAN2, path: Path, card: Card, kimg: float) -> NetworkInfo:
    """What the JSON of a snapshot at `path` says."""
    shape = network.shape
    table: dict[str, object] = {
        "architecture": shape.architecture,
        "channels": list(shape.channels),
        "mapping_layers": shape.mapping_layers,
    }
    if shape.conv_clamp is not None:
        table["conv_clamp"] = shape.conv_clamp
    if shape.colours != 3:
        table["colours"] = shape.colours
    if shape.const != (4, 4):
        table["const"] = list(shape.const)
    if shape.tiles != (1, 1):
        table["tiles"] = list(shape.tiles)
    return NetworkInfo(
        name=path.stem,
        path=path,
        kind="stylegan2",
        resolution=network.resolution,
        z_dim=shape.z_dim,
        c_dim=shape.c_dim,
        w_dim=shape.w_dim,
        title=f"{card.title}, {round(kimg, 3):g} kimg",
        licence=card.licence,
        made_by=card.command or f"livegan {__version__}",
        classes=card.classes,
        shape=table,
    )


def halved(network: StyleGAN2) -> dict[str, Tensor]:
    """Its tensors as float16, on the CPU; one with numbers too large for that stays float32."""
    tensors = {}
    for name, tensor in network.state_dict().items():
        whole = tensor.detach().float().cpu()
        half = whole.half()
        tensors[name] = half if bool(torch.isfinite(half).all()) else whole
    return tensors


def latents(z_dim: int, count: int = COLUMNS) -> Tensor:
    """The latents of a sheet, (count, z_dim): those of the seeds 0, 1 ..."""
    return torch.from_numpy(np.stack([latent_of_seed(seed, z_dim) for seed in range(count)]))


def draw_sheet(network: StyleGAN2) -> tuple[list[Pixels], tuple[int, ...]]:
    """The pictures of a sheet, row by row, and the class of each row; without classes the seeds go on in each row.

    Not truncated: what has been learnt is shown, and how different the pictures of one class are.
    """
    if network.c_dim:
        count = min(network.c_dim, ROWS)
        rows = tuple(np.linspace(0, network.c_dim - 1, count).round().astype(int).tolist())
        z = latents(network.z_dim).repeat(count, 1)  # (rows * COLUMNS, z_dim)
        classes = torch.eye(network.c_dim)[list(rows)].repeat_interleave(COLUMNS, 0)
    else:
        rows = ()
        z = latents(network.z_dim, ROWS_WITHOUT * COLUMNS)
        classes = torch.zeros(len(z), 0)
    drawn = torch.cat([part.cpu() for part in pictures_of(network, z, classes)])
    return list(drawn.permute(0, 2, 3, 1).contiguous().numpy()), rows


def told(
    info: NetworkInfo,
    settings: Settings,
    card: Card,
    kimg: float,
    seconds: float,
    rows: Sequence[int],
    measured: Mapping[str, float],
) -> str:
    """The card, as Markdown."""
    height, width = info.resolution
    channels = ", ".join(map(str, settings.channels))
    how = "regression on the pictures of a programme (distilled)" if card.method == "distilled" else card.method
    facts = {
        "Data": card.data,
        "Classes": ", ".join(info.classes) or (str(info.c_dim) if info.c_dim else "none"),
        "Training": how,
        "Pictures shown": f"{amount(kimg)} thousand",
        "Seed": str(settings.seed),
        "Time": f"{seconds / 3600:.2f} h",
        "Machine": card.machine or "not noted",
        "Command": f"`{card.command}`" if card.command else "not noted",
        "Licence": card.licence or "not stated",
        "Made by": f"livegan {__version__}, torch {torch.__version__}",
        "Architecture": f"StyleGAN2, {width}x{height} px, channels {channels}",
    }
    facts |= {name: f"{value:.4g}" for name, value in measured.items()}
    lines = [f"# {info.title}", "", *(f"- **{name}**: {text}" for name, text in facts.items()), ""]
    named = [info.classes[row] if row < len(info.classes) else str(row) for row in rows]
    lines += [f"`{info.name}-sheet.png`: {COLUMNS} latents in columns, not truncated"]
    lines[-1] += f"; rows are {', '.join(named)}." if named else "."
    return "\n".join(lines) + "\n"
