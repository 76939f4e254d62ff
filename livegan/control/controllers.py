"""What the knobs and pads of a known MIDI controller are called."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from livegan.core.registry import nearest
from livegan.errors import VenueError

KEYS = ("name", "match", "knobs", "pads")


@dataclass(frozen=True)
class Controller:
    """One controller: which ports are it, and names for its control changes and notes."""

    name: str
    match: tuple[str, ...]  # parts of a port's name, any case; "" is in every name
    knobs: Mapping[int, str] = field(default_factory=dict)  # control change number 0..127 -> "knob.3"
    pads: Mapping[int, str] = field(default_factory=dict)  # note number 0..127 -> "pad.1"

    def likeness(self, port: str) -> int:
        """How much of `port` this controller's name explains [letters]; -1 if it is another controller."""
        return max((len(part) for part in self.match if part.lower() in port.lower()), default=-1)


GENERIC = Controller("any controller", ("",))


def best_match(controllers: Iterable[Controller], port: str) -> Controller:
    """The controller whose match is the longest part of `port`; one without names if none fits."""
    best = max(controllers, key=lambda controller: controller.likeness(port), default=GENERIC)
    return best if best.likeness(port) >= 0 else GENERIC


def controller_from(table: Mapping[str, object], where: str) -> Controller:
    """A controller from the plain values of its file; `where` names the file in messages.

    VenueError tells all mistakes at once: unknown keys, numbers that are none or not 0..127, names that are no names.
    """
    mistakes = [_unknown_key(key) for key in table if key not in KEYS]
    name = table.get("name", where)
    if not isinstance(name, str) or not name:
        mistakes.append("name: must be a word, e.g. name = 'nanoKONTROL2'")
    match = table.get("match", ())
    if isinstance(match, str):
        match = (match,)
    if not isinstance(match, list | tuple) or not match or not all(isinstance(part, str) for part in match):
        mistakes.append("match: must be a list of parts of the port's name, e.g. match = ['nanoKONTROL2']")
        match = ()
    knobs = _numbered(table.get("knobs", {}), "knobs", mistakes)
    pads = _numbered(table.get("pads", {}), "pads", mistakes)
    if mistakes:
        raise VenueError("\n".join(f"{where}: {mistake}" for mistake in mistakes))
    return Controller(str(name), tuple(str(part) for part in match), knobs, pads)


def _unknown_key(key: str) -> str:
    close = nearest(key, KEYS)
    return f"no key called '{key}'; " + (f"did you mean '{close}'?" if close else f"there are: {', '.join(KEYS)}")


def _numbered(value: object, part: str, mistakes: list[str]) -> dict[int, str]:
    if not isinstance(value, Mapping):
        mistakes.append(f"{part}: must be a table, e.g. [{part}]")
        return {}
    names: dict[int, str] = {}
    for key, name in value.items():
        text = str(key)
        if not (text.isascii() and text.isdigit() and int(text) <= 127):
            mistakes.append(f"{part}.{text}: MIDI numbers are 0 to 127")
        elif not isinstance(name, str) or not name or name != name.strip():
            mistakes.append(f'{part}.{text}: {name!r} is no name; write e.g. "{text}" = "{part[:-1]}.1"')
        else:
            names[int(text)] = name
    return names
