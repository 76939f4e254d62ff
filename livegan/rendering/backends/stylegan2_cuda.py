"""StyleGAN2 backend for torch's GPUs (CUDA, ROCm, XPU, MPS): half precision where it is safe, one CUDA graph per frame.

A frame of a small network is hundreds of kernels of a few microseconds, so launching them is what costs: the whole
frame, from ws to pixels, is captured once and replayed. Noise of another seed and bends change from frame to frame, so
frames with them are drawn kernel by kernel, and so are all frames on XPU and MPS. UNTESTED on a GPU so far; the drawing
itself is the same on any device and is tested on the CPU in float32.
"""

import copy

import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.networks.architectures.stylegan2 import (
    GAIN,
    HALF_POWER,
    SLOPE,
    Block,
    Convolution,
    Skip,
    StyleGAN2,
    ToRGB,
    smooth,
    to_pixels,
    upsample,
)
from livegan.networks.bending import bend
from livegan.networks.synthesis_options import SynthesisOptions

HALF_LEVELS = 4  # how many of the highest levels use half precision (2006.06676, section 3)
WARM_UP = 3  # frames drawn before the graph is captured, so that cuDNN has chosen its kernels


class StyleGAN2CudaBackend:
    """StyleGAN2 CUDA backend: float16 in the highest levels, one CUDA graph per frame; without it for XPU and MPS."""

    bends = True
    threads = 0

    def __init__(self, network: StyleGAN2, device: str, half: bool, graph: bool = True) -> None:
        """With `half` the highest levels are drawn in float16; `graph` False draws kernel by kernel.

        It keeps a copy of the synthesis on `device`; `network` stays where it is.
        """
        before = torch.cuda.memory_reserved() if device == "cuda" else 0
        self.shape = network.shape
        self.clusters: dict[int, Tensor] = network.clusters
        self.synthesis = copy.deepcopy(network.synthesis).to(device)
        levels = self.shape.levels
        first = max(levels - HALF_LEVELS, 1) if half else levels
        self.dtypes = [torch.float16 if level >= first else torch.float32 for level in range(levels)]
        self.start = self.synthesis.block(0).start()[None].contiguous(memory_format=torch.channels_last)
        # what changes from frame to frame, copied over at once: ws and three gains of the noise
        size = self.shape.num_ws * self.shape.w_dim
        self.inputs = torch.zeros(size + 3, device=device)
        self.ws = self.inputs[:size].view(self.shape.num_ws, self.shape.w_dim)
        self.gains = self.inputs[size:]
        self.staged = torch.zeros(size + 3, pin_memory=device == "cuda")
        self.copied = torch.cuda.Event() if device == "cuda" else None  # type: ignore[no-untyped-call]
        self.graph: torch.cuda.CUDAGraph | None = None
        self.output: Tensor | None = None
        if graph and device == "cuda":
            self._capture()
        launch = "kernel by kernel" if self.graph is None else ""
        status = "" if device == "cpu" else "untested"
        self.text = ", ".join(word for word in (device, "fp16" if half else "fp32", launch, status) if word)
        weights = sum(tensor.nbytes for tensor in self.synthesis.state_dict().values())
        held = torch.cuda.memory_reserved() - before if device == "cuda" else 0
        self.megabytes = max(weights, held) / 2**20

    def set_clusters(self, clusters: dict[int, Tensor]) -> None:
        self.clusters = clusters

    @torch.inference_mode()
    def render(self, ws: Tensor, options: SynthesisOptions) -> Tensor:
        if self.copied is not None:
            self.copied.synchronize()  # the last frame's copy: long done, unless the GPU is a frame behind
        self.staged[: ws.numel()].copy_(ws.reshape(-1))
        self.staged[ws.numel() :].copy_(torch.tensor(options.noise))
        self.inputs.copy_(self.staged, non_blocking=self.copied is not None)
        if self.copied is not None:
            self.copied.record()
        if self.graph is None or self.output is None or options.bends or options.noise_seed:
            return self._draw(options)
        self.graph.replay()
        return self.output.clone()

    def weights_changed(self) -> None:
        """Call after overwriting the weights of `synthesis`."""
        self.start.copy_(self.synthesis.block(0).start()[None])

    @torch.inference_mode()
    def _capture(self) -> None:
        """Warm up on a side stream, then capture a frame; where the driver cannot capture, there is no graph."""
        torch.backends.cudnn.benchmark = True
        self.inputs.normal_()
        steady = SynthesisOptions()
        try:
            side_stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            side_stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side_stream):
                for _ in range(WARM_UP):
                    self._draw(steady)
            torch.cuda.current_stream().wait_stream(side_stream)
            graph = torch.cuda.CUDAGraph()
            # "thread_local": another thread, drawing with the network that plays now, must not spoil the capture
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                self.output = self._draw(steady)
        except RuntimeError:
            self.output = None
            return
        self.graph = graph

    def _draw(self, options: SynthesisOptions) -> Tensor:
        """The picture of the inputs; of `options` only the bends and the seed of the noise are read."""
        x, picture = self.start, None
        for level, dtype in enumerate(self.dtypes):
            x, picture = self._level(self.synthesis.block(level), x.to(dtype), picture, options)
        assert picture is not None
        return to_pixels(picture[0])

    def _level(
        self, block: Block, x: Tensor, picture: Tensor | None, options: SynthesisOptions
    ) -> tuple[Tensor, Tensor | None]:
        short = None if block.skip is None else self._shorten(block.skip, x)
        for layer in block.layers:
            x = self._convolve(layer, x, options)
            if options.bends:
                x = bend(x, options.bends, layer.height, self.clusters.get(layer.index), layer.begun)
        if short is not None:
            x = (x + short) * HALF_POWER
        if picture is not None:
            picture = upsample(picture, block.taps)
        if block.torgb is not None:
            colours = self._colour(block.torgb, x, self.ws[2 * block.level + 1])
            picture = colours if picture is None else picture + colours
        return x, picture

    def _convolve(self, layer: Convolution, x: Tensor, options: SynthesisOptions) -> Tensor:
        style = layer.affine(self.ws[None, layer.index])  # (1, inputs)
        weight = layer.weight * style[:, :, None, None]
        weight = weight * ((weight.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).rsqrt() * GAIN)
        weight = weight.to(x.dtype)  # every output's weights have length sqrt(2): float16 cannot overflow
        if layer.up:
            x = smooth(F.conv_transpose2d(x, weight.transpose(0, 1), stride=2), layer.taps)
        else:
            x = F.conv2d(x, weight, padding=1)
        gain = layer.noise_strength * self.gains[layer.group] * GAIN
        noise = (layer.noise_plane(options.noise_seed) * gain).to(x.dtype)
        x = F.leaky_relu(x + noise + (layer.bias * GAIN).to(x.dtype)[:, None, None], SLOPE)
        return x if layer.clamp is None else x.clamp(-layer.clamp, layer.clamp)

    def _shorten(self, layer: Skip, x: Tensor) -> Tensor:
        return upsample(F.conv2d(x, (layer.weight * layer.weight_gain).to(x.dtype)), layer.taps)

    def _colour(self, layer: ToRGB, x: Tensor, w: Tensor) -> Tensor:
        style = layer.affine(w[None]) / x.shape[1] ** 0.5
        y = F.conv2d(x, (layer.weight * style[:, :, None, None]).to(x.dtype)).float() + layer.bias[:, None, None]
        return y if layer.clamp is None else y.clamp(-layer.clamp, layer.clamp)
