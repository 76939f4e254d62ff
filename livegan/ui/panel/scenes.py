"""Scenes page of the panel: tiles in a scrolled area."""

from PyQt5.QtCore import QRect, Qt
from PyQt5.QtGui import QImage
from PyQt5.QtWidgets import QScrollArea, QWidget

from livegan.config.stills import stills_of
from livegan.ui.panel.facts import PanelFacts
from livegan.ui.panel.look import GROUND, dress
from livegan.ui.panel.master import Send
from livegan.ui.panel.stills import StillCache
from livegan.ui.panel.tiles import SceneMarks, SceneTiles, Tile

SCROLL_BAR = """
QScrollBar {{ background: transparent; width: {width}px; margin: 0 0 0 2px }}
QScrollBar::handle {{ background: #2d313e; border-radius: {round}px; min-height: {least}px }}
QScrollBar::handle:hover {{ background: #444a5e }}
QScrollBar::add-line, QScrollBar::sub-line {{ height: 0 }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent }}
"""


class Scroll(QScrollArea):
    """Scrolled area without a frame; what is in it is as wide as the area."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        dress(self)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def rescale(self, unit: float) -> None:
        """The window has another size."""
        bar = self.verticalScrollBar()
        if bar is not None:
            bar.setStyleSheet(SCROLL_BAR.format(width=round(10 * unit), round=round(4 * unit), least=round(40 * unit)))

    def hold(self, widget: QWidget) -> None:
        """Put a widget in it, on the panel's ground."""
        self.setWidget(widget)
        port = self.viewport()
        if port is not None:
            palette = port.palette()
            palette.setColor(palette.ColorRole.Window, GROUND)
            port.setPalette(palette)
            port.setAutoFillBackground(True)
        widget.setAutoFillBackground(False)

    def reveal(self, area: QRect) -> None:
        """Scroll so far that a part of the widget is seen."""
        centre = area.center()
        self.ensureVisible(centre.x(), centre.y(), area.width() // 2 + 8, area.height() // 2 + 8)


class ScenesPage(Scroll):
    """Every scene as a tile; a click plays it, a right click cues it."""

    def __init__(self, send: Send, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.stills = StillCache()
        self._names: list[str] = []
        self.tiles = SceneTiles(
            self.stills,
            lambda number: send(f"scene.{number + 1}"),
            lambda number: send(f"cue.{number + 1}"),
            self.reveal,
        )
        self.hold(self.tiles)
        self.setFocusProxy(self.tiles)

    def show_facts(self, facts: PanelFacts) -> None:
        """The tiles and their marks; one more still is read."""
        board = facts.board
        if board is None:
            return
        names = [card.name for card in board.scenes]
        if names != self._names:
            self._names = names
            self.stills.know(stills_of(names))
        tiles = [Tile(number, card.name, card.title) for number, card in enumerate(board.scenes)]
        self.tiles.show_tiles(tiles, SceneMarks(board.playing, board.chosen, board.cued, board.safe))
        self.tiles.read_still()

    def keep_picture(self, name: str, image: QImage) -> None:
        """A picture of a scene that has no still of its own."""
        self.stills.keep(name, image)
        self.tiles.update()
