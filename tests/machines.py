"""Simulated machines for the governor: what a frame takes at a rung, second by second, without a clock."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from livegan.engine.governor import Governor, Work
from livegan.engine.ladder import Rung
from livegan.engine.timing import Pacer
from livegan.rendering.registry import QualityStep

Load = Callable[[float], float]  # time [s] -> factor of everything


def quiet(time_s: float) -> float:
    """Nothing else runs."""
    return 1.0


HOUSE = (
    QualityStep("full", (256, 448), 1.0),
    QualityStep("128 px", (128, 224), 0.75),
    QualityStep("light", (256, 448), 0.4),
    QualityStep("light, 128 px", (128, 224), 0.3),
)


@dataclass
class Machine:
    """A machine on which a full picture takes `full_s`; `costs` replace what the steps say of themselves."""

    full_s: float
    effects_s: float = 0.002
    other_s: float = 0.0015
    load: Load = quiet
    noise: Callable[[int], float] = lambda index: 1.0  # frame -> factor
    costs: dict[str, float] = field(default_factory=dict)
    clock: Load = lambda time_s: time_s  # the time that the governor is told
    pictures: Callable[[float], int] = lambda time_s: 1  # time [s] -> networks that are mixed

    def work(self, index: int, time_s: float, rung: Rung, in_turn: bool = True) -> Work:
        """What frame `index` takes."""
        factor = self.load(time_s) * self.noise(index)
        cost = self.costs.get(rung.step.text, rung.step.cost)
        height, width = rung.step.size
        pixels = height * width / (256 * 448) * (0.25 if rung.half_effects else 1.0)
        effects_s = self.effects_s * (0.2 + 0.8 * pixels)
        pictures = self.pictures(time_s)
        drawn = 1 if in_turn or rung.step.cost < 1 or rung.share < 1 else pictures
        return Work(self.full_s * cost * drawn * factor, effects_s * factor, self.other_s * factor, pictures)


@dataclass(frozen=True)
class Played:
    """One frame that was played."""

    time_s: float  # when it was published
    rung: Rung
    work: Work


def play(
    machine: Machine,
    governor: Governor,
    until_s: float,
    steps: Callable[[float], Sequence[QualityStep]] = lambda time_s: HOUSE,
    start_s: float = 0.0,
) -> Iterator[Played]:
    """Play on that machine as the runtime does, frame after frame."""
    pacer, now_s, index = Pacer(governor.fps, start_s), start_s, 0
    while now_s < until_s:
        pacer.use(governor.fps * governor.rung.share)
        index, due_s = pacer.next(now_s)
        begin_s = max(now_s, due_s)
        rung = governor.rung
        work = machine.work(index, begin_s, rung, governor.in_turn)
        now_s = begin_s + work.total_s
        governor.frame(machine.clock(now_s), work, steps(now_s))
        yield Played(now_s, rung, work)
