"""TouchOSC layouts: a .tosc file for tablets and phones (Hexler's TouchOSC of 2021 and later, not Mk1).

A .tosc file is an XML document compressed by zlib. Its elements are written as the editor of TouchOSC 1.1 writes them
(version 3, which later ones open); the facts are from public files and generators. Hosts and ports are no part of it.
"""

import uuid
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 1000, 640  # points; TouchOSC scales it to the screen
MARGIN, GAP = 14, 8
CONNECTION = "00001"  # the first of five
SLIDERS, SCENES, SCENE_COLUMNS = 8, 12, 6

Colour = tuple[float, float, float]
Frame = tuple[int, int, int, int]  # x, y, width, height

DARK, INK, MUTED = (0.05, 0.05, 0.06), (0.94, 0.95, 0.97), (0.6, 0.62, 0.66)
RED, BLUE, GREEN, AMBER = (0.85, 0.2, 0.22), (0.25, 0.5, 0.95), (0.2, 0.7, 0.45), (0.9, 0.6, 0.2)
TEAL, VIOLET, GREY = (0.16, 0.62, 0.66), (0.5, 0.4, 0.85), (0.35, 0.37, 0.42)

_IDS = uuid.UUID("5b0c9c1e-3f0a-5c55-9a51-6c6976656761")  # the same layout has the same ids


@dataclass(frozen=True, slots=True)
class Slider:
    """A fader: the address that it moves, its range, and its label."""

    address: str
    label: str
    low: float = 0.0
    high: float = 1.0
    stands: float = 0.0  # at first, as a share of its range
    named_by: str = ""  # address whose text becomes the label


@dataclass(frozen=True, slots=True)
class Button:
    """A button: the address that it sends 1 to when it is pressed and 0 when it is let go, and its label."""

    address: str
    label: str
    colour: Colour
    toggle: bool = False  # 1 and 0 in turn
    named_by: str = ""


MASTER_BUTTONS = (
    Button("/blackout", "BLACKOUT", RED, toggle=True),
    Button("/freeze", "FREEZE", BLUE, toggle=True),
    Button("/safe", "SAFE", GREEN),
    Button("/panic", "PANIC", AMBER),
    Button("/tap", "TAP", TEAL),
    Button("/previous", "PREVIOUS", GREY),
    Button("/next", "NEXT", GREY),
)
MASTER_SLIDERS = (Slider("/master", "MASTER", stands=1.0), Slider("/crossfade", "CROSSFADE"))


def layout(title: str, sliders: Sequence[Slider], scenes: Sequence[Button]) -> bytes:
    """A .tosc file: the master section, SLIDERS sliders and SCENES scene buttons at most."""
    children = "".join(_nodes(sliders[:SLIDERS], scenes[:SCENES]))
    root = _node("root", "GROUP", _look(title, (0, 0, WIDTH, HEIGHT), DARK), [_value("touch", "false")], "", children)
    document = f"<?xml version='1.0' encoding='UTF-8'?><lexml version='3'>{root}</lexml>"
    return zlib.compress(document.encode())


def _nodes(sliders: Sequence[Slider], scenes: Sequence[Button]) -> Iterator[str]:
    """All nodes of the page, those behind first."""
    inner = WIDTH - 2 * MARGIN
    for button, frame in zip(MASTER_BUTTONS, _row(MARGIN, 78, inner, len(MASTER_BUTTONS)), strict=True):
        yield from _button(button, frame)
    faders = [*sliders, *MASTER_SLIDERS]
    for number, (slider, frame) in enumerate(zip(faders, _row(104, 346, inner, len(faders)), strict=True)):
        yield from _fader(slider, frame, VIOLET if number < len(sliders) else INK)
    rows = [_row(top, 78, inner, SCENE_COLUMNS) for top in (462, 548)]
    for scene, frame in zip(scenes, [frame for row in rows for frame in row], strict=False):
        yield from _button(scene, frame)


def _row(top: int, height: int, width: int, count: int) -> list[Frame]:
    """So many frames side by side."""
    step = (width + GAP) / count
    return [(round(MARGIN + number * step), top, round(step - GAP), height) for number in range(count)]


def _fader(slider: Slider, frame: Frame, colour: Colour) -> Iterator[str]:
    x, y, width, height = frame
    look = _look(slider.address, (x, y, width, height - 34), colour)
    look |= {"bar": ("b", "1"), "cursor": ("b", "1"), "grid": ("b", "0")}
    message = _message(slider.address, "x", "FLOAT", low=slider.low, high=slider.high)
    values = [_value("touch", "false"), _value("x", f"{slider.stands:.4g}")]
    yield _node(f"fader {slider.address}", "FADER", look, values, message)
    yield _label(slider.address, slider.label, (x, y + height - 30, width, 26), 13, slider.named_by, MUTED)


def _button(button: Button, frame: Frame) -> Iterator[str]:
    look = _look(button.address, frame, button.colour)
    look |= {"buttonType": ("i", "2" if button.toggle else "0"), "press": ("b", "1"), "release": ("b", "1")}
    look |= {"valuePosition": ("b", "0")}
    message = _message(button.address, "x", "FLOAT")
    yield _node(f"button {button.address}", "BUTTON", look, [_value("touch", "false"), _value("x", "0")], message)
    yield _label(button.address, button.label, frame, 15, button.named_by, INK)


def _label(address: str, text: str, frame: Frame, size: int, named_by: str, ink: Colour) -> str:
    """A line of text that lets touches through; buttons and faders have none of their own."""
    look = _look(f"label {address}", frame, ink, solid=False)
    look |= {"font": ("i", "0"), "textAlignH": ("i", "2"), "textAlignV": ("i", "2"), "textClip": ("b", "1")}
    look |= {"textColor": ("c", _colour(ink)), "textSize": ("i", str(size)), "textLength": ("i", "0")}
    values = [_value("text", text), _value("touch", "false")]
    message = _message(named_by, "text", "STRING", send=False) if named_by else ""
    return _node(f"label {address}", "LABEL", look, values, message)


def _look(name: str, frame: Frame, colour: Colour, *, solid: bool = True) -> dict[str, tuple[str, str]]:
    """Properties that every control has: type and value by key."""
    touched = "1" if solid else "0"
    box = "".join(f"<{key}>{value}</{key}>" for key, value in zip("xywh", frame, strict=True))
    return {
        "background": ("b", touched),
        "color": ("c", _colour(colour)),
        "cornerRadius": ("f", "4"),
        "frame": ("r", box),
        "grabFocus": ("b", touched),
        "interactive": ("b", touched),
        "locked": ("b", "0"),
        "name": ("s", _text(name)),
        "orientation": ("i", "0"),
        "outline": ("b", touched),
        "outlineStyle": ("i", "0"),
        "pointerPriority": ("i", "0"),
        "shape": ("i", "1"),
        "visible": ("b", "1"),
    }


def _node(
    key: str, kind: str, look: dict[str, tuple[str, str]], values: list[str], messages: str, children: str = ""
) -> str:
    properties = "".join(
        f"<property type='{type_}'><key>{_text(name)}</key><value>{value}</value></property>"
        for name, (type_, value) in sorted(look.items())
    )
    inner = f"<properties>{properties}</properties><values>{''.join(values)}</values>"
    inner += f"<messages>{messages}</messages>" if messages else ""
    inner += f"<children>{children}</children>" if children else ""
    return f"<node ID='{uuid.uuid5(_IDS, key)}' type='{kind}'>{inner}</node>"


def _value(key: str, default: str) -> str:
    return (
        f"<value><key>{_text(key)}</key><locked>0</locked><lockedDefaultCurrent>0</lockedDefaultCurrent>"
        f"<default>{_text(default)}</default><defaultPull>0</defaultPull></value>"
    )


def _message(
    address: str, value: str, conversion: str, *, low: float = 0.0, high: float = 1.0, send: bool = True
) -> str:
    """An OSC message that a control sends, and that sets it when it comes in."""
    trigger = f"<triggers><trigger><var>{_text(value)}</var><condition>ANY</condition></trigger></triggers>"
    return (
        f"<osc><enabled>1</enabled><send>{int(send)}</send><receive>1</receive><feedback>0</feedback>"
        f"<connections>{CONNECTION}</connections>{trigger}"
        f"<path>{_partial('CONSTANT', 'STRING', address)}</path>"
        f"<arguments>{_partial('VALUE', conversion, value, low, high)}</arguments></osc>"
    )


def _partial(kind: str, conversion: str, value: str, low: float = 0.0, high: float = 1.0) -> str:
    return (
        f"<partial><type>{kind}</type><conversion>{conversion}</conversion><value>{_text(value)}</value>"
        f"<scaleMin>{low:g}</scaleMin><scaleMax>{high:g}</scaleMax></partial>"
    )


def _colour(colour: Colour) -> str:
    return "".join(f"<{key}>{value:g}</{key}>" for key, value in zip("rgba", (*colour, 1.0), strict=True))


def _text(text: str) -> str:
    return f"<![CDATA[{text.replace(']]>', '')}]]>"
