"""Performer: turns features and control events into frames; the same one live and in a render."""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

import numpy as np

from livegan.core.binding import Binding
from livegan.core.channels import Inbox, Latest
from livegan.core.clock import Clock
from livegan.core.device_picture import ZeroCopy
from livegan.core.score import ScoreFeed
from livegan.core.target import Prompt
from livegan.core.types import ControlEvent, FeatureFrame, Frame, FramePlan, Layout, Picture, Pixels, Wipe
from livegan.effects.memory import Memory, under, within
from livegan.engine.bank import Bank
from livegan.engine.board import Board
from livegan.engine.drawing import Drawn, PlanDrawing
from livegan.engine.effect_chains import EffectChains, Effects
from livegan.engine.frame_inputs import FrameInputs, FrameObserver
from livegan.engine.guard import FaultGuard
from livegan.engine.ladder import Rung
from livegan.engine.mistrust import EFFECTS, Mistrust
from livegan.engine.patch import Patch
from livegan.engine.patching import Repatch
from livegan.engine.program import Program
from livegan.engine.reload import Reload
from livegan.engine.scene_board import board_of
from livegan.engine.scene_player import ScenePlayer
from livegan.engine.watchdog import Watchdog
from livegan.errors import NetworkError
from livegan.networks.info import NetworkInfo
from livegan.rendering.registry import Generator

if TYPE_CHECKING:
    from livegan.engine.camera import CameraFeed
    from livegan.rendering.compositor import Compositor
    from livegan.rendering.strobe_limiter import StrobeLimiter

SILENT_AFTER_S = 0.5  # without new features
STILL_S = 1.0  # between two stills of the safe scene while it plays

Crossfade = Callable[[Picture, Picture, float], Picture]  # below, above, share of the one above
Wiping = Callable[[Picture, Picture, float, Wipe], Picture]
Stages = Callable[[], tuple[Sequence[Effects], "Compositor | None", "StrobeLimiter | None"]]
"""Makes everything that finishes pictures anew: chains of effects, layers, strobe limiter."""


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
        safe: Patch | None = None,
        program: Program | None = None,
        further_effects: Sequence[Effects] = (),
        feed: "CameraFeed | None" = None,
        takeover: str = "scale",
        stages: Stages | None = None,
    ) -> None:
        """Patch number `start` plays; `bank` has a generator before anything is drawn; `limiter` comes last.

        `safe`: the scene to go back to, by default that one. `program`: of a setlist. `further_effects`: the same as
        `effects`, for scenes that come in over others with effects of their own; by default `effects` serve them too.
        `feed`: what a camera sees, which a render looks at before it plans a frame. `takeover`: of the crossfader.
        `stages`: makes effects, layers and limiter anew, where a show may have to; None: they are used on.
        """
        from livegan.effects.size import halved  # here, as they load torch: `livegan listen` needs none
        from livegan.rendering.crossfade import crossfade
        from livegan.rendering.transfer import DeviceToHost
        from livegan.rendering.wipes import Wiper

        self.scenes = ScenePlayer(patches, start, bank, safe=safe, program=program, takeover=takeover)
        self.reloads: Inbox[Reload] = Inbox(64)
        self.repatches: Inbox[Repatch] = Inbox(64)
        self.prompts: Inbox[Prompt | None] = Inbox(16)  # words that were typed, understood; None: no words any more
        self.bank = bank
        self._drawing = PlanDrawing(self._find, self._newest)
        self.guard = guard
        self.limiter = limiter
        self._feed = feed
        self.fresh = True  # whether the newest frame is a new picture, none that was kept as another could not be made
        self.watchdog = Watchdog()
        self._generation = 0  # of the thread that draws
        self.mistrust = Mistrust(self.watchdog)
        self._stages, self._bare = stages, False  # bare: pictures without effects and layers, as one of those hung
        self.observer: FrameObserver | None = None  # who is told of every frame that is planned
        self.music: Latest[Mapping[str, float]] | None = None  # takes compose.* of each frame, where music is steered
        self.score_feed: ScoreFeed | None = None  # the notes around a frame, while music plays that is known before
        self.features = silence(layout)  # the newest
        self._features_at_s = float("-inf")  # when it arrived, which may be long after it sounded
        self._plan: FramePlan | None = None  # the newest
        self._chains = EffectChains(effects, *further_effects)
        self._layers = layers
        self._layout = layout
        self._clock = clock
        self._crossfade = cast("Crossfade", crossfade)
        self._wipe = cast("Wiping", Wiper().over)
        self._reduced = cast("Callable[[Picture], Picture]", halved)
        self._to_host = DeviceToHost()
        self.zero_copy = ZeroCopy()
        self._delay_s = 0.0  # from a frame's time to its light
        self._rung: Rung | None = None  # how this frame is drawn; None: as well as can be
        self.network_s, self.effects_s = 0.0, 0.0  # what the newest frame took
        self.still: Pixels | None = None  # of the safe scene, for the window
        self._still_s = float("-inf")
        self._pixels: Picture = np.zeros((*self.patch.here.resolution, 3), np.uint8)

    @property
    def generator(self) -> Generator:
        """The one that drew last; NetworkError while none is ready."""
        generator = self.newest_generator
        if generator is None:
            raise NetworkError("no network is ready to draw")
        return generator

    @property
    def newest_generator(self) -> Generator | None:
        """The one that drew last; None: none can draw any more."""
        return self._drawing.generator or self.bank.any()

    @property
    def device_text(self) -> str:
        """What draws; "none" where nothing can."""
        generator = self.newest_generator
        return generator.device_text if generator is not None else "none"

    @property
    def coming(self) -> Generator | None:
        """The one that is mixed in, while a scene with another network comes."""
        return self._drawing.coming

    @property
    def pictures(self) -> int:
        """How many networks drew the newest frame."""
        return self._drawing.pictures

    @property
    def patches(self) -> list[Patch]:
        """The scenes of the show."""
        return self.scenes.patches

    @property
    def patch(self) -> Patch:
        """The scene that plays, or is coming in."""
        return self.scenes.patch

    @property
    def waits_for(self) -> str:
        """What the chosen scene waits for: the network, or the beat; "": nothing."""
        return self.scenes.waits_for

    @property
    def bank_text(self) -> str:
        """For the HUD: how many of the show's networks are ready, and the memory they hold."""
        return self.bank.text(len({info.name for patch in self.patches for info in patch.networks}))

    def poll(self, plan: FramePlan | None = None) -> None:
        """Let the bank load and unload networks, with those of `plan` being shown."""
        if not self.bank.synchronous and self.bank.drop_failed():
            self._renew()  # a device that is gone has the memory of the effects with it
        if plan is not None and not self.bank.synchronous:
            self._try_again(plan.time_s)
        names = plan.networks if plan else set()
        shown = [info for patch, _ in self.scenes.playing for info in patch.networks if info.name in names]
        if self.scenes.chosen is not None:
            shown.append(self.scenes.chosen.here)
        if self.scenes.fader.cued is not None:
            shown.append(self.scenes.fader.cued.here)
        shown.append(self.scenes.safe.here)  # always ready
        self.bank.poll(shown, self._order)

    def _try_again(self, time_s: float) -> None:
        """Trust once more what hung, after a rest or as it turned out to be slow only."""
        for generator in self.mistrust.freed():
            self.bank.close(generator)
        for name in self.mistrust.due(time_s, {*self.bank.given_up, *([EFFECTS] if self._bare else [])}):
            if name != EFFECTS:
                self.bank.try_again(name)
            elif self._stages is not None:
                self._bare = False
                self._renew()

    def _order(self) -> tuple[list[NetworkInfo], list[NetworkInfo]]:
        """All networks in the order in which they are likely to be needed: of the scenes that play, of the others."""
        playing = [patch for patch, _ in reversed(self.scenes.playing)]
        own = [info for patch in playing for info in patch.outward()]
        others = [info for patch in self.patches if patch not in playing for info in patch.outward()]
        return own, others

    def _find(self, network: str) -> Generator | None:
        """The generator of `network`; while that is not ready, of the nearest in its bank that is, or None."""
        with self.watchdog.shared(self._generation):
            return self._nearest(network)

    def _newest(self) -> Generator | None:
        with self.watchdog.shared(self._generation):
            return self.bank.any()

    def _nearest(self, network: str) -> Generator | None:
        for patch, _ in reversed(self.scenes.playing):
            places = {info.name: at for at, info in enumerate(patch.networks)}
            if network in places:
                nearest = sorted(patch.networks, key=lambda info: abs(places[info.name] - places[network]))
                ready = next((info for info in nearest if self.bank.has(info)), None)
                return self.bank.use(ready) if ready else None
        return None

    def binding(self, control: str) -> Binding | str:
        """What the scene that plays, or the venue, binds a control to. Any thread may ask: it reads two references."""
        return self.scenes.leading.controls.binding(control)

    def board(self, time_s: float) -> Board:
        """What panel, phone, LEDs and OSC show."""
        return board_of(self.scenes, self.features_at(time_s), time_s)

    def replace(self, old: Patch, new: Patch) -> None:
        """Put a scene that was bound anew in the place of an old one, between two frames; see `ScenePlayer.replace`."""
        self.scenes.replace(old, new)

    def update_features(self, features: FeatureFrame, time_s: float) -> None:
        """Take the features of the time since the last frame."""
        self.features, self._features_at_s = features, time_s
        self.scenes.beats.step(features, time_s)

    def features_at(self, time_s: float) -> FeatureFrame:
        """The features that count at `time_s`: the newest, or silence if none came for a while."""
        return silence(self._layout) if time_s - self._features_at_s > SILENT_AFTER_S else self.features

    def plan(self, index: int, time_s: float, dt_s: float) -> FramePlan:
        """The plan of the next frame."""
        if self._feed is not None:
            self._feed.advance(time_s)
        score = self.score_feed.window(time_s + self._delay_s) if self.score_feed and self.scenes.draws_score else None
        plan = self.scenes.plan(index, time_s, dt_s, self.features_at(time_s), self._delay_s, score)
        if self.music is not None:
            self.music.put(self.patch.music)
        return plan

    def _next_plan(self, index: int, time_s: float, dt_s: float) -> FramePlan:
        """Like `plan`; but if that raises, or is not finite, the plan before it again, after the first frame."""
        planned = partial(self._finite_plan, index, time_s, dt_s)
        if self._plan is None:
            self._plan, self.fresh = planned(), True
        else:
            new: FramePlan | None = self.guard("plan", planned, None)
            self.fresh = new is not None
            self._plan = new or replace(self._plan, index=index, time_s=time_s, dt_s=dt_s)
        return self._plan

    def _finite_plan(self, index: int, time_s: float, dt_s: float) -> FramePlan:
        plan = self.plan(index, time_s, dt_s)
        if not plan.finite:
            raise ArithmeticError("its numbers are not finite")
        return plan

    def draw(self, plan: FramePlan) -> Drawn:
        """The network pictures of a plan, a pure function of it; where a network is not ready, the nearest draws."""
        return self._drawing.draw(plan, self._rung)

    def finish(self, plan: FramePlan, drawn: Drawn) -> Pixels:
        """The frame of a plan from its network pictures: layers, effects, transitions, strobe limiter.

        These remember earlier frames: every frame is finished once, in order. In the memory of the host.
        """
        self.effects_s = 0.0
        self._chains.use(_chains_of(plan))
        return np.asarray(self._to_host.copy(self._limited(self._composed(plan, drawn, 0), plan)), np.uint8)

    def _shown(self, plan: FramePlan) -> Picture:
        """The frame of a plan; the last one again if that fails, or while there is no network to draw it."""
        began_s, pixels = self._clock.now(), None
        if self.bank.synchronous or len(self.bank):
            with self.watchdog.picture(self._generation):
                pixels = self.guard("picture", lambda: self._timed(plan), None)
            self.watchdog.took(self._clock.now() - began_s)
        if pixels is None:
            self.fresh = False
            return self._pixels
        return pixels

    def _timed(self, plan: FramePlan) -> Picture:
        began_s = self._clock.now()
        self.network_s, self.effects_s = 0.0, 0.0
        self._chains.use(_chains_of(plan))
        picture = self._composed(plan, self.draw(plan), 0)
        drawn_s = self._clock.now()
        limited = self._limited(picture, plan)
        if self.zero_copy.on:
            self._pixels = self._to_host.keep(limited, self.zero_copy)
        else:
            self._pixels = np.asarray(self._to_host.copy(limited), np.uint8)
        if getattr(picture.device, "type", "cpu") == "cpu":  # finishing costs the same at every step of the network
            self.network_s = drawn_s - began_s - self.effects_s
        else:  # the device draws while its commands are still written: only the end is known
            self.network_s, self.effects_s = self._clock.now() - began_s, 0.0
        return self._pixels

    def _composed(self, plan: FramePlan, drawn: Drawn, chain: int) -> Picture:
        """The picture of a plan with its effects, and over it those that come in with effects of their own."""
        picture = self._mixed(plan, drawn)
        began_s = self._clock.now()
        if self._rung is not None and self._rung.half_effects:
            picture = self._reduced(picture)
        picture = self._layered(self._chains.of(chain)(picture, plan.effects, plan.dt_s), plan, on_top=True)
        self.effects_s += self._clock.now() - began_s
        pairs = zip(plan.over, drawn.over, strict=True)
        apart = [(share, cover, own) for (share, cover), own in pairs if cover.apart and own is not None]
        for number, (share, cover, own) in enumerate(apart, chain + 1):
            over = self._composed(cover, own, number)
            if cover.wipe is None:
                picture = self._crossfade(picture, over, share)
            else:
                picture = self._wipe(picture, over, share, cover.wipe)
        return picture

    def _mixed(self, plan: FramePlan, drawn: Drawn) -> Picture:
        """The picture of a plan without effects: its network, then those of `over` that are mixed with it."""
        picture = self._layered(drawn.picture, plan, on_top=False)
        for (share, cover), own in zip(plan.over, drawn.over, strict=True):
            if own is not None and not cover.apart:
                picture = self._crossfade(picture, self._mixed(cover, own), share)
        return picture

    def _limited(self, picture: Picture, plan: FramePlan) -> Picture:
        """The strobe limiter's picture of a finished one."""
        return picture if self.limiter is None else self.limiter.step(picture, plan.time_s)

    def _layered(self, picture: Picture, plan: FramePlan, *, on_top: bool) -> Picture:
        """The picture with the plan's own layers, those after its effects or before them."""
        if self._layers is None or not plan.layers:
            return picture
        return self._layers.step(picture, plan.layers, plan.sound, plan.score, on_top=on_top)

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
        plan = self.advance(index, time_s, dt_s, features, events, rung, delay_s)
        self.poll(plan)
        planned_s = self._clock.now()
        pixels = self._shown(plan)
        self._keep_still(index, time_s, pixels)
        return Frame(pixels, plan, planned_s, rendered_s=self._clock.now())

    def advance(
        self,
        index: int,
        time_s: float,
        dt_s: float,
        features: FeatureFrame | None,
        events: Iterable[ControlEvent] = (),
        rung: Rung | None = None,
        delay_s: float = 0.0,
    ) -> FramePlan:
        """The plan of the next frame, as `step` draws it. Nothing is drawn or loaded: so a show is replayed quickly."""
        self._rung = rung
        inputs = FrameInputs(
            index,
            time_s,
            dt_s,
            delay_s,
            features,
            tuple(self.reloads.drain()),
            tuple(self.repatches.drain()),
            tuple(events),
            tuple(self.prompts.drain()),
        )
        if self.observer is None:
            return self.follow(inputs)
        self.observer.ready(self.bank.ready, self.bank.failed)
        plan = self.follow(inputs)
        self.observer.frame(inputs, plan)
        return plan

    def follow(self, inputs: FrameInputs) -> FramePlan:
        """The plan of the next frame from its inputs and from what is remembered; the same ones give the same plan."""
        features, time_s, self._delay_s = inputs.features, inputs.time_s, inputs.delay_s
        if features is not None:
            self.update_features(features, time_s)
        for reload in inputs.reloads:
            self.guard("reload", partial(self.scenes.take, reload, time_s), None)
        for repatch in inputs.repatches:
            self.guard("routes", partial(self.scenes.repatch, repatch, time_s), None)
        for event in inputs.events:
            self.scenes.handle(event, time_s, self._plan)
        for prompt in inputs.prompts:
            self.scenes.ask(prompt)
        self.scenes.step(features, time_s, inputs.dt_s)
        return self._next_plan(inputs.index, time_s, inputs.dt_s)

    def memory(self) -> Memory:
        """What the next picture needs of those before it, besides its plan: the effects' memory, and the limiter's.

        Another performer that has planned the same frames (`advance`) and restores this draws the same pictures.
        """
        memory = under("effects", self._chains.memory())
        return memory if self.limiter is None else memory | under("limiter", self.limiter.memory())

    def restore(self, memory: Memory) -> None:
        """Remember the pictures of another performer. For one that has planned the same frames and drawn none."""
        if self._plan is not None:
            self._chains.use(_chains_of(self._plan))
        self._chains.restore(within(memory, "effects"))
        if self.limiter is not None and (shown := within(memory, "limiter")):
            self.limiter.restore(shown)

    def _keep_still(self, index: int, time_s: float, pixels: Picture) -> None:
        """Keep a picture of the safe scene: while it plays the newest, before it ever did one drawn for this."""
        if self.scenes.safe_alone:
            if time_s - self._still_s >= STILL_S:
                self.still, self._still_s = np.asarray(pixels), time_s
        elif self.still is None and not self.bank.synchronous and self.bank.has(self.scenes.safe.here):
            still: Pixels | None = self.guard("still of the safe scene", partial(self._safe_still, index, time_s), None)
            self.still = np.asarray(pixels) if still is None else still

    def _safe_still(self, index: int, time_s: float) -> Pixels:
        plan = self.scenes.safe.plan(index, time_s, 0.0, silence(self._layout))
        generator = self.bank.use(self.scenes.safe.here) or self.generator
        with self.watchdog.picture(self._generation):
            picture = self._drawing.render(generator, plan, self._rung)
            picture = self._chains.spare(picture, plan.effects)
            return np.asarray(self._to_host.copy(picture), np.uint8)

    def succeed(self, why: str, time_s: float) -> "Performer":
        """The performer that goes on for this one, which hangs in a picture: the same scenes at the same place.

        It shares with this one what is touched outside of pictures only. The generator that hangs is given up; where
        none does, effects and layers are left out: until `mistrust` says so. `why`: in words, for the player.
        """
        other, stuck = copy.copy(self), self._drawing.rendering
        other._generation = self.watchdog.generation
        other._bare = self._bare or stuck is None
        self.mistrust.add(self._generation, stuck, time_s)
        if stuck is not None:
            self.bank.give_up(stuck, why, close=False)
        other._renew()
        return other

    def _renew(self) -> None:
        """Draw and finish pictures anew, with no memory of those before."""
        from livegan.rendering.transfer import DeviceToHost
        from livegan.rendering.wipes import Wiper

        last, self._drawing = self._drawing.generator, PlanDrawing(self._find, self._newest)
        self._drawing.generator = last if last is not None and self.bank.holds(last) else None
        self._to_host, self._wipe = DeviceToHost(), cast("Wiping", Wiper().over)
        if self._stages is not None:
            before, (effects, self._layers, self.limiter) = self.limiter, self._stages()
            self._chains = EffectChains(*effects)
            if self.limiter is not None and before is not None:  # what was shown was seen
                self.limiter.succeed(before, self._pixels if isinstance(self._pixels, np.ndarray) else None)
        if self._bare:
            self._chains, self._layers = EffectChains(lambda picture, amounts, dt_s: picture), None


def _chains_of(plan: FramePlan) -> int:
    """How many effect chains a plan needs."""
    return 1 + sum(cover.apart for _, cover in plan.over)
