"""Learn overlay of the window: key L, what is typed then, and what the learner answers; main thread only."""

import math
from collections.abc import Callable

from livegan.control.learn import OPENING, LearnRequest, LearnState
from livegan.core.binding import Binding
from livegan.engine.learn_targets import targets_of
from livegan.engine.vocabulary import parameter_table
from livegan.ui.feed import ShowFeed
from livegan.ui.learn_line import LearnLine, LearnView

TOLD_S = 8.0  # how long it is told what was learnt, and Z takes it back
TYPE_ANOTHER = "type what it shall turn  \u00b7  "
TYPING = "\u2191 \u2193 choose  \u00b7  Enter takes it  \u00b7  Esc leaves"
WAITING = "Esc leaves"
NO_LEARNER = "no MIDI input is used: see [hands] port in the venue"


class LearnOverlay:
    """What the window shows of the learner, and the keys that it takes meanwhile."""

    def __init__(self, feed: ShowFeed, show: Callable[[LearnView, float], object], hide: Callable[[], object]) -> None:
        """`show` puts a panel on the screen for some seconds, `hide` takes it away."""
        self._controls, self._board, self._clock = feed.controls, feed.board, feed.clock
        self._show, self._hide = show, hide
        self._line = LearnLine()
        self._open = False
        self._seen = 0  # lessons so far
        self._told_until_s = 0.0
        self._asked = False  # the learner has not answered yet
        self._undoing = False

    @property
    def takes_keys(self) -> bool:
        """Whether keys belong to it."""
        return self._open

    def begin(self) -> None:
        """Open it: type what to learn, or move a knob first."""
        if self._controls.learning.peek() is None:
            self._show(LearnView(NO_LEARNER, None, foot="livegan devices lists the ports"), TOLD_S)
            return
        self._open = self._asked = True
        self._line.begin(targets_of(self._board.peek(), parameter_table()))
        self._ask(LearnRequest("begin"))
        self._paint(OPENING)

    def press(self, key: str, typed: str) -> None:
        """One key while it is open."""
        target = self._line.press(key, typed) if self._line.open else None
        if key == "Esc":
            self._close()
            self._ask(LearnRequest("cancel"))
            return
        if target is not None:
            self._arm(target)
            return
        self._ask(LearnRequest("stay"))
        state = self._controls.learning.peek()
        if state is not None and self._line.open:
            self._paint(OPENING if self._asked else state)

    def undo(self) -> bool:
        """Take back what was just learnt; False if that is no longer shown: then another undo is meant."""
        if self._clock.now() > self._told_until_s:
            return False
        self._told_until_s, self._undoing = 0.0, True
        self._ask(LearnRequest("undo"))
        return True

    def changed(self) -> None:
        """The learner's state is another."""
        state = self._controls.learning.peek()
        if state is None:
            return
        learnt, self._seen = state.learnt > self._seen, state.learnt
        if state.phase != "off":
            self._asked = False
            if self._open:
                self._paint(state)
        elif (self._open or self._undoing) and not self._asked:  # not what another window has asked for
            self._close()
            self._undoing = False
            self._told_until_s = self._clock.now() + TOLD_S if learnt else 0.0
            foot = "Z undoes it  \u00b7  L learns another" if learnt else "L begins again"
            if state.message:
                self._show(LearnView(state.message, None, foot=foot, strong=learnt), TOLD_S)

    def _arm(self, target: Binding) -> None:
        self._line.open = False
        self._ask(LearnRequest("arm", target))

    def _paint(self, state: LearnState) -> None:
        if state.phase == "armed" or not self._line.open:
            self._show(LearnView(state.message, None, foot=WAITING), math.inf)
            return
        line, moved = self._line, state.touched is not None
        foot = TYPE_ANOTHER + TYPING if moved else TYPING
        self._show(LearnView(state.message, line.text, line.suggestions, line.at, foot, moved), math.inf)

    def _close(self) -> None:
        self._open = self._line.open = False
        self._hide()

    def _ask(self, request: LearnRequest) -> None:
        self._controls.learn_requests.put(request)
