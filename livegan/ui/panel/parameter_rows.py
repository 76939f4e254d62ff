"""Rows of the slider board: every parameter of a scene, grouped, filtered and searched. No Qt here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from livegan.core.binding import Binding
from livegan.core.parameters import Parameter, plain_name
from livegan.engine.board import Board

Shown = Literal["all", "moved", "routed", "bound"]

FIRST = "In this scene"  # the group of those that the scene sets, routes or binds
GROUPS: Mapping[str, str] = {  # first word of a parameter's name -> group, in the order in which they are shown
    "react": "Music",
    "prompt": "Music",
    "motion": "Motion",
    "network": "Network",
    "class": "Classes",
    "truncation": "Picture",
    "noise": "Picture",
    "style": "Picture",
    "transform": "Picture",
    "latent": "Directions",
    "direction": "Directions",
    "w": "Directions",
    "bend": "Bends",
    "effect": "Effects",
    "custom": "Your own effects",
    "canvas": "Drawing",
    "sound": "Drawing",
    "layer": "Layers",
    "compose": "Music that livegan plays",
}
OTHERS = "More"
SHORT_UNIT = 8  # characters


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """One row: a parameter under a heading."""

    parameter: Parameter
    group: str
    label: str
    bound: str  # controls that turn it: "knob 3", "" of none
    sources: tuple[str, ...] = ()  # of the routes that push it


def first_word(name: str) -> str:
    """The word before the first dot; of a slice of the rows of w, "w"."""
    return "w" if name.startswith("w[") else name.partition(".")[0]


def group_of(name: str) -> str:
    """The heading that a parameter stands below."""
    return GROUPS.get(first_word(name), OTHERS)


def control_name(control: str, source: str = "") -> str:
    """A control as it is written on a badge: "knob 3", "pad 2 of nanoKONTROL2"."""
    return control.replace(".", " ") + (f" of {source}" if source else "")


def bound_names(
    bindings: Mapping[str, Binding], learned: Mapping[tuple[str, str], Binding]
) -> dict[str, tuple[str, ...]]:
    """The controls of each parameter that has any, those that were learnt first."""
    found: dict[str, list[str]] = {}
    for (_, control), binding in learned.items():
        found.setdefault(binding.to, []).append(control_name(control))
    elsewhere = {control for _, control in learned}
    for control, binding in bindings.items():
        if control not in elsewhere:
            found.setdefault(binding.to, []).append(control_name(control))
    return {name: tuple(dict.fromkeys(controls)) for name, controls in found.items()}


def favourites(board: Board, bound: Iterable[str]) -> list[str]:
    """The parameters that the scene sets, routes or binds, in the order of the table."""
    routed = {meter.table.target for meter in board.routes}
    mine = {*routed, *bound}
    return [
        name
        for name, parameter in board.parameters.items()
        if name in mine or (name not in board.moved and abs(board.set_values[name] - parameter.default) > 1e-9)
    ]


def rows_of(
    board: Board,
    bound: Mapping[str, Sequence[str]],
    first: Iterable[str],
    words: str = "",
    shown: Shown = "all",
) -> list[ParameterRow]:
    """The rows, once each: `first` below a heading of their own, then every group. `words` are all found in each."""
    routed: dict[str, tuple[str, ...]] = {}
    for meter in board.routes:
        routed[meter.table.target] = (*routed.get(meter.table.target, ()), meter.table.source)
    wanted = words.lower().split()

    def row(name: str, group: str, label: str) -> ParameterRow:
        return ParameterRow(board.parameters[name], group, label, " · ".join(bound.get(name, ())), routed.get(name, ()))

    def is_wanted(name: str) -> bool:
        kinds = {"all": True, "moved": name in board.moved, "routed": name in routed, "bound": name in bound}
        if not kinds[shown]:
            return False
        text = f"{name} {plain_name(name, whole=True)} {board.parameters[name].about} {' '.join(bound.get(name, ()))}"
        return all(word in text.lower() for word in wanted)

    found = [name for name in board.parameters if is_wanted(name)]
    order = [*dict.fromkeys(GROUPS.values()), OTHERS]
    mine = [row(name, FIRST, plain_name(name, whole=True)) for name in first if name in set(found)]
    once = {each.parameter.name for each in mine}
    others = [row(name, group_of(name), plain_name(name)) for name in found if name not in once]
    return [*mine, *sorted(others, key=lambda each: order.index(each.group))]


def value_text(parameter: Parameter, value: float, *, long: bool = False) -> str:
    """A value with as many digits as its range has a use for, and its unit, a `long` one only where it is asked for."""
    number = number_text(parameter, value)
    unit = {"degrees": "°", "degrees/s": "°/s"}.get(parameter.unit, f" {parameter.unit}" if parameter.unit else "")
    return number + unit if long or len(unit) <= SHORT_UNIT else number


def number_text(parameter: Parameter, value: float) -> str:
    """A value without its unit."""
    room = parameter.high - parameter.low
    digits = 0 if parameter.whole or room >= 200 else 1 if room > 20 else 2 if room > 0.5 else 3
    number = f"{value:.{digits}f}"
    return number if float(number) else number.removeprefix("-")


def share_of(parameter: Parameter, value: float) -> float:
    """Where a value is in its range, 0..1."""
    room = parameter.high - parameter.low
    return min(max((value - parameter.low) / room, 0.0), 1.0) if room else 0.0


def snapped(parameter: Parameter, share: float) -> float:
    """The nearest share of the range that has a meaning: of whole numbers, that of one."""
    share = min(max(share, 0.0), 1.0)
    room = parameter.high - parameter.low
    if not parameter.whole or not room:
        return share
    return (round(parameter.low + share * room) - parameter.low) / room


def step_of(parameter: Parameter, size: float) -> float:
    """One step of this share of the range; of whole numbers at least one."""
    room = parameter.high - parameter.low
    return max(size, 1 / room) if parameter.whole and room else size


def parsed(parameter: Parameter, text: str) -> float | None:
    """The share of the range that a typed number stands for, kept in the range; None if it is no number."""
    number = text.strip().rstrip("°").strip()
    unit = parameter.unit
    number = number.removesuffix(unit).strip() if unit else number
    try:
        value = float(number.replace(",", "."))
    except ValueError:
        return None
    return snapped(parameter, share_of(parameter, value)) if value == value else None
