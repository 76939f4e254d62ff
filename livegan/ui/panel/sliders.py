"""Slider board: every parameter of the scene that plays, searched and filtered; what is moved goes to the router."""

from collections.abc import Mapping

from PyQt5.QtCore import Qt, QTimer
from PyQt5.QtGui import QHideEvent, QKeyEvent, QKeySequence
from PyQt5.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from livegan.core.parameters import Parameter
from livegan.core.types import ControlEvent, ControlKind
from livegan.engine.board import Board
from livegan.engine.telemetry import Telemetry
from livegan.ui.feed import ShowFeed
from livegan.ui.panel.button import PanelButton
from livegan.ui.panel.learning import PanelLearning
from livegan.ui.panel.parameter_rows import (
    Shown,
    bound_names,
    favourites,
    number_text,
    parsed,
    rows_of,
    share_of,
    value_text,
)
from livegan.ui.panel.slider_list import RowState, SliderList
from livegan.ui.panel.value_field import ValueField
from livegan.ui.panel.words import TextField

SOURCE = "panel"
FRAME_MS = 16  # at most so often a hand's moves are sent
HELD_S = 0.6  # so long after a move the hand's own value is shown, until the engine tells the same
SAME = 0.002  # share of a range
MOST_DIGITS = 12  # of two values beside each other
TURNS = {1: "turn \u25b8", -1: "\u25c2 turn"}
FILTERS: Mapping[Shown, str] = {"all": "All", "moved": "Moved", "routed": "Routed", "bound": "On knobs"}


class SliderBoard(QWidget):
    """Sliders of the scene's parameters; main thread only."""

    def __init__(self, feed: ShowFeed, learning: PanelLearning | None = None, parent: QWidget | None = None) -> None:
        """`feed`: its router gets what a hand moves; `learning` of the window."""
        super().__init__(parent)
        self._feed = feed
        self._learning = learning or PanelLearning(feed.controls)
        self._learns = False  # the press that goes on names what a knob shall move, and moves nothing
        self._board: Board | None = None
        self._levels: dict[str, tuple[float, ...]] = {}  # of the sources of each parameter's routes
        self._shape: object = None  # what the rows depend on
        self._first: list[str] = []  # of this scene: what stands there stays there
        self._turns: Mapping[str, int] = {}  # parameters that wait for their knob, and its way
        self._shown: Shown = "all"
        self._waiting: dict[str, float] = {}  # parameter -> share, to be sent with the next frame
        self._held: dict[str, tuple[float, float]] = {}  # parameter -> share and until when it counts [s]
        self.search = TextField("search", "search parameters: /", self._search_entered)
        self.search.textChanged.connect(lambda _: self._rebuild())
        self.filters = {
            shown: PanelButton(text, f"Parameters: {text.lower()}", height=30) for shown, text in FILTERS.items()
        }
        for shown, button in self.filters.items():
            button.clicked.connect(lambda _checked=False, shown=shown: self.show_only(shown))
        self.list = SliderList(self._state)
        self.list.collapsed = {"Layers", "Drawing", "Your own effects", "Music that livegan plays"}
        self.list.pressed.connect(self._press)
        self.list.slid.connect(self._slide)
        self.list.released.connect(self._release)
        self.list.learn.connect(self._learn)
        self.list.typed.connect(self._type)
        self.list.learning = lambda: self._learning.on
        self.setFocusProxy(self.list)
        self._field = ValueField(self.list.view, self.list, self._typed)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._flush)
        self._head = QHBoxLayout()
        self._head.addWidget(self.search, 1)
        for button in self.filters.values():
            self._head.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._head)
        column.addWidget(self.list, 1)
        self.show_only("all")

    def update_board(self, board: Board | None, telemetry: Telemetry | None = None) -> None:
        """Show the newest board; cheap where little has changed."""
        if board is None:
            return
        before, self._board = self._board, board
        if before is not None and (before.name, before.playing) != (board.name, board.playing):
            self._let_go()
        self._turns = telemetry.turns if telemetry is not None else {}
        self._levels = {}
        for meter in board.routes:
            heard = 0.0 if meter.muted else round(meter.source, 2)
            self._levels[meter.table.target] = (*self._levels.get(meter.table.target, ()), heard)
        if self.list.armed != (armed := self._learning.armed):
            self.list.armed = armed
            self.list.restyle()
        shape = (
            board.name,
            board.playing,
            id(board.parameters),
            tuple((meter.table.source, meter.table.target) for meter in board.routes),
            id(board.bindings),
            id(self._feed.controls.learned),
            board.moved if self._shown == "moved" else None,
        )
        if shape != self._shape:
            self._shape = shape
            self._rebuild()
        else:
            self.list.refresh()

    def show_only(self, shown: Shown) -> None:
        """Filter the list."""
        self._shown, self._shape = shown, None
        for name, button in self.filters.items():
            button.light(name == shown)
        self.update_board(self._board)

    def rescale(self, unit: float) -> None:
        """The window has another size."""
        self._head.setSpacing(round(6 * unit))

    def _rebuild(self) -> None:
        board = self._board
        if board is None:
            return
        bound = bound_names(board.bindings, self._feed.controls.learned)
        parameters = {name: controls for name, controls in bound.items() if name in board.parameters}
        wanted = {*favourites(board, parameters), *self._first}
        self._first = [name for name in board.parameters if name in wanted]
        words = self.search.text()
        self.list.searching = bool(words.strip()) or self._shown != "all"
        self._field.hide()
        self.list.show_rows(rows_of(board, parameters, self._first, words, self._shown))

    def _parameter(self, name: str) -> Parameter | None:
        return self._board.parameters.get(name) if self._board is not None else None

    def _state(self, name: str) -> RowState:
        """What a row shows: while a hand holds it and shortly after, where the hand is."""
        board = self._board
        assert board is not None
        parameter = board.parameters[name]
        value, live = board.set_values[name], board.values.get(name, board.set_values[name])
        share, moved = share_of(parameter, value), name in board.moved
        if name in self._held:
            held, until_s = self._held[name]
            caught = abs(held - share) < SAME and self.list.dragged != name
            if caught or (self.list.dragged != name and self._feed.clock.now() > until_s):
                del self._held[name]
            else:
                live += (held - share) * (parameter.high - parameter.low)
                share, moved = held, True
                value = parameter.low + held * (parameter.high - parameter.low)
        live_share = share_of(parameter, live)
        pushed = abs(live_share - share) > SAME
        turn = TURNS.get(self._turns.get(name, 0), "")
        place, now = round(share, 3), round(live_share, 3) if pushed else 0.0
        text = number_text(parameter, value) if pushed else value_text(parameter, value)
        live_text = value_text(parameter, parameter.clip(live)) if pushed else ""
        if len(text) + len(live_text) > MOST_DIGITS:  # both numbers matter more than their unit
            live_text = number_text(parameter, parameter.clip(live))
        return RowState(place, now, moved, text, live_text, turn, self._levels.get(name, ()))

    def _press(self, name: str) -> None:
        self._learns = self._learning.arm(name)

    def _slide(self, name: str, share: float) -> None:
        """A hand moves a slider: told with the next frame, the newest place alone."""
        if self._learning.on or (self._learns and self.list.dragged):
            return
        self._held[name] = share, self._feed.clock.now() + HELD_S
        self._waiting[name] = share
        if not self._timer.isActive():
            self._timer.start(FRAME_MS)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for name, share in waiting.items():
            self._put(name, share)

    def _let_go(self) -> None:
        """Another scene plays: a hand holds nothing of it yet."""
        self._first = []
        self._waiting.clear()
        self._held.clear()
        self.list.dragged = ""

    def _release(self, name: str) -> None:
        self._waiting.pop(name, None)
        self._held.pop(name, None)
        self._put(name, 0.0, "release")

    def _put(self, name: str, value: float, kind: ControlKind = "move") -> None:
        self._feed.controls.put(ControlEvent(self._feed.clock.now(), name, value, kind, SOURCE))

    def _learn(self, name: str) -> None:
        """Bind a parameter to the control that is moved next; once more: to none."""
        self._learning.aim(name, self._feed.clock.now())

    def _type(self, name: str) -> None:
        """Open a field over a slider's value."""
        parameter = self._parameter(name)
        if parameter is not None and self._board is not None:
            text = number_text(parameter, self._board.set_values[name])
            self._field.open(name, self.list.value_rect(name), text)

    def _typed(self, name: str, text: str) -> bool:
        parameter = self._parameter(name)
        share = parsed(parameter, text) if parameter is not None else None
        if share is None:
            return False
        self._slide(name, share)
        self.list.refresh()
        return True

    def seek(self) -> None:
        """Go to the search."""
        self.search.setFocus()
        self.search.selectAll()

    def search_for(self, words: str) -> None:
        """Go to the search, and write this there."""
        self.search.setText(words)
        self.search.setFocus()

    def _search_entered(self, _words: str) -> None:
        """To what was found; while a knob is taught, the first of it is what the knob shall move."""
        self.list.setFocus(Qt.FocusReason.TabFocusReason)
        if self._learning.on and self.list.rows:
            name = self.list.rows[0].parameter.name
            self.list.select(name)
            self._learning.arm(name)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """/ and Ctrl+F search."""
        find = QKeySequence.StandardKey.Find
        if event is not None and (event.text() == "/" or event.matches(find)):
            self.seek()
        elif event is not None:
            event.ignore()

    def hideEvent(self, event: QHideEvent | None) -> None:  # noqa: N802
        """Nothing is held any more."""
        super().hideEvent(event)
        self._flush()
        self.list.dragged = ""
        self._field.hide()
