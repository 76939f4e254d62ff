"""Services of the controls: everything that a hand moves, or that shows it the state of the show."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from livegan.config.learnt import controllers_folder
from livegan.config.load import load_controllers
from livegan.config.venue import Venue
from livegan.control.feedback import Feedback
from livegan.control.midi import MidiInput
from livegan.control.osc import OscServer, port_problem
from livegan.control.oscquery import OscQueryServer
from livegan.core.binding import Binding
from livegan.core.clock import Clock
from livegan.core.socket_address import is_loopback, parse_socket_address
from livegan.core.text import printable
from livegan.engine.board import Board
from livegan.engine.clocks import Clocks
from livegan.engine.learning import Learning
from livegan.engine.lights import LightReader
from livegan.engine.router import Router
from livegan.engine.sound_runtime import Service

NO_MIDI = "none"


@dataclass(frozen=True, slots=True)
class HandSetup:
    """What controls send to and read from."""

    controls: Router
    clock: Clock
    board: Callable[[], Board | None]  # the newest; None before the first
    clocks: Clocks

    def titles(self) -> tuple[str, ...]:
        """Of the scenes of the show, in order."""
        board = self.board()
        return tuple(card.title for card in board.scenes) if board is not None else ()

    def bound(self, control: str) -> Binding | None:
        """What the scene that plays, or the venue, binds a control to."""
        board = self.board()
        return board.bindings.get(control) if board is not None else None


def hand_services(venue: Venue, hands: HandSetup) -> Iterator[Service]:
    """One service for each kind of control that the venue asks for."""
    yield from _midi_service(venue, hands)
    yield from hands.clocks.services()
    yield from _osc_services(venue, hands)


def _midi_service(venue: Venue, hands: HandSetup) -> Iterator[Service]:
    if venue.hands.port != NO_MIDI:
        learning = Learning(hands.controls, hands.bound, load_controllers(), controllers_folder())
        send, now, port = hands.controls.put, hands.clock.now, venue.hands.port
        midi = MidiInput(send, learning.controllers, port=port, now=now, clock=hands.clocks.midi, tap=learning.hear)
        lights = Feedback(LightReader(hands.controls, hands.board), learning.controllers, port=port)
        learning.changed.subscribe(midi.use)
        learning.changed.subscribe(lights.use)
        learning.ports, learning.titles = lambda: midi.open_ports, hands.titles

        def poll(now_s: float) -> float:
            return min(midi.poll(now_s), lights.poll(now_s))

        def stop() -> None:
            midi.stop()
            lights.stop()

        def status() -> str:
            return f"MIDI: {printable(', '.join(midi.open_ports))}" if midi.open_ports else ""

        yield Service("midi", poll=poll, stop=stop, notice=lambda: midi.notice, status=status)
        yield Service("learning", poll=learning.poll, stop=learning.stop, notice=lambda: learning.notice)


def _osc_services(venue: Venue, hands: HandSetup) -> Iterator[Service]:
    table, controls = venue.osc, hands.controls
    if not table.enabled:
        return
    targets = [parse_socket_address(target) for target in table.send]
    osc = OscServer(
        controls.put,
        controls.prompt_events.put,
        hands.board,
        lambda: controls.states,
        host=table.host,
        port=table.port,
        targets=targets,
        now=hands.clock.now,
    )
    query = OscQueryServer(hands.board, lambda: controls.states, host=table.host, port=table.port, osc_port=table.port)
    start = partial(osc.start, 0.0)
    yield Service(
        "osc", start=start, poll=osc.poll, stop=osc.stop, notice=lambda: osc.notice, status=lambda: osc.status
    )
    yield Service("oscquery", query.start, query.poll, query.stop, lambda: "" if osc.notice else query.notice)


def hand_remarks(venue: Venue, *, plays_music: bool = False) -> list[str]:
    """What to say before a show: who can play it by OSC, and what its clock cannot hear.

    `plays_music`: as for `Clocks`.
    """
    remarks, osc = [], venue.osc
    if osc.enabled and not is_loopback(osc.host):
        problem = port_problem(osc.host, osc.port)
        remarks.append(
            f"OSC cannot listen on {osc.host}:{osc.port} ({problem}); it is tried again, and then "
            "everybody on that network can play this show."
            if problem
            else f"OSC listens on {osc.host}:{osc.port}: everybody on that network can play this show."
        )
    if venue.time.clock == "midi" and venue.hands.port == NO_MIDI and not plays_music:
        remarks.append('No MIDI clock will be heard: [time] clock = "midi", but [hands] port = "none". Change one.')
    return remarks
