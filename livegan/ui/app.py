"""Open the show's window and stay until it is closed. Qt and VisPy are loaded only when this is called."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from livegan.core.channels import Inbox, Latest
from livegan.core.clock import Clock
from livegan.core.types import ControlEvent, Frame
from livegan.engine.telemetry import Telemetry
from livegan.errors import DisplayError
from livegan.ui.display import HEADLESS, application, check_opengl, find_screen
from livegan.ui.exception_hook import ExceptionHook
from livegan.ui.settings import WindowSettings
from livegan.ui.stats import WindowStats


def run_window(
    frames: Latest[Frame],
    telemetry: Latest[Telemetry],
    hands: Inbox[ControlEvent],
    clock: Clock,
    settings: WindowSettings,
    *,
    duration_s: float | None = None,
    on_ready: Callable[[], None] | None = None,
    on_close: Callable[[], None] | None = None,
    on_shown: Callable[[Frame, float], None] | None = None,
    window_events: Inbox[ControlEvent] | None = None,
) -> WindowStats:
    """Show every new frame until the window is closed, Esc Esc, Ctrl-C, or `duration_s` is over. Main thread only.

    `on_ready` is called once the first (idle) picture stands, `on_close` as soon as the window is closed, `on_shown`
    with each new frame and the time its buffers were swapped. Events in `window_events` named
    blackout, freeze, master, hud or fullscreen are done by the window itself, others are passed on to `hands`.
    Sets ``frames.bell`` while
    it runs. DisplayError, before anything is opened, where there is no display, no such screen, or no OpenGL.
    """
    began_s = clock.now()
    running = application(vsync=settings.vsync)
    check_opengl()
    screen = find_screen(settings.screen)
    try:
        from livegan.ui.notifier import MainThreadNotifier
        from livegan.ui.stage import Stage
        from livegan.ui.window import StageWindow
    except ImportError as error:
        raise DisplayError(f"the window's libraries do not load: {error}; type `make setup`; {HEADLESS}") from error

    stats = WindowStats()
    faults = ExceptionHook()
    with faults:
        stage = Stage(frames, telemetry, clock, settings, stats, faults, began_s)
        window = StageWindow(stage, hands, window_events, clock, settings, screen)
        bell = MainThreadNotifier(stage.frame_came)
        end_s = None if duration_s is None else began_s + duration_s

        def tick(now_s: float) -> None:
            """Close when it is time; tell once that the first picture stands."""
            nonlocal on_ready
            if on_ready is not None and stats.ready_s is not None:
                ready, on_ready = on_ready, None
                ready()
            if end_s is not None and now_s >= end_s:
                window.close()

        window.on_tick = tick
        stage.on_shown = on_shown
        window.show()
        window.activateWindow()
        frames.bell = bell.ring
        bell.ring()  # a frame may have come before us
        try:
            with _ctrl_c(window.close):
                running.exec_()
        finally:
            frames.bell = None
            bell.silence()
            window.on_tick = None
            if on_close is not None:
                on_close()
            stage.close()
            window.deleteLater()
            running.processEvents()
    stats.faults, stats.last_fault = faults.count, faults.last
    if stats.ready_s is None and faults.count:
        raise DisplayError(f"nothing could be drawn: {faults.last}; {HEADLESS}")
    return stats


@contextmanager
def _ctrl_c(close: Callable[[], object]) -> Iterator[None]:
    """Ctrl-C closes the window; pressed again it ends the program as ever."""
    if threading.current_thread() is not threading.main_thread():
        raise DisplayError("the window must be opened from the main thread")
    before = signal.getsignal(signal.SIGINT)

    def pressed(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        close()

    signal.signal(signal.SIGINT, pressed)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
