"""NVIDIA's StyleGAN2 in torch: from the modules of a pickle, or from a bare state dict of the same names."""

import re
from collections.abc import Mapping
from typing import Any

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.importers import stylegan2_layout
from livegan.networks.importers.imported import ImportedNetwork, check_size
from livegan.networks.importers.state_dicts import find_state, has_state
from livegan.networks.importers.storages import Array, array_of, shape_of

MARKERS = ("synthesis.b4.const",)
USUAL_CLAMP = 256  # "conv_clamp" of every training that states no other; a state dict does not hold it
GUESSED = f"its file does not say where activations are clamped; +-{USUAL_CLAMP} is taken, as in NVIDIA's trainings"
SAME_WITHIN = 1e-3  # of gains
_DOUBLING = re.compile(r"synthesis\.b\d{1,6}\.(conv0|skip)\.resample_filter")
_PICTURE = re.compile(r"synthesis\.b(?!4\.)\d{1,6}\.resample_filter")
_IDLE = re.compile(r"synthesis\.(b4|b\d{1,6}\.(conv1|torgb))\.resample_filter")
"""Filters without effect: these layers keep the resolution, and block b4 has no smaller picture to enlarge."""


def is_one(value: Any) -> bool:
    """Whether a file holds what `read` reads."""
    return has_state(value, MARKERS)


def read(value: dict[Any, Any]) -> ImportedNetwork:
    """The generator of a state dict, bare or in a checkpoint."""
    nodes = find_state(value, MARKERS)
    check_size({name: shape_of(node) for name, node in nodes.items()})
    tensors = {name: array_of(node) for name, node in nodes.items()}
    return _finish("a state dict of NVIDIA's StyleGAN2", tensors, USUAL_CLAMP, (GUESSED,))


def finish(what: str, tensors: dict[str, Array], attributes: Mapping[str, Mapping[Any, Any]]) -> ImportedNetwork:
    """The network of the modules of a pickle: their tensors, and their attributes by the module's dotted name."""
    _check_gains(tensors, attributes)
    clamps: dict[str, object] = {}
    for name, table in attributes.items():
        if name.startswith("synthesis.") and name.endswith((".conv0", ".conv1", ".torgb")):
            clamps[name] = table.get("conv_clamp")
        activation = table.get("activation", "lrelu")
        if name.endswith((".conv0", ".conv1")) and activation != "lrelu":
            shown = printable(activation, 40) if isinstance(activation, str) else "something else"
            raise NetworkError(
                f"has the activation '{shown}' in '{printable(name, 100)}'; livegan plays networks with 'lrelu'"
            )
    plain = {clamp if isinstance(clamp, int | float | None) else "?" for clamp in clamps.values()}
    if len(plain) > 1:
        raise NetworkError("has a 'conv_clamp' that differs from layer to layer; livegan plays networks with one")
    return _finish(what, tensors, plain.pop() if plain else None)


def _check_gains(tensors: Mapping[str, Array], attributes: Mapping[str, Mapping[Any, Any]]) -> None:
    """NetworkError if a layer is louder than StyleGAN2's: no tensor would show it."""
    for name, table in attributes.items():
        weight, leaf = tensors.get(f"{name}.weight"), name.rpartition(".")[2]
        if weight is None or weight.ndim < 2 or not weight.size:
            continue
        usual: dict[str, Any] = {}
        if leaf in ("affine", "torgb", "skip"):
            usual["weight_gain"] = weight.shape[1] ** -0.5
        if leaf == "affine":
            usual["bias_gain"] = 1.0
        if leaf in ("conv0", "conv1"):
            usual["act_gain"] = 2**0.5
        if name.startswith("mapping."):  # bias_gain, the learning rate, is in the tensors already
            rate = table.get("bias_gain", 1.0 if leaf == "embed" else 0.01)
            usual["weight_gain"] = rate * weight.shape[1] ** -0.5
        for key, gain in usual.items():
            given = table.get(key, gain)
            near = gain * (1 - SAME_WITHIN), gain * (1 + SAME_WITHIN)
            if not isinstance(given, int | float) or not min(near) <= given <= max(near):
                raise NetworkError(f"has a '{key}' in '{printable(name, 100)}' that is not StyleGAN2's")


def _finish(what: str, tensors: dict[str, Array], conv_clamp: object, notes: tuple[str, ...] = ()) -> ImportedNetwork:
    filters = {name: array for name, array in tensors.items() if name.endswith(".resample_filter")}
    kept = {name: array for name, array in tensors.items() if name not in filters or not _is_known(name)}
    settings = stylegan2_layout.Settings(
        conv_clamp,
        taps=_taps(filters, _DOUBLING),
        torgb_taps=_taps(filters, _PICTURE),
    )
    return stylegan2_layout.finish(what, kept, settings, notes=notes)


def _is_known(name: str) -> bool:
    return any(kind.fullmatch(name) for kind in (_DOUBLING, _PICTURE, _IDLE))


def _taps(filters: Mapping[str, Array], kind: re.Pattern[str]) -> list[float] | None:
    return stylegan2_layout.common_taps({name: filters[name] for name in filters if kind.fullmatch(name)}, 1.0)
