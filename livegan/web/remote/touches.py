"""What is done on a phone, as control events and words; names that the show does not know mean nothing."""

from collections.abc import Iterator
from typing import Any

from livegan.core.events import find_control
from livegan.core.text import BIDI_CONTROLS, CONTROL_CHARACTERS
from livegan.core.types import ControlEvent, PromptEvent
from livegan.engine.board import Board
from livegan.engine.router import Router

SOURCE = "phone"
VALUES = ("master",)
PRESSED = ("scene.next", "scene.previous", "scene.safe", "beat.tap", "prompt.next", "prompt.clear")
SWITCHED = ("blackout", "freeze")


class Touches:
    """Reader of what a phone says was done."""

    def __init__(self, controls: Router) -> None:
        self._controls = controls

    def put(self, touches: list[Any], at_s: float, board: Board | None) -> None:
        """Put the events of these touches into the router; `board` says which parameters and scenes there are."""
        for touch in touches:
            for event in self._events(touch, at_s, board):
                if isinstance(event, PromptEvent):
                    self._controls.prompt_events.put(event)
                else:
                    self._controls.put(event)

    def _events(self, touch: Any, at_s: float, board: Board | None) -> Iterator[ControlEvent | PromptEvent]:
        match touch:
            case ["set", str(name), int(value) | float(value)] if name in VALUES or _is_parameter(name, board):
                yield ControlEvent(at_s, name, min(max(float(value), 0.0), 1.0), source=SOURCE)
            case ["release", str(name)] if _is_parameter(name, board):
                yield ControlEvent(at_s, name, kind="release", source=SOURCE)
            case ["press", str(name)] if name in PRESSED or _is_scene(name, board):
                yield ControlEvent(at_s, name, source=SOURCE)
            case ["switch", str(name), int(value) | float(value)] if name in SWITCHED:
                if (self._controls.states.get(name, 0.0) > 0) != (value > 0):
                    yield ControlEvent(at_s, name, source=SOURCE)
            case ["words", str(words)]:
                yield PromptEvent(at_s, BIDI_CONTROLS.sub("", CONTROL_CHARACTERS.sub(" ", words)).strip())


def _is_parameter(name: str, board: Board | None) -> bool:
    return board is not None and name in board.parameters and find_control(name) is None


def _is_scene(name: str, board: Board | None) -> bool:
    family, _, number = name.partition(".")
    if board is None or family != "scene" or not (number.isascii() and number.isdecimal() and len(number) <= 4):
        return False
    return 1 <= int(number) <= len(board.scenes)
