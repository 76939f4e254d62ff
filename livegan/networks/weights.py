"""Weights on disk: safetensors with a JSON beside them, checked before they are used."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import torch
from safetensors.torch import save_file

from livegan.core.files import atomic_path
from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.cache import is_cached
from livegan.networks.importers.safetensors_file import Entry
from livegan.networks.info import NetworkInfo, write_info
from livegan.networks.models import MODELS
from livegan.networks.network_class import expected_shapes, model_class, network_class
from livegan.networks.weights_file import Shapes, check_fit, refuse, weight_entries

Net = TypeVar("Net", bound=torch.nn.Module)
FLOATS = {"F16": torch.float16, "BF16": torch.bfloat16, "F32": torch.float32, "F64": torch.float64}


def save_weights(info: NetworkInfo, tensors: Mapping[str, torch.Tensor]) -> None:
    """Write NAME.safetensors and NAME.json at ``info.path``, each whole; the same tensors give the same bytes."""
    with atomic_path(info.weights) as path:
        save_file({key: tensors[key].contiguous() for key in sorted(tensors)}, path)
    write_info(info)


def load_model(info: NetworkInfo) -> torch.nn.Module:
    """The public model in the files of `info`, whose kind is a key of MODELS; NetworkError if they are broken."""
    model: torch.nn.Module = model_class(info.kind).from_info(info)
    return model


def load_style_net(info: NetworkInfo) -> StyleNet:
    """The network in the files of `info`, whose kind is an architecture, on the CPU in float32.

    NetworkError if they are broken or do not fit each other.
    """
    return load_module(info, lambda: network_class(info.kind).from_info(info))


def load_module(info: NetworkInfo, make: Callable[[], Net]) -> Net:
    """The module that `make` makes, with the weights of `info`, whose tensors must be exactly its own.

    NetworkError if they are broken or do not fit.
    """
    with torch.device("meta"):  # nothing is allocated before the file has been checked
        network = make()
    weights = load_weights(info, {name: tensor.shape for name, tensor in network.state_dict().items()})
    network.load_state_dict(weights, assign=True)
    for module in network.modules():
        for name, buffer in module.named_buffers(recurse=False):
            if buffer.is_meta:  # in no file: the noise of a network without noise
                setattr(module, name, torch.zeros(buffer.shape))
    return network


def check_weights(info: NetworkInfo) -> None:
    """NetworkError unless the files of `info`, of an architecture or a model, are whole, finite and of one network."""
    if info.kind in MODELS:
        load_model(info)
    else:
        load_weights(info, expected_shapes(info))


def load_weights(info: NetworkInfo, expected: Shapes) -> dict[str, torch.Tensor]:
    """The tensors of a network, float32 on the CPU, exactly those `expected`, each finite and of its shape.

    Anything else raises a NetworkError of one sentence: no file, not a safetensors file, cut short, a missing,
    unknown or misshapen tensor, NaN or infinity. Their head is checked before any of them is read. A damaged copy of
    another program's file, in the cache, is first converted anew.
    """
    try:
        return _checked(info, expected)
    except NetworkError:
        if not (is_cached(info.path) and info.source):
            raise
        from livegan.networks.importers.convert import convert_again

        if not convert_again(info):
            raise
    return _checked(info, expected)


def _checked(info: NetworkInfo, expected: Shapes) -> dict[str, torch.Tensor]:
    """As `load_weights`, from the file as it is."""
    entries = weight_entries(info)
    check_fit(info, entries, expected)
    try:
        tensors = _read(info.weights, entries)
    except (OSError, ValueError) as error:
        refuse(info, f"cannot be read ({printable(str(error))})")
    broken = [key for key, tensor in tensors.items() if not bool(torch.isfinite(tensor).all())]
    if broken:
        refuse(info, f"has numbers that are not finite in '{printable(broken[0], 100)}'")
    return {key: tensor.float() for key, tensor in tensors.items()}


def _read(path: Path, entries: Mapping[str, Entry]) -> dict[str, torch.Tensor]:
    """The tensors of a checked file, copied. OSError or ValueError if it has become another meanwhile.

    `safetensors.torch.load_file` maps the file instead: the process would end (SIGBUS) when somebody copies another
    network over it, or pulls the stick it is on, while a show plays.
    """
    tensors = {}
    with path.open("rb") as file:
        first = 8 + int.from_bytes(file.read(8), "little")
        for name, entry in entries.items():
            data = bytearray(entry.end - entry.start)
            file.seek(first + entry.start)
            if file.readinto(data) != len(data):
                raise ValueError("it is cut short")
            flat = torch.frombuffer(data, dtype=FLOATS[entry.dtype]) if data else torch.empty(0)
            tensors[name] = flat.reshape(entry.shape)
    return tensors
