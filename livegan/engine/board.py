"""Board: a frozen snapshot of the scene that plays, for panel, phone, LEDs and OSC; made a few times a second."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from livegan.core.binding import Binding
from livegan.core.parameters import Parameter
from livegan.core.types import FeatureFrame
from livegan.engine.patch_bay import RouteMeter
from livegan.engine.patch_controls import SAME


@dataclass(frozen=True, slots=True)
class SceneCard:
    """One scene of the show."""

    name: str  # as it was asked for: a name or a path
    title: str
    about: str


@dataclass(frozen=True, slots=True)
class Board:
    """What a hand may want to see of the show."""

    time_s: float
    scenes: tuple[SceneCard, ...]
    playing: int  # of `scenes`, from 0; -1: the safe scene, which is none of them
    parameters: Mapping[str, Parameter]  # of the scene that plays
    values: Mapping[str, float]  # of every parameter in the newest frame, with what routes and words push
    set_values: Mapping[str, float]  # where they are set to, without that: where a slider stands
    features: FeatureFrame
    name: str = ""  # of the scene that plays, as it was asked for
    chosen: int = -1  # the scene that comes next and waits for its network or the beat; -1: none
    next: int = -1  # the one that "next" would play
    safe: int = -1
    waits_for: str = ""  # what the chosen scene waits for
    order: tuple[int, ...] = ()  # in which the scenes of a setlist follow each other; (): no setlist plays
    when: str = ""  # the next of them comes: "in 12 bars"; "": on cue
    moved: frozenset[str] = frozenset()  # parameters that a hand has set
    bindings: Mapping[str, Binding] = field(default_factory=dict)  # of the scene's and the venue's controls
    routes: tuple[RouteMeter, ...] = ()
    networks: tuple[str, ...] = ()  # of the scene's bank
    position: float = 0.0  # in it
    prompts: tuple[str, ...] = ()  # words of the scene
    cued: int = -1  # the scene at the other end of the crossfader; -1: none
    crossfade: float = 0.0  # where the crossfader stands, 0..1
    decks: tuple[int, int] = (-1, -1)  # the scenes at its ends, at 0 and at 1; -1: none

    def share(self, name: str) -> float:
        """Where a parameter is set to in its range, 0..1."""
        parameter = self.parameters[name]
        room = parameter.high - parameter.low
        return (self.set_values[name] - parameter.low) / room if room else 0.0

    def position_of(self, binding: Binding) -> float | None:
        """Where a control with this binding would stand, 0..1; of a button 1.0 or 0.0. None: the window knows it."""
        if binding.to == "crossfade":
            return self.crossfade
        if binding.to not in self.parameters:
            family, _, number = binding.to.rpartition(".")
            scene = {"scene": self.playing, "cue": self.cued}.get(family)
            return float(number == str(scene + 1)) if scene is not None and number.isdecimal() else None
        share = self.share(binding.to)
        if binding.mode:
            return float(abs(share - binding.high) < SAME and binding.to in self.moved)
        room = binding.high - binding.low
        return min(max((share - binding.low) / room, 0.0), 1.0) if room else 0.0

    @property
    def positions(self) -> Mapping[str, float]:
        """Where each control that the scene or the venue binds to what the engine does would stand, 0..1."""
        found = ((control, self.position_of(binding)) for control, binding in self.bindings.items())
        return {control: position for control, position in found if position is not None}
