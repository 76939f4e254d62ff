"""Hearing the song: a copy of the ring, a little behind."""

import threading
import tracemalloc

import numpy as np
import pytest

from livegan.audio import monitor as monitor_module
from livegan.audio.monitor import LAG_S, Monitor
from livegan.audio.test_signals import Tone
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
    source.poll(1.0)
    blocks = []
    for step in range(20):
        blocks.append(heard(driver, 512))
        source.poll(1.0 + (step + 1) * 512 / 48000)
    place = 48000 - round(LAG_S * 48000)
    assert np.array_equal(np.concatenate(blocks), source.draw(place, 20 * 512))
    monitor.stop()
    monitor.stop()


def test_a_machine_without_loudspeaker_says_so_and_goes_on() -> None:
    monitor = Monitor(Tone(), driver=FakeDriver([], refuses="no default output device"))
    monitor.start()
    assert "no default output device" in monitor.notice
    monitor.stop()


def test_before_the_first_sample_and_behind_the_last_there_is_silence() -> None:
    source, driver = Tone(), FakeDriver([])
    monitor = Monitor(source, driver=driver)
    monitor.start()
    source.start(0.0)
    source.poll(LAG_S + 100 / 48000)
    block = heard(driver, 4096)
    count = source.ring.written
    assert np.array_equal(block[:count], source.draw(0, count))
    assert not block[count:].any()
    monitor.stop()


def test_a_loudspeaker_that_complains_is_closed_all_the_same() -> None:
    driver = FakeDriver([], sulks=True)
    monitor = Monitor(Tone(), driver=driver)
    monitor.start()
    monitor.stop()
    assert driver.stream.closed == 1


def test_a_loudspeaker_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor_module, "DRIVER_TIMEOUT_S", 0.05)
    over, driver = threading.Event(), FakeDriver([])
    monitor = Monitor(Tone(), driver=driver)
    monitor.start()
    driver.stream.abort = over.wait  # type: ignore[method-assign, assignment]
    monitor.stop()
    assert "does not answer" in monitor.notice
    over.set()


def test_the_callback_allocates_nothing() -> None:
    source, driver = Tone(), FakeDriver([])
    source.start(0.0)
    source.poll(3.0)
    monitor = Monitor(source, driver=driver)
    monitor.start()
    callback, block = driver.stream.settings["callback"], np.zeros((512, 2), np.float32)
    callback(block, 512, None, None)
    tracemalloc.start()
    try:
        for _ in range(400):  # round the ring
            callback(block, 512, None, None)
            source.ring.write(block, 0.0)
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            callback(block, 512, None, None)
            assert tracemalloc.get_traced_memory()[1] - before < block.nbytes / 4, "an array was made"
    finally:
        tracemalloc.stop()
        monitor.stop()
