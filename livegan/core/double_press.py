"""Double press: what ends a show is asked for twice by a key or a pad."""


class DoublePress:
    """Double press detector: the second press counts if it comes soon after the first."""

    def __init__(self, within_s: float = 1.5) -> None:
        """The second press counts for `within_s` after the first."""
        self.within_s = within_s
        self._first_s: float | None = None

    def press(self, now_s: float) -> bool:
        """Whether this is the second press of two."""
        second = self._first_s is not None and now_s - self._first_s <= self.within_s
        self._first_s = None if second else now_s
        return second

    def forget(self) -> None:
        """The next press is a first one."""
        self._first_s = None
