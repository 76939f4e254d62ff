"""The textbook of lucid-sonic-dreams' loop makes the film it should, and the benchmark's figures are its quotients."""

from pathlib import Path

import av
import numpy as np
import soundfile

from livegan.networks.weights import load_style_net
from livegan.studio import lucid_textbook as textbook
from livegan.studio.bench_studio import table
from tests.tiny_networks import tiny

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
    text = table({"machine": "m", "seconds": 0.5, "song": "s", "network": "n", "film": row})
    assert "5.0 times as fast" in text
