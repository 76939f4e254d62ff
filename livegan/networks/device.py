"""Device names and selection (CUDA, ROCm, XPU, MPS, OpenVINO, DirectML, CPU), memory budget, machine fingerprint."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import torch

from livegan.core.machine import MEGABYTE, cores, free_memory_mb, processor
from livegan.core.version import __version__
from livegan.errors import NetworkError
from livegan.networks.drivers import Presence, fingerprint, package, presence

ALIASES: Mapping[str, str] = {"rocm": "cuda", "intel": "openvino-gpu"}
"""Other names: torch built with ROCm calls AMD's GPUs "cuda" as well."""
TORCH_DEVICES = ("cuda", "xpu", "mps")  # those of torch, in order of preference
DRAWING_DEVICES = ("openvino-gpu", "directml")  # can draw, but neither train nor run your own code
DEVICES = ("auto", "cpu", "cuda", "rocm", "xpu", "mps", "openvino-gpu", "intel", "directml")
FREE_SHARE = 0.5  # of the free memory, for networks kept ready
GPU_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """A device and the reason for it, in words for `livegan doctor`."""

    device: str  # "cpu" or one of TORCH_DEVICES
    reason: str


def device_presence(device: str) -> Presence:
    """Presence of one of TORCH_DEVICES or DRAWING_DEVICES; that of "cuda" is ROCm's where torch is built with it."""
    return presence("rocm" if device == "cuda" and torch.version.hip else device)


def check_device(device: str) -> str:
    """The device meant by what was typed, its alias resolved; NetworkError if there is no such device here."""
    if device not in DEVICES:
        raise NetworkError(f"no device called '{device}'; there are: {', '.join(DEVICES)}; type: --device cpu")
    name = ALIASES.get(device, device)
    if name in ("auto", "cpu"):
        return name
    found = presence("rocm") if device == "rocm" else device_presence(name)
    if not found.there:
        help_text = f": {found.install}" if found.install else ""
        raise NetworkError(
            f"device '{device}' was asked for, but {found.reason}{help_text}; try --device cpu, or type: livegan doctor"
        )
    return name


def candidate_devices(device: str) -> tuple[str, ...]:
    """The devices that may draw a network: the one asked for, or with "auto" the CPU and all others that are there.

    The CPU is first, as it needs no trial: a show begins on it.

    NetworkError if the one asked for is not there: a show must not fall back silently.
    """
    name = check_device(device)
    if name != "auto":
        return (name,)
    return ("cpu", *(other for other in (*TORCH_DEVICES, *DRAWING_DEVICES) if device_presence(other).there))


def choose_device(device: str = "auto") -> DeviceChoice:
    """The device of torch to use: the one asked for, or with "auto" the first of cuda, xpu, mps, cpu that is there.

    It loads the driver. NetworkError if the one asked for is not there or not one of torch's.
    """
    name = check_device(device)
    if name in DRAWING_DEVICES:
        raise NetworkError(f"device '{device}' can only draw; type: --device cpu")
    for candidate in TORCH_DEVICES if name == "auto" else (name,):
        if candidate != "cpu" and device_presence(candidate).there and _answers(candidate):
            return DeviceChoice(candidate, device_presence(candidate).reason if name == "auto" else "asked for")
    if name in TORCH_DEVICES:
        raise NetworkError(
            f"device '{device}' was asked for, but torch {torch.__version__} finds none; try --device cpu"
        )
    return DeviceChoice("cpu", "asked for" if name == "cpu" else "no GPU is there")


def _answers(device: str) -> bool:
    """Whether torch finds the device, which loads its driver."""
    return bool(torch.backends.mps.is_available() if device == "mps" else getattr(torch, device).is_available())


def memory_budget_mb(device: str) -> float:
    """How much memory networks may take on a device [MB]: half of the free RAM, or with "cuda" 80 % of the free VRAM.

    With "auto" the lesser of both, once something draws on "cuda": its driver is not loaded to find out.
    """
    name = ALIASES.get(device, device)
    initialized: bool = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    in_use = name == "cuda" or (name == "auto" and initialized)
    budgets_mb = [GPU_SHARE * torch.cuda.mem_get_info()[0] / MEGABYTE] if in_use else []
    if name != "cuda":
        budgets_mb.append(FREE_SHARE * free_memory_mb())
    return min(budgets_mb)


def has_bf16() -> bool:
    """Whether oneDNN has bfloat16 kernels for this processor."""
    try:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    except (AttributeError, RuntimeError):
        return False


@lru_cache(maxsize=1)
def machine() -> str:
    """Processor, cores, drivers and versions of livegan, torch and OpenVINO: what a benchmark result holds for."""
    versions = (f"livegan {__version__}", f"torch {torch.__version__}", f"openvino {package('openvino') or 'none'}")
    return ", ".join(part for part in (processor(), f"{cores()} cores", fingerprint(), *versions) if part)
