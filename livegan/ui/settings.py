"""What the venue says about the window."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class WindowSettings:
    """How the window opens."""

    title: str = "livegan"
    screen: str = ""  # part of a screen's name, any case; "" is the main one
    fullscreen: bool = False
    size: tuple[int, int] = (1024, 1024)  # width, height [pixels] when not full screen
    vsync: bool = True
    hud: bool = False
    scaling: Literal["auto", "linear", "cubic"] = "auto"  # auto: cubic on a graphics card, linear on the processor
    keys: Mapping[str, str] = field(default_factory=dict)  # key -> event, over the built-in ones
    recording: str = ""  # shown with a red mark, e.g. "night.mp4"
