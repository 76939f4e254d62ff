"""Entry point of the show's window. Qt and VisPy are loaded only when `open_window` is entered."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from livegan.config.venue import WindowTable
from livegan.errors import DisplayError
from livegan.ui.display import HEADLESS, application, check_opengl, find_screen
from livegan.ui.exception_hook import ExceptionHook
from livegan.ui.feed import ShowFeed, WindowExtras

if TYPE_CHECKING:
    from livegan.ui.session import WindowSession


@contextmanager
def open_window(feed: ShowFeed, table: WindowTable, extras: WindowExtras | None = None) -> "Iterator[WindowSession]":
    """A window of the show, opened by its `run`, closed with the ``with`` block. Main thread only.

    DisplayError, before anything is opened, where there is no display, no such screen, or no OpenGL; and after the
    block if nothing could be drawn.
    """
    began_s = feed.clock.now()
    qt_application = application(vsync=table.vsync)
    check_opengl()
    find_screen(table.screen)  # DisplayError where there is none called so
    try:
        from livegan.ui.session import WindowSession
    except ImportError as error:
        raise DisplayError(f"the window's libraries do not load: {error}; type `make setup`; {HEADLESS}") from error
    with ExceptionHook() as hook:
        session = WindowSession(feed, table, extras or WindowExtras(), hook, began_s)
        try:
            yield session
        finally:
            session.close()
            qt_application.processEvents()
    if session.stats.ready_s is None and hook.count:
        raise DisplayError(f"nothing could be drawn: {hook.last}; {HEADLESS}")
