"""Display probe for `livegan doctor`: screens, blanking, OpenGL, fonts. Run as a program: Qt may abort its process."""

import json
import sys
from typing import Any

from livegan.core.idle_inhibit import idle_inhibited
from livegan.core.x11 import screen_blanking
from livegan.errors import DisplayError
from livegan.ui.display import application, check_opengl, list_screens
from livegan.ui.screen_saver import window_inhibitors


def probe() -> list[dict[str, Any]]:
    """One finding {what, well, detail, repair} each for the display, OpenGL and fonts."""
    try:
        application()
        screens = [str(screen) for screen in list_screens()]
    except DisplayError as error:
        repair = "livegan play --headless --record out.mp4"
        return [{"what": "display", "well": False, "detail": str(error), "repair": repair}]
    findings = [{"what": "display", "well": True, "detail": "; ".join(screens), "repair": ""}]
    try:
        check_opengl()
        findings.append({"what": "OpenGL", "well": True, "detail": _renderer(), "repair": ""})
    except DisplayError as error:
        findings.append(
            {"what": "OpenGL", "well": False, "detail": str(error), "repair": "sudo apt install libgl1-mesa-dri"}
        )
    return [*findings, _blanking(), _fonts()]


def _blanking() -> dict[str, Any]:
    """When the screen goes dark by itself, and whether that can be kept from happening in a show."""
    blanking = screen_blanking()
    first_s = blanking.first_s if blanking is not None else 0
    when = f"dark after {first_s / 60:.3g} min without a key; " if first_s else ""
    with idle_inhibited(window_inhibitors()) as names:
        held = ", ".join(names)
    kept = f"kept awake while a show plays in a window ({held})"
    known = blanking is not None and not first_s
    if held or known:
        return {"what": "screen blanking", "well": True, "detail": when + (kept if held else "never"), "repair": ""}
    detail = f"{when}nothing here keeps it awake; switch the screen saver off in the settings of the desktop"
    return {"what": "screen blanking", "well": False, "detail": detail, "repair": "xset s off -dpms"}


def _renderer() -> str:
    """Renderer and version that OpenGL reports."""
    from PyQt5.QtGui import QOffscreenSurface, QOpenGLContext, QOpenGLVersionProfile

    context, surface = QOpenGLContext(), QOffscreenSurface()
    surface.create()
    context.create()
    context.makeCurrent(surface)
    profile = QOpenGLVersionProfile()
    profile.setVersion(2, 0)
    functions = context.versionFunctions(profile)
    functions.initializeOpenGLFunctions()
    name = f"{functions.glGetString(0x1F01)}, {functions.glGetString(0x1F02)}"  # GL_RENDERER, GL_VERSION
    context.doneCurrent()
    surface.destroy()
    return name


def _fonts() -> dict[str, Any]:
    from PyQt5.QtGui import QFontDatabase

    count = len(QFontDatabase().families())
    repair = "sudo apt install fonts-dejavu-core"
    return {"what": "fonts", "well": count > 0, "detail": f"{count} families", "repair": repair}


if __name__ == "__main__":
    json.dump(probe(), sys.stdout)
