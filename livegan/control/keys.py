"""Keyboard table: which key cap sends which control event. Keys are named as their caps are; no Qt here."""

from collections.abc import Mapping

from livegan.core.events import find_control

KEYS: Mapping[str, str] = {  # key cap -> name of a control in `core.events`
    "F": "fullscreen",
    "F11": "fullscreen",
    "H": "hud",
    "Ctrl+P": "panel",
    "B": "blackout",
    "Space": "freeze",
    "Up": "master.up",
    "Down": "master.down",
    **{str(number): f"scene.{number}" for number in range(1, 10)},
    "Left": "scene.previous",
    "Right": "scene.next",
    "Home": "scene.safe",
    "P": "prompt.type",
    **{f"Ctrl+{number}": f"prompt.{number}" for number in range(1, 10)},
    "N": "prompt.next",
    "Backspace": "prompt.clear",
    "L": "learn",
    "S": "scene.save",
    "M": "latent.bookmark",
    "Z": "undo",
    "Ctrl+Z": "undo",
    "Y": "redo",
    "Ctrl+Y": "redo",
    "T": "beat.tap",
    "Ctrl+T": "beat.listen",
    "[": "beat.halve",
    "]": "beat.double",
    ",": "beat.earlier",
    ".": "beat.later",
    "Esc": "quit",  # pressed twice
}


def key_summary() -> str:
    """The keys in one line, those of the beat clock left out: "F or F11: full screen, H: HUD, ..."."""
    caps: dict[str, list[str]] = {}
    for cap, control in KEYS.items():
        spec = find_control(control)
        if spec is not None and spec.destination != "beat clock":
            caps.setdefault(spec.about, []).append("Esc Esc" if cap == "Esc" else cap)
    spans = {
        about: f"{names[0]}-{names[-1]}" if len(names) > 2 else " or ".join(names) for about, names in caps.items()
    }
    return ", ".join(f"{span}: {about}" for about, span in spans.items()) + "."
