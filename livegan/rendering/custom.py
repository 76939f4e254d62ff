"""Generator kind "custom": a Python function or class of the user, e.g. BigGAN (docs/custom-networks.md).

The contract is that of lucid-sonic-dreams: called with the keyword arguments ``noise_batch`` (n, z_dim) and
``class_batch`` (n, c_dim), float32 NumPy arrays, it returns n pictures: PIL images, NumPy arrays or torch tensors.

This runs user code. Therefore only descriptions in the user's own folder of networks are accepted, those that
``livegan networks add MODULE:FUNCTION`` wrote; the same description from anywhere else is refused.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from livegan.core.types import FramePlan, Vector
from livegan.core.user_code import import_from as _module
from livegan.core.user_code import importable, user_code_errors
from livegan.errors import NetworkError
from livegan.networks.info import NetworkInfo
from livegan.networks.library import installed_folder
from livegan.rendering.registry import GENERATORS, OFFLINE, LoadOptions, SingleStep, check_z_plan

Function = Callable[..., Any]
ARGUMENTS = ("noise_batch", "class_batch")
BOUND = 2.0  # latents are clipped to so many standard deviations, times psi, as in lucid-sonic-dreams
DIRECTION_COUNT = 8
COLOURS = (1, 3, 4)
PROBES = 2  # pictures drawn when it is opened: they show what range its floats have


@GENERATORS("custom")
class Custom(SingleStep):
    """Generator that calls a user's function."""

    def __init__(self, info: NetworkInfo, device: str, options: LoadOptions = OFFLINE) -> None:
        """Imports it and draws two pictures; NetworkError if it may not be run, is not there, or draws no pictures.

        Until `close` the folder of its module can be imported from.
        """
        self.info = info
        self.reason = ""
        self.device_text = f"{device}, your own code"
        self._device = device
        self._directions = directions(info.z_dim)
        rng = np.random.default_rng(info.z_dim)
        latents = rng.standard_normal((PROBES, info.z_dim), np.float32).clip(-BOUND, BOUND)
        with ExitStack() as stack:
            self._name, function = self._find(info, device, stack)
            self._function: Function | None = function
            self.megabytes = _megabytes(function)
            probes = [self._draw(z, _classes(np.zeros(0, np.float32), info.c_dim)) for z in latents]
            self._span = _span(info.shape) or span_of(probes)
            for probe in probes:
                self._pixels(probe)
            self._import_path = stack.pop_all()

    def _find(self, info: NetworkInfo, device: str, stack: ExitStack) -> tuple[str, Function]:
        """What it is called, and the function; `stack` keeps its folder importable."""
        folder = installed_folder()
        if info.path.parent.resolve() != folder.resolve():
            raise NetworkError(
                f"{info.path}: names Python code, which is accepted only in {folder}; if you trust it, "
                "type: livegan networks add MODULE:FUNCTION --name NAME"
            )
        name, module_folder = _text(info, "function"), Path(_text(info, "folder"))
        stack.enter_context(importable(module_folder))
        return name, find_function(name, module_folder, device)

    def threads(self, plan: FramePlan, step: int = 0) -> int:
        return 0

    def render(self, plan: FramePlan, step: int = 0) -> Tensor:
        """The picture of `plan`; psi scales and clips z, direction.1 .. 8 shift it, noise does nothing."""
        if self._function is None:
            raise NetworkError(f"{self.info.name} was closed; load it again")
        check_z_plan(plan, self.info)
        amounts = np.array([plan.parameter(f"direction.{i + 1}") for i in range(len(self._directions))], np.float32)
        z = (plan.z + amounts @ self._directions).clip(-BOUND, BOUND) * np.float32(plan.truncation)
        return self._pixels(self._draw(z, _classes(plan.classes, self.info.c_dim)))

    def close(self) -> None:
        """Release the function and the import path of its module. Idempotent."""
        self._function = None
        self._import_path.close()

    def _draw(self, z: Vector, classes: Vector) -> Tensor:
        """One picture as the function gives it: (height, width, 1 | 3 | 4), any dtype."""
        assert self._function is not None
        batch = {"noise_batch": np.array(z[None], np.float32), "class_batch": np.array(classes[None], np.float32)}
        with user_code_errors(self._name, "draw"), torch.no_grad():
            return picture_of(first(self._function(**batch)))

    def _pixels(self, picture: Tensor) -> Tensor:
        """Convert to uint8 (height, width, 3) of the network's resolution."""
        height, width = self.info.resolution
        low, high = (0.0, 255.0) if picture.dtype == torch.uint8 else self._span
        values = (picture.to(self._device).float() - low) * (255.0 / (high - low))  # (h, w, colours)
        if not bool(torch.isfinite(values).all()):
            raise NetworkError(f"{self._name} drew numbers that are not finite; mend that function")
        values = values.expand(-1, -1, 3) if values.shape[2] == 1 else values[:, :, :3]
        if values.shape[:2] != (height, width):
            planes = values.permute(2, 0, 1)[None]  # (1, 3, h, w)
            values = interpolate(planes, (height, width), mode="bilinear", antialias=True)[0].permute(1, 2, 0)
        return values.round().clamp(0, 255).to(torch.uint8).contiguous()


@GENERATORS("function")
class Given(Custom):
    """Generator that calls a function of the program that uses livegan as a library; no file can name one."""

    def _find(self, info: NetworkInfo, device: str, stack: ExitStack) -> tuple[str, Function]:
        function = info.shape.get("function")
        if not callable(function):  # as from a file
            raise NetworkError(f"{info.name}: a network of the kind 'function' is given by a program, not by a file")
        return info.name, checked_function(info.name, function)


def function_info(function: Function, z_dim: int, c_dim: int) -> NetworkInfo:
    """The description of the network that a function is, with the size of its pictures: it is called once.

    NetworkError if it does not take ARGUMENTS, or draws no picture.
    """
    name = getattr(function, "__name__", type(function).__name__)
    checked_function(name, function)
    latents = np.random.default_rng(z_dim).standard_normal((1, z_dim)).astype(np.float32).clip(-BOUND, BOUND)
    with user_code_errors(name, "draw"), torch.no_grad():
        picture = picture_of(first(function(noise_batch=latents, class_batch=_classes(latents[0, :0], c_dim)[None])))
    height, width = picture.shape[:2]
    return NetworkInfo(name, Path(name), "function", (height, width), z_dim, c_dim, shape={"function": function})


def find_function(name: str, folder: Path, device: str = "cpu") -> Function:
    """The function "module:function", searched in `folder` first; a class is made once, with device= if it takes one.

    NetworkError if the module or the name is not there, or does not take `noise_batch` and `class_batch`.
    """
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute.isidentifier():
        raise NetworkError(f"'{name}' is not MODULE:FUNCTION; type for example: biggan:BigGAN")
    module = _module(module_name, folder)
    if not hasattr(module, attribute):
        names = sorted(word for word, value in vars(module).items() if callable(value) and not word.startswith("_"))
        raise NetworkError(f"{module_name} has no '{attribute}'; there are: {', '.join(names) or 'none'}")
    function = getattr(module, attribute)
    if isinstance(function, type):
        with user_code_errors(name, "begin"), importable(folder):
            function = function(device=device) if "device" in inspect.signature(function).parameters else function()
    return checked_function(name, function)


def checked_function(name: str, function: object) -> Function:
    """The function; NetworkError if it cannot be called, or does not take ARGUMENTS."""
    if not callable(function):
        raise NetworkError(f"{name} cannot be called; give a function, or a class with __call__")
    try:
        parameters = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        parameters = []
    if not set(ARGUMENTS) <= set(parameters):
        raise NetworkError(
            f"{name} must have parameters called noise_batch and class_batch, it has ({', '.join(parameters)}); "
            "write for example: def draw(noise_batch, class_batch)"
        )
    return cast("Function", function)


def first(pictures: Any) -> Any:
    """The first of a batch: of a list, an iterator, or an array (n, ...); a single picture is returned as it is."""
    if hasattr(pictures, "convert") or getattr(pictures, "ndim", 4) in (2, 3):
        return pictures
    if hasattr(pictures, "ndim"):
        return pictures[0]
    if not isinstance(pictures, Iterable):
        raise TypeError(f"it returned {type(pictures).__name__}, not pictures")
    for picture in pictures:
        return picture
    raise ValueError("it returned no picture")


def picture_of(picture: Any) -> Tensor:
    """A picture as (height, width, colours), from 1, 3 or 4 colours first or last; if ambiguous, torch has them first.

    PIL images are taken as RGB. Raises TypeError or ValueError for what is no picture.
    """
    if hasattr(picture, "convert"):
        picture = np.array(picture.convert("RGB"))
    is_torch = isinstance(picture, Tensor)
    tensor = picture.detach() if is_torch else torch.from_numpy(np.array(picture))
    if tensor.ndim == 2:
        tensor = tensor[:, :, None]
    if tensor.ndim != 3 or not tensor.numel() or tensor.dtype == torch.bool or tensor.is_complex():
        raise ValueError(f"a picture of {tensor.dtype} {tuple(tensor.shape)}")
    colours_first, colours_last = tensor.shape[0] in COLOURS, tensor.shape[2] in COLOURS
    if not (colours_first or colours_last):
        raise ValueError(f"a picture of shape {tuple(tensor.shape)}: colours must be first or last")
    if colours_first and (is_torch or not colours_last):
        tensor = tensor.permute(1, 2, 0)
    return tensor if tensor.is_floating_point() else tensor.clamp(0, 255).to(torch.uint8)


def span_of(pictures: Sequence[Tensor]) -> tuple[float, float]:
    """The likely values of black and white in pictures of floats: (0, 255), (-1, 1), or (0, 1)."""
    if min(float(picture.min()) for picture in pictures) < -0.01:
        return (-1.0, 1.0)
    return (0.0, 255.0) if max(float(picture.max()) for picture in pictures) > 2.0 else (0.0, 1.0)


def directions(z_dim: int) -> NDArray[np.float32]:
    """Eight seeded orthogonal directions in z, (8 or z_dim, z_dim); 3 times one is as long as a latent."""
    rng = np.random.default_rng([z_dim, DIRECTION_COUNT])
    axes = np.linalg.qr(rng.standard_normal((z_dim, min(DIRECTION_COUNT, z_dim))))[0].T
    return np.asarray(axes * (np.sqrt(z_dim) / 3), np.float32)


def _classes(classes: Vector, c_dim: int) -> Vector:
    """The class vector; an empty one, or one of zeros, becomes an equal share of each class."""
    if not c_dim or (len(classes) == c_dim and classes.any()):
        return np.asarray(classes[:c_dim], np.float32)
    return np.full(c_dim, 1 / c_dim, np.float32)


def _text(info: NetworkInfo, key: str) -> str:
    text = info.shape.get(key)
    if not isinstance(text, str) or not text:
        raise NetworkError(f"'shape' must name a '{key}'; add it again with livegan networks add", info.path)
    return text


def _span(shape: Mapping[str, Any]) -> tuple[float, float] | None:
    """The range of its floats, where the description gives it."""
    span = shape.get("span")
    if not (isinstance(span, list) and len(span) == 2 and all(isinstance(end, int | float) for end in span)):
        return None
    return (float(span[0]), float(span[1])) if span[0] < span[1] else None


def _megabytes(function: Function) -> float:
    """The memory of its torch modules [2**20 bytes], as far as visible; its attribute `megabytes` if it has one."""
    stated = getattr(function, "megabytes", None)
    if isinstance(stated, int | float):
        return float(stated)
    parts = [function, *vars(function).values()] if hasattr(function, "__dict__") else [function]
    tensors = [tensor for part in parts if isinstance(part, torch.nn.Module) for tensor in part.state_dict().values()]
    return float(sum(tensor.numel() * tensor.element_size() for tensor in tensors)) / 2**20
