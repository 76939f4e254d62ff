"""Window benchmark: cost of uploads and draws, and when frames reach the screen."""

from collections.abc import Callable
from typing import Any

from livegan.config.venue import WindowTable
from livegan.core.types import Frame
from livegan.engine.runtime import Runtime
from livegan.engine.telemetry import Meter
from livegan.ui.app import open_window
from livegan.ui.feed import WindowExtras

SIZE = (512, 512)


def show_and_measure(show: Runtime, seconds: float, on_shown: Callable[[Frame, float], None]) -> dict[str, Any]:
    """Show a running show in a 512x512 window; `on_shown` gets each frame and when its buffers were swapped."""
    with open_window(show, WindowTable(size=SIZE), WindowExtras(title="livegan bench")) as window:
        window.shown.subscribe(on_shown)
        window.run(seconds)
    stats = window.stats
    return {
        "upload": _median_and_p99(stats.uploading),
        "draw": _median_and_p99(stats.drawing),
        "shown_fps": stats.interval.rate(),
        "shown_interval": _median_and_p99(stats.interval),
        "heard_to_screen": _median_and_p99(stats.latency),
        "renderer": stats.renderer,
    }


def _median_and_p99(meter: Meter) -> dict[str, float]:
    """Of the meter's durations [ms]."""
    figures = meter.percentiles()
    return {"median": round(figures["p50"], 3), "p99": round(figures["p99"], 3)}
