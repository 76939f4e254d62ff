"""Files as other programs write them, of random numbers: the layouts of NVIDIA, rosinality and lucidrains.

None of their code is here: pickles name classes by module and name, so empty classes of those names are enough.
"""

import argparse
import io
import pickle
import sys
import types
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

from livegan.networks.importers import read, stylegan2_layout
from livegan.networks.importers.imported import ImportedNetwork
from livegan.networks.importers.sniff import sniff_file

Arrays = dict[str, np.ndarray]
BUFFERS = ("noise_const", "w_avg", "freqs", "phases", "transform", "magnitude_ema", "up_filter", "down_filter")
SG2: dict[str, Any] = {
    "z_dim": 8,
    "c_dim": 3,
    "w_dim": 6,
    "resolution": [16, 16],
    "shape": {"channels": [8, 6, 4], "mapping_layers": 2, "conv_clamp": 3.0, "architecture": "skip", "colours": 3}
    | {"const": [4, 4], "filter": [1, 3, 3, 1]},
}


def read_network(path: Path) -> ImportedNetwork:
    """Read a file as the worker does, outside its sandbox."""
    return read.read_network(path, sniff_file(path))


class Kept:
    """An object as `torch_utils.persistence` pickles it: its class as text, and its attributes."""

    def __init__(self, class_name: str, **state: Any) -> None:
        self.class_name, self.state = class_name, state

    def __reduce__(self) -> tuple[Any, ...]:
        meta = {"type": "class", "version": 6, "module_src": "raise SystemExit('source was run')\n" * 3}
        kept = sys.modules["torch_utils.persistence"]._reconstruct_persistent_obj  # type: ignore[attr-defined]
        return kept, (meta | {"class_name": self.class_name, "state": self.state},)


class EasyDict(dict[str, Any]):
    """dnnlib's dictionary."""


class Network:
    """dnnlib's network of TensorFlow days."""

    def __init__(self, **state: Any) -> None:
        self.state = state

    def __getstate__(self) -> dict[str, Any]:
        return self.state


def _reconstruct_persistent_obj(meta: Any) -> None:
    raise AssertionError("someone ran a pickle")


@contextmanager
def foreign_modules() -> Iterator[None]:
    """The names that pickles mention, importable in this block."""
    homes = {
        "torch_utils.persistence": {"_reconstruct_persistent_obj": _reconstruct_persistent_obj},
        "dnnlib.util": {"EasyDict": EasyDict},
        "dnnlib.tflib.network": {"Network": Network},
    }
    made: list[str] = []
    for home, members in homes.items():
        parts = home.split(".")
        for end in range(1, len(parts) + 1):
            name = ".".join(parts[:end])
            if name not in sys.modules:
                sys.modules[name] = types.ModuleType(name)
                made.append(name)
        for name, member in members.items():
            setattr(sys.modules[home], name, member)
            member.__module__, member.__qualname__ = home, name  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for name in made:
            del sys.modules[name]


def stylegan2(values: Mapping[str, Any] = SG2, seed: int = 0) -> Arrays:
    """Random tensors of a StyleGAN2, in the public torch layout."""
    rng = np.random.default_rng(seed)
    tensors = {}
    for name, shape in stylegan2_layout.expected_shapes(values).items():
        array = rng.standard_normal(shape, np.float32)
        if "mapping.fc" in name:
            array *= 100
        elif name.endswith("affine.bias"):
            array += 1
        elif name.endswith(("bias", "noise_strength", "w_avg")):
            array *= np.float32(0.3)
        tensors[name] = np.asarray(array, np.float32)
    return tensors


def nvidia(
    tensors: Arrays,
    values: Mapping[str, Any],
    protocol: int = 4,
    attributes: Mapping[str, Mapping[str, Any]] | None = None,
    half: bool = False,
) -> bytes:
    """A pickle of NVIDIA's torch programs: G_ema is the network, G and D hold other numbers.

    `attributes` are put into modules of G_ema by name, "" is the generator itself.
    """
    others = {name: array + 1 for name, array in tensors.items()}
    whole = {
        "training_set_kwargs": EasyDict(path="x"),
        "G": _generator(others, values, {}, half),
        "D": _generator(others, values, {}, half),
        "G_ema": _generator(tensors, values, attributes or {}, half),
        "augment_pipe": None,
    }
    with foreign_modules():
        return pickle.dumps(whole, protocol)


def _generator(
    tensors: Arrays, values: Mapping[str, Any], attributes: Mapping[str, Mapping[str, Any]], half: bool
) -> Kept:
    shape = values["shape"]
    tree: dict[str, Any] = {"": {}}

    def module(name: str) -> None:
        if name not in tree:
            tree[name] = {}
            module(name.rpartition(".")[0])

    for name in tensors:
        module(name.rpartition(".")[0])
    for name, state in tree.items():
        state |= {"training": False, "_parameters": {}, "_buffers": {}, "_non_persistent_buffers_set": set()}
        state |= {"_backward_hooks": OrderedDict(), "_modules": {}}
        leaf = name.rpartition(".")[2]
        if leaf in ("conv0", "conv1", "torgb"):
            state |= {"conv_clamp": shape["conv_clamp"], "act_gain": np.float64(2**0.5)}
        if leaf in ("conv0", "conv1"):
            state |= {"activation": "lrelu"}
            state["_buffers"]["resample_filter"] = torch.outer(*[torch.tensor([1.0, 3, 3, 1]) / 8] * 2)
        if leaf == "affine" or leaf == "embed" or leaf.startswith("fc"):
            dense = leaf.startswith("fc")
            state |= {"activation": "lrelu" if dense else "linear", "bias_gain": 0.01 if dense else 1}
    for name, array in tensors.items():
        home, _, leaf = name.rpartition(".")
        tensor = torch.from_numpy(np.array(array))
        tensor = tensor.half() if half else tensor
        if leaf in BUFFERS:
            tree[home]["_buffers"][leaf] = tensor
        else:
            tree[home]["_parameters"][leaf] = torch.nn.Parameter(tensor, requires_grad=False)
    sizes = {name: values[name] for name in ("z_dim", "c_dim", "w_dim")} | {"img_resolution": values["resolution"][0]}
    clamp = {"conv_clamp": shape["conv_clamp"]}
    tree[""] |= sizes | {"_init_args": (), "_init_kwargs": EasyDict(**sizes, synthesis_kwargs=EasyDict(clamp))}
    if "sizes" in shape:
        from tests.foreign_stylegan3 import attributes_of

        tree["synthesis"] |= {"margin_size": 10, "output_scale": 0.25, "_init_kwargs": {"num_layers": 8}}
        for name, said in attributes_of(values).items():
            tree[name] |= said
    for name, extra in attributes.items():
        tree[name] |= extra
    kept = {name: Kept("Generator", **state) for name, state in tree.items()}
    for name in kept:
        if name:
            home, _, leaf = name.rpartition(".")
            tree[home]["_modules"][leaf] = kept[name]
    return kept[""]


Variables = dict[str, list[tuple[str, Any]]]  # of a network ("") and its components


def tensorflow(
    tensors: Arrays,
    values: Mapping[str, Any],
    version: int = 4,
    change: Callable[[Variables], None] | None = None,
    **said: Any,
) -> bytes:
    """The tuple (G, D, Gs) of TensorFlow pickles; `change` may alter their variables, `said` the settings."""
    parts: Variables = {"": [], "mapping": [], "synthesis": [("lod", np.float32(0))]}
    names = {"conv0": "Conv0_up", "conv1": "Conv1", "torgb": "ToRGB", "skip": "Skip"}
    for name, array in tensors.items():
        home, _, rest = name.partition(".")
        if name == "mapping.w_avg":
            parts[""].append(("dlatent_avg", array))
        elif home == "mapping":
            layer, _, leaf = rest.partition(".")
            theirs = "LabelEmbed" if layer == "embed" else f"Dense{layer[2:]}"
            parts["mapping"].append((f"{theirs}/{leaf}", array.T))
        else:
            block, layer, *leaf = rest.split(".")
            side = int(block[1:])
            if layer == "const":
                parts["synthesis"].append(("4x4/Const/const", array[None]))
                continue
            place = f"{side}x{side}/{'Conv' if side == 4 and layer == 'conv1' else names[layer]}"
            what = "_".join(leaf)
            if what == "noise_const":
                level = side.bit_length() - 3
                index = 0 if level == 0 else 2 * level - (layer == "conv0")
                parts["synthesis"].append((f"noise{index}", array[None, None]))
            elif what == "weight":
                turned = array[:, :, ::-1, ::-1] if layer in ("conv0", "skip") else array
                parts["synthesis"].append((f"{place}/weight", np.ascontiguousarray(turned.transpose(2, 3, 1, 0))))
            elif what == "affine_weight":
                parts["synthesis"].append((f"{place}/mod_weight", array.T))
            elif what == "affine_bias":
                parts["synthesis"].append((f"{place}/mod_bias", array - 1))
            else:
                parts["synthesis"].append((f"{place}/{what}", array))
    if change is not None:
        change(parts)
    kwargs = EasyDict(
        latent_size=values["z_dim"],
        label_size=values["c_dim"],
        dlatent_size=values["w_dim"],
        resolution=values["resolution"][0],
        mapping_lrmul=0.01,
        conv_clamp=values["shape"]["conv_clamp"],
    )
    kwargs.update(said)

    def network(name: str, **components: Any) -> Network:
        return Network(
            version=version,
            name=name,
            static_kwargs=kwargs,
            components=EasyDict(components),
            build_module_src="raise SystemExit('source was run')",
            variables=parts[name if name in parts else ""],
        )

    whole = tuple(
        network(name, mapping=network("mapping"), synthesis=network("synthesis")) for name in ("G", "D", "Gs")
    )
    with foreign_modules():
        return pickle.dumps(whole, 4)


def saved(value: Any, legacy: bool = False) -> bytes:
    """What torch.save writes."""
    file = io.BytesIO()
    torch.save(value, file, _use_new_zipfile_serialization=not legacy)
    return file.getvalue()


def rosinality(tensors: Arrays, average: bool = True, noise: bool = True, legacy: bool = False) -> bytes:
    """A checkpoint of rosinality's: converted (with the average w), or of a training."""
    state: dict[str, torch.Tensor] = {}
    parts = {"weight": "conv.weight", "affine.weight": "conv.modulation.weight", "affine.bias": "conv.modulation.bias"}
    parts |= {"noise_strength": "noise.weight", "bias": "activate.bias"}
    kernel = torch.outer(*[torch.tensor([1.0, 3, 3, 1]) / 8] * 2) * 4
    for name, array in tensors.items():
        tensor = torch.from_numpy(np.array(array))
        home, _, rest = name.partition(".")
        if home == "mapping":
            layer, _, leaf = rest.partition(".")
            if layer != "w_avg":
                state[f"style.{int(layer[2:]) + 1}.{leaf}"] = tensor
            continue
        block, layer, *leaf = rest.split(".")
        what, level = ".".join(leaf), int(block[1:]).bit_length() - 3
        if layer == "const":
            state["input.input"] = tensor[None]
        elif layer == "torgb":
            place = "to_rgb1" if level == 0 else f"to_rgbs.{level - 1}"
            state[f"{place}.{'bias' if what == 'bias' else parts[what]}"] = (
                tensor.reshape(1, -1, 1, 1) if what == "bias" else tensor[None] if what == "weight" else tensor
            )
            if level:
                state[f"{place}.upsample.kernel"] = kernel
        else:
            number = 2 * (level - 1) + (layer == "conv1")
            place = "conv1" if level == 0 else f"convs.{number}"
            if what == "noise_const":
                if noise:
                    state[f"noises.noise_{number + 1 if level else 0}"] = tensor[None, None]
            else:
                state[f"{place}.{parts[what]}"] = (
                    tensor[None] if what == "weight" else tensor.reshape(1) if what == "noise_strength" else tensor
                )
            if layer == "conv0":
                state[f"{place}.conv.blur.kernel"] = kernel
    whole: dict[str, Any] = {"g_ema": OrderedDict(state)}
    if average:
        whole["latent_avg"] = torch.from_numpy(tensors["mapping.w_avg"])
    else:
        whole |= {"args": argparse.Namespace(size=16, lr=0.002, path="x"), "ada_aug_p": 0.5, "g_optim": {"state": {}}}
    return saved(whole, legacy)


def lucidrains(legacy: bool = False, seed: int = 0, side: int = 16, capacity: int = 2, z_dim: int = 8) -> bytes:
    """A checkpoint of lucidrains' lightweight StyleGAN2: EMA tensors, and others that must not be used."""
    rng = np.random.default_rng(seed)
    levels = side.bit_length() - 2
    filters = [capacity * 2 ** (i + 1) for i in range(levels)][::-1]
    filters = [filters[0], *filters]
    state: dict[str, torch.Tensor] = {}

    def put(name: str, *shape: int, gain: float = 1.0) -> None:
        for prefix in ("", "E"):
            kind, _, rest = name.partition(".")
            array = rng.standard_normal(shape, np.float32) * np.float32(gain)
            state[f"{kind}{prefix}.{rest}"] = torch.from_numpy(array)

    for layer in range(4):
        put(f"S.net.{2 * layer}.weight", z_dim, z_dim, gain=10)
        put(f"S.net.{2 * layer}.bias", z_dim)
    put("G.initial_block", 1, filters[0], 4, 4)
    put("G.initial_conv.weight", filters[0], filters[0], 3, 3, gain=0.1)
    put("G.initial_conv.bias", filters[0], gain=0.1)
    for index, (inputs, outputs) in enumerate(pairwise(filters)):
        block = f"G.blocks.{index}"
        for number, width in ((1, inputs), (2, outputs)):
            put(f"{block}.to_style{number}.weight", width, z_dim, gain=0.3)
            put(f"{block}.to_style{number}.bias", width, gain=0.1)
            put(f"{block}.to_noise{number}.weight", outputs, 1, gain=0.3)
            put(f"{block}.to_noise{number}.bias", outputs, gain=0.1)
            put(f"{block}.conv{number}.weight", outputs, width, 3, 3)
        put(f"{block}.to_rgb.to_style.weight", outputs, z_dim, gain=0.1)
        put(f"{block}.to_rgb.to_style.bias", outputs, gain=0.1)
        put(f"{block}.to_rgb.conv.weight", 3, outputs, 1, 1, gain=0.2)
        if index < levels - 1:
            for kind in ("G", "GE"):
                state[f"{kind}.blocks.{index}.to_rgb.upsample.1.f"] = torch.tensor([1.0, 2.0, 1.0])
    state["D.x.weight"] = torch.zeros(3)
    return saved({"GAN": OrderedDict(state), "version": "1.8.9"}, legacy)


def written(folder: Path, name: str, data: bytes) -> Path:
    """`data` in a file."""
    path = folder / name
    path.write_bytes(data)
    return path


SG3: dict[str, Any] = {
    "z_dim": 8,
    "c_dim": 2,
    "w_dim": 6,
    "resolution": [16, 16],
    "shape": {
        "sizes": [28, 28, 36, 36, 16, 16],
        "rates": [8, 8, 16, 16, 16, 16],
        "channels": [6, 5, 5, 4, 4, 3],
        "kernels": [3, 3, 3, 3, 3, 1],
        "up_taps": [12, 12, 24, 12, 12, 1],
        "down_taps": [12, 12, 12, 12, 12, 1],
        "radial": [False, False, False, False, False, False],
        "input_channels": 6,
        "mapping_layers": 2,
        "conv_clamp": 256.0,
    },
}


def stylegan3(values: Mapping[str, Any] = SG3, seed: int = 0) -> Arrays:
    """Random tensors of a StyleGAN3, in the public torch layout; its low-passes are smooth bumps."""
    from livegan.networks.architectures.stylegan3 import StyleGAN3, StyleGAN3Shape
    from livegan.networks.info import NetworkInfo

    info = NetworkInfo("x", Path("x.json"), "stylegan3", **{**values, "resolution": tuple(values["resolution"])})
    with torch.device("meta"):
        shapes = {name: tuple(tensor.shape) for name, tensor in StyleGAN3(StyleGAN3Shape.of(info)).state_dict().items()}
    rng = np.random.default_rng(seed)
    tensors = {}
    for name, shape in shapes.items():
        array = rng.standard_normal(shape, np.float32)
        if name.endswith("_filter"):
            line = np.hanning(shape[0] + 2)[1:-1].astype(np.float32)
            array = line / line.sum() if len(shape) == 1 else np.outer(line, line) / line.sum() ** 2
        elif name.endswith("transform"):
            array = np.eye(3, dtype=np.float32)
        elif name.endswith("magnitude_ema"):
            array = np.asarray(1 + rng.random(), np.float32)
        elif "mapping.fc" in name:
            array *= 100
        elif name.endswith("affine.bias"):
            array += 1
        elif name.endswith("w_avg"):
            array *= np.float32(0.3)
        tensors[name] = np.asarray(array, np.float32)
    return tensors


def resnet() -> dict[str, Any]:
    """A grey StyleGAN2 of the residual architecture, without classes."""
    shape = {**SG2["shape"], "architecture": "resnet", "colours": 1, "conv_clamp": None}
    return {**SG2, "c_dim": 0, "shape": shape}


def everyone() -> dict[str, bytes]:
    """A file of each kind, by a name for it."""
    plain = {**SG2, "c_dim": 0}
    return {
        "stylegan2-ada.pkl": nvidia(stylegan2(), SG2),
        "stylegan2-ada-protocol-3.pkl": nvidia(stylegan2(resnet()), resnet(), protocol=3),
        "stylegan3.pkl": nvidia(stylegan3(), SG3),
        "tensorflow.pkl": tensorflow(stylegan2(), SG2),
        "rosinality.pt": rosinality(stylegan2(plain)),
        "rosinality-training.pt": rosinality(stylegan2(plain), average=False, legacy=True),
        "lucidrains.pt": lucidrains(),
    }
