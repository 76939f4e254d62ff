"""The report of a show: what was played, how fast, how late, at what cost."""

import json
from pathlib import Path
from typing import Any

from livegan.core.machine import rss_mb
from livegan.engine.runtime import Runtime
from livegan.engine.telemetry import Meter
from livegan.errors import MediaError


def report(show: Runtime, screen: dict[str, Any] | None = None) -> dict[str, Any]:
    """Frames published by the engine; `latency_ms` is from sound heard to frame published.

    `screen`, where there was a window: the same measures of what it showed, sound heard to buffers swapped.
    """
    facts: dict[str, Any] = {
        "frames": show.published,
        "dropped": show.dropped,
        "fps": show.intervals.rate(),
        "interval_ms": rounded_ms(show.intervals),
        "latency_ms": rounded_ms(show.latencies),
        "overruns": show.overruns,
        "missed_hops": show.missed_hops,
        "faults": show.performer.guard.faults,
        "device": show.performer.generator.device_text,
        "network": show.performer.patch.here.name,
        "scene": show.performer.patch.name,
        "rss_mb_start": round(show.rss_mb_start, 1),
        "rss_mb_end": round(rss_mb(), 1),
    }
    return facts | ({"screen": screen} if screen is not None else {})


def rounded_ms(meter: Meter) -> dict[str, float]:
    """Percentiles of a meter [ms], to three places."""
    return {key: round(float(value), 3) for key, value in meter.percentiles().items()}  # type: ignore[arg-type]


def check_place(path: Path) -> None:
    """MediaError, before the show, if a report cannot be written there."""
    if not path.parent.is_dir():
        raise MediaError(f"the report {path} cannot be written: there is no folder {path.parent}; choose another path")


def write_report(facts: dict[str, Any], path: Path) -> None:
    """Write the report as JSON; MediaError if it cannot be written."""
    try:
        path.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    except OSError as cause:
        raise MediaError(f"the report {path} cannot be written: {cause.strerror}; choose another path") from cause
