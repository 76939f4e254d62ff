"""A patch: a scene bound to what there is (features, parameters, networks), ready to plan frames."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from livegan.core.registry import unknown
from livegan.core.types import FeatureFrame, FramePlan, Layout, Vector
from livegan.errors import SceneError
from livegan.generators.info import NetworkInfo
from livegan.mapping.classes import PitchClasses, class_table
from livegan.mapping.curves import CURVES
from livegan.mapping.directions import directions
from livegan.mapping.lucid import Lucid
from livegan.mapping.parameters import DIRECTIONS, Parameter
from livegan.mapping.position import network_index
from livegan.mapping.route import LiveRoute, Route
from livegan.scenes.schema import Scene

HAND = re.compile(r"(knob|fader|pad|cc|note)\.\d+|bend|pressure")  # what a controller's hands are called
RELEASABLE = ("pad.", "note.")  # hands that let go: their parameter falls back to the scene's value


@dataclass(frozen=True, slots=True)
class Names:
    """What a scene may name on this machine."""

    layout: Layout  # features
    parameters: Mapping[str, Parameter]


def hand_mistake(name: str) -> str:
    """What to say of a hand that no controller has."""
    return f"no hand is called '{name}'; there are: knob.1, fader.1, pad.1, cc.74, note.36 ..., bend, pressure"


def mistakes(scene: Scene, names: Names, networks: Sequence[NetworkInfo]) -> list[str]:
    """Everything in the scene that names something there is not, with the nearest right name."""
    features, parameters = names.layout.index, names.parameters
    wanted: list[tuple[str, str, str, Iterable[str]]] = [
        ("motion.pulse_from", "feature", scene.motion.pulse_from, features),
        ("motion.drift_from", "feature", scene.motion.drift_from, features),
        *((f"parameters.{name}", "parameter", name, parameters) for name in scene.parameters),
        *((f"knobs.{knob}", "parameter", name, parameters) for knob, name in scene.knobs.items()),
    ]
    for i, route in enumerate(scene.routes):
        wanted += [
            (f"routes.{i}.source", "feature", route.source, features),
            (f"routes.{i}.target", "parameter", route.target, parameters),
            (f"routes.{i}.curve", "curve", route.curve, CURVES),
        ]
    found = [f"{where}: {unknown(kind, name, known)}" for where, kind, name, known in wanted if name not in known]
    for name, value in scene.parameters.items():
        if name in parameters and parameters[name].clip(value) != value:
            low, high = parameters[name].low, parameters[name].high
            found.append(f"parameters.{name}: {value:g} is outside {low:g}..{high:g}")
    found += [f"knobs.{knob}: {hand_mistake(knob)}" for knob in scene.knobs if not HAND.fullmatch(knob)]
    for network in networks:
        there = f"it has 0..{network.c_dim - 1}" if network.c_dim else "it has none"
        bad = [i for i in scene.classes if not 0 <= i < network.c_dim]
        found += [f"classes: {network.name} has no class {i}; {there}" for i in bad]
        if (network.z_dim, network.c_dim) != (networks[0].z_dim, networks[0].c_dim):
            found.append(
                f"network: {network.name} and {networks[0].name} differ in z or classes; a bank is of one kind"
            )
    if not scene.networks:
        found.append("network: the list is empty; name at least one network")
    return found


class Patch:
    """A scene that plays: its walk, its routes, and where the hands have turned it."""

    def __init__(
        self,
        name: str,
        scene: Scene,
        names: Names,
        networks: Sequence[NetworkInfo],
        house_knobs: Mapping[str, str] | None = None,
    ) -> None:
        """Bind `scene` to a bank of networks; SceneError with every mistake, one a line.

        `house_knobs` apply where the scene has none.
        """
        found = mistakes(scene, names, networks)
        if found:
            raise SceneError("\n".join(f"scene '{name}': {mistake}" for mistake in found))
        self.name, self.scene, self.networks = name, scene, tuple(networks)
        network = networks[0]
        self._parameters = names.parameters
        self._base = {key: parameter.default for key, parameter in names.parameters.items()} | dict(scene.parameters)
        self._turned: dict[str, float] = {}
        self._knobs = {**(house_knobs or {}), **scene.knobs}
        self._hands: dict[str, float] = {}
        index = names.layout.index
        self._routes = [(index[r.source], LiveRoute(Route(**r.model_dump()))) for r in scene.routes]
        self._pulse, self._drift = index[scene.motion.pulse_from], index[scene.motion.drift_from]
        self._chroma = [i for key, i in index.items() if key.startswith("chroma.")]
        self._motion = Lucid(network.z_dim, scene.seed)
        self._directions = directions(network.z_dim, scene.seed)
        self._classes = PitchClasses(class_table(scene.classes, network.c_dim, scene.seed), network.c_dim)
        self._effects = [key for key in names.parameters if key.startswith("effect.")]

    def turn(self, hand: str, value: float) -> bool:
        """A hand moved: turn what it is bound to over its whole range. False if it is bound to nothing."""
        target = self._knobs.get(hand)
        parameter = self._parameters.get(target or "")
        if target is None or parameter is None:
            return False
        self._hands[hand] = value
        if value <= 0 and hand.startswith(RELEASABLE):
            self._turned.pop(target, None)
        else:
            self._turned[target] = parameter.low + min(value, 1.0) * (parameter.high - parameter.low)
        return True

    def knob_values(self) -> tuple[tuple[str, float], ...]:
        """What each touched knob turns, and where it stands (0..1)."""
        return tuple((self._knobs[hand], value) for hand, value in self._hands.items())

    def values(self, heard: Vector, dt_s: float) -> dict[str, float]:
        """Every parameter's value now: the scene's, or a hand's, plus what the routes push, kept in range."""
        now = {**self._base, **self._turned}
        react = now["react"]
        for source, route in self._routes:
            now[route.route.target] += react * route.push(float(heard[source]), dt_s)
        return {name: self._parameters[name].clip(value) for name, value in now.items()}

    def plan(self, index: int, time_s: float, dt_s: float, heard: FeatureFrame) -> FramePlan:
        """The next frame's plan; goes on by `dt_s`."""
        now = self.values(heard.values, dt_s)
        react = now["react"]
        z = self._motion.step(
            dt_s,
            speed=now["motion.speed"],
            pulse=react * now["motion.pulse"] * float(heard.values[self._pulse]),
            drift=react * now["motion.drift"] * float(heard.values[self._drift]) ** 2,
            randomness=now["motion.randomness"],
        )
        pushes = np.array([now[f"latent.{i}"] for i in range(DIRECTIONS)], np.float32)
        classes = self._classes.step(
            heard.values[self._chroma],
            dt_s,
            react=react * now["class.react"],
            smooth_s=now["class.smooth"],
            mix=now["class.mix"],
            shift=now["class.shift"],
        )
        return FramePlan(
            index=index,
            time_s=time_s,
            dt_s=dt_s,
            z=z + pushes @ self._directions,
            classes=classes,
            network=self.networks[network_index(now["network.position"], len(self.networks))].name,
            position=now["network.position"],
            truncation=now["truncation"],
            noise=now["noise"],
            effects={key[len("effect.") :]: now[key] for key in self._effects if now[key] > 0},
            heard_s=heard.time_s,
        )
