"""What the panel shows at one moment: the engine's board and telemetry, the window's measures; texts without Qt."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from livegan.engine.board import Board
from livegan.engine.telemetry import Telemetry
from livegan.ui.hud_data import HudData

COUNTS = ("faults", "overruns", "dropped", "missed", "skipped")  # the most serious first
LATE_MS, VERY_LATE_MS = 60.0, 100.0  # from a sound to its light, of the slowest in twenty
ANSWERS_S = 1.0  # an engine that has not answered for so long is said to hang


@dataclass(frozen=True, slots=True)
class PanelFacts:
    """Frozen snapshot for the panel; every part of it draws from this and nothing else."""

    now_s: float
    board: Board | None = None
    engine: Telemetry | None = None
    output: HudData = field(default_factory=HudData)
    states: Mapping[str, float] = field(default_factory=dict)  # of the window: blackout, freeze, master ...
    since_s: float = 0.0  # when the panel began: before the engine's first word
    faults: int = 0

    @property
    def silent_s(self) -> float:
        """For how long the engine has not answered, 0 while it does [s]."""
        heard_s = self.engine.time_s if self.engine is not None else self.since_s
        silent_s = self.now_s - heard_s
        return silent_s if silent_s >= ANSWERS_S else 0.0

    @property
    def counts(self) -> tuple[tuple[str, int], ...]:
        """What should stay at zero."""
        counts = dict(self.output.counts)
        return tuple((name, counts[name]) for name in COUNTS)

    @property
    def latency_ink(self) -> str:
        """Ink of the latency: from a sound to its light."""
        slow = self.output.latency_ms["p95"] if self.output.latency_ms is not None else 0.0
        return "text" if slow <= LATE_MS else "warn" if slow <= VERY_LATE_MS else "bad"

    @property
    def verdict(self) -> str:
        """The show in two words, where no notice says more; "" where figures below say what is not well."""
        if self.latency_ink != "text":
            return "late pictures"
        return "" if any(number for _, number in self.counts) else "all well"

    @property
    def blackout(self) -> bool:
        """Whether the output is black."""
        return self.states.get("blackout", float(self.output.blackout)) > 0

    @property
    def frozen(self) -> bool:
        """Whether the output stands still."""
        return self.states.get("freeze", float(self.output.frozen)) > 0

    @property
    def master(self) -> float:
        """Where the master fader stands, 0..1."""
        return self.states.get("master", self.output.master)

    @property
    def faded(self) -> bool:
        """Whether the light is faded out, or on its way there."""
        return self.states.get("fade", 1.0) < 1.0

    @property
    def light(self) -> float:
        """Gain of the output, 0..1."""
        return 0.0 if self.blackout else self.master * self.states.get("fade", 1.0)

    @property
    def marks(self) -> tuple[tuple[str, str], ...]:
        """Words over the preview and their inks: what makes the output another picture than the engine's."""
        marks = (
            ("REC", "bad", bool(self.output.recording)),
            ("BLACKOUT", "warn", self.blackout),
            ("FROZEN", "cold", self.frozen),
            (f"MASTER {self.master:.0%}", "warn", self.master < 1.0 and not self.blackout),
        )
        return tuple((words, ink) for words, ink, on in marks if on)

    @property
    def title(self) -> str:
        """Title of the scene that plays."""
        if self.board is not None and self.board.playing >= 0:
            return self.board.scenes[self.board.playing].title
        return self.engine.scene if self.engine is not None else ""

    @property
    def place(self) -> str:
        """Which of the scenes it is: "3 of 9"; of the safe scene, that it is that."""
        if self.board is None:
            return ""
        return f"{self.board.playing + 1} of {len(self.board.scenes)}" if self.board.playing >= 0 else "the safe scene"

    def title_of(self, number: int) -> str:
        """Title of one of the scenes; "" for none."""
        known = self.board is not None and 0 <= number < len(self.board.scenes)
        return self.board.scenes[number].title if known and self.board is not None else ""

    @property
    def connections(self) -> tuple[tuple[str, str], ...]:
        """What is connected, one line each, and the ink of its light; what is wrong comes first."""
        if self.engine is None:
            return ()
        lines = tuple((words, "good" if well else "warn") for words, well in self.engine.connections)
        if not any(words.startswith("MIDI:") for words, _ in lines):  # a clock by MIDI is none
            lines = (("no MIDI controller", "quiet"), *lines)
        return tuple(sorted(lines, key=lambda line: line[1] != "warn"))

    @property
    def coming(self) -> tuple[str, str]:
        """Title of the scene that comes next, and when or what it waits for; two empty ones where none does."""
        board = self.board
        if board is None:
            return "", ""
        if board.chosen >= 0:
            waits = board.waits_for
            return self.title_of(board.chosen), f"waits for {waits.partition(':')[0]}" if waits else "now"
        return (self.title_of(board.next), board.when) if board.next != board.playing else ("", "")


def duration_text(seconds: float) -> str:
    """Seconds as people write them: "12 s", "3:05", "1:02:05"."""
    whole = max(int(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
