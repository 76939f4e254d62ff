"""StyleGAN2 backend with OpenVINO: the fastest one on a CPU, where OpenVINO is installed; also for Intel graphics.

The same picture as `stylegan2`, as a graph from ws to pixels. A modulated convolution is
y = sqrt(2) lrelu(d conv(s x) + g n + b), with style s, noise n and its gain g, and demodulation
d_o = rsqrt(sum_i s_i^2 sum_k W_oik^2 + 1e-8). The weights W stay constant, so they are packed once, and OpenVINO fuses
what is around a convolution into it. sqrt(2) is folded into d, g and b, and the step from -1..1 to 0..255 into ToRGB.
The planes sqrt(2) g n are inputs, refilled only when a gain or the seed changes. An input costs nothing to add; a
constant times a gain makes OpenVINO change the memory layout of every layer, which costs a third more. So that float16
does not overflow, weights are scaled by a power of two, which demodulation takes out again without rounding.
"""

import math
import sys
import threading
from abc import ABC, abstractmethod
from functools import lru_cache, partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import platformdirs
import torch
from numpy.typing import NDArray
from torch import Tensor

from livegan.networks import device
from livegan.networks.architectures.stylegan2 import (
    GAIN,
    HALF_POWER,
    SLOPE,
    Block,
    Convolution,
    Dense,
    StyleGAN2,
    blur_kernel,
)
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.threads import threads_text

Array = NDArray[np.float32]
GREY, STEPS = 128.0, 127.5  # -1..1 is drawn as x 127.5 + 128


def is_installed() -> bool:
    """Whether OpenVINO is installed; it is not imported to find out."""
    return find_spec("openvino") is not None


def has_bf16() -> bool:
    """Whether OpenVINO draws in bfloat16 on this processor; ImportError without OpenVINO.

    oneDNN is asked too: OpenVINO goes by the processor and does not see a limit set by ONEDNN_MAX_CPU_ISA.
    """
    return device.has_bf16() and "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


_importing = threading.Lock()  # two threads may load networks


@lru_cache(maxsize=1)
def _openvino() -> Any:
    """The library, an optional extra, imported without its telemetry, which reports every import over the network."""
    with _importing:
        return _import_openvino()


def _import_openvino() -> Any:
    telemetry = sys.modules.get("openvino_telemetry")
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # "not installed"; OpenVINO does without
    try:
        import openvino
        import openvino.opset13
    finally:
        del sys.modules["openvino_telemetry"]
        if telemetry is not None:
            sys.modules["openvino_telemetry"] = telemetry
    return openvino


@lru_cache(maxsize=1)
def _core() -> Any:
    openvino = _openvino()
    with _importing:  # one core, whichever thread asks first
        return openvino.Core()


class OpenVinoBackend:
    """OpenVINO backend of StyleGAN2: compiled graphs, one picture at a time. It cannot bend layers."""

    bends = False
    threads = 1  # of torch, whose idle threads would slow those of OpenVINO

    def __init__(
        self, network: StyleGAN2, precision: str = "bf16", threads: int = 1, bf16_from: int = 0, device: str = "CPU"
    ) -> None:
        """`precision` is "bf16", "f16" or "f32"; levels of less than `bf16_from` px are float32 all the same.

        `device` is "CPU" or "GPU", Intel's graphics. RuntimeError if there is no such device, it has no such precision
        or nothing would be drawn in it; ImportError without OpenVINO.
        """
        if precision == "bf16" and not has_bf16():
            raise RuntimeError("OpenVINO has no bfloat16 on this processor")
        heights = [height for height, _ in network.shape.resolutions]
        float32_levels = sum(height < bf16_from for height in heights) if precision != "f32" else len(heights)
        if precision != "f32" and float32_levels == len(heights):
            raise RuntimeError(f"the network has no level of {bf16_from} px")
        graph = _OpenVinoGraph(network, float32_levels)
        self._graphs = [
            _Compiled(model, precision if second else "f32", threads, device)
            for second, model in enumerate(graph.models)
        ]
        self._device = device
        if len(self._graphs) == 2:
            self._graphs[1].follow(self._graphs[0])
        self._shared_memory = graph.shared_memory
        self._ws = self._graphs[0].fillable(0)
        self._planes = [Plane(layer, self._graphs[second].fillable(index)) for layer, second, index in graph.noisy]
        ladder = f" from {heights[float32_levels]} px" if bf16_from > heights[0] and precision != "f32" else ""
        where, how = ("cpu", threads_text(threads)) if device == "CPU" else ("Intel graphics", "untested")
        self.text = f"{where}, OpenVINO {precision}{ladder}, {how}"
        shape = network.shape
        layers = [count * h * w for count, (h, w) in zip(shape.channels, shape.resolutions, strict=True)]
        planes = sum(plane.array.nbytes for plane in self._planes)
        # OpenVINO keeps the weights as they were given, in float32, and as it packed them (measured)
        self.megabytes = (8 * graph.counts[0] + 6 * graph.counts[1] + planes + 12 * max(layers)) / 2**20

    def set_clusters(self, clusters: dict[int, Tensor]) -> None:
        """Without effect, as it does not bend."""

    def render(self, ws: Tensor, options: SynthesisOptions) -> Tensor:
        """As the protocol says; `options.bends` are ignored."""
        np.copyto(self._ws, ws.numpy())
        for plane in self._planes:
            plane.fill(options)
        self._graphs[0].run()
        if len(self._graphs) == 2:
            if self._device != "CPU":  # whose results may lie elsewhere after each run
                self._graphs[1].follow(self._graphs[0])
            self._graphs[1].run()
        return torch.from_numpy(self._graphs[-1].first_result().copy())


class Graph(ABC):
    """Graph of a network, in one part, all in float32, or in two, the second in a lower precision.

    The first of two computes all styles and demodulations and the lowest `float32_levels` levels. Its nodes are made by
    `op`, OpenVINO's operators or others of the same names and arguments.
    """

    def __init__(self, network: StyleGAN2, float32_levels: int, op: Any) -> None:
        shape = network.shape
        self._op = op
        self.shared_memory: list[Array] = []  # memory shared with the models, so it must live as long
        self._second = int(float32_levels == 0)  # 1 while the second part is built
        self.noise: list[tuple[Convolution, int, Any]] = []  # layers with noise: the layer, its part, its input
        self.taps, self.picture_taps = shape.taps, shape.picture_taps
        self.counts = [0, 0]  # of weights, in each part
        self.ws = self._op.parameter([shape.num_ws, shape.w_dim], np.float32)
        x, picture = self._constant(network.synthesis.block(0).start()[None].numpy()), None
        for level in range(shape.levels):
            if 0 < level == float32_levels:
                self._second = 1
                x = self._across(x)
                picture = None if picture is None else self._across(picture)
            block = network.synthesis.block(level)
            x = self._block(block, x)
            if picture is not None:
                picture = self._upsampled(picture, shape.colours)
            if block.torgb is not None:
                colours = self._to_rgb(block, x, GREY if level == shape.levels - 1 else 0.0)
                picture = colours if picture is None else self._op.add(picture, colours)
        self.pixels = self._pixels(picture, shape.colours)

    @abstractmethod
    def _across(self, node: Any) -> Any:
        """A node of the first part, as seen from the part that is being built."""

    def _constant(self, numbers: NDArray[Any] | list[float]) -> Any:
        self.shared_memory.append(np.array(numbers, np.float32, order="C", ndmin=1))
        return self._op.constant(self.shared_memory[-1], shared_memory=True)

    def _integers(self, *numbers: int) -> Any:
        return self._op.constant(np.array(numbers, np.int64))

    def _scaled(self, x: Any, factors: Any) -> Any:
        """Multiply x (1, c, h, w) by factors (1, c), which are computed in float32."""
        return self._op.multiply(x, self._across(self._op.reshape(factors, self._integers(1, -1, 1, 1), False)))

    def _style(self, affine: Dense, row: int, gain: float = 1.0) -> Any:
        """The style (1, inputs) of a row of ws."""
        self.counts[0] += affine.weight.numel()
        matrix = affine.weight.numpy() * (affine.weight_gain * gain)
        offset = affine.bias.numpy()[None] * (affine.bias_gain * gain)
        w = self._op.gather(self.ws, self._integers(row), self._op.constant(np.int64(0)))  # (1, w_dim)
        return self._op.add(self._op.matmul(w, self._constant(matrix), False, True), self._constant(offset))

    def _block(self, block: Block, x: Any) -> Any:
        skip = None
        if block.skip is not None:
            weight = (block.skip.weight * block.skip.weight_gain).numpy()
            pad = (len(self.taps) - 2) // 2 + 1
            skip = self._filtered(self._transposed(x, weight), len(weight), (len(self.taps) - pad, pad))
        for layer in block.layers:
            x = self._convolution(layer, x)
        return x if skip is None else self._op.multiply(self._op.add(x, skip), self._constant([HALF_POWER]))

    def _convolution(self, layer: Convolution, x: Any) -> Any:
        op, weight = self._op, layer.weight.numpy()
        scale = 2.0 ** -math.ceil(math.log2(weight[0].size) / 2)
        weight = weight * np.float32(scale)
        power = np.square(weight, dtype=np.float64).sum(axis=(2, 3)) / GAIN**2  # (outputs, inputs)
        self.counts[0] += power.size
        self.counts[self._second] += weight.size
        style = self._style(layer.affine, layer.index)
        total = op.matmul(op.multiply(style, style), self._constant(power), False, True)
        least = self._constant([1e-8 * scale**2 / GAIN**2])
        demodulation = op.power(op.add(total, least), self._constant([-0.5]))  # times GAIN
        y = self._scaled(x, style)
        if layer.up:
            pad = (len(self.taps) - 1) // 2
            y = self._filtered(self._transposed(y, weight), len(weight), (pad, len(self.taps) - 2 - pad))
        else:
            y = op.convolution(y, self._constant(weight), [1, 1], [1, 1], [1, 1], [1, 1])
        y = self._scaled(y, demodulation)
        if float(layer.noise_strength):
            plane = op.parameter([1, 1, layer.height, layer.width], np.float32)
            self.noise.append((layer, self._second, plane))
            y = op.add(y, plane)
        y = op.add(y, self._constant(layer.bias.numpy()[None, :, None, None] * GAIN))
        y = op.prelu(y, self._constant([SLOPE]))
        return y if layer.clamp is None else op.clamp(y, -layer.clamp, layer.clamp)

    def _transposed(self, x: Any, weight: Array) -> Any:
        """Transposed convolution of stride 2, weight (outputs, inputs, k, k): (1, inputs, h, w) to side 2h - 2 + k."""
        transposed = self._constant(weight.transpose(1, 0, 2, 3))
        return self._op.convolution_backprop_data(x, transposed, [2, 2], pads_begin=[0, 0], pads_end=[0, 0])

    def _filtered(self, x: Any, channels: int, pads: tuple[int, int]) -> Any:
        """Low-pass filter over x (1, channels, h, w), with `pads` zeros before and after."""
        kernel = blur_kernel(self.taps).flip((0, 1)).numpy() * 4
        kernels = self._constant(np.broadcast_to(kernel, (channels, 1, 1, *kernel.shape)))
        return self._op.group_convolution(x, kernels, [1, 1], [pads[0]] * 2, [pads[1]] * 2, [1, 1])

    def _upsampled(self, picture: Any, colours: int) -> Any:
        """As `stylegan2.upsample`."""
        kernel = blur_kernel(self.picture_taps).numpy() * 4
        kernels = self._constant(np.broadcast_to(kernel, (colours, 1, 1, *kernel.shape)))
        before = (len(self.picture_taps) - 2) // 2
        after = len(self.picture_taps) - 2 - before
        return self._op.group_convolution_backprop_data(
            picture, kernels, [2, 2], pads_begin=[before] * 2, pads_end=[after] * 2
        )

    def _to_rgb(self, block: Block, x: Any, grey: float) -> Any:
        """ToRGB of a block in 0..255, plus `grey`."""
        layer, op = block.torgb, self._op
        assert layer is not None
        style = self._style(layer.affine, 2 * block.level + 1, gain=layer.weight.shape[1] ** -0.5)
        y = op.convolution(
            self._scaled(x, style), self._constant(layer.weight.numpy() * STEPS), [1, 1], [0, 0], [0, 0], [1, 1]
        )
        bias = layer.bias.numpy()[None, :, None, None] * STEPS
        if layer.clamp is None:
            return op.add(y, self._constant(bias + grey))
        y = op.clamp(op.add(y, self._constant(bias)), -layer.clamp * STEPS, layer.clamp * STEPS)
        return op.add(y, self._constant([grey])) if grey else y

    def _pixels(self, picture: Any, colours: int) -> Any:
        """As `stylegan2.to_pixels`: (1, colours, h, w) in 0..255 to uint8 (1, h, w, 3)."""
        op = self._op
        if colours == 4:
            axis, parts = op.constant(np.int64(1)), self._integers(3, 1)
            picture, cover = op.variadic_split(picture, axis, parts).outputs()
            cover = op.add(op.multiply(cover, self._constant([1 / 255])), self._constant([(STEPS - GREY) / 255]))
            picture = op.multiply(op.clamp(picture, 0.0, 255.0), op.clamp(cover, 0.0, 1.0))
        pixels = op.transpose(op.convert(op.clamp(picture, 0.0, 255.0), np.uint8), self._integers(0, 2, 3, 1))
        return op.tile(pixels, self._integers(1, 1, 1, 3)) if colours == 1 else pixels


class _OpenVinoGraph(Graph):
    """OpenVINO models of a network: one, or two that follow each other.

    The outputs of the first of two are the first inputs of the second. Input 0 of the first is ws; the last inputs of
    both are noise planes. The last output is pixels (1, height, width, 3) uint8.
    """

    def __init__(self, network: StyleGAN2, float32_levels: int) -> None:
        openvino = _openvino()
        self._outputs: list[Any] = []  # of the first model, for the second
        self._inputs: list[Any] = []  # of the second model, from the first
        super().__init__(network, float32_levels, openvino.opset13)
        planes: tuple[list[Any], list[Any]] = ([], [])
        self.noisy: list[tuple[Convolution, int, int]] = []  # layers with noise: the layer, its model, its input there
        for layer, second, plane in self.noise:
            planes[second].append(plane)
            self.noisy.append((layer, second, (len(self._inputs) if second else 1) + len(planes[second]) - 1))
        self.models = [openvino.Model(self._outputs or [self.pixels], [self.ws, *planes[0]], "stylegan2")]
        if self._outputs:
            self.models.append(openvino.Model([self.pixels], [*self._inputs, *planes[1]], "stylegan2"))

    def _across(self, node: Any) -> Any:
        if not self._second:
            return node
        self._outputs.append(node)
        self._inputs.append(self._op.parameter(list(node.get_output_shape(0)), np.float32))
        return self._inputs[-1]


class _Compiled:
    """Compiled OpenVINO model with its inference request."""

    def __init__(self, model: Any, precision: str, threads: int, device: str) -> None:
        settings: dict[str, object] = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
        if device == "CPU":  # pinning would pin the thread that draws
            settings |= {"INFERENCE_NUM_THREADS": threads, "ENABLE_CPU_PINNING": False}
        else:  # compiling its kernels takes many seconds, so they are kept
            settings |= {"CACHE_DIR": str(platformdirs.user_cache_path("livegan") / "openvino")}
        self._request = _core().compile_model(model, device, settings).create_infer_request()
        self._sizes = [tuple(taken.get_shape()) for taken in model.inputs]
        self._results = len(model.outputs)
        self.run = partial(self._request.infer, share_outputs=True)  # the views are not kept

    def first_result(self) -> NDArray[np.uint8]:
        """What the last run drew, (height, width, 3), valid until the next."""
        picture: NDArray[np.uint8] = self._request.get_output_tensor(0).data[0]
        return picture

    def fillable(self, index: int) -> Array:
        """A NumPy array that shares its memory with an input."""
        array = np.zeros(self._sizes[index], np.float32)
        self._request.set_input_tensor(index, _openvino().Tensor(array, shared_memory=True))
        return array

    def follow(self, low: "_Compiled") -> None:
        """Read the first inputs from the outputs of `low`."""
        for index in range(low._results):
            self._request.set_input_tensor(index, low._request.get_output_tensor(index))


class Plane:
    """Noise input of one layer: the plane times its gain."""

    def __init__(self, layer: Convolution, array: Array) -> None:
        """`array` (1, 1, height, width) is overwritten."""
        self._layer, self.array = layer, array
        self._strength = float(layer.noise_strength) * GAIN
        self._current = (0, 0.0)  # seed, gain

    def fill(self, options: SynthesisOptions) -> None:
        """Overwrite the array if the seed or the gain has changed."""
        gain = options.noise[self._layer.group] * self._strength
        key = (options.noise_seed if gain else 0, gain)
        if key != self._current:
            np.multiply(self._layer.noise_plane(options.noise_seed).numpy(), np.float32(gain), out=self.array[0, 0])
            self._current = key
