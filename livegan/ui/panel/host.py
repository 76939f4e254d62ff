"""Host of the panel: opens it, brings it back, and keeps it on a screen that exists. The show goes on without it."""

from collections.abc import Callable
from typing import Protocol

from PyQt5.QtCore import QObject, QRect, Qt
from PyQt5.QtGui import QGuiApplication, QScreen

from livegan.ui.display import screen_now, watch_screens
from livegan.ui.feed import ShowFeed, WindowExtras
from livegan.ui.hud_data import HudData
from livegan.ui.panel.patch_bay import PatchBayView
from livegan.ui.panel.placing import Area, shelter
from livegan.ui.panel.sliders import SliderBoard
from livegan.ui.panel.window import KeyTaker, PanelWindow


class OutputWindow(KeyTaker, Protocol):
    """The output's window, as the panel keeps out of its way."""

    def fills(self, screen: QScreen) -> bool:
        """Whether it covers all of that screen."""
        ...

    def activateWindow(self) -> None:  # noqa: N802
        """Take the keyboard."""


class PanelHost(QObject):
    """Owner of the panel window; main thread only."""

    def __init__(
        self,
        feed: ShowFeed,
        extras: WindowExtras,
        measures: Callable[[], HudData],
        output: OutputWindow,
        screen: QScreen,
        area: Area | None = None,
    ) -> None:
        """It opens on `screen`, all over it, or in an `area` [px]; the first time it is asked to."""
        super().__init__()
        self._feed, self._extras, self._measures, self._output = feed, extras, measures, output
        self._screen_name, self._area = screen.name(), area
        self._sheltered = self._hidden = False  # as its own screen was pulled: on another one, or nowhere
        self.window: PanelWindow | None = None
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)
        watch_screens(application, self._settle)

    def open(self) -> None:
        """Show the panel, and give it the keyboard."""
        if self.window is None:
            self.window = PanelWindow(self._feed, self._extras, self._measures, self._output)
            sliders, patch_bay = SliderBoard(self._feed, self.window.learning), PatchBayView(self._feed)
            self.window.add_page(
                "Slide&rs", "Every parameter of the scene", sliders, sliders.update_board, sliders.seek
            )
            self.window.learn_by_name(sliders, sliders.search_for)
            about = "What of the sound turns which parameter"
            self.window.add_page("Patch ba&y", about, patch_bay, patch_bay.update_board, patch_bay.seek)
            self._place(self.window)
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()

    def toggle(self) -> None:
        """Open it, or close it."""
        if self.window is not None and self.window.isVisible():
            self.window.close()
        else:
            self.open()

    def after_frame(self, *_: object) -> None:
        """A frame was shown."""
        if self.window is not None:
            self.window.after_frame()

    def close(self) -> None:
        """Close it for good. Idempotent."""
        if self.window is not None:
            self.window.close()
            self.window.deleteLater()
            self.window = None

    def _place(self, window: PanelWindow) -> None:
        screen = screen_now(self._screen_name)
        if screen is None:
            return
        self._sheltered = screen.name() != self._screen_name
        window.winId()  # there must be a window to move
        handle = window.windowHandle()
        if handle is not None:
            handle.setScreen(screen)
        if self._area is not None and not self._sheltered:
            window.setGeometry(QRect(*self._area))
        else:
            window.setGeometry(screen.availableGeometry())
            window.setWindowState(Qt.WindowState.WindowMaximized)

    def _settle(self) -> None:
        """Move to a screen that exists, and back; but never over a picture that fills the only screen left."""
        window, own = self.window, screen_now(self._screen_name)
        if window is None or own is None:
            return
        away = own.name() != self._screen_name
        if away and self._output.fills(own):
            self._hidden = self._hidden or window.isVisible()
            window.close()
            self._output.activateWindow()
        elif away and not self._sheltered:
            screens = QGuiApplication.screens()
            areas = [_area(screen.availableGeometry()) for screen in screens]
            refuge = shelter(_area(window.geometry()), areas, screens.index(own))
            if refuge is not None:
                window.setWindowState(Qt.WindowState.WindowNoState)
                window.setGeometry(QRect(*refuge))
        elif self._sheltered and not away:
            self._place(window)
            if self._hidden:
                window.show()
            self._hidden = False
        self._sheltered = away
        if window.isVisible():
            window.raise_()  # above an output that came to this screen


def _area(place: QRect) -> Area:
    return place.x(), place.y(), place.width(), place.height()
