"""Report of a show: frame rate, latency, drops, faults, memory."""

import json
from pathlib import Path
from typing import Any

from livegan.core.files import write_atomic
from livegan.core.machine import rss_mb
from livegan.engine.music import PlayedMusic
from livegan.engine.runtime import Runtime
from livegan.engine.telemetry import Meter
from livegan.errors import MediaError


def report(show: Runtime, screen: dict[str, Any] | None = None) -> dict[str, Any]:
    """The figures as JSON values; `latency_ms` is from sound heard to frame published.

    `zero_copy`: pictures that were drawn where they lay, or why not. `screen`: figures of the window, if there was
    one; its `latency_ms` is from sound heard to buffers swapped.
    """
    facts: dict[str, Any] = {
        "frames": show.published,
        "dropped": show.dropped,
        "fps": show.intervals.rate(),
        "interval_ms": rounded_ms(show.intervals),
        "latency_ms": rounded_ms(show.latencies),
        "overruns": show.overruns,
        "skipped_s": round(show.skipped_s, 3),
        "missed_hops": show.missed_hops,
        "faults": show.performer.guard.faults,
        "engine_restarts": show.restarts,
        "device": show.performer.device_text,
        "network": show.performer.patch.here.name,
        "scene": show.performer.patch.name,
        "quality": quality_facts(show),
        "strobe": strobe_facts(show),
        "clock": show.clock_reason,
        "rss_mb_start": round(show.rss_mb_start, 1),
        "rss_mb_end": round(rss_mb(), 1),
    }
    zero_copy = show.performer.zero_copy
    if zero_copy.shown or zero_copy.problem:
        facts["zero_copy"] = {"frames": zero_copy.shown, "problem": zero_copy.problem}
    if isinstance(show.source, PlayedMusic):
        facts["music"] = music_facts(show.source)
    return facts | ({"screen": screen} if screen is not None else {})


def music_facts(music: PlayedMusic) -> dict[str, Any]:
    """Of music that livegan played itself: bars, how many were repeated as the next one was late, note errors [ms]."""
    conductor = music.conductor
    return {
        "name": music.name,
        "bars": conductor.bars,
        "repeated": conductor.repeated,
        "worst_note_ms": round(1e3 * music.worst_s, 3),
    }


def quality_facts(show: Runtime) -> dict[str, Any]:
    """What was traded for the frame rate: seconds at each rung, and every change with its time [s] and reason."""
    changes = [
        {
            "time_s": round(change.time_s - show.start_s, 2),
            "before": change.before,
            "after": change.after,
            "reason": change.reason,
        }
        for change in show.quality.changes
    ]
    return {"seconds": {text: round(value, 2) for text, value in show.quality.seconds.items()}, "changes": changes}


def strobe_facts(show: Runtime) -> dict[str, Any]:
    """Whether flashes were limited, how often and for how long [s], and when each time began [s]."""
    log = show.strobe
    return {
        "limiter": "on" if show.performer.limiter is not None else "off",
        "limited": log.count,
        "seconds": round(log.seconds, 2),
        "began_s": [round(began_s, 2) for began_s in log.began_s],
    }


def rounded_ms(meter: Meter) -> dict[str, float]:
    """Percentiles of a meter [ms], to three places."""
    return {key: round(float(value), 3) for key, value in meter.percentiles().items()}  # type: ignore[arg-type]


def write_report(facts: dict[str, Any], path: Path) -> None:
    """Write the report as JSON; MediaError if it cannot be written."""
    try:
        write_atomic(path, json.dumps(facts, indent=2) + "\n")
    except OSError as cause:
        raise MediaError(f"the report {path} cannot be written: {cause.strerror}; choose another path") from cause
