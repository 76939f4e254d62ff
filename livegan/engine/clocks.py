"""Beat clocks of a show: those from outside, the choice between them, and those that are sent out."""

from collections.abc import Iterator

from livegan.config.venue import TimeTable
from livegan.control.clock_out import MidiClockOut
from livegan.control.link import LinkClock, check_link
from livegan.control.midi_clock import MidiClock
from livegan.core.beat_line import BeatLine
from livegan.core.beat_thresholds import BELIEVED, LEADS
from livegan.core.clock import Clock
from livegan.core.text import printable
from livegan.engine.sound_runtime import Service
from livegan.features.clock_choice import ChosenClock, ClockChoice, OutsideClock
from livegan.features.listening import Listening


class Clocks:
    """Beat clocks of one show, wired by the venue. Nothing is opened before the services start."""

    def __init__(self, table: TimeTable, clock: Clock, *, plays_music: bool = False) -> None:
        """`plays_music`: music that livegan plays itself is the clock, and no other is. DeviceError without aalink."""
        self._table = table
        self._listening: Listening | None = None
        self.midi = MidiClock() if not plays_music and table.clock in ("auto", "midi") else None
        leads = table.link == "lead"
        self.link: LinkClock | None = None
        if leads or (table.follows_link and not plays_music):
            check_link()
            self.link = LinkClock(clock.now, lead=self._led if leads else None)
        outside: dict[str, OutsideClock] = {}
        if self.link is not None and not leads:
            outside["link"] = self.link
        if self.midi is not None:
            outside["midi"] = self.midi
        self.choice = None if plays_music else ClockChoice(table.clock, outside)

    def listen(self, listening: Listening) -> None:
        """The beat of the show is that of `listening`."""
        self._listening = listening

    @property
    def chosen(self) -> ChosenClock | None:
        """The beat clock now; None before any is known."""
        return self._listening.chosen_clock if self._listening is not None else None

    def services(self) -> Iterator[Service]:
        """The threads of Link and of the MIDI clock that is sent."""
        if self.link is not None:
            link = self.link
            yield Service("link", link.start, link.poll, link.stop, lambda: link.notice, lambda: link.status)
        if self._table.midi_out:
            out = MidiClockOut(self._sent, self._table.midi_out)
            sent = f"MIDI clock to {printable(self._table.midi_out)}"
            yield Service("clock-out", poll=out.poll, stop=out.stop, notice=lambda: out.notice, status=lambda: sent)

    def _sent(self) -> BeatLine | None:
        return self._sure(BELIEVED)

    def _led(self) -> BeatLine | None:
        return self._sure(LEADS)

    def _sure(self, confidence: float) -> BeatLine | None:
        chosen = self.chosen
        return chosen.line if chosen is not None and chosen.confidence >= confidence else None
