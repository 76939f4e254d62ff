"""Device drivers: what is there and its version are found without loading one; errors say what to type."""

import os
from pathlib import Path

import pytest
import torch

from livegan.errors import NetworkError
from livegan.networks import device as devices
from livegan.networks import drivers
from livegan.networks.device import DEVICES, candidate_devices, check_device, choose_device, machine, memory_budget_mb
from livegan.networks.drivers import PROBES, Presence, fingerprint, presence


def write(root: Path, **texts: str) -> None:
    for name, text in texts.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """This torch as if it were built for everything but ROCm."""
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.version, "xpu", "20250300", raising=False)
    monkeypatch.setattr(torch.version, "hip", None)
    return monkeypatch


def intel(root: Path) -> None:
    """A machine with Intel graphics and its OpenCL driver."""
    write(root, sys__class__drm__renderD128__device__vendor="0x8086\n", dev__dri__renderD128="")
    write(root, etc__OpenCL__vendors__placeholder="")
    library = root / "libigdrcl.so"
    library.write_text("driver 1")
    (root / "etc/OpenCL/vendors/intel.icd").write_text(str(library))


def test_a_bare_machine_has_none_and_says_what_to_do(builds: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = {device: presence(device, tmp_path) for device in PROBES if device != "mps"}
    assert not any(one.there for one in found.values())
    assert "nvidia-driver" in found["cuda"].install
    assert "no Intel graphics" in found["xpu"].reason
    assert "no Intel graphics" in found["openvino-gpu"].reason
    assert found["directml"].reason == "only on Windows"
    builds.setattr(torch.version, "cuda", None)
    builds.setattr(torch.version, "xpu", None)
    for device, word in (("cuda", "CUDA"), ("rocm", "ROCm"), ("xpu", "XPU")):
        assert f"without {word}" in presence(device, tmp_path).reason
        assert f"line for {word} of https://pytorch.org" in presence(device, tmp_path).install


def test_an_nvidia_driver_is_seen_and_another_version_of_it_is_another(
    builds: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write(tmp_path, proc__driver__nvidia__version="NVRM version: 580.95")
    first = presence("cuda", tmp_path)
    assert first.there
    assert "580.95" in first.driver
    assert presence("cuda", tmp_path) == first
    write(tmp_path, proc__driver__nvidia__version="NVRM version: 590.10")
    assert presence("cuda", tmp_path).driver != first.driver
    builds.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert "CUDA_VISIBLE_DEVICES=1" in presence("cuda", tmp_path).driver


def test_a_torch_built_with_rocm_calls_amd_cuda(builds: pytest.MonkeyPatch, tmp_path: Path) -> None:
    builds.setattr(torch.version, "hip", "6.4")
    assert "without CUDA" in presence("cuda", tmp_path).reason
    assert "/dev/kfd" in presence("rocm", tmp_path).reason
    write(tmp_path, dev__kfd="", sys__module__amdgpu__version="6.12.12")
    assert "6.12.12" in presence("rocm", tmp_path).driver
    builds.setattr(devices, "presence", lambda device: presence(device, tmp_path))
    assert (check_device("rocm"), check_device("cuda")) == ("cuda", "cuda")
    builds.setattr(torch.version, "hip", None)
    with pytest.raises(NetworkError, match=r"'rocm' .*without ROCm.*--device cpu.*livegan doctor"):
        check_device("rocm")


def test_intel_graphics_need_a_driver_for_openvino_and_another_library_is_another(
    builds: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write(tmp_path, sys__class__drm__renderD128__device__vendor="0x8086\n", dev__dri__renderD128="")
    assert presence("openvino-gpu", tmp_path).install == "sudo apt install intel-opencl-icd"
    intel(tmp_path)
    first = presence("openvino-gpu", tmp_path)
    assert (first.there, presence("xpu", tmp_path).there) == (True, True)
    (tmp_path / "libigdrcl.so").write_text("driver 2, larger")
    assert presence("openvino-gpu", tmp_path).driver != first.driver
    builds.setattr(drivers, "package", lambda name: "")
    assert presence("openvino-gpu", tmp_path).install == "pip install 'livegan[openvino]'"


def test_a_device_file_that_may_not_be_opened_is_named(builds: pytest.MonkeyPatch, tmp_path: Path) -> None:
    intel(tmp_path)
    builds.setattr(os, "access", lambda path, mode: False)
    found = presence("openvino-gpu", tmp_path)
    assert "renderD128 may not be opened" in found.reason
    assert found.install == "sudo usermod -aG render $USER, then log in again"


@pytest.mark.parametrize("device", [name for name in DEVICES if name not in ("auto", "cpu")])
def test_a_device_that_is_not_there_is_an_error_that_says_what_to_type(
    device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "presence", lambda name: Presence(name, False, "it was sold", "pip install another"))
    for ask in (check_device, candidate_devices, choose_device):
        with pytest.raises(NetworkError) as caught:
            ask(device)
        for words in (f"'{device}'", "it was sold: pip install another", "--device cpu", "livegan doctor"):
            assert words in str(caught.value)
    assert (candidate_devices("auto"), candidate_devices("cpu")) == (("cpu",), ("cpu",))


def test_devices_are_found_without_loading_a_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*_: object) -> None:
        raise AssertionError("a driver was loaded")

    for name in ("is_available", "device_count", "get_device_name", "init", "mem_get_info"):
        monkeypatch.setattr(torch.cuda, name, load)
    monkeypatch.setattr(devices, "presence", lambda name: Presence(name, True, "there"))
    machine.cache_clear()
    fingerprint.cache_clear()
    assert candidate_devices("auto") == ("cpu", "cuda", "xpu", "mps", "openvino-gpu", "directml")
    assert candidate_devices("intel") == ("openvino-gpu",)
    assert machine()
    assert memory_budget_mb("auto") > 0


def test_a_device_that_only_draws_cannot_train(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "presence", lambda name: Presence(name, True, "there"))
    for device in ("openvino-gpu", "intel", "directml"):
        with pytest.raises(NetworkError, match=f"'{device}' can only draw; type: --device cpu"):
            choose_device(device)
