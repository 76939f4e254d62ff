"""A patch: a scene bound to features, parameters and networks, ready to plan frames."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from math import floor
from pathlib import Path

import numpy as np

from livegan.config.scene import Scene
from livegan.config.transition import TransitionTable
from livegan.config.venue import EffectTable
from livegan.core.binding import Binding, parse_binding
from livegan.core.layers import DRAWN, SCORED, SOUNDED, Layer
from livegan.core.parameters import COMPOSE_DEFAULTS, GENERATOR_PARAMETERS, Parameter, w_slice
from livegan.core.score import Score
from livegan.core.target import Prompt, Target
from livegan.core.text import whole_number
from livegan.core.types import Bend, FeatureFrame, FramePlan, Push, Vector
from livegan.engine.layers import of_layers_there
from livegan.engine.networks import last_position
from livegan.engine.patch_bay import PatchBay, RouteMeter
from livegan.engine.patch_controls import PatchControls
from livegan.engine.vocabulary import Vocabulary, effect_names
from livegan.features.analyser import Analyser
from livegan.features.heard_score import HeardScore
from livegan.mapping.classes import PitchClasses, Places, class_table, class_vector
from livegan.mapping.columns import columns
from livegan.mapping.latent import LatentOffset
from livegan.mapping.layers import Phases, PlannedLayer
from livegan.mapping.motion_sum import MotionSum
from livegan.mapping.position import PositionSwitch, between, network_index
from livegan.mapping.target_follower import NO_PULL, Pull, TargetFollower
from livegan.mapping.target_plan import latent_pull, parameter_pushes, pulled_classes
from livegan.mapping.text_follower import TextFollower, worded
from livegan.networks.info import NetworkInfo

POSITION = "network.position"
PROMPT = "prompt.amount"
EFFECT = "effect."


class Patch:
    """A scene that plays: its motion, its routes, and where controls have moved its parameters."""

    def __init__(
        self,
        name: str,
        scene: Scene,
        vocabulary: Vocabulary,
        networks: Sequence[NetworkInfo],
        motion: MotionSum,
        knobs: Mapping[str, Binding | str] | None = None,
        transition: TransitionTable | None = None,
        folder: Path = Path(),
        layers: Sequence[tuple[PlannedLayer, str]] = (),
        effects: Sequence[EffectTable] = (),
        groups: frozenset[str] = frozenset(),
        prompts: Sequence[Prompt] = (),
        first: Prompt | None = None,
        takeover: str = "scale",
    ) -> None:
        """A checked scene (`bind.bind_scene`) of a `folder`, and its networks; `knobs` apply where the scene has none.

        `transition`: how it comes in; None: as the scene says, by default a morph of its `fade_s`.
        `groups`: of inputs, and separated parts, that it listens to. `prompts`: of its words, `first` it begins with.
        `takeover`: of knobs whose binding says none.
        """
        self.groups = groups
        self.name, self.scene, self.networks, self.folder = name, scene, tuple(networks), folder
        self.transition = transition or scene.transition or TransitionTable()
        self._parameters = dict(vocabulary.parameters)
        if last_position(networks) > 0:  # a knob's whole range is of use
            position = self._parameters[POSITION]
            self._parameters[POSITION] = replace(position, high=min(position.high, last_position(networks)))
        self._base = {
            key: parameter.clip(scene.parameters.get(key, parameter.default))
            for key, parameter in self._parameters.items()
        }
        bindings = {name: parse_binding(to) for name, to in {**(knobs or {}), **scene.knobs}.items()}
        self.controls = PatchControls(self._parameters, self._base, bindings, takeover)
        index = vocabulary.layout.index
        self.bay = PatchBay(scene, vocabulary.layout)
        self._chroma = columns(vocabulary.layout, "chroma", motion.chroma_of)
        self._motion = motion
        self.amplitudes_from = tuple(table.amplitude_from for table in effects)  # features
        self._offset = LatentOffset(max(network.z_dim for network in networks), scene.seed)
        self._places, self._classes = Places(), PitchClasses()
        self._tables = [class_table(scene.classes, network.c_dim, scene.seed) for network in networks]
        self._switch = PositionSwitch(len(networks), scene.bank.hysteresis, scene.bank.hold_s)
        self._noise_changes = 0.0
        self._slices = {name: rows for name in self._parameters if (rows := w_slice(name)) is not None}
        self._layers = [(layer, index[source] if source else -1) for layer, source in layers]
        drawn = {network.kind for network in networks} | {table.kind for table in scene.layers}
        self._analyser = Analyser() if drawn & set(SOUNDED) else None
        self._heard = HeardScore() if drawn & set(SCORED) else None
        self._canvas = Phases() if drawn & set(DRAWN) else None
        self._customs = [(f"custom.{i}", index[table.amplitude_from]) for i, table in enumerate(effects, 1)]
        for (name, _), table in zip(self._customs, effects, strict=True):
            self._base[name] = scene.parameters.get(name, table.strength)
        self._effects = _effect_names(self._parameters, scene.chain)
        self.prompts, self.prompt, self.first_prompt = tuple(prompts), first, first
        self._follower = TargetFollower()
        self._texts = {network.text_dim: TextFollower(network.text_dim) for network in networks if network.text_dim}
        self._wanted: Target | None = None  # what its motion asks for, where no words do
        self._aimed: Target | None = first.target if first is not None else None
        if self._aimed is not None:
            self._follower.aim(self._aimed, 0.0)
        self._aim_texts(0.0)
        self.now: Mapping[str, float] = self._base  # every value in the newest plan
        self.position = self._base[POSITION]  # of the newest plan
        self.music: Mapping[str, float] = {name: self._base[name] for name in COMPOSE_DEFAULTS}  # of the newest plan

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """The scene's parameter table."""
        return self._parameters

    @property
    def set_values(self) -> dict[str, float]:
        """Where each parameter is set to, by the scene or by a hand, without what routes push."""
        return {**self._base, **self.controls.moved}

    @property
    def routes(self) -> tuple[RouteMeter, ...]:
        """The routes, and what each read and pushed in the newest plan."""
        return self.bay.meters

    @property
    def motion(self) -> MotionSum:
        """What moves its latent."""
        return self._motion

    @property
    def draws_sound(self) -> bool:
        """Whether it draws the sound itself."""
        return self._analyser is not None

    @property
    def draws_score(self) -> bool:
        """Whether it draws notes."""
        return self._heard is not None

    @property
    def here(self) -> NetworkInfo:
        """The network nearest to the bank's position."""
        return self.networks[network_index(self.position, len(self.networks))]

    def outward(self) -> list[NetworkInfo]:
        """The bank's networks by distance from its position: the order in which they are likely to be needed."""
        order = sorted(range(len(self.networks)), key=lambda i: abs(i - self.position))
        return [self.networks[i] for i in order]

    def ask(self, prompt: Prompt | None) -> None:
        """Drift to what words ask for, from the next frame on; None: back to the scene's own look."""
        self.prompt = prompt

    def prompt_called(self, which: str) -> Prompt | None:
        """The scene's words of that number, "next", "previous" or "clear"; the present ones where it has none such."""
        number = whole_number(which) or 0
        if which in ("next", "previous") and self.prompts:
            step = 1 if which == "next" else -1
            at = self.prompts.index(self.prompt) if self.prompt in self.prompts else min(-step, 0)
            return self.prompts[(at + step) % len(self.prompts)]
        if which == "clear":
            return None
        return self.prompts[number - 1] if 1 <= number <= len(self.prompts) else self.prompt

    @property
    def all_prompts(self) -> tuple[Prompt, ...]:
        """Those of the scene's words, and the present one."""
        return (*self.prompts, *([self.prompt] if self.prompt is not None else []))

    @property
    def prompt_text(self) -> tuple[str, str]:
        """For the HUD: the words that it follows, "" of music, and what was understood of them."""
        words, target = (self.prompt.words, self.prompt.target) if self.prompt is not None else ("", self._wanted)
        return words, " · ".join(target.understood) if target is not None else ""

    def scene_now(self) -> Scene:
        """The scene with its parameters where controls have moved them, its routes, and the words it has drifted to."""
        words = self.prompt.words if self.prompt is not None else ""
        changes: dict[str, object] = {
            "parameters": {**self.scene.parameters, **of_layers_there(self.controls.moved, len(self.scene.layers))}
        }
        if self.bay.routes != self.scene.routes:
            changes["routes"] = self.bay.routes
        if words != self.scene.prompts.first:
            changes["prompts"] = self.scene.prompts.model_copy(update={"first": words})
        return self.scene.model_copy(update=changes)

    def go_on_from(self, other: "Patch") -> None:
        """Take over from the same scene as it was before it was read again: controls, and latents where it can.

        The latent goes on where it is if motion, seed and networks are what they were.
        """
        self.controls.take(other.controls)
        self._take_routes(other)
        self.prompt, self._follower, self._aimed = other.prompt, deepcopy(other._follower), other._aimed
        self._texts |= {width: text for width, text in deepcopy(other._texts).items() if width in self._texts}
        names = [network.name for network in self.networks]
        ours, theirs = ((each.scene.motion, each.scene.seed) for each in (self, other))
        if ours == theirs and names == [network.name for network in other.networks]:
            with suppress(TypeError):  # a motion model of another package that cannot be copied begins anew
                kept = (other._motion, other._places, other._classes, other._switch)
                self._motion, self._places, self._classes, self._switch = deepcopy(kept)
            self._noise_changes, self.position = other._noise_changes, other.position

    @property
    def is_repatched(self) -> bool:
        """Whether its routes are others than those of its file."""
        return self.bay.routes != self.scene.routes

    def repatch(self, bay: PatchBay, parameters: Mapping[str, Parameter]) -> None:
        """Play with these routes from the next frame on. `parameters`: what they push."""
        self._add(parameters)
        bay.begin_after(self.bay)
        self.bay = bay

    def _add(self, parameters: Mapping[str, Parameter]) -> None:
        """Add parameters that the scene did not name: slices of w."""
        added = {name: parameter for name, parameter in parameters.items() if name not in self._parameters}
        if added:
            self._base = {**self._base, **{name: parameter.default for name, parameter in added.items()}}
            self._slices = {**self._slices, **{name: rows for name in added if (rows := w_slice(name)) is not None}}
            self._parameters = {**self._parameters, **added}
            self.controls.use(self._parameters, self._base)

    def _take_routes(self, other: "Patch") -> None:
        """Keep routes that were changed by hand, unless the file has other ones now than it had then."""
        if not other.is_repatched or self.is_repatched or self.scene.routes != other.scene.routes:
            return
        pushed = {route.target: other._parameters[route.target] for route in other.bay.routes}
        if all(name in self._parameters or w_slice(name) is not None for name in pushed):
            self._add(pushed)
            self.bay = deepcopy(other.bay)  # both play while the one comes in over the other

    def values(self, features: Vector, dt_s: float, latency_s: float = 0.0) -> dict[str, float]:
        """Every parameter's value now: the scene's, or a control's, plus what the routes push, kept in range."""
        now = {**self._base, **self.controls.moved}
        react = now["react"]
        for target, push in self.bay.pushes(features, dt_s, latency_s):
            now[target] += react * push
        for name in self.bay.targets:  # every other value is in its range already
            now[name] = self._parameters[name].clip(now[name])
        self.now = now
        return now

    def plan(
        self,
        index: int,
        time_s: float,
        dt_s: float,
        features: FeatureFrame,
        delay_s: float = 0.0,
        score: Score | None = None,
    ) -> FramePlan:
        """The next frame's plan; advances by `dt_s`. In a fade, the plan of the next network lies over it.

        `delay_s`: from `time_s` to the light of this frame, for routes that read the beat early. `score`: the notes
        around that moment, where they are known; a scene that draws notes draws those it hears where there is none.
        """
        now = self.values(features.values, dt_s, max(time_s - features.time_s, 0.0) + delay_s)
        pull = self._pulled(now, features, dt_s)
        self._aim_texts(self.scene.prompts.bars)
        texts = {width: follower.step(features, dt_s) for width, follower in self._texts.items()}
        self.music = {name: now[name] for name in COMPOSE_DEFAULTS}
        latent = self._motion.step(features, now, dt_s)
        self._wanted = latent.target
        offset = self._offset(now)
        z = offset if latent.z is None else latent.z + offset
        mix = tuple((weight, each + offset) for weight, each in latent.mix)
        pitches = self._classes.step(
            self._places.step(features.values[self._chroma], dt_s, now),
            dt_s,
            react=now["react"] * now["class.react"],
            smooth_s=now["class.smooth"],
            mix=now["class.mix"],
            shift=now["class.shift"],
        )
        pitches = pitches * now["class.complexity"] if latent.classes is None else latent.classes
        parameters = self._generator_parameters(now, dt_s)
        layers = self._layers_now(now, features.values, dt_s)
        sound = self._analyser.step(features.sound, now, dt_s) if self._analyser else None
        if self._heard is not None and score is None:
            score = self._heard.step(features.sound, dt_s)
        numbered = enumerate(self.scene.bends, 1)
        bends = tuple(Bend(bend.operation, bend.layer, now[f"bend.{i}"], bend.cluster) for i, bend in numbered)
        pushes = tuple(Push(now[name], *rows, self.scene.seed) for name, rows in self._slices.items() if now[name])
        self.position = now[POSITION]
        at, share = self._networks_at(self.position, dt_s)

        def plan_for(number: int) -> FramePlan:
            network, own = (
                self.networks[number],
                class_vector(pitches, self._tables[number], self.networks[number].c_dim),
            )
            amount = now[PROMPT]
            if network.text_dim:
                text, present = texts[network.text_dim]
                own = worded(own, text, amount * present)
            gain, added = latent_pull(network.z_dim, network.classes, pull, amount) or (np.float32(1), np.float32(0))
            return FramePlan(
                index=index,
                time_s=time_s,
                dt_s=dt_s,
                z=z[: network.z_dim] * gain + added,
                classes=pulled_classes(own, network.classes, pull, amount),
                network=network.name,
                position=self.position,
                truncation=now["truncation"],
                noise=now["noise"],
                w=latent.w,
                mix=tuple((weight, each[: network.z_dim] * gain + added) for weight, each in mix)
                if network.w_dim
                else (),
                parameters=parameters,
                bends=bends,
                pushes=pushes if network.w_dim else (),
                heard_s=features.time_s,
                layers=tuple(layer for layer in layers if not layer.on_top),
                sound=sound,
                score=score if self._heard is not None else None,
            )

        return replace(
            plan_for(at),
            over=((share, plan_for(at + 1)),) if share > 0 else (),
            effects=self._custom_values(now, features.values) | self._effect_values(now),
            layers=layers,
        )

    def _aim_texts(self, bars: float) -> None:
        """Let the class vectors of networks that take words drift to those of the prompt."""
        for width, follower in self._texts.items():
            follower.aim(self.prompt.vectors.get(width) if self.prompt is not None else None, bars)

    def _pulled(self, now: dict[str, float], features: FeatureFrame, dt_s: float) -> Pull:
        """Where words, or else what the motion asks for, pull the picture; parameters `now` are pulled there."""
        aim = self.prompt.target if self.prompt is not None else self._wanted
        if aim is not self._aimed:
            self._aimed = aim
            self._follower.aim(aim, self.scene.prompts.bars)
        pull = self._follower.step(features, dt_s)
        if pull is not NO_PULL:
            for name, push in parameter_pushes(now, pull, now[PROMPT]).items():
                now[name] = self._parameters[name].clip(now[name] + push)
        return pull

    def _layers_now(self, now: Mapping[str, float], features: Vector, dt_s: float) -> tuple[Layer, ...]:
        """The layers of which something is seen."""
        steps = (layer.step(now, float(features[at]) if at >= 0 else 0.0, dt_s) for layer, at in self._layers)
        return tuple(layer for layer in steps if layer is not None)

    def _networks_at(self, position: float, dt_s: float) -> tuple[int, float]:
        """Which network plays, and the share of the one after it that lies over it."""
        if self.scene.bank.mode == "fade":
            return between(position, len(self.networks))
        return self._switch.step(position, dt_s), 0.0

    def _generator_parameters(self, now: Mapping[str, float], dt_s: float) -> dict[str, float]:
        """What generators read, where it is off its default."""
        values = {
            name: round(now[name]) if parameter.whole else now[name] for name, parameter in GENERATOR_PARAMETERS.items()
        }
        if now["noise.change"] > 0:
            self._noise_changes += now["noise.change"] * dt_s
            values["noise.seed"] += 1 + floor(self._noise_changes + 1e-9)
        if self._canvas is not None:
            self._canvas.step(now["canvas.speed"], now["canvas.spin"], dt_s)
            values["canvas.travel"] = (values["canvas.travel"] + self._canvas.travel) % 1.0
            values["canvas.turn"] = (values["canvas.turn"] + self._canvas.turn) % 1.0
        return {name: value for name, value in values.items() if value != GENERATOR_PARAMETERS[name].default}

    def _custom_values(self, now: Mapping[str, float], features: Vector) -> dict[str, float]:
        """Strength and amplitude of the player's own effects."""
        values: dict[str, float] = {}
        for name, at in self._customs:
            values |= {name: now[name], f"{name}.amplitude": float(features[at])}
        return values

    def _effect_values(self, now: Mapping[str, float]) -> dict[str, float]:
        """Amounts of the effects that are on, in the order of the chain, each followed by its other parameters."""
        values: dict[str, float] = {}
        for amount, others in self._effects:
            if now[amount] > 0:
                values[amount.removeprefix(EFFECT)] = now[amount]
                for name in others:
                    value = now[name]
                    values[name.removeprefix(EFFECT)] = round(value) if self._parameters[name].whole else value
        return values


def _effect_names(names: Mapping[str, object], chain: Sequence[str]) -> list[tuple[str, list[str]]]:
    """The amount of each effect, `effect.NAME`, with its other parameters, `effect.NAME.PARAMETER`.

    Those of the scene's `chain` come first, the others after them in the order of the table.
    """
    ordered = [EFFECT + name for name in dict.fromkeys([*chain, *effect_names(names)])]
    own: dict[str, list[str]] = {amount: [] for amount in ordered}
    for name in names:
        amount = ".".join(name.split(".", 2)[:2])
        if amount in own and name != amount:
            own[amount].append(name)
    return list(own.items())
