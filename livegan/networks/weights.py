"""Weights on disk: safetensors with a JSON beside them, checked before they are believed."""

from collections.abc import Mapping

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.info import NetworkInfo, write_info

MOST_BYTES = 9_000_000_000  # of a file: a thousand million float64 and their names
DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def save_weights(info: NetworkInfo, tensors: Mapping[str, torch.Tensor]) -> None:
    """Write NAME.safetensors and NAME.json at ``info.path``; the same tensors give the same bytes."""
    save_file({key: tensors[key].contiguous() for key in sorted(tensors)}, info.weights)
    write_info(info)


def load_weights(info: NetworkInfo, wanted: Mapping[str, torch.Size]) -> dict[str, torch.Tensor]:
    """The tensors of a network, float32 on the CPU, exactly those `wanted`, each finite and of the wanted shape.

    Anything else raises a NetworkError of one sentence: no file, not a safetensors file, cut short, a missing,
    unknown or misshapen tensor, NaN or infinity.
    """
    path = info.weights
    if not path.is_file():
        raise NetworkError(
            f"{path}: no such file; a network is two files, {info.name}.json and {info.name}.safetensors"
        )
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"larger than {MOST_BYTES / 1e9:g} GB")
        tensors = load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise NetworkError(
            f"{path}: is not a whole safetensors file ({error}); copy or convert it again, "
            "or name another network in the scene (network = ...)"
        ) from error
    mistakes = [f"'{key}' is missing" for key in wanted if key not in tensors]
    mistakes += [f"'{printable(key)}' is unknown" for key in tensors if key not in wanted]
    for key, shape in wanted.items():
        found = tensors.get(key)
        if found is not None and found.shape != shape:
            mistakes.append(f"'{key}' is {_sides(found.shape)} where {_sides(shape)} is needed")
        elif found is not None and found.dtype not in DTYPES:
            mistakes.append(f"'{key}' holds {found.dtype}, not numbers of 16 to 64 bits with a point")
        elif found is not None and not bool(torch.isfinite(found).all()):
            mistakes.append(f"'{key}' has numbers that are not finite")
    if mistakes:
        more = f" and {len(mistakes) - 3} more" if len(mistakes) > 3 else ""
        raise NetworkError(
            f"{path}: does not fit what {info.path.name} says: {', '.join(mistakes[:3])}{more}; "
            "convert it again, or name another network in the scene (network = ...)"
        )
    return {key: tensor.float() for key, tensor in tensors.items()}


def _sides(shape: torch.Size) -> str:
    return "x".join(str(side) for side in shape) or "a single number"
