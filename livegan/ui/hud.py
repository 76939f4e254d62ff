"""The HUD: numbers and meters painted into a small picture, a few times a second. Costs nothing when it is off."""

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QColor, QFont, QFontMetricsF, QImage, QLinearGradient, QPainter

from livegan.ui.hud_data import Reading

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
PAPER = QColor(9, 10, 15, 222)
FAMILIES = ["Inter", "Helvetica Neue", "Segoe UI", "Noto Sans", "DejaVu Sans"]
LATENCY_FULL_MS = 120.0  # the whole length of the latency bar
INTERVAL_FULL_S = 0.04  # the whole height of the interval strip


def scale_for(window: tuple[int, int]) -> float:
    """How large the HUD is painted in a window of (width, height) pixels: readable from the desk."""
    return min(max(min(window) / 760.0, 0.85), 3.0)


class Hud:
    """Paints readings; main thread only, a Qt application must exist."""

    def __init__(self) -> None:
        """Nothing painted yet."""
        self._fonts: dict[tuple[float, bool], QFont] = {}

    def paint(self, reading: Reading, scale: float = 1.0) -> NDArray[np.uint8]:
        """One panel (h, w, 4) RGBA, colours multiplied by alpha; its height follows what there is to say."""
        rows = _rows(reading)
        height = EDGE * 2 + sum(row_height for _, row_height in rows)
        image = QImage(round(WIDTH * scale), round(height * scale), QImage.Format.Format_RGBA8888_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        pen = QPainter(image)
        pen.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen.scale(scale, scale)
        pen.setPen(Qt.PenStyle.NoPen)
        pen.setBrush(PAPER)
        pen.drawRoundedRect(QRectF(0, 0, WIDTH, height), 10, 10)
        brush = _Brush(pen, self)
        top = EDGE
        for name, row_height in rows:
            getattr(brush, f"row_{name}")(reading, top)
            top += row_height
        pen.end()
        return _pixels(image)

    def paint_hint(self, text: str, scale: float = 1.0) -> NDArray[np.uint8]:
        """One line in a dark pill, for the bottom of the screen."""
        font = self.font(15, bold=False)
        width = QFontMetricsF(font).horizontalAdvance(text) + 44
        image = QImage(round(width * scale), round(40 * scale), QImage.Format.Format_RGBA8888_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        pen = QPainter(image)
        pen.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen.scale(scale, scale)
        pen.setPen(Qt.PenStyle.NoPen)
        pen.setBrush(PAPER)
        pen.drawRoundedRect(QRectF(0, 0, width, 40), 20, 20)
        pen.setPen(INK["text"])
        pen.setFont(font)
        pen.drawText(QRectF(0, 0, width, 40), Qt.AlignmentFlag.AlignCenter, text)
        pen.end()
        return _pixels(image)

    def font(self, size: float, *, bold: bool) -> QFont:
        """A face of `size` points in panel coordinates."""
        if (size, bold) not in self._fonts:
            font = QFont()
            font.setFamilies(FAMILIES)
            font.setPixelSize(round(size))
            font.setBold(bold)
            self._fonts[size, bold] = font
        return self._fonts[size, bold]


def _rows(reading: Reading) -> list[tuple[str, float]]:
    """Names and heights of the rows this reading needs, from the top."""
    rows = [("title", 46.0), ("rate", 50.0), ("times", 38.0), ("latency", 36.0)]
    if reading.engine is not None:
        rows.append(("meters", 46.0))
        if reading.engine.knobs:
            rows.append(("knobs", 12.0 + 24.0 * ((min(len(reading.engine.knobs), 8) + 1) // 2)))
    rows.append(("counts", 40.0))
    if reading.engine is not None:
        if reading.engine.bank:
            rows.append(("bank", 18.0))
        rows.append(("places", 34.0 if reading.recording else 20.0))
        if reading.engine.notices:
            rows.append(("notices", 4.0 + 17.0 * min(len(reading.engine.notices), 4)))
    return rows


class _Brush:
    """Draws each row at its height."""

    def __init__(self, pen: QPainter, hud: Hud) -> None:
        self._pen = pen
        self._hud = hud

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
    ) -> float:
        """Write from `left`, or so that it ends at `right`; cut with an ellipsis at the panel's edge. Its width."""
        font = self._hud.font(size, bold=bold)
        metrics = QFontMetricsF(font)
        words = metrics.elidedText(
            words, Qt.TextElideMode.ElideRight, (right or WIDTH - EDGE) - (left if right is None else EDGE)
        )
        width = metrics.horizontalAdvance(words)
        self._pen.setFont(font)
        self._pen.setPen(INK[ink])
        self._pen.drawText(QPointF(left if right is None else right - width, top + size), words)
        self._pen.setPen(Qt.PenStyle.NoPen)
        return width

    def bar(self, left: float, top: float, width: float, value: float, ink: str, height: float = 6.0) -> None:
        """A level of 0..1 on its track."""
        round_ = height / 2
        self._pen.setBrush(INK["track"])
        self._pen.drawRoundedRect(QRectF(left, top, width, height), round_, round_)
        filled = width * min(max(value, 0.0), 1.0)
        if filled >= 1.0:
            self._pen.setBrush(INK[ink])
            self._pen.drawRoundedRect(QRectF(left, top, max(filled, height), height), round_, round_)

    def row_title(self, reading: Reading, top: float) -> None:
        """The scene, what must be seen, and the network."""
        right = WIDTH - EDGE
        for words, ink in reading.marks:
            right -= self.text(0, top + 3, words, 11, ink, bold=True, right=right) + 10
        engine = reading.engine
        font = self._hud.font(18, bold=True)
        name = QFontMetricsF(font).elidedText(
            engine.scene if engine else "waiting for the first frame", Qt.TextElideMode.ElideRight, right - EDGE
        )
        self.text(EDGE, top - 2, name, 18, "text", bold=True)
        if engine:
            self.text(EDGE, top + 22, f"{engine.network}  ·  {engine.device}", 11, "dim")

    def row_rate(self, reading: Reading, top: float) -> None:
        """Frames per second, and each of the newest intervals as a thin bar."""
        width = self.text(EDGE, top, f"{reading.fps:.0f}", 30, "text", bold=True)
        self.text(EDGE + width + 6, top + 15, "fps", 13, "dim")
        left, right, height = 112.0, WIDTH - EDGE, 34.0
        self._pen.setBrush(INK["track"])
        self._pen.drawRect(QRectF(left, top + height, right - left, 1))
        step = (right - left) / 90
        for at, seconds in enumerate(reading.recent_s):
            tall = min(seconds / INTERVAL_FULL_S, 1.0) * height
            late = seconds > 1.5 * reading.interval_ms["p50"] / 1e3 if reading.interval_ms["p50"] else False
            self._pen.setBrush(INK["warn" if late else "good"])
            x = right - step * (len(reading.recent_s) - at)
            self._pen.drawRect(QRectF(x, top + height - tall, step * 0.62, tall))

    def row_times(self, reading: Reading, top: float) -> None:
        """How long a frame stood, and how long it took to make: half of them, nearly all, the worst."""
        kinds = [("frame ms", reading.interval_ms)]
        if reading.engine is not None:
            kinds.append(("render ms", reading.engine.render_ms))
        for line, (name, times) in enumerate(kinds):
            y = top + 17 * line
            self.text(EDGE, y, name, 11, "dim")
            for column, (label, key) in enumerate((("p50", "p50"), ("p99", "p99"), ("max", "max"))):
                x = 88 + column * 74
                self.text(x, y, label, 11, "quiet")
                ms: float = times[key]  # type: ignore[literal-required]
                self.text(0, y, f"{ms:.1f}" if ms < 1000 else f"{ms:.0f}", 11, "text", right=float(x + 62))

    def row_latency(self, reading: Reading, top: float) -> None:
        """From the microphone to the light: a bar to the middle value, a tick at the 95th of a hundred."""
        times = reading.latency_ms
        self.text(EDGE, top, "sound to light", 11, "dim")
        if times is None:
            self.text(0, top, "nothing heard yet", 11, "quiet", right=WIDTH - EDGE)
            self.bar(EDGE, top + 18, WIDTH - 2 * EDGE, 0.0, "good")
            return
        ink = "good" if times["p95"] <= 60 else "warn" if times["p95"] <= 100 else "bad"
        self.text(0, top, f"{times['p50']:.0f} ms   p95 {times['p95']:.0f}", 12, "text", bold=True, right=WIDTH - EDGE)
        full = WIDTH - 2 * EDGE
        self.bar(EDGE, top + 18, full, times["p50"] / LATENCY_FULL_MS, ink)
        tick = EDGE + full * min(times["p95"] / LATENCY_FULL_MS, 1.0)
        self._pen.setBrush(INK["text"])
        self._pen.drawRect(QRectF(tick - 1, top + 16, 2, 10))

    def row_meters(self, reading: Reading, top: float) -> None:
        """Level and onset."""
        assert reading.engine is not None
        left, width = 72.0, WIDTH - EDGE - 72.0
        self.text(EDGE, top, "level", 11, "dim")
        value = min(max(reading.engine.level, 0.0), 1.0)
        self.bar(left, top + 4, width, 0.0, "good", 8)
        if value > 0.01:
            shade = QLinearGradient(left, 0, left + width, 0)
            for at, ink in ((0.0, "good"), (0.7, "good"), (0.88, "warn"), (1.0, "bad")):
                shade.setColorAt(at, INK[ink])
            self._pen.setBrush(shade)
            self._pen.drawRoundedRect(QRectF(left, top + 4, max(width * value, 8), 8), 4, 4)
        self.text(EDGE, top + 19, "onset", 11, "dim")
        tempo = f"{reading.engine.bpm:.0f} bpm" if reading.engine.bpm else ""
        taken = self.text(0, top + 19, tempo, 11, "text", right=WIDTH - EDGE) + 8 if tempo else 0.0
        self.bar(left, top + 23, width - taken, reading.engine.onset, "cold", 8)

    def row_knobs(self, reading: Reading, top: float) -> None:
        """What the hands hold, in two columns."""
        assert reading.engine is not None
        column = (WIDTH - 2 * EDGE - 16) / 2
        for at, (name, value) in enumerate(reading.engine.knobs[:8]):
            x = EDGE + (at % 2) * (column + 16)
            y = top + (at // 2) * 24
            font = self._hud.font(11, bold=False)
            short = QFontMetricsF(font).elidedText(name, Qt.TextElideMode.ElideMiddle, column)
            self.text(x, y, short, 11, "dim")
            self.bar(x, y + 15, column, value, "text", 3)

    def row_counts(self, reading: Reading, top: float) -> None:
        """What should stay at nought: quiet while it does."""
        column = (WIDTH - 2 * EDGE) / 4
        for at, (name, number) in enumerate(reading.counts):
            x = EDGE + at * column
            ink = "quiet" if not number else "bad" if name == "faults" else "warn"
            self.text(x, top, str(number), 14, ink, bold=bool(number))
            self.text(x, top + 17, name, 10, "quiet" if not number else "dim")

    def row_bank(self, reading: Reading, top: float) -> None:
        """How many networks are ready, and the memory they hold."""
        assert reading.engine is not None
        self.text(EDGE, top, reading.engine.bank, 11, "dim")

    def row_places(self, reading: Reading, top: float) -> None:
        """Where the sound comes from, and where the recording goes."""
        assert reading.engine is not None
        self.text(EDGE, top, reading.engine.source, 11, "dim")
        if reading.recording:
            self.text(EDGE, top + 15, f"recording {reading.recording}", 11, "bad")

    def row_notices(self, reading: Reading, top: float) -> None:
        """What the engine wants people to know."""
        assert reading.engine is not None
        for at, notice in enumerate(reading.engine.notices[-4:]):
            self.text(EDGE, top + 4 + at * 17, notice, 11, "warn")


def _pixels(image: QImage) -> NDArray[np.uint8]:
    """The image's own numbers (h, w, 4), copied; rows of RGBA are never padded."""
    bits = image.constBits()
    assert bits is not None
    data = bits.asstring(image.sizeInBytes())
    return np.frombuffer(data, np.uint8).reshape(image.height(), image.width(), 4)
