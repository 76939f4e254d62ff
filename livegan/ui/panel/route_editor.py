"""Route editor of the patch bay: source, target, amount, times, threshold, range and curve of one route."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from PyQt5.QtCore import QRectF, QSize, pyqtSignal
from PyQt5.QtGui import QPaintEvent
from PyQt5.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from livegan.config.scene import RouteTable
from livegan.core.parameters import Parameter
from livegan.core.registry import unknown
from livegan.engine.board import Board
from livegan.engine.patch_bay import features_read, source_mistakes
from livegan.mapping.curves import CURVES
from livegan.ui.panel.button import PanelButton
from livegan.ui.panel.curve_button import CurveButton
from livegan.ui.panel.feature_rows import range_of
from livegan.ui.panel.look import INKS, Brush, Painted
from livegan.ui.panel.number_drag import NumberDrag
from livegan.ui.panel.parameter_rows import number_text
from livegan.ui.panel.words import TextField

POLARITIES: Mapping[str, str] = {
    "up": "pushes by 0 to the amount",
    "down": "pushes the other way",
    "both": "pushes to both sides; the middle of the curve is at rest",
}
NOTHING = "drag a feature onto a parameter, or choose one of each and press Enter; click a route to edit it"


def _seconds(value: float) -> str:
    return f"{1000 * value:.0f} ms" if value < 0.9995 else f"{value:.2g} s"


class Problem(Painted):
    """A line with what is wrong, or a hint."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text, self._ink = "", "bad"

    def show_text(self, text: str, ink: str = "bad") -> None:
        """Show it."""
        if self.show_value((text, ink)):
            self.text, self._ink = text, ink
            self.setToolTip(text)

    def sizeHint(self) -> QSize:  # noqa: N802
        """One line."""
        return self.wants(200, 20)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """A short one."""
        return self.wants(20, 20)

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """The line."""
        if self.text:
            brush = Brush(self, self.unit)
            brush.text(QRectF(self.rect()).adjusted(4, 0, 0, 0), self.text, 13, INKS[self._ink])
            brush.end()


class RouteEditor(QWidget):
    """Editor of the selected route; main thread only."""

    edited = pyqtSignal(object)  # fields of RouteTable, by name

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table: RouteTable | None = None
        self._is_shown = False  # anything yet
        self._parameter: Parameter | None = None
        self._board: Board | None = None
        self.source = TextField("source", "A feature, or an expression: 0.6*bass + max(onset, mid)", self._enter_source)
        self.target = TextField("target", "The parameter that it pushes: effect.glow", self._enter_target)
        self.source.textEdited.connect(self._look)
        self.target.textEdited.connect(self._look)
        self.source.editingFinished.connect(self._give_back)
        self.target.editingFinished.connect(self._give_back)
        self.problem = Problem()
        self.numbers = {
            "amount": NumberDrag("amount", "Push at full source, in the parameter's unit", self._amount),
            "attack_s": NumberDrag("attack", "Rise time constant", _seconds, 3),
            "hold_s": NumberDrag("hold", "How long a peak is held", _seconds, 3),
            "release_s": NumberDrag("release", "Fall time constant", _seconds, 3),
            "threshold": NumberDrag("threshold", "Below this share of the range nothing pushes", "{:.2f}".format),
            "low": NumberDrag("from", "The value of the source that counts as nothing", "{:.3g}".format),
            "high": NumberDrag("to", "The value of the source that counts as full", "{:.3g}".format),
        }
        for name, number in self.numbers.items():
            number.changed.connect(lambda value, name=name: self._number(name, value))
        self.curves = {name: CurveButton(name) for name in CURVES}
        for name, button in self.curves.items():
            button.clicked.connect(lambda _checked=False, name=name: self.edited.emit({"curve": name}))
        self.polarities = {name: PanelButton(name, about, size=12, height=32) for name, about in POLARITIES.items()}
        for name, polarity in self.polarities.items():
            polarity.clicked.connect(lambda _checked=False, name=name: self.edited.emit({"polarity": name}))
        shapes = (*self.curves.values(), *self.polarities.values())
        self.parts: Sequence[QWidget] = (self.source, self.target, *self.numbers.values(), *shapes)
        self._names, self._values, self._shapes = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        self._names.addWidget(self.source, 3)
        self._names.addWidget(self.target, 2)
        for number in self.numbers.values():
            self._values.addWidget(number, 1)
        for shape in shapes:
            self._shapes.addWidget(shape)
        self._shapes.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for row in (self._names, self._values, self._shapes):
            column.addLayout(row)
        column.addWidget(self.problem)
        self._column = column
        self.show_route(None, None)

    def show_route(self, table: RouteTable | None, board: Board | None) -> None:
        """Show a route as it is; what is being typed stays."""
        other = table is None or self._table is None or (table.source, table.target) != self._names_of(self._table)
        self._board = board
        self._parameter = board.parameters.get(table.target) if table is not None and board is not None else None
        if table == self._table and self._is_shown:
            return
        self._is_shown = True
        self._table = table
        if other:
            self.source.setText(table.source if table is not None else "")
            self.target.setText(table.target if table is not None else "")
        for widget in self.parts:
            widget.setVisible(table is not None)
        if other:
            self.show_problems(())
        self._show_numbers(table)
        for name, button in self.curves.items():
            button.light(table is not None and table.curve == name)
        for name, polarity in self.polarities.items():
            polarity.light(table is not None and table.polarity == name)

    def show_problems(self, lines: Sequence[str]) -> None:
        """Say what is wrong with the newest edit; without anything, what can be done where no route is chosen."""
        if lines or self._table is not None:
            self.problem.show_text("   ".join(lines))
        else:
            self.problem.show_text(NOTHING, "quiet")

    def rescale(self, unit: float) -> None:
        """The window has another size."""
        for row in (self._names, self._values, self._shapes):
            row.setSpacing(round(6 * unit))
        self._column.setSpacing(round(6 * unit))

    @staticmethod
    def _names_of(table: RouteTable) -> tuple[str, str]:
        return table.source, table.target

    def _show_numbers(self, table: RouteTable | None) -> None:
        if table is None or self._parameter is None:
            for number in self.numbers.values():
                number.show_number(0.0, 0.0, 1.0)
            return
        room = self._parameter.high - self._parameter.low
        reach = max(room, abs(table.amount))
        lows, highs = zip(*(range_of(name) for name in features_read(table)), strict=True)
        low, high = min(*lows, *table.range, 0.0), max(*highs, *table.range)
        self.numbers["amount"].show_number(table.amount, -reach, reach)
        self.numbers["attack_s"].show_number(table.attack_s, 0, 10)
        self.numbers["hold_s"].show_number(table.hold_s, 0, 30)
        self.numbers["release_s"].show_number(table.release_s, 0, 30)
        self.numbers["threshold"].show_number(table.threshold, 0, 1)
        self.numbers["low"].show_number(table.range[0], low, high)
        self.numbers["high"].show_number(table.range[1], low, high)

    def _amount(self, value: float) -> str:
        if self._parameter is None:
            return "-"
        return ("+" if value > 0 else "") + number_text(replace(self._parameter, whole=False), value)

    def _number(self, name: str, value: float) -> None:
        table = self._table
        if table is None:
            return
        if name in ("low", "high"):
            low, high = (value, table.range[1]) if name == "low" else (table.range[0], value)
            if abs(high - low) >= 1e-3:
                self.edited.emit({"range": (low, high)})
        else:
            self.edited.emit({name: value})

    def _look(self, _text: str) -> None:
        """What is wrong with what is typed so far."""
        if self._board is None:
            return
        source, target = self.source.text().strip(), self.target.text().strip()
        lines = list(source_mistakes(source, self._board.features.layout.index)) if source else ["write a feature"]
        if target not in self._board.parameters and not target.startswith("w["):
            lines.append(unknown("parameter", target, self._board.parameters))
        self.problem.show_text("   ".join(lines), "warn")

    def _enter_source(self, text: str) -> None:
        self._enter({"source": text})

    def _enter_target(self, text: str) -> None:
        self._enter({"target": text})

    def _enter(self, fields: dict[str, object]) -> None:
        if self._table is not None:
            self.edited.emit(fields)

    def _give_back(self) -> None:
        """Who goes elsewhere without Enter has changed nothing."""
        if self._table is not None:
            for field, text in ((self.source, self._table.source), (self.target, self._table.target)):
                if not field.hasFocus() and field.text() != text:
                    field.setText(text)
                    self.show_problems(())
