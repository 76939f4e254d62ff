"""Which key does what: a table that can be printed. Keys are named as their caps are; no Qt here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from livegan.errors import VenueError


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the keyboard and what it says."""

    cap: str  # what is printed on it: "H", "Space", "Esc", "Left", "1", "F11"
    event: str  # name of the ControlEvent, e.g. "scene.1"
    does: str  # for people


KEYS: tuple[Key, ...] = (
    Key("F", "fullscreen", "full screen and back"),
    Key("F11", "fullscreen", "full screen and back"),
    Key("H", "hud", "numbers and meters"),
    Key("B", "blackout", "blackout and back"),
    Key("Space", "freeze", "hold the picture and let go"),
    Key("Up", "master.up", "master fader up"),
    Key("Down", "master.down", "master fader down"),
    *(Key(str(number), f"scene.{number}", f"scene {number} of the set") for number in range(1, 10)),
    Key("Left", "scene.previous", "previous scene"),
    Key("Right", "scene.next", "next scene"),
    Key("Esc", "quit", "quit (press it twice)"),
)

HERE = frozenset(
    {"blackout", "freeze", "hud", "fullscreen", "master", "master.up", "master.down"}
)  # done by the window
HELD = ("pad.", "note.")  # events so called also say when they are let go (value 0.0)


def tidy(cap: str) -> str:
    """The name of a key as the table spells it: ``"space"`` is ``"Space"``, ``"f11"`` is ``"F11"``."""
    word = cap.strip()
    return {"escape": "Esc"}.get(word.lower(), word.title() if len(word) > 1 else word.upper())


def key_table(extra: Mapping[str, str] | None = None, keys: Iterable[Key] = KEYS) -> dict[str, Key]:
    """Cap -> Key: the built-in keys, and those of the venue over them.

    Esc stays what it is (somebody must be able to leave); VenueError if the venue says otherwise.
    """
    table = {key.cap: key for key in keys}
    for cap, event in (extra or {}).items():
        name = tidy(cap)
        if name == "Esc":
            raise VenueError(f"keys: Esc always quits and cannot be '{event}'; choose another key for it")
        if not name or not event:
            raise VenueError(f"keys: '{cap}' = '{event}' is empty on one side; write e.g. P = 'pad.1'")
        table[name] = Key(name, event, event)
    return table


def key_help(table: Mapping[str, Key] | None = None) -> list[str]:
    """One line for each thing a key can do, e.g. ``"F, F11       full screen and back"``; scene keys share one."""
    caps: dict[str, list[str]] = {}
    for key in (table or key_table()).values():
        numbered = key.cap.isdigit() and key.event == f"scene.{key.cap}"
        caps.setdefault("scene of the set" if numbered else key.does, []).append(key.cap)
    return [f"{_together(names):<12} {does}" for does, names in caps.items()]


def _together(caps: list[str]) -> str:
    return f"{caps[0]}-{caps[-1]}" if len(caps) > 2 and caps[0].isdigit() else ", ".join(caps)
