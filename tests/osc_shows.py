"""Stand-ins for OSC tests: the board of a show, and a router that remembers what it was sent."""

from dataclasses import dataclass, field

import numpy as np

from livegan.control.osc import OscServer
from livegan.core.types import ControlEvent, FeatureFrame, Layout, PromptEvent
from livegan.engine.board import Board, SceneCard
from livegan.engine.vocabulary import parameter_table, w_parameters

SCENES = ("tide", "aurora", "presets/scenes/late-tape.toml")
TABLE = {**parameter_table(), **w_parameters(["w[4:10]", "w[4:10].1"])}
LAYOUT = Layout(("level", "beat.phase", "beat.bpm"), (False, False, False))


def heard(time_s: float = 0.0, level: float = 0.5, phase: float = 0.25, bpm: float = 120.0) -> FeatureFrame:
    return FeatureFrame(time_s, LAYOUT, np.array([level, phase, bpm], np.float32))


def board(time_s: float = 0.0, playing: int = 0, **values: float) -> Board:
    """A board with every parameter at its default, but those given with `__` for the dots of their names."""
    now = {name: parameter.default for name, parameter in TABLE.items()}
    now |= {name.replace("__", "."): value for name, value in values.items()}
    cards = tuple(SceneCard(name, name.title(), "") for name in SCENES)
    return Board(time_s, cards, playing, TABLE, now, now, heard(time_s))


@dataclass
class Hands:
    """A server whose port is not open, with what it sends; `shown` is what it may see."""

    shown: Board | None = field(default_factory=board)
    window: dict[str, float] = field(default_factory=dict)
    events: list[ControlEvent] = field(default_factory=list)
    words: list[PromptEvent] = field(default_factory=list)
    room: bool = True
    now_s: float = 10.0

    def server(self, **settings: object) -> OscServer:
        settings = {"now": lambda: self.now_s} | settings
        return OscServer(self.put, self.words.append, lambda: self.shown, lambda: self.window, **settings)  # type: ignore[arg-type]

    def put(self, event: ControlEvent) -> bool:
        if self.room:
            self.events.append(event)
        return self.room
