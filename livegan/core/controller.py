"""MIDI controller definitions (configs/controllers/NAME.toml): what its numbers are called, where its lights are."""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from livegan.core.binding_field import BindingField
from livegan.core.events import SPECS, find_control, is_bindable, unbindable, unknown_control
from livegan.core.midi_address import Address
from livegan.core.registry import unknown
from livegan.core.toml import StrictModel

Encoding = Literal["twos-complement", "binary-offset", "sign-magnitude"]
"""How a relative encoder says one step up and one down: 1 and 127, 65 and 63, 1 and 65."""

MAX_SYSTEM_EXCLUSIVE = 64  # bytes of a message that a file may send
MAX_ENTRIES = 256  # of one table


def _known(name: str) -> str:
    if find_control(name) is None:
        raise ValueError(unknown_control(name))
    return name


def _bindable(name: str) -> str:
    if not is_bindable(name):
        raise ValueError(unbindable(name))
    return name


def _address(text: str) -> str:
    return str(Address.parse(text))


def _control_change(text: str) -> str:
    address = Address.parse(text)
    if address.kind != "cc":
        raise ValueError(f"'{text}': only a control change can be an encoder; write 'cc {address.number}'")
    return str(address)


def _system_exclusive(text: str) -> str:
    words = text.split()
    data = [int(word, 16) for word in words if re.fullmatch("[0-9A-Fa-f]{2}", word)]
    whole = len(data) == len(words) <= MAX_SYSTEM_EXCLUSIVE and data[:1] == [0xF0] and data[-1:] == [0xF7]
    if text and not (whole and all(byte < 0x80 for byte in data[1:-1])):
        raise ValueError(f"'{text}': write a message in hexadecimal, F0 at its beginning and F7 at its end")
    return text


def _family(name: str) -> str:
    families = {each.split(".")[0] for each in SPECS}
    if name not in families:
        raise ValueError(unknown("family", name, families))
    return name


def _light(text: str) -> str:
    address = Address.parse(text)
    if address.kind not in ("cc", "note"):
        raise ValueError(f"'{text}': lights are notes and control changes; write 'note 0' or 'cc 41'")
    return str(address)


MidiNumber = Annotated[int, Field(ge=0, le=127)]
ControlName = Annotated[str, AfterValidator(_known)]
BindableName = Annotated[str, AfterValidator(_bindable)]
AddressText = Annotated[str, AfterValidator(_address)]
EncoderAddress = Annotated[str, AfterValidator(_control_change)]
LightAddress = Annotated[str, AfterValidator(_light)]
FamilyName = Annotated[str, AfterValidator(_family)]
SystemExclusive = Annotated[str, AfterValidator(_system_exclusive)]


class FeedbackTable(StrictModel):
    """Lights and rings of a controller, one group of them: what is sent so that they show what is on."""

    channel: int = Field(1, ge=1, le=16, description="channel of addresses that name none")
    same: tuple[FamilyName, ...] = Field(
        (),
        max_length=32,
        description='families of controls that are lit, or whose ring is set, by the number they send: "pad"',
    )
    lights: Mapping[ControlName, LightAddress] = Field(
        {},
        max_length=MAX_ENTRIES,
        description='control -> its light, "note 0" or "cc 41"',
    )
    off: MidiNumber = Field(0, description="value of a light that is off")
    dim: MidiNumber = Field(0, description="value of a light that waits: its control does something")
    on: MidiNumber = Field(127, description="value of a light that is on")
    rings: Mapping[ControlName, LightAddress] = Field(
        {},
        max_length=MAX_ENTRIES,
        description='control -> its ring, "cc 9"',
    )
    ring_low: MidiNumber = Field(0, description="value of a ring at the low end")
    ring_high: MidiNumber = Field(127, description="value of a ring at the high end")
    start: SystemExclusive = Field("", description='sent first, in hexadecimal: "F0 00 20 29 02 0D 0E 01 F7"')
    stop: SystemExclusive = Field("", description="sent at the end")

    def addresses(self, names: Mapping[Address, str]) -> dict[str, Address]:
        """Address of the light or the ring of every control in this group; `names`: of the controller."""
        listed = {name: Address.parse(text) for name, text in {**self.lights, **self.rings}.items()}
        same = {
            name: address
            for address, name in names.items()
            if address.kind in ("cc", "note") and name.split(".")[0] in self.same
        }
        return same | listed


class Controller(StrictModel):
    """MIDI controller definition: its port names, and the names of its control changes, notes and other addresses."""

    dotted_tables = ("bind", "feedback.lights", "feedback.rings")  # pad.1 = "note 0" as well as "pad.1" = "note 0"

    name: str = Field(description="what people call it")
    match: tuple[str, ...] = Field(
        (),
        max_length=32,
        description="parts of its MIDI port's name, any case; '' is in every name",
    )
    knobs: Mapping[MidiNumber, ControlName] = Field({}, description="CC number -> control name, such as knob.3")
    pads: Mapping[MidiNumber, ControlName] = Field({}, description="note number -> control name, such as pad.1")
    controls: Mapping[AddressText, ControlName] = Field(
        {},
        max_length=MAX_ENTRIES,
        description='any other address -> control name: "cc14 16", "nrpn 1200", "note 36 channel 10", "bend"',
    )
    usual: Mapping[AddressText, ControlName] = Field(
        {},
        max_length=MAX_ENTRIES,
        description='as controls, for addresses not named above; where "cc.74" itself is bound, that wins',
    )
    encoders: Mapping[EncoderAddress, Encoding] = Field(
        {},
        max_length=MAX_ENTRIES,
        description='relative encoders: "cc 16" -> twos-complement, binary-offset or sign-magnitude',
    )
    bind: Mapping[BindableName, BindingField] = Field(
        {},
        max_length=MAX_ENTRIES,
        description="control -> parameter or other control, whatever scene and venue say; `livegan learn` writes it",
    )
    feedback: tuple[FeedbackTable, ...] = Field((), max_length=8, description="its lights and rings, in groups")

    @property
    def names(self) -> dict[Address, str]:
        """Control name of every address that has one."""
        return {Address.parse(text): name for text, name in self.usual.items()} | self._own_names

    @property
    def usual_addresses(self) -> frozenset[Address]:
        """Addresses that have no more than a usual name."""
        return frozenset(map(Address.parse, self.usual)) - set(self._own_names)

    @property
    def _own_names(self) -> dict[Address, str]:
        short = {Address("cc", number): name for number, name in self.knobs.items()}
        short |= {Address("note", number): name for number, name in self.pads.items()}
        return short | {Address.parse(text): name for text, name in self.controls.items()}

    def match_length(self, port: str) -> int:
        """Letters of the longest part of `match` that is in the port's name; -1 if it is another controller."""
        return max((len(part) for part in self.match if part.lower() in port.lower()), default=-1)


NO_FILE = (
    "no file of its own: knobs that send CC 1-8, 20-27 or 70-77 work at once; teach it others with L or livegan learn"
)
GENERIC = Controller(name="any controller", match=("",))


def best_match(controllers: Iterable[Controller], port: str) -> Controller:
    """The controller whose match is the longest part of `port`, the first of equals; `GENERIC` if none fits."""
    best = max(controllers, key=lambda controller: controller.match_length(port), default=GENERIC)
    return best if best.match_length(port) >= 0 else GENERIC


def controller_for(controllers: Iterable[Controller], port: str) -> Controller:
    """The controller of a port; one that no file knows by name gets its port's name, and the names that fit any."""
    best = best_match(controllers, port)
    if best.match_length(port) > 0:
        return best
    name = device_name(port)
    return best.model_copy(update={"name": name, "match": (name,)})


def description(controllers: Sequence[Controller], port: str) -> str:
    """What a port is taken for, in a few words, with what is learnt or lit on it."""
    best = best_match(controllers, port)
    own = best.match_length(port) > 0
    facts = [best.name if own else NO_FILE]
    facts += [f"{len(best.bind)} learnt"] if best.bind and own else []
    facts += ["lights"] if best.feedback else []
    return ", ".join(facts)


def device_name(port: str) -> str:
    """The device's part of a port's name, without what the system adds: "KnobBox:KnobBox MIDI 1 20:0" -> "KnobBox".

    Ports that JACK and PipeWire make of devices name their own driver or bridge first: it is left out.
    """
    name = re.sub(r" \d+:\d+$", "", port)  # ALSA's client and port number
    name = re.sub(r"^(system|a2j|Midi-Bridge):", "", name)
    name = re.sub(r" \[\d+\] \((capture|playback)\)", "", name)  # a2j's
    if sys.platform == "win32":
        name = re.sub(r" \d+$", "", name)  # the number of the port
    return name.split(":")[0].strip() or port
