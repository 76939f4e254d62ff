"""VGG16: the convolutions of a classifier that the user has a file of, for features of pictures.

Simonyan and Zisserman 2014 (1409.1556), configuration D, in the layout of torchvision (`features.0.weight` ...) or of
the package `lpips` (`net.slice1.0.weight` ..., linear layers `lin0.model.1.weight` ...).
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from zipfile import BadZipFile, ZipFile, is_zipfile

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.errors import LiveganError, NetworkError
from livegan.networks.importers.read import read_tensors

STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, for pixels 0..1
MAX_FILE_BYTES = 1 << 30
_LAYER = re.compile(r"(?:features|net\.slice\d)\.(\d{1,2})\.(weight|bias)")
_LINEAR = re.compile(r"lins?\.?(\d)\.model\.\d\.weight")


class VGG16(nn.Module):
    """The 13 convolutions of VGG16; activations are read where LPIPS reads them, at the end of each stage."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleList()
        inputs = 3
        for stage in STAGES:
            layers = nn.ModuleList()
            for outputs in stage:
                layers.append(nn.Conv2d(inputs, outputs, 3, padding=1))
                inputs = outputs
            self.stages.append(layers)
        self.linear = [torch.ones(stage[-1]) for stage in STAGES]  # weights of channels in LPIPS; 1: its baseline
        self.register_buffer("mean", torch.tensor(MEAN)[:, None, None] * 2 - 1)
        self.register_buffer("deviation", torch.tensor(DEVIATION)[:, None, None] * 2)
        self.eval().requires_grad_(False)

    def levels(self, x: Tensor) -> Iterator[Tensor]:
        """(n, 3, h, w) in -1..1 to activations after the ReLU at 1, 1/2 ... 1/16 of the size."""
        x = (x - self.mean) / self.deviation
        for index, stage in enumerate(self.stages):
            if index:
                x = F.max_pool2d(x, 2)
            assert isinstance(stage, nn.ModuleList)
            for layer in stage:
                x = F.relu(layer(x))
            yield x


def read_vgg(path: Path) -> VGG16:
    """The VGG16 in a file of the user; LiveganError if there is none in it. Nothing in the file is run."""
    tensors = _tensors(path)
    layers = {(int(found[1]), found[2]): tensor for key, tensor in tensors.items() if (found := _LAYER.fullmatch(key))}
    numbers = sorted({number for number, _ in layers})
    net = VGG16()
    convolutions = [layer for stage in net.stages for layer in stage]  # type: ignore[attr-defined]
    problem = f"has {len(numbers)} convolutions, not {len(convolutions)}" if len(numbers) != len(convolutions) else ""
    for number, layer in zip(numbers, convolutions, strict=False):
        for name in ("weight", "bias"):
            own, tensor = getattr(layer, name), layers.get((number, name))
            if tensor is None or tensor.shape != own.shape or not tensor.is_floating_point():
                problem = problem or f"features.{number}.{name} is not {tuple(own.shape)}"
            else:
                own.copy_(tensor)
    for key, tensor in tensors.items():
        if (found := _LINEAR.fullmatch(key)) and int(found[1]) < len(STAGES):
            if tensor.numel() != STAGES[int(found[1])][-1]:
                problem = problem or f"{key} is not (1, {STAGES[int(found[1])][-1]}, 1, 1)"
            net.linear[int(found[1])] = tensor.flatten().float()
    if problem:
        raise LiveganError(
            f"{path} is no VGG16: {problem}; give the state dict of torchvision's vgg16, or leave --features out"
        )
    return net


def _is_torchscript(path: Path) -> bool:
    if not is_zipfile(path):
        return False
    with ZipFile(path) as archive:
        return any(name.rpartition("/")[2] == "constants.pkl" for name in archive.namelist())


def _tensors(path: Path) -> Mapping[str, Tensor]:
    """The tensors by name; LiveganError if the file cannot be read as numbers only."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    reason = ""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            reason = f"it is larger than {MAX_FILE_BYTES} bytes"
        elif path.suffix == ".safetensors":
            return load_file(path)
        elif _is_torchscript(path):
            reason = "TorchScript is a program, which livegan does not run"
        else:
            return {name: torch.from_numpy(array) for name, array in read_tensors(path).items()}
    except (NetworkError, SafetensorError, OSError, ValueError, BadZipFile) as error:
        reason = getattr(error, "strerror", None) or "it holds more than numbers, or is damaged"
    raise LiveganError(
        f"{path} cannot be read as weights ({reason}); give the state dict of torchvision's vgg16, as .pth or "
        ".safetensors, or leave --features out"
    )
