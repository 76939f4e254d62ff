"""OSC address space of a show: a method for every parameter and control, and what a message to one of them means.

Values are in the parameter's own range. A parameter's address without an argument asks for its value. Nothing of a
message is ever evaluated: an argument is a number, true or false, or words for the methods that take words.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Literal, NamedTuple

from livegan.control.osc_address import address_of, matching, name_of
from livegan.control.osc_packet import Value
from livegan.core.events import PRESS, SPECS, ControlSpec, find_control
from livegan.core.parameters import Parameter
from livegan.core.text import printable, whole_number
from livegan.core.types import ControlEvent, PromptEvent

SOURCE = "osc"
OscMethodKind = Literal["parameter", "value", "trigger", "toggle", "held", "scene", "cue", "words", "reset", "report"]

ALIASES: Mapping[str, str] = {  # short addresses, as people know them from other programs
    "/next": "scene.next",
    "/previous": "scene.previous",
    "/tap": "beat.tap",
    "/safe": "scene.safe",
}
INTERNAL = ("screen.delay",)  # what the window tells the engine
LISTED, NUMBERED = ("knob.", "fader.", "pad."), 8  # so many of each; all of every family can be sent
MAX_NUMBER = 999
MAX_WORDS = 500  # characters of words that come in
NO_PATTERN = ("quit",)  # only by its whole address
REPORTS: Mapping[str, tuple[str, str]] = {
    "/beat": ("i", "1 on each beat that is heard; sent only"),
    "/beat/phase": ("f", "where in the beat, 0..1"),
    "/bpm": ("f", "tempo that is heard; 0 while there is none"),
    "/level": ("f", "how loud, 0..1"),
}


@dataclass(frozen=True, slots=True)
class OscMethod:
    """An OSC method: an address that messages can be sent to."""

    address: str
    kind: OscMethodKind
    name: str  # of the parameter or the control
    about: str
    types: str = "f"  # OSC type tags; "N": no argument, "T": true or false
    low: float = 0.0
    high: float = 1.0
    default: float | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()


class Answer(NamedTuple):
    """A message back to the sender of a question."""

    address: str
    arguments: tuple[Value, ...]


Meaning = ControlEvent | PromptEvent | Answer


class AddressSpace:
    """Address space of the scene that plays; a new one is made when another scene does."""

    def __init__(
        self, parameters: Mapping[str, Parameter], scenes: Sequence[str] = (), titles: Sequence[str] = ()
    ) -> None:
        """`parameters`: the scene's table; `scenes`: the show's, by name, in order; `titles`: theirs."""
        self.parameters, self.scenes = parameters, tuple(scenes)
        self._titles = [title.casefold() for title in titles]
        self.methods: Mapping[str, OscMethod] = {method.address: method for method in _methods(parameters, self.scenes)}
        self._matched: dict[str, list[OscMethod]] = {}
        values = [method.address.encode() for method in self.methods.values() if method.kind in ("parameter", "value")]
        self.value_heads = frozenset(
            address + bytes(4 - len(address) % 4) + b"," + tag for address in values for tag in (b"f", b"i", b"T", b"F")
        )
        """How messages that set a value begin, up to their first type tag."""

    def find(self, address: str) -> OscMethod | None:
        """The method at an address, those too that are not listed: `/reset/NAME`, `/cc/74`."""
        found = self.methods.get(address)
        if found is None and address.startswith("/reset/"):
            parameter = self.methods.get(address.removeprefix("/reset"))
            if parameter is not None and parameter.kind == "parameter":
                return replace(parameter, address=address, kind="reset", types="N")
        if found is not None:
            return found
        name = name_of(address)
        spec = find_control(name)
        if spec is None or spec.name in INTERNAL:
            return None
        if spec.name != name and whole_number(name.rpartition(".")[2], MAX_NUMBER) is None:
            return None
        return _control(address, name, spec)

    def matched(self, pattern: str) -> list[OscMethod] | None:
        """The methods that a pattern reaches, if it was asked before; see `match`."""
        return self._matched.get(pattern)

    def match(self, pattern: str) -> list[OscMethod]:
        """The methods whose addresses match a pattern. Takes up to milliseconds the first time."""
        if len(self._matched) >= 64:
            self._matched.clear()
        reached = [self.methods[address] for address in matching(pattern, self.methods)]
        self._matched[pattern] = [method for method in reached if method.name not in NO_PATTERN]
        return self._matched[pattern]

    def meaning(
        self, method: OscMethod, arguments: Sequence[Value | None], values: Mapping[str, Value], now_s: float
    ) -> Meaning | None:
        """What a message to a method asks for; None if it means nothing: another kind of argument, or a release.

        `values` are what `values_of` gives, by address.
        """
        if method.kind == "words":
            return self._words(method, arguments, now_s)
        given = [argument for argument in arguments if argument is not None]
        if len(given) > 1:
            return None
        argument = given[0] if given else None
        if argument is None and method.kind in ("parameter", "value", "report", "scene", "cue"):
            known = values.get(method.address)
            return Answer(method.address, (known,)) if known is not None else None
        if method.kind in ("scene", "cue"):
            return self._scene(method, argument, now_s)
        number = as_number(argument)
        if argument is not None and number is None:
            return None
        return _event(method, number, now_s)

    def _scene(self, method: OscMethod, argument: Value | None, now_s: float) -> ControlEvent | None:
        """A scene by its name or title, in any case, or its number, from 1."""
        words = [word.casefold() for word in self.scenes]
        if isinstance(argument, str):
            wanted = argument.strip().casefold()
            named = next((names.index(wanted) + 1 for names in (words, self._titles) if wanted in names), None)
            number = named or whole_number(wanted)
        else:
            number = int(found) if (found := as_number(argument)) is not None and found == int(found) else None
        if number is None or not 1 <= number <= len(self.scenes):
            return None
        return ControlEvent(now_s, f"{method.name}.{number}", source=SOURCE)

    def _words(self, method: OscMethod, arguments: Sequence[Value | None], now_s: float) -> Meaning | None:
        """Words that the picture drifts to; of `/reset` the parameter that gets its value in the scene back."""
        words = [argument for argument in arguments if isinstance(argument, str)]
        if not words or len(words) < len(arguments):
            return None
        if method.address != "/reset":
            return PromptEvent(now_s, printable(" ".join(words), MAX_WORDS))
        address = words[0] if words[0].startswith("/") else address_of(words[0])
        target = self.methods.get(address)
        if target is None or target.kind != "parameter" or len(words) > 1:
            return None
        return ControlEvent(now_s, target.name, kind="release", source=SOURCE)


def as_number(argument: Value | None) -> float | None:
    """A finite number, of true 1; None for anything else."""
    if isinstance(argument, bool):
        return float(argument)
    if isinstance(argument, int | float) and isfinite(argument):
        return float(argument)
    return None


def _event(method: OscMethod, number: float | None, now_s: float) -> ControlEvent | None:
    """The event of a message with this number, None without; None for what acts when pressed and is let go."""
    if method.kind == "reset":
        return ControlEvent(now_s, method.name, kind="release", source=SOURCE)
    if method.kind == "trigger":
        return ControlEvent(now_s, method.name, source=SOURCE) if number is None or number > 0 else None
    if method.kind == "toggle":
        if number is None:
            return ControlEvent(now_s, method.name, source=PRESS)
        return ControlEvent(now_s, method.name, float(number >= 0.5), source=SOURCE)
    if number is None or method.kind == "report":
        return None
    room = method.high - method.low
    share = (min(max(number, method.low), method.high) - method.low) / room if room > 0 else 0.0
    return ControlEvent(now_s, method.name, min(max(share, 0.0), 1.0), source=SOURCE)


def _methods(parameters: Mapping[str, Parameter], scenes: Sequence[str]) -> Iterator[OscMethod]:
    """Every method that is listed; of two with one address the later."""
    for name, parameter in parameters.items():
        if address := address_of(name):
            types = "i" if parameter.whole else "f"
            bounds = (parameter.low, parameter.high, parameter.default)
            yield OscMethod(address, "parameter", name, parameter.about, types, *bounds, unit=parameter.unit)
    for name, spec in SPECS.items():
        if name in INTERNAL:
            continue
        family = name.removesuffix("N")
        if family == name:
            yield _control(address_of(name), name, spec)
        elif family == "scene.":
            for number, word in enumerate(scenes, 1):
                yield replace(_control(f"/scene/{number}", f"scene.{number}", spec), about=f"scene {word}")
        elif family in LISTED:
            for number in range(1, NUMBERED + 1):
                yield _control(address_of(f"{family}{number}"), f"{family}{number}", spec)
    for address, name in ALIASES.items():
        if name_of(address) not in SPECS:
            yield replace(_control(address, name, SPECS[name]), about=f"as {address_of(name)}")
    choices = tuple(scenes)
    yield OscMethod("/scene", "scene", "scene", "scene by name, title or number", "s", choices=choices)
    if "cue.N" in SPECS:
        yield OscMethod("/cue", "cue", "cue", "scene at the other end of the crossfader", "s", choices=choices)
    yield OscMethod("/prompt", "words", "prompt", "words that the picture drifts to", "s")
    yield OscMethod(
        "/reset", "words", "reset", "gives a parameter its value in the scene back: /reset motion/pulse", "s"
    )
    yield OscMethod("/sync", "trigger", "sync", "sends every value to the addresses that get feedback", "N")
    for address, (types, about) in REPORTS.items():
        yield OscMethod(address, "report", address[1:], about, types, high=1000.0 if address == "/bpm" else 1.0)


def _control(address: str, name: str, spec: ControlSpec) -> OscMethod:
    types = {"trigger": "N", "toggle": "T"}.get(spec.kind, "f")
    return OscMethod(address, spec.kind, name, spec.about, types)
