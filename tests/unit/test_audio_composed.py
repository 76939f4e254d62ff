"""Music sources: each note begins at its sample, however the clock cuts the blocks; the built-in instrument sounds."""

import numpy as np
import pytest

from livegan.audio.composed import TAIL_S, MusicSource
from livegan.audio.instrument import DRUMS, ToneGenerator
from livegan.composer.conductor import Bar, Beat, BeatEvent, Conductor
from livegan.core.timeline import Timeline
from livegan.core.types import Samples

RATE = 48000


class Clicker:
    """Instrument whose notes are single samples of their velocity; it writes down what it is told."""

    def __init__(self) -> None:
        self.at = 0
        self.told: list[tuple[int, str, int, int]] = []
        self._click = 0.0

    def program(self, channel: int, program: int) -> None: ...

    def note_on(self, channel: int, pitch: int, velocity: int) -> None:
        self.told.append((self.at, "on", channel, pitch))
        self._click += velocity / 127

    def note_off(self, channel: int, pitch: int) -> None:
        self.told.append((self.at, "off", channel, pitch))

    def all_off(self) -> None:
        self.told.append((self.at, "all off", 0, 0))

    def render(self, count: int) -> Samples:
        out = np.zeros((count, 2), np.float32)
        if count:
            out[0], self._click = self._click, 0.0
        self.at += count
        return out

    def close(self) -> None: ...


def music(bars: int, bpm: float = 97.0) -> Conductor:
    beats = tuple(Beat((BeatEvent(0.0, False, 0, 59 + at), BeatEvent(0.0, True, 0, 60 + at, 127))) for at in range(4))
    written = iter([Bar(beats)] * bars)
    return Conductor(Timeline(), lambda: next(written, Bar(())), bpm)


def heard(source: MusicSource, seconds: float, block_s: float) -> np.ndarray:
    source.start(1000.0)
    parts, at = [], 0
    for now_s in np.arange(0.0, seconds, block_s):
        source.poll(1000.0 + float(now_s))
        first, samples = source.ring.read(at, source.ring.written)
        assert first == at
        parts.append(samples)
        at += len(samples)
    return np.concatenate(parts)


@pytest.mark.parametrize(("grid", "block_s"), [(1, 0.00533), (1, 0.211), (64, 0.00533), (64, 0.1)])
def test_each_note_begins_at_its_sample_however_the_blocks_are_cut(grid: int, block_s: float) -> None:
    source = MusicSource("music", music(4), Clicker(), [0], RATE, grid=grid)
    sound = heard(source, 9.0, block_s)
    clicks = np.flatnonzero(sound[:, 0])
    exact = np.arange(len(clicks)) * 60 / 97 * RATE
    assert len(clicks) == 15
    assert np.abs(clicks - exact).max() <= grid / 2 + 1e-6
    assert (clicks % grid == 0).all()
    assert source.worst_s <= (grid / 2 + 1e-6) / RATE
    assert source.timeline.origin_s == 1000.0


def test_it_ends_after_the_last_notes_have_died_away_and_stop_lets_all_go() -> None:
    clicker = Clicker()
    source = MusicSource("music", music(1, 240.0), clicker, [5], RATE)
    sound = heard(source, 6.0, 0.05)
    assert source.ended
    assert len(sound) == round((1.25 + TAIL_S) * RATE)
    on = [(channel, pitch) for _, what, channel, pitch in clicker.told if what == "on"]
    off = [(channel, pitch) for _, what, channel, pitch in clicker.told if what == "off"]
    assert on == [(5, 60), (5, 61), (5, 62), (5, 63)]
    assert set(on) <= set(off)
    source.stop()
    assert clicker.told[-1][1] == "all off"


def test_the_volume_glides_to_what_is_wanted() -> None:
    volume = [1.0]
    source = MusicSource("music", music(4), ToneGenerator(RATE), [0], RATE, volume=lambda: volume[0])
    loud = heard(source, 1.0, 0.02)
    volume[0] = 0.0
    for now_s in np.arange(1.0, 2.0, 0.02):
        source.poll(1000.0 + float(now_s))
    _, quiet = source.ring.read(round(1.7 * RATE), round(1.9 * RATE))
    assert np.abs(loud).max() > 0.05
    assert np.abs(quiet).max() < 1e-4


@pytest.mark.parametrize("program", [0, 11, 19, 48, 73, 89])
def test_the_built_in_instrument_sounds_in_tune_and_falls_silent(program: int) -> None:
    tones = ToneGenerator(RATE)
    tones.program(3, program)
    tones.note_on(3, 69, 100)
    whole = tones.render(RATE)
    spectrum = np.abs(np.fft.rfft(whole[:, 0] * np.hanning(RATE)))
    assert np.argmax(spectrum) == 440
    assert 0.02 < np.abs(whole).max() < 1.0
    tones.note_off(3, 69)
    tones.render(4 * RATE)
    assert np.abs(tones.render(RATE)).max() < 1e-3


def test_the_same_notes_give_the_same_samples_in_any_blocks() -> None:
    def played(blocks: list[int]) -> np.ndarray:
        tones = ToneGenerator(RATE)
        for pitch in (48, 60, 64, 91):
            tones.note_on(0, pitch, 90)
        tones.note_on(DRUMS, 38, 90)
        return np.concatenate([tones.render(count) for count in blocks])

    assert played([1, 255, 1000, 4000, 0, 744]) == pytest.approx(played([6000]), abs=1e-5)


def test_many_notes_neither_clip_nor_pile_up() -> None:
    tones = ToneGenerator(RATE)
    for pitch in range(128):
        tones.note_on(pitch % 16, pitch, 127)
    sound = tones.render(4800)
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() <= 1.0
    tones.all_off()
    tones.render(RATE)
    assert np.abs(tones.render(480)).max() < 0.01
