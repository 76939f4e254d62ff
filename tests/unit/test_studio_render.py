"""A film has as many frames as cover its song, and is decoded no further than it has got."""

from collections.abc import Iterator
from fractions import Fraction
from math import inf
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile

from livegan.audio.song import SongStream
from livegan.core.clock import ManualClock
from livegan.core.types import Samples
from livegan.features import Listening
from livegan.studio.render import open_audible, plans

RATE = 8000


def stream(samples: int, decoded: list[int]) -> SongStream:
    def blocks() -> Iterator[Samples]:
        for start in range(0, samples, 300):
            decoded.append(start)
            yield np.full((min(300, samples - start), 1), 0.1, np.float32)

    return SongStream(blocks(), RATE, 1)


def film(song: SongStream, fps: Fraction) -> Iterator[Any]:
    scenes = SimpleNamespace(tempo_range=None)
    performer = SimpleNamespace(advance=lambda index, time_s, dt_s, features: index, scenes=scenes)
    listening = Listening(RATE, 1, asked=["level"], everything=False)
    return plans(performer, listening, ManualClock(), song, fps)  # type: ignore[arg-type]


@pytest.mark.parametrize("fps", [Fraction(60), Fraction(30000, 1001), Fraction(15), Fraction(7)])
@pytest.mark.parametrize("samples", [1, 133, 134, 533, 534, 8000, 8001, 7999])
def test_frames_cover_the_song_to_the_sample(samples: int, fps: Fraction) -> None:
    assert list(film(stream(samples, []), fps)) == list(range(-(-samples * fps.numerator // (RATE * fps.denominator))))


def test_a_film_decodes_no_further_than_its_next_frame() -> None:
    decoded: list[int] = []
    for index in film(stream(80_000, decoded), Fraction(20)):
        assert all(start <= (index + 1) * RATE / 20 + 300 for start in decoded)
        if index == 10:
            break
    assert len(decoded) < 20


@pytest.mark.parametrize("rate", [3, 7000, 7999, 8000, 48000])
def test_a_song_of_any_sample_rate_can_be_analysed(rate: int, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", np.full((2 * rate, 2), 0.1, np.float32), rate)
    song = open_audible(tmp_path / "song.wav", 48000, inf)
    Listening(song.sample_rate, song.channels, asked=["level"], everything=False)
    assert len(song.read(1 << 20)) == pytest.approx(2 * song.sample_rate, rel=1e-3)
    assert song.sample_rate == (48000 if rate < 8000 else rate)
