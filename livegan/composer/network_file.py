"""Network file of a composer: weights as safetensors with their description as JSON in the header, copied as one.

    NAME.composer    kind ("voices", "dcgan", "musegan"), shape of the network, card; tensors in float16

Files may come from anybody: nothing in them runs, sizes are bounded, and tensors must fit the network of the shape.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor, nn

from livegan.composer.network_info import FORMAT, ComposerInfo, info_of, stored
from livegan.core.files import atomic_path
from livegan.core.text import printable
from livegan.errors import NetworkError

Tensors = Mapping[str, Tensor]
Net = TypeVar("Net", bound=nn.Module)


@dataclass(frozen=True, slots=True, eq=False)
class NetworkFile:
    """Contents of a network file."""

    path: Path
    info: ComposerInfo
    tensors: Tensors  # float32

    def into(self, build: Callable[[], Net]) -> Net:
        """The module that `build` makes with these weights, for inference; NetworkError if they do not fit it.

        `build` may raise ValueError or TypeError for a shape that is none.
        """
        try:
            with torch.device("meta"):
                net = build()
        except (ValueError, TypeError, KeyError, OverflowError, RuntimeError) as error:
            raise self.broken(str(error)) from error
        own = net.state_dict()
        wrong = sorted(own.keys() ^ self.tensors.keys())
        wrong += [name for name in own if name in self.tensors and own[name].shape != self.tensors[name].shape]
        if wrong:
            raise self.broken(f"its tensor {wrong[0]} is not that of the network")
        cast = {name: tensor.to(own[name].dtype) for name, tensor in self.tensors.items()}
        net.load_state_dict(cast, assign=True)
        return net.requires_grad_(False).eval()

    def broken(self, reason: str) -> NetworkError:
        """The error of a file with something wrong in it."""
        return NetworkError(f"is no network that composes ({printable(reason)}); train it again", self.path)


def save_network(path: Path, info: ComposerInfo, tensors: Tensors) -> None:
    """Write a network, whole or not at all, in float16 where that is finite; OSError if it cannot be written."""
    kept = {}
    for name, tensor in tensors.items():
        whole = tensor.detach().cpu().contiguous()
        half = whole.half() if whole.is_floating_point() else whole
        kept[name] = half if bool(torch.isfinite(half).all()) else whole
    text = json.dumps({"format": FORMAT, **asdict(info)}, ensure_ascii=False)
    with atomic_path(path) as part:
        mode = part.stat().st_mode
        try:
            save_file(kept, part, metadata={"livegan": text})
        except SafetensorError as error:  # the disk is full
            raise OSError(str(error)) from error
        part.chmod(mode)  # safetensors makes a file that only its owner may read


def read_network(path: Path) -> NetworkFile:
    """Read a network file; NetworkError if it is none."""
    text, tensors = stored(path, "pt")
    whole = {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}
    broken = [name for name, tensor in whole.items() if not bool(torch.isfinite(tensor).all())]
    opened = NetworkFile(path, info_of(text, path), whole)
    if broken:
        raise opened.broken(f"its tensor {broken[0]} is not finite")
    return opened
