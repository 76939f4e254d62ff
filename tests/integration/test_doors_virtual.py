"""Doors on virtual hardware: a sound card that is silent and one that is heard, and the page in a browser."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from livegan.audio.test_signals import Tone
from livegan.config.venue import AudioTable, Venue
from livegan.core.clock import WallClock
from livegan.studio import doors_sound
from livegan.studio.door_check import DoorCheck
from livegan.studio.doors import DoorsReport
from livegan.studio.doors_page import write_page
from livegan.studio.doors_play import SceneFigures, percentiles
from livegan.studio.doors_sound import sound_check
from tests.chromium import browser  # noqa: F401
from tests.virtual import SoundServer, sound_server  # noqa: F401

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.virtual


def test_a_silent_card_is_warned_of_and_a_tone_is_heard(
    sound_server: SoundServer,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doors_sound, "LISTEN_S", 0.5)
    venue, clock = Venue(audio=AudioTable(input="pulse")), WallClock()
    silent = sound_check(venue, clock)
    assert silent.verdict == "warn"
    assert "zeros" in silent.detail
    with sound_server.playing(Tone(hz=440.0, amplitude=0.3).draw(0, 48000 * 60)):
        heard = sound_check(venue, clock)
    assert "2 channels at 48000 Hz" in heard.detail
    assert "it is heard" in heard.detail or "pictures will lag" in heard.detail, heard.detail


def test_the_page_fits_a_laptop_a_phone_and_paper(tmp_path: Path, browser: "Browser") -> None:  # noqa: F811
    intervals = np.abs(np.random.default_rng(5).normal(0.0167, 0.003, 600))
    scene = SceneFigures(
        "a-scene-with-a-long-name",
        "A scene with a long title",
        "net",
        load_s=1.0,
        fps=59.0,
        interval_ms=percentiles(intervals),
        frames=600,
        intervals_ms=tuple(intervals * 1e3),
        traded="light, 64 px · effects at half size · 30 fps",
        lights=(0.2, 0.4),
        memory_mb=(800.0, 801.0),
    )
    scenes = [replace(scene, name=f"{scene.name}-{number}") for number in range(24)]
    words = "sudo cpupower frequency-set -g performance --with-a-very-long-word-that-nobody-ever-types-in-one-go"
    report = DoorsReport(60.0, checks=[DoorCheck("Computer", "power saving", "warn", "it saves", words)], scenes=scenes)
    write_page(report, tmp_path / "doors.html")
    for width in (1280, 390):
        page = browser.new_page(viewport={"width": width, "height": 800})
        wrong: list[str] = []
        page.on("console", lambda message: wrong.append(message.text))  # noqa: B023
        page.on("request", lambda request: wrong.extend([request.url] if "doors.html" not in request.url else []))  # noqa: B023
        page.goto((tmp_path / "doors.html").as_uri())
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width
        assert page.locator("svg polyline").count() == 3 * 24
        assert wrong == []
        if width == 1280:
            assert page.pdf(format="A4").startswith(b"%PDF")
        page.close()
