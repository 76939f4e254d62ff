"""Fault matrix: sound. A private PulseAudio as the sound card, a fake PortAudio for what that one cannot do."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from livegan.audio import device as device_module
from livegan.audio import fallback
from livegan.audio.device import SoundCard
from livegan.audio.portaudio import portaudio
from livegan.audio.pulse import PulseRouting
from livegan.audio.test_signals import Tone
from livegan.config.venue import AudioTable
from livegan.engine import inputs
from livegan.engine.inputs import InputChoice
from livegan.engine.runtime import Runtime
from livegan.engine.sound import fallback_service
from livegan.engine.sound_runtime import Service
from tests.deadline import until
from tests.fake_portaudio import FakeDriver, device
from tests.faults.stage import Stage
from tests.virtual import SoundServer, running_server

pytestmark = pytest.mark.virtual
QUIET, LOUD = Tone(amplitude=0.2), Tone(amplitude=0.6)


class SlowDriver:
    """PortAudio with a callback that takes longer than its block lasts, while it is `slow`."""

    def __init__(self) -> None:
        self._driver, self.slow = portaudio(), False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    def InputStream(self, *, callback: Callable[..., None], **settings: Any) -> Any:  # noqa: N802
        def slow(*words: Any) -> None:
            callback(*words)
            if self.slow:
                time.sleep(0.03)

        return self._driver.InputStream(callback=slow, **settings)


def services(card: SoundCard) -> Callable[[Runtime], list[Service]]:
    return lambda show: [*fallback_service(AudioTable(), card), InputChoice(show.controls, card).service()]


class Venue:
    """A stage, its sound server, and who plays into the microphone."""

    def __init__(self, stage: Stage, server: SoundServer, driver: SlowDriver) -> None:
        self.stage, self.server, self.driver = stage, server, driver
        self._playing = ExitStack()

    def play(self) -> None:
        self.silence()
        self._playing.enter_context(self.server.playing(QUIET.draw(0, 48000 * 60)))
        self._playing.enter_context(self.server.playing(LOUD.draw(0, 48000 * 60), sink="usbmic"))

    def silence(self) -> None:
        self._playing.close()


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Venue]:
    """A microphone, loud, and another input, less loud, of one sound server."""
    with running_server("usbmic") as server:
        server.plug("usbmic")
        driver = SlowDriver()
        card = SoundCard("usbmic", others=True, driver=driver)
        card._routing = PulseRouting()
        stage = Stage(tmp_path_factory.mktemp("sound"), card, services(card))
        found = Venue(stage, server, driver)
        found.play()
        with stage.played():
            yield found
            found.silence()


@pytest.fixture
def stage(venue: Venue) -> Stage:
    """An ordinary show, before the fault."""
    venue.stage.until_loud(0.55, 0.65)
    return venue.stage


def test_a_card_is_pulled_and_the_server_gives_another_source(venue: Venue, stage: Stage) -> None:
    shown = "the other input moves the pictures; a notice names it"
    until(lambda: stage.show.source._source == "usbmic.monitor", "the server's word for the source")  # type: ignore[attr-defined]
    with stage.fault("Sound", "sound card unplugged, the server moves us to another", shown) as fault:
        venue.server.unplug("usbmic")
        stage.until_told("'usbmic.monitor' is away: the sound server gives us 'vsink.monitor'")
        venue.server.plug("usbmic")
        fault.over()
        venue.play()
        stage.until_loud(0.55, 0.65)
    stage.until_told("'usbmic' is heard again")


def test_the_sound_server_is_killed(venue: Venue, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fallback, "DEMO_S", 1.0)
    assert "memfd:pulse" not in Path("/proc/self/maps").read_text(), "libpulse hangs where it shares memory then"
    shown = "after 3 s the demo track moves the pictures"
    with stage.fault("Sound", "sound server killed", shown) as fault:
        venue.server.kill()
        stage.until_told("sound card lost: looking for 'usbmic'", "the demo track moves the pictures")
        venue.server.restart()
        venue.server.plug("usbmic")
        fault.over()
        venue.play()
        stage.until_loud(0.55, 0.65)


def test_the_sound_server_comes_back_without_the_card(
    venue: Venue, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_module, "OTHER_S", 0.2)
    monkeypatch.setattr(device_module, "MAX_RETRY_S", 0.5)
    shown = "another input moves the pictures; a notice names both"
    with stage.fault("Sound", "sound card gone, another is there", shown) as fault:
        venue.server.kill()
        stage.until_told("sound card lost")
        venue.server.restart()
        stage.until_told("'usbmic' is away: hearing 'pulse' until it is back")
        venue.server.plug("usbmic")
        fault.over()
        venue.play()
        stage.until_loud(0.55, 0.65)


def test_the_sound_server_freezes(venue: Venue, stage: Stage) -> None:
    with stage.fault("Sound", "sound server frozen", "silence, then the demo track") as fault:
        venue.server.freeze()
        stage.until_told("sound card lost: looking for 'usbmic'", "the sound driver does not answer")
        venue.server.thaw()
        fault.over()
        stage.until_loud(0.55, 0.65)


def test_the_sound_server_stalls_for_a_moment_and_delivers_all_at_once(venue: Venue, stage: Stage) -> None:
    capture = stage.show.source._capture  # type: ignore[attr-defined]
    with stage.fault(
        "Sound", "sound server stalls for 0.4 s, then delivers all at once", "late sound left out"
    ) as fault:
        venue.server.freeze()
        until(lambda: stage.show.clock.now() - capture.heard_s > 0.4, "a stall", pause_s=0.002)
        venue.server.thaw()
        fault.over()
        stage.until_loud(0.55, 0.65)


def test_the_card_is_muted(venue: Venue, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "SILENT_S", 0.5)
    with stage.fault("Sound", "sound card muted", "as in silence; after 5 s a notice") as fault:
        venue.server.mute("usbmic", muted=True)
        stage.until_told("no sound from usbmic")
        venue.server.mute("usbmic", muted=False)
        fault.over()
        stage.until_loud(0.55, 0.65)
        until(lambda: "no sound" not in stage.notices(), "no notice")


def test_the_delay_grows_without_a_flag(venue: Venue, stage: Stage) -> None:
    overruns = stage.show.source.overruns
    with stage.fault("Sound", "delay of the input grows unnoticed", "opened again, late sound left out") as fault:
        venue.driver.slow = True
        stage.until_told("its sound came ever later")
        venue.driver.slow = False
        fault.over()
        stage.until_loud(0.55, 0.65)
    assert stage.show.source.overruns == overruns, "PulseAudio sets no flag"


class LiveDriver(FakeDriver):
    """The fake, with a thread that plays into every open stream in real time, as long as its device is plugged in."""

    block = Tone(hz=375.0, amplitude=0.25).draw(0, 512)  # four periods
    refuses_list = False

    def play(self, stop: threading.Event) -> None:
        while not stop.wait(512 / 48000):
            for stream in list(self.streams):
                if stream.active:
                    stream.play(self.block[:, : stream.settings["channels"]])

    def query_devices(self) -> list[dict[str, Any]]:
        if self.refuses_list:
            raise KeyError("max_input_channels")
        return super().query_devices()


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, LiveDriver]]:
    """A stage whose driver does what a test says. Nothing is plugged in when its show begins."""
    driver, stop = LiveDriver([]), threading.Event()
    card = SoundCard("Scarlett", others=True, waits=True, driver=driver)
    stage = Stage(tmp_path_factory.mktemp("fake"), card, services(card))
    player = threading.Thread(target=driver.play, args=(stop,))
    player.start()
    try:
        with stage.played():
            yield stage, driver
    finally:
        stop.set()
        player.join()


def test_no_input_at_all_when_a_show_goes_on(fake: tuple[Stage, LiveDriver]) -> None:
    """At the start a device that is missing is refused in a sentence; a show that is started again waits for it."""
    stage, driver = fake
    driver.unplug()
    with stage.fault("Sound", "no input at all when a show is started again", "the demo track; a notice") as fault:
        stage.until_told("sound card lost: looking for 'Scarlett'")
        written = stage.show.source.ring.written
        until(lambda: stage.show.source.ring.written > written + 12000, "silence, in time")
        driver.plugged = [device("Scarlett")]
        fault.over()
        stage.until_loud(0.2, 0.3)


@pytest.fixture
def plugged(fake: tuple[Stage, LiveDriver]) -> tuple[Stage, LiveDriver]:
    """The stage with its card, before the fault."""
    stage, driver = fake
    driver.plugged = driver.plugged or [device("Scarlett")]
    stage.until_loud(0.2, 0.3)
    return fake


@pytest.mark.parametrize(
    ("what", "back"),
    [
        ("under another number", [device("Webcam", channels=0), device("Scarlett")]),
        ("with another sample rate", [device("Scarlett", rate=44100)]),
        ("with one channel instead of two", [device("Scarlett", channels=1)]),
    ],
)
def test_a_card_comes_back_changed(plugged: tuple[Stage, LiveDriver], what: str, back: list[dict[str, Any]]) -> None:
    stage, driver = plugged
    with stage.fault("Sound", f"sound card unplugged, back {what}", "silence; a notice") as fault:
        driver.unplug()
        stage.until_told("sound card lost: looking for 'Scarlett'")
        driver.plugged = back
        fault.over()
        stage.until_loud(0.2, 0.3)
        until(lambda: stage.show.performer.features["level"] > 0, "the level of it")


def test_a_call_of_the_driver_hangs(plugged: tuple[Stage, LiveDriver]) -> None:
    stage, driver = plugged
    over, stream = threading.Event(), driver.stream
    with stage.fault("Sound", "a call of the sound driver hangs", "silence, then the demo track") as fault:
        stream.abort = over.wait  # type: ignore[method-assign, assignment]
        stream.active = False
        stage.until_told("the sound driver does not answer")
        over.set()
        fault.over()
        stage.until_loud(0.2, 0.3)


def test_the_list_of_devices_breaks(plugged: tuple[Stage, LiveDriver]) -> None:
    stage, driver = plugged
    with stage.fault("Sound", "the list of sound devices is broken", "silence; a notice") as fault:
        driver.refuses_list = True
        there = driver.plugged
        driver.unplug()
        stage.until_told("sound card lost")
        driver.plugged, driver.refuses_list = there, False
        fault.over()
        stage.until_loud(0.2, 0.3)


def test_what_is_no_number_is_heard_as_silence(plugged: tuple[Stage, LiveDriver]) -> None:
    stage, driver = plugged
    good, bad = driver.block, driver.block.copy()
    bad[::4], bad[1::4], bad[2::4], bad[3::4] = np.nan, np.inf, 1e-42, -np.inf
    with stage.fault("Sound", "sound that is no number, denormal or infinite", "as in silence") as fault:
        driver.block = bad
        hops = stage.show._listening.ring.written
        until(lambda: stage.show._listening.ring.written > hops + 50, "hops of it")
        assert np.isfinite(stage.show.performer.features.values).all()
        driver.block = good
        fault.over()
        stage.until_loud(0.2, 0.3)
    assert np.isfinite(stage.show._listening.ring.history(50)[1]).all()
