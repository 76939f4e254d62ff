"""Plan of a projection: which frames follow one another, and which are projected together.

A video is cut into chains of so many frames. In a chain each frame starts from the one before; the first starts afresh.
A unit is a few chains that walk side by side as one batch. Units are independent of each other and always the same for
the same input, whoever runs them: many processes or machines get the same bits as one. A row is what a unit does at a
time, its frames that stand side by side.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from livegan.core.types import Pixels
from livegan.studio.projection_work import ProjectionWork
from livegan.studio.projector import Projected, Projector
from livegan.studio.projector_network import to_targets

CHAIN = 60  # frames: four seconds of a usual projection


@dataclass(frozen=True, slots=True)
class Chain:
    """Frames `first` .. `end` - 1 of one input, each but the first from the one before."""

    input: int  # index
    first: int
    end: int


Unit = tuple[Chain, ...]


def units(counts: Sequence[int], batch: int, length: int = CHAIN) -> list[Unit]:
    """The units of inputs of so many frames each, in order."""
    chains = [
        Chain(index, first, min(first + length, count))
        for index, count in enumerate(counts)
        for first in range(0, count, length)
    ]
    return [tuple(chains[place : place + batch]) for place in range(0, len(chains), batch)]


@dataclass(frozen=True, slots=True)
class Row:
    """Frames that are projected side by side, and where they are kept."""

    works: tuple[ProjectionWork, ...]
    numbers: tuple[int, ...]  # of each frame in its input
    firsts: tuple[int, ...]  # frame that each one's chain begins with

    @property
    def is_finished(self) -> bool:
        return all(work.is_finished(number) for work, number in zip(self.works, self.numbers, strict=True))

    def targets(self) -> list[Pixels]:
        return [work.target(number) for work, number in zip(self.works, self.numbers, strict=True)]

    def before(self) -> list[list[Projected]]:
        """For each frame the results of up to two before it, which must be finished."""
        return [
            [work.result(earlier) for earlier in range(max(first, number - 2), number)]
            for work, number, first in zip(self.works, self.numbers, self.firsts, strict=True)
        ]

    def finish(self, results: Sequence[Projected]) -> None:
        """Keep the results."""
        for work, number, result in zip(self.works, self.numbers, results, strict=True):
            work.finish(number, result)


def rows(unit: Unit, works: Sequence[ProjectionWork]) -> Iterator[Row]:
    """The rows of a unit, in order."""
    for offset in range(max(chain.end - chain.first for chain in unit)):
        side = [chain for chain in unit if chain.first + offset < chain.end]
        yield Row(
            tuple(works[chain.input] for chain in side),
            tuple(chain.first + offset for chain in side),
            tuple(chain.first for chain in side),
        )


def run_unit(
    unit: Unit,
    works: Sequence[ProjectionWork],
    projector: Projector,
    report: Callable[[int], None] = lambda frames: None,
    stepped: Callable[[int], None] = lambda step: None,
) -> None:
    """Project what is not finished of a unit; `report` gets how many frames are finished since the last call.

    Frames that stand side by side are projected again together if one of them is missing, so that the batch, and with
    it every bit, is the same as without an interruption.
    """
    for row in rows(unit, works):
        if not row.is_finished:
            targets = to_targets(row.targets(), projector.network.device)
            row.finish(projector.project(targets, row.before(), row.numbers, stepped))
        report(len(row.numbers))
