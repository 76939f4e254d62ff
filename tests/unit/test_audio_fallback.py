"""A sound card that is away: another device, silence or the demo track until it is back; its driver is a fake."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from livegan.audio.device import MAX_RETRY_S, OTHER_S, SILENT_S, SoundCard
from livegan.audio.fallback import DEMO_S, FallbackSound
from livegan.audio.lateness import AGAIN_S, LATE_S, PATIENCE_S
from livegan.audio.portaudio import DRIVER_TIMEOUT_S
from livegan.audio.pulse import PulseRouting, Route, route_of
from livegan.audio.pulse_client import client_config
from livegan.audio.subprocess_query import SubprocessQuery
from livegan.audio.test_signals import Tone
from livegan.core.clock import ManualClock, wall_time
from livegan.errors import DeviceError
from tests.deadline import until
from tests.fake_portaudio import FakeDriver, device
from tests.starved import no_process

BLOCK = 256 / 48000


class FakeWatch:
    """Sees what is plugged in."""

    def __init__(self, driver: FakeDriver) -> None:
        self.driver = driver

    def is_there(self, name: str, host_api: str, now_s: float) -> bool:
        return any(found["name"] == name for found in self.driver.plugged)

    def stop(self) -> None:
        pass


class FakeRouting:
    """A sound server that says what a test says."""

    route: Route | None = None

    def poll(self, now_s: float) -> Route | None:
        return self.route

    def stop(self) -> None:
        pass


class Room:
    """A card, its fallback and whatever else is plugged in, on a clock that counts."""

    def __init__(self, *plugged: dict[str, object], others: bool = True, demo: bool = True, **settings: object) -> None:
        self.clock, self.driver = ManualClock(50.0), FakeDriver(list(plugged))
        self.card = SoundCard(
            driver=self.driver,
            now=self.clock.now,
            others=others,
            watch=FakeWatch(self.driver),
            **settings,  # type: ignore[arg-type]
        )
        self.fallback = FallbackSound(self.card, (lambda: Tone(sample_rate=48000)) if demo else None)
        self.dumb: set[str] = set()  # devices that send zeros
        self.remarks: list[str] = []
        self.age_s = 0.0

    def play(self, seconds: float) -> None:
        """Let time pass: every open stream delivers, the card and its fallback are polled."""
        for _ in range(round(seconds / BLOCK)):
            self.clock.wait_until(self.clock.now() + BLOCK)
            streams = [stream for stream in self.driver.streams if stream.active]
            for stream in streams:
                rate, channels = stream.settings["samplerate"], stream.settings["channels"]
                size = 0.0 if stream.device["name"] in self.dumb else 0.25
                stream.play(np.full((round(rate * BLOCK), channels), size, np.float32), age_s=self.age_s)
            self.card.poll(self.clock.now())
            self.fallback.poll(self.clock.now())
            self.remarks += [self.card.remark] if self.card.remark else []
            self.card.remark = ""

    def heard(self, seconds: float = 0.05) -> np.ndarray:
        count = round(seconds * 48000)
        _, sound = self.card.ring.read(self.card.ring.written - count, self.card.ring.written)
        return sound


@pytest.fixture
def room() -> Room:
    room = Room(device("Built-in", rates=(44100, 48000)), device("Scarlett"), name="scarlett")
    room.card.start(room.clock.now())
    room.play(1.0)
    return room


def unplug(room: Room, *names: str) -> None:
    room.driver.plugged = [found for found in room.driver.plugged if found["name"] not in names]
    for stream in room.driver.streams:
        stream.active = stream.active and stream.device["name"] not in names


def test_another_device_is_heard_until_the_chosen_one_is_back(room: Room) -> None:
    scarlett = room.driver.plugged[1]
    unplug(room, "Scarlett")
    room.play(1.0)
    assert room.card.notice == "sound card lost: looking for 'Scarlett'"
    assert not room.heard().any(), "silence, in time"
    room.play(OTHER_S + MAX_RETRY_S)
    assert room.card.notice == "'Scarlett' is away: hearing 'Built-in' until it is back"
    assert room.card.name == "Built-in"
    assert room.heard().min() == 0.25
    assert room.fallback.notice == ""
    room.driver.plugged.insert(0, scarlett)
    room.play(1.0)
    assert (room.card.name, room.card.notice) == ("Scarlett", "")
    assert room.remarks == ["'Scarlett' is heard again"]
    assert room.heard().min() == 0.25


def test_the_sound_never_stands_still_whatever_is_plugged_in(room: Room) -> None:
    """One writer at a time: in ten seconds of coming and going there are ten seconds of sound, give or take."""
    start, scarlett = room.card.ring.written, room.driver.plugged[1]
    for _ in range(2):
        unplug(room, "Scarlett")
        room.play(4.0)
        room.driver.plugged.append(scarlett)
        room.play(1.0)
    assert (room.card.ring.written - start) / 48000 == pytest.approx(10.0, abs=0.5)


def test_the_default_input_is_known_by_its_name_once_it_was_heard() -> None:
    room = Room(device("Scarlett"), device("Built-in"))
    room.card.start(50.0)
    scarlett = room.driver.plugged[0]
    unplug(room, "Scarlett")
    room.play(OTHER_S + 2 * MAX_RETRY_S)
    assert "'Scarlett' is away" in room.card.notice
    room.driver.plugged.append(scarlett)
    room.play(1.0)
    assert room.card.name == "Scarlett"


def test_without_another_device_there_is_silence_and_then_the_demo_track(room: Room) -> None:
    unplug(room, "Scarlett", "Built-in")
    room.play(DEMO_S - 0.5)
    assert not room.heard().any()
    room.play(1.0)
    assert room.heard().std() > 0.1
    assert room.fallback.notice == "the demo track moves the pictures"
    room.driver.plugged = [device("Scarlett")]
    room.play(MAX_RETRY_S + 0.5)
    assert (room.card.notice, room.fallback.notice) == ("", "")
    assert (room.heard() == 0.25).all(), "nothing of the demo track is left"


def test_silence_is_all_there_is_where_the_venue_says_so() -> None:
    room = Room(device("Scarlett"), device("Built-in"), name="scarlett", others=False, demo=False)
    room.card.start(50.0)
    room.play(0.5)
    unplug(room, "Scarlett")
    before = room.card.ring.written
    room.play(10.0)
    assert len(room.driver.streams) == 1
    assert room.card.ring.written - before > 9.5 * 48000
    assert not room.heard(4.0).any()


def test_another_device_that_sends_only_zeros_is_no_help(room: Room) -> None:
    room.driver.plugged.append(device("Line"))
    room.dumb = {"Built-in"}
    unplug(room, "Scarlett")
    room.play(OTHER_S + MAX_RETRY_S + SILENT_S + 1.0)
    assert room.card.name == "Line"
    room.dumb = {"Built-in", "Line"}
    room.play(SILENT_S + DEMO_S + MAX_RETRY_S)
    assert room.fallback.notice == "the demo track moves the pictures"


def test_a_device_of_another_rate_is_resampled() -> None:
    room = Room(device("Scarlett"), device("Old", channels=1, rate=44100), name="scarlett")
    room.card.start(50.0)
    room.play(0.2)
    unplug(room, "Scarlett")
    room.play(OTHER_S + MAX_RETRY_S + 1.0)
    assert room.card.name == "Old"
    before = room.card.ring.written
    room.play(2.0)
    assert (room.card.ring.written - before) / 48000 == pytest.approx(2.0, abs=0.05)
    assert room.heard() == pytest.approx(0.25, abs=1e-3)
    assert room.card.ring.time_at(room.card.ring.written) == pytest.approx(room.clock.now(), abs=0.05)


def test_a_device_that_is_found_and_does_not_open_is_tried_ever_more_seldom(room: Room) -> None:
    unplug(room, "Scarlett")
    room.play(OTHER_S + MAX_RETRY_S)
    room.card._watch.is_there = lambda *_: True  # type: ignore[method-assign]
    before = len(room.driver.streams)
    room.play(60.0)
    assert len(room.driver.streams) - before <= 6
    assert room.heard(1.0).min() == 0.25


def test_another_number_in_the_name_is_the_same_device() -> None:
    room = Room(device("Scarlett 2i2: USB Audio (hw:1,0)"), device("Built-in (hw:0,0)"))
    room.card.start(50.0)
    unplug(room, "Scarlett 2i2: USB Audio (hw:1,0)")
    room.play(0.5)
    room.driver.plugged.append(device("Scarlett 2i2: USB Audio (hw:3,0)"))
    room.play(2.0)
    assert room.card.name == "Scarlett 2i2: USB Audio (hw:3,0)"


def test_a_show_that_goes_on_waits_for_its_device() -> None:
    room = Room(name="scarlett", waits=True)
    room.card.start(50.0)
    assert room.card.notice == "sound card lost: looking for 'scarlett'"
    room.play(DEMO_S + 1.0)
    assert room.heard().std() > 0.1
    room.driver.plugged.append(device("Scarlett 2i2"))
    room.play(MAX_RETRY_S + 0.5)
    assert (room.card.notice, room.card.name) == ("", "Scarlett 2i2")


@pytest.mark.parametrize("broken", [KeyError("hostapi"), TypeError(), OSError("no"), ValueError("no"), IndexError()])
def test_a_broken_list_of_devices_is_told_at_the_start_and_survived_later(broken: Exception) -> None:
    room = Room(device("Scarlett"))
    intact = room.driver.query_devices

    def fail() -> list[dict[str, object]]:
        raise broken

    room.driver.query_devices = fail  # type: ignore[method-assign]
    with pytest.raises(DeviceError, match="list of sound devices cannot be read"):
        room.card.start(50.0)
    room.driver.query_devices = intact  # type: ignore[method-assign]
    room.card.start(50.0)
    room.driver.query_devices = fail  # type: ignore[method-assign]
    scarlett = room.driver.plugged[0]
    unplug(room, "Scarlett")
    room.play(2.0)
    room.driver.query_devices = intact  # type: ignore[method-assign]
    room.driver.plugged.append(scarlett)
    room.play(MAX_RETRY_S + 0.5)
    assert room.card.notice == ""


def test_devices_that_are_described_wrongly_are_left_out() -> None:
    room = Room(
        {"hostapi": 0, "max_input_channels": 2},
        device("Far") | {"max_input_channels": "?"},
        device("Odd", rate=0) | {"default_samplerate": None},
        device("Mic"),
    )
    room.card.start(50.0)
    assert [found.name for found in room.card.inputs()] == ["Mic"]


def test_sound_that_comes_ever_later_is_left_out(room: Room) -> None:
    first = room.driver.stream
    for age_s in np.arange(0.0, LATE_S, 0.02):
        room.age_s = float(age_s)
        room.play(0.1)
    assert room.driver.stream is first, "that may be as it is"
    room.age_s = LATE_S + 0.1
    room.play(PATIENCE_S + 0.2)
    assert room.driver.stream is not first
    assert room.remarks == ["'Scarlett' is heard again: its sound came ever later, and what was late is left out"]
    room.age_s = 0.0
    room.play(1.0)
    room.age_s = LATE_S + 0.1
    second = room.driver.stream
    room.play(PATIENCE_S + 0.2)
    assert room.driver.stream is second, "not again so soon"
    room.play(AGAIN_S)
    assert room.driver.stream is not second


def test_a_delay_that_never_changes_is_the_drivers_own(room: Room) -> None:
    unplug(room, "Scarlett")
    room.age_s = 0.9
    room.play(20.0)
    assert len(room.driver.streams) == 2


def test_what_the_server_gives_in_place_of_a_source_that_is_away_is_told(room: Room) -> None:
    room.card._routing = routing = FakeRouting()  # type: ignore[assignment]
    both = frozenset({"usb", "built-in"})
    routing.route = Route("usb", both)
    room.play(0.5)
    routing.route = Route("built-in", frozenset({"built-in"}))
    room.play(0.5)
    assert room.card.notice == "'usb' is away: the sound server gives us 'built-in' until it is back"
    assert len(room.driver.streams) == 1, "it is heard meanwhile"
    routing.route = Route("built-in", both)
    room.play(0.2)
    assert len(room.driver.streams) == 2
    routing.route = Route("usb", both)
    room.play(0.2)
    assert (room.card.notice, room.remarks) == ("", ["'Scarlett' is heard again"])
    routing.route = Route("built-in", both)
    room.play(0.2)
    assert room.card.notice == "", "somebody chose it in the server's own settings"


def test_routes_are_read_from_what_the_server_prints() -> None:
    streams = '[{"source": 4, "properties": {"application.process.id": "77"}}]'
    sources = "3\talsa.usb\tmodule\ts16le\tIDLE\n4\tmonitor\tmodule\ts16le\tRUNNING\n"
    assert route_of(streams, sources, "77") == Route("monitor", frozenset({"alsa.usb", "monitor"}))
    for wrong in ((streams, sources, "78"), ("", sources, "77"), ("{}", sources, "77"), (streams, "rubbish", "77")):
        assert route_of(*wrong) is None


@pytest.fixture
def hang() -> Iterator[threading.Event]:
    over = threading.Event()
    yield over
    over.set()


def test_a_call_that_hangs_holds_up_neither_silence_nor_demo_track(room: Room, hang: threading.Event) -> None:
    room.driver.stream.abort = hang.wait  # type: ignore[method-assign, assignment]
    stream = room.driver.stream
    stream.active = False
    polling = threading.Thread(target=room.card.poll, args=(room.clock.now(),))
    polling.start()
    until(lambda: room.card.notice, "the loss")
    for _ in range(round((DEMO_S + 0.5) / BLOCK)):
        room.clock.wait_until(room.clock.now() + BLOCK)
        stream.silence()  # the driver still calls: nothing of it is written
        room.fallback.poll(room.clock.now())
    assert room.fallback.notice == "the sound driver does not answer: the demo track moves the pictures"
    assert DEMO_S > DRIVER_TIMEOUT_S
    assert room.heard(0.4).std() > 0.1
    hang.set()
    polling.join()
    room.play(0.5)
    assert (room.card.notice, room.fallback.notice) == ("", "")
    assert (room.heard() == 0.25).all()


def test_a_program_is_asked_without_waiting_and_killed_when_it_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    query = SubprocessQuery(["echo", "hello"], 60.0)
    assert until(lambda: query.poll(wall_time()), "an answer") == "hello\n"
    assert query.poll(wall_time()) is None, "not asked again so soon"
    for command in (["false"], ["no-such-program"]):
        query = SubprocessQuery(command, 60.0)
        assert [query.poll(0.0) for _ in range(3)] == [None] * 3
        query.stop()
    query = SubprocessQuery(["sleep", "60"], 0.5)
    query.poll(0.0)
    process = query._process
    assert process is not None
    until(lambda: query.poll(20.0) is None and process.returncode is not None, "its end")
    query.stop()
    query.stop()


def test_libpulse_shares_no_memory_and_reads_what_the_player_wrote(tmp_path: Path) -> None:
    common, own = tmp_path / "etc", tmp_path / "own"
    (common / "client.conf.d").mkdir(parents=True)
    assert client_config(own, common) == "enable-shm = no\n"
    for path in (common / "client.conf", common / "client.conf.d" / "01-room.conf"):
        path.write_text("")
    assert client_config(own, common).splitlines() == [
        f".include {common}/client.conf",
        f".include {common}/client.conf.d/01-room.conf",
        "enable-shm = no",
    ]
    own.mkdir()
    (own / "client.conf").write_text("")
    assert client_config(own, common).splitlines() == [f".include {own}/client.conf", "enable-shm = no"]


def test_no_process_to_ask_the_sound_server_with_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr("subprocess.Popen", no_process)
    routing = PulseRouting()
    assert [routing.poll(now_s) for now_s in (0.0, 1.0, 2.0)] == [None, None, None]
    monkeypatch.setattr("tempfile.TemporaryFile", no_process)
    assert routing.poll(5.0) is None
    routing.stop()
