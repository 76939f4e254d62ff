"""Controls of the beat clock: what `core.events` sends there, applied to a beat clock."""

from livegan.features.beat_clock import TappableClock

NUDGE_BEATS = 1 / 16


def change_of(control: str) -> tuple[float, float]:
    """What a control makes of a clock that is only read: how many times as fast, and how many beats earlier."""
    match control:
        case "beat.halve":
            return 0.5, 0.0
        case "beat.double":
            return 2.0, 0.0
        case "beat.earlier":
            return 1.0, NUDGE_BEATS
        case "beat.later":
            return 1.0, -NUDGE_BEATS
    return 1.0, 0.0


def handle(beat: TappableClock, control: str, time_s: float) -> None:
    """Apply a control that was pressed at `time_s`, on the clock's own time. ValueError for any other control."""
    match control:
        case "beat.tap":
            beat.tap(time_s)
        case "beat.halve":
            beat.halve()
        case "beat.double":
            beat.double()
        case "beat.earlier":
            beat.nudge(NUDGE_BEATS)
        case "beat.later":
            beat.nudge(-NUDGE_BEATS)
        case "beat.listen":
            beat.listen()
        case _:
            raise ValueError(f"'{control}' is no control of the beat clock")
