"""Hands on the beat clock: what they are called, and what they do."""

from livegan.features.beat import BeatTracker

NUDGE_BEATS = 1 / 16
BEAT_HANDS = ("beat.tap", "beat.halve", "beat.double", "beat.earlier", "beat.later")
"""Keys and pads may say these; pads by `[knobs]`, e.g. "pad.1" = "beat.tap"."""


def handle(beat: BeatTracker, hand: str, ago_s: float) -> None:
    """Let a hand act that moved `ago_s` before the newest sound was heard."""
    if hand == "beat.tap":
        beat.tap(beat.time_s - ago_s)
    elif hand == "beat.halve":
        beat.halve()
    elif hand == "beat.double":
        beat.double()
    else:
        beat.nudge(NUDGE_BEATS if hand == "beat.earlier" else -NUDGE_BEATS)
