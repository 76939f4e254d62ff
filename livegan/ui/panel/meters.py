"""Meters of the panel: level and onset of the input, the beat, and the bank of networks."""

from math import floor

from PyQt5.QtCore import QRectF, QSize, Qt
from PyQt5.QtGui import QLinearGradient, QPaintEvent
from PyQt5.QtWidgets import QWidget

from livegan.ui.panel.facts import PanelFacts
from livegan.ui.panel.look import CARD, DARK_TEXT, INKS, RAISED, Brush, Painted

PEAK_FALL = 0.06  # of the peak mark, each time the meter is shown
MOST_LIGHTS = 8  # of a bar
LIGHTS_WIDE = 72.0  # they share so much


class LevelMeter(Painted):
    """Level of the input with its latest peak, and a light that the onsets flash."""

    opaque = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._level, self._peak, self._onset = 0.0, 0.0, 0.0
        self.setAccessibleName("Input level")

    def show_facts(self, facts: PanelFacts) -> None:
        """Level and onset of the newest telemetry; they fall while the engine does not answer."""
        engine = facts.engine if not facts.silent_s else None
        level = round(min(max(engine.level, 0.0), 1.0), 2) if engine is not None else 0.0
        onset = engine.onset if engine is not None else 0.0
        self._level, self._peak = level, max(level, round(self._peak - PEAK_FALL, 2), 0.0)
        self._onset = round(max(onset, self._onset * 0.6), 2) if onset > 0.02 else round(self._onset * 0.6, 1)
        self.show_value((self._level, self._peak, self._onset))

    def sizeHint(self) -> QSize:  # noqa: N802
        """One line."""
        return self.wants(140, 24)

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802
        """The bar from green to red, the peak as a tick, the light at the end."""
        brush, unit = Brush(self, self.unit), self.unit
        middle, thick = self.height() / 2, 12 * unit
        track = QRectF(0, middle - thick / 2, self.width() - 34 * unit, thick)
        brush.bar(track, 0.0, INKS["good"])
        if self._level > 0.01:
            shade = QLinearGradient(track.left(), 0, track.right(), 0)
            for at, ink in ((0.0, "good"), (0.7, "good"), (0.88, "warn"), (1.0, "bad")):
                shade.setColorAt(at, INKS[ink])
            brush.pen.setBrush(shade)
            filled = QRectF(track.x(), track.y(), max(track.width() * self._level, thick), thick)
            brush.pen.drawRoundedRect(filled, thick / 2, thick / 2)
        if self._peak > 0.02:
            x = track.x() + min(track.width() * self._peak, track.width() - 2 * unit)
            brush.pen.fillRect(QRectF(x, track.y() - 2 * unit, 2 * unit, thick + 4 * unit), INKS["text"])
        brush.light(self.width() - 13 * unit, middle, 20, INKS["cold"], self._onset)
        brush.end()


class BeatLights(Painted):
    """Tempo in large figures, below it a light for each beat of the bar and where the beat comes from."""

    opaque = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bpm, self._lit, self._bar, self._source = "", -1, 4, ""
        self.setAccessibleName("Tempo")

    def show_facts(self, facts: PanelFacts, source: str) -> None:
        """Tempo and place in the bar; `source`: who says so."""
        engine, board = facts.engine, facts.board
        self._bpm = f"{engine.bpm:.1f}" if engine is not None and engine.bpm else ""
        self._lit = -1
        self._bar = min(max(engine.beats_per_bar, 1), MOST_LIGHTS) if engine is not None else 4
        if self._bpm and board is not None and not facts.silent_s and "bar.phase" in board.features.layout.index:
            age_s = min(max(facts.now_s - board.features.time_s, 0.0), 0.5)
            beats = board.features["bar.phase"] * self._bar + age_s * (engine.bpm if engine is not None else 0.0) / 60.0
            self._lit = floor(beats) % self._bar if beats % 1.0 < 0.5 else -1
        self._source = source or ("" if self._bpm else "no beat heard yet")
        self.show_value((self._bpm, self._lit, self._bar, self._source))

    def sizeHint(self) -> QSize:  # noqa: N802
        """Figures over lights."""
        return self.wants(150, 58)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """The same."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802
        """Figures, lights, and one line below."""
        brush, unit, width = Brush(self, self.unit), self.unit, float(self.width())
        figures = QRectF(0, 0, width, 34 * unit)
        taken = brush.text(figures, self._bpm or "- - -", 28, INKS["text" if self._bpm else "quiet"], bold=True)
        brush.text(figures.adjusted(taken + 6 * unit, 6 * unit, 0, 0), "bpm", 13.5, INKS["dim"])
        step = LIGHTS_WIDE / max(self._bar, 4)
        for beat in range(self._bar):
            ink = INKS["good" if beat else "warn"]
            brush.light((8 + step * beat) * unit, 47 * unit, min(14.0, step - 4), ink, float(beat == self._lit))
        brush.text(QRectF(82 * unit, 37 * unit, width - 82 * unit, 20 * unit), self._source, 13.5, INKS["dim"])
        brush.end()


class NetworkBar(Painted):
    """Bank of networks along one bar, with their names, and a mark where the scene stands between them."""

    opaque = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._position, self._text = 0.0, ""
        self.setAccessibleName("Networks")

    def show_facts(self, facts: PanelFacts) -> None:
        """Names and position of the bank, and what of it is ready."""
        board = facts.board
        self._names = board.networks if board is not None else ()
        self._position = round(board.position, 2) if board is not None else 0.0
        self._text = facts.engine.bank if facts.engine is not None else ""
        self.show_value((self._names, self._position, self._text))

    def sizeHint(self) -> QSize:  # noqa: N802
        """One line."""
        return self.wants(200, 34)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Any width."""
        return self.wants(80, 34)

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802
        """A box for each network, lit as far as it is heard in the mix; the mark."""
        brush, unit, width, height = Brush(self, self.unit), self.unit, float(self.width()), float(self.height())
        count = max(len(self._names), 1)
        step = width / count
        for place, name in enumerate(self._names):
            box = QRectF(place * step, 0, step - 3 * unit, height)
            share = max(1.0 - abs(self._position - place), 0.0)
            brush.box(box, RAISED if share < 0.99 else INKS["good"], 6)
            if 0.0 < share < 0.99:
                brush.pen.setOpacity(share)
                brush.box(box, INKS["good"], 6)
                brush.pen.setOpacity(1.0)
            ink = DARK_TEXT if share > 0.6 else INKS["dim"]
            if step > 36 * unit:
                inner = box.adjusted(8 * unit, 0, -8 * unit, 0)
                brush.text(inner, name, 13, ink, bold=share > 0.6, align=Qt.AlignmentFlag.AlignHCenter)
        if count > 1:
            x = min(max((self._position + 0.5) * step - 1.5 * unit, 0.0), width - 3 * unit)
            brush.box(QRectF(x - unit, -2, 3 * unit, height + 4), INKS["text"], 1.5, CARD)
        brush.end()
