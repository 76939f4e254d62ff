"""MIDI ports: the inputs of this machine through python-rtmidi, and a fake with the same contract."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

from livegan.core.controller import device_name
from livegan.core.text import printable

HIDDEN = ("Midi Through", "livegan")  # an output that is open is an input of other programs: nobody plays on it

MessageCallback = Callable[[Sequence[int]], None]  # called with one complete message, on a thread of the driver


class Port(Protocol):
    """An open MIDI input."""

    def close(self) -> None:
        """Stop receiving. Idempotent."""
        ...


class Ports(Protocol):
    """A backend that lists and opens MIDI inputs."""

    def names(self) -> list[str] | None:
        """Names of the inputs plugged in now; None where this machine has no MIDI system (it may get one later)."""
        ...

    def open(self, name: str, callback: MessageCallback) -> Port | None:
        """Open one input; None if it has just disappeared or another program holds it."""
        ...

    def close(self) -> None:
        """Close the driver. Idempotent."""
        ...


class SystemLister:
    """Lister of MIDI ports of this machine: ALSA if the kernel has it, else JACK if it runs; CoreMIDI, Windows MM.

    The list comes from a client that stays open; one that listed nothing five times is replaced, because its server may
    have died.
    """

    kind: ClassVar[Literal["MidiIn", "MidiOut"]]

    def __init__(self, client: str = "livegan") -> None:
        """`client` is the name other programs see. Nothing is opened yet."""
        self._client = client
        self._lister: Any = None  # rtmidi client
        self._api: int | None = None
        self._empty = 0  # empty listings in a row

    def names(self) -> list[str] | None:
        """Ports plugged in now, without the kernel's own and those of livegan; None without a backend."""
        api = choose_api()
        if api is None or api != self._api:
            self.close()
        if api is None:
            return None
        import rtmidi

        try:
            if self._lister is None or self._empty >= 5:
                self.close()
                os.environ.setdefault("JACK_NO_START_SERVER", "1")  # else opening a client would start a JACK server
                self._lister, self._api = getattr(rtmidi, self.kind)(api, name=f"{self._client} {self.kind}"), api
            names = numbered(self._lister.get_ports())
        except rtmidi.RtMidiError:
            self.close()
            return None
        self._empty = 0 if names else self._empty + 1
        return [name for name in names if not device_name(name).startswith(HIDDEN)]

    def new_client(self) -> Any:
        """A client of its own for one port: a closed one never receives again."""
        import rtmidi

        return getattr(rtmidi, self.kind)(self._api or rtmidi.API_UNSPECIFIED, name=self._client)

    def close(self) -> None:
        """Delete the client that lists ports."""
        if self._lister is not None:
            self._lister.delete()
        self._lister, self._api, self._empty = None, None, 0


def held_by_another(name: str) -> str:
    """What to say of a port that is listed and does not open: on Windows only one program can have it."""
    return f"'{printable(name)}' is there, but another program has it; close it in that one"


def numbered(names: Sequence[str]) -> list[str]:
    """Names of ports, those that several have told apart: "pad (1 of 2)", "pad (2 of 2)"."""
    found: list[str] = []
    for at, name in enumerate(names):
        many = names.count(name)
        found.append(name if many < 2 else f"{name} ({names[: at + 1].count(name)} of {many})")
    return found


class SystemPorts(SystemLister):
    """MIDI inputs of this machine."""

    kind = "MidiIn"

    def open(self, name: str, callback: MessageCallback) -> "SystemPort | None":
        """Open the input called `name`."""
        import rtmidi

        midi = None
        try:
            midi = self.new_client()
            at = numbered(midi.get_ports()).index(name)
            midi.ignore_types(sysex=True, timing=False, active_sense=True)  # timing: MIDI clock
            midi.set_callback(lambda event, _: callback(event[0]))
            midi.open_port(at, name="controls")
        except (rtmidi.RtMidiError, ValueError):
            if midi is not None:
                midi.delete()
            return None
        return SystemPort(midi)


class SystemPort:
    """An open MIDI input of this machine."""

    def __init__(self, midi: Any) -> None:
        """`midi` is an rtmidi.MidiIn with its port open."""
        self._midi = midi

    def close(self) -> None:
        """Cancel the callback, then close the port, then delete the client."""
        if self._midi is not None:
            self._midi.cancel_callback()
            self._midi.close_port()
            self._midi.delete()
        self._midi = None


def choose_api() -> int | None:
    """The rtmidi API to use on this machine; None if none can work now. Changes nothing.

    On Linux: ALSA if the kernel has a sequencer, else JACK if a server's socket is there. Asking JACK without a
    server would print four lines on the terminal each time. The environment variable LIVEGAN_MIDI_API, ``alsa`` or
    ``jack``, leaves out the other one; empty or anything else is both.
    """
    try:
        from rtmidi import API_LINUX_ALSA, API_RTMIDI_DUMMY, API_UNIX_JACK, get_compiled_api
    except ImportError:  # no wheel for this machine, a library of its is missing, or another package of this name
        return None
    compiled = get_compiled_api()
    if not sys.platform.startswith("linux"):
        return next((int(api) for api in compiled if api != API_RTMIDI_DUMMY), None)
    only = os.environ.get("LIVEGAN_MIDI_API", "")
    if only != "jack" and API_LINUX_ALSA in compiled and Path("/dev/snd/seq").exists():
        return int(API_LINUX_ALSA)
    server = os.environ.get("JACK_DEFAULT_SERVER", "default")
    if only != "alsa" and API_UNIX_JACK in compiled and any(Path("/dev/shm").glob(f"jack_{server}_{os.getuid()}_*")):
        return int(API_UNIX_JACK)
    return None


class FakePorts:
    """Fake MIDI inputs: plugged, unplugged and played by a test."""

    def __init__(self, *names: str, present: bool = True) -> None:
        """`present` False: a machine without MIDI."""
        self._names = list(names)
        self._open: dict[str, list[MessageCallback]] = {}
        self.taken: set[str] = set()  # by other programs
        self.present = present

    def names(self) -> list[str] | None:
        """Names of the inputs plugged in now."""
        return list(self._names) if self.present else None

    def open(self, name: str, callback: MessageCallback) -> "FakePort | None":
        """Open one input; None if it is not plugged in, or taken."""
        if not self.present or name not in self._names or name in self.taken:
            return None
        callbacks = self._open.setdefault(name, [])
        callbacks.append(callback)
        return FakePort(callbacks, callback)

    def close(self) -> None:
        """Nothing to close."""

    def plug(self, name: str) -> None:
        self._names.append(name)

    def pull(self, name: str) -> None:
        """Unplug an input: as with a real one nothing is reported, and its callbacks never receive again."""
        self._names.remove(name)
        self._open.pop(name, None)

    def play(self, name: str, *message: int) -> int:
        """Send one message from the input `name`; returns how many callbacks received it."""
        callbacks = list(self._open.get(name, ()))
        for callback in callbacks:
            callback(message)
        return len(callbacks)


class FakePort:
    """An open input of `FakePorts`."""

    def __init__(self, callbacks: list[MessageCallback], callback: MessageCallback) -> None:
        """`callbacks` is the list that holds `callback`."""
        self._callbacks, self._callback = callbacks, callback

    def close(self) -> None:
        """Remove the callback from the list."""
        if self._callback in self._callbacks:
            self._callbacks.remove(self._callback)


def list_midi_inputs() -> list[str]:
    """Names of the MIDI inputs plugged in now; empty where there are none or the machine has no MIDI."""
    ports = SystemPorts()
    names = ports.names()
    ports.close()
    return names or []
