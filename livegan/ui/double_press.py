"""A key that must be pressed twice."""


class DoublePress:
    """Says yes to the second press, if it comes soon after the first."""

    def __init__(self, within_s: float = 1.5) -> None:
        """The second press counts for `within_s` after the first."""
        self.within_s = within_s
        self._first_s: float | None = None

    def press(self, now_s: float) -> bool:
        """Is this the second press?"""
        second = self._first_s is not None and now_s - self._first_s <= self.within_s
        self._first_s = None if second else now_s
        return second
