"""A patch: a scene bound to what there is (features, parameters, networks), ready to plan frames."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import floor

import numpy as np

from livegan.config.scene import Scene
from livegan.core.parameters import DIRECTIONS, Parameter
from livegan.core.types import CONTROLS, Bend, FeatureFrame, FramePlan, Vector
from livegan.engine.validation import Vocabulary, mistakes
from livegan.errors import SceneError
from livegan.features.hands import BEAT_HANDS
from livegan.mapping.classes import PitchClasses, class_table, class_vector
from livegan.mapping.directions import directions
from livegan.mapping.motions.lucid import Lucid
from livegan.mapping.motions.path import PathMotion
from livegan.mapping.position import Place, between, network_index
from livegan.mapping.route import LiveRoute, Route
from livegan.networks.info import NetworkInfo

RELEASABLE = ("pad.", "note.")  # hands that let go: their parameter falls back to the scene's value
POSITION = "network.position"
WHOLE = ("truncation.cutoff", "noise.seed", "style.seed")  # controls that mean something at whole numbers only


class Patch:
    """A scene that plays: its walk, its routes, and where the hands have turned it."""

    def __init__(
        self,
        name: str,
        scene: Scene,
        names: Vocabulary,
        networks: Sequence[NetworkInfo],
        house_knobs: Mapping[str, str] | None = None,
        path: PathMotion | None = None,
    ) -> None:
        """Bind `scene` to a bank of networks; SceneError with every mistake, one a line.

        `house_knobs` apply where the scene has none. `path` is walked by scenes whose motion says so.
        """
        found = mistakes(scene, names, networks)
        if found:
            raise SceneError("\n".join(f"scene '{name}': {mistake}" for mistake in found))
        self.name, self.scene, self.networks = name, scene, tuple(networks)
        self._parameters = {**names.parameters, POSITION: _along(names.parameters[POSITION], networks)}
        self._base = {key: parameter.default for key, parameter in names.parameters.items()} | dict(scene.parameters)
        self._turned: dict[str, float] = {}
        self._knobs = {**(house_knobs or {}), **scene.knobs}
        self._hands: dict[str, float] = {}
        index = names.layout.index
        self._routes = [(index[r.source], LiveRoute(Route(**r.model_dump()))) for r in scene.routes]
        self._pulse, self._drift = index[scene.motion.pulse_from], index[scene.motion.drift_from]
        self._chroma = [i for key, i in index.items() if key.startswith("chroma.")]
        z_dim = longest_z(networks)
        self._motion = Lucid(z_dim, scene.seed)
        self._path = path
        self._directions = directions(z_dim, scene.seed)
        self._classes = PitchClasses()
        self._tables = [class_table(scene.classes, network.c_dim, scene.seed) for network in networks]
        self._place = Place(len(networks), scene.bank.hysteresis, scene.bank.hold_s)
        self._grains = 0.0  # how often the grain has changed
        self._effects = {
            key: parameter.default for key, parameter in names.parameters.items() if key.startswith("effect.")
        }
        self.position = self._base[POSITION]  # of the newest plan

    @property
    def here(self) -> NetworkInfo:
        """The network nearest to where the bank stands."""
        return self.networks[network_index(self.position, len(self.networks))]

    def outward(self) -> list[NetworkInfo]:
        """The bank from where it stands outward: the order in which its networks are likely to be wanted."""
        order = sorted(range(len(self.networks)), key=lambda i: abs(i - self.position))
        return [self.networks[i] for i in order]

    def clock_hand(self, hand: str) -> str:
        """Which hand on the beat clock this is, by its own name or because the scene or venue says so; "" if none."""
        name = self._knobs.get(hand, hand)
        return name if name in BEAT_HANDS else ""

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
        """The next frame's plan; goes on by `dt_s`. In a fade, the plan of the next network lies over it."""
        now = self.values(heard.values, dt_s)
        z, w = self._move(now, heard, dt_s)
        react = now["react"]
        spoken = self._classes.step(
            heard.values[self._chroma],
            dt_s,
            react=react * now["class.react"],
            smooth_s=now["class.smooth"],
            mix=now["class.mix"],
            shift=now["class.shift"],
        )
        controls = self._controls(now, dt_s)
        numbered = enumerate(self.scene.bends, 1)
        bends = tuple(Bend(bend.operation, bend.layer, now[f"bend.{i}"], bend.cluster) for i, bend in numbered)
        self.position = now[POSITION]
        at, share = self._places(self.position, dt_s)

        def of(number: int) -> FramePlan:
            network = self.networks[number]
            return FramePlan(
                index=index,
                time_s=time_s,
                dt_s=dt_s,
                z=z[: network.z_dim],
                classes=class_vector(spoken, self._tables[number], network.c_dim),
                network=network.name,
                position=self.position,
                truncation=now["truncation"],
                noise=now["noise"],
                w=w,
                controls=controls,
                bends=bends,
                heard_s=heard.time_s,
            )

        return replace(
            of(at),
            over=((share, of(at + 1)),) if share > 0 else (),
            effects={key[len("effect.") :]: now[key] for key, default in self._effects.items() if now[key] != default},
        )

    def _places(self, position: float, dt_s: float) -> tuple[int, float]:
        """Which network plays, and the share of the one after it that lies over it."""
        if self.scene.bank.mode == "fade":
            return between(position, len(self.networks))
        return self._place.step(position, dt_s), 0.0

    def _move(self, now: Mapping[str, float], heard: FeatureFrame, dt_s: float) -> tuple[Vector, Vector | None]:
        """z of the longest network's length, and w where a path of them is walked."""
        pushes = np.array([now[f"latent.{i}"] for i in range(DIRECTIONS)], np.float32) @ self._directions
        if self._path is not None:
            point = self._path.step(dt_s, now["motion.speed"])
            return (pushes, point) if self._path.kind == "w" else (point + pushes, None)
        react = now["react"]
        z = self._motion.step(
            dt_s,
            speed=now["motion.speed"],
            pulse=react * now["motion.pulse"] * float(heard.values[self._pulse]),
            drift=react * now["motion.drift"] * float(heard.values[self._drift]) ** 2,
            randomness=now["motion.randomness"],
        )
        return z + pushes, None

    def _controls(self, now: Mapping[str, float], dt_s: float) -> dict[str, float]:
        """What generators are told besides: only what is off its default."""
        told = {name: round(now[name]) if name in WHOLE else now[name] for name in CONTROLS}
        if now["noise.change"] > 0:
            self._grains += now["noise.change"] * dt_s
            told["noise.seed"] += 1 + floor(self._grains + 1e-9)
        return {name: value for name, value in told.items() if value != CONTROLS[name]}


def _along(position: Parameter, networks: Sequence[NetworkInfo]) -> Parameter:
    """`network.position` from the first of these networks to the last, so that a knob's whole way is of use."""
    count = max(len(networks), *(len(network.shape.get("members", ())) for network in networks))  # of a morph: within
    return replace(position, high=min(position.high, count - 1.0)) if count > 1 else position


def longest_z(networks: Sequence[NetworkInfo]) -> int:
    """How many numbers a walk needs that is to serve all of them: each network takes the first of them."""
    return max(network.z_dim for network in networks)
