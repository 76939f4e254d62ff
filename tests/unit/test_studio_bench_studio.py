"""The textbook of lucid-sonic-dreams' loop makes the film it should, and the benchmark's figures are its quotients."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
import soundfile

from livegan.core.types import FramePlan
from livegan.errors import WorkerError
from livegan.networks.weights import load_style_net
from livegan.studio import bench_projection, bench_workers
from livegan.studio import lucid_textbook as textbook
from livegan.studio.bench_studio import table
from livegan.training.perceptual import perceptual
from tests.tiny_networks import tiny, tiny_info

RATE = textbook.RATE
TIME_S = np.arange(RATE) / RATE
TONE = np.sin(2 * np.pi * 440 * TIME_S).astype(np.float32)
HITS = (TIME_S % 0.25 < 0.004) * np.random.default_rng(0).standard_normal(RATE).astype(np.float32)


def test_hits_and_tones_are_separated_and_loudness_is_of_the_whole_song() -> None:
    harmonic, percussive = textbook.separated(TONE + HITS)
    middle = slice(RATE // 4, -RATE // 4)
    assert np.square(harmonic[middle]).mean() > 10 * np.square(percussive[middle]).mean()
    loud = textbook.amplitude(percussive, textbook.hop_length(43), 32)
    assert (loud.min(), loud.max()) == (0.0, 1.0)
    assert textbook.chroma(TONE, 512).mean(axis=1).argmax() == 9  # A


def test_frames_are_multiples_of_64_samples() -> None:
    assert [RATE / textbook.hop_length(fps) for fps in (24, 43)] == [RATE / 896, RATE / 512]


def test_the_latent_walks_is_thrown_and_turns_round() -> None:
    loud = np.ones(43 * 30)
    latents = np.array(list(textbook.noise_vectors(loud, loud, 43.0, 16)))
    assert latents.shape == (43 * 30, 16)
    assert np.abs(latents).max() < 4.0  # it turns at 2, late by what is smoothed
    assert (np.abs(np.diff(np.sign(np.diff(latents, axis=0)), axis=0)).sum(axis=0) > 0).all()


def test_it_makes_a_film(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", TONE, RATE)
    (tmp_path / "frames").mkdir()
    net = load_style_net(tiny(tmp_path, "stylegan2"))
    timing = textbook.film(tmp_path / "song.wav", net, tmp_path / "film.mp4", tmp_path / "frames", 0.5)
    with av.open(str(tmp_path / "film.mp4")) as film:
        assert film.streams.video[0].frames == timing.frames == 22
        assert film.streams.audio[0].codec_context.sample_rate == RATE
    parts = {"pictures_s": timing.pictures_s, "encoding_s": timing.encoding_s}
    row = {"theirs_frames": 22, "theirs_parts_s": parts, "theirs_ms": 50.0, "ours_ms": 10.0, "times": 5.0}
    figures = {"machine": "m", "seconds": 0.5, "song": "s", "network": "n", "film": row}
    assert "5.0 times as fast" in table(figures)
    frame = {"steps": 9, "cpu_s": 2.0, "distance": 0.01, "psnr_db": 40.0}
    projection = {"network": "n", "space": "w", "plain": frame, "ours": frame, "times": 12.5}
    workers = {"pictures_a_second": {"1": [10.0, 12.0], "2": [20.0]}, "workers": 2, "times": 1.82}
    text = table(figures | {"projection": projection, "workers": workers})
    assert "12.5 times as fast" in text
    assert "2 workers: 1.82 times one" in text


def test_the_pace_of_workers_counts_once_all_are_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each picture takes 10 ms, but 1 s before the second worker is there."""
    now, scheduler = SimpleNamespace(s=0.0), SimpleNamespace(ready=1)

    def draw_plans(_: object, plans: Iterator[FramePlan]) -> Iterator[FramePlan]:
        for plan in plans:
            scheduler.ready = 2 if plan.index >= 50 else 1
            now.s += 0.01 if scheduler.ready == 2 else 1.0
            yield plan

    monkeypatch.setattr(bench_workers, "draw_plans", draw_plans)
    monkeypatch.setattr(bench_workers, "WallClock", lambda: SimpleNamespace(now=lambda: now.s))
    info = tiny_info("stylegan2")
    assert bench_workers._pace(scheduler, info, 2, 3.0) == pytest.approx(100, rel=1e-3)  # type: ignore[arg-type]
    with pytest.raises(WorkerError, match="only 2 of 3 workers are ready after 120 s"):
        bench_workers._pace(scheduler, info, 3, 3.0)  # type: ignore[arg-type]


def test_a_projected_frame_is_compared_with_plain_steps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    info = tiny(tmp_path, "stylegan2", c_dim=12)
    monkeypatch.setattr(bench_projection, "NETWORK", str(info.path))
    monkeypatch.setattr(bench_projection, "perceptual", lambda: perceptual("pixels"))
    steps: list[int] = []
    row = bench_projection.measure(warm_steps=8, plain_steps=12, report=steps.append)
    assert steps == list(range(1, 13))
    assert row["plain"]["steps"] == 12
    assert row["ours"]["steps"] <= 8
    assert row["times"] > 0
