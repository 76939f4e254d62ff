"""The whole show, end to end: virtual sound card, MIDI port and screen; the pixels of the window are looked at."""

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.deadline import until
from tests.jack import KnobBox, private_jack
from tests.screen import ROOT, Screen, private_screen
from tests.virtual import SoundServer

pytestmark = pytest.mark.virtual

RATE = 48000
DARK, BRIGHT = 15.0, 60.0  # mean of the window's pixels

BLACK = """
title = "Black until a click"
seed = 1
fade_s = 0.0
parameters = { "effect.invert" = 1.0, "effect.dim" = 1.0, "motion.speed" = 0.0 }
knobs = { "cc.102" = "effect.dim" }
[[routes]]
source = "onset"
target = "effect.dim"
amount = -1.0
attack_s = 0.0
release_s = 0.8
"""
WHITE = 'title = "White"\nfade_s = 0.0\nparameters = { "effect.invert" = 1.0 }\n'


@dataclass
class LiveShow:
    """A show that runs, and everything it is plugged into."""

    screen: Screen
    sound: SoundServer
    box: KnobBox
    show: "subprocess.Popen[str]"
    folder: Path

    def light(self) -> float:
        """Mean of the middle of the window's pixels, 0..255."""
        x, y, width, height = until(lambda: self.screen.geometry("livegan"), "the window")
        picture = self.screen.picture()[y : y + height, x : x + width]
        return float(picture[height // 4 : -height // 4, width // 4 : -width // 4].mean())

    def becomes(self, test: str) -> None:
        """Wait until the window is dark or bright."""
        assert self.show.poll() is None, (self.folder / "show.log").read_text()
        until(lambda: self.light() < DARK if test == "dark" else self.light() > BRIGHT, f"a {test} window")

    def click(self) -> None:
        """One drum-like click into the sound card, and silence until the window is dark again."""
        with self.sound.playing(click(10)):
            self.becomes("bright")
            self.becomes("dark")


def click(seconds: int) -> np.ndarray:
    """20 ms of noise, then silence, (n, 2)."""
    rng = np.random.default_rng(0)
    sound = np.zeros((seconds * RATE, 2), np.float32)
    sound[RATE // 2 : RATE // 2 + RATE // 50] = 0.8 * rng.uniform(-1, 1, (RATE // 50, 1))
    return sound


@pytest.fixture(scope="module")
def live() -> Iterator[LiveShow]:
    """`livegan play` on a private screen, sound server and JACK server."""
    with ExitStack() as stack:
        screen = stack.enter_context(private_screen(800, 800))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="livegan-show-")))
        sound = SoundServer(folder)
        stack.callback(sound.stop)
        sound.start()
        jack = stack.enter_context(private_jack())
        box = stack.enter_context(jack.controller())
        (folder / "black.toml").write_text(BLACK)
        (folder / "white.toml").write_text(WHITE)
        scenes = ", ".join(f'"{folder}/{name}.toml"' for name in ("black", "white"))
        venue = f'audio = {{ input = "pulse", host_api = "ALSA" }}\nshow = {{ scenes = [{scenes}] }}\n'
        (folder / "venue.toml").write_text(venue)
        env = screen.environment | sound.env | jack.env
        command = [sys.executable, "main.py", "play", "--venue", f"{folder}/venue.toml", "--size", "400x400"]
        command += ["--report", f"{folder}/report.json"]
        log = stack.enter_context((folder / "show.log").open("w"))
        show = subprocess.Popen(command, env=env, cwd=ROOT, stdout=log, stderr=log, text=True)
        try:
            running = LiveShow(screen, sound, box, show, folder)
            running.screen.press("2")  # frames come: the white scene is not the idle picture
            running.becomes("bright")
            running.screen.press("1")
            yield running
        finally:
            show.kill()
            show.wait()


def test_each_click_lights_the_window_and_silence_darkens_it(live: LiveShow) -> None:
    live.becomes("dark")
    for _ in range(3):
        live.click()


def test_a_controller_changes_the_picture(live: LiveShow) -> None:
    until(lambda: turned(live, 0, "bright"), "a knob that was turned down")
    until(lambda: turned(live, 127, "dark"), "a knob that was turned up")


def turned(live: LiveShow, value: int, wanted: str) -> bool:
    live.box.send((0xB0, 102, 64))  # a knob that is turned there: one that only stands there moves nothing
    live.box.send((0xB0, 102, value))
    light = live.light()
    return light > BRIGHT if wanted == "bright" else light < DARK


def test_keys_choose_scenes_and_black_out(live: LiveShow) -> None:
    live.screen.press("2")
    live.becomes("bright")
    live.screen.press("b")
    live.becomes("dark")
    live.screen.press("b")
    live.becomes("bright")
    live.screen.press("1")
    live.becomes("dark")


def test_a_dead_sound_server_does_not_stop_the_picture_and_its_sound_comes_back(live: LiveShow) -> None:
    live.sound.kill()
    live.sound.wait_for_knock()  # the show has missed it and looks for it
    for _ in range(3):  # frames go on: another scene is drawn
        live.screen.press("2")
        live.becomes("bright")
        live.screen.press("1")
        live.becomes("dark")
    live.sound.restart()
    until(lambda: heard_again(live), "the sound to come back", seconds=60)
    live.becomes("dark")


def heard_again(live: LiveShow) -> bool:
    with live.sound.playing(click(10)):
        return any(live.light() > BRIGHT for _ in range(40))


def test_ctrl_c_ends_the_show_with_a_report_even_if_the_sound_server_hangs(live: LiveShow) -> None:
    live.sound.freeze()
    live.screen.press("2")  # frames go on
    live.becomes("bright")
    live.show.send_signal(signal.SIGINT)
    assert live.show.wait(30) == 0, (live.folder / "show.log").read_text()
    live.sound.kill()
    facts = json.loads((live.folder / "report.json").read_text())
    assert facts["faults"] == 0
    assert facts["screen"]["frames"] > 100
    assert facts["screen"]["faults"] == 0
