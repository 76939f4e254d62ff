"""Controls of the beat clock: what `core.events` sends there, applied to the beat tracker."""

from livegan.features.beat import BeatTracker

NUDGE_BEATS = 1 / 16


def handle(beat: BeatTracker, control: str, ago_s: float) -> None:
    """Apply a control that was pressed `ago_s` before the newest sound was heard. ValueError for any other control."""
    match control:
        case "beat.tap":
            beat.tap(beat.time_s - ago_s)
        case "beat.halve":
            beat.halve()
        case "beat.double":
            beat.double()
        case "beat.earlier":
            beat.nudge(NUDGE_BEATS)
        case "beat.later":
            beat.nudge(-NUDGE_BEATS)
        case _:
            raise ValueError(f"'{control}' is no control of the beat clock")
