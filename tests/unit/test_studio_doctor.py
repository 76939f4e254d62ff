"""Diagnosis of drawing devices: each is named, with the verdict of its trial and what to type."""

from pathlib import Path

import pytest

from livegan.networks.cache import cache_folder, recall, remember
from livegan.networks.drivers import PROBES, Presence
from livegan.networks.library import find_network
from livegan.rendering.load import load_generator
from livegan.rendering.trial import Outcome, Verdict, remember_verdict, remembered
from livegan.studio import doctor_devices
from livegan.studio.doctor_devices import device_findings, forget_trials

KEY = "ab" * 32


@pytest.fixture(autouse=True)
def fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_each_device_is_there_or_not_with_its_verdict_and_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    verdicts = {
        "cuda": [Verdict(Outcome.HUNG, "no answer within 60 s", "cuda fp16", "cuda")],
        "xpu": [
            Verdict(Outcome.WRONG, "12.1 dB", "xpu fp16", "xpu"),
            Verdict(Outcome.SAFE, "3.1 ms a picture", "xpu fp32", "xpu"),
        ],
    }
    there = ("cuda", "xpu", "openvino-gpu")
    monkeypatch.setattr(doctor_devices, "remembered", lambda device: verdicts.get(device, []))
    monkeypatch.setattr(
        doctor_devices, "presence", lambda device: Presence(device, device in there, f"{device} in slot 1", "buy one")
    )
    found = {finding.what.removeprefix("--device "): finding for finding in device_findings()}
    assert set(found) == set(PROBES)
    assert not any(finding.needed for finding in found.values())
    assert {device for device, finding in found.items() if finding.well} == {"xpu"}
    assert "cuda fp16 hung: no answer within 60 s" in found["cuda"].detail
    assert "xpu fp16 wrong: 12.1 dB; xpu fp32 safe" in found["xpu"].detail
    assert "not tried yet" in found["openvino-gpu"].detail
    assert all(found[device].repair == "livegan doctor --retry" for device in there)
    assert found["mps"].repair == "buy one"


def test_retry_forgets_verdicts_and_benchmarks_and_nothing_else() -> None:
    load_generator(find_network(Path(__file__).parent.parent / "golden" / "conditional-32.json")).close()
    folder = cache_folder(KEY).parent
    benchmarks = list(folder.glob("*/backend-*.json"))
    assert benchmarks
    remember(KEY, "analysis", {"kept": 1})
    remember_verdict(Verdict(Outcome.HUNG, "no answer", "cuda fp16", "cuda"), None)
    assert remembered("cuda")
    forget_trials()
    assert not remembered("cuda")
    assert not any(path.exists() for path in benchmarks)
    assert recall(KEY, "analysis") == {"kept": 1}
