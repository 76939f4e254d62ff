"""Learn line: typing what a knob shall turn, with suggestions to choose from. No Qt here."""

from collections.abc import Sequence
from dataclasses import dataclass

from livegan.core.binding import Binding, Mode
from livegan.engine.learn_targets import MODES, LearnTarget, suggest

MOST = 60  # characters
ROWS = 6  # suggestions that are seen


@dataclass(frozen=True, slots=True)
class LearnView:
    """What the panel shows."""

    title: str  # what to do, or what was moved
    typed: str | None  # None: nothing is typed, a control is waited for
    suggestions: Sequence[LearnTarget] = ()
    at: int = 0  # the chosen one
    foot: str = ""
    strong: bool = False  # a control was moved: the title is news


class LearnLine:
    """Line editor of the learner; main thread only."""

    def __init__(self) -> None:
        self.open = False
        self.text = ""
        self.at = 0  # the suggestion that is chosen
        self.suggestions: list[LearnTarget] = []
        self._among: Sequence[LearnTarget] = ()

    def begin(self, among: Sequence[LearnTarget]) -> None:
        """Open it, empty; `among` are the targets, the likeliest first."""
        self.open, self.text, self._among = True, "", among
        self._suggest()

    def press(self, key: str, typed: str) -> Binding | None:
        """One key: its cap and the characters that it types. What was chosen when Enter says so, else None."""
        match key:
            case "Esc":
                self.open = False
            case "Enter":
                return self._chosen()
            case "Up" | "Down":
                step = -1 if key == "Up" else 1
                self.at = min(max(self.at + step, 0), max(len(self.suggestions) - 1, 0))
            case "Tab" if self.suggestions:
                self.text = f"{self.suggestions[self.at].name} "
                self._suggest()
            case "Backspace":
                self._write(self.text[:-1])
            case "Ctrl+Backspace" | "Ctrl+W":
                self._write(self.text.rstrip().rpartition(" ")[0])
            case "Ctrl+U":
                self._write("")
            case _:
                self._write(self.text + "".join(each for each in typed if each.isprintable()))
        return None

    @property
    def mode(self) -> Mode:
        """How a button shall work, where a word behind the name says so: "effect.flash toggle"."""
        return next((mode for mode in MODES if self.text.split()[1:][-1:] == [mode]), "")

    def _write(self, text: str) -> None:
        self.text = text[:MOST]
        self._suggest()

    def _suggest(self) -> None:
        words = self.text.split()
        name = " ".join(words[:-1] if self.mode else words)
        self.suggestions, self.at = suggest(name, self._among, ROWS), 0

    def _chosen(self) -> Binding | None:
        if not self.suggestions:
            return None
        return Binding(self.suggestions[self.at].name, self.mode)
