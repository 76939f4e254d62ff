"""Keyboard table: which key cap sends which control event. Keys are named as their caps are; no Qt here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from livegan.core.binding import Binding
from livegan.core.events import find_control
from livegan.core.registry import nearest

KEYS: Mapping[str, str] = {  # key cap -> name of a control in `core.events`
    **{str(number): f"scene.{number}" for number in range(1, 10)},
    "Left": "scene.previous",
    "Right": "scene.next",
    "Home": "scene.safe",
    "X": "cue.previous",
    "C": "cue.next",
    "Ctrl+Right": "crossfade.forward",
    "Ctrl+Left": "crossfade.back",
    "B": "blackout",
    "Space": "freeze",
    "Up": "master.up",
    "Down": "master.down",
    "PgDown": "fade.out",
    "PgUp": "fade.in",
    "End": "panic",
    "T": "beat.tap",
    "Ctrl+T": "beat.listen",
    "[": "beat.halve",
    "]": "beat.double",
    ",": "beat.earlier",
    ".": "beat.later",
    "P": "prompt.type",
    **{f"Ctrl+{number}": f"prompt.{number}" for number in range(1, 10)},
    "N": "prompt.next",
    "Backspace": "prompt.clear",
    "L": "learn",
    "S": "scene.save",
    "M": "latent.bookmark",
    "K": "snapshot",
    "Z": "undo",
    "Ctrl+Z": "undo",
    "Y": "redo",
    "Ctrl+Y": "redo",
    "F": "fullscreen",
    "F11": "fullscreen",
    "H": "hud",
    "Ctrl+P": "panel",
    "Ctrl+M": "map",
    "R": "remote",
    "?": "keys",
    "F1": "keys",
    "Esc": "quit",  # pressed twice
    "Ctrl+Q": "quit",  # at once
}

GROUPS: Mapping[str, tuple[str, ...]] = {  # title -> first words of the controls in it; the first that fits counts
    "Keep": ("scene.save", "latent", "snapshot", "undo", "redo"),
    "Scenes": ("scene", "cue", "crossfade"),
    "Light": ("blackout", "freeze", "master", "fade", "panic", "notes"),
    "Tempo": ("beat",),
    "Words": ("prompt",),
    "Window": ("fullscreen", "panel", "hud", "map", "remote", "keys", "learn", "quit"),
}
SHOWN_ORDER = ("Scenes", "Keep", "Light", "Words", "Yours", "Tempo", "Window")
SUMMARISED = ("scene", "scene.next", "blackout", "fullscreen", "hud", "quit", "keys")
OTHERS = "Yours"  # keys for parameters, and whatever else is in no group
REPEATED = ("master.up", "master.down", "crossfade.forward", "crossfade.back")  # while their key is held
SIGNS = {"Left": "←", "Right": "→", "Up": "↑", "Down": "↓", "PgUp": "Page ↑", "PgDown": "Page ↓"}
NAMED = (
    *("Space", "Enter", "Esc", "Tab", "Backspace", "Del", "Ins", "Home", "End", "PgUp", "PgDown"),
    *("Left", "Right", "Up", "Down", "Pause", "Print", "Menu", "ScrollLock"),
    *(f"F{number}" for number in range(1, 25)),
)
ALIASES = {"pageup": "PgUp", "pagedown": "PgDown", "delete": "Del", "insert": "Ins", "escape": "Esc", "return": "Enter"}
CTRL = "Ctrl+"


def find_cap(text: str) -> str | None:
    """A key's cap as this table spells it: 'b' is "B", 'ctrl+pageup' "Ctrl+PgUp"; None for no key."""
    held = text[: len(CTRL)].casefold() == CTRL.casefold() and len(text) > len(CTRL)
    name = text[len(CTRL) :] if held else text
    if len(name) == 1 and name.isprintable() and name != " ":
        found: str | None = name.upper()
    else:
        found = ALIASES.get(name.casefold()) or next((cap for cap in NAMED if cap.casefold() == name.casefold()), None)
    return found and (CTRL + found if held else found)


def unknown_cap(text: str) -> str:
    """Error text for a wrong key cap."""
    held, plus, name = text.rpartition("+")
    if plus and held and name and find_cap(name) is not None:
        return f"no key is called '{text}'; the one key to hold is Ctrl: write '{CTRL}{find_cap(name)}'"
    close = nearest(text, [*NAMED, *KEYS])
    every = f"write a letter, a digit, a sign, {', '.join(NAMED[:11])} ... or F1 to F24, with or without {CTRL}"
    return f"no key is called '{text}'; " + (f"did you mean '{close}'?" if close else every)


def key_table(changes: Mapping[str, Binding] | None = None) -> dict[str, Binding]:
    """The keys of a show, by cap: this table with the venue's changes, where a binding to "" takes a key away.

    A key that is bound to a parameter is a pad: it sets the parameter while it is held, if it says no other mode.
    """
    table = {cap: Binding(control) for cap, control in KEYS.items()}
    for text, binding in (changes or {}).items():
        cap = find_cap(text) or text
        table.pop(cap, None)
        if binding.to:
            is_pad = find_control(binding.to) is None and not binding.mode
            table[cap] = replace(binding, mode="momentary") if is_pad else binding
    return table


def ends_at_once(cap: str, control: str) -> bool:
    """Whether a key ends the show at its first press: with Ctrl no hand presses it by accident."""
    return control == "quit" and cap.startswith(CTRL)


def group_of(control: str) -> str:
    """The title of the group that a control is shown in."""
    for title, starts in GROUPS.items():
        if any(control == start or control.startswith(f"{start}.") for start in starts):
            return title
    return OTHERS


@dataclass(frozen=True, slots=True)
class KeyRow:
    """Keys that do one thing, and what."""

    caps: tuple[str, ...]  # as they are printed: "←", "Ctrl+1"; of quit ("Esc", "Esc")
    about: str
    joined: str = " or "  # what stands between two of them

    @property
    def text(self) -> str:
        """The keys in one text: "F or F11", "1 - 9", "Esc Esc"."""
        return self.joined.join(self.caps)


@dataclass(frozen=True, slots=True)
class KeyGroup:
    """Keys of one group."""

    title: str
    rows: tuple[KeyRow, ...]


def key_groups(keys: Mapping[str, Binding]) -> tuple[KeyGroup, ...]:
    """The table as it is printed: every key, in groups."""
    found: dict[str, dict[str, list[tuple[str, str]]]] = {title: {} for title in SHOWN_ORDER}
    for cap, binding in keys.items():
        spec = find_control(binding.to)
        about = spec.about if spec is not None else _parameter_text(binding)
        about += " at once" if ends_at_once(cap, binding.to) else ""
        found.setdefault(group_of(binding.to), {}).setdefault(about, []).append((cap, binding.to))
    return tuple(
        KeyGroup(title, tuple(_row(about, caps) for about, caps in rows.items()))
        for title, rows in found.items()
        if rows
    )


def key_summary(keys: Mapping[str, Binding] | None = None) -> str:
    """The most needed keys in one line: "1 - 9: scene, B: blackout, ... ?: every key."."""
    table = key_table() if keys is None else keys
    parts: list[str] = []
    for start in SUMMARISED:
        caps = [(cap, at.to) for cap, at in table.items() if _means(start, at.to) and not ends_at_once(cap, at.to)]
        spec = find_control(caps[0][1]) if caps else None
        if spec is not None:
            parts.append(f"{_row(spec.about, caps).text}: {spec.about}")
    return ", ".join(parts) + "."


def _means(start: str, control: str) -> bool:
    return control == start or (start == "scene" and control.removeprefix("scene.").isdecimal())


def _row(about: str, keys: Sequence[tuple[str, str]]) -> KeyRow:
    """One row of keys, each with its control: from the first to the last where they are numbered."""
    caps = tuple(_printed(cap) for cap, _ in keys)
    if keys[0][1] == "quit" and not ends_at_once(*keys[0]):  # pressed twice
        return KeyRow(tuple(cap for cap in caps for _ in range(2)) if len(caps) == 1 else caps, about, " ")
    if len(caps) > 2 and all(cap[-1].isdecimal() for cap in caps):
        return KeyRow((caps[0], caps[-1].removeprefix(CTRL)), about, " - ")
    return KeyRow(caps, about)


def _printed(cap: str) -> str:
    held = CTRL if cap.startswith(CTRL) else ""
    name = cap.removeprefix(CTRL)
    return held + SIGNS.get(name, name)


def _parameter_text(binding: Binding) -> str:
    how = {"toggle": "on and off", "radio": "on", "momentary": "while held"}.get(binding.mode, "")
    return f"{binding.to}, {how}" if how else binding.to
