"""What needs Qt but no display: in programs of their own, because there can be one Qt application in a process."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run(script: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment |= {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_notifications_from_many_threads_are_answered_and_none_is_lost() -> None:
    run("""
import threading
from PyQt5.QtCore import QCoreApplication, QTimer
from livegan.core.channels import Latest
from livegan.ui.notifier import MainThreadNotifier
application = QCoreApplication([])
answers, seen, values = 0, None, Latest()
def answer():
    global answers, seen
    answers += 1
    seen = values.peek()
    if seen == 2999:
        application.quit()
notifier = MainThreadNotifier(answer)
unsubscribe = values.subscribe(notifier.notify)
def engine():
    for number in range(3000):
        values.put(number)
threading.Thread(target=engine).start()
QTimer.singleShot(60000, application.quit)
application.exec_()
assert seen == 2999, seen
assert 1 <= answers <= 3000
for _ in range(100):
    notifier.notify()  # the loop has ended: one event waits, no more
before = answers
application.processEvents()
assert answers == before + 1
unsubscribe()
values.put(0)
notifier.disconnect()
notifier.notify()
application.processEvents()
assert answers == before + 1
""")


def test_a_pad_wakes_the_main_thread_without_a_timer_while_the_engine_hangs() -> None:
    run("""
import threading
from PyQt5.QtCore import QCoreApplication, QTimer
from livegan.control.midi import MidiInput
from livegan.control.ports import FakePorts
from livegan.core.controller import Controller
from livegan.engine.router import Router
from livegan.ui.notifier import MainThreadNotifier
application = QCoreApplication([])
router, handled, thaw = Router(), [], threading.Event()
engine = threading.Thread(target=thaw.wait)  # it hangs: nothing drains its inbox
engine.start()
def handle():
    assert threading.current_thread() is threading.main_thread()
    handled.extend(router.window_events.drain())
    application.quit()
router.window_events.subscribe(MainThreadNotifier(handle).notify)
ports = FakePorts("Pads")
midi = MidiInput(router.put, [Controller(name="pads", match=("pads",), pads={36: "blackout"})], ports=ports)
midi.start(0.0)
driver = threading.Thread(target=lambda: ports.play("Pads", 0x90, 36, 127))
safety = QTimer()  # the only timer, in case nothing wakes the loop
safety.setSingleShot(True)
safety.timeout.connect(application.quit)
safety.start(60000)
QTimer.singleShot(0, driver.start)
application.exec_()
thaw.set()
engine.join()
driver.join()
assert safety.isActive(), "woken, not polled"
assert [event.name for event in handled] == ["blackout"]
""")


def test_the_hud_is_painted_to_scale_and_its_bars_follow_the_level() -> None:
    run("""
from dataclasses import replace
import numpy as np
from PyQt5.QtWidgets import QApplication
from livegan.engine.telemetry import Meter, Telemetry
from livegan.ui.hud import Hud, notice_lines, scale_for
from livegan.ui.hud_data import HudData
application = QApplication([])
hud = Hud()
quiet = Telemetry(0.0, 60.0, Meter(), "first-light", "house-256", "cpu", "demo", 0.0, 0.0, 0, 0, 0)
def paint(level, **more):
    return hud.paint(HudData(engine=replace(quiet, level=level, **more)), 1.0)
def ink(panel):
    return int((panel[:, :, 1].astype(int) - panel[:, :, 0] > 60).sum())  # the green of the bars
inks = [ink(paint(level)) for level in (0.0, 0.2, 0.5, 0.8, 1.0, 7.0)]
assert inks == sorted(inks) and inks[0] < inks[1] < inks[2], inks
assert inks[-1] == inks[-2], "a bar ends where it ends"
panel = paint(0.5)
assert panel.dtype == np.uint8 and panel.shape[2] == 4
assert (panel[:, :, :3] <= panel[:, :, 3:]).all(), "colours are multiplied by alpha"
double = hud.paint(HudData(engine=quiet), 2.0)
assert abs(double.shape[1] - 2 * panel.shape[1]) <= 1
taller = paint(0.5, knobs=tuple((f"knob {n}", 0.5) for n in range(40)), notices=("a " * 200,) * 40)
assert panel.shape[0] < taller.shape[0] < 3 * panel.shape[0]
long = "the sound card 'USB Audio' is gone; the demo track moves the pictures until it is back; look at its cable"
assert notice_lines([long])[1].startswith("  ") and "".join(notice_lines([long])).endswith("its cable"), "told whole"
assert len(notice_lines(["word " * 200])) == 3 and notice_lines(["word " * 200])[-1].endswith("\u2026")
assert hud.paint(HudData(), 1.0).shape[1] == panel.shape[1], "before the engine has spoken too"
traded = hud.paint(HudData(engine=replace(quiet, quality="light · 30 fps")), 1.0)
assert traded.shape[0] == panel.shape[0] + 20, "a row says what is traded"
waiting = replace(quiet, knobs=(("motion.pulse", 0.5), ("react", 0.5)), turns={"motion.pulse": -1}, cued="Ink")
assert waiting.turns and hud.paint(HudData(engine=waiting), 1.0).shape[1] == panel.shape[1]
orange = lambda image: int(((image[:, :, 0].astype(int) - image[:, :, 2]) > 90).sum())
caught = hud.paint(HudData(engine=replace(waiting, turns={})), 1.0)
assert orange(hud.paint(HudData(engine=waiting), 1.0)) > orange(caught)
assert [mark for mark, _ in HudData(fade=0.0, master=0.8).marks] == ["FADED OUT", "MASTER 80%"]
assert hud.paint_hint("Esc again to quit", 1.0).shape[2] == 4
assert scale_for((320, 240)) <= scale_for((1920, 1080)) <= scale_for((7680, 4320)) <= 3.0
""")


def test_keys_are_called_what_the_table_calls_them() -> None:
    run("""
from PyQt5.QtCore import QEvent, Qt
from PyQt5.QtGui import QKeyEvent
from livegan.control.keys import KEYS, NAMED
from livegan.ui.keyboard import cap
press = lambda key, held=Qt.NoModifier: cap(QKeyEvent(QEvent.KeyPress, key, held))
special = {"Esc": Qt.Key_Escape, "Space": Qt.Key_Space, "[": Qt.Key_BracketLeft, "]": Qt.Key_BracketRight}
special |= {",": Qt.Key_Comma, ".": Qt.Key_Period, "?": Qt.Key_Question}
special |= {"PgUp": Qt.Key_PageUp, "PgDown": Qt.Key_PageDown, "Del": Qt.Key_Delete, "Ins": Qt.Key_Insert}
for name in (*KEYS, *NAMED):
    plain = name.removeprefix("Ctrl+")
    held = Qt.NoModifier if plain == name else Qt.ControlModifier
    assert press(special.get(plain) or getattr(Qt, "Key_" + plain), held) == name
assert press(Qt.Key_1, Qt.KeypadModifier) == "1"
assert press(Qt.Key_Q, Qt.ControlModifier) == "Ctrl+Q"
""")


def test_the_list_of_keys_fits_any_window_and_a_camera_reads_the_code_of_the_phone_page() -> None:
    run("""
from PyQt5.QtWidgets import QApplication
from livegan.control.keys import key_groups, key_table
from livegan.core.binding import Binding
from livegan.ui.hud import Hud
from livegan.ui.key_list import paint_keys
application = QApplication([])
usual = key_groups(key_table())
further = key_groups(key_table({f"F{k}": Binding(f"motion.parameter.{k}") for k in range(2, 25)}))
for window in ((640, 480), (1024, 576), (1920, 1080), (600, 1300)):
    for groups in (usual, further, usual[:1]):
        image = paint_keys(groups, window, Hud().font)
        height, width, channels = image.shape
        assert channels == 4 and width <= window[0] and height <= window[1], (window, image.shape)
        assert max(width / window[0], height / window[1]) > 0.9, "as large as fits"
        assert (image[:, :, :3] <= image[:, :, 3:]).all()
wide, tall = (paint_keys(usual, window, Hud().font).shape[:2] for window in ((800, 450), (450, 800)))
assert wide[1] > wide[0] and tall[0] > tall[1], "fewer columns in a window that stands"
for window in ((320, 180), (240, 426), (200, 100)):
    height, width = paint_keys(usual, window, Hud().font).shape[:2]
    assert width <= window[0] and height <= window[1], "a sentence where no letter can be read"
    assert paint_keys(further, window, Hud().font).shape[:2] == (height, width)

import cv2
from livegan.ui.remote_code import paint_code
address = "http://192.168.178.123:8160/Zk3-_aXb9QpLm2Rt7Uv0Yw/"
for scale in (0.85, 1.0, 2.53):
    code = paint_code(address, scale, Hud().font)
    assert cv2.QRCodeDetector().detectAndDecode(code[:, :, :3].copy())[0] == address
    assert (code[:, :, :3] <= code[:, :, 3:]).all()
assert paint_code("", 1.0, Hud().font).shape[0] < 60 < code.shape[0], "a sentence where there is no page"
""")


def test_hints_and_the_learn_panel_fit_narrow_windows() -> None:
    run("""
from PyQt5.QtGui import QFontMetricsF
from PyQt5.QtWidgets import QApplication
from livegan.engine.learn_targets import learn_targets
from livegan.engine.vocabulary import parameter_table
from livegan.ui.hud import Hud, scale_for
from livegan.ui.learn_line import LearnView
from livegan.ui.learn_overlay import TYPE_ANOTHER, TYPING
from livegan.ui.learn_panel import BETWEEN, paint_learn
from livegan.ui.overlay_image import MARGIN_PX, lines_within
application = QApplication([])
hud = Hud()
targets = learn_targets(parameter_table())[:6]
typing = [LearnView("Learn: type what a knob shall turn, or move it", "hu", targets, at, TYPING) for at in range(6)]
views = [*typing, LearnView("Foo 8 " * 20, "", targets, 5, TYPE_ANOTHER + TYPING, True), LearnView("no " * 30, None)]
pictures = set()
for window in ((320, 180), (480, 270), (240, 426), (640, 360), (1280, 720)):
    for view in views:
        image = paint_learn(hud, view, scale_for(window), window)
        assert image.shape[1] <= window[0] - 2 * MARGIN_PX + 1, (window, view.title, image.shape)
        assert image.shape[0] <= window[1] - 4 * MARGIN_PX + 1, (window, view.title, image.shape)
        assert (image[:, :, :3] <= image[:, :, 3:]).all()
        pictures.add(image.tobytes())
    for words in ("words: " + "x" * 60, "another film.mp4 was written meanwhile; this film is film-2.mp4"):
        hint = hud.paint_hint(words, scale_for(window), window[0])
        assert hint.shape[1] <= window[0] - 2 * MARGIN_PX + 1, (window, hint.shape)
assert len(pictures) == 5 * len(views), "the chosen suggestion is seen, also where there is room for one"

font = hud.font(15, bold=False)
wide = QFontMetricsF(font).horizontalAdvance
assert lines_within("", font, 100) == [""] and lines_within("one line", font, 1000) == ["one line"]
for words in ("a line of some words that is too long", "x" * 90, "x" * 90 + " y"):
    lines = lines_within(words, font, 120)
    assert len(lines) > 1 and max(map(wide, lines)) <= 120
    assert "".join(lines).replace(" ", "") == words.replace(" ", "")
foot = lines_within(TYPING, font, wide(TYPING) - 1, BETWEEN)
assert foot == TYPING.rsplit(BETWEEN, 1), foot
assert lines_within("ab", font, 0.0) == ["a", "b"]
""")


def test_the_light_modules_load_no_qt() -> None:
    run("""
import sys
import livegan.ui.app, livegan.ui.display, livegan.core.dimmer, livegan.control.midi, livegan.control.keys
import livegan.engine.router
assert not [name for name in sys.modules if name.split(".")[0] in ("PyQt5", "vispy", "rtmidi", "torch")]
""")
