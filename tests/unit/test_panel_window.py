"""The panel without a display: what a click and a key do, and that little is painted. One Qt application a process."""

from tests.unit.test_ui_qt import run

PANEL = """
import numpy as np
from dataclasses import replace
from types import SimpleNamespace
from PyQt5.QtCore import QEvent, QObject, QPoint, Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QAbstractButton, QApplication, QWidget
from livegan.core.channels import Latest
from livegan.core.clock import ManualClock
from livegan.core.types import FeatureFrame, Frame, FramePlan, Layout
from livegan.engine.board import Board, SceneCard
from livegan.engine.router import Router
from livegan.engine.telemetry import Meter, Telemetry
from livegan.ui.feed import WindowExtras
from livegan.ui.hud_data import HudData
from livegan.ui.panel.window import PanelWindow

application = QApplication([])
clock, controls = ManualClock(100.0), Router()
feed = SimpleNamespace(frames=Latest(), telemetry=Latest(), board=Latest(), controls=controls, clock=clock)
layout = Layout(("bar.phase",), (False,))
told = Telemetry(100.0, 60.0, Meter(), "Tide", "house-256", "cpu", "Scarlett", 0.5, 0.2, 0, 0, 0, bpm=120.0)
names = ["tide", "ink", "neon", "growth", "tunnel", "atlas", "aurora", "beam", "canvas", "choir", "corona", "halo"]
cards = tuple(SceneCard(name, name.title(), "") for name in names)
shown = Board(100.0, cards, 0, {}, {}, {}, FeatureFrame(100.0, layout, np.zeros(1, np.float32)), next=1, safe=2,
              order=tuple(range(12)), when="in 4 bars", networks=("house", "forest"), prompts=("smoke", "a long way"))
keys, let_go, left = [], [], []
output = SimpleNamespace(take_key=lambda event, tell: keys.append(event.key()), keyReleaseEvent=lambda event: None,
                         forget_quit=lambda: left.append(True),
                         let_keys_go=lambda: let_go.append(True))

def put(index=1, **changes):
    now = clock.now()
    feed.telemetry.put(replace(told, time_s=now, **changes))
    plan = FramePlan(index, now, 1 / 60, np.zeros(2, np.float32), np.zeros(0, np.float32))
    feed.frames.put(Frame(np.full((90, 160, 3), 200, np.uint8), plan, now, now))

def settle():
    for _ in range(30):
        panel.refresh()
        application.processEvents()

def sent():
    events = [*controls.window_events.drain(), *controls.engine_events.drain(), *controls.beat_events.drain()]
    assert all(event.source == "panel" for event in events), events
    return list(dict.fromkeys((event.name, event.value) for event in events))

feed.board.put(shown)
put()
panel = PanelWindow(feed, WindowExtras(), HudData, output)
panel.resize(1280, 720)
panel.show()
settle()
sent()
"""


def test_each_button_sends_its_control_and_toggles_go_by_what_the_window_shows() -> None:
    run(
        PANEL
        + """
from livegan.core.types import ControlEvent
press = lambda widget: QTest.mouseClick(widget, Qt.LeftButton)
master, tempo = panel.master, panel.tempo
for button, name in ((master.safe, "scene.safe"), (master.panic, "panic"), (master.fade, "fade.out"),
                     (tempo.tap, "beat.tap"), (tempo.halve, "beat.halve"), (tempo.double, "beat.double")):
    press(button)
    assert sent() == [(name, 1.0)], name
for button, name in ((panel.master.blackout, "blackout"), (panel.master.freeze, "freeze")):
    press(button)
    assert sent() == [(name, 1.0)]
    controls.record(ControlEvent(clock.now(), name, 1.0))
    panel.refresh()
    assert button.lit
    press(button)
    assert sent() == [(name, 0.0)], "from a panel a toggle is set"
panel.master.fader.moved.emit(0.5)
panel.crossfade.fader.moved.emit(0.25)
assert sent() == [("master", 0.5), ("crossfade", 0.25)]
fader = panel.master.fader
QTest.mouseClick(fader, Qt.LeftButton, pos=QPoint(fader.width() // 2, fader.height() - 2))
assert sent() == [("master", 0.0)]

tiles = panel.scenes.tiles
QTest.mouseClick(tiles, Qt.LeftButton, pos=tiles.place(1).center())
QTest.mouseClick(tiles, Qt.RightButton, pos=tiles.place(2).center())
QTest.mouseClick(tiles, Qt.LeftButton, Qt.ShiftModifier, pos=tiles.place(3).center())
assert sent() == [("scene.2", 1.0), ("cue.3", 1.0), ("cue.4", 1.0)]
QTest.mouseClick(panel.setlist, Qt.LeftButton, pos=QPoint(60, panel.setlist.height() - 12))
QTest.mouseClick(panel.prompts, Qt.LeftButton, pos=QPoint(60, panel.prompts.height() - 12))
assert sent() == [("scene.12", 1.0), ("prompt.2", 1.0)]

panel.search.setText("au")
assert [tile.name for tile in tiles.shown] == ["aurora"]
QTest.keyClick(panel.search, Qt.Key_Return)
assert sent() == [("scene.7", 1.0)]
assert len(tiles.shown) == 12, "the search is over"
panel.search.setText("no such scene")
QTest.keyClick(panel.search, Qt.Key_Return)
assert sent() == []
"""
    )


def test_keys_are_the_shows_but_in_a_line_of_text_and_tab_reaches_every_control() -> None:
    run(
        PANEL
        + """
panel.activateWindow()
panel.setFocus()
QTest.keyClick(panel, Qt.Key_B)
assert keys == [Qt.Key_B]
QTest.keyClick(panel, Qt.Key_P)
assert panel.words.hasFocus(), "words are typed here, where the hall does not see them"
QTest.keyClicks(panel.words, "Black smoke")
QTest.keyClick(panel.words, Qt.Key_Return)
assert [event.words for event in controls.prompt_events.drain()] == ["Black smoke"]
assert keys == [Qt.Key_B] and sent() == [], "no letter was a key"
panel.search.setFocus()
QTest.keyClicks(panel.search, "ink")
QTest.keyClick(panel.search, Qt.Key_Escape)
assert panel.search.text() == "" and not panel.search.hasFocus()

# the list of keys lies over the panel, not over what the hall sees
before = len(keys)
QTest.keyClick(panel, "?")
assert panel.key_sheet.isVisible() and panel.key_sheet.size() == panel.size()
QTest.keyClick(panel, Qt.Key_Escape)
assert not panel.key_sheet.isVisible() and len(keys) == before

found = []
for _ in range(60):
    QTest.keyClick(QApplication.focusWidget() or panel, Qt.Key_Tab)
    focused = QApplication.focusWidget()
    if focused in found:
        break
    found.append(focused)
want = [child for child in panel.findChildren(QWidget)
        if child.isVisible() and (isinstance(child, QAbstractButton) or child.metaObject().className() == "Fader")]
assert len(want) > 10
assert not [child.accessibleName() for child in want if child not in found]
assert not [child for child in found if child is not panel and not child.accessibleName()], "a name to be read aloud"
panel.master.blackout.setFocus()
QTest.keyClick(panel.master.blackout, Qt.Key_Space)
assert keys[-1] == Qt.Key_Space and sent() == [], "Space freezes wherever the focus is"
QTest.keyClick(panel.master.blackout, Qt.Key_Return)
assert sent() == [("blackout", 1.0)]
QTest.keyClick(panel.master.blackout, Qt.Key_Escape)
assert panel.hasFocus() and keys[-1] == Qt.Key_Space and left, "it left, and is no first Esc of two"
panel.scenes.tiles.setFocus()
QTest.keyClick(panel.scenes.tiles, Qt.Key_Right)
QTest.keyClick(panel.scenes.tiles, Qt.Key_Return, Qt.ShiftModifier)
assert sent() == [("cue.2", 1.0)]
panel.master.fader.setFocus()
QTest.keyClick(panel.master.fader, Qt.Key_Down)
assert sent() == [("master", 0.98)]
let_go.clear()
other = QWidget()
other.show()
other.activateWindow()
application.processEvents()
assert let_go, "the release of a key that is held goes to another window"
"""
    )


def test_only_what_has_changed_is_painted_and_a_hung_engine_is_told() -> None:
    run(
        PANEL
        + """
painted = []
class Watch(QObject):
    def eventFilter(self, widget, event):
        if event.type() == QEvent.Paint:
            painted.append(type(widget).__name__)
        return False
watch = Watch()
for child in panel.findChildren(QWidget):
    child.installEventFilter(watch)
def update():
    painted.clear()
    panel.refresh()
    application.processEvents()
    return set(painted)
update()
assert update() == set(), "nothing is new"
put(level=0.9)
assert update() == {"LevelMeter"}, painted
put(index=2)
clock.wait_until(100.3)
assert "Preview" in update(), painted
feed.board.put(replace(shown, playing=1))
assert {"NowPlaying", "SceneTiles"} <= update(), painted
assert not {"PanelButton", "Fader", "Health", "BeatLights", "Preview", "PanelWindow"} & set(painted), painted
for _ in range(20):
    update()

clock.wait_until(105.0)
update()
assert "has not answered" in panel.headline.words
QTest.mouseClick(panel.master.blackout, Qt.LeftButton)
assert [event.name for event in controls.window_events.drain()] == ["blackout"], "it goes to the window, not the engine"
put()
update()
assert "all well" in panel.headline.words
put(notices=["not understood: <img src='//evil/x'>"])
update()
assert panel.headline.words.endswith("<img src='//evil/x'>")
assert "&lt;img" in panel.headline.toolTip(), "words from the network are no HTML"
"""
    )


def test_nothing_is_cut_off_nor_overlaps_from_a_small_laptop_to_a_large_screen() -> None:
    run(
        PANEL
        + """
from PyQt5.QtGui import QFontMetricsF
from livegan.ui.panel.look import font
for size in ((1024, 700), (1280, 720), (1920, 1080), (1440, 900), (3840, 2160)):
    panel.resize(*size)
    settle()
    assert (panel.width(), panel.height()) == size, f"it does not fit into {size}"
    parts = [panel.headline, panel.preview, panel.now, panel.crossfade, panel.words, panel.lists, panel.pages,
             panel.networks, panel.master, panel.sound, panel.tempo, panel.hands, panel.health]
    boxes = [part.geometry() for part in parts]
    for at, box in enumerate(boxes):
        assert panel.rect().contains(box), (size, parts[at])
        assert not [parts[other] for other in range(at) if boxes[other].intersects(box)], (size, parts[at])
    for button in panel.findChildren(QAbstractButton):
        if button.isVisible() and button is not panel.sound.device:  # a device's name may be long: it is cut with dots
            words = QFontMetricsF(font(button._size * button.unit, bold=True)).horizontalAdvance(button.shown)
            assert words <= button.width() - 4, (size, button.shown)
            assert button.height() >= button.minimumSizeHint().height() - 1, (size, button.shown)
"""
    )


def test_a_page_takes_the_focus_its_search_is_found_and_letters_find_what_to_learn() -> None:
    run(
        PANEL
        + """
from livegan.control.learn import LearnState
from livegan.core.binding import Binding
from livegan.ui.panel.patch_bay import PatchBayView
from livegan.ui.panel.sliders import SliderBoard
from livegan.ui.panel.look import GROUND, INKS
from tests.boards import BoardFeed
from tests.building import LAYOUT
from tests.unit.test_ui_sliders import SCENE
other = BoardFeed(SCENE, LAYOUT)
other.controls = controls
sliders, bay = SliderBoard(other, panel.learning), PatchBayView(other)
panel.add_page("Slide&rs", "", sliders, sliders.update_board, sliders.seek)
panel.learn_by_name(sliders, sliders.search_for)
panel.add_page("Patch ba&y", "", bay, bay.update_board, bay.seek)
feed.board.put(other.step())
panel.activateWindow()
panel.refresh()
tabs = panel.pages._tabs
for tab, page, focus, field in ((1, sliders, sliders.list, sliders.search), (2, bay, bay.features, bay.find_feature)):
    tabs[tab].click()
    panel.refresh()
    assert QApplication.focusWidget() is focus
    assert not panel.search.isVisible()
    for where in (focus, tabs[0], panel.master.blackout, panel):
        where.setFocus()
        QTest.keyClick(where, Qt.Key_Slash)
        assert QApplication.focusWidget() is field, where
    QTest.keyClick(field, Qt.Key_Escape)
    assert panel.hasFocus() and not keys
bay.targets.setFocus()
QTest.keyClick(bay.targets, Qt.Key_Slash)
assert bay.find_target.hasFocus()

# letters while the panel learns are no keys of the show, but find what a knob shall move
controls.learning.put(LearnState())
panel.setFocus()
panel.words.setFocus()
panel.hands.learn.click()
assert panel.hasFocus(), "letters are no words now"
controls.learning.put(LearnState("choosing"))
controls.learn_requests.drain()
panel.refresh()
frame = panel.grab().toImage()
assert frame.pixelColor(1, 300) == INKS["warn"] != GROUND, "all of it says that clicks are not done"
assert panel.headline.words.startswith("learning: click")
panel.setFocus()
QTest.keyClick(panel, Qt.Key_G)
assert panel.pages.page is sliders and sliders.search.hasFocus()
QTest.keyClicks(sliders.search, "low rad")
QTest.keyClick(sliders.search, Qt.Key_Return)
asked = [request.target for request in controls.learn_requests.drain()]
assert asked == [Binding("effect.glow.radius")], (asked, sliders.search.text())
assert not keys and panel.words.text() == ""
for where in (sliders.list, sliders.search, bay.routes):
    controls.learning.put(LearnState("choosing"))
    where.setFocus()
    QTest.keyClick(where, Qt.Key_Escape)
    assert [request.wish for request in controls.learn_requests.drain()] == ["cancel"], where
assert not keys
"""
    )


def test_an_esc_that_leaves_something_is_no_first_of_two_and_the_second_is_asked_for_where_it_was_pressed() -> None:
    run("""
from types import SimpleNamespace
from PyQt5.QtCore import QEvent, Qt
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication, QWidget
from livegan.config.venue import WindowTable
from livegan.control.keys import key_table
from livegan.core.clock import ManualClock
from livegan.core.channels import Latest
from livegan.engine.router import Router
from livegan.ui.window import ShowWindow

application = QApplication([])
hints, closed, told = [], [], []
canvas = SimpleNamespace(native=QWidget(), refresh=lambda: None)
view = SimpleNamespace(canvas=canvas, pulse=lambda now: None, delay_s=0,
                       hint=lambda words, for_s: hints.append(words), hint_off=lambda: None,
                       show_learning=lambda *_: None, master=SimpleNamespace(keys_on=False))
feed = SimpleNamespace(controls=Router(), clock=ManualClock(5.0), board=Latest())
window = ShowWindow(view, feed, WindowTable(), "show", application.primaryScreen(), key_table())
window.closing.subscribe(lambda: closed.append(True))
window.show()
esc = lambda: QKeyEvent(QEvent.KeyPress, Qt.Key_Escape, Qt.NoModifier)
window.take_key(esc(), lambda words, for_s: told.append(words))
assert told == ["Esc again to quit"] and not hints, "the panel tells, not the picture"
QTest.keyClick(window, Qt.Key_P)
QTest.keyClick(window, Qt.Key_Escape)  # leaves the line
QTest.keyClick(window, Qt.Key_Escape)
assert not closed and hints[-1] == "Esc again to quit"
window.forget_quit()
QTest.keyClick(window, Qt.Key_Escape)
assert not closed
QTest.keyClick(window, Qt.Key_Escape)
assert closed
""")


def test_a_window_that_the_desktop_made_full_comes_back_by_a_key_and_what_was_asked_with_it_is_done() -> None:
    run("""
from types import SimpleNamespace
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QApplication, QWidget
from livegan.config.venue import WindowTable
from livegan.core.channels import Latest
from livegan.core.clock import ManualClock
from livegan.core.types import ControlEvent
from livegan.engine.router import Router
from livegan.ui.window import ShowWindow

application = QApplication([])
handled = []
canvas = SimpleNamespace(native=QWidget(), refresh=lambda: None)
view = SimpleNamespace(canvas=canvas, pulse=lambda now: None, delay_s=0, hint=lambda *_: None, hint_off=lambda: None,
                       show_learning=lambda *_: None, handle=lambda event: handled.append(event.name) or [])
controls = Router()
feed = SimpleNamespace(controls=controls, clock=ManualClock(5.0), board=Latest())
window = ShowWindow(view, feed, WindowTable(size=(320, 180)), "show", application.primaryScreen(), {})
window.show()
window.setWindowState(Qt.WindowFullScreen)  # by its title bar
application.processEvents()
assert window.isFullScreen()
for name in ("fullscreen", "blackout"):
    controls.window_events.put(ControlEvent(5.0, name, 1.0, source="keys"))
window.handle_events()
assert not window.isFullScreen()
assert (window.width(), window.height()) == (320, 180)
assert handled == ["blackout"]
""")
