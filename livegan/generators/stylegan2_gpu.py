"""StyleGAN2 drawn one picture at a time on a GPU: half precision where it is safe, one CUDA graph per frame.

A frame of a small network is hundreds of kernels of a few microseconds, so launching them is what costs: the whole
frame, from z to pixels, is captured once and replayed. UNTESTED on a GPU so far; the drawing itself is the same on any
device and is tested on the CPU in float32.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.generators.stylegan2 import GAIN, SLOPE, Convolution, Network, ToRGB, blur_kernel, upsample

HALF_LEVELS = 4  # how many of the highest resolutions use half precision (2006.06676, section 3)
WARM_UP = 3  # frames drawn before the graph is captured, so that cuDNN has chosen its kernels


class GpuPainter:
    """A network laid out for one picture at a time on `device`."""

    def __init__(self, network: Network, device: str, half: bool, graph: bool = True) -> None:
        """With `half` the highest resolutions are drawn in float16; `graph` False draws kernel by kernel."""
        self.network = network.to(device)
        self.shape = network.shape
        levels = len(network.shape.channels)
        first = max(levels - HALF_LEVELS, 1) if half else levels
        self.dtypes = [torch.float16 if level >= first else torch.float32 for level in range(levels)]
        sizes = [self.shape.z_dim, self.shape.c_dim, 1, 1]
        self.inputs = torch.zeros(sum(sizes), device=device)  # z, classes, psi, noise: one copy per frame
        self.views = torch.split(self.inputs, sizes)
        self.blur = (blur_kernel() * 4).to(device)
        self.graph: torch.cuda.CUDAGraph | None = None
        self.output: Tensor | None = None
        if graph and device == "cuda":
            self._capture()
        how = "kernel by kernel" if self.graph is None else ""
        doubt = "untested" if device == "cuda" else ""
        self.text = ", ".join(word for word in (device, "fp16" if half else "fp32", how, doubt) if word)

    def paint(self, z: Tensor, classes: Tensor, psi: float, noise: float) -> Tensor:
        """z (z_dim,) and classes (c_dim,) on the CPU to uint8 (side, side, 3) on the device."""
        self.inputs.copy_(torch.cat([z, classes, torch.tensor([psi, noise], dtype=torch.float32)]))
        if self.graph is None or self.output is None:
            return self._draw()
        self.graph.replay()
        return self.output.clone()

    def _capture(self) -> None:
        """Draw a few frames aside, then record one; where this driver cannot record, frames are drawn without."""
        torch.backends.cudnn.benchmark = True
        self.inputs.normal_()
        try:
            aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            aside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(aside):
                for _ in range(WARM_UP):
                    self._draw()
            torch.cuda.current_stream().wait_stream(aside)
            graph = torch.cuda.CUDAGraph()
            # "thread_local": another thread, drawing with the network that plays now, must not spoil the capture
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                self.output = self._draw()
        except RuntimeError:
            self.output = None
            return
        self.graph = graph

    def _draw(self) -> Tensor:
        z, classes, psi, noise = self.views
        ws = self.network.mapping(z[None], classes[None], psi)[0]
        x = self.network.synthesis.block(0).const[None].contiguous(memory_format=torch.channels_last)
        picture: Tensor | None = None
        row = 0
        for level, dtype in enumerate(self.dtypes):
            block = self.network.synthesis.block(level)
            x = x.to(dtype)
            for layer in [block.conv1] if level == 0 else [block.conv0, block.conv1]:
                x = self._convolve(layer, x, ws[row], noise)
                row += 1
            rgb = self._colour(block.torgb, x, ws[row])
            picture = rgb if picture is None else upsample(picture) + rgb
        assert picture is not None
        return (picture[0] * 127.5 + 128).clamp(0, 255).to(torch.uint8).permute(1, 2, 0).contiguous()

    def _convolve(self, layer: Convolution, x: Tensor, w: Tensor, noise: Tensor) -> Tensor:
        style = layer.affine(w[None])[0]
        weight = layer.weight * style[:, None, None]
        weight = weight * ((weight.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).rsqrt() * GAIN)
        weight = weight.to(x.dtype)  # every output's weights have length sqrt(2): float16 cannot overflow
        if layer.up:
            x = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)
            x = F.conv2d(x, self.blur.to(x.dtype).expand(x.shape[1], 1, 4, 4), padding=1, groups=x.shape[1])
        else:
            x = F.conv2d(x, weight, padding=1)
        grain = (layer.noise_const * (layer.noise_strength * noise * GAIN)).to(x.dtype)
        x = F.leaky_relu(x + grain + (layer.bias * GAIN).to(x.dtype)[:, None, None], SLOPE)
        return x if layer.clamp is None else x.clamp(-layer.clamp, layer.clamp)

    def _colour(self, layer: ToRGB, x: Tensor, w: Tensor) -> Tensor:
        style = layer.affine(w[None])[0] / x.shape[1] ** 0.5
        y = F.conv2d(x, (layer.weight * style[:, None, None]).to(x.dtype)).float() + layer.bias[:, None, None]
        return y if layer.clamp is None else y.clamp(-layer.clamp, layer.clamp)
