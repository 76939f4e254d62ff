"""Learn of the panel: while it is on, what is clicked is not done but bound to the knob that is moved."""

from livegan.control.learn import LearnRequest, LearnState
from livegan.core.binding import Binding
from livegan.engine.router import Router

TOLD_S = 8.0  # for so long it is told what was learnt, and undo takes it back
OPENING = "learning: click what a knob shall move, or type its name; or move the knob first; Esc leaves"
NO_MIDI = "no MIDI input is used: see [hands] port in the venue"


class PanelLearning:
    """Requests to the learner, and what it answers, as the panel shows it. No Qt here."""

    def __init__(self, controls: Router) -> None:
        self._controls = controls
        self._learnt: int | None = None  # lessons when it was looked at last
        self._told, self._told_s = "", float("-inf")
        self._mine = False  # this panel has begun it

    @property
    def on(self) -> bool:
        """Whether clicks name what a knob shall move."""
        state = self._state
        return self._mine and state is not None and state.phase != "off"

    def toggle(self, now_s: float) -> None:
        """Begin, or leave it."""
        state = self._state
        if state is None:
            self._tell(NO_MIDI, now_s)
        elif state.phase == "off":
            self._mine = True
            self._ask(LearnRequest("begin"))
        else:
            self._ask(LearnRequest("cancel"))

    def arm(self, name: str) -> bool:
        """Let a control be what is learnt; False if it is not on: then it is to be done."""
        if self.on:
            self._ask(LearnRequest("arm", Binding(name)))
            return True
        return False

    @property
    def armed(self) -> str:
        """What waits for a knob to be moved, or ""."""
        state = self._state
        return state.target.to if state is not None and state.phase == "armed" and state.target is not None else ""

    def aim(self, name: str, now_s: float) -> None:
        """Bind this to the knob that is moved next, on or not; once more: to none."""
        if self._state is None:
            self._tell(NO_MIDI, now_s)
        elif name == self.armed:
            self._ask(LearnRequest("cancel"))
        else:
            self._mine = True
            self._ask(LearnRequest("arm", Binding(name)))

    def undo(self, now_s: float) -> bool:
        """Take back what was just learnt; False if that is no longer shown: then another undo is meant."""
        if now_s - self._told_s > TOLD_S or not self._mine:
            return False
        self._told_s = float("-inf")
        self._ask(LearnRequest("undo"))
        return True

    def line(self, now_s: float) -> str:
        """One line for the headline; "" while there is nothing to say."""
        state = self._state
        if state is not None:
            if self._learnt is not None and state.learnt > self._learnt and self._mine:
                self._tell(f"{state.message}   (Z undoes)", now_s)
            self._learnt = state.learnt
        if self.on and state is not None:
            return OPENING if state.phase == "choosing" and state.touched is None else state.message
        return self._told if now_s - self._told_s < TOLD_S else ""

    @property
    def _state(self) -> LearnState | None:
        return self._controls.learning.peek()

    def _tell(self, text: str, now_s: float) -> None:
        self._told, self._told_s = text, now_s

    def _ask(self, request: LearnRequest) -> None:
        self._controls.learn_requests.put(request)
