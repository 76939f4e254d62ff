"""The line of key L: what is typed, what is chosen, and what the window shows of the learner."""

from dataclasses import replace
from types import SimpleNamespace

from livegan.control.learn import LearnRequest, LearnState, Place
from livegan.core.binding import Binding
from livegan.core.channels import Latest
from livegan.core.clock import ManualClock
from livegan.engine.learn_targets import learn_targets
from livegan.engine.router import Router
from livegan.engine.vocabulary import parameter_table
from livegan.ui.learn_line import ROWS, LearnLine, LearnView
from livegan.ui.learn_overlay import LearnOverlay


def typed(line: LearnLine, text: str) -> None:
    for letter in text:
        line.press("Space" if letter == " " else letter.upper(), letter)


def test_suggestions_follow_what_is_typed_and_up_down_tab_and_enter_choose() -> None:
    line = LearnLine()
    line.begin(learn_targets(parameter_table()))
    assert line.suggestions[0].name == "react"
    typed(line, "hue")
    first, second = line.suggestions[0].name, line.suggestions[1].name
    assert first == "effect.hue"
    for key in ("Up", "Down", *["Down"] * 2 * ROWS, *["Up"] * 2 * ROWS, "Down"):
        assert line.press(key, "") is None
    assert line.press("Enter", "\r") == Binding(second)
    line.press("Up", "")
    line.press("Tab", "\t")
    assert line.text == "effect.hue "
    typed(line, "toggle")
    assert line.press("Enter", "\r") == Binding("effect.hue", "toggle")
    line.press("Ctrl+W", "")
    line.press("Ctrl+U", "")
    typed(line, "x" * 500 + "\n")
    assert len(line.text) <= 60
    assert line.press("Enter", "\r") is None, "nothing is called so"
    line.press("Esc", "")
    assert not line.open


class Window:
    """A window without Qt: what it shows, and for how long."""

    def __init__(self) -> None:
        self.controls, self.clock = Router(), ManualClock(100.0)
        self.shown: LearnView | None = None
        feed = SimpleNamespace(controls=self.controls, board=Latest(), clock=self.clock)
        self.overlay = LearnOverlay(feed, self.show, self.hide)  # type: ignore[arg-type]

    def show(self, view: LearnView, seconds: float) -> None:
        self.shown = view

    def hide(self) -> None:
        self.shown = None

    def learner_says(self, state: LearnState) -> None:
        self.controls.learning.put(state)
        self.overlay.changed()

    def asked(self) -> list[str]:
        return [request.wish for request in self.controls.learn_requests.drain() if request.wish != "stay"]


KNOB = Place("Foo 8", "cc.81", "react")


def test_it_types_arms_tells_and_undoes() -> None:
    window = Window()
    window.overlay.begin()
    assert window.shown is not None
    assert "no MIDI input" in window.shown.title, "there is no learner"
    assert not window.overlay.takes_keys
    window.learner_says(LearnState())
    window.overlay.begin()
    window.learner_says(LearnState("choosing", touched=KNOB, message=KNOB.now()))
    assert window.overlay.takes_keys
    assert window.shown.title == "cc 81 of Foo 8 turns react"
    for key in "hue":
        window.overlay.press(key.upper(), key)
    window.overlay.press("Enter", "\r")
    requests = window.controls.learn_requests.drain()
    assert requests[-1] == LearnRequest("arm", Binding("effect.hue"))
    done = LearnState("off", message="cc 81 of Foo 8 turns effect.hue (was: react)", learnt=1, can_undo=True)
    window.learner_says(done)
    assert not window.overlay.takes_keys
    assert window.shown.strong
    assert window.overlay.undo()
    assert window.asked() == ["undo"]
    window.learner_says(replace(done, message="undone", can_undo=False))
    assert window.shown.title == "undone"
    assert not window.overlay.undo(), "a second Z undoes what the scene has to undo"


def test_undo_of_a_lesson_ends_with_what_tells_of_it_and_escape_leaves() -> None:
    window = Window()
    window.learner_says(LearnState())
    window.overlay.begin()
    window.overlay.press("Esc", "\x1b")
    assert window.asked() == ["begin", "cancel"]
    assert window.shown is None
    window.overlay.begin()
    window.learner_says(LearnState("choosing"))
    window.learner_says(LearnState("off", message="done", learnt=1))
    window.clock.wait_until(200.0)
    assert not window.overlay.undo()


def test_what_another_window_learns_is_not_told_to_the_audience() -> None:
    window = Window()
    window.learner_says(LearnState("armed", Binding("react"), message="now move a knob"))
    window.learner_says(LearnState("off", message="done", learnt=1, can_undo=True))
    assert window.shown is None
    assert not window.overlay.undo()
