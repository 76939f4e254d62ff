"""The performer: heard and touched in, a frame out. The same one on stage and in a render."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from livegan.core.clock import Clock
from livegan.core.types import ControlEvent, FeatureFrame, Frame, FramePlan, Layout, Pixels
from livegan.engine.guard import Guard
from livegan.engine.patch import Patch
from livegan.engine.transition import Transition
from livegan.generators.registry import Generator

DEAF_AFTER_S = 0.5  # when nothing new was heard for so long, it is silent

Effects = Callable[[Any, Mapping[str, float], float], Any]


def silence(layout: Layout) -> FeatureFrame:
    """A frame in which nothing is heard; its time is 0: no sound."""
    return FeatureFrame(0.0, layout, np.zeros(len(layout.names), np.float32))


class Performer:
    """Owns the scenes that play, the generators that are ready, and the memory of the effects."""

    def __init__(
        self,
        patches: Sequence[Patch],
        start: int,
        generators: Iterable[Generator],
        effects: Effects,
        layout: Layout,
        clock: Clock,
        guard: Guard,
    ) -> None:
        """Patch number `start` plays; its first network must be among `generators`."""
        self.patches = list(patches)
        self.generators = {generator.info.name: generator for generator in generators}
        self.guard = guard
        self.heard = silence(layout)  # the newest
        self._heard_at_s = float("-inf")  # when it came to us: on a slow line that is long after it sounded
        self._playing = [(self.patches[start], Transition(0.0, 0.0))]  # oldest first; each fades in over those before
        self._wanted: Patch | None = None
        self._effects = effects
        self._layout = layout
        self._clock = clock
        self._pixels: Pixels = np.zeros((*self.generator.info.resolution, 3), np.uint8)

    @property
    def patch(self) -> Patch:
        """The scene that plays, or is being faded in."""
        return self._playing[-1][0]

    @property
    def generator(self) -> Generator:
        """A generator of the scene that plays."""
        return self._ready(self.patch.networks[0].name)

    @property
    def waits_for(self) -> str:
        """The network a chosen scene waits for, or ""."""
        return self._wanted.networks[0].name if self._wanted else ""

    def _ready(self, network: str) -> Generator:
        """The generator of `network`; while that is being loaded, the first one of the scene that plays, or any."""
        for name in (network, self.patch.networks[0].name):
            if name in self.generators:
                return self.generators[name]
        return next(iter(self.generators.values()))

    def touch(self, event: ControlEvent) -> None:
        """Let one hand act: choose a scene, or turn what the scene binds to it."""
        kind, _, which = event.name.partition(".")
        if kind == "scene" and event.value > 0:
            self._choose(which)
        else:
            self.patch.turn(event.name, event.value)

    def _choose(self, which: str) -> None:
        at = self.patches.index(self._wanted or self.patch)
        if which in ("next", "previous"):
            self._wanted = self.patches[(at + (1 if which == "next" else -1)) % len(self.patches)]
        elif which.isdigit() and 1 <= int(which) <= len(self.patches):
            self._wanted = self.patches[int(which) - 1]

    def _change(self, time_s: float) -> None:
        """Begin the crossfade to the wanted scene once its network is ready."""
        wanted = self._wanted
        if wanted is None or wanted.networks[0].name not in self.generators:
            return
        self._wanted = None
        if wanted is not self.patch:
            self._playing.append((wanted, Transition(time_s, wanted.scene.fade_s)))

    def hear(self, heard: FeatureFrame, time_s: float) -> None:
        """Take what was heard since the last frame."""
        self.heard, self._heard_at_s = heard, time_s

    def heard_by(self, time_s: float) -> FeatureFrame:
        """What counts as heard at `time_s`: the newest, or silence if nothing came for a while."""
        return silence(self._layout) if time_s - self._heard_at_s > DEAF_AFTER_S else self.heard

    def plan(self, index: int, time_s: float, dt_s: float) -> FramePlan:
        """The plan of the next frame: the scenes that play, each blended over those before it."""
        heard = self.heard_by(time_s)
        amounts = [transition.amount(time_s) for _, transition in self._playing]
        whole = max(i for i, amount in enumerate(amounts) if amount >= 1 or i == 0)
        del self._playing[:whole]  # what lies under a scene that has wholly come in is not seen any more
        plans = {id(patch): patch.plan(index, time_s, dt_s, heard) for patch, _ in self._playing}
        plan = plans[id(self._playing[0][0])]
        for (patch, _), amount in zip(self._playing[1:], amounts[whole + 1 :], strict=True):
            plan = plan.blend(plans[id(patch)], amount)
        return plan

    def draw(self, plan: FramePlan) -> Pixels:
        """Pixels for a plan: the network, then the effects; always an answer."""
        return self.guard("picture", lambda: self._draw(plan), self._pixels)

    def _draw(self, plan: FramePlan) -> Pixels:
        self._pixels = self.finish(self._ready(plan.network).render(plan), plan)
        return self._pixels

    def finish(self, picture: Any, plan: FramePlan) -> Pixels:
        """Effects over the network's picture, and the result in the memory of the host."""
        return np.asarray(self._effects(picture, plan.effects, plan.dt_s).cpu().numpy(), np.uint8)

    def step(
        self, index: int, time_s: float, dt_s: float, heard: FeatureFrame | None, events: Iterable[ControlEvent]
    ) -> Frame:
        """One frame: `heard` is what came since the last (None: nothing), `events` what the hands did."""
        for event in events:
            self.touch(event)
        self._change(time_s)
        if heard is not None:
            self.hear(heard, time_s)
        plan = self.plan(index, time_s, dt_s)
        planned_s = self._clock.now()
        pixels = self.draw(plan)
        return Frame(pixels, plan, planned_s, rendered_s=self._clock.now())
