"""MIDI clock input: 24 ticks a quarter note, start, continue, stop and song position, as a beat line.

MIDI 1.0 Detailed Specification, System Real Time Messages (F8, FA, FB, FC) and Song Position Pointer (F2, in
sixteenths, six ticks each). The tick after a start is the first of the first bar.
"""

from collections import deque
from collections.abc import Sequence

from livegan.control.tick_line import TickLine
from livegan.core.beat_line import MAX_BPM, MIN_BPM, BeatLine
from livegan.core.controller import device_name

TICKS = 24  # of a quarter note, which is the beat
SIXTEENTH = 6  # ticks of a step of the song position
POSITION, TICK, START, CONTINUE, STOP = 0xF2, 0xF8, 0xFA, 0xFB, 0xFC
MESSAGES = frozenset((POSITION, TICK, START, CONTINUE, STOP))
SILENT_S = 1.0  # a port that has not ticked for so long is left
WAITING = 2048  # messages between two looks; more are a flood, of which the newest count
OWN = "livegan"  # ports of this program, which may hear itself


class MidiClock:
    """Clock messages of all MIDI inputs in, one port's beat line out.

    `receive` may be called on any thread of the driver: it appends, and nothing else. `line` is for one reader.
    """

    def __init__(self) -> None:
        """No port has ticked yet."""
        self._waiting: deque[tuple[float, str, int, int]] = deque(maxlen=WAITING)
        self._port = ""
        self._ticked_s = self._adopted_s = float("-inf")
        self._ticks = TickLine()
        self._forget()

    def receive(self, port: str, message: Sequence[int], time_s: float) -> None:
        """Take one message of `port`, received at `time_s` by the clock of the show. Others than MESSAGES do nothing.

        A few tenths of a microsecond.
        """
        status = message[0]
        if status in MESSAGES:
            value = (message[2] & 127) << 7 | message[1] & 127 if status == POSITION and len(message) > 2 else 0
            self._waiting.append((time_s, port, status, value))

    def line(self, time_s: float) -> BeatLine | None:
        """The beat at `time_s`; None while no port sends a clock, or too little of it to know the tempo."""
        waiting = self._waiting
        while waiting:
            self._take(*waiting.popleft())
        if time_s - self._ticked_s > SILENT_S:
            return None
        fit = self._ticks.fit()
        if fit is None:
            return None
        bpm = 60.0 / (TICKS * fit.period_s)
        if not MIN_BPM <= bpm <= MAX_BPM:
            return None
        beats = (fit.number - self._first) / TICKS
        source = f"MIDI clock from {device_name(self._port)}"
        return BeatLine(fit.time_s, beats, bpm, source, 4, not self._stopped, self._placed, self._port)

    def _forget(self) -> None:
        """Another port: nothing is known of it."""
        self._ticks.clear()
        self._first = 0  # number of the tick that is beat 0
        self._position: int | None = None  # in ticks, of the tick that comes next
        self._stopped = False
        self._placed = False  # whether a start or a song position has said where the beat is

    def _take(self, time_s: float, port: str, status: int, value: int) -> None:
        if port != self._port and not self._adopts(time_s, port, status):
            return
        if status == TICK:
            self._tick(time_s)
        elif status == START:
            self._position, self._stopped = 0, False
        elif status == POSITION:
            self._position = value * SIXTEENTH
        elif status == CONTINUE:
            self._stopped = False
        elif not self._stopped:  # a stop: what comes next is remembered
            self._stopped = True
            if self._position is None:
                self._position = self._ticks.number + 1 - self._first

    def _adopts(self, time_s: float, port: str, status: int) -> bool:
        """Whether `port` is followed from now on: the first that ticks or says where it is, while no other does."""
        followed_s = max(self._ticked_s, self._adopted_s)
        if time_s - followed_s <= SILENT_S or status == STOP or device_name(port).startswith(OWN):
            return False
        self._port, self._adopted_s = port, time_s
        self._forget()
        return True

    def _tick(self, time_s: float) -> None:
        if time_s - self._ticked_s > SILENT_S:
            self._ticks.clear()
        self._ticked_s = time_s
        self._first += self._ticks.add(time_s)
        if self._position is not None and not self._stopped:
            self._first = self._ticks.number - self._position
            self._position, self._placed = None, True
