"""Reader of FastGAN: its own checkpoints ({g, d}, and {g, g_ema ...} of a training), and Projected GAN's pickles of it.

Spectral norm and batch norm are folded into the weights. A convolution is followed by noise, then by the norm: the
norm's gain acts on weights and noise alike. In the form with classes the norm also has a gain of the class: that stays.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.architectures.fastgan_shape import FastGANShape, tensor_shapes
from livegan.networks.importers.imported import ImportedNetwork, check_metadata, check_shapes, check_size
from livegan.networks.importers.modules import Module, kind_of, modules_of, tensors_of
from livegan.networks.importers.storages import Array, array_of, is_array, shape_of

MAX_TENSORS = 2000
EPSILON = 1e-5  # of batch norm
NOT_AVERAGED = ("weight_u", "weight_v", "running_mean", "running_var", "num_batches_tracked")
"""Ends of the names of buffers: `g_ema` of a checkpoint lists parameters alone."""
_FIRST = "init.init.0.weight_orig"
_MODULE = "module."  # before every name, after training on several GPUs
_COUNTER = ".num_batches_tracked"
_UNUSED = ("feat_256.", "se_256.")  # by a network of 128 px, which has them all the same
Nodes = Mapping[str, Any]
Double = NDArray[np.float64]


def is_one(value: Any) -> bool:
    """Whether a file holds what this reads."""
    return _FIRST in _state(value) or _projected(value) is not None


def _projected(value: Any) -> Any:
    """The generator of a pickle of Projected GAN's, or None."""
    network = value.get("G_ema") if isinstance(value, dict) else value
    return network if kind_of(network).endswith("networks_fastgan.Generator") else None


def _state(value: Any) -> dict[str, Any]:
    """The state dict of the generator, without the prefix of several GPUs; {} if there is none."""
    state = value.get("g", value) if isinstance(value, dict) else None
    if not isinstance(state, dict) or not 0 < len(state) <= MAX_TENSORS:
        return {}
    if not all(isinstance(name, str) for name in state):
        return {}
    prefix = _MODULE if all(name.startswith(_MODULE) for name in state) else ""
    return {name.removeprefix(prefix): node for name, node in state.items()}


def read(value: Any) -> ImportedNetwork:
    """The averaged network of a file."""
    generator = _projected(value)
    with np.errstate(all="ignore"):  # what is not finite is refused later
        return _read_own(value) if generator is None else _read_projected(modules_of(generator))


def _read_own(value: Any) -> ImportedNetwork:
    """The averaged network of a checkpoint of FastGAN's own."""
    state = _state(value)
    if "g_ema" in value:
        state = _averaged(state, value["g_ema"])
    for name, node in state.items():
        if not is_array(node):
            raise NetworkError(f"has something else where the tensor '{printable(name, 100)}' should be")
    nodes = {name: node for name, node in state.items() if not name.startswith("to_128.")}  # a second, small picture
    side = max((side for side in (256, 512, 1024) if f"feat_{side}.1.weight_orig" in nodes), default=0)
    if not side:
        raise NetworkError("is no whole FastGAN: it has no 'feat_256.1.weight_orig'")
    return _Reader(nodes, side).network("a checkpoint of FastGAN", normalised=False, tanh=side == 1024)


def _averaged(state: dict[str, Any], average: Any) -> dict[str, Any]:
    """The state dict with the parameters of `average`, which lists them in its order; or that it is by itself."""
    if isinstance(average, dict) and _FIRST in _state(average):
        return _state(average)
    names = [name for name in state if not name.endswith(NOT_AVERAGED)]
    if not isinstance(average, list) or len(average) != len(names) or not all(map(is_array, average)):
        raise NetworkError(f"has a 'g_ema' that is no list of the {len(names)} tensors of 'g'")
    for name, node in zip(names, average, strict=True):
        if not is_array(state[name]) or shape_of(node) != shape_of(state[name]):
            raise NetworkError(
                f"has a 'g_ema' whose order is not that of 'g', by the shape of '{printable(name, 100)}'"
            )
    return state | dict(zip(names, average, strict=True))


def _read_projected(modules: Mapping[str, Module]) -> ImportedNetwork:
    """The network of a generator of Projected GAN's. One of 128 px also holds the level of 256 px."""
    for module in modules.values():
        if module.kind.endswith("BatchNorm2d") and module.attributes.get("eps", EPSILON) != EPSILON:
            raise NetworkError(f"has a batch norm '{printable(module.name, 100)}' whose 'eps' is not {EPSILON}")
    attributes = modules[""].attributes
    nodes = {name.removeprefix("synthesis."): node for name, node in tensors_of(modules).items()}
    side = attributes.get("img_resolution")
    if type(side) is not int or side not in (128, 256, 512, 1024):
        raise NetworkError("has an 'img_resolution' that no FastGAN has: it draws 128, 256, 512 or 1024 px")
    kept = {name: node for name, node in nodes.items() if side != 128 or not name.startswith(_UNUSED)}
    network = _Reader(kept, side).network("a Projected GAN pickle of FastGAN", normalised=True, tanh=False)
    values = network.values
    sizes = {"z_dim": values["z_dim"], "img_channels": values["shape"]["colours"]}
    if values["c_dim"]:  # a network without an embedding draws all classes alike, whatever it was trained on
        sizes["c_dim"] = values["c_dim"]
    check_metadata(attributes, sizes)
    return network


class _Reader:
    """Tensors of a FastGAN, taken one by one; each must be taken."""

    def __init__(self, nodes: Nodes, side: int) -> None:
        """`side` of the picture [px]."""
        check_size({name: shape_of(node) for name, node in nodes.items()})
        self.left = {name: node for name, node in nodes.items() if not name.endswith(_COUNTER)}
        self.sides = [4 << level for level in range(side.bit_length() - 2)]
        self.tensors: dict[str, Array] = {}

    def network(self, what: str, *, normalised: bool, tanh: bool) -> ImportedNetwork:
        """The network, checked."""
        conditional = "embed.weight" in self.left
        if conditional:
            self.tensors["embed.weight"] = self.take("embed.weight", 2)
        first, gain, offset = self.spectral("init.init.0", out=1), *self.norm("init.init.1")
        self.put("init", first, gain, offset, out=1)
        channels, convolutions = [len(gain) // 2], []
        for side in self.sides[1:]:
            convolutions.append(self.conditional_block(side) if conditional else self.block(side))
            channels.append(len(self.tensors[f"b{side}.conv0.bias"]) // 2)
            if 64 <= side <= 512:
                for ours, theirs in (("conv0", "1"), ("conv1", "3")):
                    self.tensors[f"b{side}.excitation.{ours}.weight"] = self.spectral(f"se_{side}.main.{theirs}")
        colours = self.spectral("to_big")
        self.tensors["torgb.weight"] = colours
        bias = self.take("to_big.bias", 1) if "to_big.bias" in self.left else np.zeros(len(colours), np.float32)
        self.tensors["torgb.bias"] = bias
        if self.left:
            raise NetworkError(f"has a tensor '{printable(min(self.left), 100)}' that no FastGAN has")
        shape = FastGANShape(
            z_dim=len(first),
            channels=tuple(channels),
            convolutions=tuple(convolutions),
            c_dim=len(self.tensors["embed.weight"]) if conditional else 0,
            normalised=normalised,
            tanh=tanh,
            colours=len(colours),
        )
        if shape.colours not in (1, 3, 4):
            raise NetworkError(f"draws pictures of {shape.colours} channels; livegan plays 1, 3 and 4")
        check_shapes({name: array.shape for name, array in self.tensors.items()}, tensor_shapes(shape))
        table = {"channels": channels, "convolutions": convolutions, "colours": shape.colours}
        values = {"z_dim": shape.z_dim, "c_dim": shape.c_dim, "w_dim": shape.w_dim, "resolution": [self.sides[-1]] * 2}
        values["shape"] = table | {"normalised": normalised, "tanh": tanh}
        return ImportedNetwork(what, {"kind": "fastgan", **values}, self.tensors)

    def block(self, side: int) -> int:
        """A block without classes: the number of its convolutions."""
        name = f"feat_{side}"
        if f"{name}.5.weight_orig" not in self.left:
            self.put(f"b{side}.conv0", self.spectral(f"{name}.1"), *self.norm(f"{name}.2"))
            return 1
        for index, place in ((0, 1), (1, 5)):
            weight, noise = self.spectral(f"{name}.{place}"), self.single(f"{name}.{place + 1}.weight")
            self.put(f"b{side}.conv{index}", weight, *self.norm(f"{name}.{place + 2}"), noise=noise)
        return 2

    def conditional_block(self, side: int) -> int:
        """A block with classes: the number of its convolutions."""
        name = f"feat_{side}"
        double = f"{name}.conv1.weight_orig" in self.left
        noise = self.single(f"{name}.noise.weight") if double else None  # one strength for both
        for index, number in enumerate(("1", "2") if double else ("",)):
            ours, norm = f"b{side}.conv{index}", f"{name}.bn{number}"
            gain = 1 / np.sqrt(self.take(f"{norm}.stored_var", 1).astype(np.float64) + EPSILON)
            offset = -self.take(f"{norm}.stored_mean", 1) * gain
            self.put(ours, self.spectral(f"{name}.conv{number}"), gain, offset, noise=noise)
            for part, theirs, more in (("gain", "gain", 1), ("shift", "bias", 0)):
                self.tensors[f"{ours}.{part}.weight"] = self.spectral(f"{norm}.{theirs}")
                self.tensors[f"{ours}.{part}.bias"] = self.take(f"{norm}.{theirs}.bias", 1) + np.float32(more)
        return 2 if double else 1

    def put(
        self, name: str, weight: Array, gain: Double, offset: Double, *, noise: float | None = None, out: int = 0
    ) -> None:
        """Keep a convolution with the norm that follows it: times `gain`, plus `offset`, both (outputs,)."""
        if weight.ndim != 4 or not weight.shape[out] == len(gain) == len(offset):
            raise NetworkError(f"has tensors that do not belong together, where '{name}' is made of them")
        axes = [-1 if axis == out else 1 for axis in range(4)]
        self.tensors[f"{name}.weight"] = (weight * gain.reshape(axes)).astype(np.float32)
        self.tensors[f"{name}.bias"] = offset.astype(np.float32)
        if noise is not None:
            self.tensors[f"{name}.noise_strength"] = (noise * gain).astype(np.float32)

    def norm(self, name: str) -> tuple[Double, Double]:
        """Gain and offset of a batch norm with stored statistics, (channels,) each, float64."""
        mean, variance, weight, bias = (
            self.take(f"{name}.{part}", 1).astype(np.float64)
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        if not len(mean) == len(variance) == len(weight) == len(bias):
            raise NetworkError(f"has a batch norm '{name}' of several sizes")
        gain = weight / np.sqrt(variance + EPSILON)
        return gain, bias - mean * gain

    def spectral(self, name: str, out: int = 0) -> Array:
        """A weight with spectral norm, divided by u A v as stored (1802.05957); outputs lie along the axis `out`."""
        weight, u, v = (self.take(f"{name}.{part}") for part in ("weight_orig", "weight_u", "weight_v"))
        if weight.ndim <= out or u.shape != weight.shape[out : out + 1] or v.shape != (weight.size // max(u.size, 1),):
            raise NetworkError(f"has a spectral norm '{name}' whose vectors do not fit its weight")
        matrix = np.moveaxis(weight, out, 0).reshape(len(u), -1).astype(np.float64)
        norm = float(u.astype(np.float64) @ matrix @ v.astype(np.float64))
        if not np.isfinite(norm) or norm == 0:
            raise NetworkError(f"has a spectral norm '{name}' that is no number other than 0")
        return np.asarray(weight / norm, np.float32)

    def single(self, name: str) -> float:
        """A tensor of one number."""
        array = self.take(name)
        if array.size != 1:
            raise NetworkError(f"has a tensor '{name}' of {array.size} numbers, where one is needed")
        return float(array.reshape(()))

    def take(self, name: str, axes: int | None = None) -> Array:
        """The numbers of a tensor of so many axes, which is then no longer left."""
        if name not in self.left:
            raise NetworkError(f"is no whole FastGAN: it has no '{name}'")
        array = array_of(self.left.pop(name))
        if axes is not None and array.ndim != axes:
            raise NetworkError(f"has a tensor '{name}' of {array.ndim} axes, where {axes} are needed")
        return array
