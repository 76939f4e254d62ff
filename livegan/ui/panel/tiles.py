"""Scene tiles: every scene of the show with its still; what plays, waits, is cued and is safe is marked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PyQt5.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PyQt5.QtGui import QColor, QKeyEvent, QMouseEvent, QPainterPath, QPaintEvent, QResizeEvent
from PyQt5.QtWidgets import QWidget

from livegan.ui.panel.button import ENTER
from livegan.ui.panel.look import CARD, DARK_TEXT, EDGE_LINE, INKS, RAISED, Brush, Painted
from livegan.ui.panel.stills import StillCache

NARROWEST = 172.0  # tile [units]
GAP, CAPTION = 12.0, 30.0
CUE_KEYS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.MetaModifier


@dataclass(frozen=True, slots=True)
class Tile:
    """One scene of the show."""

    number: int  # among them, from 0
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class SceneMarks:
    """Numbers of the scenes that are marked; -1: none."""

    playing: int = -1
    waiting: int = -1
    cued: int = -1
    safe: int = -1

    def of(self, number: int) -> tuple[str, str]:
        """Word and ink of a scene's mark, two empty ones where it has none."""
        if number == self.waiting:
            return "WAITS", "warn"
        if number == self.playing:
            return "PLAYS", "good"
        if number == self.cued:
            return "CUED", "cold"
        return ("SAFE", "text") if number == self.safe else ("", "")


class SceneTiles(Painted):
    """Tiles of scenes, as many columns as fit; a click plays one, a right click (or Shift, Ctrl) cues it."""

    opaque = True

    def __init__(
        self,
        stills: StillCache,
        play: Callable[[int], object],
        cue: Callable[[int], object],
        reveal: Callable[[QRect], object],
        parent: QWidget | None = None,
    ) -> None:
        """`play` and `cue` get a scene's number; `reveal` a rectangle that shall be scrolled into sight."""
        super().__init__(parent)
        self._stills, self._play, self._cue, self._reveal = stills, play, cue, reveal
        self._tiles: tuple[Tile, ...] = ()
        self.shown: tuple[Tile, ...] = ()  # those that the search lets through
        self._marks = SceneMarks()
        self._query = ""
        self._at = 0  # place among those shown that the arrow keys have reached
        self._over = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Scenes")
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_tiles(self, tiles: Sequence[Tile], marks: SceneMarks) -> None:
        """The scenes there are, and which are marked."""
        if tuple(tiles) != self._tiles:
            self._tiles = tuple(tiles)
            self._filter()
        if marks != self._marks:
            before, self._marks = self._marks, marks
            for place, tile in enumerate(self.shown):
                if before.of(tile.number) != marks.of(tile.number):
                    self.update(self.place(place))

    def search(self, words: str) -> None:
        """Show only scenes whose title or name has all these words."""
        self._query = words.lower()
        self._filter()

    def play_first(self) -> None:
        """Play the first scene that the search lets through."""
        if self._query and self.shown:
            self._play(self.shown[0].number)

    def read_still(self) -> None:
        """Read one still that is not there yet, and paint its tile."""
        name = self._stills.read_next()
        if name:
            for place, tile in enumerate(self.shown):
                if tile.name == name:
                    self.update(self.place(place))

    def place(self, at: int) -> QRect:
        """Where the tile at a place is."""
        columns, width, height = self._grid()
        gap = GAP * self.unit
        x, y = (at % columns) * (width + gap), (at // columns) * (height + gap)
        return QRect(round(x), round(y), round(width), round(height))

    def rescale(self, unit: float) -> None:
        """The window has another size."""
        super().rescale(unit)
        self._settle()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """Other columns, and another height."""
        super().resizeEvent(event)
        self._settle()

    def sizeHint(self) -> QSize:  # noqa: N802
        """As high as its rows."""
        return QSize(self.wants(NARROWEST, 0).width(), self._height())

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Arrows walk, Enter plays, Shift+Enter cues; every other key is the show's."""
        if event is None:
            return
        columns, _, _ = self._grid()
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -columns,
            Qt.Key.Key_Down: columns,
        }
        step = steps.get(Qt.Key(event.key()))
        if step is not None and self.shown:
            self._walk(min(max(self._at + step, 0), len(self.shown) - 1))
        elif event.key() in ENTER and self.shown:
            (self._cue if event.modifiers() & CUE_KEYS else self._play)(self.shown[self._at].number)
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Play or cue the scene under the mouse."""
        at = self._under(event.pos()) if event is not None else -1
        if event is None or at < 0:
            return
        cues = event.button() == Qt.MouseButton.RightButton or bool(event.modifiers() & CUE_KEYS)
        self._walk(at)
        (self._cue if cues else self._play)(self.shown[at].number)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """The tile under the mouse is a little lighter."""
        self._hover(self._under(event.pos()) if event is not None else -1)

    def leaveEvent(self, _event: object) -> None:  # noqa: N802
        """None is."""
        self._hover(-1)

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Those tiles that must be painted anew."""
        brush = Brush(self, self.unit)
        dirty = event.rect() if event is not None else self.rect()
        for place, tile in enumerate(self.shown):
            area = self.place(place)
            if area.intersects(dirty):
                self._paint(brush, QRectF(area), place, tile)
        if not self.shown and self._query:
            brush.text(QRectF(0, 0, self.width(), 60 * self.unit), "no scene is called so", 16, INKS["dim"])
        brush.end()

    def _paint(self, brush: Brush, area: QRectF, place: int, tile: Tile) -> None:
        unit = self.unit
        word, ink = self._marks.of(tile.number)
        picture = area.adjusted(0, 0, 0, -CAPTION * unit)
        brush.box(area, CARD if place != self._over else RAISED, 8)
        still = self._stills.pixmap(tile.name)
        if still is not None:
            path = QPainterPath()
            path.addRoundedRect(picture, 8 * unit, 8 * unit)
            brush.pen.setClipPath(path)
            dots = still.devicePixelRatioF()
            x = picture.center().x() - still.width() / dots / 2
            y = picture.center().y() - still.height() / dots / 2
            brush.pen.drawPixmap(QPoint(round(x), round(y)), still)
            brush.pen.setClipping(False)
        else:
            brush.box(picture, QColor(25, 28, 37), 8)
            brush.text(
                picture.adjusted(10, 0, -10, 0), tile.title, 20, INKS["dim"], align=Qt.AlignmentFlag.AlignHCenter
            )
        caption = QRectF(area.x() + 10 * unit, picture.bottom(), area.width() - 20 * unit, CAPTION * unit)
        if tile.number < 9:
            cap = QRectF(area.right() - 30 * unit, picture.bottom() + 5 * unit, 22 * unit, 20 * unit)
            brush.box(cap, RAISED, 5)
            brush.text(cap, str(tile.number + 1), 12, INKS["dim"], align=Qt.AlignmentFlag.AlignHCenter)
            caption.setRight(cap.left() - 6 * unit)
        brush.text(caption, tile.title, 14.5, INKS["text"], bold=word == "PLAYS")
        if word:
            badge = QRectF(picture.x() + 8 * unit, picture.y() + 8 * unit, (len(word) * 9 + 18) * unit, 22 * unit)
            brush.box(badge, INKS[ink], 11)
            brush.text(badge, word, 12, DARK_TEXT, bold=True, align=Qt.AlignmentFlag.AlignHCenter)
        if word and word != "SAFE":
            brush.ring(area, 8, INKS[ink])
        elif place == self._over:
            brush.ring(area, 8, EDGE_LINE)
        if self.hasFocus() and place == self._at:
            inset = 4 * unit
            brush.ring(area.adjusted(inset, inset, -inset, -inset), 6, INKS["text"])

    def _filter(self) -> None:
        words = self._query.split()
        kept = (tile for tile in self._tiles if all(word in f"{tile.title} {tile.name}".lower() for word in words))
        self.shown = tuple(kept)
        self._at, self._over = min(self._at, max(len(self.shown) - 1, 0)), -1
        self._settle()
        self.update()

    def _walk(self, at: int) -> None:
        before, self._at = self._at, at
        self.update(self.place(before))
        self.update(self.place(at))
        if self.hasFocus():
            self._reveal(self.place(at))

    def _hover(self, at: int) -> None:
        if at != self._over:
            before, self._over = self._over, at
            for place in (before, at):
                if place >= 0:
                    self.update(self.place(place))
            self.setToolTip(self.shown[at].title if at >= 0 else "")

    def _under(self, point: QPoint) -> int:
        return next((place for place in range(len(self.shown)) if self.place(place).contains(point)), -1)

    def _grid(self) -> tuple[int, float, float]:
        """Columns, and a tile's width and height [px]."""
        gap = GAP * self.unit
        columns = max(int((self.width() + gap) // (NARROWEST * self.unit + gap)), 1)
        width = (self.width() - gap * (columns - 1)) / columns
        return columns, width, width * 9 / 16 + CAPTION * self.unit

    def _height(self) -> int:
        columns, _, height = self._grid()
        rows = (len(self.shown) + columns - 1) // columns
        return round(max(rows * (height + GAP * self.unit), 60 * self.unit))

    def _settle(self) -> None:
        """Be as high as the rows need, and have stills of the right size."""
        _, width, height = self._grid()
        self._stills.resize(QSize(round(width), round(height - CAPTION * self.unit)), self.devicePixelRatioF())
        self.setMinimumHeight(self._height())
