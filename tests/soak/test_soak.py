"""Five minutes of the show: it neither grows nor stumbles. LIVEGAN_SOAK_S makes it shorter or longer [s]."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import torch

from livegan.config.load import load_venue
from livegan.core.clock import WallClock
from livegan.core.machine import rss_mb as own_rss_mb
from livegan.core.types import ControlEvent
from livegan.engine.runtime import Runtime
from livegan.engine.show import PlayOptions, set_up
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.networks.architectures.stylegan2_shape import StyleGAN2Shape
from livegan.networks.info import NetworkInfo
from livegan.networks.weights import save_weights
from tests.deadline import until
from tests.screen import ROOT

pytestmark = pytest.mark.slow

DURATION_S = float(os.environ.get("LIVEGAN_SOAK_S", "300"))
GROWTH_MB = 10.0


def rss_mb(process: "subprocess.Popen[str]") -> float:
    """Memory in use [MiB] (man 5 proc: statm counts pages)."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def play_on(process: "subprocess.Popen[str]", seconds: float) -> None:
    with suppress(subprocess.TimeoutExpired):
        code = process.wait(timeout=seconds)
        raise AssertionError(f"the show ended early, with {code}")


def test_a_long_show_does_not_grow(tmp_path: Path) -> None:
    said, log, report = tmp_path / "said.txt", tmp_path / "show.log", tmp_path / "report.json"
    command = [sys.executable, "main.py", "play", "--headless", "--input", "demo", "--duration", str(DURATION_S)]
    command += ["--log", str(log), "--report", str(report)]
    with said.open("w") as out, subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, text=True) as process:
        try:
            until(lambda: process.poll() is not None or (log.exists() and log.stat().st_size), "the show")
            play_on(process, DURATION_S * 0.2)
            early_mb = rss_mb(process)
            play_on(process, DURATION_S * 0.75)
            late_mb = rss_mb(process)
            assert process.wait(timeout=DURATION_S * 0.1 + 60) == 0, said.read_text()
        finally:
            process.kill()
    facts = json.loads(report.read_text())
    assert facts["faults"] == 0
    assert facts["frames"] > DURATION_S
    assert late_mb - early_mb < GROWTH_MB, f"from {early_mb:.1f} to {late_mb:.1f} MB"


def write_network(folder: Path, name: str, channels: list[int]) -> NetworkInfo:
    """A StyleGAN2 of random weights."""
    side = 4 << (len(channels) - 1)
    shape = {"channels": channels, "mapping_layers": 2}
    path = folder / f"{name}.json"
    info = NetworkInfo(name, path, "stylegan2", (side, side), z_dim=64, w_dim=64, shape=shape, licence="CC0-1.0")
    torch.manual_seed(0)
    network = StyleGAN2(StyleGAN2Shape.of(info))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_()
    save_weights(info, network.state_dict())
    return info


def headless(folder: Path, scenes: dict[str, str], fps: float) -> Runtime:
    """A show of these scenes on the demo track, at a modest rate: what matters is what disturbs it."""
    for name, text in scenes.items():
        (folder / f"{name}.toml").write_text(text)
    venue = load_venue()
    tables = {
        "picture": venue.picture.model_copy(update={"fps": fps, "device": "cpu"}),
        "hands": venue.hands.model_copy(update={"port": "none"}),
        "show": venue.show.model_copy(update={"scenes": tuple(str(folder / f"{name}.toml") for name in scenes)}),
    }
    wishes = PlayOptions(in_window=False)
    return set_up(venue.model_copy(update=tables), wishes, WallClock()).runtime


def test_going_from_end_to_end_of_eight_snapshots_drops_no_frame_and_does_not_grow(tmp_path: Path) -> None:
    for number in range(8):
        write_network(tmp_path, f"snapshot-{number}", [32, 32, 32, 16])
    scene = f'title = "Bank"\nnetwork = "{tmp_path}"\n[knobs]\n"knob.1" = "network.position"\n[bank]\nhold_s = 0.0\n'
    fps = 20.0
    with headless(tmp_path, {"bank": scene}, fps) as show:
        until(lambda: (told := show.telemetry.peek()) is not None and "8 of 8" in told.bank, "the bank", 120.0)

        def switch(times: int) -> float:
            for number in range(times):
                at = number % 14 if number % 14 < 8 else 14 - number % 14
                mark = show.published
                show.controls.put(ControlEvent(0.0, "knob.1", at / 7))
                until(lambda mark=mark: show.published > mark, "the next frame")
            return own_rss_mb()

        early_mb, dropped = switch(50), show.dropped
        late_mb = switch(1000)
    assert show.dropped == dropped
    assert show.performer.guard.faults == 0
    assert late_mb - early_mb < GROWTH_MB


def test_loading_a_large_network_in_mid_show_drops_no_frame(tmp_path: Path) -> None:
    write_network(tmp_path, "small", [32, 32, 32, 16])
    write_network(tmp_path, "large", [512, 512, 512, 512, 512, 256, 128, 64, 32])  # 1024 px, config-f
    scenes = {name: f'title = "{name}"\nnetwork = "{tmp_path / name}.json"\n' for name in ("small", "large")}
    with headless(tmp_path, scenes, 20.0) as show:
        until(lambda: (told := show.telemetry.peek()) is not None and "2 of 2" in told.bank, "the large one", 300.0)
        dropped, longest_s = show.dropped, show.intervals.longest_s
    assert (dropped, show.performer.guard.faults) == (0, 0)
    assert longest_s < 2 / 20.0
