"""MIDI learn: a state machine that waits for a target and for a moved control, in either order, and joins them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from livegan.control.movement import Moved, MovementDetector
from livegan.core.binding import Binding, Mode
from livegan.core.events import find_control
from livegan.core.text import printable

TURN_BACK_S = 3.0  # an encoder that is turned one way only is learnt after this; the other way tells its encoding
WAIT_S = 60.0  # without a move or a key it is over: controls work again
NOTHING_PLUGGED = "no MIDI controller is plugged in: plug one in now"
Phase = Literal["off", "choosing", "armed"]
Wish = Literal["begin", "arm", "cancel", "undo", "forget", "stay"]


@dataclass(frozen=True, slots=True)
class Place:
    """A control that was moved: whose it is, what it is called, and what it is bound to now ("" is nothing)."""

    source: str  # the controller's name, "nanoKONTROL2"
    control: str  # "knob.3", "cc.74"
    bound_to: str = ""
    mode: Mode = ""  # of that binding

    def __str__(self) -> str:
        """As people say it: "knob 3 of nanoKONTROL2"."""
        return f"{self.control.replace('.', ' ')} of {printable(self.source, 40)}"

    def now(self) -> str:
        """What it does now: "knob 3 of nanoKONTROL2 turns motion.pulse"."""
        return (
            f"{self} {verb(Binding(self.bound_to, self.mode))} {self.bound_to}"
            if self.bound_to
            else f"{self} does nothing yet"
        )


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was learnt: the control that was moved, and what it is bound to from now on."""

    moved: Moved
    place: Place
    binding: Binding

    def __str__(self) -> str:
        """In one sentence."""
        was = self.place.bound_to
        return f"{self.place} {verb(self.binding)} {self.binding.to}" + (
            f" (was: {was})" if was and was != self.binding.to else ""
        )


@dataclass(frozen=True, slots=True)
class LearnRequest:
    """What a player wants of the learner; put into `Router.learn_requests`, from any thread.

    "begin": watch what is moved, without a target yet (`LearnState.touched` says what it is). "arm": bind `target` to
    the next control that is moved, or at once to the one that was moved since "begin". "cancel": stop waiting. "undo":
    take back the newest lesson. "forget": `place` does again what scene and venue say. "stay": somebody types, so wait
    on.
    """

    wish: Wish
    target: Binding | None = None  # of "arm"
    place: "Place | None" = None  # of "forget"


@dataclass(frozen=True, slots=True)
class LearnState:
    """What the learner is doing, for whoever shows it: the newest is in `Router.learning`.

    "off": nothing; "choosing": a control may be moved to see what it is, and a target may be named; "armed": `target`
    is bound to the next control that is moved.
    """

    phase: Phase = "off"
    target: Binding | None = None  # while armed
    touched: Place | None = None  # the control that was moved last
    message: str = ""  # one line for people: what to do now, or what was learnt
    learnt: int = 0  # how many so far: it has grown when something was learnt
    can_undo: bool = False


OPENING = LearnState("choosing", message="Learn: type what a knob shall turn, or move it")


def verb(binding: Binding) -> str:
    """What a control does to its target: "turns" a parameter, "toggles" it, "does" a control of the show."""
    if find_control(binding.to) is not None:
        return "does"
    return {"toggle": "toggles", "radio": "sets"}.get(binding.mode, "turns")


class Learner:
    """Learner: pure; time is an argument; one thread.

    Commands: `begin`, `arm`, `cancel`; it is fed by `hear` and asked by `tick`.
    """

    def __init__(self, place: Callable[[Moved], Place]) -> None:
        """`place` says what a moved control is called and bound to."""
        self.state = LearnState()
        self._place = place
        self._detector = MovementDetector()
        self._touched: Moved | None = None
        self._until_s = 0.0
        self._turned: Moved | None = None  # an encoder that was turned one way only
        self._turned_s = 0.0  # since when

    def begin(self, now_s: float, ports: Sequence[str] = ("any",)) -> None:
        """Wait for a control to be moved and for a target to be named, in either order. `ports` are those open."""
        self._detector.clear()
        self._touched = self._turned = None
        self._until_s = now_s + WAIT_S
        message = OPENING.message if ports else NOTHING_PLUGGED
        self._become("choosing", message=message)

    def arm(self, target: Binding, now_s: float) -> Lesson | None:
        """Bind `target` to the control that is moved next; at once to one that was moved since `begin`."""
        if self.state.phase == "choosing" and self._touched is not None and not _refused(self._touched, target):
            return self._learn(self._touched, target)
        self._detector.clear()
        self._turned, self._until_s = None, now_s + WAIT_S
        self._become("armed", target, message=f"now move a knob or press a pad for {target.to}")
        return None

    def stay(self, now_s: float) -> None:
        """Somebody is there: wait on."""
        self._until_s = max(self._until_s, now_s + WAIT_S)

    def cancel(self, message: str = "") -> None:
        """Wait no longer."""
        self._touched = self._turned = None
        self._become("off", message=message)

    def fail(self, message: str) -> None:
        """The newest lesson could not be kept."""
        self._become("off", message=message, learnt=self.state.learnt - 1)

    def tell(self, message: str) -> None:
        """Say something about the newest lesson."""
        self.state = replace(self.state, message=message)

    def hear(self, port: str, message: Sequence[int], now_s: float) -> None:
        """One complete message of any port."""
        if self.state.phase != "off":
            self._detector.hear(port, message, now_s)

    def tick(self, now_s: float) -> Lesson | None:
        """Decide what has been moved, some fifty times a second; the lesson, when one is learnt."""
        phase, target = self.state.phase, self.state.target
        if phase == "off":
            return None
        moved = self._turned_back(self._detector.moved(now_s) or self._turned, now_s)
        if moved is None:
            if now_s > self._until_s:
                self.cancel("nothing was moved; controls work as before")
            return None
        self._turned = None
        self._detector.clear()
        self.stay(now_s)
        if phase == "armed" and target is not None:
            if not _refused(moved, target):
                return self._learn(moved, target)
            place = self._place(moved)
            message = f"{place} is no button, and {target.to} needs one: press a pad or a button"
            self.state = replace(self.state, touched=place, message=message)
            return None
        self._touched, place = moved, self._place(moved)
        self.state = replace(self.state, touched=place, message=place.now())
        return None

    def _turned_back(self, moved: Moved | None, now_s: float) -> Moved | None:
        """What was moved; an encoder that was turned one way only not before TURN_BACK_S have passed."""
        if moved is None or moved.kind != "encoder" or moved.encoding is not None:
            return moved
        if moved != self._turned:
            self._turned, self._turned_s = moved, now_s
            self.state = replace(self.state, message="a knob without an end: turn it the other way as well")
        return moved if now_s - self._turned_s >= TURN_BACK_S else None

    def _learn(self, moved: Moved, target: Binding) -> Lesson:
        lesson = Lesson(moved, self._place(moved), target)
        self._touched = None
        self._become("off", message=str(lesson), touched=lesson.place, learnt=self.state.learnt + 1)
        return lesson

    def _become(
        self,
        phase: Phase,
        target: Binding | None = None,
        *,
        message: str = "",
        touched: Place | None = None,
        learnt: int | None = None,
    ) -> None:
        count = self.state.learnt if learnt is None else learnt
        self.state = LearnState(phase, target, touched, message, count, self.state.can_undo)


def _refused(moved: Moved, target: Binding) -> bool:
    """Whether this control cannot do that: what acts once wants a button."""
    spec = find_control(target.to)
    return spec is not None and spec.acts_once and moved.kind != "button"
