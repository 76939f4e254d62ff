"""Device drivers: which devices this machine has, and a fingerprint of their drivers, found without loading any.

Loading a broken driver can hang or kill the process that does, so nothing here calls one: only files, packages and the
build of torch are looked at. Whether a device works is for `rendering.trial` to find out.
"""

import importlib.util
import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

INTEL, AMD = "0x8086", "0x1002"  # vendors on the PCI bus
LINUX, WINDOWS = sys.platform.startswith("linux"), sys.platform == "win32"
HIDING = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ONEAPI_DEVICE_SELECTOR", "ZE_AFFINITY_MASK")
TORCH_BUILDS = "https://pytorch.org/get-started"
ICD_FOLDER = "etc/OpenCL/vendors"  # one file per OpenCL driver, naming its library
WINDOWS_CLASS = r"SYSTEM\CurrentControlSet\Control\Class\{4d36e968-e325-11ce-bfc1-08002be10318}"  # display adapters


@dataclass(frozen=True, slots=True)
class Presence:
    """Presence of a device on this machine."""

    device: str
    there: bool  # hardware, driver and library seem to be there; only a trial shows whether it works
    reason: str  # why, for people
    install: str = ""  # what to type or do so that it can be used
    driver: str = ""  # fingerprint: changes with the driver's version


def presence(device: str, root: Path = Path("/")) -> Presence:
    """Whether `device`, a key of PROBES, is there; `root` is the file system that is looked at."""
    return PROBES[device](root)


def graphics(root: Path = Path("/")) -> list[tuple[str, Path]]:
    """Graphics cards (Linux): vendor on the PCI bus, e.g. "0x8086", and the file of the device."""
    cards = []
    for node in sorted((root / "sys/class/drm").glob("renderD*")):
        with suppress(OSError):
            cards.append(((node / "device/vendor").read_text().strip(), root / "dev/dri" / node.name))
    return cards


def package(name: str) -> str:
    """The version of an installed package, or ""."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """Fingerprint of all drivers that are there: part of what a benchmark holds for."""
    return "; ".join(f"{found.device}: {found.driver}" for found in map(presence, PROBES) if found.there)


def _cuda(root: Path) -> Presence:
    build = f"torch {torch.__version__}"
    if torch.version.hip or not torch.version.cuda:
        return Presence("cuda", False, f"{build} is built without CUDA", _wheel("an NVIDIA GPU", "CUDA"))
    files = [root / "proc/driver/nvidia/version", root / "dev/dxg"]
    files += [_system32("nvcuda.dll")] if WINDOWS else []
    found = [path for path in files if path.exists()]
    if not found and not any((root / "dev" / name).exists() for name in ("nvidiactl", "nvmap")):
        return Presence("cuda", False, "no NVIDIA driver is loaded", "sudo apt install nvidia-driver, then restart")
    return Presence("cuda", True, f"an NVIDIA driver is loaded, {build}", driver=_mark(build, found, root))


def _rocm(root: Path) -> Presence:
    build = f"torch {torch.__version__}"
    if not torch.version.hip:
        return Presence("rocm", False, f"{build} is built without ROCm", _wheel("an AMD GPU", "ROCm"))
    if LINUX and not (root / "dev/kfd").exists():
        return Presence("rocm", False, "no AMD driver for computing (/dev/kfd)", "sudo apt install rocm, then restart")
    if LINUX and not os.access(root / "dev/kfd", os.R_OK | os.W_OK):
        return Presence("rocm", False, "/dev/kfd may not be opened", _join("render"))
    files = [root / "sys/module/amdgpu/version", root / "opt/rocm/.info/version"]
    return Presence("rocm", True, f"an AMD driver is loaded, {build}", driver=_mark(build, files, root))


def _xpu(root: Path) -> Presence:
    build = f"torch {torch.__version__}"
    if not getattr(torch.version, "xpu", None):
        return Presence("xpu", False, f"{build} is built without XPU", _wheel("an Intel Arc GPU", "XPU"))
    refused = _intel_refused(root)
    if refused:
        return Presence("xpu", False, *refused)
    return Presence("xpu", True, f"Intel graphics, {build}", driver=_mark(build, _intel_files(root), root))


def _mps(root: Path) -> Presence:
    if not torch.backends.mps.is_built():
        return Presence("mps", False, "only on a Mac")
    if not torch.backends.mps.is_available():
        return Presence("mps", False, "this Mac has no GPU that Metal can use", "update to macOS 14 or newer")
    return Presence("mps", True, "an Apple GPU", driver=f"torch {torch.__version__}, macOS {platform.mac_ver()[0]}")


def _openvino_gpu(root: Path) -> Presence:
    library = package("openvino")
    if not library:
        return Presence("openvino-gpu", False, "OpenVINO is not installed", "pip install 'livegan[openvino]'")
    refused = _intel_refused(root)
    if refused:
        return Presence("openvino-gpu", False, *refused)
    files = _intel_files(root)
    if LINUX and not any("intel" in path.name.lower() for path in files):
        what = "Intel graphics without its OpenCL driver"
        return Presence("openvino-gpu", False, what, "sudo apt install intel-opencl-icd")
    driver = _mark(f"openvino {library}", files, root)
    return Presence("openvino-gpu", True, f"Intel graphics, OpenVINO {library}", driver=driver)


def _directml(_root: Path) -> Presence:
    if not WINDOWS:
        return Presence("directml", False, "only on Windows")
    library = package("onnxruntime-directml")
    if not library or importlib.util.find_spec("onnx") is None:
        return Presence("directml", False, "it is not installed", "pip install 'livegan[directml]'")
    driver = _mark(f"onnxruntime-directml {library}", [_system32("DirectML.dll")])
    return Presence("directml", True, f"ONNX Runtime {library} with DirectML", driver=driver)


PROBES: Mapping[str, Callable[[Path], Presence]] = {
    "cuda": _cuda,
    "rocm": _rocm,
    "xpu": _xpu,
    "mps": _mps,
    "openvino-gpu": _openvino_gpu,
    "directml": _directml,
}
"""Every device that has a driver, by its name, likely fastest first."""


def _wheel(hardware: str, build: str) -> str:
    return f"the line for {build} of {TORCH_BUILDS} (with {hardware})"


def _join(group: str) -> str:
    return f"sudo usermod -aG {group} $USER, then log in again"


def _intel_refused(root: Path) -> tuple[str, str] | None:
    """Why Intel graphics cannot be used, and what to do; None if nothing speaks against it."""
    if WINDOWS:
        if not _system32("OpenCL.dll").exists():
            return "no graphics driver with OpenCL", "install Intel's graphics driver"
        return None
    nodes = [node for vendor, node in graphics(root) if vendor == INTEL]
    if not nodes:
        return "no Intel graphics on this machine", ""
    if not any(os.access(node, os.R_OK | os.W_OK) for node in nodes):
        return f"{nodes[0]} may not be opened", _join("render")
    return None


def _intel_files(root: Path) -> list[Path]:
    """The files of Intel's graphics driver, whose sizes and times tell its version."""
    if WINDOWS:
        return [_system32("OpenCL.dll"), _system32("ze_loader.dll")]
    return sorted((root / ICD_FOLDER).glob("*.icd"))


def _system32(name: str) -> Path:
    return Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / name


def _mark(build: str, files: Iterable[Path], root: Path = Path("/")) -> str:
    """Fingerprint: build, kernel, driver files with what they say or name, and which devices are hidden."""
    marks = [build, platform.release(), *_windows_drivers()]
    for path in files:
        text = ""
        with suppress(OSError, UnicodeDecodeError):
            if path.is_file() and path.stat().st_size < 4096:
                text = path.read_text(encoding="utf-8")[:200].strip()
        library = Path(text) if path.suffix == ".icd" else path
        marks += [f"{path.name} {text}", *_stamp(library)]
    cards = ",".join(f"{vendor}" for vendor, _ in graphics(root))
    hidden = [f"{name}={os.environ[name]}" for name in HIDING if name in os.environ]
    return ", ".join(mark for mark in [*marks, cards, *hidden] if mark)


def _stamp(path: Path) -> Iterator[str]:
    """Size and time of a library; of a bare name, wherever the loader would find it."""
    places = [path] if path.is_absolute() else [folder / path for folder in Path("/usr/lib").glob("*-linux-gnu*")]
    for place in places:
        with suppress(OSError):
            stat = place.resolve().stat()
            yield f"{stat.st_size} {stat.st_mtime_ns}" if stat.st_size else ""  # files of /proc have no size


def _windows_drivers() -> list[str]:
    """Names and driver versions of display adapters, as Windows keeps them."""
    if sys.platform != "win32":
        return []
    import winreg

    found = []
    with suppress(OSError):
        for index in range(16):
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, rf"{WINDOWS_CLASS}\{index:04}") as key:
                values = [winreg.QueryValueEx(key, name)[0] for name in ("DriverDesc", "DriverVersion")]
                found.append(" ".join(map(str, values)))
    return found
