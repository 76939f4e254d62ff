"""What every feature promises, asked of each member of the table on every kind of sound."""

import gc
import tracemalloc
import warnings
from itertools import pairwise

import numpy as np
import pytest

from livegan.core.rings import SampleRing
from livegan.features import FEATURES, Listening
from livegan.features.names import on_request_names
from livegan.features.registry import Feature

SECOND = 48000
RNG = np.random.default_rng(7)
FAMILIES = {"energy", "shape", "voice.onset", "mood"}  # files whose numbers have names of their own
SLOW = {"section.change": 2.0, "input.talk": 2.0, "mood": 4.0}  # what takes seconds to recognise [s]
METERS = {"level.db", "level.lufs", "level.peak"}  # in dB: silence is -120
TIME = np.arange(SECOND) / SECOND
SOUNDS: dict[str, np.ndarray] = {
    "silence": np.zeros((SECOND, 2)),
    "full scale sine": np.sin(2 * np.pi * 997 * TIME)[:, None].repeat(2, 1),
    "square that clips": np.sign(np.sin(2 * np.pi * 50 * TIME))[:, None].repeat(2, 1) * 4,
    "DC": np.ones((SECOND, 2)),
    "denormals": np.full((SECOND, 2), 1e-42),
    "almost nothing": RNG.standard_normal((SECOND, 2)) * 1e-8,
    "not a number": np.where(RNG.random((SECOND, 2)) < 0.01, np.nan, RNG.standard_normal((SECOND, 2))),
    "nothing but NaN": np.full((SECOND, 2), np.nan),
    "infinities": np.where(RNG.random((SECOND, 2)) < 0.01, np.inf, -np.inf),
    "absurdly loud": RNG.standard_normal((SECOND, 2)) * 1e37,
    "a click": np.eye(SECOND, 1, -20000).repeat(2, 1),
    "noise": RNG.standard_normal((SECOND, 2)) * 0.1,
    "opposite channels": np.sin(2 * np.pi * 220 * TIME)[:, None] * np.array([1, -1]),
    "no channels": np.zeros((SECOND, 0)),
    "many channels": RNG.standard_normal((SECOND, 32)) * 0.1,
}


def hear(sound: np.ndarray, sample_rate: int = 48000, block: int = 480) -> tuple[Listening, np.ndarray]:
    listening = Listening(sample_rate, sound.shape[1], asked=on_request_names())
    sound = sound.astype(np.float32)
    for start in range(0, len(sound), block):
        part = sound[start : start + block]
        listening.process(part, (start + len(part)) / sample_rate)
    return listening, listening.ring.history(10_000)[1]


@pytest.fixture(params=SOUNDS, scope="module")
def heard(request: pytest.FixtureRequest) -> tuple[Listening, np.ndarray]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return hear(SOUNDS[request.param])


@pytest.mark.parametrize("name", FEATURES.names())
def test_every_number_is_finite_and_in_range(name: str, heard: tuple[Listening, np.ndarray]) -> None:
    listening, rows = heard
    feature = FEATURES[name](listening.setup)
    columns = [listening.layout.index[one] for one in feature.names]
    assert len(rows) == SECOND // listening.setup.hop
    assert np.isfinite(rows).all()
    assert rows[:, columns].min() >= feature.low
    assert rows[:, columns].max() <= feature.high


@pytest.mark.parametrize("name", FEATURES.names())
def test_it_says_what_it_is(name: str) -> None:
    listening = Listening(48000, 2, asked=on_request_names())
    feature = FEATURES[name](listening.setup)
    assert feature.names
    odd = [number for number in feature.names if number != name and not number.startswith(f"{name}.")]
    assert not odd or name in FAMILIES, f"numbers of the feature '{name}' are called '{name}' or '{name}.SOMETHING'"
    assert feature.unit
    assert feature.source
    assert feature.low < feature.high
    assert 0 <= feature.delay_s <= SLOW.get(name, 0.2)
    assert type(feature).__doc__ not in (None, Feature.__doc__)
    assert [listening.layout.peaks[listening.layout.index[one]] for one in feature.names] == [feature.peak] * len(
        feature.names
    )


def test_the_names_are_those_the_scenes_know() -> None:
    names = set(Listening(48000, 2).layout.names)
    assert {"level", "level.db", "level.lufs", "level.peak", "level.crest", "gate", "bass", "mid", "treble"} < names
    assert {"onset", "onset.bass", "onset.mid", "onset.treble"} < names
    assert {"brightness", "spread", "flatness", "rolloff", "flux", "complexity", "complexity.spectral"} < names
    assert {"pitch", "pitch.hz", "pitch.confidence", "tuning", "chord.change", "key.change", "section.change"} < names
    assert {"beat", "beat.phase", "beat.bpm", "beat.confidence", "bar.phase", "downbeat"} < names
    assert {"input.clip", "input.dc", "input.hum", "input.talk"} < names
    assert {f"chroma.{note}" for note in ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")} < names
    assert {f"band.{i}" for i in range(40)} < names
    assert {f"spectrum.{i}" for i in range(40)} < names
    assert {f"mel.{i}" for i in range(40)} < names
    assert {"amplitude", "amplitude.mean", "amplitude.rise"} < names
    assert {"note.C", "note.onset", "note.density", "voice.1.pitch", "voice.4.velocity", "voice.2.onset"} < names


@pytest.mark.parametrize("sound", ["silence", "DC", "denormals", "almost nothing", "nothing but NaN", "no channels"])
def test_what_is_silent_moves_nothing(sound: str) -> None:
    listening, rows = hear(SOUNDS[sound])
    late = rows[100:] if sound == "DC" else rows  # switching DC on is a click; after it there is nothing
    meters = [listening.layout.index[name] for name in METERS]
    honest = {"level.peak", "input.clip", "input.dc"} if sound == "DC" else set()  # these report it
    clock = {"beat.phase", "bar.phase", "beat.bpm"}  # runs on
    moving = [
        i
        for name, i in listening.layout.index.items()
        if name not in METERS | honest | clock and not (sound == "DC" and name.startswith("spectrum."))  # smoothed
    ]
    assert late[:, moving].max() == 0
    assert late[:, meters].max() < (1 if sound == "DC" else -100)
    assert late[-1, listening.layout.index["level.db"]] < -100


@pytest.mark.parametrize("sample_rate", [8000, 16000, 22050, 44100, 88200, 96000, 192000])
@pytest.mark.parametrize("block", [1, 255, 48000])
def test_any_rate_and_any_block_will_do(sample_rate: int, block: int) -> None:
    listening, rows = hear(RNG.standard_normal((sample_rate // 8, 1)) * 0.1, sample_rate, block)
    assert np.isfinite(rows).all()
    assert len(rows) == sample_rate // 8 // listening.setup.hop
    assert 0.0039 < listening.setup.hop_s < 0.0082
    assert 0.031 < listening.setup.window / sample_rate < 0.065


def test_a_nonsensical_cut_is_refused() -> None:
    for wrong in ({"window": 16}, {"hop": 0}, {"hop": 4096}, {"bands": 0}):
        with pytest.raises(ValueError, match="cannot listen"):
            Listening(48000, 2, **wrong)
    with pytest.raises(ValueError, match="cannot listen"):
        Listening(100, 2)


def test_listening_for_long_takes_no_more_memory() -> None:
    listening = Listening(48000, 2)
    block = (RNG.standard_normal((4800, 2)) * 0.1).astype(np.float32)
    for number in range(20):
        listening.process(block, number / 10)
    tracemalloc.start()
    kept = []
    for number in range(200):
        if number % 40 == 0:
            gc.collect()  # it empties Python's lists of freed tuples too, which the tracer counts
            kept.append(tracemalloc.get_traced_memory()[0])
        listening.process(block, 2.0 + number / 10)
    tracemalloc.stop()
    growths = [after - before for before, after in pairwise(kept[1:])]
    assert min(growths) < 8_000, "750 hops each: what is kept of every hop would grow in all of them"


def test_falling_behind_is_counted_once_each_time() -> None:
    ring, listening = SampleRing(2, SECOND, seconds=0.1), Listening(SECOND, 2)
    block = np.zeros((960, 2), np.float32)
    for gaps, blocks in ((0, 1), (0, 5), (1, 50), (1, 5), (2, 6)):
        for _ in range(blocks):
            ring.write(block, ring.written / SECOND)
        missed = listening.missed
        listening.follow(ring)
        assert listening.gaps == gaps
        assert listening.missed - missed == max(0, 960 * blocks - ring.capacity)
