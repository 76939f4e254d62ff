"""The sound card for real: PortAudio on a private PulseAudio. Waits for conditions, never for a length of time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from livegan.audio.device import SoundCard
from livegan.audio.devices import list_inputs
from livegan.audio.portaudio import portaudio, rescan_devices
from livegan.audio.test_signals import Clicks, Tone
from livegan.errors import DeviceError
from livegan.features import Listening
from tests.virtual import SoundServer, quiet_stderr, sound_server  # noqa: F401

pytestmark = pytest.mark.virtual
PATIENCE_S = 30.0


def listen_until(card: SoundCard, done: Callable[[], bool], also: Callable[[], object] = lambda: None) -> None:
    limit = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < limit, f"waited in vain; notice: '{card.notice}', losses: {card.losses}"
        card.poll(time.monotonic())
        also()
        time.sleep(0.005)


@contextmanager
def started(card: SoundCard) -> Iterator[SoundCard]:
    card.start(time.monotonic())
    try:
        yield card
    finally:
        card.stop()


def test_the_virtual_card_is_listed(sound_server: SoundServer) -> None:  # noqa: F811
    assert any("pulse" in device.name for device in list_inputs())
    assert sum(device.is_default for device in list_inputs()) == 1


def test_a_tone_in_the_sink_is_heard_on_the_right_note(sound_server: SoundServer) -> None:  # noqa: F811
    tone = Tone(hz=440.0).draw(0, 48000 * 60)
    with sound_server.playing(tone), started(SoundCard("pulse")) as card:
        listening = Listening(card.ring.sample_rate, card.ring.channels)

        def heard_a() -> bool:
            listening.follow(card.ring)
            heard = listening.ring.since(listening.ring.written - 1)
            return heard is not None and heard.frame["chroma.A"] == 1.0 and heard.frame["gate"] == 1.0

        listen_until(card, heard_a)
        assert card.overruns == 0
        assert card.notice == ""


def test_clicks_in_the_sink_are_onsets_half_a_second_apart(sound_server: SoundServer) -> None:  # noqa: F811
    clicks = Clicks(bpm=120.0).draw(0, 48000 * 60)
    with sound_server.playing(clicks), started(SoundCard("pulse")) as card:
        listening = Listening(card.ring.sample_rate, card.ring.channels)
        listen_until(card, lambda: listening.ring.written > 1000, lambda: listening.follow(card.ring))
        _, rows = listening.ring.history(900)
        onset = rows[:, listening.layout.index["onset"]]
        hops = np.flatnonzero(np.diff(onset) > 0.3)
        gaps_s = np.diff(hops[np.diff(hops, prepend=-99) > 10]) * listening.setup.hop_s
        assert len(gaps_s) >= 6
        assert np.median(gaps_s) == pytest.approx(0.5, abs=0.02)


def loud_since(card: SoundCard, mark: int) -> bool:
    """Is the newest tenth of a second, all of it written after `mark`, a tone?"""
    first, sound = card.ring.read(card.ring.written - 4800, card.ring.written)
    return first >= mark and len(sound) == 4800 and float(np.abs(sound).max()) > 0.1


def test_sound_comes_back_after_the_server_was_killed(sound_server: SoundServer) -> None:  # noqa: F811
    tone = Tone(hz=440.0).draw(0, 48000 * 60)
    with started(SoundCard("pulse")) as card:
        with sound_server.playing(tone):
            listen_until(card, lambda: loud_since(card, 0))
        for losses in (1, 2):
            with quiet_stderr():
                sound_server.kill()
                listen_until(card, lambda: "looking for" in card.notice)
                stopped = card.ring.written
                for _ in range(100):
                    card.poll(time.monotonic() + 60.0)  # every one of these tries in vain to open it again
                assert card.ring.written == stopped
                assert card.notice == "sound card lost: looking for 'pulse'"
                sound_server.restart()
            with sound_server.playing(tone):
                listen_until(card, lambda: card.notice == "", lambda: card.poll(time.monotonic() + 60.0))
                listen_until(card, lambda: loud_since(card, stopped))  # noqa: B023
            assert card.losses >= losses


def test_without_a_server_the_refusal_says_what_to_type(sound_server: SoundServer) -> None:  # noqa: F811
    sound_server.kill()
    rescan_devices(portaudio())
    with pytest.raises(DeviceError, match=r"no sound input.*livegan play --input demo"):
        SoundCard().start(0.0)


def test_an_unknown_name_offers_the_nearest(sound_server: SoundServer) -> None:  # noqa: F811
    with pytest.raises(DeviceError, match="did you mean 'pulse'"):
        SoundCard("puls3").start(0.0)
