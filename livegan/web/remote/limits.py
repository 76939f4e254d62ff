"""Age of a touch by the phone's own clock: the least delay of a minute counts as none."""

WINDOW_S = 30.0
MAX_AGE_S = 1.0


class TouchTime:
    """Time of a touch on our clock, from the phone's: its offset is the least that any message of a minute took.

    So the delays of a wireless network, which differ from one message to the next, do not reach a tapped tempo; what is
    left is one constant, the way of the fastest message (a few ms).
    """

    def __init__(self) -> None:
        self._least: tuple[float, float] = (float("inf"), float("inf"))  # offset of the window before, and of this one
        self._since_s = float("-inf")

    def at(self, sent_s: float, now_s: float) -> float:
        """When something happened that the phone says was at `sent_s` by its clock, of a message that came at `now_s`.

        Never later than `now_s` and never more than a second before it, whatever the phone says.
        """
        offset = now_s - sent_s
        if now_s - self._since_s > WINDOW_S:
            self._least, self._since_s = (self._least[1], offset), now_s
        if offset - min(self._least) > MAX_AGE_S:  # its clock stood still while it slept
            self._least = (offset, offset)
        before, this = self._least
        self._least = (before, min(this, offset))
        return min(max(sent_s + min(self._least), now_s - MAX_AGE_S), now_s)
