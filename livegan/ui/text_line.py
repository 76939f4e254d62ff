"""Text line: one line that is typed on the HUD, with a history. No Qt here."""

MOST = 200  # characters
SHOWN = 60  # of them: the newest
REMEMBERED = 50  # lines
PROMPT, CURSOR = "words: ", "\u258f"


class TextLine:
    """Line editor of the window; main thread only."""

    def __init__(self) -> None:
        self.open = False
        self.text = ""
        self._history: list[str] = []  # the newest last
        self._at = 0  # place in the history that is shown; its end is the line that is typed

    @property
    def shown(self) -> str:
        """The line as people see it."""
        cut = "\u2026" if len(self.text) > SHOWN else ""
        return f"{PROMPT}{cut}{self.text[-SHOWN:]}{CURSOR}"

    def begin(self) -> None:
        """Open it, empty."""
        self.open, self.text, self._at = True, "", len(self._history)

    def press(self, key: str, typed: str) -> str | None:
        """One key: its cap and the characters that it types. The line when Enter sends it, else None."""
        match key:
            case "Esc":
                self.open = False
            case "Enter":
                self.open = False
                return self._sent()
            case "Backspace":
                self.text = self.text[:-1]
            case "Ctrl+Backspace" | "Ctrl+W":
                self.text = self.text.rstrip().rpartition(" ")[0]
            case "Ctrl+U":
                self.text = ""
            case "Up" | "Down":
                self._recall(-1 if key == "Up" else 1)
            case _:
                self.insert(typed)
        return None

    def insert(self, typed: str) -> None:
        """Add characters at the end; those that are none on paper are left out."""
        self.text = (self.text + "".join(each for each in typed if each.isprintable()))[:MOST]

    def _sent(self) -> str:
        words = self.text.strip()
        if words and self._history[-1:] != [words]:
            self._history = [*self._history, words][-REMEMBERED:]
        return words

    def _recall(self, step: int) -> None:
        self._at = min(max(self._at + step, 0), len(self._history))
        self.text = [*self._history, ""][self._at]
