"""Services of the controls: everything that a hand moves, or that shows it the state of the show."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from livegan.config.learnt import controllers_folder
from livegan.config.load import load_controllers
from livegan.config.venue import Venue
from livegan.control.midi import MidiInput
from livegan.core.clock import Clock
from livegan.engine.board import Board
from livegan.engine.learning import Learning
from livegan.engine.router import Router
from livegan.engine.sound_runtime import Service

NO_MIDI = "none"


@dataclass(frozen=True, slots=True)
class Hands:
    """What controls send to and read from."""

    controls: Router
    clock: Clock
    board: Callable[[], Board | None]  # the newest; None before the first


def hand_services(venue: Venue, hands: Hands) -> Iterator[Service]:
    """One service for each kind of control that the venue asks for."""
    yield from _midi_service(venue, hands)


def _midi_service(venue: Venue, hands: Hands) -> Iterator[Service]:
    if venue.hands.port != NO_MIDI:
        learning = Learning(hands.controls, hands.board, load_controllers(), controllers_folder())
        send, now = hands.controls.put, hands.clock.now
        midi = MidiInput(send, learning.controllers, port=venue.hands.port, now=now, tap=learning.hear)
        learning.changed.subscribe(midi.use)
        learning.ports = lambda: midi.open_ports
        yield Service("midi", poll=midi.poll, stop=midi.stop, notice=lambda: midi.notice)
        yield Service("learning", poll=learning.poll, stop=learning.stop, notice=lambda: learning.notice)
