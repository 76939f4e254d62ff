"""OUTPUTS: the table of outputs that a venue's `[[outputs]]` can name, and the base class of an output."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field

from livegan.core.dimmer import FADE_S
from livegan.core.registry import Registry
from livegan.core.toml import StrictModel
from livegan.core.types import Frame, Samples


@dataclass(frozen=True, slots=True)
class ShowFormat:
    """Format of the frames and the sound that a show sends to its outputs."""

    fps: float  # target frame rate
    size: tuple[int, int]  # (width, height) of the show's window [px]; frames have the size of their network
    sample_rate: int  # of the sound [Hz]
    channels: int  # of the sound
    window: Callable[[], Mapping[str, float]] = dict  # what is on in the window: blackout, freeze, master, fade
    fade_s: float = FADE_S  # of its timed fades


class NoOptions(StrictModel):
    """Options of an output that has none."""


class LiveOptions(StrictModel):
    """Options of every live output."""

    master: bool = Field(
        True, strict=True, description="blackout, master fader, fades and freeze count for it as for the window"
    )


class Output(ABC):
    """Frame sink: a film, a stream, a virtual camera. Members of OUTPUTS are made with (options, show format).

    Laws: `send` and `close` are called one after the other, from one thread; `send` may take its time, because during
    a show an `OutputQueue` stands in front of it, drops what does not fit and counts it; the frame is not changed;
    closing is idempotent and nothing is sent afterwards. MediaError ends the output, not the show.
    """

    Options: ClassVar[type[StrictModel]] = NoOptions  # keys of its table in [[outputs]], besides `kind`
    example: ClassVar[Mapping[str, Any]] = {}  # options for tests, of an output that needs some besides `path`
    takes_sound: ClassVar[bool] = False  # True: `send_audio` is called
    live: ClassVar[bool] = False
    """True: it is seen at once. Only the newest frames wait for it, they are dimmed as the window is (`LiveOptions`),
    and the last one is sent again while no new one comes, with the time of that moment in its plan."""

    @classmethod
    def check(cls, options: Any) -> None:
        """MediaError, before the show is built, if these options cannot work."""
        return

    @property
    def dropped(self) -> int:
        """Frames it had no room for."""
        return 0

    @property
    def notice(self) -> str:
        """One line for the user, or "" if all is well."""
        return ""

    @abstractmethod
    def send(self, frame: Frame) -> None:
        """Take one frame: `np.asarray(frame.pixels)` is uint8 (height, width, 3) sRGB, `frame.plan` how it was made."""

    def send_audio(self, samples: Samples, sample_rate: int, start_s: float | None = None) -> None:  # noqa: B027
        """Take a block of sound (n, channels), -1..1; `start_s` is when its first sample was heard [s]."""

    @abstractmethod
    def close(self) -> None:
        """Finish the file or give the device back. Idempotent."""


def check_output(name: str, output: object) -> None:
    """TypeError for what cannot be a member of OUTPUTS."""
    if not (isinstance(output, type) and issubclass(output, Output)):
        raise TypeError(f"the output '{name}' is not a subclass of livegan.outputs.registry.Output")
    if not (isinstance(output.Options, type) and issubclass(output.Options, StrictModel)):
        raise TypeError(f"Options of the output '{name}' is not a subclass of livegan.core.toml.StrictModel")


OUTPUTS: Registry[type[Output]] = Registry(
    "output", package="livegan.outputs", entry_point_group="livegan.outputs", check=check_output
)
