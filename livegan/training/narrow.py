"""Narrowing of a StyleGAN2: the shape of a lighter network, and its initial weights from the channels that matter most.

The mapping network is kept as it is, so z and w of the two are the same. The channels that are kept are those whose
removal changes the next layers least, by the power they bring there: Molchanov et al. 2017 (arXiv 1611.06440) and
Liu et al. 2021, "Content-Aware GAN Compression" (2104.02244), without their gradients.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from livegan.errors import TrainingError
from livegan.networks.architectures.stylegan2 import Convolution, StyleGAN2, ToRGB
from livegan.networks.architectures.stylegan2_shape import TAPS, StyleGAN2Shape
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.training.generator import init_generator

LIGHT_SHARE = 0.355  # of the teacher's operations
HALVED_FROM = 256  # teachers of so many lines get siblings of half as many: at equal cost they have more channels
KEPT_LINES = 8  # levels up to this height keep their channels: they cost next to nothing
CHANNEL_STEP = 8  # channels are multiples of it, as vector units like them
SAMPLES = 48  # pictures whose activations are looked at


def operations(shape: StyleGAN2Shape) -> float:
    """Multiplications and additions of the synthesis network for one picture (a product with its sum counts as 2)."""
    total = 0
    for level, (channels, (height, width)) in enumerate(zip(shape.channels, shape.resolutions, strict=True)):
        pixels = height * width
        total += 9 * channels**2 * pixels
        if level:
            before = shape.channels[level - 1]
            total += 9 * before * channels * pixels // 4 + len(shape.taps) ** 2 * channels * pixels
            total += len(shape.taps) ** 2 * shape.colours * pixels // 4
            if shape.architecture == "resnet":
                total += before * channels * pixels // 4 + len(shape.taps) ** 2 * channels * pixels // 4
        if shape.architecture == "skip" or level == shape.levels - 1:
            total += shape.colours * channels * pixels
    return 2.0 * total


def light_shape(
    shape: StyleGAN2Shape, lines: int | None = None, channels: Sequence[int] | None = None, share: float = LIGHT_SHARE
) -> StyleGAN2Shape:
    """The shape of a light sibling of a network of `shape`: the skip architecture with fewer channels.

    `lines` is the height of its pictures [px], None: half of the teacher's from HALVED_FROM on, else all of it.
    `channels` are those of each level from the constant up; None: as many as `share` of the teacher's operations allow.
    TrainingError if they do not fit.
    """
    heights = [height for height, _ in shape.resolutions]
    if lines is not None and lines not in heights[1:]:
        known = ", ".join(map(str, heights[1:]))
        raise TrainingError(f"--lines {lines} is no height that this network draws on its way; there are: {known}")
    if lines is not None:
        levels = heights.index(lines) + 1
    else:
        levels = len(channels) if channels else shape.levels - (heights[-1] >= HALVED_FROM)
    base = replace(
        shape, channels=shape.channels[:levels], architecture="skip", taps=TAPS, torgb_taps=None, noise=False
    )
    if channels is not None:
        if len(channels) != levels or not 2 <= levels <= shape.levels or min(channels) < 1:
            usual = ",".join(map(str, light_shape(shape, lines, share=share).channels))
            raise TrainingError(
                f"--channels {','.join(map(str, channels))} must be numbers above 0, one for each height from "
                f"{heights[0]} px up to the picture's, at most {shape.levels}; type for example: --channels {usual}"
            )
        return replace(base, channels=tuple(channels))
    budget, step = share * operations(shape), CHANNEL_STEP
    full = base.channels
    narrowed = [
        count if height <= KEPT_LINES else min(count, step) for count, height in zip(full, heights, strict=False)
    ]
    while True:  # always the level that has lost most gets more, if that is affordable
        for level in sorted(range(levels), key=lambda level: narrowed[level] / full[level]):
            more = min(full[level], narrowed[level] + step)
            wider = replace(base, channels=(*narrowed[:level], more, *narrowed[level + 1 :]))
            if more > narrowed[level] and operations(wider) <= budget:
                narrowed[level] = more
                break
        else:
            return replace(base, channels=tuple(narrowed))


def narrow(teacher: StyleGAN2, shape: StyleGAN2Shape, ws: Tensor) -> StyleGAN2:
    """A network of `shape` that begins near `teacher`: its mapping network, and its channels that matter most.

    `ws` (n, num_ws, w_dim) of the teacher are the pictures on which that is judged. More channels than the teacher has
    begin with random weights that nothing reads yet.
    """
    student = init_generator(shape, seed=0)
    mapping = teacher.mapping.state_dict()
    if "w_avg_rows" in mapping:
        mapping["w_avg_rows"] = mapping["w_avg_rows"][: student.num_ws]
    student.mapping.load_state_dict(mapping)
    kept = _kept_channels(teacher, shape, ws)  # of each convolution's outputs
    inputs: Tensor | None = None
    with torch.no_grad():
        for level in range(shape.levels):
            old, new = teacher.synthesis.block(level), student.synthesis.block(level)
            if level == 0:
                inputs = kept[-1]  # of the constant
                new.const.zero_()
                new.const[: len(inputs)] = old.const[inputs]
            for source, target in zip(old.layers, new.layers, strict=True):
                assert inputs is not None
                _copy_convolution(source, target, inputs, kept[source.index])
                inputs = kept[source.index]
            assert inputs is not None
            assert new.torgb is not None
            new.torgb.weight.zero_()
            if old.torgb is not None:
                _copy_colours(old.torgb, new.torgb, inputs)
    return student


def _copy_convolution(source: Convolution, target: Convolution, inputs: Tensor, outputs: Tensor) -> None:
    few, many = len(outputs), len(inputs)
    target.weight[:few, many:] = 0  # from channels that the teacher does not have
    target.weight[:few, :many] = source.weight[outputs][:, inputs]
    target.bias[:few] = source.bias[outputs]
    _copy_styles(source.affine, target.affine, inputs)


def _copy_colours(source: ToRGB, target: ToRGB, inputs: Tensor) -> None:
    gain = (target.weight.shape[1] / source.weight.shape[1]) ** 0.5  # styles are divided by the root of the channels
    target.weight[:, : len(inputs)] = source.weight[:, inputs] * gain
    target.bias.copy_(source.bias)
    _copy_styles(source.affine, target.affine, inputs)


def _copy_styles(source: nn.Module, target: nn.Module, inputs: Tensor) -> None:
    target.weight[: len(inputs)] = source.weight[inputs]  # type: ignore[index, operator]
    target.bias[: len(inputs)] = source.bias[inputs]  # type: ignore[index, operator]


def _kept_channels(teacher: StyleGAN2, shape: StyleGAN2Shape, ws: Tensor) -> dict[int, Tensor]:
    """For each convolution of the new network, by index, the teacher's output channels that it keeps; -1: constant."""
    layers = teacher.synthesis.layers()
    powers = _powers(teacher, layers, ws)  # of each convolution's inputs: (n, inputs)
    kept = {}
    for level, count in enumerate(shape.channels):
        block = teacher.synthesis.block(level)
        for index in [-1, 0] if level == 0 else [layer.index for layer in block.layers]:
            use = torch.zeros(teacher.shape.channels[level])
            if index + 1 < len(layers):
                use += _use(layers[index + 1], ws[:, index + 1], powers[index + 1])
            if block.torgb is not None and index == block.layers[-1].index:
                use += _use(block.torgb, ws[:, 2 * level + 1], powers[index + 1])
            kept[index] = use.argsort(descending=True, stable=True)[:count].sort().values
    return kept


def _use(layer: Convolution | ToRGB, w: Tensor, power: Tensor) -> Tensor:
    """The share of each input channel in the power of a layer's outputs, (inputs,), summing to 1."""
    style = layer.affine(w).square()  # (n, inputs)
    weight = layer.weight.square().sum(dim=(2, 3))  # (outputs, inputs)
    demodulate = (
        (style @ weight.t() + 1e-8).reciprocal() if isinstance(layer, Convolution) else style.new_ones(len(weight))
    )
    use = (style * (demodulate @ weight) * power).mean(dim=0)
    share: Tensor = use / use.sum().clamp_min(1e-12)
    return share


@torch.no_grad()
def _powers(teacher: StyleGAN2, layers: Sequence[Convolution], ws: Tensor) -> list[Tensor]:
    """Mean square of each convolution's input channels, and at the end of the last one's outputs: (n, channels)."""
    found: list[list[Tensor]] = [[] for _ in range(len(layers) + 1)]

    def keep_input(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert isinstance(module, Convolution)
        found[module.index].append(inputs[0].square().mean(dim=(2, 3)))

    def keep_output(_module: nn.Module, _inputs: object, x: Tensor) -> None:
        found[-1].append(x.square().mean(dim=(2, 3)))

    hooks = [layer.register_forward_pre_hook(keep_input) for layer in layers]
    hooks.append(layers[-1].register_forward_hook(keep_output))
    try:
        for row in ws:
            teacher.synthesize(row[None], SynthesisOptions(noise=(0.0, 0.0, 0.0)))
    finally:
        for hook in hooks:
            hook.remove()
    return [torch.cat(parts) for parts in found]
