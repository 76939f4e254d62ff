"""What is done on a phone, as control events and words; names that the show does not know mean nothing."""

from collections.abc import Iterator
from typing import Any

from livegan.config.scene import MAX_WORDS
from livegan.core.events import Kind, find_control
from livegan.core.text import BIDI_CONTROLS, CONTROL_CHARACTERS
from livegan.core.types import ControlEvent, PromptEvent
from livegan.engine.board import Board
from livegan.engine.router import Router

SOURCE = "phone"


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
            case [_, _, int(value) | float(value)] if not -1e15 < value < 1e15:
                return  # NaN too
            case ["set", str(name), int(value) | float(value)] if _may(name, "value") or _is_parameter(name, board):
                yield ControlEvent(at_s, name, min(max(float(value), 0.0), 1.0), source=SOURCE)
            case ["release", str(name)] if _is_parameter(name, board):
                yield ControlEvent(at_s, name, kind="release", source=SOURCE)
            case ["press", str(name)] if _may(name, "trigger") and _is_there(name, board):
                yield ControlEvent(at_s, name, source=SOURCE)
            case ["switch", str(name), int(value) | float(value)] if _may(name, "toggle"):
                yield ControlEvent(at_s, name, float(value), source=SOURCE)
            case ["words", str(words)]:
                one_line = BIDI_CONTROLS.sub("", CONTROL_CHARACTERS.sub(" ", words))
                yield PromptEvent(at_s, one_line.strip()[:MAX_WORDS])


def _may(name: str, kind: Kind) -> bool:
    """Whether phones may do this, and it is of that kind."""
    spec = find_control(name)
    return spec is not None and spec.phone and spec.kind == kind


def _is_parameter(name: str, board: Board | None) -> bool:
    return board is not None and name in board.parameters and find_control(name) is None


def _is_there(name: str, board: Board | None) -> bool:
    """Whether a numbered control is one of the show's scenes or of the scene's words; others always are."""
    family, _, number = name.partition(".")
    counts = {"scene": len(board.scenes), "cue": len(board.scenes), "prompt": len(board.prompts)} if board else {}
    return not number.isdecimal() or 1 <= int(number[:9]) <= counts.get(family, 0)
