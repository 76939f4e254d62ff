"""Benchmark of the studio: a song into a film as lucid-sonic-dreams makes it, workers, a projection; ratios of one run.

Both ways make a film of the same seconds of a song with the same weights and lucid-sonic-dreams' defaults, in turns.
What livegan measures once for each machine (which backend is fastest) is done before.
"""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import av

from livegan.audio.demo import demo_track
from livegan.core.clock import WallClock
from livegan.core.progress import progress_bar
from livegan.errors import NetworkError
from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.device import machine
from livegan.networks.library import find_network
from livegan.networks.weights import load_style_net
from livegan.studio import bench_projection, bench_workers, lucid_textbook
from livegan.studio.hallucinate import LucidSonicDream
from livegan.studio.projector import ORIGINAL_STEPS

SECONDS = 15.0
FPS = 43.0  # its default
WARM_UP_S = 1.0
NETWORK = "house-256"

Echo = Callable[[str], None]


def measure(
    song: str,
    seconds: float = SECONDS,
    network: str = NETWORK,
    device: str = "",
    echo: Echo = lambda line: None,
    quick: bool = False,
) -> dict[str, Any]:
    """Every figure, ready for JSON. `song`: "" or "demo" is the demo track; `quick`: only the films."""
    path = demo_track() if song in ("", "demo") else Path(song)
    info = find_network(network)
    if info.kind not in ARCHITECTURES:
        raise NetworkError(f"{info.name} has no plain forward to compare with; give a network with weights")
    figures: dict[str, Any] = {"machine": machine(), "song": path.name, "seconds": seconds, "network": info.name}
    with tempfile.TemporaryDirectory(prefix="livegan-bench-") as name:
        figures["film"] = film(path, seconds, network, device, Path(name), echo)
    if not quick:
        figures["workers"] = bench_workers.measure(info, device, echo=echo)
        with progress_bar("projection, 1000 plain steps", ORIGINAL_STEPS, "steps") as report:
            figures["projection"] = bench_projection.measure(report=report)
    return figures


def film(song: Path, seconds: float, network: str, device: str, folder: Path, echo: Echo) -> dict[str, Any]:
    """Song to film: livegan, lucid-sonic-dreams, livegan again; seconds for each frame, and the ratio."""
    dream, clock = LucidSonicDream(song, style=network), WallClock()

    def ours(length_s: float) -> tuple[float, int]:
        began_s = clock.now()
        path = dream.hallucinate(folder / "ours.mp4", fps=FPS, duration=length_s, device=device)
        took_s = clock.now() - began_s
        return took_s, count_frames(path)

    echo("livegan prepares this network for this machine")
    ours(WARM_UP_S)
    echo("livegan")
    first = ours(seconds)
    echo("lucid-sonic-dreams' way")
    frames = folder / "frames"
    frames.mkdir()
    net = load_style_net(find_network(network))
    theirs = lucid_textbook.film(song, net, folder / "theirs.mp4", frames, seconds, FPS)
    echo("livegan once more")
    second = ours(seconds)
    own_s = (first[0] + second[0]) / (first[1] + second[1])
    other_s = theirs.seconds / theirs.frames
    return {
        "ours_s": [round(first[0], 3), round(second[0], 3)],
        "ours_frames": first[1],
        "theirs_s": round(theirs.seconds, 3),
        "theirs_frames": theirs.frames,
        "theirs_parts_s": {key: round(value, 3) for key, value in asdict(theirs).items() if key != "frames"},
        "ours_ms": round(own_s * 1e3, 2),
        "theirs_ms": round(other_s * 1e3, 2),
        "times": round(other_s / own_s, 2),
    }


def count_frames(film: Path) -> int:
    """Frames of a film, by its index."""
    with av.open(str(film)) as container:
        return int(container.streams.video[0].frames)


def table(figures: Mapping[str, Any]) -> str:
    """The figures as text."""
    row = figures["film"]
    further = [("workers", bench_workers.table), ("projection", bench_projection.table)]
    parts = ", ".join(
        f"{key.removesuffix('_s')} {value / row['theirs_frames'] * 1e3:.1f}"
        for key, value in row["theirs_parts_s"].items()
    )
    return "\n".join(
        [
            f"{figures['machine']}",
            f"{figures['seconds']:g} s of {figures['song']} into a film, {figures['network']}, ms for each frame",
            f"lucid-sonic-dreams' way  {row['theirs_ms']:9.2f}   ({parts})",
            f"livegan                  {row['ours_ms']:9.2f}   {row['times']:.1f} times as fast",
            *(lines(figures[name]) for name, lines in further if name in figures),
        ]
    )
