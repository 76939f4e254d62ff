"""The real window on a private X screen: pixels are looked at, keys are pressed."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from livegan.core.events import controls_of
from tests.deadline import until
from tests.screen import ROOT, Screen, private_screen

pytestmark = pytest.mark.virtual

SHOW = """
import json, sys, threading, time
import numpy as np
from types import SimpleNamespace
from livegan.config.venue import WindowTable
from livegan.core.channels import Latest
from livegan.core.clock import WallClock
from livegan.core.rings import FeatureRing
from livegan.core.types import ControlEvent, Frame, FramePlan, Layout
from livegan.engine.router import Router
from livegan.engine.telemetry import Meter, Telemetry
from livegan.ui.app import open_window
from livegan.ui.feed import WindowExtras

clock, frames, telemetry, controls = WallClock(), Latest(), Latest(), Router()
layout = Layout(("level", "bass", "onset", "beat.phase", "beat.confidence"), (False, False, True, False, False))
heard = FeatureRing(layout)
feed = SimpleNamespace(frames=frames, telemetry=telemetry, board=Latest(), heard=heard, controls=controls, clock=clock)
index, newest = 0, None
playing = threading.Event()  # the newest picture is put again and again, as an engine does
lock = threading.Lock()

def say(*words):
    with lock:  # two threads speak, a line each
        sys.stdout.write(' '.join(map(str, words)) + chr(10))
        sys.stdout.flush()

def put(pixels=None):
    global index, newest
    with lock:
        newest = newest if pixels is None else pixels
        if newest is None:
            return
        now = clock.now()
        plan = FramePlan(index, now, 1 / 60, np.zeros(2, np.float32), np.zeros(0, np.float32), heard_s=now - 0.01)
        index += 1
        frames.put(Frame(newest, plan, now, now))

def go_on():
    while playing.wait():
        put()
        time.sleep(0.05)

def listen():
    for line in sys.stdin:
        word, *numbers = line.split()
        if word == "colour":
            r, g, b, width, height = map(int, numbers)
            put(np.full((height, width, 3), (r, g, b), np.uint8))
        elif word == "stall":
            playing.clear()
        elif word == "play":
            playing.set()
        elif word == "hear":
            heard.write(clock.now(), np.array(numbers, np.float32))
        elif word == "bad":
            put(np.zeros((4, 4), np.float32))
        elif word == "control":
            controls.put(ControlEvent(clock.now(), numbers[0], float(numbers[1]), source=" ".join(numbers[2:])))
        elif word in ("tell", "still"):
            still = np.full((16, 16, 3), list(map(int, numbers)), np.uint8) if numbers else None
            telemetry.put(Telemetry(
                clock.now(), 60.0, Meter(), "first-light", "house-256", "cpu", "demo track", 0.7, 0.4, 0, 1, 2,
                (("bloom", 0.3), ("pulse", 0.8)), notices=("MIDI: nothing plugged in",), still=still,
                prompt=("violet smoke", "silk 100 %")))
        elif word == "put":
            say("done")

settings = json.loads(sys.argv[1])
extras = WindowExtras(scaling=settings.pop("scaling", "auto"))
if settings.pop("plays", True):
    playing.set()
threading.Thread(target=listen, daemon=True).start()
threading.Thread(target=go_on, daemon=True).start()
controls.subscribe(lambda event: say("event", event.name, event.value))
controls.prompt_events.subscribe(lambda: [say("words:", event.words) for event in controls.prompt_events.drain()])
with open_window(feed, WindowTable(**settings), extras) as window:
    window.ready.subscribe(lambda: say("ready"))
    window.closed.subscribe(lambda: say("closed"))
    window.run(300)
stats, textures = window.stats, [texture for texture in window._view.canvas._textures if texture is not None]
waiting = max((len(texture.glir._shared._commands) for texture in textures), default=0)
say("stats", json.dumps({"waiting": waiting, "shown": stats.shown, "skipped": stats.skipped, "faults": stats.faults,
    "last": stats.last_fault, "latencies": stats.latency.count, "intervals": stats.interval.count,
    "held": stats.held_s, "idle": stats.idle_s,
    "first": stats.first_frame_s, "renderer": stats.renderer}))
"""


HUNG = """
import sys, threading
from livegan.cli.play import leave
from livegan.config.venue import WindowTable
from livegan.control.midi import MidiInput
from livegan.control.ports import FakePorts
from livegan.core.controller import Controller
from livegan.core.types import ControlEvent
from livegan.ui.app import open_window
from tests.shows import plain_show

show, hung, ports = plain_show(join_s=0.3), threading.Event(), FakePorts("Pads")
controls = "blackout", "master.down", "fade.out", "fade.in", "scene.safe", "panic"
numbered = dict(enumerate(controls, 36))
pads = Controller(name="pads", match=("pads",), pads=numbered)
midi = MidiInput(show.controls.put, [pads], now=show.clock.now, ports=ports)
waiting = []  # what took effect and was not drawn yet, and how often the window had drawn before

def say(*words):
    sys.stdout.write(' '.join(map(str, words)) + chr(10))
    sys.stdout.flush()

def hang(*_):
    hung.set()
    threading.Event().wait()  # for ever

def listen():
    for line in sys.stdin:
        name, *value = line.split()
        if name == "hang":
            show.performer.step = hang
            hung.wait()
            say("hung")
        elif value:  # OSC, on the thread of its socket
            show.controls.put(ControlEvent(show.clock.now(), name, float(value[0]), source="osc"))
        else:
            ports.play("Pads", 0x90, int(name), 127)

def recorded(event):
    say("event", event.name, event.value)
    waiting.append((event.name, window.stats.draws, dimmer.light(show.clock.now())))

def drawn(_):
    safe = window._view.choice._still_shown is not None
    while waiting:
        name, draws, light = waiting.pop(0)
        way = dimmer.light(show.clock.now()) - light
        say("drawn", name, window.stats.draws - draws, "darker" if way < 0 else "brighter" if way > 0 else "-",
            "frozen" if dimmer.frozen else "-", "safe" if safe else "-")

midi.start(0.0)
with show, open_window(show, WindowTable(size=(400, 400), fade_out_s=0.5)) as window:
    dimmer = window._view.dimmer
    window._view.canvas.canvas.events.draw.connect(drawn, position="last")
    window.ready.subscribe(lambda: say("ready"))
    show.controls.subscribe(recorded)
    threading.Thread(target=listen, daemon=True).start()
    window.run(300)
say("closed")
leave(0, show.stuck())
"""


class Show:
    """A window in a process of its own, which is sent what to show."""

    def __init__(self, screen: Screen, process: "subprocess.Popen[str]") -> None:
        self.screen, self.process = screen, process
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)

    def say(self, *words: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def said(self, line: str) -> bool:
        return any(said.strip() == line for said in list(self.lines))

    def wait_for(self, line: str) -> None:
        until(lambda: self.said(line) or self._dead(), lambda: f"'{line}'; it said {self.lines}")

    def wait_for_start(self, start: str, end: str) -> None:
        """Wait until it said a line that begins and ends so."""
        until(
            lambda: any(line.startswith(start) and line.strip().endswith(end) for line in list(self.lines)),
            lambda: f"'{start} ... {end}'; it said {self.lines}",
        )

    def wait_for_event(self, name: str, since: int) -> None:
        """Wait until an event of that name, with any value, was recorded."""
        start = f"event {name} "
        until(
            lambda: any(line.startswith(start) for line in self.lines[since:]) or self._dead(),
            lambda: f"'{start}'; it said {self.lines[since:]}",
        )

    def _dead(self) -> bool:
        if self.process.poll() is not None and not self._reader.is_alive():
            raise AssertionError(f"the window ended: {''.join(self.lines)}")
        return False

    def pixels(self) -> np.ndarray:
        """What stands in the window (h, w, 3)."""
        place = self.screen.geometry("livegan")
        assert place is not None
        x, y, width, height = place
        return self.screen.picture()[y : y + height, x : x + width].astype(int)

    def colour(self, across: float = 0.5, down: float = 0.5) -> tuple[int, ...]:
        pixels = self.pixels()
        height, width = pixels.shape[:2]
        return tuple(int(value) for value in pixels[int(down * (height - 1)), int(across * (width - 1))])

    def wait_for_colour(self, colour: tuple[int, int, int], across: float = 0.5, down: float = 0.5) -> None:
        def there() -> bool:
            return max(abs(a - b) for a, b in zip(self.colour(across, down), colour, strict=True)) <= 2

        until(there, f"{colour} at {across}, {down}", pause_s=0.05)

    def end(self) -> dict[str, object]:
        """Wait for it to close itself; what it measured."""
        assert self.process.wait(timeout=30) == 0, "".join(self.lines)
        self._reader.join(timeout=30)
        (stats,) = [line for line in self.lines if line.startswith("stats ")]
        return dict(json.loads(stats.removeprefix("stats ")))

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(timeout=30)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


@pytest.fixture(scope="module")
def screen() -> Iterator[Screen]:
    with private_screen(1000, 700) as running:
        yield running


@contextmanager
def showing(x11: Screen, **settings: object) -> Iterator[Show]:
    """A window, 400 by 400 by default."""
    show = Show(x11, x11.start(SHOW, json.dumps({"size": (400, 400), **settings})))
    try:
        show.wait_for("ready")
        yield show
    finally:
        show.stop()


def test_before_the_first_frame_the_window_is_dark_but_alive(screen: Screen) -> None:
    with showing(screen) as show:
        until(lambda: show.pixels().max() > 12, "an idle picture")
        first = show.pixels()
        assert first.max() < 160, "it is a quiet picture"
        assert len(np.unique(first.reshape(-1, 3), axis=0)) > 200, "and no flat one"
        until(lambda: np.abs(show.pixels() - first).max() > 8, "it to move", pause_s=0.2)


def test_a_frame_keeps_its_colour_and_its_aspect_in_any_window(screen: Screen) -> None:
    with showing(screen) as show:
        show.say("colour", 200, 40, 90, 64, 32)
        show.wait_for_colour((200, 40, 90))
        red = (show.pixels() == (200, 40, 90)).all(axis=2)
        assert red.any(axis=0).all(), "as wide as the window"
        rows = np.flatnonzero(red.any(axis=1))
        assert len(rows) == 200
        assert rows[0] == 100, "in the middle"
        assert show.pixels()[:99].max() == 0, "black above"
        show.say("colour", 10, 220, 30, 30, 60)  # another size: another texture
        show.wait_for_colour((10, 220, 30))
        columns = np.flatnonzero((show.pixels() == (10, 220, 30)).all(axis=2).any(axis=0))
        assert (len(columns), columns[0]) == (200, 100)


@pytest.mark.parametrize("size", [(640, 360), (800, 450)])
def test_a_wide_network_leaves_no_bars_in_a_wide_window(screen: Screen, size: tuple[int, int]) -> None:
    with showing(screen, size=size) as show:
        show.say("colour", 200, 40, 90, 448, 256)
        show.wait_for_colour((200, 40, 90))
        assert show.pixels().shape[:2] == size[::-1]
        assert (show.pixels() == (200, 40, 90)).all()


def test_a_window_larger_than_the_screen_keeps_its_aspect(screen: Screen) -> None:
    with showing(screen, size=(3200, 1800)) as show:
        assert show.pixels().shape[:2] == (round(1000 * 9 / 16), 1000)


def test_odd_sizes_are_not_sheared(screen: Screen) -> None:
    with showing(screen) as show:
        show.say("colour", 90, 120, 250, 101, 101)  # rows of 303 bytes
        show.wait_for_colour((90, 120, 250))
        assert (show.pixels() == (90, 120, 250)).all()


def test_cubic_scaling_keeps_a_flat_colour_flat(screen: Screen) -> None:
    with showing(screen, scaling="cubic") as show:
        show.say("colour", 200, 100, 50, 16, 16)
        show.wait_for_colour((200, 100, 50))
        assert np.abs(show.pixels() - (200, 100, 50)).max() <= 1


def test_blackout_works_while_no_frame_comes_and_the_light_comes_back(screen: Screen) -> None:
    with showing(screen, hud=True) as show:
        show.say("colour", 255, 255, 255, 32, 32)
        show.wait_for_colour((255, 255, 255), 0.9, 0.9)
        screen.press("b")
        show.wait_for("event blackout 1.0")
        until(lambda: show.pixels().max() == 0, "black, the HUD too", pause_s=0.05)
        screen.press("b")
        show.wait_for("event blackout 0.0")
        show.wait_for_colour((255, 255, 255), 0.9, 0.9)


def test_pictures_of_another_size_are_not_kept_while_it_is_dark(screen: Screen) -> None:
    with showing(screen) as show:
        show.say("colour", 255, 255, 255, 32, 32)
        show.wait_for_colour((255, 255, 255))
        screen.press("b")
        show.wait_for("event blackout 1.0")
        until(lambda: show.colour() == (0, 0, 0), "black")
        drawn = len(show.lines)
        for number in range(40):
            show.say("colour", number, 0, 0, 48, 48)
            show.say("put")
            until(lambda number=number: len(show.lines) > drawn + number, "the picture")  # type: ignore[misc]
            time.sleep(0.03)
        show.say("control", "quit", "1")
        waiting = show.end()["waiting"]
        assert isinstance(waiting, int)
        assert waiting < 10


def test_the_window_manager_closes_the_show_when_it_asks_twice(screen: Screen) -> None:
    script = SHOW.replace("window.run(300)", "ask(window._window)\n    window.run(90)")
    asking = """
from PyQt5.QtCore import QTimer
from livegan.ui.window import ShowWindow

def ask(window):
    def once_more():
        say("asked", window._view._hint_until_s > 0, window.isVisible())
        window.windowHandle().close()  # what Qt does with WM_DELETE_WINDOW
    window._view.ready.subscribe(lambda: [QTimer.singleShot(50, window.windowHandle().close),
        QTimer.singleShot(200, once_more)])
"""
    show = Show(screen, screen.start(asking + script, json.dumps({"size": (400, 400)})))
    try:
        show.wait_for("asked True True")
        assert show.end()["faults"] == 0
    finally:
        show.stop()


def test_before_the_first_frame_blackout_is_black_as_well(screen: Screen) -> None:
    with showing(screen) as show:
        until(lambda: show.pixels().max() > 12, "an idle picture")
        screen.press("b")
        until(lambda: show.pixels().max() == 0, "black", pause_s=0.05)


def test_freeze_holds_the_picture_and_lets_it_go(screen: Screen) -> None:
    with showing(screen) as show:
        show.say("colour", 250, 0, 0, 32, 32)
        show.wait_for_colour((250, 0, 0), 0.9, 0.9)
        screen.press("space")
        show.wait_for("event freeze 1.0")
        show.say("colour", 0, 250, 0, 32, 32)
        show.say("put")
        show.wait_for("done")
        screen.press("h")  # makes it draw again, which must not let the new frame through
        until(lambda: (show.pixels() != (250, 0, 0)).any(), "the HUD", pause_s=0.05)
        assert show.colour(0.9, 0.9) == (250, 0, 0)
        screen.press("space")
        show.wait_for_colour((0, 250, 0), 0.9, 0.9)


def test_the_master_fader_dims_the_picture(screen: Screen) -> None:
    with showing(screen) as show:
        show.say("colour", 200, 200, 200, 32, 32)
        show.wait_for_colour((200, 200, 200))
        show.say("control", "master", 0.5)
        show.wait_for_colour((100, 100, 100))
        show.wait_for("event master 0.5")
        screen.press("Down")
        show.wait_for("event master 0.45")
        show.wait_for_colour((90, 90, 90))


def test_controls_reach_the_window_without_an_engine(screen: Screen) -> None:
    with showing(screen) as show:
        show.say("colour", 200, 200, 200, 32, 32)
        show.wait_for_colour((200, 200, 200))
        show.say("control", "blackout", 1.0)
        until(lambda: show.pixels().max() == 0, "black", pause_s=0.05)
        show.say("control", "pad.3", 0.25)
        show.wait_for("event pad.3 0.25")  # nothing for the window
        show.say("control", "quit", 1.0, "box")
        show.say("control", "hud", 1.0)
        show.wait_for("event hud 1.0")  # one press of a pad does not end the show
        for _ in range(3):
            show.say("control", "quit", 1.0, "box")
        show.wait_for("closed")


def test_the_window_does_every_control_that_goes_there(screen: Screen) -> None:
    with showing(screen) as show:
        for name in controls_of("window"):
            since, family = len(show.lines), name.partition(".")[0]
            state = family if family in ("master", "fade") else name
            show.say("control", name, 1.0)
            show.wait_for_event(state, since)
        show.end()
        assert show.said("closed"), "quit is one of them"


def test_the_master_section_works_in_the_next_draw_while_the_engine_hangs_and_the_show_ends(screen: Screen) -> None:
    """Sent on the threads of MIDI and OSC; "drawn NAME 1" is said by the first draw after the event took effect."""
    show = Show(screen, screen.start(HUNG))
    try:
        show.wait_for("ready")
        until(lambda: show.pixels().max() > 60, "a picture of the engine", pause_s=0.05)
        show.say("hang")
        show.wait_for("hung")
        show.say(36)
        show.wait_for("event blackout 1.0")
        show.wait_for("drawn blackout 1 darker - -")
        until(lambda: show.pixels().max() == 0, "black", pause_s=0.05)
        show.say(36)
        show.wait_for("drawn blackout 1 brighter - -")
        until(lambda: show.pixels().max() > 35, "the light to come back", pause_s=0.05)
        show.say(37)
        show.wait_for("event master 0.95")
        show.say("master", 0.5)
        show.wait_for("drawn master 1 darker - -")
        until(lambda: 10 < show.pixels().max() < 140, "half the light", pause_s=0.05)
        show.say(38)
        show.wait_for("drawn fade 1 darker - -")
        until(lambda: show.pixels().max() == 0, "black", pause_s=0.05)
        show.say(39)
        show.wait_for("drawn fade 1 brighter - -")
        for _ in range(2):
            show.say("freeze", 1)  # set, not changed over
        show.wait_for_start("drawn freeze 1 ", "frozen -")
        show.say(40)
        show.wait_for_start("drawn scene.safe 1 ", "safe")
        show.say("freeze", 1)
        show.wait_for("event freeze 1.0")
        show.say(41)
        show.wait_for("event panic 1.0")
        show.wait_for_start("drawn panic 1 ", "- safe")
        screen.press("Escape", "Escape")
        show.wait_for("event quit 1.0")
        assert show.process.wait(timeout=30) == 0
        show.wait_for("livegan-engine did not end in time.")
    finally:
        show.stop()


def test_the_safe_scene_is_shown_while_no_frame_comes_and_ends_a_freeze(screen: Screen) -> None:
    with showing(screen) as show:
        show.say("colour", 250, 0, 0, 16, 16)
        show.say("still", 0, 0, 250)
        show.wait_for_colour((250, 0, 0))
        show.say("stall")
        screen.press("space")
        show.wait_for("event freeze 1.0")
        screen.press("Home")
        show.wait_for("event scene.safe 1.0")
        show.wait_for_colour((0, 0, 250))
        show.say("colour", 0, 250, 0, 16, 16)  # made after the key was pressed: of the safe scene
        show.say("play")
        show.wait_for_colour((0, 250, 0))


def test_a_stall_is_held_then_filled_by_an_idle_scene_that_listens_until_frames_come(screen: Screen) -> None:
    with showing(screen) as show:
        show.say("colour", 250, 0, 0, 32, 32)
        show.wait_for_colour((250, 0, 0))
        show.say("colour", 0, 0, 250, 32, 32)
        show.wait_for_colour((0, 0, 250))
        show.say("stall")
        until(lambda: len(np.unique(show.pixels().reshape(-1, 3), axis=0)) > 500, "the idle scene", pause_s=0.05)
        until(lambda: show.pixels()[..., 2].mean() < 60, "the last picture to be gone", pause_s=0.05)
        quiet = max(show.pixels().mean() for _ in range(3))

        def lit() -> bool:
            show.say("hear", 1.0, 1.0, 1.0, 0.0, 1.0)
            return bool(show.pixels().mean() > 1.3 * quiet)

        until(lit, "it to be lit by the music", pause_s=0.05)
        screen.press("b")
        until(lambda: show.pixels().max() == 0, "black", pause_s=0.05)
        screen.press("b")
        until(lambda: show.pixels().mean() > 8, "the light to come back", pause_s=0.05)
        show.say("colour", 0, 250, 0, 32, 32)
        show.say("play")
        show.wait_for_colour((0, 250, 0))
        screen.press("Escape", "Escape")
        stats = show.end()
        assert isinstance(stats["idle"], float)
        assert stats["idle"] > 0.0
        assert stats["held"]
        assert stats["faults"] == 0, stats["last"]


def test_the_hud_comes_and_goes(screen: Screen) -> None:
    with showing(screen) as show:
        show.say("colour", 250, 250, 250, 32, 32)
        show.say("tell")
        show.wait_for_colour((250, 250, 250))
        assert show.pixels().min() > 240
        screen.press("h")
        show.wait_for("event hud 1.0")
        until(lambda: show.pixels()[:250, :200].min() < 60, "a dark panel", pause_s=0.05)
        assert show.colour(0.95, 0.95) == (250, 250, 250), "it leaves most of the picture alone"
        screen.press("h")
        until(lambda: show.pixels().min() > 240, "the whole picture", pause_s=0.05)


def test_keys_become_events(screen: Screen) -> None:
    with showing(screen) as show:
        screen.press("1", "q", "9", "Right", "Left")
        for line in ("scene.1 1.0", "scene.9 1.0", "scene.next 1.0", "scene.previous 1.0"):
            show.wait_for(f"event {line}")
        assert len([line for line in show.lines if line.startswith("event ")]) == 4, "q says nothing"


def test_the_panel_comes_and_goes_beside_the_show_and_its_keys_are_the_shows(screen: Screen) -> None:
    with showing(screen, panel=True) as show:
        show.wait_for("event panel 1.0")
        until(lambda: screen.window("livegan panel"), "the panel")
        screen.press("ctrl+p", title="livegan panel")
        show.wait_for("event panel 0.0")
        until(lambda: not screen.window("livegan panel"), "it to go; the show stays")
        since = len(show.lines)
        screen.press("ctrl+p")
        show.wait_for_event("panel", since)
        screen.press("b", title="livegan panel")
        show.wait_for("event blackout 1.0")
        screen.press("Escape", "Escape", title="livegan panel")
        show.end()
        assert show.said("closed")


def test_words_are_typed_into_a_line_and_no_letter_is_a_key_meanwhile(screen: Screen) -> None:
    with showing(screen) as show:
        show.say("colour", 0, 0, 0, 8, 8)
        show.wait_for_colour((0, 0, 0))
        screen.press("p", "b", "h", "space", "B", "1", "BackSpace", "z", "p")
        show.wait_for("event prompt.type 1.0")
        until(lambda: show.pixels()[300:].max() > 200, "the line", pause_s=0.05)
        screen.press("Return")
        show.wait_for("words: bh Bzp")
        until(lambda: show.pixels().max() == 0, "the line to go", pause_s=0.05)
        screen.press("p", "x", "Escape", "p", "Up", "Return", "h")
        show.wait_for("event hud 1.0")
        assert [line.strip() for line in show.lines if line.startswith("words:")] == ["words: bh Bzp"] * 2
        assert show.process.poll() is None, "Escape left the line, not the show"
        events = {line.split()[1] for line in show.lines if line.startswith("event ")}
        assert events - {"screen.delay"} == {"prompt.type", "hud"}


def test_a_list_of_keys_comes_over_the_picture_and_escape_closes_it_and_not_the_show(screen: Screen) -> None:
    with showing(screen) as show:
        show.say("colour", 250, 250, 250, 32, 32)
        show.wait_for_colour((250, 250, 250))
        screen.press("question")
        show.wait_for("event keys 1.0")
        until(lambda: (show.pixels()[150:250].mean(axis=2) < 60).mean() > 0.5, "a dark list", pause_s=0.05)
        screen.press("b")
        until(lambda: show.pixels().max() == 0, "black, the list too", pause_s=0.05)
        screen.press("b", "Escape")
        show.wait_for("event keys 0.0")
        show.wait_for_colour((250, 250, 250))
        assert show.process.poll() is None
        screen.press("Next", "Prior", "End", "c")
        for line in ("fade 0.0", "fade 1.0", "panic 1.0", "cue.next 1.0"):
            show.wait_for(f"event {line}")


def test_f11_fills_the_screen_and_comes_back(screen: Screen) -> None:
    with showing(screen) as show:
        show.say("colour", 30, 60, 200, 50, 50)
        show.wait_for_colour((30, 60, 200))
        before = screen.geometry("livegan")
        screen.press("F11")
        show.wait_for("event fullscreen 1.0")
        until(lambda: screen.geometry("livegan") == (0, 0, 1000, 700), "full screen")
        show.wait_for_colour((30, 60, 200), 0.2, 0.5)
        show.wait_for_colour((0, 0, 0), 0.05, 0.5)  # the aspect is kept
        screen.press("f")
        show.wait_for("event fullscreen 0.0")
        until(lambda: screen.geometry("livegan") == before, "its old place")


def test_it_can_start_full_screen_on_a_screen_by_name(screen: Screen) -> None:
    with showing(screen, fullscreen=True, screen="SCREEN"):
        until(lambda: screen.geometry("livegan") == (0, 0, 1000, 700), "full screen")


def test_escape_asks_once(screen: Screen) -> None:
    with showing(screen) as show:
        show.say("colour", 0, 0, 0, 8, 8)
        show.wait_for_colour((0, 0, 0))
        until(lambda: show.pixels().max() == 0, "black")
        screen.press("Escape")
        until(lambda: show.pixels()[300:].max() > 200, "a line that says so", pause_s=0.05)
        assert show.process.poll() is None
        until(lambda: show.pixels().max() == 0, "the line to go", pause_s=0.1)
        screen.press("Escape", "Escape")
        stats = show.end()
        assert show.said("event quit 1.0")
        assert show.said("closed")
        assert stats["faults"] == 0, stats["last"]


def test_ctrl_c_in_the_terminal_closes_the_window(screen: Screen) -> None:
    with showing(screen) as show:
        show.process.send_signal(signal.SIGINT)
        show.end()
        assert show.said("event quit 1.0")


def test_a_frame_that_cannot_be_shown_is_counted_and_the_next_one_is_shown(screen: Screen) -> None:
    with showing(screen, plays=False) as show:
        show.say("colour", 250, 0, 0, 32, 32)
        show.wait_for_colour((250, 0, 0))
        show.say("bad")
        until(lambda: any("a frame is (h, w, 3) uint8" in line for line in list(show.lines)), "the complaint")

        def blue() -> bool:  # one alone is held, and swings back to the red one
            show.say("colour", 0, 0, 250, 32, 32)
            return show.colour() == (0, 0, 250)

        until(blue, "the next one")
        screen.press("Escape", "Escape")
        stats = show.end()
        assert stats["faults"] == 1
        assert "ValueError" in str(stats["last"])
        assert int(str(stats["shown"])) >= 2


def test_every_frame_is_shown_or_counted_as_skipped(screen: Screen) -> None:
    with showing(screen, plays=False) as show:
        for number in range(120):
            show.say("colour", number, 0, 0, 64, 64)
        show.wait_for_colour((119, 0, 0))
        screen.press("Escape", "Escape")
        stats = show.end()
        shown, skipped = stats["shown"], stats["skipped"]
        assert isinstance(shown, int)
        assert isinstance(skipped, int)
        assert 1 <= shown <= 120
        assert shown + skipped <= 120  # those before the first one shown are nobody's loss
        assert stats["latencies"] == shown
        assert stats["intervals"] == shown - 1
        assert stats["first"] is not None


ASK = """
import sys
from types import SimpleNamespace
from livegan.config.venue import WindowTable
from livegan.core.channels import Latest
from livegan.core.clock import WallClock
from livegan.engine.router import Router
from livegan.errors import DisplayError
from livegan.ui.app import open_window
from livegan.ui.display import list_screens
print("screens", len(list_screens()))
try:
    feed = SimpleNamespace(
        frames=Latest(), telemetry=Latest(), board=Latest(), heard=None, controls=Router(), clock=WallClock()
    )
    with open_window(feed, WindowTable(screen=sys.argv[1])) as window:
        window.run(0.0)
except DisplayError as error:
    print("DisplayError:", error)
"""


def ask(environment: dict[str, str], name: str = "") -> str:
    """What open_window says there; it must never end the process."""
    command = [sys.executable, "-c", ASK, name]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def without_display(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


@pytest.mark.parametrize("more", [{}, {"DISPLAY": ":4711"}, {"QT_QPA_PLATFORM": "offscreen"}], ids=str)
def test_where_nothing_can_be_shown_it_says_what_to_type(more: dict[str, str]) -> None:
    said = ask(without_display(**more))
    assert "DisplayError: " in said
    assert "--headless" in said
    if "QT_QPA_PLATFORM" not in more:
        assert "screens 0" in said


def test_an_unknown_screen_is_answered_with_those_there_are(screen: Screen) -> None:
    said = ask(screen.environment, "scren")
    assert "screens 1" in said
    assert "no screen called 'scren'; did you mean 'screen'?" in said
    assert "1000x700" in said
