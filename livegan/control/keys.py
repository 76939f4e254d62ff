"""Which key says what: a table that can be printed. Keys are named as their caps are; no Qt here."""

from collections.abc import Mapping

KEYS: Mapping[str, str] = {  # what is printed on the key -> name of the ControlEvent
    "F": "fullscreen",
    "F11": "fullscreen",
    "H": "hud",
    "B": "blackout",
    "Space": "freeze",
    "Up": "master.up",
    "Down": "master.down",
    **{str(number): f"scene.{number}" for number in range(1, 10)},
    "Left": "scene.previous",
    "Right": "scene.next",
    "T": "beat.tap",
    "[": "beat.halve",
    "]": "beat.double",
    ",": "beat.earlier",
    ".": "beat.later",
    "Esc": "quit",  # pressed twice
}

HERE = frozenset(
    {"blackout", "freeze", "hud", "fullscreen", "master", "master.up", "master.down"}
)  # done by the window
HELD = ("pad.", "note.")  # events so called also say when they are let go (value 0.0)
