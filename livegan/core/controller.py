"""MIDI controller definitions (configs/controllers/NAME.toml): names for control changes and notes, by port name."""

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from livegan.core.events import find_control, unknown_control
from livegan.core.toml import StrictModel


def _known(name: str) -> str:
    if find_control(name) is None:
        raise ValueError(unknown_control(name))
    return name


MidiNumber = Annotated[int, Field(ge=0, le=127)]
ControlName = Annotated[str, AfterValidator(_known)]


class Controller(StrictModel):
    """MIDI controller definition: its port names, and the names of its control changes and notes."""

    name: str = Field(description="what people call it")
    match: tuple[str, ...] = Field((), description="parts of its MIDI port's name, any case; '' is in every name")
    knobs: Mapping[MidiNumber, ControlName] = Field({}, description="CC number -> control name, such as knob.3")
    pads: Mapping[MidiNumber, ControlName] = Field({}, description="note number -> control name, such as pad.1")

    def match_length(self, port: str) -> int:
        """Letters of the longest part of `match` that is in the port's name; -1 if it is another controller."""
        return max((len(part) for part in self.match if part.lower() in port.lower()), default=-1)


GENERIC = Controller(name="any controller", match=("",))


def best_match(controllers: Iterable[Controller], port: str) -> Controller:
    """The controller whose match is the longest part of `port`; `GENERIC`, which names nothing, if none fits."""
    best = max(controllers, key=lambda controller: controller.match_length(port), default=GENERIC)
    return best if best.match_length(port) >= 0 else GENERIC
