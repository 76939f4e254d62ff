"""Measuring the window: what uploads and draws cost, and when pictures reach the screen."""

from collections.abc import Callable
from typing import Any

from livegan.core.clock import WallClock
from livegan.core.types import Frame
from livegan.engine.runtime import Runtime
from livegan.ui.app import run_window
from livegan.ui.play import facts
from livegan.ui.settings import WindowSettings

SIZE = (512, 512)


def watch(show: Runtime, seconds: float, see: Callable[[Frame, float], None]) -> dict[str, Any]:
    """Show a running show in a 512x512 window; `see` is told of every frame as its buffers are swapped."""
    settings = WindowSettings(title="livegan bench", size=SIZE)
    stats = run_window(show.frames, show.telemetry, show.hands, WallClock(), settings, duration_s=seconds, on_shown=see)
    shown = facts(stats)
    return {
        "upload": _ms(stats.uploading.percentiles()),
        "draw": _ms(stats.drawing.percentiles()),
        "shown_fps": shown["fps"],
        "shown_interval": _ms(stats.interval.percentiles()),
        "heard_to_screen": _ms(stats.latency.percentiles()),
        "renderer": stats.renderer,
    }


def _ms(figures: Any) -> dict[str, float]:
    return {"median": round(figures["p50"], 3), "p99": round(figures["p99"], 3)}
