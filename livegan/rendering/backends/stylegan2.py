"""Rendering backends of StyleGAN2: the list to choose from."""

import importlib.util
from functools import partial

from livegan.core.machine import cores
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.networks.device import has_bf16
from livegan.rendering.backends.protocol import BackendSpec
from livegan.rendering.backends.reference import ReferenceBackend
from livegan.rendering.backends.stylegan2_cpu import CpuBackend, threads_for
from livegan.rendering.backends.stylegan2_cuda import CudaBackend

BF16_FROM = (4, 32, 64, 128)  # heights from which bfloat16 is tried on a CPU, quickest first [px]


def backend_specs(net: StyleGAN2, device: str) -> list[BackendSpec]:
    """The ways to draw a StyleGAN2 on `device`, the likely quickest first; the last is the reference."""
    plain = BackendSpec(f"reference, {device}", partial(ReferenceBackend, net, device))
    if device == "mps":
        return [BackendSpec(plain.name, partial(ReferenceBackend, net, device, "untested"))]
    if device == "cuda":
        halves = [("fp16", True), ("fp32", False)]
        return [*(BackendSpec(f"cuda {name}", partial(CudaBackend, net, device, half)) for name, half in halves), plain]
    found = list(_openvino_ways(net)) if importlib.util.find_spec("openvino") else []
    starts = [start for start in BF16_FROM if has_bf16() and start <= net.resolution[0]]
    found += [
        BackendSpec(f"torch bf16 from {start} px", partial(CpuBackend, net, start), group="torch") for start in starts
    ]
    return [*found, BackendSpec("torch fp32", partial(CpuBackend, net), group="torch"), plain]


def _openvino_ways(net: StyleGAN2) -> list[BackendSpec]:
    from livegan.rendering.backends.stylegan2_openvino import OpenVinoBackend  # late: it brings openvino

    threads = sorted({1, threads_for(cores())}, reverse=True)
    kinds = [("bf16", "bf16", BF16_FROM[0])]
    kinds += [(f"bf16 from {start} px", "bf16", start) for start in BF16_FROM[1:] if start <= net.resolution[0]]
    return [
        BackendSpec(name, partial(OpenVinoBackend, net, word, count, start), bends=False, group=f"openvino {count}")
        for kind, word, start in [*kinds, ("f32", "f32", 0)]
        for count in threads
        for name in [f"openvino {kind}, {count} thread{'s' * (count > 1)}"]
    ]
