"""MIDI learn of a show: the service between the MIDI input, which it listens to, the player's files, and the router."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import count
from pathlib import Path

from livegan.config.learnt import Edit, laid_over, own_controllers, take_back, write_binding
from livegan.control.learn import NOTHING_PLUGGED, Learner, LearnRequest, LearnState, Lesson, Place
from livegan.control.movement import Moved
from livegan.core.binding import Binding
from livegan.core.channels import Inbox, Signal
from livegan.core.controller import Controller, controller_for
from livegan.core.events import is_bindable
from livegan.core.midi_address import Address
from livegan.core.text import printable
from livegan.engine.router import Router
from livegan.errors import VenueError

ACTIVE_S, IDLE_S = 0.02, 0.05  # between two polls
HINT_S, MOST_HINTS = 6.0, 256  # how long it is told that a knob does nothing, and of how many in one show
MOST_UNDONE = 20  # lessons that can be taken back


class Learning:
    """Learner of a show. `poll` is for one thread; `hear` for the MIDI driver's; requests come through the router.

    While it waits for a control (`waits`), messages of controllers belong to it and do nothing else.
    """

    def __init__(
        self,
        controls: Router,
        bound: Callable[[str], Binding | None],
        bundled: Sequence[Controller],
        folder: Path,
        *,
        today: Callable[[], date] = date.today,
    ) -> None:
        """`bound`: what scene and venue bind a control to; `bundled`: the controllers that livegan knows.

        `folder` has the player's files, which are read now.
        """
        self.changed: Signal[[Sequence[Controller]]] = Signal()  # new definitions for the MIDI input
        self.problems: tuple[str, ...] = ()  # a line for each file that cannot be read
        self.controllers: tuple[Controller, ...] = ()  # the player's first: of equals the first is taken
        self.ports: Callable[[], Sequence[str]] = lambda: ("any",)  # those that are open
        self.titles: Callable[[], Sequence[str]] = tuple  # of the scenes of the show, in order
        self._controls, self._scene, self._bundled, self._folder = controls, bound, tuple(bundled), folder
        self._today = today
        self._learner = Learner(self._place)
        self._heard: Inbox[tuple[str, tuple[int, ...], float]] = Inbox(2048)
        self._undo: list[tuple[Edit, Lesson | Place, Binding | None]] = []  # and what its control was bound to before
        self._channels: dict[tuple[str, str], int] = {}  # of what was learnt, by source and name
        self._idle: set[tuple[str, str]] = set()  # controls that do nothing, of which that was told
        self._hint, self._hinted_s, self._now_s = "", float("-inf"), 0.0
        self._published: LearnState | None = None
        self._read()

    @property
    def waits(self) -> bool:
        """Whether it waits for a control to be moved."""
        return self._learner.state.phase != "off"

    @property
    def notice(self) -> str:
        """A file of the player's that cannot be read, else for a while that the knob just moved does nothing, or ""."""
        hint = self._hint if self._now_s - self._hinted_s < HINT_S else ""
        return next(iter(self.problems), hint)

    def _tell_idle(self, now_s: float) -> None:
        """Tell of a knob that was moved and does nothing, once of each and one at a time."""
        self._now_s, event = now_s, self._controls.idle
        if event is None or now_s - self._hinted_s < HINT_S:
            return
        self._controls.idle = None
        place = Place(event.source, event.name)
        if event.source and (event.source, event.name) not in self._idle and len(self._idle) < MOST_HINTS:
            self._idle.add((event.source, event.name))
            self._hint, self._hinted_s = f"{place} does nothing; L teaches it", now_s

    def hear(self, port: str, message: Sequence[int], time_s: float) -> bool:
        """One message of a port, on the driver's thread; True if it shall do nothing else."""
        if not self.waits:
            return False
        self._heard.put((port, tuple(message[:3]), time_s))
        return True

    def poll(self, now_s: float) -> float:
        """Do what was asked, look at what was moved, keep what was learnt; seconds until the next look."""
        for request in self._controls.learn_requests.drain():
            self._do(request, now_s)
        self._tell_idle(now_s)
        for port, message, time_s in self._heard.drain():
            self._learner.hear(port, message, time_s)
        lesson = self._learner.tick(now_s)
        if lesson is not None:
            self._keep(lesson)
        state = replace(self._learner.state, can_undo=bool(self._undo))
        if state.phase != "off" and not self.ports():
            state = replace(state, message=NOTHING_PLUGGED)
        state = replace(state, message=with_titles(state.message, self.titles()))
        if state != self._published:
            self._published = state
            self._controls.learning.put(state)
        return ACTIVE_S if self.waits else IDLE_S

    def stop(self) -> None:
        """Wait no longer. Idempotent."""
        self._learner.cancel()

    def _do(self, request: LearnRequest, now_s: float) -> None:
        learner = self._learner
        match request.wish:
            case "begin":
                self._heard.drain()
                learner.begin(now_s, self.ports())
            case "arm" if request.target is not None:
                lesson = learner.arm(request.target, now_s)
                if lesson is not None:
                    self._keep(lesson)
            case "cancel":
                learner.cancel()
            case "stay":
                learner.stay(now_s)
            case "undo":
                self._take_back()
            case "forget" if request.place is not None:
                self._forget(request.place)

    def _place(self, moved: Moved) -> Place:
        """What a moved control is called, and what it is bound to: learnt, or by scene or venue."""
        controller = controller_for(self.controllers, moved.port)
        name = name_of(controller, moved.address)
        if is_usual(controller, moved.address):
            name = self._controls.called(controller.name, name, moved.address.control)
        if not is_bindable(name):  # a button whose controller's file gives it a meaning of its own
            return Place(controller.name, free_name(controller, moved), name)
        channel = self._channels.get((controller.name, name), moved.address.channel)
        if channel != moved.address.channel and moved.address not in controller.names:
            return Place(controller.name, free_name(controller, moved))  # the number of another on another channel
        return self._bound(controller.name, name)

    def _bound(self, source: str, control: str) -> Place:
        """A control, and what it is bound to: learnt, else by scene or venue."""
        bound = self._controls.learned.get((source, control)) or self._scene(control)
        return Place(source, control, bound.to, bound.mode) if bound is not None else Place(source, control)

    def _keep(self, lesson: Lesson) -> None:
        """Write a lesson into its controller's file, and act on it."""
        controller = controller_for(self.controllers, lesson.moved.port)
        addresses = addresses_of(controller, lesson.moved, lesson.place.control)
        ours, to = (lesson.place.source, lesson.place.control), lesson.binding.to
        others = [Place(*hand) for hand, bound in self._controls.learned.items() if bound.to == to and hand != ours]
        problem = self._write(controller, lesson, lesson.place, lesson.binding, addresses)
        self._channels[ours] = lesson.moved.address.channel
        if problem:
            self._learner.fail(problem)
        elif others:
            self._learner.tell(f"{lesson}; so does {others[0]}")

    def _forget(self, place: Place) -> None:
        controller = next((each for each in self.controllers if each.name == place.source), None)
        if controller is None or (place.source, place.control) not in self._controls.learned:
            self._learner.cancel(f"nothing was learnt for {place}")
        else:
            problem = self._write(controller, place, place, None, {})
            self._learner.cancel(problem or self._bound(place.source, place.control).now())

    def _write(
        self,
        controller: Controller,
        what: Lesson | Place,
        place: Place,
        binding: Binding | None,
        addresses: Mapping[str, Mapping[str, str]],
    ) -> str:
        """Change a file and read it again; what went wrong, or ""."""
        before = self._controls.learned.get((place.source, place.control))
        try:
            edit = write_binding(
                self._folder, controller, place.control, binding, on=self._today(), addresses=addresses
            )
        except VenueError as error:
            return printable(error)
        self._undo = [*self._undo, (edit, what, before)][-MOST_UNDONE:]
        self._read()
        return ""

    def _take_back(self) -> None:
        """Undo the newest lesson: the file becomes what it was, or, if somebody changed it since, this one entry."""
        if not self._undo:
            self._learner.cancel("nothing more to undo")
            return
        edit, what, before = self._undo.pop()
        place = what.place if isinstance(what, Lesson) else what
        if not take_back(edit):
            controller = controller_for(self.controllers, place.source)
            try:
                write_binding(self._folder, controller, place.control, before, on=self._today())
            except VenueError as error:
                self._learner.cancel(printable(error))
                return
        self._read()
        self._learner.cancel(f"undone: {self._bound(place.source, place.control).now()}")

    def _read(self) -> None:
        """Read the player's files again and act on them, each in one assignment."""
        own, problems = own_controllers(self._folder)
        mine = [laid_over(each.controller, self._bundled) for each in own]
        self.problems = tuple(problems)
        self.controllers = (*mine, *self._bundled)
        self._controls.learned = {
            (controller.name, control): binding for controller in mine for control, binding in controller.bind.items()
        }
        self.changed.emit(self.controllers)


def with_titles(message: str, titles: Sequence[str]) -> str:
    """A message in which scenes are called by their titles: "pad 6 of Foo 8 does scene 'Northern lights'"."""

    def named(found: re.Match[str]) -> str:
        number = int(found[2])
        return f"{found[1]} '{titles[number - 1]}'" if 1 <= number <= len(titles) else found[0]

    return re.sub(r"\b(scene|cue)\.(\d{1,4})\b", named, message)


def name_of(controller: Controller, address: Address) -> str:
    """What a control is called: as its controller's definition says, or by its address, "cc.74"."""
    named = _named(controller, address)
    return controller.names[named] if named is not None else address.control


def is_usual(controller: Controller, address: Address) -> bool:
    """Whether that is only the usual name of its number."""
    return _named(controller, address) in controller.usual_addresses


def _named(controller: Controller, address: Address) -> Address | None:
    """The address by which a definition names a control; None: it does not."""
    names = controller.names
    coarse = replace(address, kind="cc") if address.kind == "cc14" else address
    each_way = (address, replace(address, channel=0), coarse, replace(coarse, channel=0))
    return next((each for each in each_way if each in names), None)


def free_name(controller: Controller, moved: Moved) -> str:
    """A name for a control that no other of this controller has: "pad.9" of a button, else "knob.9"."""
    family = "pad" if moved.kind == "button" else "knob"
    taken = {*controller.names.values(), *controller.bind}
    return next(name for number in count(1) if (name := f"{family}.{number}") not in taken)


def addresses_of(controller: Controller, moved: Moved, control: str) -> dict[str, dict[str, str]]:
    """What a definition lacks so that a control is understood as it was moved: its name, 14 bit, the encoding."""
    named = name_of(controller, moved.address)
    if control == moved.address.control and is_usual(controller, moved.address):
        named = control
    another = named != control and is_bindable(named)  # is called so, on another channel
    address = moved.address if another else replace(moved.address, channel=0)
    found: dict[str, dict[str, str]] = {}
    if named != control or (address.kind == "cc14" and not {address, moved.address} & set(controller.names)):
        found["controls"] = {str(address): control}
    if moved.encoding is not None and not {str(address), str(moved.address)} & set(controller.encoders):
        found["encoders"] = {str(address): moved.encoding}
    return found
