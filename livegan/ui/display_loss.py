"""Qt message handler that ends a show in order when its display dies: Qt says so, then calls C's exit().

Without it the film of a show would stay without its end and its name, and there would be no report. Not a hook of
exit() itself: that runs after the destructors of the libraries that the threads of the show are still drawing with.
"""

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from PyQt5.QtCore import qInstallMessageHandler
from vispy.app import use_app

ERROR = 2  # exit code

# Qt 5.15: QXcbBasicConnection (from Xlib, and by itself), QWaylandDisplay.
DEATHS = ("The X11 connection broke", "The Wayland connection broke", "The Wayland connection experienced a fatal")


@contextmanager
def on_display_loss(finish: Callable[[], int]) -> Iterator[None]:
    """Within the block, if the X server or the compositor dies, `finish` is called; the process ends with its code.

    It is called on the thread of the event loop, which has no way back: nothing of Qt or OpenGL may be touched. Other
    messages go where they went before.
    """

    def handle(kind: Any, context: Any, message: str | None) -> None:
        if (message or "").startswith(DEATHS):
            code = ERROR
            try:
                code = finish()
            finally:
                if sys.exception() is not None:  # nobody is left to raise it to
                    traceback.print_exc()
                os._exit(code)
        if before is not None:
            before(kind, context, message)
        else:
            print(message, file=sys.stderr)

    use_app("pyqt5")  # loaded first: VisPy's backend takes Qt's messages when it loads
    before = qInstallMessageHandler(handle)
    try:
        yield
    finally:
        qInstallMessageHandler(before)
