"""Rows of the fault matrix about MIDI, played in a process of its own: JACK's library reads its environment once.

Called by tests/faults/test_controllers.py: `python -m tests.faults.midi_rows FOLDER`; it prints "done" at the end.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from livegan.audio.test_signals import Clicks
from livegan.control.midi import MidiInput
from livegan.control.midi_clock import MidiClock
from livegan.core.clock import WallClock
from livegan.core.types import ControlEvent
from livegan.engine.runtime import Runtime
from livegan.engine.sound_runtime import Service
from livegan.features.clock_choice import ClockChoice
from tests.deadline import until
from tests.faults.stage import Stage
from tests.jack import KnobBox, private_jack

BPM = 120.0


class Hands:
    """MIDI input of a stage, and what came in."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.events = MidiClock(), list[ControlEvent]()
        choice = ClockChoice("auto", {"midi": self.clock})
        self.stage = Stage(folder, Clicks(BPM), self._services, clock_choice=choice)

    def _services(self, show: Runtime) -> list[Service]:
        def send(event: ControlEvent) -> None:
            self.events.append(event)
            show.controls.put(event)

        midi = MidiInput(send, port="KnobBox", now=WallClock().now, clock=self.clock)
        return [Service("midi", poll=midi.poll, stop=midi.stop, notice=lambda: midi.notice)]

    def turn(self, box: KnobBox) -> None:
        """Turn a knob until it is heard."""
        seen = len(self.events)

        def heard() -> bool:
            box.send([0xB0, 16, 64 + len(self.events) % 2])
            return len(self.events) > seen

        until(heard, lambda: f"a knob; {self.stage.notices()}", pause_s=0.05)


@contextmanager
def ticking(box: KnobBox) -> Iterator[threading.Event]:
    """The controller sends a MIDI clock until the event is set."""
    stop = threading.Event()

    def tick() -> None:
        box.send([0xFA])
        while not stop.wait(60 / BPM / 24):
            box.send([0xF8])

    sender = threading.Thread(target=tick)
    sender.start()
    try:
        yield stop
    finally:
        stop.set()
        sender.join()


def main() -> None:
    """Every row, one after the other."""
    with private_jack() as jack:
        os.environ |= jack.env
        hands = Hands(Path(sys.argv[1]))
        stage = hands.stage
        with stage.played():
            with ExitStack() as plugged:
                box = plugged.enter_context(jack.controller())
                hands.turn(box)
                with stage.fault("Controllers", "MIDI controller pulled", "values stay; a notice names it") as fault:
                    box.pull()
                    stage.until_told("MIDI: KnobBox:ctl lost, looking for it")
                    box = plugged.enter_context(jack.controller())
                    fault.over()
                    hands.turn(box)
                    until(lambda: "MIDI" not in stage.notices(), stage.notices)
                clock_stops(stage, box)
            with stage.fault("Controllers", "MIDI server killed", "values stay; a notice") as fault:
                jack.down(kill=True)
                stage.until_told("MIDI")
                jack.up()
                with jack.controller() as box:
                    fault.over()
                    hands.turn(box)
                    until(lambda: "MIDI" not in stage.notices(), stage.notices)
    print("done", flush=True)


def clock_stops(stage: Stage, box: KnobBox) -> None:
    """A MIDI clock falls silent in the middle of a song, and comes again."""
    with ticking(box):
        until(lambda: stage.show.clock_reason.startswith("MIDI clock from"), lambda: stage.show.clock_reason)
    with stage.fault("Controllers", "MIDI clock stops in the middle of a song", "the beat that is heard") as fault:
        until(lambda: stage.show.clock_reason == "MIDI clock lost: heard", lambda: stage.show.clock_reason)
        with ticking(box):
            fault.over()
            until(lambda: stage.show.clock_reason.startswith("MIDI clock from"), lambda: stage.show.clock_reason)


if __name__ == "__main__":
    main()
