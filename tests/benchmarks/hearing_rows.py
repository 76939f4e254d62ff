"""What one listener made of one sound under one condition: all scores by name."""

from dataclasses import asdict, dataclass, field
from math import isfinite, nan
from typing import Any

import numpy as np

from tests.benchmarks.hearing_items import Item
from tests.benchmarks.hearing_peers import FeatureBatch
from tests.benchmarks.hearing_scores import (
    BEAT_S,
    ONSET_S,
    Moments,
    any_level,
    continuity,
    error_ms,
    f_measure,
    lock_s,
    misheard,
    precision_recall,
    rightness,
    tempo_of,
    tempo_right,
)

START_S = 6.0  # of beats only later ones count, but for the lock and for confidence
FACTORS = (1.0, 2.0, 0.5)
SURE = 0.5  # a beat of more confidence is told as one, where there is none


@dataclass(frozen=True)
class Row:
    """Scores; NaN where one has no meaning."""

    item: str
    group: str
    condition: str
    listener: str
    bpm: float  # the true tempo; 0: there is no beat
    f: float = nan  # of what is told, after 6 s
    f_every: float = nan  # of every beat of the clock, told or not
    cmlt: float = nan
    amlt: float = nan
    tempo: float = nan
    tempo2: float = nan  # twice and half of it forgiven
    level: str = ""  # metrical level of `hearing_scores.levels` that was heard
    lock_s: float = nan  # inf: never
    error_ms: float = nan
    bar: float = nan
    onset_f: float = nan
    onset_precision: float = nan
    onset_recall: float = nan
    onsets_a_minute: float = nan  # where there is no beat
    beats_a_minute: float = nan  # ... told with confidence
    cost_s: float = nan  # CPU time per second of sound
    confidence: list[float] = field(default_factory=list)  # of each beat, where there is such a thing
    right: list[bool] = field(default_factory=list)

    def json(self) -> dict[str, Any]:
        """Everything but NaN; what is infinite as null."""
        facts = {key: value for key, value in asdict(self).items() if value == value}
        return {key: _plain(value) for key, value in facts.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return (round(value, 4) if isfinite(value) else None) if isinstance(value, float) else value


def score(item: Item, condition: str, listener: str, heard: FeatureBatch, seconds: float, cost_s: float) -> Row:
    """Compare what was heard in `seconds` of sound with the truth."""
    facts: dict[str, Any] = {"cost_s": cost_s / seconds}
    beats = np.sort(heard.beats)
    if item.beats is None:
        sure = beats if heard.confidence is None else heard.confidence[heard.confidence > SURE]
        facts["onsets_a_minute"] = 60 * len(heard.onsets) / seconds
        facts["beats_a_minute"] = 60 * len(sure) / seconds
        facts |= _confidences(np.zeros(0), heard)
    else:
        bpm = heard.tempo or tempo_of(beats[beats > START_S])
        facts["tempo"] = float(tempo_right(item.bpm, bpm))
        facts["tempo2"] = float(tempo_right(item.bpm, bpm, FACTORS))
        if item.phase_known:
            facts |= _beats(item.beats, beats, heard, seconds)
            facts |= _confidences(item.beats, heard)
        if item.downbeats is not None and heard.downbeats is not None:
            facts["bar"] = f_measure(*(_late(one, item.beats) for one in (item.downbeats, heard.downbeats)), BEAT_S)
    if item.onsets is not None and listener != "BeatNet":
        precision, recall = precision_recall(item.onsets, np.sort(heard.onsets), ONSET_S)
        facts["onset_recall"] = recall
        if item.onset_kind == "all":
            facts["onset_precision"] = precision
            facts["onset_f"] = f_measure(item.onsets, np.sort(heard.onsets), ONSET_S)
    return Row(item.name, item.group, condition, listener, item.bpm, **facts)


def _late(moments: Moments, true: Moments) -> Moments:
    """Those that count: after 6 s and not after the last true beat."""
    return moments[(moments > START_S) & (moments <= true[-1] + BEAT_S)]


def _beats(true: Moments, beats: Moments, heard: FeatureBatch, seconds: float) -> dict[str, Any]:
    late, told = _late(true, true), _late(beats, true)
    every = told if heard.every is None else _late(np.sort(heard.every), true)
    return {
        "f": f_measure(late, told),
        "f_every": f_measure(late, every),
        "cmlt": continuity(late, told),
        "amlt": any_level(late, told),
        "level": misheard(late, told),
        "lock_s": lock_s(true, beats, min(seconds, true[-1] + BEAT_S)),
        "error_ms": error_ms(late, told),
    }


def _confidences(true: Moments, heard: FeatureBatch) -> dict[str, Any]:
    """Confidence of every beat that the clock gave, and whether it was right: none is where there is no beat."""
    if heard.every is None or heard.confidence is None:
        return {}
    order = np.argsort(heard.every)
    every, confidence = heard.every[order], heard.confidence[order]
    counts = every <= true[-1] + BEAT_S if len(true) else np.ones(len(every), bool)
    right = rightness(true, every[counts])
    return {"confidence": [float(one) for one in confidence[counts]], "right": [bool(one) for one in right]}
