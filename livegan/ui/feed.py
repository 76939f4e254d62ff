"""Inputs of a window: the feed it shows and controls, and settings that no venue file has."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from livegan.config.picture_view import MapTable
from livegan.config.venue import ExtraWindowTable
from livegan.control.keys import key_table
from livegan.core.binding import Binding
from livegan.core.channels import Latest
from livegan.core.clock import Clock
from livegan.core.rings import FeatureRing
from livegan.core.types import Frame
from livegan.engine.board import Board
from livegan.engine.router import Router
from livegan.engine.telemetry import Telemetry

SaveMaps = Callable[[Mapping[int, MapTable]], str]
"""Keeps the mapping of windows, by number (0: the first), and returns a line that says where; VenueError."""

Scaling = Literal["auto", "linear", "cubic"]


class ShowFeed(Protocol):
    """Interface of a show to its window: frames and telemetry out, control events in. `Runtime` is one."""

    @property
    def frames(self) -> Latest[Frame]:
        """The newest picture."""
        ...

    @property
    def telemetry(self) -> Latest[Telemetry]:
        """The newest snapshot of the engine, for the HUD."""
        ...

    @property
    def board(self) -> Latest[Board]:
        """The newest snapshot of the scene that plays, for the panel."""
        ...

    @property
    def heard(self) -> FeatureRing:
        """What is heard, hop by hop, for the idle scene."""
        ...

    @property
    def controls(self) -> Router:
        """Takes every key; `window_events` is what the window does itself."""
        ...

    @property
    def clock(self) -> Clock:
        """The show's clock."""
        ...


@dataclass(frozen=True, slots=True)
class ExtraWindow:
    """Window besides the first."""

    table: ExtraWindowTable
    frames: Latest[Frame] | None = None  # of its own scene; None: the show's


def not_saved(_maps: Mapping[int, MapTable]) -> str:
    """For a window without a venue."""
    return "the mapping is not saved"


@dataclass(frozen=True, slots=True)
class WindowExtras:
    """Window settings beside those of the venue."""

    title: str = "livegan"
    scaling: Scaling = "auto"  # auto: cubic on a graphics card, linear on the processor
    keys: Mapping[str, Binding] = field(default_factory=key_table)
    takeover: str = "scale"  # of faders of controllers that move the master
    recording: str = ""  # shown with a red mark, e.g. "night.mp4"
    save_maps: SaveMaps = not_saved
    begins: Mapping[str, float] = field(default_factory=dict)  # states it begins with: blackout, master, fade
    windows: Sequence[ExtraWindow] = ()  # in the venue's order
    remote: Callable[[], str] = lambda: ""  # address of the phone page, for its QR code; "" while there is none
