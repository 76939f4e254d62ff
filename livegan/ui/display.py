"""Display checks before Qt starts (Qt would abort the process): display, screens, OpenGL."""

import ctypes
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from livegan.core.registry import nearest
from livegan.errors import DisplayError

if TYPE_CHECKING:
    from PyQt5.QtGui import QGuiApplication, QScreen
    from PyQt5.QtWidgets import QApplication

HEADLESS = "`livegan play --headless --record out.mp4` plays without one"
X11_PACKAGES = "libxcb-icccm4 libxcb-keysyms1 libxcb-xinerama0 libxcb-image0 libxcb-render-util0 libxkbcommon-x11-0"


@dataclass(frozen=True, slots=True)
class ScreenInfo:
    """One screen of this machine."""

    name: str  # "HDMI-1"
    model: str  # what the screen says it is, often ""
    size: tuple[int, int]  # width, height [pixels]
    position: tuple[int, int]  # of its top left corner on the desktop
    rate_hz: float
    is_main: bool

    def __str__(self) -> str:
        """For lists and messages: name, size, rate, model."""
        parts = [self.name, f"{self.size[0]}x{self.size[1]}", f"{self.rate_hz:.0f} Hz", self.model]
        return ", ".join(part for part in parts if part) + (" (main)" if self.is_main else "")


def check_display() -> None:
    """DisplayError if Qt could not open a window here; it would abort the process instead of raising."""
    platform = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0]
    if not sys.platform.startswith("linux") or platform not in ("", "xcb"):
        return
    if not os.environ.get("DISPLAY"):
        if os.environ.get("WAYLAND_DISPLAY") and platform == "":
            return
        raise DisplayError(f"there is no display (DISPLAY is not set); {HEADLESS}")
    _check_x11()


def has_display() -> bool:
    """Whether a window could be opened here, as far as can be known without opening one."""
    try:
        check_display()
    except DisplayError:
        return False
    return True


def _check_x11() -> None:
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
        plugin = _xcb_plugin()
        if plugin is not None:
            ctypes.CDLL(str(plugin))
    except OSError as error:
        raise DisplayError(
            f"Qt cannot open X windows here: {error}; type `sudo apt install {X11_PACKAGES} libgl1`; {HEADLESS}"
        ) from error
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    refused = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    if refused:
        raise DisplayError(f"the display '{os.environ['DISPLAY']}' does not answer (DISPLAY); {HEADLESS}")


def _xcb_plugin() -> Path | None:
    spec = find_spec("PyQt5")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "Qt5" / "plugins" / "platforms" / "libqxcb.so"
        if path.exists():
            return path
    return None


def application(*, vsync: bool = True) -> "QApplication":
    """Qt's application object, made if there is none. DisplayError where there can be none.

    The swap interval must be set before any window is made.
    """
    check_display()
    try:
        from PyQt5.QtCore import QCoreApplication, Qt
        from PyQt5.QtGui import QSurfaceFormat
        from PyQt5.QtWidgets import QApplication
    except ImportError as error:
        raise DisplayError(f"Qt does not load: {error}; type `sudo apt install libgl1 libegl1`; {HEADLESS}") from error
    surface_format = QSurfaceFormat.defaultFormat()
    if surface_format.swapInterval() != int(vsync):
        surface_format.setSwapInterval(int(vsync))
        QSurfaceFormat.setDefaultFormat(surface_format)
    running = QApplication.instance()
    if isinstance(running, QApplication):
        return running
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts, True)
    QCoreApplication.setApplicationName("livegan")
    created = QApplication(["livegan"])
    _APPLICATIONS.append(created)
    return created


_APPLICATIONS: "list[QApplication]" = []  # kept: Qt's application must not be garbage-collected while the process lives


def check_opengl() -> None:
    """DisplayError if the display (an application must exist) gives no OpenGL context."""
    from PyQt5.QtGui import QOffscreenSurface, QOpenGLContext

    context, surface = QOpenGLContext(), QOffscreenSurface()
    surface.create()
    works = context.create() and surface.isValid() and context.makeCurrent(surface)
    if works:
        context.doneCurrent()
    surface.destroy()
    if not works:
        raise DisplayError(f"this display cannot draw with OpenGL; type `sudo apt install libgl1-mesa-dri`; {HEADLESS}")


def list_screens() -> list[ScreenInfo]:
    """The screens there are, the main one first; empty without a display. Main thread only."""
    try:
        running = application()
    except DisplayError:
        return []
    main = running.primaryScreen()
    screens = sorted(running.screens(), key=lambda screen: screen is not main)
    return [_describe(screen, screen is main) for screen in screens]


def find_screen(name: str) -> "QScreen":
    """The screen whose name or model contains `name`, any case; the main one for "". DisplayError lists them all."""
    running = application()
    screens = running.screens()
    main = running.primaryScreen()
    if main is None:
        raise DisplayError(f"this display has no screen; {HEADLESS}")
    called = screen_called(name) if name else main
    if called is not None:
        return called
    names = [screen.name() for screen in screens]
    known = ", ".join(str(_describe(screen, screen is main)) for screen in screens)
    close = nearest(name, names)
    hint = f"did you mean '{close}'? " if close else ""
    raise DisplayError(f"no screen called '{name}'; {hint}there are: {known}")


def screen_called(name: str) -> "QScreen | None":
    """The screen whose name or model contains `name`, any case; None if there is none now."""
    from PyQt5.QtGui import QGuiApplication

    for fits in (str.__eq__, str.__contains__):
        for screen in QGuiApplication.screens():
            if any(fits(text.lower(), name.lower()) for text in (screen.name(), screen.model())):
                return screen
    return None


def screen_now(name: str) -> "QScreen | None":
    """The screen of that name, or the main one while it is unplugged; None while there is no screen at all."""
    from PyQt5.QtGui import QGuiApplication

    named = [screen for screen in QGuiApplication.screens() if screen.name() == name]
    return named[0] if named else QGuiApplication.primaryScreen()


def watch_screens(running: "QGuiApplication", settle: Callable[[], None]) -> None:
    """Call `settle` after a screen came, went, or got another place or resolution, when Qt has finished with that."""
    from PyQt5.QtCore import QTimer

    def changed(*_: object) -> None:
        QTimer.singleShot(0, settle)

    def added(screen: "QScreen") -> None:
        screen.geometryChanged.connect(changed)
        changed()

    running.screenRemoved.connect(changed)
    running.screenAdded.connect(added)
    for screen in running.screens():
        screen.geometryChanged.connect(changed)


def _describe(screen: "QScreen", is_main: bool) -> ScreenInfo:
    place = screen.geometry()
    ratio = screen.devicePixelRatio()
    size = (round(place.width() * ratio), round(place.height() * ratio))
    return ScreenInfo(
        screen.name(), screen.model().strip(), size, (place.x(), place.y()), screen.refreshRate(), is_main
    )
