"""A show in a window: the one place where the window and the engine's threads meet."""

from typing import Any

from livegan.config.venue import WindowTable
from livegan.core.clock import Clock
from livegan.engine.show import Show
from livegan.engine.telemetry import Percentiles
from livegan.ui.app import run_window
from livegan.ui.display import application, check_opengl, find_screen
from livegan.ui.settings import WindowSettings
from livegan.ui.stats import WindowStats


def check_window(table: WindowTable) -> None:
    """DisplayError, before anything is set up, if there is no display, no OpenGL, or no such screen."""
    application(vsync=table.vsync)
    check_opengl()
    find_screen(table.screen)


def play_in_window(show: Show, clock: Clock, table: WindowTable, duration_s: float | None) -> dict[str, Any]:
    """Play until the window is closed; returns what it showed, for the report."""
    settings = WindowSettings(
        screen=table.screen,
        fullscreen=table.fullscreen,
        size=table.size,
        fill=table.fill,
        vsync=table.vsync,
        hud=table.hud,
        recording=show.recording,
    )
    with show.runtime as runtime:
        stats = run_window(
            runtime.frames,
            runtime.telemetry,
            runtime.hands,
            clock,
            settings,
            duration_s=duration_s,
            window_events=show.window_events,
        )
    return facts(stats)


def facts(stats: WindowStats) -> dict[str, Any]:
    """What a window showed; `latency_ms`: sound heard to buffers swapped. Percentiles are of the newest 1024 frames."""
    return {
        "frames": stats.shown,
        "skipped": stats.skipped,
        "fps": round(stats.interval.count / stats.interval.total_s, 3) if stats.interval.count else 0.0,
        "interval_ms": rounded(stats.interval.percentiles()),
        "latency_ms": rounded(stats.latency.percentiles()),
        "draw_ms": rounded(stats.drawing.percentiles()),
        "first_frame_s": round(stats.first_frame_s or 0.0, 3),
        "faults": stats.faults,
        "renderer": stats.renderer,
    }


def rounded(table: Percentiles) -> dict[str, float]:
    """Milliseconds to three places."""
    return {key: round(float(value), 3) for key, value in table.items()}  # type: ignore[arg-type]
