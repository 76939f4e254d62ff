"""The patch bay of the panel: lists, meters, cables; routes added, changed, muted and deleted by mouse and keys."""

import re

from livegan.config.scene import RouteTable, Scene
from livegan.engine.patch_bay import RouteMeter
from livegan.ui.panel.feature_rows import OTHERS, USED, feature_rows, group_of, level_of
from tests.building import LAYOUT, heard
from tests.unit.test_ui_qt import ROOT, run

SCENE = Scene(
    title="One",
    network="plain",
    routes=(
        RouteTable(source="bass", target="effect.dim", amount=0.5, attack_s=0, release_s=0),
        RouteTable(source="0.5*mid + onset", target="effect.glow", amount=-0.2, attack_s=0, release_s=0),
    ),
)


def test_features_stand_in_groups_and_those_that_are_read_come_first() -> None:
    routes = [RouteMeter(route, 0.0, 0.0) for route in SCENE.routes]
    rows = feature_rows((*LAYOUT.names, "drums:onset.bass", "harmonic:level", "new.thing"), routes)
    assert [row.name for row in rows if row.group == USED] == ["bass", "mid", "onset"]
    groups = {row.name: (row.group, row.label) for row in rows if row.group != USED}
    assert groups["beat.phase"] == ("Rhythm", "beat.phase")
    assert groups["drums:onset.bass"] == ("drums", "onset.bass")
    assert groups["harmonic:level"] == ("harmonic", "level")
    assert groups["new.thing"] == (OTHERS, "new.thing")
    assert {row.name for row in feature_rows(LAYOUT.names, (), "chroma f")} == {"chroma.F", "chroma.F#"}
    assert all(group_of(name) != OTHERS for name in LAYOUT.names)


def test_levels_are_shares_of_each_features_own_range() -> None:
    features = heard(bass=0.25, **{"beat.bpm": 1e9})
    assert level_of(features, "bass") == 0.25
    assert level_of(features, "beat.bpm") == 1.0
    assert level_of(features, "absent") == 0.0


def test_no_two_buttons_of_the_panel_have_the_same_letter() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "livegan" / "ui" / "panel").glob("*.py"))
    letters = [letter.upper() for letter in re.findall(r'"[^"\n]*&(\w)[^"\n]*"', texts)]
    assert len(letters) > 8
    assert len(set(letters)) == len(letters), sorted(letters)


def test_the_patch_bay_in_a_window() -> None:
    run("""
from PyQt5.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt5.QtGui import QKeyEvent, QMouseEvent
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication
from livegan.ui.panel.feature_rows import USED, range_of
from livegan.ui.panel.patch_bay import PatchBayView
from tests.boards import BoardFeed
from tests.building import LAYOUT
from tests.unit.test_ui_patch_bay import SCENE

application = QApplication([])
feed = BoardFeed(SCENE, LAYOUT)
bay = PatchBayView(feed)
bay.update_board(None)
bay.resize(1000, 640)
bay.show()
features, routes, targets, editor = bay.features, bay.routes, bay.targets, bay.editor

def step(**heard):
    bay.update_board(feed.step(**heard))
    application.processEvents()

def edits(mistakes=()):
    bay._flush()
    done = feed.take_edits(mistakes)
    step(bass=1.0)
    return [(edit.kind, edit.number, edit.source, edit.target, dict(edit.fields)) for edit in done]

def mouse(area, kind, where, held=Qt.NoModifier):
    button = Qt.NoButton if kind == QEvent.MouseMove else Qt.LeftButton
    there = QPointF(area.view.mapToGlobal(where))
    QApplication.sendEvent(area.view, QMouseEvent(kind, QPointF(where), there, button, Qt.LeftButton, held))

def middle(area, index):
    return area._on_screen(area._at[index].rect).center().toPoint()

step(bass=1.0, mid=0.4)
assert [row.name for row in features.rows if row.group == USED] == ["bass", "mid", "onset"]
assert [row.name for row in targets.rows[:2]] == ["effect.dim", "effect.glow"]
assert [(round(meter.source, 3), round(meter.push, 3)) for meter in routes.meters] == [(1.0, 0.5), (0.2, -0.04)]
left, right = (strip._cables for strip in bay.cables)
assert len(left) == 3 and len(right) == 2
assert sorted(cable.flow for cable in left) == [0.2, 0.2, 1.0]
assert not bay.mute_button.isEnabled() and "drag a feature" in editor.problem.text

# a feature is dragged onto a parameter
start, end = features.index_of("bass"), targets.index_of("effect.glow")
mouse(features, QEvent.MouseButtonPress, middle(features, start))
goal = features.view.mapFromGlobal(targets.view.mapToGlobal(middle(targets, end)))
mouse(features, QEvent.MouseMove, goal)
assert targets.over == end and bay.carried.isVisible()
mouse(features, QEvent.MouseButtonRelease, goal)
assert targets.over == -1 and not bay.carried.isVisible()
(added,) = edits()
assert added == ("add", -1, "", "", {"source": "bass", "target": "effect.glow", "amount": 0.25}), added
assert len(routes.meters) == 3 and routes.selected == 2, "the new one is chosen"
assert editor.source.text() == "bass"
bay.activateWindow()
bay._to_select = "effect.glow"
bay._rebuild()
assert routes.hasFocus(), "its keys are the route's now"

# ... or chosen by the keyboard
features.setFocus()
features.pick("mid")
QTest.keyClick(features, Qt.Key_Return)
targets.pick("effect.dim")
QTest.keyClick(targets, Qt.Key_Return)
assert edits()[0][4] == {"source": "mid", "target": "effect.dim", "amount": 0.25}
assert bay.connect_button.shown == "Add mid → Effect dim"

bay.add("beat.bpm", "effect.dim")
assert edits()[0][4]["range"] == range_of("beat.bpm"), "what is not heard as 0..1 comes with its own range"
QTest.keyClick(routes, Qt.Key_Delete)
assert edits()[0][0] == "delete"

# the amount is dragged: one edit a frame, and shown at once
routes.select(0)
rect = routes._amount_rect(routes._on_screen(routes._at[0].rect)).center().toPoint()
mouse(routes, QEvent.MouseButtonPress, rect)
for way in (25, 50):
    mouse(routes, QEvent.MouseMove, rect + QPoint(way, 0))
mouse(routes, QEvent.MouseButtonRelease, rect)
assert round(routes.meters[0].table.amount, 3) == 0.7
step(bass=1.0)
assert round(routes.meters[0].table.amount, 3) == 0.7, "until the engine has answered the hand's own value is shown"
(change,) = edits()
assert change[:4] == ("change", 0, "bass", "effect.dim") and round(change[4]["amount"], 3) == 0.7
assert feed.patch.bay.routes[0].amount == change[4]["amount"]

# M, Del once, arrows; other keys are the show's
QTest.keyClick(routes, Qt.Key_M)
assert edits() == [("change", 0, "bass", "effect.dim", {"mute": True})]
assert routes.meters[0].muted and bay.mute_button.lit
assert [cable.muted for cable in bay.cables[1]._cables].count(True) == 1
QTest.keyClick(routes, Qt.Key_M)
assert edits()[0][4] == {"mute": False}
QTest.keyClick(routes, Qt.Key_Right)
QTest.keyClick(routes, Qt.Key_Right)
assert round(edits()[0][4]["amount"], 3) == 0.72
before = len(routes.meters)
for _ in range(3):
    QTest.keyClick(routes, Qt.Key_Delete)
assert [edit[:2] for edit in edits()] == [("delete", 0)], "however often it is pressed before it is done"
assert len(routes.meters) == before - 1 and routes.selected == 0
for key in (Qt.Key_Z, Qt.Key_B, Qt.Key_Space, Qt.Key_Y):
    press = QKeyEvent(QEvent.KeyPress, key, Qt.NoModifier)
    routes.keyPressEvent(press)
    assert not press.isAccepted(), key

# the editor: curve, times, range, source; what is wrong is told beside it
editor.curves["cube"].click()
assert edits()[0][4] == {"curve": "cube"}
assert editor.curves["cube"].lit and not editor.curves["linear"].lit
editor.polarities["both"].click()
assert edits()[0][4] == {"polarity": "both"}
release = editor.numbers["release_s"]
QTest.keyClick(release, Qt.Key_Return)
assert release._field.isVisible()
release._field.setText("1,5")
QTest.keyClick(release._field, Qt.Key_Return)
assert edits()[0][4] == {"release_s": 1.5}
editor.numbers["low"].changed.emit(0.3)
assert edits()[0][4] == {"range": (0.3, 1.0)}
editor.numbers["high"].changed.emit(0.3)
assert edits() == [], "a range is no point"
bay.activateWindow()
editor.source.setFocus()
editor.source.selectAll()
QTest.keyClicks(editor.source, "0.5*basss")
assert "did you mean 'bass'?" in editor.problem.text
QTest.keyClick(editor.source, Qt.Key_Return)
(wrong,) = edits(["source: at character 5: no feature called 'basss'; did you mean 'bass'?"])
assert wrong[4] == {"source": "0.5*basss"}
assert editor.problem.text.startswith("source: at character 5")
step()
assert editor.source.text() == "0.5*basss", "what was typed stays, to be mended"
editor.source.setText("0.5*bass")
QTest.keyClick(editor.source, Qt.Key_Return)
assert edits()[0][4] == {"source": "0.5*bass"}
assert editor.problem.text == "" and routes.meters[0].table.source == "0.5*bass"
QTest.keyClicks(editor.source, "x")
QTest.keyClick(editor.source, Qt.Key_Escape)
assert editor.source.text() == "0.5*bass" and edits() == [], "Esc gives back what was there"

# undo and redo are the show's
bay.undo_button.click()
bay.redo_button.click()
assert [event.name for event in feed.controls.engine_events.drain()] == ["undo", "redo"]

# Tab goes from features to parameters, routes and editor
features.setFocus()
seen = []
for _ in range(9):
    QTest.keyClick(QApplication.focusWidget(), Qt.Key_Tab)
    seen.append(QApplication.focusWidget())
assert seen[:2] == [bay.find_target, targets] and routes in seen and editor.source in seen, seen

# an engine that does not answer is told
for _ in range(300):
    bay.add("bass", "effect.dim")
assert "does not answer" in editor.problem.text
feed.controls.route_edits.drain()

# another scene: the selection and what was held are of the one before
bay._change(0, {"amount": 0.9})
other = BoardFeed(SCENE.model_copy(update={"routes": ()}), LAYOUT)
board = other.step()
import dataclasses
bay.update_board(dataclasses.replace(board, name="two"))
assert routes.selected == -1 and not routes.meters and not bay._held
bay._flush()
assert feed.take_edits() == []
bay.hide()
""")
