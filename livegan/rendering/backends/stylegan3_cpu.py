"""StyleGAN3 backend for CPUs: the pictures of the reference, several times as fast, one at a time.

Between its filters a layer has `up` times as many samples along each axis. Here they are never interleaved: sample
n = up j + b of a line depends on the same few samples x[j], x[j - 1] ... for every j, so each b is a short
convolution of its own, without strides and without zeros to multiply ("polyphase", Vaidyanathan 1990). The leaky ReLU
is independent of the order, and the filter after it, of stride `down`, needs its samples grouped by n mod `down`
anyway. So a layer is: the modulated convolution; `up` short convolutions along the columns; `up` along the rows of
each; the leaky ReLU; `down` along the rows, summed; `down` along the columns, summed. All channels last, where oneDNN
is fast at depthwise convolutions; what the crops remove is not computed.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.core.machine import cores, keep_memory
from livegan.networks.architectures.stylegan2 import to_pixels
from livegan.networks.architectures.stylegan3 import GAIN, SLOPE, Layer, StyleGAN3
from livegan.networks.architectures.stylegan3_shape import Span
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.threads import threads_for, threads_text


class Line:
    """Polyphase filters of a layer along one axis, and which samples they need."""

    def __init__(self, layer: Layer, axis: int) -> None:
        """`axis`: 0 along the columns, 1 along the rows."""
        shape = layer.shape
        assert layer.up_filter is not None  # only the ToRGB has none
        assert layer.down_filter is not None
        self.down, self.repeat = shape.down, shape.up // shape.down
        rise = layer.up_filter.double() * (shape.up * GAIN**0.5)  # the gain of the leaky ReLU, half of it per axis
        rise = F.pad(rise, (0, -len(rise) % shape.up))
        self.rises = [rise[b :: shape.up].flip(0) for b in range(shape.up)]  # line b gives samples n = up j + b
        self.gain = float(max(taps.abs().sum() for taps in self.rises))  # what comes out is at most so much larger
        head = shape.crops[axis][0]
        first = head // shape.down  # of the samples n = down l + q that are needed
        before = head - first * shape.down
        steps = -(-(shape.down_taps + before) // shape.down)  # taps of each of the lines of the second filter
        self.edges: Span = (before, steps * shape.down - shape.down_taps - before)  # zeros around that filter
        self.needed = shape.size[axis] + steps - 1  # samples of each l, from `first` on
        start, last = first // self.repeat, (first + self.needed - 1) // self.repeat  # as numbers of j
        self.skip = first - start * self.repeat
        held = start - len(self.rises[0]) + 1, last + 1  # of what the convolution gives, zeros where it has none
        given, edge = shape.size_in[axis] + shape.kernel - 1, shape.kernel - 1
        start, stop = max(held[0], 0), min(held[1], given)
        self.cut: Span = (edge - start, stop - shape.size_in[axis])  # zeros, or less than none, around what it takes
        self.pad: Span = (start - held[0], held[1] - stop)  # zeros around what it gives

    def rise(self, x: Tensor, axis: int, kernels: list[Tensor], zeros: Span) -> list[Tensor]:
        """Lines q = 0, 1 ... down - 1 of the finer samples of x along `axis`, after so many `zeros` around it."""
        if zeros[0] != zeros[1]:
            x, zeros = F.pad(x, (0, 0, *zeros) if axis == 2 else zeros), (0, 0)
        padding = (zeros[0], 0) if axis == 2 else (0, zeros[0])
        lines = [F.conv2d(x, kernel, padding=padding, groups=len(kernel)) for kernel in kernels]
        if self.repeat == 1:
            return lines
        return [self._interleaved(lines[q :: self.down], axis) for q in range(self.down)]

    def _interleaved(self, lines: list[Tensor], axis: int) -> Tensor:
        """Lines interleaved, as many samples as needed."""
        sides, turns = list(lines[0].shape), len(lines)
        sides[axis] = self.needed
        interleaved = torch.empty(sides, dtype=lines[0].dtype, memory_format=torch.channels_last)
        for b, line in enumerate(lines):
            place = (b - self.skip) % turns
            target = interleaved[:, :, place::turns] if axis == 2 else interleaved[:, :, :, place::turns]
            target.copy_(line.narrow(axis, (place + self.skip) // turns, target.shape[axis]))
        return interleaved


def _falls(layer: Layer, lines: tuple[Line, Line]) -> list[list[Tensor]]:
    """Kernels of the second filter, each for one line of samples: of the columns, of the rows; radial: one list."""
    shape = layer.shape
    assert layer.down_filter is not None
    taps = layer.down_filter.double()
    if shape.radial:
        square = F.pad(taps.flip([0, 1]), (*lines[1].edges, *lines[0].edges))
        pairs = [(p, q) for p in range(shape.down) for q in range(shape.down)]
        return [[_each(square[p :: shape.down, q :: shape.down], 2, shape.outputs) for p, q in pairs]]
    padded = [F.pad(taps.flip(0), line.edges) for line in lines]
    return [
        [_each(line[q :: shape.down], axis, shape.outputs) for q in range(shape.down)]
        for axis, line in enumerate(padded, 2)
    ]


def _sum(planes: list[Tensor], kernels: list[Tensor]) -> Tensor:
    """The sum of the planes, each convolved with its own kernel."""
    total: Tensor | None = None
    for plane, kernel in zip(planes, kernels, strict=True):
        y = F.conv2d(plane, kernel, groups=len(kernel))
        total = y if total is None else total.add_(y)
    assert total is not None
    return total


class _Layer:
    """Layer with precomputed constants; not the ToRGB."""

    def __init__(self, layer: Layer) -> None:
        self.shape, self.clamp = layer.shape, layer.clamp
        flat = layer.weight.flatten(1)
        weight = flat * (flat.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()
        self.weight = weight.view_as(layer.weight).contiguous(memory_format=torch.channels_last)
        self.power = self.weight.square().sum(dim=(2, 3))  # (outputs, inputs)
        self.bias = layer.bias.clone()
        self.gain = float(layer.magnitude_ema.rsqrt())
        self.affine = layer.affine.weight * layer.affine.weight_gain
        self.offset = layer.affine.bias.clone()
        self.lines = Line(layer, 0), Line(layer, 1)
        count = self.shape.outputs
        self.rises = [[_each(taps, axis, count) for taps in line.rises] for axis, line in enumerate(self.lines, 2)]
        self.falls = _falls(layer, self.lines)
        self.cuts = self.lines[0].cut, self.lines[1].cut
        self.fold = self.weight.numel() <= self.shape.inputs * math.prod(self.shape.size_in)

    def __call__(self, x: Tensor, w: Tensor) -> Tensor:
        """x (1, inputs, *size_in) under w (w_dim,) to (1, outputs, *size)."""
        style = torch.addmv(self.offset, self.affine, w)
        style = style * (style.square().mean() + 1e-8).rsqrt()
        demodulate = (torch.mv(self.power, style.square()) + 1e-8).rsqrt_() * self.gain
        if self.fold:
            weight = (self.weight * style[:, None, None]).mul_(demodulate[:, None, None, None])
            x = _convolved(x, weight, self.bias, self.cuts)
        else:
            x = _convolved(x * style[:, None, None], self.weight, None, self.cuts)
            x = x.mul_(demodulate[:, None, None]).add_(self.bias[:, None, None])
        clamped = self.clamp is not None and self._bound(x) > self.clamp
        down, across = self.lines
        columns = down.rise(x, 2, self.rises[0], down.pad)
        planes = [across.rise(column, 3, self.rises[1], across.pad) for column in columns]
        for row in planes:
            for plane in row:
                F.leaky_relu_(plane, SLOPE)
                if clamped:
                    plane.clamp_(-float(self.clamp or 0), float(self.clamp or 0))
        if self.shape.radial:
            return _sum([plane for row in planes for plane in row], self.falls[0])
        return _sum([_sum(row, self.falls[1]) for row in planes], self.falls[0])

    def _bound(self, x: Tensor) -> float:
        """An upper bound of the absolute value of all samples between the filters."""
        least, most = torch.aminmax(x.permute(0, 2, 3, 1))  # as it lies in memory
        return max(-float(least), float(most)) * self.lines[0].gain ** 2


def _each(taps: Tensor, axis: int, count: int) -> Tensor:
    """Taps along `axis`, or a square of them, as a depthwise kernel of `count` channels."""
    shape = (*taps.shape,) if taps.ndim == 2 else (-1, 1) if axis == 2 else (1, -1)
    return taps.float().view(1, 1, *shape).expand(count, 1, -1, -1).contiguous()


def _convolved(x: Tensor, weight: Tensor, bias: Tensor | None, cuts: tuple[Span, Span]) -> Tensor:
    """Convolution of x with `cuts` zeros added around its columns and its rows; negative numbers crop."""
    down, across = cuts
    if down[0] == down[1] >= 0 and across[0] == across[1] >= 0:
        return F.conv2d(x, weight, bias, padding=(down[0], across[0]))
    return F.conv2d(F.pad(x, (*across, *down)), weight, bias)


class StyleGAN3CpuBackend:
    """StyleGAN3 CPU backend: polyphase filters and precomputed constants, one picture at a time, in float32."""

    bends = True

    def __init__(self, network: StyleGAN3, threads: int | None = None) -> None:
        """`threads` None: chosen by the number of cores. `network` stays in use, for its input layer and ToRGB."""
        keep_memory()
        self.threads = threads or threads_for(cores())
        self.network = network
        *layers, colour = network.synthesis.layers
        self.layers = [_Layer(layer) for layer in layers]
        self.colour = colour
        self.text = f"cpu, fp32, {threads_text(self.threads)}"
        tensors = [tensor for layer in self.layers for tensor in (layer.weight, layer.power, layer.affine)]
        self.megabytes = sum(tensor.nbytes for tensor in tensors) / 2**20

    def set_clusters(self, clusters: dict[int, Tensor]) -> None:
        self.network.clusters = clusters

    def picture(self, ws: Tensor, options: SynthesisOptions) -> Tensor:
        """ws (num_ws, w_dim) to (1, colours, height, width) in the network's own range."""
        x: Tensor = self.network.synthesis.input(ws[None, 0], self.network.move(options))
        x = x.contiguous(memory_format=torch.channels_last)
        for index, layer in enumerate(self.layers):
            x = layer(x, ws[index + 1])
            if options.bends:
                x = self.network.bent(x, options, index).contiguous(memory_format=torch.channels_last)
        y: Tensor = self.colour(x, ws[None, -1])
        return y * self.network.shape.output_scale

    def render(self, ws: Tensor, options: SynthesisOptions) -> Tensor:
        return to_pixels(self.picture(ws, options)[0], self.network.span)
