"""Performer: turns features and control events into frames; the same one live and in a render."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

import numpy as np

from livegan.config.transition import TransitionTable
from livegan.core.clock import Clock
from livegan.core.types import ControlEvent, FeatureFrame, Frame, FramePlan, Layout, Picture, Pixels, Wipe
from livegan.engine.bank import Bank
from livegan.engine.beat_grid import BeatGrid
from livegan.engine.guard import FaultGuard
from livegan.engine.ladder import Rung, step_index
from livegan.engine.patch import Patch
from livegan.engine.transition import Start, Transition
from livegan.networks.info import NetworkInfo
from livegan.rendering.registry import Generator
from livegan.rendering.threads import use_threads

if TYPE_CHECKING:
    from livegan.rendering.compositor import Compositor
    from livegan.rendering.strobe_limiter import StrobeLimiter

MAX_PLAYING = 3  # scenes that fade into each other at one time
SILENT_AFTER_S = 0.5  # without new features
RELOAD = TransitionTable(seconds=1.0)  # to a scene that was read again while it plays

Crossfade = Callable[[Picture, Picture, float], Picture]  # below, above, share of the one above
Wiping = Callable[[Picture, Picture, float, Wipe], Picture]
Effects = Callable[[Picture, Mapping[str, float], float], Picture]  # picture, `FramePlan.effects`, dt_s


def silence(layout: Layout) -> FeatureFrame:
    """Features of silence; their time is 0: no sound."""
    return FeatureFrame(0.0, layout, np.zeros(len(layout.names), np.float32))


class Performer:
    """Frame source of a show: owns the scenes, the bank of generators, and the state of the effects."""

    def __init__(
        self,
        patches: Sequence[Patch],
        start: int,
        bank: Bank,
        effects: Effects,
        layout: Layout,
        clock: Clock,
        guard: FaultGuard,
        *,
        layers: "Compositor | None" = None,
        limiter: "StrobeLimiter | None" = None,
    ) -> None:
        """Patch number `start` plays; `bank` must hold at least one generator; `limiter` sees every picture last."""
        from livegan.effects.size import halved  # here, as they load torch: `livegan listen` needs none
        from livegan.rendering.crossfade import crossfade
        from livegan.rendering.transfer import DeviceToHost
        from livegan.rendering.wipes import Wiper

        self.patches = list(patches)
        self.bank = bank
        self.generator = bank.any()  # the one that drew last
        self.guard = guard
        self.limiter = limiter
        self.features = silence(layout)  # the newest
        self._features_at_s = float("-inf")  # when it arrived, which may be long after it sounded
        self._playing = [(self.patches[start], Transition(0.0, 0.0))]  # oldest first; each fades in over those before
        self._next: Patch | None = None
        self._start: Start | None = None  # of the transition to it, once its network is ready
        self._beats = BeatGrid()
        self._plan: FramePlan | None = None  # the newest
        self._effects = effects
        self._layers = layers
        self._layout = layout
        self._clock = clock
        self._crossfade = cast("Crossfade", crossfade)
        self._wipe = cast("Wiping", Wiper().over)
        self._reduced = cast("Callable[[Picture], Picture]", halved)
        self._to_host = DeviceToHost()
        self._delay_s = 0.0  # from a frame's time to its light
        self._rung: Rung | None = None  # how this frame is drawn; None: as well as can be
        self.network_s, self.effects_s, self.pictures = 0.0, 0.0, 0  # what the newest frame took, and of how many
        self._pixels: Pixels = np.zeros((*self.generator.info.resolution, 3), np.uint8)

    @property
    def patch(self) -> Patch:
        """The scene that plays, or is being faded in."""
        return self._playing[-1][0]

    @property
    def waits_for(self) -> str:
        """What the chosen scene waits for: the network, or the beat; "": nothing."""
        chosen, start = self._next, self._start
        if chosen is None:
            return ""
        return chosen.here.name if start is None else f"the next {start.waits_for}: {chosen.scene.title}"

    @property
    def bank_text(self) -> str:
        """For the HUD: how many of the show's networks are ready, and the memory they hold."""
        return self.bank.text(len({info.name for patch in self.patches for info in patch.networks}))

    def poll(self, plan: FramePlan | None = None) -> None:
        """Let the bank load and unload networks, with those of `plan` being shown."""
        names = plan.networks if plan else set()
        shown = [info for patch, _ in self._playing for info in patch.networks if info.name in names]
        if self._next is not None:
            shown.append(self._next.here)
        self.bank.poll(shown, self._order)

    def _order(self) -> tuple[list[NetworkInfo], list[NetworkInfo]]:
        """All networks in the order in which they are likely to be needed: of the scenes that play, of the others."""
        playing = [patch for patch, _ in reversed(self._playing)]
        own = [info for patch in playing for info in patch.outward()]
        others = [info for patch in self.patches if patch not in playing for info in patch.outward()]
        return own, others

    def _find(self, network: str) -> Generator | None:
        """The generator of `network`; while that is not ready, of the nearest in its bank that is, or None."""
        for patch, _ in reversed(self._playing):
            places = {info.name: at for at, info in enumerate(patch.networks)}
            if network in places:
                nearest = sorted(patch.networks, key=lambda info: abs(places[info.name] - places[network]))
                ready = next((info for info in nearest if self.bank.has(info)), None)
                return self.bank.use(ready) if ready else None
        return None

    def binding(self, control: str) -> str:
        """What the scene that plays, or the venue, binds a control to. Any thread may ask: it reads two references."""
        return self.patch.binding(control)

    def handle(self, event: ControlEvent) -> None:
        """Apply one control event: choose a scene, or move the parameter that the scene binds to the control."""
        kind, _, which = event.name.partition(".")
        if kind == "scene" and event.value > 0:
            self._choose(which)
        else:
            self.patch.handle(event.name, event.value)

    def _choose(self, which: str) -> None:
        at, before = self._place_of(self._next or self.patch), self._next
        if which in ("next", "previous"):
            self._next = self.patches[(at + (1 if which == "next" else -1)) % len(self.patches)]
        elif which.isdigit() and 1 <= int(which) <= len(self.patches):
            self._next = self.patches[int(which) - 1]
        if self._next is not before:
            self._start = None

    def _place_of(self, patch: Patch) -> int:
        """Where a scene is among the show's; one that was replaced and still plays is where its successor is."""
        if patch in self.patches:
            return self.patches.index(patch)
        return next((i for i, other in enumerate(self.patches) if other.name == patch.name), 0)

    def _change(self, time_s: float) -> None:
        """Begin the transition to the chosen scene once its network is ready and the beat is there that it waits for.

        The choice is forgotten if that network cannot be loaded.
        """
        chosen = self._next
        if chosen is None or (self.bank.available(chosen.here) and not self.bank.has(chosen.here)):
            return
        if chosen is self.patch or not self.bank.has(chosen.here):
            self._next = self._start = None
            return
        anew = self.patch not in self.patches and chosen.name == self.patch.name
        table = RELOAD if anew else chosen.transition
        if self._start is None:
            self._start = Start(table, time_s, self._beats)
        if not self._start.due(time_s, self._beats):
            return
        transition = Transition.begun(table, chosen.scene.fade_s, time_s, self._beats)
        if len(self._playing) >= MAX_PLAYING and transition.length_s > 0:  # each may cost a picture: it waits its turn
            return
        self._next = self._start = None
        if anew:
            chosen.take_controls(self.patch)  # moved while it was waiting for its network
        self._playing.append((chosen, transition))

    def replace(self, old: Patch, new: Patch) -> None:
        """Put a scene that was bound anew in the place of an old one, between two frames.

        If it plays, it goes on until the new one is faded in over it, as if that had been chosen now. Every other scene
        and every crossfade goes on as it is. ValueError if the old one is none of the show's.
        """
        new.take_controls(old)
        self.patches[self.patches.index(old)] = new
        if self._next is old or (self._next is None and self.patch is old):
            self._next, self._start = new, None

    def update_features(self, features: FeatureFrame, time_s: float) -> None:
        """Take the features of the time since the last frame."""
        self.features, self._features_at_s = features, time_s
        self._beats.step(features, time_s)

    def features_at(self, time_s: float) -> FeatureFrame:
        """The features that count at `time_s`: the newest, or silence if none came for a while."""
        return silence(self._layout) if time_s - self._features_at_s > SILENT_AFTER_S else self.features

    def plan(self, index: int, time_s: float, dt_s: float) -> FramePlan:
        """The plan of the next frame: the scenes that play, each blended over those before it."""
        features = self.features_at(time_s)
        amounts = [transition.amount(time_s) for _, transition in self._playing]
        whole = max(i for i, amount in enumerate(amounts) if amount >= 1 or i == 0)
        del self._playing[:whole]  # what lies under a scene that has wholly come in is not seen any more
        plans = {id(patch): patch.plan(index, time_s, dt_s, features, self._delay_s) for patch, _ in self._playing}
        plan = plans[id(self._playing[0][0])]
        for patch, transition in self._playing[1:]:
            plan = transition.mix(plan, plans[id(patch)], time_s)
        return plan

    def _next_plan(self, index: int, time_s: float, dt_s: float) -> FramePlan:
        """Like `plan`; but if that raises, after the first frame, the plan before it again."""
        if self._plan is None:
            self._plan = self.plan(index, time_s, dt_s)
        else:
            again = replace(self._plan, index=index, time_s=time_s, dt_s=dt_s)
            self._plan = self.guard("plan", partial(self.plan, index, time_s, dt_s), again)
        return self._plan

    def draw(self, plan: FramePlan) -> Pixels:
        """Pixels for a plan: the network, then the effects; the last ones again if that fails."""
        return self.guard("picture", lambda: self._draw(plan), self._pixels)

    def _draw(self, plan: FramePlan) -> Pixels:
        began_s = self._clock.now()
        self.network_s, self.effects_s, self.pictures = 0.0, 0.0, 0
        picture = self.picture(plan)
        drawn_s = self._clock.now()
        self._pixels = self.finish(picture, plan)
        done_s = self._clock.now()
        if getattr(picture.device, "type", "cpu") == "cpu":
            self.network_s, self.effects_s = drawn_s - began_s, done_s - drawn_s
        else:  # the device draws while its commands are still written: only the end is known
            self.network_s = done_s - began_s
        return self._pixels

    def picture(self, plan: FramePlan) -> Picture:
        """Render a plan: its network, then those of `over` over it. Where one is not ready, the nearest stands in."""
        below = self._find(plan.network) or self.bank.any()
        picture = self._layered(self._render(below, plan), plan, on_top=False)
        for share, cover in plan.over:
            above = self._find(cover.network)
            stands_in = below.info.name != plan.network or (above and above.info.name != cover.network)
            if above is None or (above is below and stands_in and np.array_equal(plan.z, cover.z)):
                continue  # the same picture twice
            over = self.picture(cover)
            if cover.wipe is None:
                picture = self._crossfade(picture, over, share)
            else:
                picture = self._wipe(picture, over, share, cover.wipe)
        self.generator = below
        return picture

    def _render(self, generator: Generator, plan: FramePlan) -> Picture:
        plan = fitted(plan, generator.info)
        step = step_index(generator.steps, self._rung.step) if self._rung is not None else 0
        use_threads(generator.threads(plan, step))
        self.pictures += 1
        return generator.render(plan, step)

    def finish(self, picture: Picture, plan: FramePlan) -> Pixels:
        """Apply the effects and the strobe limiter, and copy the result to the memory of the host."""
        if self._rung is not None and self._rung.half_effects:
            picture = self._reduced(picture)
        picture = self._layered(self._effects(picture, plan.effects, plan.dt_s), plan, on_top=True)
        if self.limiter is not None:
            picture = self.limiter.step(picture, plan.time_s)
        return np.asarray(self._to_host.copy(picture), np.uint8)

    def _layered(self, picture: Picture, plan: FramePlan, *, on_top: bool) -> Picture:
        """The picture with the plan's own layers, those after its effects or before them."""
        if self._layers is None or not plan.layers:
            return picture
        return self._layers.step(picture, plan.layers, plan.sound, on_top=on_top)

    def step(
        self,
        index: int,
        time_s: float,
        dt_s: float,
        features: FeatureFrame | None,
        events: Iterable[ControlEvent],
        rung: Rung | None = None,
        delay_s: float = 0.0,
    ) -> Frame:
        """One frame; `features` since the last one (None: none), and the control `events`.

        `rung`: how it is drawn; None: as well as can be. `delay_s`: how long after `time_s` frames are seen, lately.
        """
        self._rung, self._delay_s = rung, delay_s
        if features is not None:
            self.update_features(features, time_s)
        for event in events:
            self.handle(event)
        self._change(time_s)
        plan = self._next_plan(index, time_s, dt_s)
        self.poll(plan)
        planned_s = self._clock.now()
        pixels = self.draw(plan)
        return Frame(pixels, plan, planned_s, rendered_s=self._clock.now())


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
