"""Dream of a film: its stretches from one optimisation step to the next, and their drawing, here or by workers."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from livegan.core.types import Pixels
from livegan.effects.memory import Memory, under, within
from livegan.rendering.threads import use_threads
from livegan.studio.dream.dreamer import Aim, Dreamer, Feedback, State
from livegan.studio.dream.segments import Segment

STILL = Feedback()
PLACE = "place"  # (segment, iteration) in a memory


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """The way from one step of the dream to the next."""

    segment: int
    iteration: int
    start: State  # zoomed, shifted and turned already, where that is asked for
    end: State

    def memory(self) -> Memory:
        """All of it as tensors, for a film that goes on in it."""
        place = torch.tensor([self.segment, self.iteration])
        return {PLACE: place} | under("start", _tensors(self.start)) | under("end", _tensors(self.end))


def stretch_of(memory: Memory) -> Stretch:
    """The stretch whose memory that is."""
    segment, iteration = memory[PLACE].tolist()
    return Stretch(segment, iteration, _arrays(within(memory, "start")), _arrays(within(memory, "end")))


def _tensors(state: State) -> Memory:
    return {name: torch.from_numpy(np.array(array)) for name, array in state.items()}


def _arrays(memory: Mapping[str, torch.Tensor]) -> State:
    return {name: tensor.numpy() for name, tensor in memory.items()}


Aims = Callable[[Segment], Sequence[Aim]]


class Steps(Protocol):
    """Store of dreamt steps, so that a killed film dreams none of them again."""

    def find(self, segment: int, iteration: int) -> State | None:
        """The state after a step; None: it is not dreamt yet."""
        ...

    def keep(self, segment: int, iteration: int, state: State) -> None:
        """A step was dreamt."""
        ...


def dream_on(
    dreamer: Dreamer,
    segments: Sequence[Segment],
    aims: Aims,
    feedback: Feedback,
    steps: Steps,
    begun: Stretch | None = None,
) -> Iterator[Stretch]:
    """Dream segment after segment, each from where the one before ended; from `begun` on, where there is one.

    The picture at the end of a segment is one more aim of the first step of the next (music2video).
    """
    for segment in segments[0 if begun is None else begun.segment :]:
        first = 0
        if begun is not None:
            dreamer.aim(aims(segment))
            dreamer.restore(begun.end)
            yield begun
            first, begun = begun.iteration + 1, None
        else:
            fresh = segment.number > 0 and steps.find(segment.number, 0) is None
            before = [Aim(picture=dreamer.picture())] if fresh else []
            dreamer.aim(aims(segment), first_only=before)
        for iteration in range(first, segment.iterations):
            if feedback != STILL:
                dreamer.feed_back(feedback)
            start = dreamer.state()
            kept = steps.find(segment.number, iteration)
            if kept is None:
                dreamer.step()
            else:
                dreamer.restore(kept)
            end = dreamer.state()
            if kept is None:
                steps.keep(segment.number, iteration, end)
            yield Stretch(segment.number, iteration, start, end)
        if not segment.iterations:  # too short for a step
            state = dreamer.state()
            yield Stretch(segment.number, 0, state, state)


def dream_alone(dreamer: Dreamer, fresh: State, segment: Segment, aims: Sequence[Aim]) -> State:
    """Dream one segment from the beginning; the state at its end. `fresh`: the dreamer's before its first aim.

    On one thread, as every worker: the last bits of a gradient depend on how many there are.
    """
    threads = torch.get_num_threads()
    use_threads(1)
    try:
        dreamer.restore(fresh)
        dreamer.aim(aims)
        for _ in range(max(1, segment.iterations)):
            dreamer.step()
        return dreamer.state()
    finally:
        use_threads(threads)


def travels(segments: Sequence[Segment], ends: Sequence[State], begun: int = 0) -> Iterator[Stretch]:
    """The way from the picture of each segment, dreamt alone, to that of the next; the first has its own all along."""
    for segment in segments[begun:]:
        yield Stretch(segment.number, 0, ends[max(0, segment.number - 1)], ends[segment.number])


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """One frame of a stretch."""

    frame: int
    amount: float  # of the way
    stretch: Stretch
    pixels: Pixels


Places = Callable[[int], tuple[int, int, float]]  # frame -> segment, iteration, amount


Shown = Iterable[tuple[Stretch, list[int]]]  # frames that each stretch shows


def frames_of(
    stretches: Iterable[Stretch], places: Places, first: int, last: int
) -> Iterator[tuple[Stretch, list[int]]]:
    """The frames from `first` up to `last` (not included) of each stretch; those that show none are left out."""
    frame = first
    for stretch in stretches:
        shown = list[int]()
        while frame < last and places(frame)[:2] <= (stretch.segment, stretch.iteration):
            shown.append(frame)
            frame += 1
        if shown:
            yield stretch, shown
        if frame >= last:
            return


def drawn_here(dreamer: Dreamer, shown: Shown, places: Places) -> Iterator[Drawn]:
    """The frames, drawn by this process."""
    for stretch, frames in shown:
        for frame in frames:
            amount = places(frame)[2]
            yield Drawn(frame, amount, stretch, dreamer.between(stretch.start, stretch.end, amount))
