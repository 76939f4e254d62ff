"""Bindings: what a control of a controller is bound to, a parameter or another control."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from livegan.core.registry import unknown

Mode = Literal["", "momentary", "toggle", "radio"]
TakeoverMode = Literal["", "pickup", "scale", "jump"]


@dataclass(frozen=True, slots=True)
class Binding:
    """What a control is bound to, and how. In a file a string, or a table if there is more to say than its `to`."""

    to: str  # a parameter ("motion.pulse") or a control ("scene.next")
    mode: Mode = ""  # of a button; "": held ones as "momentary", and a knob or a fader is none
    low: float = 0.0  # share of the parameter's range where the control is at 0, 0..1
    high: float = 1.0  # where it is at 1, and what a pressed button sets; less than `low`: it turns the other way
    takeover: TakeoverMode = ""  # "": as the venue says

    def share(self, value: float) -> float:
        """The share of the parameter's range, 0..1, for a control at `value`, 0..1."""
        return self.low + (self.high - self.low) * value

    def written(self) -> str | dict[str, Any]:
        """As a file says it: the shortest form."""
        further = {name: getattr(self, name) for name in ("mode", "low", "high", "takeover")}
        further = {name: value for name, value in further.items() if value != _DEFAULTS[name]}
        return {"to": self.to, **further} if further else self.to


_DEFAULTS: Mapping[str, object] = {"mode": "", "low": 0.0, "high": 1.0, "takeover": ""}
_WORDS: Mapping[str, tuple[str, ...]] = {"mode": get_args(Mode), "takeover": get_args(TakeoverMode)}


def parse_binding(value: object) -> Binding:
    """A binding as a file says it: "motion.pulse", or { to = "effect.flash", mode = "toggle" }. ValueError if wrong."""
    if isinstance(value, Binding):
        return value
    if isinstance(value, str):
        return Binding(value)
    if not isinstance(value, Mapping) or not isinstance(value.get("to"), str):
        raise ValueError(f'{value!r}: write a name, or a table such as {{ to = "effect.flash", mode = "toggle" }}')
    wrong = [unknown("key", str(key), ["to", *_DEFAULTS]) for key in value if key != "to" and key not in _DEFAULTS]
    for key, words in _WORDS.items():
        if key in value and value[key] not in words:
            wrong.append(f"{key} = {value[key]!r}: write {_either(words)}")
    for key in ("low", "high"):
        number = value.get(key, 0.0)
        if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= 1:
            wrong.append(f"{key} = {number!r}: write a share of the parameter's range, 0 to 1")
    if wrong:
        raise ValueError("; ".join(wrong))
    low, high = float(value.get("low", 0.0)), float(value.get("high", 1.0))
    return Binding(value["to"], value.get("mode", ""), low, high, value.get("takeover", ""))


def _either(words: Iterable[str]) -> str:
    return " or ".join(f'"{word}"' for word in words if word)
