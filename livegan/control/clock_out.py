"""MIDI clock output: 24 ticks a beat to a port found by name, from the beat clock of the show, with start and stop.

MIDI 1.0 Detailed Specification, System Real Time Messages. Whoever receives it counts ticks from the start, so none is
ever skipped or sent in a burst: where the beat jumps, the ticks come a little faster or slower until they meet it.
"""

from collections.abc import Callable
from math import ceil

from livegan.control.midi_clock import START, STOP, TICK, TICKS
from livegan.control.output_ports import OutPort, OutPorts, SystemOutPorts
from livegan.control.ports import held_by_another
from livegan.core.beat_line import BeatLine
from livegan.core.controller import device_name
from livegan.core.registry import nearest

LOOK_S = 2.0  # between two looks for the port
IDLE_S = 0.05  # between two looks at the clock, while there is none
AHEAD_S = 0.005  # of its first tick, the start is sent
PULL, MOST = 0.05, 0.12  # share of the distance to the beat that each tick makes up for, and the most [periods]
LATE_S = 0.1  # a tick that is later is no measure of the beat any more


class MidiClockOut:
    """MIDI clock output. `poll` is for one thread, which sleeps until the next tick."""

    def __init__(self, clock: Callable[[], BeatLine | None], port: str, *, ports: OutPorts | None = None) -> None:
        """`clock`: the beat now, None while none is known: then the last one goes on. `port`: part of a port's name."""
        self.notice = ""
        self.sent = 0  # ticks
        self.worst_s, self.late_s = 0.0, 0.0  # the latest of them; the sum of all
        self._clock, self._name = clock, port
        self._ports: OutPorts = SystemOutPorts("livegan clock") if ports is None else ports
        self._port: OutPort | None = None
        self._open_name = ""
        self._look_s = float("-inf")
        self._line: BeatLine | None = None
        self._running = False
        self._number = 0  # of the next tick, counted from the start
        self._due_s = 0.0  # when it is sent

    def poll(self, now_s: float) -> float:
        """Send what is due at `now_s`; seconds until the next tick is."""
        self._line = self._clock() or self._line
        line = self._line
        wait_s = self._due_s - now_s if self._running else IDLE_S
        if now_s - self._look_s >= LOOK_S and (not self._running or wait_s > 0):
            self._look(now_s)
        if line is None or self._port is None:
            return IDLE_S
        if self._is_loop(line):
            self._halt()
            self.notice = f"no MIDI clock to {self._open_name}: the clock comes from there"
            return IDLE_S
        self.notice = ""
        if not self._running:
            return self._begin(line, now_s)
        if now_s >= self._due_s:
            self._tick(line, now_s)
        return min(max(self._due_s - now_s, 0.0), IDLE_S)

    def stop(self) -> None:
        """Send a stop and close the port. Idempotent."""
        self._halt()
        self._lose()
        self._ports.close()

    def _is_loop(self, line: BeatLine) -> bool:
        return bool(line.port) and device_name(line.port).lower() == device_name(self._open_name).lower()

    def _begin(self, line: BeatLine, now_s: float) -> float:
        """Start with the next bar."""
        bar = line.beats_per_bar
        bars = ceil(line.beats_at(now_s) / bar)
        due_s = line.time_s + (bars * bar - line.beats) * 60.0 / line.bpm
        if due_s - now_s <= 2 * AHEAD_S and self._send(START):
            self._running, self._number, self._due_s = True, 0, due_s
        return min(max(due_s - now_s - AHEAD_S, 0.0), IDLE_S)

    def _tick(self, line: BeatLine, now_s: float) -> None:
        late_s = now_s - self._due_s
        if not self._send(TICK):
            return
        self.sent += 1
        self.worst_s, self.late_s = max(self.worst_s, late_s), self.late_s + late_s
        if late_s > LATE_S:
            self._due_s = now_s
        period_s = 60.0 / (line.bpm * TICKS)
        away = (line.beats_at(self._due_s) * TICKS - self._number + TICKS / 2) % TICKS - TICKS / 2
        self._due_s += period_s * (1.0 - min(max(PULL * away, -MOST), MOST))
        self._number += 1

    def _send(self, status: int) -> bool:
        if self._port is None or not self._port.send([status]):
            self._lose()
            return False
        return True

    def _halt(self) -> None:
        if self._running:
            self._send(STOP)
        self._running = False

    def _lose(self) -> None:
        port, self._port, self._running = self._port, None, False
        if port is not None:
            port.close()

    def _look(self, now_s: float) -> None:
        """Open the port where it is there again, close it where it is gone."""
        self._look_s = now_s
        plugged = self._ports.names() or []
        if self._port is not None and self._open_name not in plugged:
            self._lose()
        if self._port is None:
            found = [name for name in plugged if self._name.lower() in name.lower()]
            for name in found:
                self._port = self._ports.open(name)
                if self._port is not None:
                    self._open_name, self.notice = name, ""
                    return
            if found:
                self.notice = f"MIDI clock: {held_by_another(found[0])}"
                return
            close = nearest(self._name, plugged)
            hint = f"did you mean '{close}'?" if close else f"there are: {', '.join(plugged) or 'none'}"
            self.notice = f"MIDI clock: no output called '{self._name}'; {hint}"
