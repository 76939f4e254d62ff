"""Undo stack of a show: changes of scene, jumps of knobs, routes and reloads of files, the newest first; and redo."""

from collections import deque
from collections.abc import Callable

MOST = 64  # changes remembered
ONE_MOVE_S = 1.0  # touches of one control that follow each other so quickly are one move

Restore = Callable[[], "Restore | None"]
"""Puts back what was before; returns what takes that back again, None if what was before is not there any more."""


class UndoStack:
    """Bounded stack of what can be undone, and of what was. Owned by the engine's thread."""

    def __init__(self) -> None:
        self._changes: deque[tuple[str, Restore]] = deque(maxlen=MOST)
        self._undone: deque[tuple[str, Restore]] = deque(maxlen=MOST)
        self._moving: dict[object, float] = {}  # what is being moved, and when it was touched last [s]

    def __len__(self) -> int:
        return len(self._changes)

    def add(self, text: str, restore: Restore) -> None:
        """Remember a change; `text` says what it was. What was undone before it cannot be done again any more."""
        self._moving.clear()
        self._remember(text, restore)

    def add_move(self, what: object, time_s: float, text: str, restore: Restore) -> None:
        """Remember the movement of a control, unless it goes on from its touch before: two hands make two moves."""
        before_s = self._moving.pop(what, None)
        if before_s is None or time_s - before_s > ONE_MOVE_S:
            self._remember(text, restore)
        if len(self._moving) >= MOST:
            del self._moving[next(iter(self._moving))]  # what was not touched for longest
        self._moving[what] = time_s

    def add_undone(self, text: str, restore: Restore) -> None:
        """Remember something that was undone otherwise; `restore` does it again."""
        self._moving.clear()
        self._undone.append((text, restore))

    def undo(self) -> str:
        """Undo the newest change that can be; its text, or "" if there is none."""
        return self._move(self._changes, self._undone)

    def redo(self) -> str:
        """Do again what was undone last; its text, or "" if there is nothing."""
        return self._move(self._undone, self._changes)

    def _remember(self, text: str, restore: Restore) -> None:
        self._changes.append((text, restore))
        self._undone.clear()

    def _move(self, whence: deque[tuple[str, Restore]], to: deque[tuple[str, Restore]]) -> str:
        self._moving.clear()
        while whence:
            text, restore = whence.pop()
            back = restore()
            if back is not None:
                to.append((text, back))
                return text
        return ""
