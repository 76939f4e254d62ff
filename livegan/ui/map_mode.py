"""Map mode: corners and soft edges of every window set by mouse and keys, under a test grid; saved when it ends."""

from collections.abc import Callable, Sequence
from typing import Protocol

from PyQt5.QtCore import QEvent, QObject, Qt
from PyQt5.QtGui import QKeyEvent, QMouseEvent
from PyQt5.QtWidgets import QWidget

from livegan.config.picture_view import MapTable
from livegan.errors import VenueError
from livegan.ui.canvas import ShowCanvas
from livegan.ui.feed import SaveMaps
from livegan.ui.hud import Hud
from livegan.ui.keyboard import cap
from livegan.ui.warp_editor import MappedPicture, WarpEditor
from livegan.ui.warp_overlay import paint_warp

SAID_S = 6.0  # how long it is said where the mapping was saved
ARROWS = {"Left": (-1.0, 0.0), "Right": (1.0, 0.0), "Up": (0.0, -1.0), "Down": (0.0, 1.0)}
FINE_PX = 0.1  # of an arrow with Shift


class MappedWindow(Protocol):
    """Interface of a window that can be mapped."""

    @property
    def number(self) -> int:
        """0 is the first one, the others follow as the venue has them."""
        ...

    @property
    def canvas(self) -> ShowCanvas:
        """Where its picture is drawn."""
        ...

    @property
    def widget(self) -> QWidget:
        """Qt's window, which gets mouse and keys."""
        ...


class MapMode(QObject):
    """Map mode of all windows at once; main thread only. What mouse and keys do not mean here goes on to the show."""

    def __init__(self, save: SaveMaps, tell: Callable[[str, float], object], changed: Callable[[bool], object]) -> None:
        """`tell` shows a line for some seconds; `changed` is told when the mode begins and ends."""
        super().__init__()
        self.on = False
        self._save, self._tell, self._changed = save, tell, changed
        self._hud = Hud()
        self._windows: list[MappedWindow] = []
        self._editor = WarpEditor([])
        self._saved: list[MapTable] = []

    def add(self, window: MappedWindow) -> None:
        """Let a window be mapped as well. Not while the mode is on."""
        self._windows.append(window)
        self._editor = WarpEditor([MappedPicture(each.canvas.view) for each in self._windows])
        self._saved = [each.canvas.view.map for each in self._windows]
        window.widget.installEventFilter(self)

    def remove(self, window: MappedWindow) -> None:
        """A window has been closed: it keeps what it was mapped to, in the file."""
        self.end()
        window.widget.removeEventFilter(self)
        others: Sequence[MappedWindow] = [each for each in self._windows if each is not window]
        self._windows = []
        for other in others:
            self.add(other)

    def toggle(self) -> None:
        """Begin, or end and save."""
        if self.on:
            self.end()
        else:
            self.on = True
            self._set_cursors()
            self._show()
            self._changed(True)

    def end(self) -> None:
        """Take the grid away and save what was changed."""
        if not self.on:
            return
        self.on = False
        self._editor.release()
        self._set_cursors()
        for window in self._windows:
            window.canvas.show_overlay(None)
        self._changed(False)
        tables = [picture.view.map for picture in self._editor.pictures]
        new = {
            window.number: table
            for window, table, old in zip(self._windows, tables, self._saved, strict=True)
            if table != old
        }
        if not new:
            return
        try:
            self._tell(self._save(new), SAID_S)
            self._saved = tables
        except VenueError as error:
            self._tell(str(error), SAID_S)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Qt's: whether the event has been used up here."""
        if not self.on or event is None:
            return False
        at = next((at for at, window in enumerate(self._windows) if window.widget is watched), None)
        if at is None:
            return False
        if isinstance(event, QMouseEvent):
            return self._take_mouse(at, event)
        if event.type() == QEvent.Type.Resize:
            self._show()
        return event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._take_key(event)

    def _take_mouse(self, at: int, event: QMouseEvent) -> bool:
        widget = self._windows[at].widget
        point = event.localPos().x() / max(widget.width(), 1), event.localPos().y() / max(widget.height(), 1)
        if event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
            self._sync()
            if self._editor.press(at, point):
                self._show()
        elif event.type() == QEvent.Type.MouseMove:
            if self._editor.drag(point, fine=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)):
                self._show()
        elif event.type() == QEvent.Type.MouseButtonRelease:
            self._editor.release()
        return True

    def _take_key(self, event: QKeyEvent) -> bool:
        key = cap(event)
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._sync()
        if key == "Esc":
            self.end()
        elif key in ARROWS:
            across, down = ARROWS[key]
            step = FINE_PX if shift else 1.0
            self._editor.nudge(across * step, down * step)
        elif key in ("Tab", "Backtab"):
            self._editor.step(-1 if key == "Backtab" else 1)
        elif key == "R":
            self._editor.reset()
        elif key in ("Z", "Ctrl+Z"):
            self._editor.undo()
        elif key in ("Y", "Ctrl+Y"):
            self._editor.redo()
        else:
            return False
        if self.on:
            self._show()
        return True

    def _sync(self) -> None:
        """Tell the editor how large windows and pictures are."""
        for window, picture in zip(self._windows, self._editor.pictures, strict=True):
            picture.window, picture.picture = window.canvas.size_px, window.canvas.picture_size

    def _show(self) -> None:
        self._sync()
        for at, window in enumerate(self._windows):
            window.canvas.view = self._editor.pictures[at].view
            window.canvas.show_overlay(paint_warp(self._hud, self._editor, at))

    def _set_cursors(self) -> None:
        for window in self._windows:
            if self.on:
                window.widget.setCursor(Qt.CursorShape.CrossCursor)
            elif window.widget.isFullScreen():
                window.widget.setCursor(Qt.CursorShape.BlankCursor)
            else:
                window.widget.unsetCursor()
