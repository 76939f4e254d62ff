"""Drawing of frame plans: a plan's network pictures, those of plans that lie over it too, without effects.

Without a rung a pure function of plan and generators: any frame can be drawn again, in any order, in another process
or on another machine. What remembers earlier frames comes afterwards, in `Performer.finish`. Live, where there is no
time to spare, the networks of a transition draw in turn, one a frame.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from livegan.core.types import FramePlan, Picture
from livegan.engine.ladder import Rung, step_index
from livegan.errors import NetworkError
from livegan.networks.info import NetworkInfo
from livegan.rendering.registry import Generator
from livegan.rendering.threads import use_threads

FAINT = 0.15  # a live picture of which less is seen is drawn by the cheapest step
UNSEEN = 0.02  # one that comes in is not drawn in its first frame if less is seen: the rate can be lowered before


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Network picture of a plan, and those of the plans over it."""

    picture: Picture
    over: tuple["Drawn | None", ...] = ()  # in the order of `FramePlan.over`; None: nothing is laid over

    @property
    def pictures(self) -> list[Picture]:
        """All of them, depth first."""
        return [self.picture, *(picture for cover in self.over if cover for picture in cover.pictures)]


class PlanDrawing:
    """Drawing of plans by the generators of a bank. Where a network is not ready, the nearest one stands in."""

    def __init__(self, find: Callable[[str], Generator | None], newest: Callable[[], Generator | None]) -> None:
        """`find` gives the generator of a network, or of the nearest ready one, `newest` the one used last; or None."""
        self._find, self._newest = find, newest
        self.generator: Generator | None = None  # that of the lowest picture which was drawn last
        self.rendering: Generator | None = None  # the one that draws at this moment
        self.coming: Generator | None = None  # that of the topmost picture, if another is mixed in
        self._came: Generator | None = None  # in the frame before
        self.pictures = 0  # of the newest frame, new or kept
        self._turn: int | None = None  # the place among the pictures of this frame that is drawn; None: every one
        self._kept: dict[tuple[int, str], Picture] = {}  # of the frame before, by place and network
        self._keeping: dict[tuple[int, str], Picture] = {}  # of this frame

    def draw(self, plan: FramePlan, rung: Rung | None = None) -> Drawn:
        """All network pictures of a plan; NetworkError while none is ready.

        `rung`: how they are drawn; None: as well as can be.
        """
        before, count = self.pictures, _pictures(plan)
        if rung is None or count == 1 or not (rung.in_turn or rung.step.cost < 1 or rung.share < 1):
            self._turn = None
        elif self._turn is None or before != count:
            self._turn = count - 1  # what comes in is drawn first
        else:
            self._turn = (self._turn + 1) % count
        self._came, self.coming, self.pictures, self._keeping = self.coming, None, 0, {}
        drawn = self._finished(plan, rung, 1.0)
        self._kept = self._keeping
        return drawn

    def _finished(self, plan: FramePlan, rung: Rung | None, seen: float) -> Drawn:
        """The pictures of a plan, then of those that come in with effects of their own; `seen`: what is shown of it."""
        apart = [share for share, cover in plan.over if cover.apart]
        drawn = self._mixed(plan, rung, seen * math.prod(1 - share for share in apart))
        if not apart:
            return drawn
        pairs = zip(plan.over, drawn.over, strict=True)
        over = (self._finished(cover, rung, seen * share) if cover.apart else mixed for (share, cover), mixed in pairs)
        return replace(drawn, over=tuple(over))

    def _mixed(self, plan: FramePlan, rung: Rung | None, seen: float) -> Drawn:
        """The picture of a plan, and those that are mixed with it under its effects."""
        below = self._find(plan.network) or self._newest()
        if below is None:
            raise NetworkError("no network is ready to draw")
        picture = self._picture(below, plan, rung, seen * _uncovered(plan))
        over: list[Drawn | None] = []
        for share, cover in plan.over:
            if cover.apart:
                over.append(None)
                continue
            above = self._find(cover.network)
            stands_in = below.info.name != plan.network or (above and above.info.name != cover.network)
            same = above is None or (above is below and stands_in and np.array_equal(plan.z, cover.z))
            unseen = rung is not None and above is not self._came and seen * share < UNSEEN
            over.append(None if same or unseen else self._mixed(cover, rung, seen * share))
            self.coming = self.coming if above is below else above
        self.generator = below
        return Drawn(picture, tuple(over))

    def _picture(self, generator: Generator, plan: FramePlan, rung: Rung | None, seen: float) -> Picture:
        """The picture of a plan alone, or the one of the frame before where it is another's turn."""
        place, key = self.pictures, (self.pictures, generator.info.name)
        self.pictures += 1
        kept = self._kept.get(key) if self._turn not in (None, place) else None
        picture = self.render(generator, plan, rung, seen) if kept is None else kept
        if rung is not None:
            self._keeping[key] = picture
        return picture

    def render(self, generator: Generator, plan: FramePlan, rung: Rung | None = None, seen: float = 1.0) -> Picture:
        """The picture of a plan alone, by a generator of which at least the shape may be another's."""
        plan = fitted(plan, generator.info)
        step = step_index(generator.steps, rung.step) if rung is not None else 0
        if rung is not None and seen < FAINT:  # a fade that begins or ends costs no late frame
            step = max(step, len(generator.steps) - 1)
        use_threads(generator.threads(plan, step))
        self.rendering = generator
        try:
            return generator.render(plan, step)
        finally:
            self.rendering = None


def _pictures(plan: FramePlan) -> int:
    """How many network pictures a plan has, those of plans over it too."""
    return 1 + sum(_pictures(cover) for _, cover in plan.over)


def _uncovered(plan: FramePlan) -> float:
    """Share of a plan's own picture that those crossfaded over it leave."""
    return math.prod(1 - share for share, cover in plan.over if not cover.apart)


def fitted(plan: FramePlan, info: NetworkInfo) -> FramePlan:
    """The plan in the shapes of another network, which draws it while its own is loaded."""
    w = plan.w if plan.w is None or plan.w.shape[-1] == info.w_dim else None
    mix = plan.mix if info.w_dim else ()
    if (
        plan.z.shape == (info.z_dim,)
        and plan.classes.shape == (info.c_dim,)
        and w is plan.w
        and bool(mix) == bool(plan.mix)
    ):
        return plan
    classes = np.zeros(info.c_dim, np.float32)
    count = min(len(classes), len(plan.classes))
    classes[:count] = plan.classes[:count]
    mix = tuple((weight, np.resize(z, info.z_dim)) for weight, z in mix)
    return replace(plan, z=np.resize(plan.z, info.z_dim), classes=classes, w=w, mix=mix)
