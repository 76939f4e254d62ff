"""What every source of sound promises, asked of each: the real ones and those that stand in for them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from livegan.audio.device import SoundCard
from livegan.audio.file import FileSource
from livegan.audio.source import Source
from livegan.audio.test_signals import Clicks, Silence, Tone
from livegan.core.clock import ManualClock
from tests.fake_portaudio import FakeDriver, device


class FakeCard(SoundCard):
    """A sound card on a driver that plays 256 samples whenever they are due."""

    def __init__(self, clock: ManualClock, rate: int) -> None:
        self.fake = FakeDriver([device("Fake Card", rate=rate)])
        self.clock = clock
        super().__init__(sample_rate=rate, driver=self.fake, now=clock.now)

    def poll(self, now_s: float) -> float:
        while self.fake.stream.active and (self.ring.written + 256) / self.ring.sample_rate <= now_s - START_S:
            self.fake.stream.silence()
        return super().poll(now_s)


START_S = 100.0
MAKERS: dict[str, Callable[[ManualClock, int, Path], Source]] = {
    "silence": lambda clock, rate, folder: Silence(sample_rate=rate),
    "tone": lambda clock, rate, folder: Tone(sample_rate=rate),
    "clicks": lambda clock, rate, folder: Clicks(sample_rate=rate),
    "file": lambda clock, rate, folder: FileSource(song(folder), sample_rate=rate),
    "card": lambda clock, rate, folder: FakeCard(clock, rate),
}


def song(folder: Path) -> Path:
    soundfile.write(folder / "song.wav", Tone().draw(0, 9600), 48000)
    return folder / "song.wav"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START_S)


@pytest.fixture(params=[44100, 48000, 96000])
def rate(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(params=MAKERS)
def source(request: pytest.FixtureRequest, clock: ManualClock, rate: int, tmp_path: Path) -> Source:
    return MAKERS[request.param](clock, rate, tmp_path)


def play(source: Source, clock: ManualClock, seconds: float) -> None:
    end_s = clock.now() + seconds
    while clock.now() < end_s:
        pause_s = source.poll(clock.now())
        assert 0 < pause_s < 2
        clock.wait_until(min(clock.now() + min(pause_s, 0.006), end_s))
    source.poll(clock.now())


def test_it_says_what_it_is(source: Source, rate: int) -> None:
    assert source.name
    assert source.ring.sample_rate == rate
    assert source.ring.channels == 2
    assert (source.overruns, source.notice, source.ended) == (0, "", False)


def test_sound_arrives_at_the_pace_of_the_clock_with_its_times(source: Source, clock: ManualClock, rate: int) -> None:
    source.start(clock.now())
    play(source, clock, 1.0)
    assert rate - 256 <= source.ring.written <= rate
    assert clock.now() - 0.02 <= source.ring.time_at(source.ring.written) <= clock.now() + 1e-9
    _, sound = source.ring.read(0, source.ring.written)
    assert np.isfinite(sound).all()
    assert source.overruns == 0
    source.stop()


def test_after_stop_nothing_comes_and_twice_is_fine(source: Source, clock: ManualClock) -> None:
    source.start(clock.now())
    play(source, clock, 0.1)
    source.stop()
    written = source.ring.written
    play(source, clock, 0.1)
    assert source.ring.written == written
    source.stop()


def test_a_source_that_was_never_started_can_be_stopped(source: Source) -> None:
    source.stop()
    assert source.ring.written == 0


def test_a_paced_source_gives_the_same_samples_however_it_is_tended(rate: int, tmp_path: Path) -> None:
    for name in ("tone", "clicks", "file"):
        sounds = []
        for step_s in (0.0013, 0.1, 0.77):
            one = MAKERS[name](ManualClock(), rate, tmp_path)
            one.start(0.0)
            for step in range(1, int(1.54 / step_s) + 1):
                one.poll(step * step_s)
            one.poll(1.54)
            sounds.append(one.ring.read(0, one.ring.written)[1])
        for sound in sounds[1:]:
            assert np.array_equal(sound, sounds[0]), name
