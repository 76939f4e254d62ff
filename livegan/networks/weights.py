"""Weights on disk: safetensors with a JSON beside them, checked before they are used."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from livegan.core.files import atomic_path
from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.info import NetworkInfo, write_info
from livegan.networks.models import MODELS

MAX_FILE_BYTES = 9_000_000_000  # of a file: a thousand million float64 and their names
Net = TypeVar("Net", bound=torch.nn.Module)
DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def save_weights(info: NetworkInfo, tensors: Mapping[str, torch.Tensor]) -> None:
    """Write NAME.safetensors and NAME.json at ``info.path``, each whole; the same tensors give the same bytes."""
    with atomic_path(info.weights) as path:
        save_file({key: tensors[key].contiguous() for key in sorted(tensors)}, path)
    write_info(info)


def network_class(kind: str) -> type[StyleNet]:
    """The class of the networks of an architecture, a key of ARCHITECTURES."""
    network: type[StyleNet] = _class(ARCHITECTURES[kind].network)
    return network


def load_model(info: NetworkInfo) -> torch.nn.Module:
    """The public model in the files of `info`, whose kind is a key of MODELS; NetworkError if they are broken."""
    model: torch.nn.Module = _class(MODELS[info.kind].network).from_info(info)
    return model


def _class(text: str) -> Any:
    """The class that "module:Class" names."""
    module, _, name = text.partition(":")
    return getattr(import_module(module), name)


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


def load_weights(info: NetworkInfo, expected: Mapping[str, torch.Size]) -> dict[str, torch.Tensor]:
    """The tensors of a network, float32 on the CPU, exactly those `expected`, each finite and of its shape.

    Anything else raises a NetworkError of one sentence: no file, not a safetensors file, cut short, a missing,
    unknown or misshapen tensor, NaN or infinity.
    """
    path = info.weights
    if not path.is_file():
        raise NetworkError(f"no such file; a network is two files, {info.name}.json and {info.name}.safetensors", path)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ValueError(f"larger than {MAX_FILE_BYTES / 1e9:g} GB")
        tensors = load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise NetworkError(
            f"is not a whole safetensors file ({error}); copy or convert it again, "
            "or name another network in the scene (network = ...)",
            path,
        ) from error
    mistakes = [f"'{key}' is missing" for key in expected if key not in tensors]
    mistakes += [f"'{printable(key)}' is unknown" for key in tensors if key not in expected]
    for key, shape in expected.items():
        tensor = tensors.get(key)
        if tensor is not None and tensor.shape != shape:
            mistakes.append(f"'{key}' is {_sides(tensor.shape)} where {_sides(shape)} is needed")
        elif tensor is not None and tensor.dtype not in DTYPES:
            mistakes.append(f"'{key}' holds {tensor.dtype}, not numbers of 16 to 64 bits with a point")
        elif tensor is not None and not bool(torch.isfinite(tensor).all()):
            mistakes.append(f"'{key}' has numbers that are not finite")
    if mistakes:
        more = f" and {len(mistakes) - 3} more" if len(mistakes) > 3 else ""
        raise NetworkError(
            f"does not fit what {info.path.name} says: {', '.join(mistakes[:3])}{more}; "
            "convert it again, or name another network in the scene (network = ...)",
            path,
        )
    return {key: tensor.float() for key, tensor in tensors.items()}


def _sides(shape: torch.Size) -> str:
    return "x".join(str(side) for side in shape) or "a single number"
