"""Palette and type of the panel: the HUD's inks on dark cards, and one unit that scales with the window."""

from html import escape

from PyQt5.QtCore import QRectF, QSize, Qt
from PyQt5.QtGui import QColor, QFont, QFontMetricsF, QPaintDevice, QPainter, QPalette, QPen
from PyQt5.QtWidgets import QStyle, QStyleFactory, QWidget

from livegan.ui.hud import FAMILIES, INK

GROUND = QColor(11, 12, 17)  # of the window
CARD = QColor(19, 21, 28)
RAISED = QColor(31, 34, 44)  # what can be pressed
EDGE_LINE = QColor(45, 49, 62)
DARK_TEXT = QColor(10, 11, 16)  # on a lit button
INKS = INK
REFERENCE = (1200.0, 720.0)  # the window in which the unit is 1 [px]
SMALLEST, LARGEST = 0.8, 4.0

_FONTS: dict[tuple[int, bool], QFont] = {}


def unit_for(width: int, height: int) -> float:
    """The unit of a window of this size [px]: text and controls are as large in it as it is."""
    unit = min(width / REFERENCE[0], height / REFERENCE[1])
    return min(max(round(unit * 20) / 20, SMALLEST), LARGEST)


def unit_of(widget: QWidget) -> float:
    """The unit of the window in which a widget lies."""
    window = widget.window() or widget
    return unit_for(window.width(), window.height())


def font(points: float, *, bold: bool = False) -> QFont:
    """The panel's face, `points` pixels high."""
    key = (round(points), bold)
    if key not in _FONTS:
        face = QFont()
        face.setFamilies(FAMILIES)
        face.setPixelSize(max(key[0], 1))
        face.setBold(bold)
        _FONTS[key] = face
    return _FONTS[key]


def dark_palette() -> QPalette:
    """For the few widgets that Qt paints itself: lines of text, lists that open."""
    palette = QPalette()
    for role, colour in (
        (QPalette.ColorRole.Window, GROUND),
        (QPalette.ColorRole.WindowText, INKS["text"]),
        (QPalette.ColorRole.Base, CARD),
        (QPalette.ColorRole.AlternateBase, RAISED),
        (QPalette.ColorRole.Text, INKS["text"]),
        (QPalette.ColorRole.Button, RAISED),
        (QPalette.ColorRole.ButtonText, INKS["text"]),
        (QPalette.ColorRole.Highlight, INKS["cold"].darker(180)),
        (QPalette.ColorRole.HighlightedText, INKS["text"]),
        (QPalette.ColorRole.PlaceholderText, INKS["quiet"]),
        (QPalette.ColorRole.ToolTipBase, RAISED),
        (QPalette.ColorRole.ToolTipText, INKS["text"]),
        (QPalette.ColorRole.Mid, EDGE_LINE),
        (QPalette.ColorRole.Dark, EDGE_LINE),
    ):
        palette.setColor(role, colour)
    return palette


def dress(widget: QWidget) -> None:
    """Give a widget that Qt paints itself the panel's colours, alike on every system."""
    if not _STYLES:
        style = QStyleFactory.create("Fusion")
        if style is not None:
            _STYLES.append(style)
    if _STYLES:
        widget.setStyle(_STYLES[0])
    widget.setPalette(dark_palette())


_STYLES: list[QStyle] = []  # kept: a widget does not own its style


class Painted(QWidget):
    """Widget painted by hand: `show_value` paints it again only where its value has changed.

    An `opaque` one begins with its ground, so that what lies below it is not painted with it.
    """

    opaque = False

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.unit = 1.0
        self._value: object = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent, self.opaque)

    @property
    def ground(self) -> QColor:
        """The colour that it lies on: a card's, or the window's."""
        below = self.parentWidget()
        while below is not None:
            paper = getattr(below, "paper", None)
            if isinstance(paper, QColor):
                return paper
            below = below.parentWidget()
        return GROUND

    def setToolTip(self, text: str | None) -> None:  # noqa: N802
        """Qt would read a text with tags as HTML, and load its pictures: titles and words come from anywhere."""
        super().setToolTip(f"<p style='white-space:pre'>{escape(text)}</p>" if text and "<" in text else text)

    def show_value(self, value: object) -> bool:
        """Take a value to paint; whether it is another one than before."""
        if value == self._value:
            return False
        self._value = value
        self.update()
        return True

    def rescale(self, unit: float) -> None:
        """The window has another size: everything is `unit` times as large as in a small one."""
        self.unit = unit
        self.updateGeometry()
        self.update()

    def wants(self, width: float, height: float) -> QSize:
        """A size in units, in pixels."""
        return QSize(round(width * self.unit), round(height * self.unit))


class Brush:
    """Drawing of cards, bars, lights and cut text on a widget or a picture, in pixels; its pen is ended by `end`."""

    def __init__(self, device: QPaintDevice, unit: float) -> None:
        self.pen = QPainter(device)
        if isinstance(device, Painted) and device.opaque:
            self.pen.fillRect(device.rect(), device.ground)
        self.pen.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.pen.setPen(Qt.PenStyle.NoPen)
        self.unit = unit

    def end(self) -> None:
        """Every `paintEvent` calls it last."""
        self.pen.end()

    def box(self, rect: QRectF, ink: QColor, radius: float = 6.0, line: QColor | None = None) -> None:
        """A rounded box, `radius` in units."""
        self.pen.setBrush(ink)
        self.pen.setPen(QPen(line, max(self.unit, 1.0)) if line is not None else Qt.PenStyle.NoPen)
        self.pen.drawRoundedRect(rect, radius * self.unit, radius * self.unit)
        self.pen.setPen(Qt.PenStyle.NoPen)

    def ring(self, rect: QRectF, radius: float = 6.0, ink: QColor = INKS["cold"]) -> None:
        """The ring around what has the focus."""
        width = max(2.0 * self.unit, 2.0)
        self.pen.setBrush(Qt.BrushStyle.NoBrush)
        self.pen.setPen(QPen(ink, width))
        half = width / 2
        self.pen.drawRoundedRect(rect.adjusted(half, half, -half, -half), radius * self.unit, radius * self.unit)
        self.pen.setPen(Qt.PenStyle.NoPen)

    def text(
        self,
        rect: QRectF,
        words: str,
        size: float,
        ink: QColor,
        *,
        bold: bool = False,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
        elide: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        underline: str = "",
    ) -> float:
        """One line of `size` units in the middle of a rectangle's height, cut with an ellipsis; its width [px].

        The first letter `underline` in it has a line below: Alt and it press the button.
        """
        face = font(size * self.unit, bold=bold)
        metrics = QFontMetricsF(face)
        width = metrics.horizontalAdvance(words)
        if width > rect.width():
            words = metrics.elidedText(words, elide, rect.width())
            width = metrics.horizontalAdvance(words)
        self.pen.setFont(face)
        self.pen.setPen(ink)
        flags = Qt.TextFlag.TextSingleLine
        if underline and underline in words:
            words = words.replace("&", "&&").replace(underline, f"&{underline}", 1)
            flags = Qt.TextFlag.TextShowMnemonic
        self.pen.drawText(rect, int(align | Qt.AlignmentFlag.AlignVCenter) | int(flags), words)
        self.pen.setPen(Qt.PenStyle.NoPen)
        return width

    def bar(self, rect: QRectF, value: float, ink: QColor) -> None:
        """A level of 0..1 on its track."""
        round_ = rect.height() / 2
        self.pen.setBrush(INKS["track"])
        self.pen.drawRoundedRect(rect, round_, round_)
        filled = rect.width() * min(max(value, 0.0), 1.0)
        if filled >= 1.0:
            self.pen.setBrush(ink)
            self.pen.drawRoundedRect(
                QRectF(rect.x(), rect.y(), max(filled, rect.height()), rect.height()), round_, round_
            )

    def light(self, x: float, y: float, size: float, ink: QColor, amount: float = 1.0) -> None:
        """A round light in the middle of (x, y), `size` units wide; `amount` 0 is dark."""
        side = size * self.unit
        shade = QColor(ink)
        shade.setAlphaF(0.14 + 0.86 * min(max(amount, 0.0), 1.0))
        self.pen.setBrush(shade)
        self.pen.drawEllipse(QRectF(x - side / 2, y - side / 2, side, side))
