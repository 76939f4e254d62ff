"""Live values of the OSC address space: what the board of a show and its window say now."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Protocol

from livegan.control.osc_packet import Value
from livegan.control.osc_space import AddressSpace, OscMethod
from livegan.core.binding import Binding
from livegan.core.events import SPECS, controls_of, is_bindable
from livegan.core.parameters import Parameter
from livegan.core.types import FeatureFrame


class SceneCard(Protocol):
    """A scene of the show."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...


class ShowView(Protocol):
    """What is read of the show (`livegan.engine.board.Board`)."""

    @property
    def time_s(self) -> float: ...

    @property
    def scenes(self) -> Sequence[SceneCard]: ...

    @property
    def playing(self) -> int: ...  # of `scenes`, from 0; -1: none of them

    @property
    def cued(self) -> int: ...

    @property
    def crossfade(self) -> float: ...

    @property
    def prompts(self) -> Sequence[str]: ...

    @property
    def bindings(self) -> Mapping[str, Binding]: ...

    @property
    def positions(self) -> Mapping[str, float]: ...  # of controls that are bound

    @property
    def parameters(self) -> Mapping[str, Parameter]: ...

    @property
    def set_values(self) -> Mapping[str, float]: ...

    @property
    def features(self) -> FeatureFrame: ...


class LiveSpace:
    """Address space of the scene that plays, and the values in it. Owned by one thread."""

    def __init__(self, board: Callable[[], ShowView | None], window: Callable[[], Mapping[str, float]]) -> None:
        """`board` gives the newest snapshot of the show, `window` the states of its controls."""
        self._board, self._window = board, window
        self._scenes: Sequence[SceneCard] = ()
        self._space = AddressSpace({})
        self._values: dict[str, Value] = {}
        self._valued: tuple[object, object] = (None, None)  # the board and the states that they are of

    @property
    def board(self) -> ShowView | None:
        """The newest snapshot; None before the first."""
        return self._board()

    @property
    def space(self) -> AddressSpace:
        """The address space; another one whenever another scene plays."""
        board = self._board()
        if board is not None and (board.parameters is not self._space.parameters or board.scenes != self._scenes):
            self._scenes = board.scenes
            self._space = AddressSpace(
                board.parameters,
                scene_words(card.name for card in board.scenes),
                [card.title for card in board.scenes],
            )
            self._valued = (None, None)
        return self._space

    def means_something(self, method: OscMethod) -> bool:
        """Whether a method that is not listed does anything now: so names without a meaning crowd out no others."""
        board = self._board()
        if method.address in self.space.methods or method.kind == "reset":
            return True
        if board is None or is_bindable(method.name):
            return board is not None and method.name in board.bindings
        family, _, number = method.name.rpartition(".")
        counts = {"scene": len(board.scenes), "cue": len(board.scenes), "prompt": len(board.prompts)}
        return 1 <= int(number) <= counts.get(family, 0)

    @property
    def values(self) -> Mapping[str, Value]:
        """The value of every address that has one; the same mapping until something is new."""
        board, window, space = self._board(), self._window(), self.space
        if board is not None and (self._valued[0] is not board or self._valued[1] is not window):
            self._values, self._valued = values_of(space, board, window), (board, window)
        return self._values


_AT_FIRST = {  # of a window that has not told yet: everything off, full light
    name: float(SPECS[name].kind == "value")
    for name in controls_of("window")
    if SPECS[name].kind in ("toggle", "value")
}


def scene_words(names: Iterable[str]) -> list[str]:
    """What scenes are called in messages: of those that are files the name without folder and ending."""
    return [PurePath(name).stem if name.endswith(".toml") else name for name in names]


def values_of(space: AddressSpace, board: ShowView, window: Mapping[str, float]) -> dict[str, Value]:
    """The value of every address that has one now. `window`: the states of the window's controls (`Router.states`)."""
    values: dict[str, Value] = {}
    states = {**_AT_FIRST, **board.positions, **window, "crossfade": board.crossfade}
    for method in space.methods.values():
        if method.kind == "parameter" and method.name in board.set_values:
            value = board.set_values[method.name]
            values[method.address] = round(value) if method.types == "i" else float(value)
        elif method.kind == "toggle" and method.name in states:
            values[method.address] = states[method.name] > 0
        elif method.kind in ("value", "held") and method.name in states:
            values[method.address] = float(states[method.name])
    number = board.playing
    values["/scene"] = space.scenes[number] if 0 <= number < len(space.scenes) else ""
    if "/cue" in space.methods:
        values["/cue"] = space.scenes[board.cued] if 0 <= board.cued < len(space.scenes) else ""
    for address, feature in (("/beat/phase", "beat.phase"), ("/bpm", "beat.bpm"), ("/level", "level")):
        if feature in board.features.layout.index:
            values[address] = board.features[feature]
    return values
