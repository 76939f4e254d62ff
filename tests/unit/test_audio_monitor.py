"""Hearing the song: a copy of the ring, a little behind."""

import numpy as np

from livegan.audio.monitor import BEHIND_S, Monitor
from livegan.audio.tones import Tone
from tests.fake_portaudio import FakeDriver


def heard(driver: FakeDriver, frames: int) -> np.ndarray:
    block = np.full((frames, 2), 9.0, np.float32)
    driver.stream.settings["callback"](block, frames, None, None)
    return block


def test_the_loudspeaker_plays_what_the_source_wrote_in_order() -> None:
    source, driver = Tone(), FakeDriver([])
    source.start(0.0)
    monitor = Monitor(source, driver=driver)
    monitor.start()
    assert not heard(driver, 512).any()
    source.tend(1.0)
    blocks = []
    for step in range(20):
        blocks.append(heard(driver, 512))
        source.tend(1.0 + (step + 1) * 512 / 48000)
    place = 48000 - round(BEHIND_S * 48000)
    assert np.array_equal(np.concatenate(blocks), source.draw(place, 20 * 512))
    monitor.stop()
    monitor.stop()


def test_a_machine_without_loudspeaker_says_so_and_goes_on() -> None:
    monitor = Monitor(Tone(), driver=FakeDriver([], refuses="no default output device"))
    monitor.start()
    assert "no default output device" in monitor.notice
    monitor.stop()
