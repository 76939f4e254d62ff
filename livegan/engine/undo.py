"""Undo stack of a show: changes of scene, jumps of knobs and reloads of files, the newest first."""

from collections import deque
from collections.abc import Callable

MOST = 64  # changes remembered
ONE_MOVE_S = 1.0  # touches of one control that follow each other so quickly are one move

Restore = Callable[[], bool]  # puts back what was before; False if that is not there any more


class UndoStack:
    """Bounded stack of what can be undone. Owned by the engine's thread."""

    def __init__(self) -> None:
        self._changes: deque[tuple[str, Restore]] = deque(maxlen=MOST)
        self._moving: tuple[object, float] = (None, 0.0)  # what was touched last, and when [s]

    def __len__(self) -> int:
        return len(self._changes)

    def add(self, text: str, restore: Restore) -> None:
        """Remember a change; `text` says what it was."""
        self._moving = (None, 0.0)
        self._changes.append((text, restore))

    def add_move(self, what: object, time_s: float, text: str, restore: Restore) -> None:
        """Remember the movement of a control, unless it goes on from the touch before."""
        before, before_s = self._moving
        if what != before or time_s - before_s > ONE_MOVE_S:
            self._changes.append((text, restore))
        self._moving = (what, time_s)

    def undo(self) -> str:
        """Undo the newest change that can be; its text, or "" if there is none."""
        self._moving = (None, 0.0)
        while self._changes:
            text, restore = self._changes.pop()
            if restore():
                return text
        return ""
