"""Device selection (CUDA, MPS, CPU), memory budget and a fingerprint of the machine."""

from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version

import torch

from livegan.core.machine import MEGABYTE, cores, free_memory_mb, processor
from livegan.core.version import __version__
from livegan.errors import NetworkError

DEVICES = ("auto", "cpu", "cuda", "mps")
FREE_SHARE = 0.5  # of the free memory, for networks kept ready
GPU_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """A device and the reason for it, in words for `livegan doctor`."""

    device: str  # "cpu", "cuda" or "mps"
    reason: str


def choose_device(device: str = "auto") -> DeviceChoice:
    """The device to draw on: the one requested, or with "auto" the first of cuda, mps, cpu that is there.

    NetworkError if the requested one is not there: a show must not fall back silently.
    """
    if device not in DEVICES:
        raise NetworkError(f"no device called '{device}'; there are: {', '.join(DEVICES)}; type: --device cpu")
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if device == "cuda" and not cuda:
        built = "finds no NVIDIA GPU" if torch.version.cuda else "is the build without CUDA"
        raise NetworkError(
            f"device 'cuda' was asked for, but this torch ({torch.__version__}) {built}; try --device cpu"
        )
    if device == "mps" and not mps:
        raise NetworkError("device 'mps' was asked for, but this machine has no Apple GPU; try --device cpu")
    if device != "auto":
        return DeviceChoice(device, "asked for")
    if cuda:
        return DeviceChoice("cuda", f"a GPU is there: {torch.cuda.get_device_name()}")
    if mps:
        return DeviceChoice("mps", "an Apple GPU is there")
    return DeviceChoice("cpu", "no GPU is there")


def memory_budget_mb(device: str) -> float:
    """How much memory networks may take on "cpu", "cuda" or "mps" [MB]: 80 % of free VRAM, or half of the free RAM."""
    if device == "cuda":
        return GPU_SHARE * torch.cuda.mem_get_info()[0] / MEGABYTE
    return FREE_SHARE * free_memory_mb()


def has_bf16() -> bool:
    """Whether oneDNN has bfloat16 kernels for this processor."""
    try:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    except (AttributeError, RuntimeError):
        return False


@lru_cache(maxsize=1)
def machine() -> str:
    """Processor, cores, GPUs and versions of livegan, torch and OpenVINO: what a benchmark result holds for."""
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    try:
        openvino = version("openvino")
    except PackageNotFoundError:
        openvino = "none"
    versions = (f"livegan {__version__}", f"torch {torch.__version__}", f"openvino {openvino}")
    return ", ".join([processor(), f"{cores()} cores", *gpus, *versions])
