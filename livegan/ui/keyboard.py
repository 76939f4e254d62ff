"""Names for the keys Qt reports, as the table of keys spells them."""

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QKeyEvent, QKeySequence

NAMED = {Qt.Key.Key_Escape: "Esc", Qt.Key.Key_Space: "Space", Qt.Key.Key_Enter: "Enter", Qt.Key.Key_Return: "Enter"}


def cap(event: QKeyEvent) -> str:
    """What is printed on the key, e.g. ``"H"``, ``"Left"``, ``"F11"``, ``"Ctrl+Q"``; the keypad's 1 is ``"1"``."""
    key = event.key()
    name = NAMED.get(Qt.Key(key)) or QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)
    held = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.MetaModifier)
    return f"Ctrl+{name}" if held else name
