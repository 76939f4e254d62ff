"""Patch bay of the panel: features, routes and parameters with live meters, and cables between them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from PyQt5.QtCore import QPoint, Qt, QTimer
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from livegan.core.parameters import plain_name
from livegan.core.types import ControlEvent
from livegan.engine.board import Board
from livegan.engine.patch_bay import RouteMeter, features_read
from livegan.engine.route_edit import EditKind, RouteAnswer, RouteEdit
from livegan.engine.telemetry import Telemetry
from livegan.ui.feed import ShowFeed
from livegan.ui.panel.button import PanelButton
from livegan.ui.panel.cables import Cable, Cables
from livegan.ui.panel.feature_rows import CLOSED, ListRow, feature_rows, range_of
from livegan.ui.panel.parameter_rows import bound_names, favourites, rows_of
from livegan.ui.panel.patch_lists import FeatureList, NameList, RouteList, TargetList
from livegan.ui.panel.route_editor import Problem, RouteEditor
from livegan.ui.panel.words import TextField

SOURCE = "panel"
FRAME_MS = 16  # at most so often a hand's moves are sent
HELD_S = 0.6  # so long after an edit it is shown as the hand made it, until the engine tells the same
NEW_SHARE = 0.25  # of its target's range is pushed by a new route at full source


class PatchBayView(QWidget):
    """Patch bay of the scene that plays; main thread only."""

    def __init__(self, feed: ShowFeed, parent: QWidget | None = None) -> None:
        """`feed`: its router gets the edits."""
        super().__init__(parent)
        self._feed = feed
        self._board: Board | None = None
        self._shape: object = None  # what the lists depend on
        self._answer: RouteAnswer | None = None  # the newest that was shown
        self._waiting: dict[int, RouteEdit] = {}  # route -> its edit, to be sent with the next frame
        self._held: dict[int, tuple[RouteEdit, float]] = {}  # route -> what a hand made of it, and until when it counts
        self._gone: tuple[object, float] = (None, 0.0)  # what was deleted last, and until when that counts
        self._to_select: str = ""  # a new route's target
        self.features, self.routes, self.targets = FeatureList(), RouteList(), TargetList()
        self.features.collapsed = set(CLOSED)
        self.targets.collapsed = {"Layers", "Drawing", "Your own effects", "Music that livegan plays", "Bends"}
        self.cables = Cables(), Cables()
        self.editor, self.carried = RouteEditor(), Problem(self)
        self.find_feature = TextField("find a feature", "Search features", lambda _: self.features.setFocus())
        self.find_target = TextField("find a parameter", "Search parameters", lambda _: self.targets.setFocus())
        self.connect_button = PanelButton(
            "&Add", "Connect the chosen feature with the chosen parameter (Enter)", height=32
        )
        self.mute_button = PanelButton(
            "Mute", "Mute the chosen route, or let it push again (M)", height=32, size=13, ink="warn"
        )
        self.delete_button = PanelButton("Delete", "Delete the chosen route (Del)", height=32, size=13)
        self.undo_button = PanelButton("Undo", "Take back the newest change (Z)", height=32, size=13)
        self.redo_button = PanelButton("Redo", "Do again what was undone (Y)", height=32, size=13)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._flush)
        self._wire()
        self._lay_out()
        self.setFocusProxy(self.features)

    def _wire(self) -> None:
        self.connect_button.clicked.connect(self.connect_picked)
        self.mute_button.clicked.connect(lambda: self._mute(self.routes.selected))
        self.delete_button.clicked.connect(lambda: self._delete(self.routes.selected))
        self.undo_button.clicked.connect(lambda: self._press("undo"))
        self.redo_button.clicked.connect(lambda: self._press("redo"))
        self.routes.amount_dragged.connect(self._drag_amount)
        self.routes.mute.connect(self._mute)
        self.routes.delete.connect(self._delete)
        self.routes.chosen.connect(lambda _: self._show_chosen())
        self.routes.entered.connect(lambda _: self.editor.source.setFocus())
        self.features.entered.connect(lambda _: self.targets.setFocus(Qt.FocusReason.TabFocusReason))
        self.targets.entered.connect(lambda _: self.connect_picked())
        self.editor.edited.connect(lambda fields: self._change(self.routes.selected, fields))
        self.find_feature.textChanged.connect(lambda _: self._rebuild())
        self.find_target.textChanged.connect(lambda _: self._rebuild())
        for names in (self.features, self.targets):
            names.chosen.connect(lambda _: self._show_picked())
            names.dragged.connect(self._carry)
            names.dropped.connect(self._drop)
        for area in (self.features, self.routes, self.targets):
            area.scrolled.connect(self._draw_cables)

    def _lay_out(self) -> None:
        self._left, self._middle, self._right = QVBoxLayout(), QVBoxLayout(), QVBoxLayout()
        self._tools = QHBoxLayout()
        self._tools.addWidget(self.connect_button, 1)
        for button in (self.mute_button, self.delete_button, self.undo_button, self.redo_button):
            self._tools.addWidget(button)
        self._left.addWidget(self.find_feature)
        self._left.addWidget(self.features, 1)
        self._middle.addWidget(self.routes, 1)
        self._right.addWidget(self.find_target)
        self._right.addWidget(self.targets, 1)
        self._columns = QHBoxLayout()
        self._columns.addLayout(self._left, 6)
        self._columns.addWidget(self.cables[0])
        self._columns.addLayout(self._middle, 9)
        self._columns.addWidget(self.cables[1])
        self._columns.addLayout(self._right, 6)
        self._whole = QVBoxLayout(self)
        self._whole.setContentsMargins(0, 0, 0, 0)
        self._whole.addLayout(self._columns, 1)
        self._whole.addLayout(self._tools)
        self._whole.addWidget(self.editor)
        order = (self.find_feature, self.features, self.find_target, self.targets, self.connect_button, self.routes)
        tools = (self.mute_button, self.delete_button, self.undo_button, self.redo_button)
        for before, after in pairwise((*order, *tools, *self.editor.parts)):
            QWidget.setTabOrder(before, after)
        self.carried.hide()
        self.carried.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def rescale(self, unit: float) -> None:
        """The window has another size."""
        for box in (self._left, self._middle, self._right, self._tools):
            box.setSpacing(round(6 * unit))
        self._columns.setSpacing(0)
        self._whole.setSpacing(round(8 * unit))
        self.find_feature.setFixedHeight(round(32 * unit))
        self.find_target.setFixedHeight(round(32 * unit))

    # what is shown

    def update_board(self, board: Board | None, telemetry: Telemetry | None = None) -> None:
        """Show the newest board; cheap where little has changed."""
        if board is None:
            return
        other = self._board is None or (board.name, board.playing) != (self._board.name, self._board.playing)
        self._board = board
        if other:
            self._held.clear()
            self._waiting.clear()
            self.routes.select(-1)
        shape = (
            board.name,
            board.playing,
            id(board.parameters),
            tuple((m.table.source, m.table.target) for m in board.routes),
        )
        if shape != self._shape:
            self._shape = shape
            self._rebuild()
        self.routes.take(board, self._meters(board))
        self.features.take(board)
        self.targets.take(board)
        self._take_answer()
        self._draw_cables()
        self._show_chosen()

    def _meters(self, board: Board) -> list[RouteMeter]:
        """The routes: for a moment after an edit as the hand made them."""
        now_s = self._feed.clock.now()
        meters = list(board.routes)
        for number, (edit, until_s) in list(self._held.items()):
            meter = meters[number] if number < len(meters) else None
            there = meter is not None and (meter.table.source, meter.table.target) == (edit.source, edit.target)
            if meter is None or not there or now_s > until_s:
                del self._held[number]
                continue
            table = meter.table.model_copy(update=dict(edit.fields))
            if table == meter.table:
                del self._held[number]
            meters[number] = replace(meter, table=table, muted=table.mute)
        return meters

    def _rebuild(self) -> None:
        """The rows of both lists."""
        board = self._board
        if board is None:
            return
        self.features.show_rows(feature_rows(board.features.layout.names, board.routes, self.find_feature.text()))
        bound = {name: words for name, words in bound_names(board.bindings, {}).items() if name in board.parameters}
        routed = dict.fromkeys(meter.table.target for meter in board.routes)
        first = [*routed, *(name for name in favourites(board, bound) if name not in routed)]
        words = self.find_target.text()
        alike = Counter(plain_name(name) for name in first)
        rows = [
            ListRow(row.parameter.name, row.group, row.label if alike[short] > 1 else short)
            for row in rows_of(board, bound, first, words)
            for short in [plain_name(row.parameter.name)]
        ]
        self.targets.show_rows(rows)
        if self._to_select and self._to_select in routed:
            places = [i for i, meter in enumerate(board.routes) if meter.table.target == self._to_select]
            self.routes.take(board, self._meters(board))
            self.routes.select(places[-1])
            self._to_select = ""
            self.routes.setFocus()  # arrows, M and Del are its own
        self._show_picked()

    def _draw_cables(self) -> None:
        board = self._board
        if board is None:
            return
        left: list[Cable] = []
        right: list[Cable] = []
        for number, meter in enumerate(self.routes.meters):
            middle = self._height(self.routes, number, self.cables[0])
            chosen = number == self.routes.selected
            for name in features_read(meter.table):
                at = self.features.index_of(name)
                if at >= 0:
                    start = self._height(self.features, at, self.cables[0])
                    left.append(Cable(start, middle, round(meter.source, 2), meter.muted, chosen))
            at = self.targets.index_of(meter.table.target)
            if at >= 0:
                push = round(abs(self.routes.push_share(meter)) ** 0.5, 2)
                end = self._height(self.targets, at, self.cables[1])
                right.append(Cable(middle, end, push, meter.muted, chosen))
        self.cables[0].show_cables(left)
        self.cables[1].show_cables(right)

    @staticmethod
    def _height(rows: NameList | RouteList, index: int, strip: QWidget) -> float:
        """Where the middle of a row is on a strip beside its list [px]."""
        return (
            rows.middle(index)
            + rows.view.mapTo(rows.window(), QPoint()).y()
            - strip.mapTo(strip.window(), QPoint()).y()
        )

    def _show_chosen(self) -> None:
        """The editor and the buttons follow the selection."""
        number = self.routes.selected
        meter = self.routes.meters[number] if 0 <= number < len(self.routes.meters) else None
        self.editor.show_route(meter.table if meter is not None else None, self._board)
        self.mute_button.setEnabled(meter is not None)
        self.delete_button.setEnabled(meter is not None)
        self.mute_button.light(meter is not None and meter.muted)

    def _show_picked(self) -> None:
        """What the add button would do."""
        source, target = self.features.picked, self.targets.picked
        self.connect_button.setEnabled(bool(source and target))
        self.connect_button.shown = f"Add {source} → {plain_name(target, whole=True)}" if source and target else "Add"

    def _take_answer(self) -> None:
        answer = self._feed.controls.route_answers.peek()
        if answer is None or answer is self._answer or answer.edit.hand != SOURCE:
            return
        self._answer = answer
        if answer.mistakes:
            self._held.pop(answer.edit.number, None)
            self._to_select = ""
            self.editor.show_problems(answer.mistakes)
        else:
            self.editor.show_problems(())

    # hands

    def connect_picked(self) -> None:
        """Add a route from the chosen feature to the chosen parameter."""
        self.add(self.features.picked, self.targets.picked)

    def add(self, source: str, target: str) -> None:
        """Add a route."""
        board = self._board
        if board is None or not source or target not in board.parameters:
            return
        parameter = board.parameters[target]
        amount = NEW_SHARE * (parameter.high - parameter.low)
        headroom = parameter.high - board.set_values[target]
        sign = 1.0 if headroom >= amount or headroom >= (parameter.high - parameter.low) / 2 else -1.0
        self._to_select = target
        fields: dict[str, object] = {"source": source, "target": target, "amount": round(sign * amount, 6)}
        if (span := range_of(source)) != (0.0, 1.0):
            fields["range"] = span
        self._put(self._edit("add", -1, fields))

    def _change(self, number: int, fields: dict[str, object]) -> None:
        """Change fields of a route: sent with the next frame, the newest values alone."""
        if not self._is_there(number):
            return
        edit = self._edit("change", number, fields)
        before = self._waiting.get(number)
        if before is not None:
            edit = replace(edit, fields={**before.fields, **edit.fields})
        self._waiting[number] = edit
        if not {"source", "target"} & set(fields):
            held = self._held.get(number)
            shown = {**(held[0].fields if held else {}), **fields}
            self._held[number] = replace(edit, fields=shown), edit.time_s + HELD_S
        if not self._timer.isActive():
            self._timer.start(FRAME_MS)
        if self._board is not None:
            self.routes.take(self._board, self._meters(self._board))
            self._show_chosen()

    def _drag_amount(self, number: int, share: float) -> None:
        board = self._board
        if board is None or not self._is_there(number):
            return
        table = self.routes.meters[number].table
        parameter = board.parameters.get(table.target)
        if parameter is not None:
            room = parameter.high - parameter.low
            reach = max(room, abs(table.amount))
            amount = min(max(table.amount + share * room, -reach), reach)
            self._change(number, {"amount": round(amount, 6)})

    def _mute(self, number: int) -> None:
        if self._is_there(number):
            self._change(number, {"mute": not self.routes.meters[number].table.mute})

    def _delete(self, number: int) -> None:
        """Delete a route; once, however often it is asked for before the engine has done it."""
        if not self._is_there(number) or self._board is None:
            return
        now_s = self._feed.clock.now()
        whole = number, tuple(meter.table for meter in self._board.routes)
        if whole == self._gone[0] and now_s < self._gone[1]:
            return
        self._gone = whole, now_s + HELD_S
        self._flush()
        self._held.clear()
        self._put(self._edit("delete", number, {}))

    def _is_there(self, number: int) -> bool:
        return self._board is not None and 0 <= number < len(self._board.routes)

    def _edit(self, kind: EditKind, number: int, fields: dict[str, object]) -> RouteEdit:
        board = self._board
        assert board is not None
        table = board.routes[number].table if 0 <= number < len(board.routes) else None
        source, target = (table.source, table.target) if table is not None else ("", "")
        return RouteEdit(
            self._feed.clock.now(), kind, board.playing, board.name, number, source, target, fields, SOURCE
        )

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for edit in waiting.values():
            self._put(edit)

    def _put(self, edit: RouteEdit) -> None:
        if not self._feed.controls.route_edits.put(edit):
            self.editor.show_problems(["the engine does not answer; nothing was changed"])

    def _press(self, name: str) -> None:
        self._flush()
        self._feed.controls.put(ControlEvent(self._feed.clock.now(), name, source=SOURCE))

    def _carry(self, name: str, where: QPoint) -> None:
        """A name is dragged: it follows the mouse, and what it would fall on is marked."""
        here = self.mapFromGlobal(where)
        self.carried.show_text(f" {name} → ", "cold")
        self.carried.move(here + QPoint(14, 4))
        self.carried.resize(self.carried.sizeHint())
        self.carried.show()
        self.carried.raise_()
        for names in self._others(name):
            point = names.view.mapFromGlobal(where)
            names.hold_over(names.index_at(point) if names.view.rect().contains(point) else -1)

    def _others(self, name: str) -> Sequence[NameList]:
        """The list that a name can be dropped on."""
        return [self.targets] if self.sender() is self.features else [self.features]

    def _drop(self, name: str, where: QPoint) -> None:
        self.carried.hide()
        for names in self._others(name):
            over, names_there = names.over, names.rows
            names.hold_over(-1)
            if 0 <= over < len(names_there):
                other = names_there[over].name
                self.add(name, other) if names is self.targets else self.add(other, name)

    def seek(self) -> None:
        """Go to the search of the parameters where they have the focus, else of the features."""
        here = self.targets.hasFocus() or self.find_target.hasFocus()
        field = self.find_target if here else self.find_feature
        field.setFocus()
        field.selectAll()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Every key that no list wanted is the show's."""
        if event is not None:
            event.ignore()
