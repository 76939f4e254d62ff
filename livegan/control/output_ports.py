"""MIDI outputs of this machine through python-rtmidi, and a fake with the same contract."""

import os
from collections.abc import Sequence
from typing import Any, Protocol

from livegan.control.ports import choose_api


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
        """Open one; None if it has just disappeared."""
        ...

    def close(self) -> None:
        """Idempotent."""
        ...


class SystemOutPorts:
    """MIDI outputs of this machine: ALSA or JACK, CoreMIDI, Windows MM."""

    def __init__(self, client: str = "livegan") -> None:
        """`client` is the name other programs see. Nothing is opened yet."""
        self._client = client
        self._lister: Any = None  # client that lists ports
        self._api: int | None = None

    def names(self) -> list[str] | None:
        api = choose_api()
        if api is None or api != self._api:
            self.close()
        if api is None:
            return None
        import rtmidi

        try:
            if self._lister is None:
                os.environ.setdefault("JACK_NO_START_SERVER", "1")
                self._lister, self._api = rtmidi.MidiOut(api, name=f"{self._client} outputs"), api
            names = self._lister.get_ports()
        except rtmidi.RtMidiError:
            self.close()
            return None
        return [name for name in names if not name.startswith("Midi Through")]

    def open(self, name: str) -> "SystemOutPort | None":
        import rtmidi

        midi = None
        try:
            midi = rtmidi.MidiOut(self._api or rtmidi.API_UNSPECIFIED, name=self._client)
            midi.open_port(midi.get_ports().index(name), name="notes")
        except (rtmidi.RtMidiError, ValueError):
            if midi is not None:
                midi.delete()
            return None
        return SystemOutPort(midi)

    def close(self) -> None:
        if self._lister is not None:
            self._lister.delete()
        self._lister, self._api = None, None


class SystemOutPort:
    """An open MIDI output of this machine."""

    def __init__(self, midi: Any) -> None:
        """`midi` is an rtmidi.MidiOut with its port open."""
        self._midi = midi

    def send(self, message: Sequence[int]) -> bool:
        import rtmidi

        try:
            self._midi.send_message(list(message))
        except rtmidi.RtMidiError:
            return False
        return True

    def close(self) -> None:
        if self._midi is not None:
            self._midi.close_port()
            self._midi.delete()
        self._midi = None


class FakeOutPorts:
    """Fake MIDI outputs: plugged and unplugged by a test, which reads what they were sent."""

    def __init__(self, *names: str, present: bool = True) -> None:
        self.plugged = list(names)
        self.present = present
        self.sent: dict[str, list[tuple[int, ...]]] = {}

    def names(self) -> list[str] | None:
        return list(self.plugged) if self.present else None

    def open(self, name: str) -> "FakeOutPort | None":
        return FakeOutPort(self, name) if self.present and name in self.plugged else None

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
