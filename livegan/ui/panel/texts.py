"""Texts of the panel: what plays and comes next, the lines of what is wrong, and the figures of the show's health."""

from collections.abc import Sequence

from PyQt5.QtCore import QRectF, QSize, Qt
from PyQt5.QtGui import QFontMetricsF, QPaintEvent
from PyQt5.QtWidgets import QWidget

from livegan.ui.panel.facts import PanelFacts, duration_text
from livegan.ui.panel.look import DARK_TEXT, INKS, Brush, Painted, font

Line = tuple[str, str]  # words, and their ink


class NowPlaying(Painted):
    """Title of the scene that plays, and of the one that comes next and when."""

    opaque = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._texts = ("", "", "", "")
        self.setAccessibleName("Now and next")

    def show_facts(self, facts: PanelFacts) -> None:
        """What plays and what comes."""
        self._texts = (facts.title or "not yet", facts.place, *facts.coming)
        self.show_value(self._texts)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Two lines."""
        return self.wants(200, 62)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Any width."""
        return self.wants(120, 62)

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802
        """The title large, the next one below."""
        brush, unit, width = Brush(self, self.unit), self.unit, float(self.width())
        title, place, coming, when = self._texts
        above = QRectF(0, 0, width, 34 * unit)
        taken = brush.text(above, place, 13.5, INKS["dim"], align=Qt.AlignmentFlag.AlignRight) if place else 0.0
        brush.text(above.adjusted(0, 0, -taken - 8 * unit, 0), title, 24, INKS["text"], bold=True)
        below = QRectF(0, 37 * unit, width, 22 * unit)
        if coming:
            used = brush.text(below, "next", 13.5, INKS["quiet"]) + 8 * unit
            right = brush.text(below, when, 13.5, INKS["warn"], align=Qt.AlignmentFlag.AlignRight) if when else 0.0
            brush.text(below.adjusted(used, 0, -right - 8 * unit, 0), coming, 15, INKS["text"])
        brush.end()


class Headline(Painted):
    """One line over the whole panel: what is wrong, the most pressing first; the time of the show while all is well."""

    opaque = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._line: Line = ("", "quiet")
        self._more = ""
        self._told, self._until_s = "", float("-inf")
        self.setAccessibleName("Notices")

    @property
    def words(self) -> str:
        """What it says now."""
        return self._line[0]

    def tell(self, words: str, until_s: float) -> None:
        """Say something for a while."""
        self._told, self._until_s = words, until_s

    def show_facts(self, facts: PanelFacts, learning: str = "", *, learns: bool = False) -> None:
        """Of a hung engine, of what is being learnt, of notices, or that all is well."""
        notices = facts.engine.notices if facts.engine is not None else ()
        self._more = f"and {len(notices) - 1} more" if len(notices) > 1 else ""
        if facts.silent_s:
            waited = duration_text(facts.silent_s)
            words = f"the engine has not answered for {waited}: blackout, freeze, master and quit still act"
            begins = facts.engine is None and facts.silent_s < 20.0
            self._line = (f"starting: {waited}", "dim") if begins else (words, "bad")
            self._more = ""
        elif facts.now_s < self._until_s:
            self._line = (self._told, "cold")
        elif learning:
            self._line = (learning, "learns" if learns else "cold")
        elif notices:
            self._line = (notices[0], "warn")
        else:
            self._line = (f"{facts.verdict}   {duration_text(facts.now_s - facts.since_s)}".strip(), "quiet")
        self.setToolTip("\n".join(notices))
        self.show_value((self._line, self._more))

    def sizeHint(self) -> QSize:  # noqa: N802
        """One line."""
        return self.wants(300, 28)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Any width."""
        return self.wants(100, 28)

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802
        """Quiet while all is well, a lit band where the engine hangs."""
        brush, unit = Brush(self, self.unit), self.unit
        area = QRectF(self.rect())
        words, ink = self._line
        band = {"bad": "bad", "learns": "warn"}.get(ink, "")
        if band:
            brush.box(area, INKS[band], 7)
        elif ink in ("warn", "cold"):
            brush.light(8 * unit, area.center().y(), 10, INKS[ink])
        inner = area.adjusted((10 if band else 22 if ink in ("warn", "cold") else 2) * unit, 0, -4 * unit, 0)
        right = (
            brush.text(inner, self._more, 13.5, INKS["quiet"], align=Qt.AlignmentFlag.AlignRight) if self._more else 0
        )
        inner.setRight(inner.right() - right - 8 * unit)
        brush.text(inner, words, 15, DARK_TEXT if band else INKS[ink], bold=bool(band))
        brush.end()


class Lines(Painted):
    """Lines with a light before each: what is connected, and what is not."""

    opaque = True

    def __init__(self, about: str, most: int, parent: QWidget | None = None) -> None:
        """`most` lines are shown, and in the last one how many more there are."""
        super().__init__(parent)
        self._most = most
        self._lines: tuple[Line, ...] = ()
        self.setAccessibleName(about)

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Words and the ink of the light; an empty ink is none."""
        self._lines = tuple(lines)
        if self.show_value(self._lines):
            self.setToolTip("\n".join(words for words, _ in self._lines))

    def sizeHint(self) -> QSize:  # noqa: N802
        """As high as its lines."""
        return self.wants(150, 20 * self._most)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Any width."""
        return self.wants(60, 20 * self._most)

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802
        """One under the other."""
        brush, unit, more = Brush(self, self.unit), self.unit, max(len(self._lines) - self._most, 0)
        for place, (words, ink) in enumerate(self._lines[: self._most]):
            row = QRectF(0, place * 20 * unit, self.width(), 20 * unit)
            if ink:
                brush.light(6 * unit, row.center().y(), 9, INKS[ink])
            right = 0.0
            if more and place == self._most - 1:
                right = brush.text(row, f"+{more}", 13.5, INKS["text"], align=Qt.AlignmentFlag.AlignRight) + 8 * unit
            brush.text(row.adjusted(18 * unit if ink else 0, 0, -right, 0), words, 13.5, INKS["dim"])
        brush.end()


class Health(Painted):
    """Frame rate, latency, counters that should stay at zero, and what is traded for the rate."""

    opaque = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fps, self._latency, self._latency_ink = "", "", "text"
        self._traded, self._traded_ink, self._device = "", "cold", ""
        self._counts: tuple[tuple[str, int], ...] = ()
        self.setAccessibleName("Health of the show")

    def show_facts(self, facts: PanelFacts) -> None:
        """Measures of the window and the engine."""
        output, engine = facts.output, facts.engine
        self._fps = f"{output.fps:.0f}"
        latency = output.latency_ms
        self._latency = f"{latency['p50']:.0f}" if latency is not None else "-"
        self._latency_ink = facts.latency_ink
        self._counts = facts.counts
        quality = engine.quality if engine is not None else ""
        limiting = engine is not None and engine.limiting
        self._traded = "flashes are limited" if limiting else quality
        self._traded_ink = "warn" if limiting else "cold"
        self._device = engine.device if engine is not None else ""
        counts_text = "\n".join(counted_text(name, number) for name, number in self._counts)
        self.setToolTip("\n".join(filter(None, (self._traded, self._device, counts_text))))
        self.show_value((self._fps, self._latency, self._latency_ink, self._counts, self._traded, self._device))

    def sizeHint(self) -> QSize:  # noqa: N802
        """Figures, counters, one line."""
        return self.wants(250, 58)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """As wide as the counters need."""
        return self.wants(200, 58)

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802
        """Rate and latency large, counters beside them: dim while they are zero."""
        brush, unit, width = Brush(self, self.unit), self.unit, float(self.width())
        figures = QRectF(0, 0, width, 34 * unit)
        x = brush.text(figures, self._fps, 28, INKS["text"], bold=True) + 5 * unit
        x += brush.text(figures.adjusted(x, 6 * unit, 0, 0), "fps", 13.5, INKS["dim"]) + 16 * unit
        x += brush.text(figures.adjusted(x, 0, 0, 0), self._latency, 28, INKS[self._latency_ink], bold=True) + 5 * unit
        x += brush.text(figures.adjusted(x, 6 * unit, 0, 0), "ms", 13.5, INKS["dim"]) + 14 * unit
        wrong = [(name, number) for name, number in self._counts if number]
        below = QRectF(x, 6 * unit, width - x, 28 * unit)
        words = "   ".join(counted_text(name, number) for name, number in wrong[:3]) or self._device
        ink = "bad" if any(name == "faults" for name, _ in wrong) else "warn" if wrong else "quiet"
        lower = QRectF(0, 37 * unit, width, 20 * unit)
        lower.setLeft(brush.text(lower, words, 13.5, INKS[ink]) + 8 * unit)
        wanted = QFontMetricsF(font(13.5 * unit)).horizontalAdvance(self._traded)
        room = below if wanted <= below.width() else lower  # on the second line where the first is full
        brush.text(room, self._traded, 13.5, INKS[self._traded_ink], align=Qt.AlignmentFlag.AlignRight)
        brush.end()


def counted_text(name: str, number: int) -> str:
    """A counter in words: "1 fault", "3 faults", "2 dropped"."""
    return f"{number} {name.removesuffix('s') if number == 1 else name}"
