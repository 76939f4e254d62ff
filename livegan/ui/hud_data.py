"""HUD data: everything the HUD shows at one moment."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from livegan.engine.telemetry import Percentiles, Telemetry


def _zeros() -> Percentiles:
    return {"p50": 0.0, "p95": 0.0, "p99": 0.0, "max": 0.0}


@dataclass(frozen=True, slots=True)
class HudData:
    """Frozen snapshot for the HUD: the window's measures and state, and the engine's telemetry."""

    engine: Telemetry | None = None
    fps: float = 0.0  # shown
    interval_ms: Percentiles = field(default_factory=_zeros)  # between two shown frames
    latency_ms: Percentiles | None = None  # sound heard -> light; None where nothing was heard yet
    recent_s: Sequence[float] = ()  # newest intervals, oldest first
    skipped: int = 0
    faults: int = 0  # of the window; the engine's are added
    blackout: bool = False
    frozen: bool = False
    master: float = 1.0
    fade: float = 1.0  # where a timed fade leads
    recording: str = ""

    @property
    def counts(self) -> tuple[tuple[str, int], ...]:
        """Counters that should stay at zero."""
        engine = self.engine
        return (
            ("overruns", engine.overruns if engine else 0),
            ("dropped", engine.dropped if engine else 0),
            ("skipped", self.skipped),
            ("missed", engine.missed_hops if engine else 0),
            ("faults", self.faults + (engine.faults if engine else 0)),
        )

    @property
    def marks(self) -> tuple[tuple[str, str], ...]:
        """Warning marks for the first row, with the name of their colour."""
        words: list[tuple[str, str]] = []
        if self.recording:
            words.append(("● REC", "bad"))
        if self.engine is not None and self.engine.limiting:
            words.append(("STROBE LIMITED", "warn"))
        if self.frozen:
            words.append(("FROZEN", "cold"))
        if self.blackout:
            words.append(("BLACKOUT", "warn"))
        else:
            if self.fade < 1.0:
                words.append((f"FADE {self.fade:.0%}" if self.fade else "FADED OUT", "warn"))
            if self.master < 1.0:
                words.append((f"MASTER {self.master:.0%}", "warn"))
        return tuple(words)
