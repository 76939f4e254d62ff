"""Plan of a projection: which frames follow one another, and which are projected together.

A video is cut into chains of so many frames. In a chain each frame starts from the one before; the first starts afresh.
A unit is a few chains that walk side by side as one batch. Units are independent of each other and always the same for
the same input, whoever runs them: many processes or machines get the same bits as one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from livegan.studio.projection_work import ProjectionWork
from livegan.studio.projector import Projector
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
    for offset in range(max(chain.end - chain.first for chain in unit)):
        side = [(works[chain.input], chain, chain.first + offset) for chain in unit if chain.first + offset < chain.end]
        if not all(work.is_finished(index) for work, _, index in side):
            targets = to_targets([work.target(index) for work, _, index in side], projector.network.device)
            before = [
                [work.result(earlier) for earlier in range(max(chain.first, index - 2), index)]
                for work, chain, index in side
            ]
            numbers = [index for _, _, index in side]
            for (work, _, index), result in zip(
                side, projector.project(targets, before, numbers, stepped), strict=True
            ):
                work.finish(index, result)
        report(len(side))
