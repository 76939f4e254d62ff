"""Control event router: window, engine or beat clock, decided from the table in `core.events`.

Every source (keyboard, MIDI, OSC, panel, phone page) puts its events here, from any thread; nothing here waits.
Words, which are no control events, go into `prompt_events`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from livegan.audio.devices import InputList
from livegan.control.keys import REPEATED
from livegan.control.learn import LearnRequest, LearnState
from livegan.core.binding import Binding
from livegan.core.channels import Inbox, Latest, Signal
from livegan.core.control_inbox import ControlInbox, only_newest_counts
from livegan.core.events import HALF, Destination, find_control
from livegan.core.types import ControlEvent, PromptEvent
from livegan.engine.route_edit import RouteAnswer, RouteEdit

MOVED = ("cc.", "knob.", "fader.")  # how the names of controls begin that are told of when they do nothing
TURN_S = 0.25  # between two of what acts once, by an encoder: each of its ticks would be too many


class Router:
    """Router of control events: each goes to its one destination, on the thread of the caller.

    A window event reaches `window_events` without the engine, and wakes the window through the inbox's subscribers: it
    works while the engine hangs.
    """

    def __init__(self, binding: Callable[[str], Binding | str] = lambda name: name, *, has_window: bool = True) -> None:
        """`binding` gives what the playing scene or the venue binds a control to, or the name itself.

        Where nobody reads `window_events` (`has_window` False) they are recorded and go nowhere.
        """
        self.engine_events = ControlInbox()  # the engine reads them by `take_engine_events`
        self.beat_events: Inbox[ControlEvent] = Inbox()  # for the listening thread, which owns the beat clock
        self.window_events = ControlInbox()  # for the main thread
        self.prompt_events: Inbox[PromptEvent] = Inbox(16)  # for the prompt service, which understands words
        self.learn_requests: Inbox[LearnRequest] = Inbox(16)  # for the learner (`engine/learning.py`)
        self.learning: Latest[LearnState] = Latest()  # what it is doing; nothing where there is no MIDI
        self.learned: Mapping[tuple[str, str], Binding] = {}
        """What the player has bound controls to, by source and name: before what scene and venue say.

        Replaced whole, in one assignment, by whoever learns; never changed.
        """
        self.idle: ControlEvent | None = None  # of a knob that was moved and is bound to nothing; the learner tells it
        self.states: Mapping[str, float] = {}  # of the window: blackout, freeze, hud, master ...; replaced whole too
        self.route_edits: Inbox[RouteEdit] = Inbox(256)  # for the patching service
        self.route_answers: Latest[RouteAnswer] = Latest()  # its answers
        self.input_choices: Inbox[str] = Inbox(16)  # sound inputs by name, "" asks which there are (`engine/inputs.py`)
        self.inputs: Latest[InputList] = Latest()  # its answer
        self._binding = binding
        self._pressed: dict[tuple[str, str], bool] = {}  # knobs and buttons that are bound to what acts once
        self._pressed_as: dict[tuple[str, str], str] = {}  # what pads that are held are called, by source and number
        self._holding: set[tuple[str, str]] = set()  # controls that moved parameters and have not come back to 0
        self._turned_s: dict[tuple[str, str], float] = {}  # when an encoder has done last what acts once
        self._has_window = has_window
        self._recorded: Signal[[ControlEvent]] = Signal()

    def put(self, event: ControlEvent) -> bool:
        """Send one event to its destination; False if there was no room for it."""
        event = self._called(event) if event.number else event
        learnt = self.learned.get((event.source, event.name)) if event.binding is None else None
        if learnt is not None:
            event = replace(event, binding=learnt)
        destination, name, binding = self._route(event.name, event.binding)
        sent: ControlEvent | None = event
        if name == event.name and name.startswith(MOVED) and event.binding is None and self._binding(name) == name:
            self.idle = event
        self._note_hold(event, own=name == event.name)
        if name != event.name:
            sent = self._acting(replace(event, name=name, binding=binding), event.name)
        if sent is None or _lets_go_a_trigger(sent):
            return True
        if destination == "window":
            return self._put_window(sent)
        if destination == "window and engine":  # the window records it
            shown, taken = self._put_window(sent), self.engine_events.put(sent)
            return shown and taken
        if destination == "beat clock":
            taken, recorded = self.beat_events.put(sent), True
        else:
            taken, recorded = self.engine_events.put(sent), not only_newest_counts(sent)
        if taken and recorded:
            self.record(event)
        return taken

    def called(self, source: str, name: str, number: str) -> str:
        """What a control is called whose name is only the usual one of its number: by that where that is bound."""
        for each in (number, name):
            if (source, each) in self.learned:
                return each
        return number if self._binding(number) != number else name

    def _called(self, event: ControlEvent) -> ControlEvent:
        name, spec = self.called(event.source, event.name, event.number), find_control(event.number)
        if spec is not None and spec.kind == "held":  # a pad is let go by the name by which it was pressed
            hand = (event.source, event.number)
            if event.value > 0:
                self._pressed_as[hand] = name
            else:
                name = self._pressed_as.pop(hand, name)
        return replace(event, name=name, number="")

    def take_engine_events(self) -> list[ControlEvent]:
        """What waited for the engine, oldest first; records the values in it, of which only the newest took effect."""
        events = self.engine_events.drain()
        for event in events:
            if only_newest_counts(event):
                self.record(event)
        return events

    def route(self, name: str, binding: Binding | None = None) -> tuple[Destination, str]:
        """Where an event called `name` goes, and what it is called there.

        Controls of the window and of scenes mean the same always; those of a controller mean what they are bound to:
        by the player (`binding`), else by the scene or the venue. Names of parameters go to the engine.
        """
        return self._route(name, binding)[:2]

    def _route(self, name: str, binding: Binding | None) -> tuple[Destination, str, Binding | None]:
        """The same, with the binding where it means another control and says more than its name."""
        spec = find_control(name)
        if spec is not None and not spec.bindable and binding is None:
            return spec.destination, name, None
        found = binding or self._binding(name)
        binding = found if isinstance(found, Binding) else Binding(found)
        bound = find_control(binding.to)
        if bound is None or bound.bindable:
            return "engine", name, None
        return bound.destination, binding.to, None if binding == Binding(binding.to) else binding

    def _note_hold(self, event: ControlEvent, *, own: bool) -> None:
        """Tell the engine that a control is let go by which a scene that played before may hold something.

        `own`: the scene that plays binds it to a parameter, and so the engine has the event itself.
        """
        hand, spec = (event.source, event.name), find_control(event.name)
        if own and event.value > 0 and spec is not None and spec.bindable:
            self._holding.add(hand)
        elif event.value <= 0 and event.kind == "move" and hand in self._holding:
            self._holding.discard(hand)
            if not own:
                self.engine_events.put(event)

    def _acting(self, event: ControlEvent, own_name: str) -> ControlEvent | None:
        """The event of a control that the one called `own_name` is bound to; None: it means nothing to that.

        What acts once does so when a pad is pressed, when a knob or a button that sends control changes comes into its
        upper half, or when an encoder is turned up: every `TURN_S` at most, but steps of a fader at each tick. A toggle
        that is bound as "momentary" is told of the release as well.
        """
        target, own = find_control(event.name), find_control(own_name)
        if target is None or not target.acts_once:
            return event
        pressed, hand = event.value > 0, (event.source, own_name)
        if own is not None and own.kind == "value" and event.kind == "move":
            pressed = event.value >= HALF
            if self._pressed.get(hand, False) == pressed:
                return None
            self._pressed[hand] = pressed
        elif event.kind == "turn" and pressed and event.name not in REPEATED:
            if event.time_s - self._turned_s.get(hand, float("-inf")) < TURN_S:
                return None
            self._turned_s[hand] = event.time_s
        is_held = event.binding is not None and event.binding.mode == "momentary"
        return event if pressed else replace(event, value=0.0) if is_held and target.kind == "toggle" else None

    def record(self, event: ControlEvent) -> None:
        """Tell the subscribers of an event that took effect. The window calls this with the state it is in then."""
        spec = find_control(event.name)
        if spec is not None and spec.destination == "window" and spec.kind in ("toggle", "value"):
            self.states = {**self.states, event.name: event.value}
        self._recorded.emit(event)

    def subscribe(self, callback: Callable[[ControlEvent], object]) -> Callable[[], None]:
        """Call `callback` with each event that takes effect; returns the function that ends it.

        A press is told on its sender's thread, a value of the engine on the engine's, where it is read.
        A toggle of the window comes with its new state (blackout 1.0 or 0.0), and ``master.up`` as ``master``.
        """
        return self._recorded.subscribe(callback)

    @property
    def dropped(self) -> int:
        """Events for which there was no room, because their reader hangs."""
        events = (self.engine_events, self.beat_events, self.window_events)
        return sum(inbox.dropped for inbox in events) + self.prompt_events.dropped + self.route_edits.dropped

    def _put_window(self, event: ControlEvent) -> bool:
        if self._has_window:
            return self.window_events.put(event)
        self.record(event)
        return True


def _lets_go_a_trigger(event: ControlEvent) -> bool:
    """Whether it is the release of what only acts when pressed, by a key, a panel or a message."""
    spec = find_control(event.name)
    return spec is not None and spec.kind == "trigger" and event.value <= 0
