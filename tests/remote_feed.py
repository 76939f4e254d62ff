"""A show for the phone page without an engine: a board, telemetry and a picture, and a router that remembers."""

from dataclasses import dataclass, field, replace

import numpy as np

from livegan.core.binding import Binding
from livegan.core.channels import Latest
from livegan.core.clock import Clock, WallClock
from livegan.core.events import switched
from livegan.core.parameters import PARAMETERS, Parameter
from livegan.core.types import ControlEvent, FeatureFrame, Frame, FramePlan, Layout, PromptEvent
from livegan.engine.board import Board, SceneCard
from livegan.engine.router import Router
from livegan.engine.telemetry import Meter, Telemetry

TITLES = ("Tide", "Canvas", "First light", "Neon rain", "Late tape", "Beam")
NAMES = ("tide", "canvas", "first-light", "neon-rain", "late-tape", "beam")
MOTION = (
    Parameter("motion.speed", 0, 4, 1, "how fast it walks", "1/s"),
    Parameter("motion.pulse", 0, 2, 0.5, "how far onsets push it"),
    Parameter("effect.trails", 0, 1, 0.2, "how long pictures linger"),
    Parameter("effect.hue", -180, 180, 0, "turns all colours round the wheel", "degrees"),
)


def board(**changes: object) -> Board:
    """A board of six scenes, the second of which plays."""
    parameters = {parameter.name: parameter for parameter in (*PARAMETERS, *MOTION)}
    values = {name: parameter.default for name, parameter in parameters.items()}
    knobs = ("react", "motion.speed", "motion.pulse", "truncation", "effect.hue", "effect.trails")
    layout = Layout(("level", "beat.phase"), (False, False))
    made = Board(
        time_s=0.0,
        scenes=tuple(SceneCard(name, title, "") for name, title in zip(NAMES, TITLES, strict=True)),
        playing=1,
        parameters=parameters,
        values=values,
        set_values=values,
        features=FeatureFrame(0.0, layout, np.array([0.5, 0.25], np.float32)),
        next=2,
        bindings={f"knob.{number}": Binding(name) for number, name in enumerate(knobs, 1)},
        prompts=("violet smoke over black",),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def telemetry(**changes: object) -> Telemetry:
    made = Telemetry(
        time_s=0.0, fps=60.0, renders=Meter(), scene="Canvas", network="motifs", device="cpu",
        source="demo track", level=0.5, onset=0.2, overruns=0, dropped=0, faults=0, bpm=124.0,
    )  # type: ignore[arg-type]  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def picture(width: int = 640, height: int = 360, hue: float = 0.0) -> Frame:
    """A soft gradient with a disc on it."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / height
    waves = [np.sin(6 * (x + k * y) + hue + k) for k in (0.5, 1.0, 1.7)]
    disc = np.exp(-12 * ((x - 0.9 - 0.3 * np.sin(hue)) ** 2 + (y - 0.5) ** 2))
    pixels = np.stack([(90 + 70 * wave) * (0.4 + disc) for wave in waves], -1).clip(0, 255).astype(np.uint8)
    plan = FramePlan(0, 0.0, 1 / 60, np.zeros(4, np.float32), np.zeros(0, np.float32))
    return Frame(pixels, plan, 0.0, 0.0)


@dataclass
class FakeFeed:
    """A show that stands still until a test moves it; `events` is what reached the router."""

    frames: Latest[Frame] = field(default_factory=Latest)
    telemetry: Latest[Telemetry] = field(default_factory=Latest)
    board: Latest[Board] = field(default_factory=Latest)
    controls: Router = field(default_factory=Router)
    clock: Clock = field(default_factory=WallClock)
    events: list[ControlEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.board.put(board())
        self.telemetry.put(telemetry())
        self.frames.put(picture())
        self.controls.subscribe(self.events.append)
        self.controls.window_events.subscribe(self._window)
        self.controls.engine_events.subscribe(self.controls.take_engine_events)

    @property
    def words(self) -> list[str]:
        """What was typed since it was asked last."""
        return [event.words for event in self.controls.prompt_events.drain() if isinstance(event, PromptEvent)]

    def _window(self) -> None:
        """Do what a window does: change over, and record it."""
        for event in self.controls.window_events.drain():
            on = self.controls.states.get(event.name, 0.0) > 0
            toggled = event.name in ("blackout", "freeze")
            self.controls.record(replace(event, value=float(switched(event, on)) if toggled else event.value))
