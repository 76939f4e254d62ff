"""The slider board: rows from the parameter table, hands to the router, the hand wins while it holds."""

import pytest

from livegan.config.scene import RouteTable, Scene
from livegan.core.binding import Binding
from livegan.core.parameters import Parameter, plain_name
from livegan.engine.board import Board
from livegan.ui.panel.parameter_rows import (
    FIRST,
    bound_names,
    favourites,
    number_text,
    parsed,
    rows_of,
    snapped,
    step_of,
    value_text,
)
from tests.boards import BoardFeed
from tests.building import LAYOUT
from tests.unit.test_ui_qt import run

SCENE = Scene(
    title="One",
    network="plain",
    parameters={"effect.glow": 0.3},
    knobs={"knob.3": Binding("truncation"), "pad.1": Binding("scene.next")},
    routes=(RouteTable(source="bass", target="effect.dim", amount=0.5, attack_s=0, release_s=0),),
)


@pytest.fixture(scope="module")
def board() -> Board:
    return BoardFeed(SCENE, LAYOUT).step(bass=1.0)


def test_every_parameter_has_a_row_and_those_of_the_scene_come_first(board: Board) -> None:
    bound = bound_names(board.bindings, {("nanoKONTROL2", "knob.1"): Binding("noise")})
    rows = rows_of(board, bound, favourites(board, [name for name in bound if name in board.parameters]))
    first = [row.parameter.name for row in rows if row.group == FIRST]
    assert first == ["truncation", "noise", "effect.glow", "effect.dim"] or set(first) == {
        *("truncation", "noise", "effect.glow", "effect.dim")
    }
    assert sorted(row.parameter.name for row in rows) == sorted(board.parameters), "once each"
    marks = {row.parameter.name: (row.bound, row.sources) for row in rows}
    assert marks["truncation"] == ("knob 3", ())
    assert marks["noise"] == ("knob 1", ())
    assert marks["effect.dim"] == ("", ("bass",))
    groups = list(dict.fromkeys(row.group for row in rows))
    assert groups[:4] == [FIRST, "Music", "Motion", "Network"]


def test_rows_are_searched_in_name_meaning_and_controls_and_filtered(board: Board) -> None:
    bound = bound_names(board.bindings, {})

    def found(words: str = "", shown: object = "all") -> set[str]:
        return {row.parameter.name for row in rows_of(board, bound, (), words, shown)}  # type: ignore[arg-type]

    assert found("knob 3") == {"truncation"}
    assert "effect.glow.radius" in found("glow rad")
    assert "motion.pulse" in found("MOTION.pulse")
    assert found("there is no such thing") == set()
    assert found(shown="routed") == {"effect.dim"}
    assert found(shown="bound") == {"truncation"}
    assert found(shown="moved") == set()


def test_a_controller_that_learnt_otherwise_is_told_as_it_is_now() -> None:
    bindings = {"knob.1": Binding("noise"), "knob.2": Binding("react")}
    learned = {("nanoKONTROL2", "knob.1"): Binding("truncation")}
    assert bound_names(bindings, learned) == {"truncation": ("knob 1",), "react": ("knob 2",)}


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("motion.pulse", "Pulse"),
        ("motion.2.speed", "Speed 2"),
        ("effect.glow.radius", "Glow radius"),
        ("truncation", "Truncation"),
        ("noise.fine", "Noise fine"),
        ("layer.1.x", "Layer 1 x"),
        ("w[0:4].1", "Rows w[0:4].1"),
    ],
)
def test_names_are_plain(name: str, plain: str) -> None:
    assert plain_name(name) == plain
    assert plain_name("effect.glow", whole=True) == "Effect glow"


def test_values_are_written_with_their_unit_and_read_back() -> None:
    plain = Parameter("a", -1, 1, 0, "")
    turn = Parameter("b", -180, 180, 0, "", "degrees")
    whole = Parameter("c", 1, 12, 1, "", "rows", whole=True)
    long = Parameter("d", 0, 0.3, 0, "", "of the height")
    assert value_text(plain, -0.0001) == "0.00"
    assert value_text(turn, 90) == "90°"
    assert value_text(whole, 3.0) == "3 rows"
    assert value_text(long, 0.125) == "0.125"
    assert value_text(long, 0.125, long=True) == "0.125 of the height"
    assert number_text(whole, 3.4) == "3"
    assert parsed(turn, "90°") == parsed(turn, " 90 ") == 0.75
    assert parsed(plain, "0,5") == 0.75
    assert parsed(plain, "7") == 1.0
    assert parsed(whole, "3 rows") == pytest.approx(2 / 11)
    assert [parsed(plain, text) for text in ("", "much", "nan")] == [None, None, None]


def test_whole_numbers_snap_and_every_step_reaches_the_next_one() -> None:
    whole = Parameter("c", 1, 12, 1, "", whole=True)
    assert snapped(whole, 0.2) == pytest.approx(2 / 11)
    assert step_of(whole, 0.01) == pytest.approx(1 / 11)
    assert snapped(Parameter("a", 0, 1, 0, ""), 1.7) == 1.0


def test_the_board_of_sliders_in_a_window() -> None:
    run("""
from PyQt5.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt5.QtGui import QMouseEvent, QWheelEvent
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication
from livegan.control.learn import LearnState
from livegan.core.binding import Binding
from livegan.ui.panel.parameter_rows import FIRST
from livegan.ui.panel.sliders import SliderBoard
from tests.boards import BoardFeed
from tests.building import LAYOUT
from tests.unit.test_ui_sliders import SCENE

application = QApplication([])
feed = BoardFeed(SCENE, LAYOUT)
sliders = SliderBoard(feed)
sliders.update_board(None)
sliders.resize(700, 500)
sliders.show()
sliders.update_board(feed.step(bass=1.0))
application.processEvents()
view, list_ = sliders.list.view, sliders.list

def place(name):
    return next(each for each in list_._places if each.row and each.row.parameter.name == name)

def point(name, share, y=34):
    track = list_._track(list_._on_screen(place(name).rect))
    return QPoint(round(track.left() + share * track.width()), round(list_._on_screen(place(name).rect).top() + y))

def mouse(kind, where, buttons=Qt.LeftButton, held=Qt.NoModifier):
    button = Qt.NoButton if kind == QEvent.MouseMove else Qt.LeftButton
    QApplication.sendEvent(view, QMouseEvent(kind, QPointF(where), button, buttons, held))

def sent():
    sliders._flush()
    feed.step(bass=1.0)
    sliders.update_board(feed.board.peek())
    return [(event.name, round(event.value, 2), event.kind, event.source) for event in feed.events]

# a drag is one event a frame, of the newest place, and the hand wins meanwhile
mouse(QEvent.MouseButtonPress, point("effect.glow", 0.3))
for share in (0.4, 0.5, 0.6, 0.9):
    mouse(QEvent.MouseMove, point("effect.glow", share))
assert feed.controls.engine_events.drain() == [], "not before the next frame"
sliders.update_board(feed.step(bass=1.0))
assert abs(sliders._state("effect.glow").set - 0.9) < 0.01, "the engine does not pull the handle away"
(event,) = sent()
assert event[0] == "effect.glow" and abs(event[1] - 0.9) < 0.01 and event[2:] == ("move", "panel")
mouse(QEvent.MouseButtonRelease, point("effect.glow", 0.9))
assert sent() == []
assert sliders._state("effect.glow").moved and abs(feed.patch.now["effect.glow"] - 0.9) < 0.01
feed.patch.controls.moved["effect.glow"] = 0.2  # another hand
sliders.update_board(feed.step(1.0))
assert abs(sliders._state("effect.glow").set - 0.2) < 0.01, "let go, it shows what is"

# what is pushed is seen beside what is set
state = sliders._state("effect.dim")
assert state.live_text == "" and sliders._state("effect.dim").set == 0.0
sliders.update_board(feed.step(bass=1.0))
state = sliders._state("effect.dim")
assert state.levels == (1.0,)
assert (state.set, state.live) == (0.0, 0.5) and state.live_text == "0.50", state

# double click and Backspace give the scene's value back
mouse(QEvent.MouseButtonDblClick, point("effect.glow", 0.5))
assert sent() == [("effect.glow", 0.0, "release", "panel")]
assert feed.patch.now["effect.glow"] == 0.3
list_.setFocus()
list_.select("effect.glow")
QTest.keyClick(list_, Qt.Key_Right)
assert sent()[0][:2] == ("effect.glow", 0.31)
QTest.keyClick(list_, Qt.Key_Right, Qt.ControlModifier)
QTest.keyClick(list_, Qt.Key_Left)
assert [event[:2] for event in sent()] == [("effect.glow", 0.4)], "two steps, one event"
QTest.keyClick(list_, Qt.Key_Backspace)
assert sent() == [("effect.glow", 0.0, "release", "panel")]

# the wheel scrolls; with Ctrl it moves the slider below the mouse, finely
def wheel(name, y, held=Qt.NoModifier):
    where = QPointF(point(name, 0.5))
    turned = QPoint(), QPoint(0, y), Qt.NoButton, held, Qt.NoScrollPhase, False
    QApplication.sendEvent(view, QWheelEvent(where, where, *turned))
wheel("effect.glow", 120, Qt.ControlModifier)
assert sent()[0][:2] == ("effect.glow", 0.31)
wheel("effect.glow", -120)
assert sent() == [] and list_.verticalScrollBar().value() > 0
list_.verticalScrollBar().setValue(0)

# a knob that waits says which way
from types import SimpleNamespace
sliders.update_board(feed.step(bass=1.0), SimpleNamespace(turns={"effect.glow": -1}))
assert sliders._state("effect.glow").turn == "\u25c2 turn" and sliders._state("effect.dim").turn == ""

# a value is typed
QTest.keyClick(list_, Qt.Key_Return)
field = sliders._field
assert field.isVisible() and field.text() == "0.31", field.text()
QTest.keyClicks(field, "much")
QTest.keyClick(field, Qt.Key_Return)
assert field.isVisible() and sent() == []
field.selectAll()
QTest.keyClicks(field, "0.75")
QTest.keyClick(field, Qt.Key_Return)
assert not field.isVisible() and sent()[0][:2] == ("effect.glow", 0.75)

# keys of the show are left to it
from PyQt5.QtGui import QKeyEvent
for key, mine in ((Qt.Key_B, False), (Qt.Key_Z, False), (Qt.Key_Home, False), (Qt.Key_Down, True)):
    press = QKeyEvent(QEvent.KeyPress, key, Qt.NoModifier)
    list_.keyPressEvent(press)
    assert press.isAccepted() == mine, key
assert list_.selected not in ("", "effect.glow"), "Down selects another one"

# learn: armed, shown, cancelled
feed.controls.learning.put(LearnState())
right = round(list_._on_screen(place("effect.dim").rect).right())
mouse(QEvent.MouseButtonPress, QPoint(right - 12, point("effect.dim", 0).y()))
(request,) = feed.controls.learn_requests.drain()
assert (request.wish, request.target) == ("arm", Binding("effect.dim"))
feed.controls.learning.put(LearnState("armed", request.target))
sliders.update_board(feed.step())
assert list_.armed == "effect.dim"
list_.select("effect.dim")
QTest.keyClick(list_, Qt.Key_L)
assert feed.controls.learn_requests.drain()[0].wish == "cancel"
feed.controls.learned = {("nanoKONTROL2", "knob.7"): Binding("effect.dim")}
sliders.update_board(feed.step())
assert next(row.bound for row in list_.rows if row.parameter.name == "effect.dim") == "knob 7"

# while the panel learns, a press names what a knob shall move, and moves nothing
feed.controls.learning.put(LearnState("choosing"))
list_.verticalScrollBar().setValue(0)
for y in (34, 10):  # its track, its name
    mouse(QEvent.MouseButtonPress, point("effect.glow", 0.1, y))
    mouse(QEvent.MouseMove, point("effect.glow", 0.2, y))
    mouse(QEvent.MouseButtonRelease, point("effect.glow", 0.2, y))
    (request,) = feed.controls.learn_requests.drain()
    assert (request.wish, request.target) == ("arm", Binding("effect.glow"))
    assert sent() == []
feed.controls.learning.put(LearnState())

# search and filters
QTest.keyClick(list_, Qt.Key_Slash)
QTest.keyClick(sliders, "/")
sliders.search.setText("glow radius")
assert [row.parameter.name for row in list_.rows] == ["effect.glow.radius"]
sliders.search.setText("")
sliders.show_only("routed")
assert [row.parameter.name for row in list_.rows] == ["effect.dim"]
sliders.show_only("moved")
assert [row.parameter.name for row in list_.rows] == ["effect.glow"]
sliders.show_only("all")

# another scene: nothing of the one before is left
mouse(QEvent.MouseButtonPress, point("truncation", 0.3))
mouse(QEvent.MouseMove, point("truncation", 0.5))
other = BoardFeed(SCENE.model_copy(update={"parameters": {}, "routes": ()}), LAYOUT)
from dataclasses import replace
sliders.update_board(replace(other.step(), name="two"))
sliders._flush()
assert not list_.dragged and feed.controls.engine_events.drain() == []
assert [row.parameter.name for row in list_.rows if row.group == FIRST] == ["truncation", "effect.dim"]

# only what has changed is painted again
painted = []
draw = list_.paint_live
list_.paint_live = lambda brush, place, rect: (painted.append(place.row.parameter.name), draw(brush, place, rect))
sliders.update_board(feed.step())
application.processEvents()
painted.clear()
sliders.update_board(feed.step())
application.processEvents()
assert painted == [], painted
sliders.update_board(feed.step(bass=0.7))
application.processEvents()
assert 0 < len(painted) <= 6 and "effect.dim" in painted, painted
sliders.hide()
""")
