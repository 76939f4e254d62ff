"""What the venue says about the window."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class WindowSettings:
    """How the window opens."""

    title: str = "livegan"
    screen: str = ""  # part of a screen's name, any case; "" is the main one
    fullscreen: bool = False
    size: tuple[int, int] = (1024, 1024)  # width, height [pixels] when not full screen
    fill: bool = False  # cut off what does not fit, instead of leaving black bars
    vsync: bool = True
    hud: bool = False
    scaling: Literal["auto", "linear", "cubic"] = "auto"  # auto: cubic on a graphics card, linear on the processor
    recording: str = ""  # shown with a red mark, e.g. "night.mp4"
