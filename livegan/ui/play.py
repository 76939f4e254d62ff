"""Windowed show: runs a window beside the threads of a runtime."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from livegan.config.picture_view import MapTable
from livegan.config.save_map import mapping_file, save_maps
from livegan.config.venue import WindowTable
from livegan.core.idle_inhibit import idle_inhibited
from livegan.engine.report import rounded_ms
from livegan.engine.show import Show
from livegan.ui.app import open_window
from livegan.ui.display import application, check_opengl, find_screen
from livegan.ui.display_loss import on_display_loss
from livegan.ui.feed import WindowExtras
from livegan.ui.screen_saver import window_inhibitors
from livegan.ui.stats import WindowStats


def check_window(table: WindowTable) -> None:
    """DisplayError, before anything is set up, if there is no display, no OpenGL, or no such screen."""
    application(vsync=table.vsync)
    check_opengl()
    find_screen(table.screen)


def play_in_window(
    show: Show,
    table: WindowTable,
    duration_s: float | None,
    remote: Callable[[], str] = lambda: "",
    lost: Callable[[dict[str, Any]], int] = lambda _: 2,
    venue: Path | None = None,
) -> dict[str, Any]:
    """Play until the window is closed; returns the window's part of the report.

    `remote`: the phone page's address. `venue`: the file that gets the mapping of windows. If the display dies the show
    is ended in order, and then the process, with the exit code that `lost` makes of that report.
    """
    extras = WindowExtras(
        recording=show.recording,
        remote=remote,
        keys=show.keys,
        takeover=show.takeover,
        save_maps=partial(save_in, venue),
        begins=show.begins,
    )
    with (
        show.runtime as runtime,
        show.playing(),
        open_window(runtime, table, extras) as window,
        idle_inhibited(window_inhibitors()),
    ):

        def end() -> int:
            show.over()
            show.runtime.__exit__()
            return lost(window_report(window.stats))

        with on_display_loss(end):
            window.run(duration_s, show.main_is_alive)
    return window_report(window.stats)


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
