"""Pages of the panel: a row of tabs, and below it the one page that is seen."""

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from livegan.ui.panel.button import PanelButton


class Pages(QWidget):
    """Tabs over pages; `corner` is the place at the right end of the tabs."""

    turned = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._unit = 1.0
        self._tabs: list[PanelButton] = []
        self._stack = QStackedWidget()
        self._row = QHBoxLayout()
        self.corner = QHBoxLayout()
        self._row.addLayout(self.corner, 1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addLayout(self._row)
        self._column.addWidget(self._stack, 1)

    def add(self, title: str, about: str, page: QWidget) -> None:
        """One more page; the first is seen."""
        place = len(self._tabs)
        tab = PanelButton(title, about, size=15, height=36, tab=True)
        tab.clicked.connect(lambda: self.open(place))
        self._tabs.append(tab)
        self._row.insertWidget(place, tab)
        self._stack.addWidget(page)
        tab.rescale(self._unit)
        self.turn_to(self._stack.currentIndex())

    def turn_to(self, place: int) -> None:
        """Show one page."""
        self._stack.setCurrentIndex(place)
        for number, tab in enumerate(self._tabs):
            tab.light(number == place)
        self.turned.emit()

    def open(self, place: int) -> None:
        """Show one page, and give it the focus: its list."""
        self.turn_to(place)
        page = self.page
        if page is not None:
            page.setFocus(Qt.FocusReason.TabFocusReason)

    @property
    def page(self) -> QWidget | None:
        """The page that is seen."""
        return self._stack.currentWidget()

    def place(self, page: QWidget) -> int:
        """The number of a page."""
        return self._stack.indexOf(page)

    def shows(self, page: QWidget) -> bool:
        """Whether a page is the one that is seen."""
        return self._stack.currentWidget() is page

    def rescale(self, unit: float) -> None:
        """The window has another size."""
        self._unit = unit
        self._row.setSpacing(round(8 * unit))
        self._column.setSpacing(round(10 * unit))
