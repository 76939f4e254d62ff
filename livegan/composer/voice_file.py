"""Tensors of a voice network: checked against its shape, and read from a network file without torch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livegan.composer.network_info import ComposerInfo, info_of, stored
from livegan.composer.phrase_latent import PHRASE_STEPS
from livegan.composer.steering import LATENTS
from livegan.composer.voice_features import AGE_ROWS, KINDS, PITCH_ROWS
from livegan.composer.voices import STEPS_PER_BAR, TOKENS, VOICES
from livegan.core.text import printable
from livegan.errors import NetworkError

KIND = "voices"
SHIFTS = 12
LIMITS = {  # of the fields of VoiceShape
    "width": 2048,
    "blocks": 48,
    "heads": 64,
    "hidden": 8192,
    "given_width": 1024,
    "given_blocks": 48,
    "given_heads": 64,
    "choice": 512,
    "head": 4096,
    "window": 1024,
}

Tensors = dict[str, NDArray[np.float32]]


def read_voice(path: Path) -> tuple[ComposerInfo, Tensors]:
    """Description and tensors (float32) of the voice network in a file; NetworkError in a sentence."""
    text, tensors = stored(path, "np")
    info = info_of(text, path)
    return info, checked(info, tensors, path)


def checked(info: ComposerInfo, tensors: Mapping[str, NDArray[Any]], path: Path) -> Tensors:
    """The tensors in float32, exactly those of the shape, finite; NetworkError otherwise."""
    if info.kind != KIND:
        raise NetworkError(
            f"is a network of the kind '{printable(info.kind, 40)}', and one of '{KIND}' is needed", path
        )
    expected = tensor_shapes(checked_shape(info.shape, path))
    mistakes = [f"'{name}' is missing" for name in expected if name not in tensors]
    mistakes += [f"'{printable(name)}' is unknown" for name in tensors if name not in expected]
    for name, shape in expected.items():
        if name in tensors and (tensors[name].shape != shape or tensors[name].dtype.kind != "f"):
            mistakes.append(f"'{name}' is not {' x '.join(map(str, shape))} numbers")
        elif name in tensors and not np.isfinite(tensors[name]).all():
            mistakes.append(f"'{name}' has numbers that are not finite")
    if mistakes:
        raise NetworkError(f"is no network for four voices: {'; '.join(mistakes[:5])}; train it again", path)
    return {name: np.ascontiguousarray(tensors[name], np.float32) for name in expected}


def checked_shape(shape: Mapping[str, Any], path: Path) -> dict[str, int]:
    """Shape within LIMITS, nothing else in it; NetworkError otherwise."""
    if set(shape) != set(LIMITS):
        raise NetworkError(f"its shape must have {', '.join(LIMITS)}, and nothing else", path)
    for name, most in LIMITS.items():
        if type(shape[name]) is not int or not 1 <= shape[name] <= most:
            raise NetworkError(f"its shape's {name} must be a whole number from 1 to {most}", path)
    if shape["width"] % shape["heads"] or shape["given_width"] % shape["given_heads"]:
        raise NetworkError("its width must be a multiple of its heads", path)
    if shape["window"] < PHRASE_STEPS:
        raise NetworkError(f"its window must be {PHRASE_STEPS} steps or more", path)
    return dict(shape)


def tensor_shapes(shape: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the tensors in the file of a network."""
    width, choice, head, window = shape["width"], shape["choice"], shape["head"], shape["window"]
    given = shape["given_width"]
    shapes: dict[str, tuple[int, ...]] = {
        "pitch": (VOICES, PITCH_ROWS, width), "age": (VOICES, AGE_ROWS, width), "step": (STEPS_PER_BAR, width),
        "shift": (SHIFTS, width), "before": (VOICES, PITCH_ROWS, choice), "now": (VOICES, PITCH_ROWS, choice),
        "how": (VOICES, KINDS, choice), "given.pitch": (VOICES, PITCH_ROWS, given),
        "given.kind": (VOICES, KINDS + 1, given), "given.step": (STEPS_PER_BAR, given),
        "latent.mean": (2 * PHRASE_STEPS * VOICES,), "latent.components": (LATENTS, 2 * PHRASE_STEPS * VOICES),
    }  # fmt: skip
    shapes |= _linear("given.out", given, width) | _norm("norm", width) | _norm("given.norm", given)
    for index in range(shape["blocks"]):
        shapes |= _block(f"blocks.{index}", width, shape["heads"], shape["hidden"], window)
    for index in range(shape["given_blocks"]):
        shapes |= _block(f"given.blocks.{index}", given, shape["given_heads"], 3 * given, 2 * window - 1)
    for place in range(VOICES):
        shapes |= _linear(f"head_in.{place}", width + (VOICES + place) * choice, head)
        shapes |= _linear(f"head_out.{place}", head, TOKENS)
    return shapes


def _linear(name: str, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _norm(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _block(name: str, width: int, heads: int, hidden: int, distances: int) -> dict[str, tuple[int, ...]]:
    parts = _norm(f"{name}.norm1", width) | _norm(f"{name}.norm2", width) | _linear(f"{name}.qkv", width, 3 * width)
    parts |= _linear(f"{name}.out", width, width) | _linear(f"{name}.up", width, hidden)
    return parts | _linear(f"{name}.down", hidden, width) | {f"{name}.bias": (heads, distances)}
