"""Head-up display (HUD): numbers and meters painted into a small image, a few times a second."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from textwrap import wrap

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QColor, QFont, QFontMetricsF, QLinearGradient, QPainter

from livegan.engine.telemetry import Telemetry
from livegan.ui.hud_data import HudData
from livegan.ui.overlay_image import MARGIN_PX, begin_overlay, end_overlay, lines_within

WIDTH = 316.0  # of the panel [points], before scaling
EDGE = 16.0
INK = {
    "text": QColor(238, 240, 245),
    "dim": QColor(178, 184, 198),
    "quiet": QColor(126, 132, 148),
    "track": QColor(255, 255, 255, 28),
    "good": QColor(94, 224, 200),
    "cold": QColor(122, 184, 255),
    "warn": QColor(255, 184, 84),
    "bad": QColor(255, 96, 96),
}
FAMILIES = ["Inter", "Helvetica Neue", "Segoe UI", "Noto Sans", "DejaVu Sans"]
LATENCY_FULL_MS = 120.0  # the whole length of the latency bar
MANY_FLASHES = 4.0  # in a second: more than may be shown
INTERVAL_FULL_S = 0.04  # the whole height of the interval strip
PILL, HINT_LINE = 44.0, 20.0  # around the words of a hint, from line to line [points]
NOTICE_WIDTH, NOTICE_LINES = 48, 3  # characters in a line, lines of one notice
NOTICE_HEIGHT = 15.0  # of a line [points]


def scale_for(window: tuple[int, int]) -> float:
    """How large the HUD is painted in a window of (width, height) pixels: readable from a few metres."""
    return min(max(min(window) / 760.0, 0.85), 3.0)


class Hud:
    """HUD renderer; main thread only, a Qt application must exist."""

    def __init__(self) -> None:
        self._fonts: dict[tuple[float, bool], QFont] = {}

    def paint(self, data: HudData, scale: float = 1.0) -> NDArray[np.uint8]:
        """One panel (h, w, 4) RGBA, colours multiplied by alpha; its height follows its rows."""
        heights = [row.height(data) for row in ROWS]
        height = EDGE * 2 + sum(heights)
        image, pen = begin_overlay(WIDTH, height, scale, 10)
        brush = Brush(pen, self)
        top = EDGE
        for row, row_height in zip(ROWS, heights, strict=True):
            if row_height:
                row.draw(brush, data, top)
            top += row_height
        return end_overlay(image, pen)

    def paint_hint(self, text: str, scale: float = 1.0, window_px: float = float("inf")) -> NDArray[np.uint8]:
        """One line in a dark pill, for the bottom of a window so wide; several lines where it is narrow."""
        font = self.font(15, bold=False)
        lines = lines_within(text, font, (window_px - 2 * MARGIN_PX) / scale - PILL)
        width = max(map(QFontMetricsF(font).horizontalAdvance, lines)) + PILL
        height = 40.0 + HINT_LINE * (len(lines) - 1)
        image, pen = begin_overlay(width, height, scale, 20)
        pen.setPen(INK["text"])
        pen.setFont(font)
        for number, line in enumerate(lines):
            pen.drawText(QRectF(0, HINT_LINE * number, width, 40), Qt.AlignmentFlag.AlignCenter, line)
        return end_overlay(image, pen)

    def font(self, size: float, *, bold: bool) -> QFont:
        """A face of `size` points in panel coordinates."""
        if (size, bold) not in self._fonts:
            font = QFont()
            font.setFamilies(FAMILIES)
            font.setPixelSize(round(size))
            font.setBold(bold)
            self._fonts[size, bold] = font
        return self._fonts[size, bold]


class Brush:
    """Drawing of text and bars in panel coordinates [points]."""

    def __init__(self, pen: QPainter, hud: Hud) -> None:
        self.pen = pen
        self.font = hud.font

    def text(
        self,
        left: float,
        top: float,
        words: str,
        size: float,
        ink: str,
        *,
        bold: bool = False,
        right: float | None = None,
        end: float = WIDTH - EDGE,
    ) -> float:
        """Write from `left`, or so that it ends at `right`; cut with an ellipsis at `end`. Its width."""
        font = self.font(size, bold=bold)
        metrics = QFontMetricsF(font)
        words = metrics.elidedText(
            words, Qt.TextElideMode.ElideRight, (right or end) - (left if right is None else EDGE)
        )
        width = metrics.horizontalAdvance(words)
        self.pen.setFont(font)
        self.pen.setPen(INK[ink])
        self.pen.drawText(QPointF(left if right is None else right - width, top + size), words)
        self.pen.setPen(Qt.PenStyle.NoPen)
        return width

    def bar(self, left: float, top: float, width: float, value: float, ink: str, height: float = 6.0) -> None:
        """A level of 0..1 on its track."""
        round_ = height / 2
        self.pen.setBrush(INK["track"])
        self.pen.drawRoundedRect(QRectF(left, top, width, height), round_, round_)
        filled = width * min(max(value, 0.0), 1.0)
        if filled >= 1.0:
            self.pen.setBrush(INK[ink])
            self.pen.drawRoundedRect(QRectF(left, top, max(filled, height), height), round_, round_)


def _draw_title(brush: Brush, data: HudData, top: float) -> None:
    """Scene, warning marks, network and device."""
    right = WIDTH - EDGE
    for words, ink in data.marks:
        right -= brush.text(0, top + 3, words, 11, ink, bold=True, right=right) + 10
    engine = data.engine
    font = brush.font(18, bold=True)
    name = QFontMetricsF(font).elidedText(
        engine.scene if engine else "waiting for the first frame", Qt.TextElideMode.ElideRight, right - EDGE
    )
    brush.text(EDGE, top - 2, name, 18, "text", bold=True)
    if engine:
        cue, right = f"\u25b8 {engine.cued}" if engine.cued else "", WIDTH - EDGE
        right -= brush.text(0, top + 22, cue, 11, "cold", right=right) + 10 if cue else 0
        words = QFontMetricsF(brush.font(11, bold=False)).elidedText(
            f"{engine.network}  ·  {engine.device}", Qt.TextElideMode.ElideRight, right - EDGE
        )
        brush.text(EDGE, top + 22, words, 11, "dim")


def _draw_rate(brush: Brush, data: HudData, top: float) -> None:
    """Frames per second, and each of the newest intervals as a thin bar."""
    width = brush.text(EDGE, top, f"{data.fps:.0f}", 30, "text", bold=True)
    brush.text(EDGE + width + 6, top + 15, "fps", 13, "dim")
    left, right, height = 112.0, WIDTH - EDGE, 34.0
    brush.pen.setBrush(INK["track"])
    brush.pen.drawRect(QRectF(left, top + height, right - left, 1))
    step = (right - left) / 90
    for at, seconds in enumerate(data.recent_s):
        tall = min(seconds / INTERVAL_FULL_S, 1.0) * height
        late = seconds > 1.5 * data.interval_ms["p50"] / 1e3 if data.interval_ms["p50"] else False
        brush.pen.setBrush(INK["warn" if late else "good"])
        x = right - step * (len(data.recent_s) - at)
        brush.pen.drawRect(QRectF(x, top + height - tall, step * 0.62, tall))


def _draw_times(brush: Brush, data: HudData, top: float) -> None:
    """Percentiles of the frame interval and of the render time."""
    kinds = [("frame ms", data.interval_ms)]
    if data.engine is not None:
        kinds.append(("render ms", data.engine.renders.percentiles()))
    for line, (name, times) in enumerate(kinds):
        y = top + 17 * line
        brush.text(EDGE, y, name, 11, "dim")
        for column, (label, key) in enumerate((("p50", "p50"), ("p99", "p99"), ("max", "max"))):
            x = 88 + column * 74
            brush.text(x, y, label, 11, "quiet")
            ms: float = times[key]  # type: ignore[literal-required]
            brush.text(0, y, f"{ms:.1f}" if ms < 1000 else f"{ms:.0f}", 11, "text", right=float(x + 62))


def _draw_latency(brush: Brush, data: HudData, top: float) -> None:
    """Latency from sound to light: a bar to the median, a tick at the 95th percentile."""
    times = data.latency_ms
    brush.text(EDGE, top, "sound to light", 11, "dim")
    if times is None:
        brush.text(0, top, "nothing heard yet", 11, "quiet", right=WIDTH - EDGE)
        brush.bar(EDGE, top + 18, WIDTH - 2 * EDGE, 0.0, "good")
        return
    ink = "good" if times["p95"] <= 60 else "warn" if times["p95"] <= 100 else "bad"
    brush.text(0, top, f"{times['p50']:.0f} ms   p95 {times['p95']:.0f}", 12, "text", bold=True, right=WIDTH - EDGE)
    full = WIDTH - 2 * EDGE
    brush.bar(EDGE, top + 18, full, times["p50"] / LATENCY_FULL_MS, ink)
    tick = EDGE + full * min(times["p95"] / LATENCY_FULL_MS, 1.0)
    brush.pen.setBrush(INK["text"])
    brush.pen.drawRect(QRectF(tick - 1, top + 16, 2, 10))


def _draw_meters(brush: Brush, data: HudData, top: float) -> None:
    """Level and onset."""
    assert data.engine is not None
    left, width = 72.0, WIDTH - EDGE - 72.0
    brush.text(EDGE, top, "level", 11, "dim")
    value = min(max(data.engine.level, 0.0), 1.0)
    brush.bar(left, top + 4, width, 0.0, "good", 8)
    if value > 0.01:
        shade = QLinearGradient(left, 0, left + width, 0)
        for at, ink in ((0.0, "good"), (0.7, "good"), (0.88, "warn"), (1.0, "bad")):
            shade.setColorAt(at, INK[ink])
        brush.pen.setBrush(shade)
        brush.pen.drawRoundedRect(QRectF(left, top + 4, max(width * value, 8), 8), 4, 4)
    brush.text(EDGE, top + 19, "onset", 11, "dim")
    brush.bar(left, top + 23, width, data.engine.onset, "cold", 8)


def _draw_beat(brush: Brush, data: HudData, top: float) -> None:
    """Tempo of the beat, and where it comes from."""
    assert data.engine is not None
    brush.text(EDGE, top, "beat", 11, "dim")
    bpm, reason = data.engine.bpm, data.engine.clock
    tempo = f"{bpm:.1f} bpm" if bpm else "none heard"
    taken = brush.text(0, top, tempo, 11, "text" if bpm else "quiet", right=WIDTH - EDGE) + 8
    reason = reason.replace("MIDI clock from", "MIDI from")  # room for the name
    reason = reason if bpm else reason.removeprefix("heard").strip()
    ink = "warn" if ":" in reason else "dim"  # not the clock that was there, or is asked for
    brush.text(72.0, top, reason, 11, ink, end=WIDTH - EDGE - taken)


def _draw_flashes(brush: Brush, data: HudData, top: float) -> None:
    """Flashes that the pictures asked for in the last second, of the three that are shown; red ones where there are."""
    assert data.engine is not None
    brush.text(EDGE, top, "flashes", 11, "dim")
    if data.engine.flashes is None:
        brush.text(72.0, top, "not limited (venue)", 11, "warn")
        return
    every, red = data.engine.flashes
    most = max(every, red)
    words = f"{most:.1f} /s" if most < MANY_FLASHES else "4+ /s"
    words += f" on {data.engine.flash_area:.0%}" if data.engine.flash_area >= 0.01 else ""
    words = f"red {words}" if red > every else words
    ink = "warn" if data.engine.limiting else "dim"
    taken = brush.text(0, top, words, 11, ink, right=WIDTH - EDGE) + 8
    brush.bar(72.0, top + 4, WIDTH - EDGE - 72.0 - taken, most / MANY_FLASHES, "warn" if most > 3 else "cold", 8)


def _draw_knobs(brush: Brush, data: HudData, top: float) -> None:
    """Parameters that controls have moved, in two columns."""
    assert data.engine is not None
    column = (WIDTH - 2 * EDGE - 16) / 2
    for at, (name, value) in enumerate(data.engine.knobs[:8]):
        x = EDGE + (at % 2) * (column + 16)
        y = top + (at // 2) * 24
        font = brush.font(11, bold=False)
        turn = {1: "turn \u25b8", -1: "\u25c2 turn"}.get(data.engine.turns.get(name, 0), "")
        taken = brush.text(0, y, turn, 10, "warn", right=x + column) + 4 if turn else 0.0
        short = QFontMetricsF(font).elidedText(name, Qt.TextElideMode.ElideMiddle, column - taken)
        brush.text(x, y, short, 11, "dim")
        brush.bar(x, y + 15, column, value, "warn" if turn else "text", 3)


def _draw_counts(brush: Brush, data: HudData, top: float) -> None:
    """Counters that should stay at zero: dim while they do."""
    column = (WIDTH - 2 * EDGE) / len(data.counts)
    for at, (name, number) in enumerate(data.counts):
        x = EDGE + at * column
        ink = "quiet" if not number else "bad" if name == "faults" else "warn"
        brush.text(x, top, str(number), 14, ink, bold=bool(number))
        brush.text(x, top + 17, name, 10, "quiet" if not number else "dim")


def _draw_quality(brush: Brush, data: HudData, top: float) -> None:
    """What is traded for the frame rate."""
    assert data.engine is not None
    brush.text(EDGE, top, data.engine.quality, 11, "cold")


def _draw_prompt(brush: Brush, data: HudData, top: float) -> None:
    """Words that the picture follows, or the music, and what was understood."""
    assert data.engine is not None
    words, understood = data.engine.prompt
    width = brush.text(EDGE, top, "words" if words else "music", 11, "quiet") + 8
    brush.text(EDGE + width, top, words or understood, 11, "text")
    if words:
        brush.text(EDGE, top + 15, understood or "not understood", 11, "dim")


def _prompt_height(engine: Telemetry) -> float:
    words, understood = engine.prompt
    return 36.0 if words else 21.0 if understood else 0.0


def _draw_bank(brush: Brush, data: HudData, top: float) -> None:
    """Networks that are ready, and the memory they hold."""
    assert data.engine is not None
    brush.text(EDGE, top, data.engine.bank, 11, "dim")


def _draw_files(brush: Brush, data: HudData, top: float) -> None:
    """Sound source and recording file."""
    assert data.engine is not None
    brush.text(EDGE, top, data.engine.source, 11, "dim")
    if data.recording:
        brush.text(EDGE, top + 15, f"recording {data.recording}", 11, "bad")


def _draw_notices(brush: Brush, data: HudData, top: float) -> None:
    """Newest notices of the engine."""
    assert data.engine is not None
    for at, line in enumerate(notice_lines(data.engine.notices)):
        brush.text(EDGE, top + 4 + at * NOTICE_HEIGHT, line, 11, "warn")


def notice_lines(notices: Sequence[str]) -> list[str]:
    """The newest notices in lines that fit the panel; of a long one its first lines."""
    return [
        line
        for notice in notices[-4:]
        for line in wrap(notice, NOTICE_WIDTH, subsequent_indent="  ", max_lines=NOTICE_LINES, placeholder=" \u2026")
    ]


def _notices_height(engine: Telemetry) -> float:
    return (4.0 + NOTICE_HEIGHT * len(notice_lines(engine.notices))) * bool(engine.notices)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the HUD: its height for given data [points], 0 where it is left out, and the function that draws it."""

    height: Callable[[HudData], float]
    draw: Callable[[Brush, HudData, float], None]  # brush, data, top edge [points]


def _with_engine(height: Callable[[Telemetry], float]) -> Callable[[HudData], float]:
    """The height of a row that needs the engine's telemetry."""
    return lambda data: height(data.engine) if data.engine is not None else 0.0


def _knobs_height(engine: Telemetry) -> float:
    return 12.0 + 24.0 * ((min(len(engine.knobs), 8) + 1) // 2) if engine.knobs else 0.0


ROWS = (
    Row(lambda data: 46.0, _draw_title),
    Row(lambda data: 50.0, _draw_rate),
    Row(_with_engine(lambda engine: 20.0 * bool(engine.quality)), _draw_quality),
    Row(lambda data: 38.0, _draw_times),
    Row(lambda data: 36.0, _draw_latency),
    Row(_with_engine(lambda engine: 40.0), _draw_meters),
    Row(_with_engine(lambda engine: 25.0), _draw_beat),
    Row(_with_engine(_prompt_height), _draw_prompt),
    Row(_with_engine(lambda engine: 22.0), _draw_flashes),
    Row(_with_engine(_knobs_height), _draw_knobs),
    Row(lambda data: 40.0, _draw_counts),
    Row(_with_engine(lambda engine: 18.0 * bool(engine.bank)), _draw_bank),
    Row(lambda data: (34.0 if data.recording else 20.0) if data.engine is not None else 0.0, _draw_files),
    Row(_with_engine(_notices_height), _draw_notices),
)
