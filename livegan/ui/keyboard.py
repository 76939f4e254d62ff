"""Keyboard input: key caps of Qt's key events as the table in `control.keys` spells them."""

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QKeyEvent, QKeySequence

CAPS = {Qt.Key.Key_Escape: "Esc", Qt.Key.Key_Space: "Space", Qt.Key.Key_Enter: "Enter", Qt.Key.Key_Return: "Enter"}


def cap(event: QKeyEvent) -> str:
    """What is printed on the key, e.g. ``"H"``, ``"Left"``, ``"F11"``, ``"Ctrl+Q"``; the keypad's 1 is ``"1"``."""
    key = event.key()
    name = CAPS.get(Qt.Key(key)) or QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)
    held = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.MetaModifier)
    return f"Ctrl+{name}" if held else name
