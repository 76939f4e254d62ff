"""What lights and rings of controllers show: the board of the show and the states of its window, control by control."""

from collections.abc import Callable, Mapping
from functools import partial

from livegan.control.feedback import Show, Shown
from livegan.core.binding import Binding
from livegan.core.events import find_control
from livegan.engine.board import Board
from livegan.engine.router import Router


class LightReader:
    """Call it for what is to be shown now: the same object as long as nothing has changed. For one thread."""

    def __init__(self, controls: Router, board: Callable[[], Board | None]) -> None:
        self._controls, self._board = controls, board
        self._shown: Show | None = None
        self._of: tuple[object, ...] = (None, None, None)

    def __call__(self) -> Show | None:
        board, states, learned = self._board(), self._controls.states, self._controls.learned
        if board is not None and not (board is self._of[0] and states is self._of[1] and learned is self._of[2]):
            self._of = board, states, learned
            self._shown = partial(shown, board, states, learned)
        return self._shown


def shown(
    board: Board, states: Mapping[str, float], learned: Mapping[tuple[str, str], Binding], source: str, control: str
) -> Shown:
    """What a control shows: of a scene whether it plays or is cued, of a switch whether it is on, else its position."""
    spec = find_control(control)
    binding = learned.get((source, control)) or board.bindings.get(control)
    if binding is None:
        if spec is None or spec.bindable:  # it does nothing here
            return Shown()
        binding = Binding(control)
    position = board.position_of(binding)
    target = find_control(binding.to)
    if target is None or target.bindable:
        if position is None:
            return Shown()
        held = spec is not None and spec.kind == "held" and not binding.mode
        on = binding.to in board.moved if held else position > 0.5
        return Shown("on" if on else "dim", position)
    family, _, number = binding.to.rpartition(".")
    if family in ("scene", "cue") and number.isdecimal() and int(number) > len(board.scenes):
        return Shown()
    if position is None:
        position = states.get(binding.to, float(target.kind == "value"))
    return Shown("on" if position > 0.5 else "dim", position)
