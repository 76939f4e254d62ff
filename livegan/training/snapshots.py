"""Snapshots of a network in training: weights to play, preview pictures, and a model card.

NNNNNN.safetensors + .json, NNNNNN.png (one picture), NNNNNN-sheet.png (rows are classes, columns the same latents) and
NNNNNN.md (its model card) for N thousand pictures shown; NNNNNN_MMM are M more. `livegan networks` and scenes take the
folder.
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

from livegan.core.files import write_atomic
from livegan.core.images import write_png
from livegan.core.latents import latent_of_seed
from livegan.core.progress import show_picture
from livegan.core.types import Pixels
from livegan.core.version import __version__
from livegan.errors import MediaError, TrainingError
from livegan.networks.architectures import ARCHITECTURES, Architecture
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.contact_sheet import contact_sheet
from livegan.networks.info import NetworkInfo
from livegan.networks.weights import save_weights
from livegan.training.disk import unwritable_text
from livegan.training.distance import generate_images
from livegan.training.progress import kimg_text
from livegan.training.settings import Settings, distill_settings

SNAPSHOTS_PER_RUN = 8
COLUMNS = 8  # latents of a contact sheet
MAX_ROWS = 16  # of a contact sheet
ROWS_WITHOUT_CLASSES = 4
CELL_PX = 128  # of a contact sheet
METHODS = {
    "distilled": "regression on the pictures of a programme (distilled)",
    "light": "regression on the pictures of another network (distilled)",
}

Measure = Callable[[StyleNet], Mapping[str, float]]  # figures of a network by name, such as its distance from the data


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Model card fields besides the settings."""

    title: str
    data: str  # what it was trained on
    classes: tuple[str, ...] = ()
    method: str = "adversarial"  # or a key of METHODS
    licence: str = ""
    machine: str = ""
    command: str = ""  # that makes it again
    light_of: str = ""  # the network whose light sibling it is


def snapshot_schedule(kimg: float, count: int = SNAPSHOTS_PER_RUN) -> tuple[float, ...]:
    """Moments of snapshots [kimg]: each at twice the pictures of the one before, the last at the end.

    All but the last are whole numbers; a short run has fewer.
    """
    whole = {float(round(kimg / 2**index)) for index in range(1, count)}
    return (*sorted(moment for moment in whole if 1 <= moment < kimg), kimg)


def snapshot_name(kimg: float) -> str:
    """The file name of a snapshot: `000020` at 20 kimg, `000002_500` at 2.5; they sort in order."""
    thousands, pictures = divmod(round(kimg * 1000), 1000)
    return f"{thousands:06}_{pictures:03}" if pictures else f"{thousands:06}"


def command_of(settings: Settings, dataset: str, paired: bool, changes: Mapping[str, object]) -> str:
    """The command that trains such a network again, with the name of the dataset only: paths are private."""
    words = ["livegan", "train", Path(dataset).name or dataset, "--preset", settings.preset]
    return _command([*words, "--paired"] if paired else words, changes)


def distill_command(settings: Settings, teacher: str) -> str:
    """The command that makes such a light sibling of the network called `teacher` again."""
    usual = distill_settings()
    keys = ("kimg", "batch", "lr", "ema_kimg", "precision")
    changes = {key: getattr(settings, key) for key in keys if getattr(settings, key) != getattr(usual, key)}
    channels = ",".join(map(str, settings.channels))
    return _command(
        ["livegan", "train", "--distill", teacher], {"channels": channels, **changes, "seed": settings.seed}
    )


def _command(words: Sequence[str], changes: Mapping[str, object]) -> str:
    words = list(words)
    for key, value in changes.items():
        option = f"--{key.replace('_', '-')}"
        if isinstance(value, bool):
            words.append(option if value else f"--no-{option[2:]}")
        else:
            words += [option, str(value)]
    return shlex.join(words)


def write_snapshot(
    network: StyleNet,
    folder: Path,
    kimg: float,
    settings: Settings,
    card: ModelCard,
    seconds: float,
    measured: Mapping[str, float],
) -> Path:
    """Write all files of a snapshot of `network` after `kimg` and so many seconds; returns the path of its JSON.

    TrainingError if they cannot be written.
    """
    path = folder / f"{snapshot_name(kimg)}.json"
    write_network(network, path, settings, card, kimg, seconds, measured)
    return path


def write_network(
    network: StyleNet,
    path: Path,
    settings: Settings,
    card: ModelCard,
    kimg: float,
    seconds: float,
    measured: Mapping[str, float],
) -> None:
    """Write `network` with the JSON at `path` and all files of a snapshot beside it; TrainingError if that fails."""
    info = describe(network, path, card, kimg)
    pictures, _ = draw_sheet(network)
    show_picture(lambda: contact_sheet(pictures, COLUMNS, CELL_PX))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_weights(info, to_half(network))
        write_png(path.with_suffix(".png"), pictures[0], "-o")
        write_png(path.with_name(f"{path.stem}-sheet.png"), contact_sheet(pictures, COLUMNS, CELL_PX), "-o")
    except (OSError, MediaError, SafetensorError) as error:
        size = sum(tensor.numel() * 2 for tensor in network.state_dict().values())
        raise TrainingError(f"after {kimg_text(kimg)} kimg {unwritable_text(path, error, size)}") from error
    write_card(network, path, settings, card, kimg, seconds, measured)


def write_card(
    network: StyleNet,
    path: Path,
    settings: Settings,
    card: ModelCard,
    kimg: float,
    seconds: float,
    measured: Mapping[str, float],
) -> None:
    """Write the model card alone of a network with the JSON at `path`; TrainingError if that fails."""
    info, place = describe(network, path, card, kimg), path.with_suffix(".md")
    try:
        write_atomic(place, card_text(info, settings, card, kimg, seconds, sheet_rows(network), measured))
    except OSError as error:
        raise TrainingError(f"after {kimg_text(kimg)} kimg {unwritable_text(place, error)}") from error


def _write_weights(info: NetworkInfo, tensors: Mapping[str, Tensor]) -> None:
    """Write weights, then JSON, each atomically: a show that looks into the folder finds neither, or both."""
    with TemporaryDirectory(prefix=".part-", dir=info.path.parent) as folder:
        part = replace(info, path=Path(folder) / info.path.name)
        save_weights(part, tensors)
        part.weights.chmod(part.path.stat().st_mode)  # same permissions as the weights
        part.weights.replace(info.weights)
        part.path.replace(info.path)


def describe(network: StyleNet, path: Path, card: ModelCard, kimg: float) -> NetworkInfo:
    """The network's description, for the JSON of a snapshot at `path`."""
    return NetworkInfo(
        name=path.stem,
        path=path,
        kind=architecture_of(network).name,
        resolution=network.resolution,
        z_dim=network.z_dim,
        c_dim=network.c_dim,
        w_dim=network.w_dim,
        title=title_at(card, kimg),
        licence=card.licence,
        made_by=card.command or f"livegan {__version__}",
        classes=card.classes,
        shape=network.shape_table(),
        light_of=card.light_of,
    )


def title_at(card: ModelCard, kimg: float) -> str:
    """The title of a network after `kimg`."""
    return f"{card.title}, {round(kimg, 3):g} kimg"


def architecture_of(network: StyleNet) -> Architecture:
    """The row of ARCHITECTURES whose class `network` is; TrainingError if there is none."""
    name = f"{type(network).__module__}:{type(network).__qualname__}"
    for architecture in ARCHITECTURES.values():
        if architecture.network == name:
            return architecture
    raise TrainingError(f"{name} is no registered architecture, so no snapshot of it can be played")


def to_half(network: StyleNet) -> dict[str, Tensor]:
    """The tensors in float16 on the CPU; one that overflows stays float32."""
    tensors = {}
    for name, tensor in network.state_dict().items():
        whole = tensor.detach().float().cpu()
        half = whole.half()
        tensors[name] = half if bool(torch.isfinite(half).all()) else whole
    return tensors


def latents(z_dim: int, count: int = COLUMNS) -> Tensor:
    """Latents (count, z_dim) of the seeds 0, 1 ..."""
    return torch.from_numpy(np.stack([latent_of_seed(seed, z_dim) for seed in range(count)]))


def draw_sheet(network: StyleNet) -> tuple[list[Pixels], tuple[int, ...]]:
    """Pictures of a contact sheet, row by row, and the class of each row; without classes each row has other seeds.

    Not truncated, so that they show the diversity within a class.
    """
    rows = sheet_rows(network)
    if network.c_dim:
        z = latents(network.z_dim).repeat(len(rows), 1)  # (rows * COLUMNS, z_dim)
        classes = torch.eye(network.c_dim)[list(rows)].repeat_interleave(COLUMNS, 0)
    else:
        z = latents(network.z_dim, ROWS_WITHOUT_CLASSES * COLUMNS)
        classes = torch.zeros(len(z), 0)
    pictures = torch.cat([part.cpu() for part in generate_images(network, z, classes)])
    return list(pictures.permute(0, 2, 3, 1).contiguous().numpy()), rows


def sheet_rows(network: StyleNet) -> tuple[int, ...]:
    """The class of each row of a contact sheet; none without classes."""
    count = min(network.c_dim, MAX_ROWS)
    return tuple(np.linspace(0, network.c_dim - 1, count).round().astype(int).tolist()) if count else ()


def card_text(
    info: NetworkInfo,
    settings: Settings,
    card: ModelCard,
    kimg: float,
    seconds: float,
    rows: Sequence[int],
    measured: Mapping[str, float],
) -> str:
    """The model card in Markdown."""
    height, width = info.resolution
    channels = ", ".join(map(str, settings.channels))
    facts = {
        "Data": card.data,
        "Classes": ", ".join(info.classes) or (str(info.c_dim) if info.c_dim else "none"),
        "Training": METHODS.get(card.method, card.method),
        "Pictures shown": f"{kimg_text(kimg)} thousand",
        "Seed": str(settings.seed),
        "Time": f"{seconds / 3600:.2f} h",
        "Machine": card.machine or "not noted",
        "Command": f"`{card.command}`" if card.command else "not noted",
        "Licence": card.licence or "not stated",
        "Made by": f"livegan {__version__}, torch {torch.__version__}",
        "Architecture": f"{ARCHITECTURES[info.kind].title}, {width}x{height} px, channels {channels}",
    }
    facts |= {name: f"{value:.4g}" for name, value in measured.items()}
    lines = [f"# {info.title}", "", *(f"- **{name}**: {text}" for name, text in facts.items()), ""]
    row_names = [info.classes[row] if row < len(info.classes) else str(row) for row in rows]
    lines += [f"`{info.name}-sheet.png`: {COLUMNS} latents in columns, not truncated"]
    lines[-1] += f"; rows are {', '.join(row_names)}." if row_names else "."
    return "\n".join(lines) + "\n"
