"""MIDI outputs of this machine through python-rtmidi, and a fake with the same contract."""

import time
from collections.abc import Sequence
from typing import Any, Protocol

from livegan.control.ports import SystemLister, numbered

DRAIN_S = 0.06  # a system may send what it was given only so long afterwards (JACK: in its next period)


class OutPort(Protocol):
    """An open MIDI output."""

    def send(self, message: Sequence[int]) -> bool:
        """Send one message; False if the port is gone."""
        ...

    def close(self) -> None:
        """Idempotent."""
        ...


class OutPorts(Protocol):
    """A backend that lists and opens MIDI outputs."""

    def names(self) -> list[str] | None:
        """Names of the outputs plugged in now; None where this machine has no MIDI system."""
        ...

    def open(self, name: str) -> OutPort | None:
        """Open one; None if it has just disappeared or another program holds it."""
        ...

    def close(self) -> None:
        """Idempotent."""
        ...


class SystemOutPorts(SystemLister):
    """MIDI outputs of this machine."""

    kind = "MidiOut"

    def __init__(self, client: str = "livegan", port: str = "notes") -> None:
        """`client` and `port` are the names other programs see. Nothing is opened yet."""
        super().__init__(client)
        self._port = port

    def open(self, name: str) -> "SystemOutPort | None":
        """Open the output called `name`."""
        import rtmidi

        midi = None
        try:
            midi = self.new_client()
            midi.open_port(numbered(midi.get_ports()).index(name), name=self._port)
        except (rtmidi.RtMidiError, ValueError):
            if midi is not None:
                midi.delete()
            return None
        return SystemOutPort(midi)


class SystemOutPort:
    """An open MIDI output of this machine."""

    def __init__(self, midi: Any) -> None:
        """`midi` is an rtmidi.MidiOut with its port open."""
        self._midi = midi
        self._sent = False

    def send(self, message: Sequence[int]) -> bool:
        import rtmidi

        try:
            self._midi.send_message(list(message))
        except rtmidi.RtMidiError:
            return False
        self._sent = True
        return True

    def close(self) -> None:
        """Close it once what was sent is out: a note is let go just before. Idempotent."""
        if self._midi is not None:
            if self._sent:
                time.sleep(DRAIN_S)
            self._midi.close_port()
            self._midi.delete()
        self._midi = None


class FakeOutPorts:
    """Fake MIDI outputs: plugged and unplugged by a test, which reads what they were sent."""

    def __init__(self, *names: str, present: bool = True) -> None:
        self.plugged = list(names)
        self.present = present
        self.taken: set[str] = set()  # by other programs
        self.sent: dict[str, list[tuple[int, ...]]] = {}

    def names(self) -> list[str] | None:
        return list(self.plugged) if self.present else None

    def open(self, name: str) -> "FakeOutPort | None":
        is_free = self.present and name in self.plugged and name not in self.taken
        return FakeOutPort(self, name) if is_free else None

    def close(self) -> None:
        """Nothing to close."""


class FakeOutPort:
    """An open output of `FakeOutPorts`."""

    def __init__(self, ports: FakeOutPorts, name: str) -> None:
        self._ports, self._name = ports, name

    def send(self, message: Sequence[int]) -> bool:
        if self._name not in self._ports.plugged:
            return False
        self._ports.sent.setdefault(self._name, []).append(tuple(message))
        return True

    def close(self) -> None:
        """Nothing to close."""


def list_midi_outputs() -> list[str]:
    """Names of the MIDI outputs plugged in now."""
    ports = SystemOutPorts()
    names = ports.names()
    ports.close()
    return names or []
