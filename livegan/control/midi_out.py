"""MIDI output: the notes of music that is known before it sounds, each at its moment, to a port found by name.

No note hangs: what was struck is released at the end, at Ctrl-C, and when the port changes.
"""

from collections import deque
from collections.abc import Callable, Sequence

from livegan.control.messages import CONTROL, NOTE_OFF, NOTE_ON, PROGRAM
from livegan.control.output_ports import OutPort, OutPorts, SystemOutPorts
from livegan.control.ports import held_by_another
from livegan.core.registry import nearest
from livegan.core.timeline import NoteEvent, Timeline

LOOK_S = 1.0  # between two looks for the port
IDLE_S = 0.05  # between two looks at the timeline, whose beats are fixed three times as early
ROOM_S = 0.02  # listing ports takes its time: only if no note is due for so long
LATE_S = 0.25  # an older beginning is left out
VOLUME, ALL_NOTES_OFF = 7, 123  # controllers
DRUMS = 9


class MidiOutput:
    """MIDI output of a timeline. `poll` is for one thread, which sleeps until the next note."""

    def __init__(
        self,
        timeline: Timeline,
        programs: Sequence[tuple[int, int]],
        port: str,
        *,
        delay_s: float = 0.0,
        volume: Callable[[], float] = lambda: 1.0,
        ports: OutPorts | None = None,
    ) -> None:
        """`programs`: channel 0..15 and program of each voice; `port`: part of a port's name; `delay_s`: all later."""
        self.notice = ""
        self.sent = 0  # beginnings of notes
        self.worst_s, self.late_s = 0.0, 0.0  # the latest of them; the sum of all
        self._timeline, self._programs = timeline, tuple(programs)
        self._name, self._delay_s, self._volume = port, delay_s, volume
        self._ports: OutPorts = SystemOutPorts() if ports is None else ports
        self._port: OutPort | None = None
        self._open_name = ""
        self._look_s = float("-inf")
        self._mark_s = 0.0  # [s of the music]
        self._due: deque[NoteEvent] = deque()
        self._sounding: dict[tuple[int, int], None] = {}  # channel and pitch
        self._told_volume = -1
        self._panic = False

    def start(self, now_s: float) -> None:
        """Open the port, if it is there."""
        self._look(now_s)

    def poll(self, now_s: float) -> float:
        """Send what is due at `now_s`; seconds until the next note is."""
        self._read()
        position_s = self._timeline.position_s(now_s) - self._delay_s
        while self._due and self._due[0].time_s <= position_s:
            self._send_event(self._due.popleft(), position_s)
        if self._panic:
            self._panic = False
            self._release_all()
        self._tell_volume()
        wait_s = self._due[0].time_s - position_s if self._due else IDLE_S
        if now_s - self._look_s >= LOOK_S and (wait_s > ROOM_S or self._port is None):
            self._look(now_s)
            return 0.0
        return min(max(wait_s, 0.0), IDLE_S)

    def panic(self) -> None:
        """Let every note go at the next `poll`. Any thread."""
        self._panic = True

    def stop(self) -> None:
        """Let every note go and close the port, also one that is back since the last look. Idempotent."""
        if self._port is None and self._open_name:
            self._look(self._look_s)
        self._close()
        self._open_name = ""
        self._ports.close()

    def _read(self) -> None:
        now = self._timeline.now
        if now.end_s > self._mark_s:
            self._due.extend(now.events(self._mark_s, now.end_s))
            self._mark_s = now.end_s

    def _send_event(self, event: NoteEvent, position_s: float) -> None:
        channel = self._programs[event.voice % len(self._programs)][0]
        key = (channel, event.pitch)
        if not event.on:
            if key in self._sounding:
                del self._sounding[key]
                self._send([NOTE_OFF | channel, event.pitch, 0])
            return
        late_s = position_s - event.time_s
        if self._port is None or late_s > LATE_S:
            return
        if key in self._sounding:
            self._send([NOTE_OFF | channel, event.pitch, 0])
        if self._send([NOTE_ON | channel, event.pitch, event.velocity]):
            self._sounding[key] = None
            self.sent += 1
            self.worst_s, self.late_s = max(self.worst_s, late_s), self.late_s + late_s

    def _send(self, message: list[int]) -> bool:
        if self._port is None:
            return False
        if not self._port.send(message):
            self._lose()
            return False
        return True

    def _tell_volume(self) -> None:
        volume = round(127 * min(max(self._volume(), 0.0), 1.0))
        if volume != self._told_volume and self._port is not None:
            self._told_volume = volume
            for channel in self._channels():
                self._send([CONTROL | channel, VOLUME, volume])

    def _channels(self) -> list[int]:
        return sorted({channel for channel, _ in self._programs})

    def _look(self, now_s: float) -> None:
        """Open the port where it is there again, close it where it is gone."""
        self._look_s = now_s
        plugged = self._ports.names()
        if self._port is not None and self._open_name not in (plugged or ()):
            self._lose()
        if self._port is None:
            found = [name for name in plugged or () if self._name.lower() in name.lower()]
            for name in found:
                self._port = self._ports.open(name)
                if self._port is not None:
                    self._open_name, self._told_volume = name, -1
                    self._greet()
                    break
            if self._port is None:
                self.notice = f"MIDI: {held_by_another(found[0])}" if found else self._missing(plugged)
                return
        self.notice = ""

    def _greet(self) -> None:
        """Silence what the device may still play, and choose its instruments."""
        for channel in self._channels():
            self._send([CONTROL | channel, ALL_NOTES_OFF, 0])
        for channel, program in self._programs:
            if channel != DRUMS:
                self._send([PROGRAM | channel, program])

    def _missing(self, plugged: list[str] | None) -> str:
        if self._open_name:
            return f"MIDI: the output {self._open_name} is lost, looking for it"
        close = nearest(self._name, plugged or ())
        hint = f"did you mean '{close}'?" if close else f"there are: {', '.join(plugged or ()) or 'none'}"
        return f"MIDI: no output called '{self._name}'; {hint}"

    def _lose(self) -> None:
        port, self._port = self._port, None
        self._sounding.clear()  # nobody is there who could let them go; a device that comes back is silenced first
        if port is not None:
            port.close()

    def _release_all(self) -> None:
        for channel, pitch in list(self._sounding):
            self._send([NOTE_OFF | channel, pitch, 0])
        self._sounding.clear()
        for channel in self._channels():
            self._send([CONTROL | channel, ALL_NOTES_OFF, 0])

    def _close(self) -> None:
        if self._port is not None:
            self._release_all()
        self._lose()
