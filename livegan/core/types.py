"""Frozen values that cross rooms: FeatureFrame, ControlEvent, FramePlan, Frame."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from math import isfinite
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from livegan.core.binding import Binding
from livegan.core.blend import blend_numbers, lerp, slerp
from livegan.core.layers import Layer, blend_layers, circular
from livegan.core.parameters import GENERATOR_DEFAULTS, GROUPS
from livegan.core.score import Score, blend_scores
from livegan.core.sound import Sound, SoundWindow, blend_sounds

Samples = NDArray[np.float32]  # (n, channels), full scale is -1..1
Vector = NDArray[np.float32]  # (n,)
Pixels = NDArray[np.uint8]  # (height, width, 3) sRGB
Mix = tuple[tuple[float, Vector], ...]  # weights, and the z (z_dim,) that each is of

SEPARATED_PARTS = ("harmonic", "percussive", "low", "mid", "high")  # of every group of inputs: "drums.low"


class Picture(Protocol):
    """An image in the memory of some device, uint8 (height, width, 3) sRGB: a numpy array or a torch tensor."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> object: ...

    @property
    def device(self) -> object: ...


@dataclass(frozen=True, slots=True)
class Layout:
    """Feature names in the order of a hop's values; fixed for the life of a listening stage."""

    names: tuple[str, ...]
    peaks: tuple[bool, ...]  # True: between two frames the largest counts; False: the newest
    index: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", {name: i for i, name in enumerate(self.names)})


def _equal(left: object, right: object) -> bool:
    """Equality of two field values; arrays, those in tuples too, are compared elementwise."""
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(_equal, left, right))
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        return isinstance(left, np.ndarray) and isinstance(right, np.ndarray) and np.array_equal(left, right)
    return left == right


@dataclass(frozen=True, slots=True, eq=False)
class FeatureFrame:
    """Feature values up to `time_s`: one number per feature name, each in its stated unit.

    `time_s` is the moment the newest sound in it reached the microphone [s on the show's clock].
    """

    time_s: float
    layout: Layout
    values: Vector  # (len(layout.names),), finite
    sound: SoundWindow | None = None  # the samples behind them, for scenes that draw sound

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FeatureFrame):
            return NotImplemented
        return all(_equal(getattr(self, each.name), getattr(other, each.name)) for each in fields(self))

    def __getitem__(self, name: str) -> float:
        """One feature by its dotted name, e.g. ``frame["onset"]``; KeyError if there is none."""
        return float(self.values[self.layout.index[name]])


ControlKind = Literal["move", "turn", "release"]


@dataclass(frozen=True, slots=True)
class ControlEvent:
    """Movement of one control, or of a parameter by its name.

    "move": a knob or a fader stands at `value`, 0..1; a key or a pad is pressed (1.0) or let go (0.0); a parameter is
    set to that share of its range. "turn": `value` is a step, -1..1 of the whole range, up or down. "release": a
    parameter gets the scene's value back.
    """

    time_s: float
    name: str  # "knob.1", "pad.3", "cc.74", "note.36", "scene.2", "scene.next", "quit", or a parameter: "motion.pulse"
    value: float = 1.0
    kind: ControlKind = "move"
    source: str = ""  # the controller's name, "keys", "osc", "panel", "phone"
    binding: Binding | None = None  # what the player has bound this control to, beside scene and venue
    number: str = ""  # "cc.74": its name is only the usual one of that number, which wins where it is bound


@dataclass(frozen=True, slots=True)
class PromptEvent:
    """Words from a player, by whatever they were typed or chosen on; "" for none."""

    time_s: float
    words: str


@dataclass(frozen=True, slots=True)
class Bend:
    """Network bending of one layer (Broad et al. 2021); amount 0 changes nothing."""

    operation: str  # "scale", "rotate", ...: a name in `networks.bend_names`
    layer: str  # "coarse", "middle", "fine", "all", or the side of a layer in pixels, "32"
    amount: float  # 0..1
    cluster: int = 0  # which group of like channels, 1..4; 0: all channels


@dataclass(frozen=True, slots=True)
class Push:
    """Push of some rows of w along a seeded direction, in units that look alike on any network; 0 changes nothing."""

    amount: float  # in spreads of the network's own w: 1 is as far as two of its pictures are apart
    first: int = 0  # row; negative ones count from the last, what is not there is left out
    stop: int | None = None  # the row before which it ends; None: all
    direction: int = 0
    seed: int = 0  # of the scene


@dataclass(frozen=True, slots=True)
class Wipe:
    """Wipe: a picture comes in over another by a moving mask, one of `transitions.WIPES`."""

    kind: str
    softness: float = 0.1  # width of the edge, as a share of the way, 0..1
    seed: int = 0  # of what is random in it


@dataclass(frozen=True, slots=True, eq=False)
class FramePlan:
    """Frame plan: everything needed to draw one frame, and nothing else; can be logged, compared, blended."""

    index: int
    time_s: float
    dt_s: float
    z: Vector  # (z_dim,) latent, any scale: the mapping network normalises it
    classes: Vector  # (c_dim,) class vector, (0,) where the network has none
    network: str = ""
    position: float = 0.0  # place along the bank of networks
    truncation: float = 1.0  # psi
    noise: float = 0.0  # gain of the noise inputs, 0..1
    w: Vector | None = None  # (rows, w_dim), drawn instead of z: one row for all layers, or one for each (w+)
    mix: Mix = ()  # latents mapped to w and blended there: each replaces its weight of z or w, all of it at a sum of 1
    parameters: Mapping[str, float] = field(default_factory=dict)  # generator parameters off their default, by name
    bends: tuple[Bend, ...] = ()
    pushes: tuple[Push, ...] = ()  # of rows of w
    over: tuple[tuple[float, "FramePlan"], ...] = ()  # pictures laid over it, in order: share, plan (with its own over)
    wipe: Wipe | None = None  # how it comes in, where it lies over another; None: it is mixed
    apart: bool = False  # where it lies over another: with its own effects, over the finished picture
    effects: Mapping[str, float] = field(default_factory=dict)  # in order: "glow" -> amount (0: off), "glow.radius" ...
    heard_s: float = 0.0  # when the newest sound in this plan reached the microphone; 0: none
    layers: tuple[Layer, ...] = ()  # laid over the picture, in order
    sound: Sound | None = None  # what is drawn of the sound; None: the scene draws none
    score: Score | None = None  # the notes around the frame, for scenes that draw them

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FramePlan):
            return NotImplemented
        alike = all(_equal(getattr(self, each.name), getattr(other, each.name)) for each in fields(self))
        return alike and list(self.effects) == list(other.effects)  # their order is that of the chain

    def parameter(self, name: str) -> float:
        """One generator parameter, or its default; KeyError if generators have none so called."""
        return self.parameters.get(name, GENERATOR_DEFAULTS[name])

    @property
    def finite(self) -> bool:
        """Whether all of its numbers are, those of the plans over it too."""
        latents = (self.z, self.classes, *(z for _, z in self.mix), *(() if self.w is None else (self.w,)))
        numbers = sum(
            (
                self.position + self.truncation + self.noise,
                *self.parameters.values(),
                *self.effects.values(),
                *(bend.amount for bend in self.bends),
                *(push.amount for push in self.pushes),
                *(weight for weight, _ in self.mix),
                *(share for share, _ in self.over),
            )
        )
        return (
            isfinite(numbers)
            and all(bool(np.isfinite(latent).all()) for latent in latents)
            and all(cover.finite for _, cover in self.over)
        )

    @property
    def networks(self) -> set[str]:
        """Names of the networks that draw it."""
        return {self.network}.union(*(cover.networks for _, cover in self.over))

    def blend(self, other: "FramePlan", amount: float) -> "FramePlan":
        """Morph: 0 is self, 1 is other. The pictures of unlike networks are crossfaded meanwhile.

        z goes spherically; where either plan has w or a mix, both go straight in w.
        """
        if amount <= 0 or amount >= 1:
            return self._mixed(other, amount)
        if not self.resembles(other):
            return self._towards(other, amount)._mixed(other._towards(self, 1 - amount), amount)
        w, mix = _blend_in_w(self, other, amount)
        return replace(
            other,
            z=slerp(self.z, other.z, amount),
            classes=lerp(self.classes, other.classes, amount),
            w=w,
            mix=mix,
            position=lerp(self.position, other.position, amount),
            truncation=lerp(self.truncation, other.truncation, amount),
            noise=self._noise_towards(other, amount),
            parameters=_blend_parameters(self.parameters, other.parameters, amount),
            bends=_blend_bends(self.bends, other.bends, amount),
            pushes=_blend_pushes(self.pushes, other.pushes, amount),
            effects=_blend_effects(self.effects, other.effects, amount),
            layers=blend_layers(self.layers, other.layers, amount),
            sound=blend_sounds(self.sound, other.sound, amount),
            score=blend_scores(self.score, other.score, amount),
        )

    def fade(self, other: "FramePlan", amount: float, wipe: Wipe | None = None) -> "FramePlan":
        """Crossfade, or wipe: the other's finished picture comes in over this one's. 0 is self, 1 is other."""
        if amount <= 0 or amount >= 1:
            return self if amount <= 0 else other
        return replace(self, over=(*self.over, (amount, replace(other, wipe=wipe, apart=True))))

    def _mixed(self, other: "FramePlan", amount: float) -> "FramePlan":
        """Crossfade of the networks' pictures under effects that blend, unless finished pictures lie over this one."""
        if any(cover.apart for _, cover in self.over):
            return self.fade(other, amount)
        effects = _blend_effects(self.effects, other.effects, amount)
        if amount <= 0 or amount >= 1:
            return replace(self if amount <= 0 else other, effects=effects)
        own, others = (tuple(layer for layer in plan.layers if not layer.on_top) for plan in (self, other))
        top, others_top = (tuple(layer for layer in plan.layers if layer.on_top) for plan in (self, other))
        cover = replace(other, effects={}, layers=others)
        return replace(
            self,
            over=(*self.over, (amount, cover)),
            effects=effects,
            layers=(*own, *blend_layers(top, others_top, amount)),
            sound=self.sound or other.sound,
            score=self.score or other.score,
        )

    def resembles(self, other: "FramePlan") -> bool:
        """Whether the two can be interpolated: one network, latents of one shape."""
        alike = self.network == other.network and self.z.shape == other.z.shape and not self.over and not other.over
        shapes = {np.atleast_2d(plan.w).shape for plan in (self, other) if plan.w is not None}
        lengths = {len(z) for plan in (self, other) for _, z in plan.mix}
        rows = {shape[0] for shape in shapes} - {1}
        fit = len({shape[-1] for shape in shapes}) < 2 and len(rows) < 2 and lengths <= {len(self.z)}
        styles = {_style(plan.parameters) for plan in (self, other)} - {None}
        return alike and fit and len(styles) < 2

    def _towards(self, other: "FramePlan", amount: float) -> "FramePlan":
        """What travels of a plan whose network stays: latent, classes and parameters, as far as they fit the other's.

        Bends, position and seeds belong to a network and a scene, and stay.
        """
        in_z = all(plan.w is None and not plan.mix for plan in (self, other))
        travels = in_z and self.z.shape == other.z.shape
        stays = 2 if _style(self.parameters) == _style(other.parameters) else 3
        own_styles = ("canvas.", "noise.seed", "style.")[:stays]
        parameters = _blend_parameters(self.parameters, other.parameters, amount)
        parameters = {name: value for name, value in parameters.items() if not name.startswith(own_styles)}
        own = {name: value for name, value in self.parameters.items() if name.startswith(own_styles)}
        return replace(
            self,
            z=slerp(self.z, other.z, amount) if travels else self.z,
            classes=(
                lerp(self.classes, other.classes, amount) if self.classes.shape == other.classes.shape else self.classes
            ),
            truncation=lerp(self.truncation, other.truncation, amount),
            noise=lerp(self.noise, other.noise, amount),
            parameters={**parameters, **own},
            pushes=_blend_pushes(self.pushes, other.pushes, amount),
            over=tuple((share, cover._towards(other, amount)) for share, cover in self.over),
        )

    def _noise_towards(self, other: "FramePlan", amount: float) -> float:
        """Gain of the noise inputs; from one seed to another through 0, as nothing lies between two seeds."""
        noise = lerp(self.noise, other.noise, amount)
        return noise if self.parameter("noise.seed") == other.parameter("noise.seed") else noise * abs(1 - 2 * amount)


_PHASES = ("canvas.travel", "canvas.turn")


def _blend_in_w(start: FramePlan, end: FramePlan, amount: float) -> tuple[Vector | None, Mix]:
    """`w` and `mix` of the plan between two; of plans that have neither, neither: they go in z."""
    if amount <= 0 or amount >= 1 or not (start.mix or end.mix or start.w is not None or end.w is not None):
        return (start.w, start.mix) if amount <= 0 else (end.w, end.mix)
    mix: list[tuple[float, Vector]] = []
    given: list[tuple[float, Vector]] = []  # w, and its share of the blend
    for plan, share in ((start, 1 - amount), (end, amount)):
        rest = 1 - sum(weight for weight, _ in plan.mix)
        parts = [(weight * share, z) for weight, z in plan.mix]
        if plan.w is not None:
            given.append((rest * share, plan.w))
        elif abs(rest) > 1e-6:
            parts.append((rest * share, plan.z))
        for weight, z in parts:
            at = next((i for i, (_, other) in enumerate(mix) if np.array_equal(z, other)), len(mix))
            mix[at : at + 1] = [(weight + (mix[at][0] if at < len(mix) else 0.0), z)]
    total = sum(share for share, _ in given)
    if abs(total) <= 1e-6:
        return None, tuple(mix)
    return np.asarray(sum(w * np.float32(share / total) for share, w in given), np.float32), tuple(mix)


def _style(parameters: Mapping[str, float]) -> float | None:
    """The seed whose style is mixed in, or None if none is."""
    mixed = any(parameters.get(f"style.{group}", 0) for group in GROUPS)
    return parameters.get("style.seed", GENERATOR_DEFAULTS["style.seed"]) if mixed else None


def _blend_parameters(start: Mapping[str, float], end: Mapping[str, float], amount: float) -> dict[str, float]:
    """Linear, but for seeds: nothing lies between two of them, so one is taken whole."""
    blended = blend_numbers(start, end, amount, GENERATOR_DEFAULTS)
    nearer = {**GENERATOR_DEFAULTS, **(start if amount < 0.5 else end)}
    styles = [style for style in (_style(start), _style(end)) if style is not None]
    if "noise.seed" in blended:
        blended["noise.seed"] = nearer["noise.seed"]
    if "style.seed" in blended:
        blended["style.seed"] = styles[0] if styles else nearer["style.seed"]
    for name in _PHASES:
        if name in blended:
            blended[name] = circular(start.get(name, 0.0), end.get(name, 0.0), amount)
    return blended


def _blend_effects(start: Mapping[str, float], end: Mapping[str, float], amount: float) -> dict[str, float]:
    """Linear; an effect that only one of them has fades in or out with that one's other parameters.

    The order is one that both agree with; where there is none, that of the nearer one.
    """
    blended = blend_numbers(start, end, amount)
    for name in blended:
        if "." in name and (name in start) != (name in end):
            blended[name] = start[name] if name in start else end[name]
    return {name: blended[name] for name in _merged_order(list(start), list(end), amount)}


def _merged_order(start: list[str], end: list[str], amount: float) -> list[str]:
    """All names: those of one side in its order, each further one of the other side after the one it follows there."""
    shared = [name for name in start if name in end]
    lead, other = (end, start) if amount >= 0.5 and shared != [name for name in end if name in start] else (start, end)
    order, place = list(lead), 0
    for name in other:
        if name in lead:
            place = order.index(name) + 1
        else:
            order.insert(place, name)
            place += 1
    return order


def _blend_bends(start: tuple[Bend, ...], end: tuple[Bend, ...], amount: float) -> tuple[Bend, ...]:
    """Like bends blend their amounts; of unlike ones the first fades out while the second fades in."""
    if [replace(bend, amount=0) for bend in start] == [replace(bend, amount=0) for bend in end]:
        pairs = zip(start, end, strict=True)
        return tuple(replace(b, amount=lerp(a.amount, b.amount, amount)) for a, b in pairs)
    fading = tuple(replace(bend, amount=bend.amount * (1 - amount)) for bend in start)
    return fading + tuple(replace(bend, amount=bend.amount * amount) for bend in end)


def _blend_pushes(start: tuple[Push, ...], end: tuple[Push, ...], amount: float) -> tuple[Push, ...]:
    """Linear; what only one side has counts as 0 on the other."""
    amounts: dict[Push, float] = {}
    for pushes, share in ((start, 1 - amount), (end, amount)):
        for push in pushes:
            key = replace(push, amount=0.0)
            amounts[key] = amounts.get(key, 0.0) + push.amount * share
    return tuple(replace(key, amount=pushed) for key, pushed in amounts.items())


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A finished picture, its plan, and the times from which latency is measured [s on the show's clock]."""

    pixels: Picture  # in the memory of the host; a device buffer once zero-copy exists
    plan: FramePlan
    planned_s: float
    rendered_s: float
