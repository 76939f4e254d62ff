"""Rendering backends of StyleGAN2: the list to choose from."""

import importlib.util
from collections.abc import Callable
from functools import partial

from livegan.core.machine import cores
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.networks.device import TORCH_DEVICES, has_bf16
from livegan.rendering.backends.protocol import Backend, BackendSpec
from livegan.rendering.backends.reference import ReferenceBackend
from livegan.rendering.backends.stylegan2_cpu import StyleGAN2CpuBackend
from livegan.rendering.backends.stylegan2_cuda import StyleGAN2CudaBackend
from livegan.rendering.backends.stylegan2_morph import cpu_morph_specs, cuda_morph_specs
from livegan.rendering.morphers import MorphSpec, reference_morph_specs
from livegan.rendering.threads import thread_candidates, threads_text

BF16_FROM = (4, 32, 64, 128)  # heights from which bfloat16 is tried on a CPU, fastest first [px]


def backend_specs(net: StyleGAN2, device: str) -> list[BackendSpec]:
    """Backends of a StyleGAN2 on `device`, likely fastest first; the last are the reference."""
    if device in TORCH_DEVICES:
        makers: dict[str, Callable[[], Backend]] = {
            f"{device} fp16": partial(StyleGAN2CudaBackend, net, device, half=True),
            f"{device} fp32": partial(StyleGAN2CudaBackend, net, device, half=False),
            f"reference, {device}": partial(ReferenceBackend, net, device, "untested"),
        }
        return [BackendSpec(name, make, group=device, device=device) for name, make in makers.items()]
    if device == "openvino-gpu":
        return _intel_specs(net)
    if device == "directml":
        return _directml_specs(net)
    specs = _openvino_specs(net) if importlib.util.find_spec("openvino") else []
    return [*specs, *_torch_specs(net), *_reference_specs(net)]


def morph_specs(net: StyleGAN2, device: str) -> list[MorphSpec]:
    """Morphers of a StyleGAN2 on `device`, fastest first; the last is float32."""
    if device == "cpu":
        return cpu_morph_specs(net, bf16_starts(net))
    return cuda_morph_specs(net) if device == "cuda" else reference_morph_specs(net, device)


def bf16_starts(net: StyleGAN2) -> list[int]:
    """The heights from which bfloat16 can be tried for `net` on this CPU [px]."""
    return [start for start in BF16_FROM if has_bf16() and start <= net.resolution[0]]


def _intel_specs(net: StyleGAN2) -> list[BackendSpec]:
    from livegan.rendering.backends.stylegan2_openvino import OpenVinoBackend

    makers = {
        f"openvino-gpu {name}": partial(OpenVinoBackend, net, precision, 1, start, "GPU")
        for name, precision, start in (("f16", "f16", 0), ("f16 from 32 px", "f16", 32), ("f32", "f32", 0))
    }
    return [BackendSpec(*row, bends=False, group="openvino-gpu", device="openvino-gpu") for row in makers.items()]


def _directml_specs(net: StyleGAN2) -> list[BackendSpec]:
    from livegan.rendering.backends.stylegan2_onnx import OnnxBackend

    makers = {
        "directml fp16": partial(OnnxBackend, net, half=True),
        "directml fp16 from 32 px": partial(OnnxBackend, net, half=True, half_from=32),
        "directml fp32": partial(OnnxBackend, net, half=False),
    }
    return [BackendSpec(*row, bends=False, group="directml", device="directml") for row in makers.items()]


def _torch_specs(net: StyleGAN2) -> list[BackendSpec]:
    """Fewest threads first: where a core is taken from them, those of torch wait for each other."""
    ways = [*((f"torch bf16 from {start} px", start) for start in bf16_starts(net)), ("torch fp32", None)]
    return [
        BackendSpec(
            f"{way}, {threads_text(threads)}",
            partial(StyleGAN2CpuBackend, net, start, threads),
            group=f"torch {threads}",
            threads=threads,
        )
        for way, start in ways
        for threads in sorted(thread_candidates(cores()))
    ]


def _reference_specs(net: StyleGAN2) -> list[BackendSpec]:
    """In the groups of torch: for where that way cannot draw."""
    return [
        BackendSpec(
            f"reference, {threads_text(threads)}",
            partial(ReferenceBackend, net, threads=threads),
            group=f"torch {threads}",
            threads=threads,
        )
        for threads in sorted(thread_candidates(cores()))
    ]


def _openvino_specs(net: StyleGAN2) -> list[BackendSpec]:
    from livegan.rendering.backends.stylegan2_openvino import OpenVinoBackend  # late: imports openvino

    starts = [start for start in BF16_FROM[1:] if start <= net.resolution[0]]
    precisions = [("bf16", "bf16", BF16_FROM[0]), *((f"bf16 from {start} px", "bf16", start) for start in starts)]
    return [
        BackendSpec(
            f"openvino {name}, {threads_text(threads)}",
            partial(OpenVinoBackend, net, precision, threads, start),
            bends=False,
            group=f"openvino {threads}",
            threads=threads,
        )
        for name, precision, start in [*precisions, ("f32", "f32", 0)]
        for threads in thread_candidates(cores())
    ]
