"""Windowed show: runs a window beside the threads of a runtime."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livegan.config.picture_view import MapTable
from livegan.config.save_map import mapping_file, save_maps
from livegan.config.venue import Venue, WindowTable
from livegan.core.idle_inhibit import idle_inhibited
from livegan.core.text import printable
from livegan.engine.report import rounded_ms
from livegan.engine.show import Show
from livegan.ui.app import open_window
from livegan.ui.display import application, check_opengl, find_screen, screen_called
from livegan.ui.display_loss import on_display_loss
from livegan.ui.feed import ExtraWindow, WindowExtras
from livegan.ui.screen_saver import window_inhibitors
from livegan.ui.stats import WindowStats

if TYPE_CHECKING:
    from livegan.ui.session import WindowSession


def check_window(table: WindowTable) -> None:
    """DisplayError, before anything is set up, if there is no display, no OpenGL, or no such screen."""
    application(vsync=table.vsync)
    check_opengl()
    find_screen(table.screen)


def play_in_window(
    show: Show,
    place: Venue,
    duration_s: float | None,
    remote: Callable[[], str] = lambda: "",
    lost: Callable[[dict[str, Any]], int] = lambda _: 2,
    venue: Path | None = None,
    release: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Play until the window is closed; returns the window's part of the report.

    `remote`: the phone page's address. `venue`: the file that gets the mapping of windows.
    `release` is called when the first picture stands. If the display dies the show
    is ended in order, and then the process, with the exit code that `lost` makes of that report.
    """
    extras = WindowExtras(
        recording=show.recording,
        remote=remote,
        keys=show.keys,
        takeover=show.takeover,
        save_maps=partial(save_in, venue),
        begins=show.begins,
        windows=[ExtraWindow(table, show.window_frames.get(at)) for at, table in enumerate(place.windows, 1)],
    )
    opened: list[WindowSession] = []

    def end() -> int:
        show.over()
        show.runtime.__exit__()
        return lost(session_report(opened[0]) if opened else window_report(WindowStats()))

    with (
        on_display_loss(end),
        idle_inhibited(window_inhibitors()),
        show.runtime as runtime,
        show.playing(),
        open_window(runtime, place.window, extras) as window,
    ):
        opened.append(window)
        window.shown.subscribe(lambda *_: release())
        window.run(duration_s, show.main_is_alive)
    return session_report(window)


def session_report(session: "WindowSession") -> dict[str, Any]:
    """What the first window showed, and in "windows" how often and how quickly the others were drawn."""
    others = [{"draws": output.stats.draws, "draw_ms": rounded_ms(output.stats.drawing)} for output in session.outputs]
    return window_report(session.stats) | ({"windows": others} if others else {})


def absent_screens(place: Venue) -> list[str]:
    """A line for each further window whose screen is not there; it opens on the main one."""
    return [
        f"There is no screen '{printable(table.screen)}' for window {number}; it opens on the main one until there is."
        for number, table in enumerate(place.windows, 2)
        if table.screen and screen_called(table.screen) is None
    ]


def save_in(venue: Path | None, maps: Mapping[int, MapTable]) -> str:
    """Save the mapping of windows in the venue's file; without one, in one of its own."""
    path = venue or mapping_file()
    save_maps(path, maps)
    return f"mapping saved in {path}" if venue else f"mapping saved; next time: livegan play --venue {path}"


def window_report(stats: WindowStats) -> dict[str, Any]:
    """What a window showed; `latency_ms`: sound heard to buffers swapped. Percentiles are of the newest 1024 frames.

    `longest_gap_ms`: between two pictures of any kind; `held_s` and `idle_s`: how long the window filled it itself.
    """
    return {
        "frames": stats.shown,
        "skipped": stats.skipped,
        "fps": stats.interval.rate(),
        "interval_ms": rounded_ms(stats.interval),
        "latency_ms": rounded_ms(stats.latency),
        "longest_gap_ms": round(1e3 * stats.longest_gap_s, 3),
        "held_s": round(stats.held_s, 3),
        "idle_s": round(stats.idle_s, 3),
        "draw_ms": rounded_ms(stats.drawing),
        "first_frame_s": round(stats.first_frame_s or 0.0, 3),
        "faults": stats.faults,
        "renderer": stats.renderer,
    }
