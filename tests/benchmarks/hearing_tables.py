"""Means over items as Markdown, and as cells that `hearing_compare` compares."""

from collections.abc import Callable, Sequence
from math import inf, isfinite, isnan, nan

import numpy as np

from tests.benchmarks.hearing_items import HELD
from tests.benchmarks.hearing_rows import Row
from tests.benchmarks.hearing_scores import Reliability, reliability

FAST_BPM = 140.0  # what is faster is counted separately too
Rows = Sequence[Row]


def _mean(name: str) -> Callable[[Rows], float]:
    return lambda rows: float(np.mean(_known(rows, name))) if _known(rows, name) else nan


def _known(rows: Rows, name: str) -> list[float]:
    return [value for row in rows if not isnan(value := getattr(row, name))]


def _median(name: str) -> Callable[[Rows], float]:
    return lambda rows: float(np.median(_known(rows, name))) if _known(rows, name) else nan


def _level(*names: str) -> Callable[[Rows], float]:
    return lambda rows: float(sum(row.level in names for row in rows)) if _known(rows, "f") else nan


def _never(rows: Rows) -> float:
    return float(sum(value == inf for value in _known(rows, "lock_s"))) if _known(rows, "lock_s") else nan


def _fast(rows: Rows) -> float:
    return _mean("f")([row for row in rows if row.bpm > FAST_BPM])


def calibration(rows: Rows) -> Reliability:
    """Of every beat of these rows that has a confidence."""
    pairs = [pair for row in rows for pair in zip(row.confidence, row.right, strict=True)]
    confidence, right = (np.array([pair[side] for pair in pairs]) for side in (0, 1))
    return reliability(confidence.astype(float), right.astype(bool))


MEASURES: dict[str, tuple[str, Callable[[Rows], float], int]] = {
    "f": ("beat F", _mean("f"), 2),
    "cmlt": ("CMLt", _mean("cmlt"), 2),
    "amlt": ("AMLt", _mean("amlt"), 2),
    "tempo": ("tempo ±4 %", _mean("tempo"), 2),
    "tempo2": ("(2)", _mean("tempo2"), 2),
    "half_count": ("half tempo", _level("half"), 0),
    "double_count": ("double", _level("double"), 0),
    "off_count": ("half a beat off", _level("half a beat off"), 0),
    "lock_s": ("lock, median [s]", _median("lock_s"), 1),
    "never_count": ("never locked", _never, 0),
    "error_ms": ("error, median [ms]", _median("error_ms"), 1),
    "f_fast": ("beat F over 140 BPM", _fast, 2),
    "bar": ("bar F", _mean("bar"), 2),
    "f_every": ("F of every beat", _mean("f_every"), 2),
    "onset_f": ("onset F", _mean("onset_f"), 2),
    "onset_precision": ("onset precision", _mean("onset_precision"), 2),
    "onset_recall": ("onset recall", _mean("onset_recall"), 2),
    "onsets_a_minute": ("no beat: onsets a minute", _mean("onsets_a_minute"), 0),
    "beats_a_minute": ("no beat: beats a minute", _mean("beats_a_minute"), 0),
    "ece_error": ("calibration error", lambda rows: calibration(rows).error, 2),
    "cost_s": ("CPU time per second [s]", _mean("cost_s"), 3),
}
"""By key: title, how rows become one number, digits."""
TABLES = (
    ("f", "cmlt", "amlt", "tempo", "tempo2", "half_count", "double_count", "off_count", "lock_s", "never_count"),
    ("error_ms", "f_fast", "bar", "f_every", "onset_f", "onset_precision", "onset_recall"),
    ("onsets_a_minute", "beats_a_minute", "ece_error", "cost_s"),
)


def lone(rows: Rows, key: str) -> bool:
    """Whether a mean tells of one held-out item alone, and so must not be looked at."""
    counted = [row for row in rows if not isnan(MEASURES[key][1]([row]))]
    return key != "cost_s" and len({row.item for row in counted}) == 1 and counted[0].group == HELD


def cells(groups: dict[str, Rows], reveal: bool) -> dict[str, float]:
    """Every mean by "group/condition/listener/measure"; never locked and the like are left out."""
    named = {}
    for group, of in groups.items():
        for condition, listener in dict.fromkeys((row.condition, row.listener) for row in of):
            rows = [row for row in of if (row.condition, row.listener) == (condition, listener)]
            for key, (_, compute, _) in MEASURES.items():
                value = compute(rows)
                if isfinite(value) and (reveal or not lone(rows, key)):
                    named[f"{group}/{condition}/{listener}/{key}"] = round(value, 4)
    return named


def tables(title: str, of: Rows, reveal: bool) -> list[str]:
    """Markdown: a row per condition and listener."""
    items = {row.item for row in of}
    lines = [f"### {title}: {len(items)} items", ""]
    pairs = dict.fromkeys((row.condition, row.listener) for row in of)
    by_pair = {pair: [row for row in of if (row.condition, row.listener) == pair] for pair in pairs}
    for keys in TABLES:
        shown = [key for key in keys if any(not isnan(MEASURES[key][1](rows)) for rows in by_pair.values())]
        if not shown:
            continue
        lines += [f"| sound | listener | {' | '.join(MEASURES[key][0] for key in shown)} |", "|---" * (len(shown) + 2)]
        lines[-1] += "|"
        for (condition, listener), rows in by_pair.items():
            texts = [_text(rows, key, reveal) for key in shown]
            lines.append(f"| {condition} | {listener} | {' | '.join(texts)} |")
        lines.append("")
    return lines


def _text(rows: Rows, key: str, reveal: bool) -> str:
    if lone(rows, key) and not reveal:
        return "(one item)"
    value = MEASURES[key][1](rows)
    if isnan(value):
        return "–"
    return "never" if value == inf else f"{value:.{MEASURES[key][2]}f}"


def per_item(of: Rows) -> list[str]:
    """Markdown: a row per item and condition, with each listener's F and what it took the beat for."""
    listeners = list(dict.fromkeys(row.listener for row in of))
    lines = [f"| item | BPM | sound | {' | '.join(listeners)} |", "|---" * (len(listeners) + 3) + "|"]
    for item, condition in dict.fromkeys((row.item, row.condition) for row in of):
        rows = {row.listener: row for row in of if (row.item, row.condition) == (item, condition)}
        texts = [_in_short(rows[listener]) if listener in rows else "" for listener in listeners]
        lines.append(f"| {item} | {next(iter(rows.values())).bpm:.0f} | {condition} | {' | '.join(texts)} |")
    return [*lines, ""]


def _in_short(row: Row) -> str:
    if not row.bpm:
        return f"{row.onsets_a_minute:.0f} onsets, {row.beats_a_minute:.0f} beats a minute"
    if isnan(row.f):
        return f"tempo {'right' if row.tempo else 'twice or half' if row.tempo2 else 'wrong'}"
    told = [f"{row.f:.2f}", "" if row.level == "right" else row.level]
    told.append("never" if row.lock_s == inf else f"{row.lock_s:.1f} s")
    return ", ".join(word for word in told if word)
