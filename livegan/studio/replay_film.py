"""Film frames of a replay: at a constant rate, in step with the show, with every frame that the show left out."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from math import ceil, inf

from livegan.core.types import FramePlan
from livegan.engine.log_blocks import LoggedFrame
from livegan.studio.replay import Replay

LONGEST_GAP_S = 60.0  # between two frames of a show; a longer one, of a computer that slept, is cut out


def film_plans(
    replay: Replay, fps: Fraction, exact: bool, start_s: float = 0.0, length_s: float = inf
) -> Iterator[FramePlan]:
    """The plans of a film, numbered from 0, of `length_s` of the show from `start_s` on.

    `exact`: at the show's own rate, each of its plans as it was; frames that it did not make in time are drawn between
    those before and after. Otherwise what was heard and done is stepped anew at `fps`.
    """
    first, end = round(start_s * fps), inf if length_s == inf else round((start_s + length_s) * fps)
    for plan in _exact(replay, fps) if exact else _stepped(replay, fps):
        if plan.index >= end:
            return
        if plan.index >= first:
            yield replace(plan, index=plan.index - first)


def film_frames(span_s: float, fps: Fraction, exact: bool, start_s: float = 0.0, length_s: float = inf) -> int:
    """How many plans `film_plans` gives, 1 at least, of a show whose last frame was due `span_s` after its first.

    More than there are where it cuts out a gap.
    """
    count = (round(span_s * fps) if exact else ceil((span_s - 1e-9) * fps)) + 1
    end = count if length_s == inf else min(count, round((start_s + length_s) * fps))
    return max(1, end - round(start_s * fps))


def _exact(replay: Replay, fps: Fraction) -> Iterator[FramePlan]:
    began_s, last = 0.0, None
    for plan in replay.plans():
        if last is None:
            began_s, last = plan.time_s, replace(plan, index=0)
            yield last
            continue
        place = round((plan.time_s - began_s) * fps)
        missing = place - last.index - 1
        if missing < 0:
            continue
        if missing > LONGEST_GAP_S * fps:
            began_s, place, missing = plan.time_s - float((last.index + 1) / fps), last.index + 1, 0
        for number in range(1, missing + 1):
            yield _between(last, plan, last.index + number, number / (missing + 1), float(1 / fps))
        last = replace(plan, index=place, dt_s=float(1 / fps) if missing else plan.dt_s)
        yield last


def _between(one: FramePlan, other: FramePlan, index: int, share: float, dt_s: float) -> FramePlan:
    """The plan of a frame that was left out; of unlike networks, or within a transition, the one before it again."""
    plan = one.blend(other, share) if one.resembles(other) else one
    time_s = one.time_s + (other.time_s - one.time_s) * share
    return replace(plan, index=index, time_s=time_s, dt_s=dt_s)


def _stepped(replay: Replay, fps: Fraction) -> Iterator[FramePlan]:
    waiting: list[LoggedFrame] = []
    columns: tuple[int, ...] = ()
    began_s, index = None, 0
    for frame, read in replay.frames():
        began_s = frame.time_s if began_s is None else began_s
        if frame.time_s - began_s > index / fps + LONGEST_GAP_S:
            began_s = frame.time_s - float((index + 1) / fps)
        while waiting and (frame.time_s - began_s > index / fps + 1e-9 or read != columns):
            yield replay.follow(waiting, columns, index, began_s + float(index / fps), float(1 / fps))
            waiting, index = [], index + 1
            while frame.time_s - began_s > index / fps + 1e-9:
                yield replay.follow([], columns, index, began_s + float(index / fps), float(1 / fps))
                index += 1
        waiting, columns = [*waiting, frame], read
    if waiting and began_s is not None:
        yield replay.follow(waiting, columns, index, began_s + float(index / fps), float(1 / fps))
