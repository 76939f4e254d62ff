"""Keyboard input: key caps of Qt's key events as the table in `control.keys` spells them, and the double press."""

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QKeyEvent, QKeySequence

CAPS = {Qt.Key.Key_Escape: "Esc", Qt.Key.Key_Space: "Space", Qt.Key.Key_Enter: "Enter", Qt.Key.Key_Return: "Enter"}


def cap(event: QKeyEvent) -> str:
    """What is printed on the key, e.g. ``"H"``, ``"Left"``, ``"F11"``, ``"Ctrl+Q"``; the keypad's 1 is ``"1"``."""
    key = event.key()
    name = CAPS.get(Qt.Key(key)) or QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)
    held = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.MetaModifier)
    return f"Ctrl+{name}" if held else name


class DoublePress:
    """Double press detector: the second press counts if it comes soon after the first."""

    def __init__(self, within_s: float = 1.5) -> None:
        """The second press counts for `within_s` after the first."""
        self.within_s = within_s
        self._first_s: float | None = None

    def press(self, now_s: float) -> bool:
        """Whether this is the second press of two."""
        second = self._first_s is not None and now_s - self._first_s <= self.within_s
        self._first_s = None if second else now_s
        return second

    def forget(self) -> None:
        """The next press is a first one."""
        self._first_s = None
