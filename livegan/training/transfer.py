"""Transfer learning: initial weights of a run from another network or run, as far as they fit."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from livegan.errors import TrainingError
from livegan.networks.architectures.stylegan2 import StyleGAN2, blur_kernel
from livegan.networks.architectures.stylegan2_shape import StyleGAN2Shape
from livegan.networks.library import find_network, open_network, path_of
from livegan.training.checkpoint import load_checkpoint
from livegan.training.generator import init_generator
from livegan.training.run_folder import has_checkpoint
from livegan.training.settings import Settings


@dataclass(frozen=True, slots=True)
class InitialWeights:
    """Weights that a run begins with; None: random ones."""

    network: StyleGAN2 | None = None
    discriminator: dict[str, Any] | None = None


def transfer_weights(
    name: Path | str, settings: Settings, c_dim: int, paired: bool = False
) -> tuple[Settings, InitialWeights, str]:
    """Settings and weights from a network that livegan can open, or from the folder of a run; and a summary in words.

    If the resolutions are equal the generator takes the shape of that network, whatever the preset says; `paired`
    training keeps its own z_dim. Every tensor of equal name and shape is copied, and so is conv_clamp; the others are
    initialised. NetworkError for what cannot be opened, TrainingError if too little fits to be of use, or if the same
    weights would draw something else.
    """
    shape, tensors, discriminator = _load(name)
    if shape.architecture != "skip":
        raise TrainingError(
            f"{name}: is of the architecture '{shape.architecture}', and what is trained is 'skip'; "
            "transfer from one of those"
        )
    default = blur_kernel()
    kernels = blur_kernel(shape.taps), blur_kernel(shape.picture_taps)
    if any(kernel.shape != default.shape or not torch.allclose(kernel, default, atol=1e-4) for kernel in kernels):
        raise TrainingError(
            f"{name}: doubles its pictures with a low-pass of its own, and what is trained has the usual one; "
            "transfer from a network that has it"
        )
    settings = replace(settings, conv_clamp=shape.conv_clamp)
    if len(shape.channels) == len(settings.channels):
        settings = replace(settings, channels=shape.channels, w_dim=shape.w_dim, mapping_layers=shape.mapping_layers)
        settings = settings if paired else replace(settings, z_dim=shape.z_dim)
    target = replace(settings.shape(c_dim), noise=not paired)
    network = init_generator(target, settings.seed)
    if can_widen(shape, target):
        widen(network, shape, tensors)
        return (
            settings,
            InitialWeights(network, None),
            f"{name}: every number fits; what is wider or finer than it begins unseen",
        )
    own = network.state_dict()
    fits = [key for key, tensor in own.items() if key in tensors and tensors[key].shape == tensor.shape]
    convolutions = [
        key for key in own if key.startswith("synthesis.") and key.endswith(("conv0.weight", "conv1.weight"))
    ]
    if not set(fits) & set(convolutions):
        raise TrainingError(
            f"{name}: none of its convolutions has the size of those of --preset {settings.preset}, so nothing can be "
            "taken over; choose another preset, or leave --transfer out"
        )
    with torch.no_grad():
        for key in fits:
            own[key].copy_(tensors[key])  # in place: the values of state_dict are the parameters
    share = sum(own[key].numel() for key in fits) / sum(tensor.numel() for tensor in own.values())
    new = sorted({key.rpartition(".")[0] for key in own} - {key.rpartition(".")[0] for key in fits})
    summary = f"{name}: {len(fits)} of {len(own)} tensors fit, {share:.0%} of the numbers"
    if new:
        summary += f"; new are {', '.join(new[:6])}{f' and {len(new) - 6} more' if len(new) > 6 else ''}"
    return settings, InitialWeights(network, discriminator), summary


def can_widen(shape: StyleGAN2Shape, target: StyleGAN2Shape) -> bool:
    """Whether a network of `shape` can be widened to `target`, which has more channels, more levels, or both."""
    equal = ("z_dim", "c_dim", "mapping_widths", "joint_norm", "colours", "const", "tiles")
    return (
        all(getattr(shape, name) == getattr(target, name) for name in equal)
        and shape.channels != target.channels
        and shape.levels <= target.levels
        and all(few <= many for few, many in zip(shape.channels, target.channels, strict=False))
    )


def widen(network: StyleGAN2, shape: StyleGAN2Shape, tensors: Mapping[str, Tensor]) -> None:
    """Net2Net: copy a smaller network into `network`, which then draws the same picture (1511.05641).

    Weights from new channels to old ones are zero, and so are the ToRGBs of new levels; both can be trained from there.
    """
    with torch.no_grad():
        for key, own in network.state_dict().items():
            if key in tensors:
                source = tensors[key].to(own.dtype)
                if own.dim() == 4 and own.shape != source.shape and key.endswith("weight"):
                    own[: len(source), source.shape[1] :] = 0  # from the new channels to the old ones
                    if key.endswith("torgb.weight"):
                        source = source * (own.shape[1] / source.shape[1]) ** 0.5  # styles are divided by it
                own[tuple(slice(size) for size in source.shape)] = source
            elif key.endswith("torgb.weight"):
                own.zero_()


def _load(name: Path | str) -> tuple[StyleGAN2Shape, Mapping[str, Tensor], dict[str, Any] | None]:
    """Shape and tensors of a network, and the tensors of its discriminator, if there is one."""
    path = path_of(name)
    if path.is_dir() and has_checkpoint(path):
        checkpoint = load_checkpoint(path)
        discriminator = checkpoint.state.get("discriminator")
        return (
            checkpoint.settings.shape(checkpoint.origins.c_dim),
            dict(checkpoint.state.get("average", {})),
            discriminator if isinstance(discriminator, dict) else None,
        )
    info = find_network(name)
    net = open_network(info) if info.kind == "stylegan2" else None
    if not isinstance(net, StyleGAN2):
        raise TrainingError(f"{name}: is a {info.kind}, and what is trained is a stylegan2; transfer from one of those")
    return net.shape, net.state_dict(), None
