"""What a run begins with besides chance: the numbers of another network, as far as they fit."""

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
from livegan.training.checkpoint import has_checkpoint, load_checkpoint
from livegan.training.generator import fresh
from livegan.training.settings import Settings


@dataclass(frozen=True, slots=True)
class Start:
    """What a run begins from besides chance."""

    network: StyleGAN2 | None = None
    discriminator: dict[str, Any] | None = None


def transferred(name: Path | str, settings: Settings, c_dim: int, paired: bool = False) -> tuple[Settings, Start, str]:
    """Settings and start from a network that livegan can open, or from the folder of a run, and what fits, in words.

    Where the pictures are of one size the generator gets the shape of that network, whatever the preset says, but its
    latent is kept where it is `paired`. Every tensor whose name and size are the same is taken over, the others begin
    anew; so is how far its activations may go. NetworkError for what cannot be opened, TrainingError where too little
    fits to be of use, or where the same numbers would draw something else.
    """
    shape, tensors, discriminator = _opened(name)
    if shape.architecture != "skip":
        raise TrainingError(
            f"{name}: is of the architecture '{shape.architecture}', and what is trained is 'skip'; "
            "transfer from one of those"
        )
    kernel, usual = blur_kernel(shape.taps), blur_kernel()
    if kernel.shape != usual.shape or not torch.allclose(kernel, usual, atol=1e-4):
        raise TrainingError(
            f"{name}: doubles its pictures with a low-pass of its own, and what is trained has the usual one; "
            "transfer from a network that has it"
        )
    settings = replace(settings, conv_clamp=shape.conv_clamp)
    if len(shape.channels) == len(settings.channels):
        settings = replace(settings, channels=shape.channels, w_dim=shape.w_dim, mapping_layers=shape.mapping_layers)
        settings = settings if paired else replace(settings, z_dim=shape.z_dim)
    target = settings.shape(c_dim)
    network = fresh(target, settings.seed)
    if smaller(shape, target):
        widen(network, shape, tensors)
        return (
            settings,
            Start(network, None),
            f"{name}: every number fits; what is wider or finer than it begins unseen",
        )
    own = network.state_dict()
    fits = [key for key, tensor in own.items() if key in tensors and tensors[key].shape == tensor.shape]
    drawing = [key for key in own if key.startswith("synthesis.") and key.endswith(("conv0.weight", "conv1.weight"))]
    if not set(fits) & set(drawing):
        raise TrainingError(
            f"{name}: none of its convolutions has the size of those of --preset {settings.preset}, so nothing can be "
            "taken over; choose another preset, or leave --transfer out"
        )
    with torch.no_grad():
        for key in fits:
            own[key].copy_(tensors[key])  # these are the network's own numbers
    share = sum(own[key].numel() for key in fits) / sum(tensor.numel() for tensor in own.values())
    anew = sorted({key.rpartition(".")[0] for key in own} - {key.rpartition(".")[0] for key in fits})
    text = f"{name}: {len(fits)} of {len(own)} tensors fit, {share:.0%} of the numbers"
    if anew:
        text += f"; new are {', '.join(anew[:6])}{f' and {len(anew) - 6} more' if len(anew) > 6 else ''}"
    return settings, Start(network, discriminator), text


def smaller(shape: StyleGAN2Shape, target: StyleGAN2Shape) -> bool:
    """Whether a network of `shape` fits into one of `target` that has more channels, or more sizes, or both."""
    alike = ("z_dim", "w_dim", "c_dim", "mapping_layers", "colours", "const", "tiles")
    return (
        all(getattr(shape, name) == getattr(target, name) for name in alike)
        and shape.channels != target.channels
        and shape.levels <= target.levels
        and all(few <= many for few, many in zip(shape.channels, target.channels, strict=False))
    )


def widen(network: StyleGAN2, shape: StyleGAN2Shape, tensors: Mapping[str, Tensor]) -> None:
    """Put a smaller network into `network`, which then draws the same picture (Chen et al. 2016, 1511.05641).

    Channels that are new are heard by nobody yet, and sizes that are new give no light: both can learn from there.
    """
    with torch.no_grad():
        for key, own in network.state_dict().items():
            if key in tensors:
                given = tensors[key].to(own.dtype)
                if own.dim() == 4 and own.shape != given.shape and key.endswith("weight"):
                    own[: len(given), given.shape[1] :] = 0  # from the new channels to the old ones
                    if key.endswith("torgb.weight"):
                        given = given * (own.shape[1] / given.shape[1]) ** 0.5  # its style is divided by their number
                own[tuple(slice(size) for size in given.shape)] = given
            elif key.endswith("torgb.weight"):
                own.zero_()


def _opened(name: Path | str) -> tuple[StyleGAN2Shape, Mapping[str, Tensor], dict[str, Any] | None]:
    """The shape and the tensors of a network, and those of its discriminator where there is one."""
    path = path_of(name)
    if path.is_dir() and has_checkpoint(path):
        kept = load_checkpoint(path)
        discriminator = kept.state.get("discriminator")
        return (
            kept.settings.shape(kept.origins.c_dim),
            dict(kept.state.get("average", {})),
            discriminator if isinstance(discriminator, dict) else None,
        )
    info = find_network(name)
    net = open_network(info) if info.kind == "stylegan2" else None
    if not isinstance(net, StyleGAN2):
        raise TrainingError(f"{name}: is a {info.kind}, and what is trained is a stylegan2; transfer from one of those")
    return net.shape, net.state_dict(), None
