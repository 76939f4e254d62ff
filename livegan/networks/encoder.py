"""Encoder: a small convolutional network that projects pictures into w+ of one network in a single pass, and its file.

As pSp and e4e (Richardson et al. 2021, 2008.00951; Tov et al. 2021, 2102.02766) it gives one w for all rows and an
offset for each. It gives them in principal components of the network's own w, softly bounded: whatever a camera sees,
the picture stays among those that the network knows.

NAME.encoder is a safetensors file with its description as JSON in the header, so that it is copied as one. It is looked
for in the user's cache, then beside the network; a light sibling takes that of the network it was made of.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from livegan.core.files import atomic_path
from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.cache import file_hash
from livegan.networks.encoder_file import encoder_path
from livegan.networks.info import NetworkInfo, bounded_int

FORMAT = "livegan-encoder-1"
MAX_FILE_BYTES = 1 << 29
MAX_SIDE = 1 << 12  # of any dimension in a description
MAX_LEVEL = 1 << 26  # numbers that a level holds of one picture
BOUND = 4.0  # of a principal component, in its standard deviations
BATCH = 64
CHANNELS = (32, 64, 96, 160)  # of the levels, each of half the size of the one before
REDUCED, HIDDEN = 48, 256  # channels that the head keeps of each place, and its hidden units


@dataclass(frozen=True, slots=True)
class EncoderInfo:
    """Description of an encoder."""

    network: str  # name of the network whose w it gives
    network_hash: str  # SHA-256 of that network's weights
    size: tuple[int, int]  # height, width of the pictures that it looks at [px]
    num_ws: int
    w_dim: int
    components: int  # principal components of w
    channels: tuple[int, ...] = CHANNELS
    licence: str = ""
    made_by: str = ""  # the command that trained it
    figures: Mapping[str, float] = field(default_factory=dict)  # what was measured, by name


class Block(nn.Module):
    """Residual block that halves the size (He et al. 2016, 1603.05027)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(outputs)
        self.skip = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) to (n, outputs, h / 2, w / 2)."""
        y = F.relu(self.first_norm(self.first(x)))
        y = self.second_norm(self.second(y))
        return F.relu(y + self.skip(F.avg_pool2d(x, 2)))


class EncoderNet(nn.Module):
    """Network from pictures (n, 3, *size) to w+ (n, num_ws, w_dim); untrained, every picture gives the mean w."""

    mean: Tensor
    basis: Tensor

    def __init__(self, info: EncoderInfo) -> None:
        super().__init__()
        channels, (height, width) = info.channels, info.size
        self.stem = nn.Conv2d(3, channels[0], 5, stride=2, padding=2, bias=False)
        self.stem_norm = nn.BatchNorm2d(channels[0])
        self.blocks = nn.ModuleList(Block(*pair) for pair in pairwise(channels))
        places = (height >> len(channels)) * (width >> len(channels))
        self.reduce = nn.Conv2d(channels[-1], REDUCED, 1)
        self.hidden = nn.Linear(REDUCED * places, HIDDEN)
        self.shared = nn.Linear(HIDDEN, info.components)
        self.rows = nn.Linear(HIDDEN, info.num_ws * info.components)
        nn.init.zeros_(self.rows.weight)
        nn.init.zeros_(self.rows.bias)
        self.num_ws = info.num_ws
        self.register_buffer("mean", torch.zeros(info.w_dim))
        self.register_buffer("basis", torch.zeros(info.components, info.w_dim))  # each as long as its deviation

    def components(self, images: Tensor) -> Tensor:
        """Principal components (n, num_ws, components) of w, in standard deviations, within BOUND."""
        x = F.relu(self.stem_norm(self.stem(images)))
        for block in self.blocks:
            x = block(x)
        x = F.relu(self.hidden(F.relu(self.reduce(x)).flatten(1)))
        rows = self.rows(x).view(len(x), self.num_ws, -1)
        return BOUND * torch.tanh((self.shared(x)[:, None] + rows) / BOUND)

    def forward(self, images: Tensor) -> Tensor:
        """(n, 3, *size), -1..1, to (n, num_ws, w_dim)."""
        w: Tensor = self.mean + self.components(images) @ self.basis
        return w


class Encoder:
    """A trained encoder, on the CPU or where `to` brings it."""

    def __init__(self, info: EncoderInfo, net: EncoderNet, num_ws: int = 0) -> None:
        """`num_ws`: of a light sibling, whose rows are the first ones; 0: all."""
        self.info, self.net = info, net.eval().requires_grad_(False)
        self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.num_ws = num_ws or info.num_ws

    def to(self, device: str) -> "Encoder":
        """Move it to a device of torch."""
        self.net.to(device)
        return self

    @torch.inference_mode()
    def encode(self, images: Tensor) -> Tensor:
        """Images (n, 3, h, w), -1..1, of any size to w+ (n, num_ws, w_dim); what does not fit its shape is cut off."""
        device = self.net.mean.device
        if not len(images):
            return self.net.mean.new_zeros(0, self.num_ws, self.info.w_dim)
        parts = [self.net(fitted(part.to(device).float(), self.info.size)) for part in torch.split(images, BATCH)]
        return torch.cat(parts)[:, : self.num_ws]

    def encode_pixels(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """One picture, uint8 RGB (h, w, 3), to w+ (num_ws, w_dim): for callers without torch."""
        factor = min(side // least for side, least in zip(pixels.shape, self.info.size, strict=False))
        if factor > 1:  # the rest is cheap
            pixels = np.asarray(Image.fromarray(pixels).reduce(factor))
        image = torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None].float() / 127.5 - 1
        ws: NDArray[np.float32] = self.encode(image)[0].cpu().numpy()
        return ws


def fitted(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Images (n, 3, h, w) cut to the shape of `size` (height, width) about their middle, and resized to it by area."""
    height, width = images.shape[2:]
    kept = (min(height, round(width * size[0] / size[1])), min(width, round(height * size[1] / size[0])))
    top, left = (height - kept[0]) // 2, (width - kept[1]) // 2
    images = images[:, :, top : top + max(kept[0], 1), left : left + max(kept[1], 1)]
    if tuple(images.shape[2:]) == size:
        return images
    if images.shape[2] >= size[0]:
        return F.interpolate(images, size, mode="area")
    return F.interpolate(images, size, mode="bilinear", align_corners=False)


def find_encoder(info: NetworkInfo) -> Encoder | None:
    """The encoder of a network; None if none was trained. NetworkError if its file is broken or of other weights."""
    path = encoder_path(info)
    if path is None:
        return None
    return load_encoder(path, num_ws=info.num_ws, w_dim=info.w_dim)


def load_encoder(path: Path, num_ws: int = 0, w_dim: int = 0) -> Encoder:
    """The encoder in a file; NetworkError if it is none, or if its w are not of so many rows and numbers (0: any)."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ValueError(f"larger than {MAX_FILE_BYTES} bytes")
        with safe_open(path, framework="pt") as file:
            described = (file.metadata() or {}).get("livegan", "")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (OSError, SafetensorError, ValueError) as error:
        reason = "no whole file of one" if isinstance(error, SafetensorError) else printable(str(error))
        raise NetworkError(f"cannot be read as an encoder ({reason}); train it again", path) from error
    info = _described(described, path)
    if num_ws > info.num_ws or (w_dim and w_dim != info.w_dim):
        raise NetworkError(
            f"gives w of {info.num_ws} rows of {info.w_dim} numbers, the network has {num_ws} of {w_dim}; "
            "train one for this network: livegan train encoder --network NAME",
            path,
        )
    with torch.device("meta"):
        net = EncoderNet(info)
    own = net.state_dict()
    wrong = [name for name in {*own, *tensors} if name not in own or name not in tensors]
    wrong += [name for name in own if name in tensors and own[name].shape != tensors[name].shape]
    kinds = [(name, own[name], tensors[name]) for name in own if name in tensors]
    wrong += [name for name, mine, each in kinds if mine.is_floating_point() != each.is_floating_point()]
    floats = {name: each.float() if each.is_floating_point() else each for name, each in tensors.items()}
    wrong += [name for name, tensor in floats.items() if not bool(torch.isfinite(tensor).all())]
    if wrong:
        raise NetworkError(f"is not a whole encoder ('{printable(wrong[0])}' is wrong); train it again", path)
    net.load_state_dict(floats, assign=True)
    return Encoder(info, net, num_ws)


def save_encoder(path: Path, info: EncoderInfo, net: EncoderNet) -> None:
    """Write an encoder in float16, whole or not at all; OSError if it cannot be written."""
    text = json.dumps({"format": FORMAT, **asdict(info)}, ensure_ascii=False)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in net.state_dict().items()}
    halves = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}
    kept = {name: half if bool(torch.isfinite(half).all()) else tensors[name] for name, half in halves.items()}
    with atomic_path(path) as part:
        mode = part.stat().st_mode
        save_file(kept, part, metadata={"livegan": text})
        part.chmod(mode)  # safetensors makes a file that only its owner may read


def encoder_size(info: NetworkInfo, lines: int, levels: int = len(CHANNELS)) -> tuple[int, int]:
    """Height and width [px] of what an encoder looks at: the network's own shape, whole at every level."""
    height, width = info.resolution
    step = 1 << levels
    return max(round(lines / step), 1) * step, max(round(lines * width / height / step), 1) * step


def describe(info: NetworkInfo, size: tuple[int, int], components: int) -> EncoderInfo:
    """The description of an encoder to be trained for a network; NetworkError if that has no weights."""
    try:
        key = file_hash(info.weights)
    except OSError as error:
        raise NetworkError(f"{info.name} has no weights that can be read ({error.strerror})", info.weights) from error
    return EncoderInfo(info.name, key, size, info.num_ws, info.w_dim, components)


def _described(text: str, path: Path) -> EncoderInfo:
    """The description in a header; NetworkError if it is none."""
    try:
        table = json.loads(text, parse_int=bounded_int)
        if not isinstance(table, dict) or table.pop("format", None) != FORMAT:
            raise ValueError(f"its format is not {FORMAT}")
        info = EncoderInfo(**table)
        info = replace(info, size=_sides(info.size, 2), channels=_sides(info.channels, None))
        _sides((info.num_ws, info.w_dim, info.components), 3)
        if len(info.channels) < 2 or min(info.size) >> len(info.channels) < 1:
            raise ValueError("its size has no room for its levels")
        height, width = info.size
        if any(each * (height >> level) * (width >> level) > MAX_LEVEL for level, each in enumerate(info.channels)):
            raise ValueError("its levels are too large")
    except (ValueError, TypeError, RecursionError) as error:
        raise NetworkError(f"is no encoder ({printable(str(error))}); train it again", path) from error
    return info


def _sides(values: Any, count: int | None) -> tuple[Any, ...]:
    """Whole numbers from 1 to MAX_SIDE; ValueError otherwise."""
    fine = isinstance(values, Sequence) and all(isinstance(each, int) and 1 <= each <= MAX_SIDE for each in values)
    if not fine or (count is not None and len(values) != count) or len(values) > 16:
        raise ValueError(f"{values!r} are no sides")
    return tuple(values)
