"""SoundCard against a PortAudio that fails on request."""

import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest

from livegan.audio import device as device_module
from livegan.audio.device import SoundCard
from livegan.audio.devices import find_input, list_inputs
from livegan.core.clock import ManualClock
from livegan.errors import DeviceError
from tests.fake_portaudio import FakeDriver, device


def card_on(driver: FakeDriver, clock: ManualClock, **settings: object) -> SoundCard:
    card = SoundCard(driver=driver, now=clock.now, **settings)  # type: ignore[arg-type]
    card.start(clock.now())
    return card


def tend_for(card: SoundCard, clock: ManualClock, seconds: float) -> None:
    end_s = clock.now() + seconds
    while clock.now() < end_s:
        clock.wait_until(clock.now() + card.poll(clock.now()))


def ramp(count: int, channels: int) -> np.ndarray:
    return np.arange(count * channels, dtype=np.float32).reshape(count, channels) / 1e4


def test_a_block_is_copied_with_the_time_of_its_last_sample() -> None:
    clock, driver = ManualClock(50.0), FakeDriver([device("Scarlett 2i2")])
    card = card_on(driver, clock)
    block = ramp(256, 2)
    driver.stream.play(block, age_s=0.010 + 256 / 48000)
    _, sound = card.ring.read(0, 256)
    assert np.array_equal(sound, block)
    assert card.ring.time_at(256) == pytest.approx(50.0 - 0.010)


@pytest.mark.parametrize("age_s", [float("nan"), float("inf"), -3.0, 89478.48])
def test_a_made_up_age_counts_as_none(age_s: float) -> None:
    clock, driver = ManualClock(50.0), FakeDriver([device("Scarlett")])
    card = card_on(driver, clock)
    driver.stream.play(ramp(256, 2), age_s=age_s)
    assert card.ring.time_at(256) == 50.0


def test_an_old_block_is_at_most_a_second_old() -> None:
    clock, driver = ManualClock(50.0), FakeDriver([device("Scarlett")])
    card = card_on(driver, clock)
    driver.stream.play(ramp(256, 2), age_s=5.2)
    assert card.ring.time_at(256) == 49.0


def test_overflows_are_counted() -> None:
    clock, driver = ManualClock(), FakeDriver([device("Scarlett")])
    card = card_on(driver, clock)
    for overflow in (True, False, True):
        driver.stream.play(ramp(256, 2), overflow=overflow)
    assert card.overruns == 2


def test_the_stream_is_opened_as_asked() -> None:
    driver = FakeDriver([device("Speakers", channels=0), device("Big Desk", channels=32, rates=(96000,))])
    card = card_on(driver, ManualClock(), name="big", channels=18, sample_rate=96000, block=64, latency=0.02)
    opened = driver.stream.settings
    assert (opened["device"], opened["channels"], opened["samplerate"]) == (1, 18, 96000)
    assert (opened["blocksize"], opened["latency"], opened["dtype"]) == (64, 0.02, "float32")
    assert (card.ring.channels, card.ring.sample_rate, card.name) == (18, 96000, "Big Desk")


def test_a_mono_card_sounds_on_both_channels() -> None:
    driver = FakeDriver([device("Mic", channels=1)])
    card = card_on(driver, ManualClock())
    block = ramp(256, 1)
    driver.stream.play(block)
    assert np.array_equal(card.ring.read(0, 256)[1], np.repeat(block, 2, axis=1))


@pytest.mark.parametrize("frames", [1, 255, 256, 257, 1000])
def test_a_mono_card_may_hand_over_blocks_of_any_size(frames: int) -> None:
    clock, driver = ManualClock(50.0), FakeDriver([device("Mic", channels=1)])
    card = card_on(driver, clock)
    block = ramp(frames, 1)
    driver.stream.play(block, age_s=frames / 48000)
    assert np.array_equal(card.ring.read(0, frames)[1], np.repeat(block, 2, axis=1))
    assert card.ring.time_at(frames) == pytest.approx(50.0)
    assert card.ring.time_at(0) == pytest.approx(50.0 - frames / 48000)


@pytest.mark.parametrize("channels", [1, 2])
def test_the_callback_makes_no_copy_of_its_own(channels: int) -> None:
    clock, driver = ManualClock(), FakeDriver([device("Mic", channels=channels)])
    card_on(driver, clock, block=4096)
    block = ramp(4096, channels)
    driver.stream.play(block)
    tracemalloc.start()
    driver.stream.play(block)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < block.nbytes / 2


@pytest.mark.parametrize("block", [0, -1])
def test_block_zero_is_refused(block: int) -> None:
    with pytest.raises(DeviceError, match="write 256"):
        SoundCard(block=block)


def test_no_input_at_all_says_what_to_type() -> None:
    for plugged in ([], [device("Speakers", channels=0)]):
        with pytest.raises(DeviceError, match=r"no sound input.*livegan devices.*--input demo"):
            SoundCard(driver=FakeDriver(plugged)).start(0.0)


def test_an_unknown_name_lists_what_is_there_and_the_nearest() -> None:
    driver = FakeDriver([device("Scarlett 2i2"), device("Built-in")])
    with pytest.raises(DeviceError, match=r"'scarlet 2i4'; did you mean 'Scarlett 2i2'\? there are: .*'Built-in'"):
        SoundCard("scarlet 2i4", driver=driver).start(0.0)


def test_an_unknown_host_api_lists_those_there_are() -> None:
    driver = FakeDriver([device("Mic"), device("Mic", api=1)], apis=("ALSA", "JACK Audio Connection Kit"))
    with pytest.raises(DeviceError, match=r"no host API called 'WASAPI'.*ALSA"):
        SoundCard(host_api="WASAPI", driver=driver).start(0.0)
    assert find_input("mic", "jack", list_inputs(driver)).index == 1


def test_an_unsupported_rate_names_the_ones_that_open() -> None:
    driver = FakeDriver([device("Old Card", rates=(44100, 48000))])
    with pytest.raises(DeviceError, match=r"does not open at 96000 Hz, but at: 44100, 48000; write one"):
        SoundCard(sample_rate=96000, driver=driver).start(0.0)


def test_too_many_channels_are_refused() -> None:
    with pytest.raises(DeviceError, match="has 2 channels, not 8"):
        SoundCard(channels=8, driver=FakeDriver([device("Small")])).start(0.0)


def test_a_busy_card_is_refused_with_the_drivers_reason() -> None:
    with pytest.raises(DeviceError, match=r"Device unavailable.*another program"):
        SoundCard(driver=FakeDriver([device("Mic")], refuses="Device unavailable")).start(0.0)


def test_an_exact_name_goes_before_a_part_of_one() -> None:
    inputs = list_inputs(FakeDriver([device("Mic (front)"), device("Mic")]))
    assert find_input("mic", "", inputs).name == "Mic"
    assert [one.is_default for one in inputs] == [True, False]


def test_an_unplugged_card_comes_back_under_another_index() -> None:
    clock, driver = ManualClock(), FakeDriver([device("Scarlett")])
    card = card_on(driver, clock, name="scar")
    driver.stream.silence()
    driver.unplug()
    tend_for(card, clock, 5.0)
    assert card.notice == "sound card lost: looking for 'Scarlett'"
    assert card.ring.written == 256
    driver.plugged = [device("Webcam"), device("Scarlett")]
    tend_for(card, clock, 2.5)
    assert card.notice == ""
    assert driver.stream.settings["device"] == 1
    driver.stream.silence()
    assert card.ring.written == 512
    assert card.losses == 1


def test_looking_again_happens_ever_more_seldom_but_at_least_every_two_seconds() -> None:
    clock, driver = ManualClock(), FakeDriver([device("Scarlett")])
    card = card_on(driver, clock)
    driver.unplug()
    tend_for(card, clock, 3.0)
    early = driver.lists
    tend_for(card, clock, 100.0)
    assert 3 <= early <= 7
    assert 45 <= driver.lists - early <= 51


def test_a_stalled_card_is_closed_and_opened_again() -> None:
    clock, driver = ManualClock(), FakeDriver([device("Scarlett")])
    card = card_on(driver, clock)
    first = driver.stream
    first.silence()
    tend_for(card, clock, 0.4)
    assert driver.stream is first
    tend_for(card, clock, 0.4)  # active, but no callback for more than half a second
    assert driver.stream is not first
    assert first.closed == 1
    assert card.losses == 1


def test_a_slow_first_callback_is_no_loss() -> None:
    clock, driver = ManualClock(), FakeDriver([device("Scarlett")])
    card = card_on(driver, clock)
    tend_for(card, clock, 2.5)
    assert (card.losses, card.notice, len(driver.streams)) == (0, "", 1)


def test_a_dead_stream_that_raises_while_closing_is_dropped_all_the_same() -> None:
    clock, driver = ManualClock(), FakeDriver([device("Scarlett")], sulks=True)
    card = card_on(driver, clock)
    driver.stream.active = False
    tend_for(card, clock, 0.5)
    assert len(driver.streams) == 2
    card.stop()
    card.stop()


def test_a_card_that_does_not_open_again_is_named_and_waited_for() -> None:
    clock, driver = ManualClock(), FakeDriver([device("Scarlett")])
    card = card_on(driver, clock)
    driver.unplug()
    tend_for(card, clock, 1.0)
    driver.plugged = [device("Scarlett", rate=44100, rates=(8000,))]
    tend_for(card, clock, 5.0)
    assert card.notice == "sound card 'Scarlett' is back, but does not open"
    driver.plugged = [device("Scarlett", channels=1)]
    tend_for(card, clock, 5.0)
    assert card.notice == ""
    driver.stream.silence()
    assert card.ring.written == 256


def test_a_dead_jack_server_is_not_touched() -> None:
    clock, driver = ManualClock(), FakeDriver([device("system")], apis=("JACK Audio Connection Kit",))
    card = card_on(driver, clock)
    stream, lists = driver.stream, driver.lists
    driver.unplug()
    tend_for(card, clock, 5.0)
    assert "JACK" in card.notice
    assert (stream.closed, driver.lists) == (0, lists)
    card.stop()


@pytest.fixture
def hang(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Wait for it in a driver that hangs; set when the test ends."""
    monkeypatch.setattr(device_module, "DRIVER_TIMEOUT_S", 0.05)
    over = threading.Event()
    yield over
    over.set()
    for thread in threading.enumerate():
        if thread.name.startswith("livegan-"):
            thread.join()


def test_stopping_comes_back_though_tending_hangs_in_the_driver(hang: threading.Event) -> None:
    clock, driver = ManualClock(), FakeDriver([device("Scarlett")])
    card = card_on(driver, clock)
    stream, reached = driver.stream, threading.Event()
    stream.abort = lambda: (reached.set(), hang.wait())  # type: ignore[method-assign, assignment, return-value]
    tending = threading.Thread(target=card.poll, args=(100.0,), name="livegan-audio")
    tending.start()
    reached.wait()
    card.stop()
    assert "does not answer" in card.notice
    card.stop()
    assert (tending.is_alive(), stream.closed) == (True, 0)
    with pytest.raises(DeviceError, match="does not answer"):
        card.start(101.0)
    hang.set()
    tending.join()
    assert (stream.closed, len(driver.streams)) == (1, 1)  # it opened no new one for a card that is stopped


def test_stopping_comes_back_though_the_driver_never_lets_go(hang: threading.Event) -> None:
    clock, driver = ManualClock(), FakeDriver([device("Scarlett")])
    card = card_on(driver, clock)
    driver.stream.close = hang.wait  # type: ignore[method-assign, assignment]
    card.stop()
    assert "does not answer" in card.notice
    assert card.poll(100.0) > 0  # nor does the polling thread wait for it


def test_a_card_that_was_stopped_can_be_started_again() -> None:
    clock, driver = ManualClock(), FakeDriver([device("Scarlett")])
    card = card_on(driver, clock)
    card.stop()
    card.start(clock.now())
    driver.stream.silence()
    driver.unplug()
    tend_for(card, clock, 1.0)
    assert "looking for 'Scarlett'" in card.notice


def test_a_missing_portaudio_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    from livegan.audio.portaudio import portaudio

    real = builtins.__import__

    def without(name: str, *rest: object, **more: object) -> object:
        if name == "sounddevice":
            raise OSError("PortAudio library not found")
        return real(name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(DeviceError, match=r"apt install libportaudio2.*brew install portaudio"):
        portaudio()


@pytest.mark.parametrize(
    ("modules", "heavy"),
    [
        ("livegan.audio.device, livegan.audio.file, livegan.audio.monitor", ("scipy", "torch")),
        ("livegan.features", ("torch",)),  # listening filters with scipy
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(modules: str, heavy: tuple[str, ...]) -> None:
    names = ("sounddevice", "soundfile", "soxr", "av", *heavy)
    code = f"import sys, {modules}; print([m for m in {names} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_another_input_is_chosen_while_it_runs() -> None:
    clock, driver = ManualClock(50.0), FakeDriver([device("Scarlett 2i2"), device("Mixer", channels=1)])
    card = card_on(driver, clock, name="scarlett")
    card.choose("Mixer")
    card.poll(clock.now())
    assert (card.name, card.notice, card.remark) == ("Mixer", "", "")
    block = ramp(256, 1)
    driver.stream.play(block)
    _, sound = card.ring.read(0, 256)
    assert np.array_equal(sound, np.repeat(block, 2, axis=1)), "the ring keeps its two channels"
    assert [each.name for each in card.inputs()] == ["Scarlett 2i2", "Mixer"]


def test_an_input_that_does_not_open_leaves_the_present_one() -> None:
    clock, driver = ManualClock(50.0), FakeDriver([device("Scarlett 2i2"), device("Old", rates=(8000,))])
    card = card_on(driver, clock)
    for name in ("Old", "gone"):
        card.choose(name)
        tend_for(card, clock, 1.0)
        assert card.name == "Scarlett 2i2"
        assert card.remark.startswith(f"'{name}' does not open")
        assert card.notice == ""
        driver.stream.play(ramp(256, 2))
    assert card.ring.written == 512
