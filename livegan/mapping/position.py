"""Network position: a real number along a bank, and which networks play there."""

NEAR = 1 / 64  # so close to a whole number, a fade shows one network alone


def network_index(position: float, count: int) -> int:
    """Network index nearest to `position`: halves to the later, kept inside 0..count-1."""
    return min(max(int(position + 0.5), 0), count - 1)


def between(position: float, count: int) -> tuple[int, float]:
    """The two networks of a fade: the index of the lower one, and the share (0..1) of the one after it.

    Within 1/64 of a whole number the share is 0: only that network is drawn. There are no jumps.
    """
    place = min(max(position, 0.0), float(count - 1))
    lower = int(place)
    share = (place - lower - NEAR) / (1 - 2 * NEAR)
    if share >= 1:
        return lower + 1, 0.0
    return lower, max(share, 0.0)


class PositionSwitch:
    """Switch between networks with hysteresis and a minimum time: the nearest network, without chatter."""

    def __init__(self, count: int, hysteresis: float = 0.15, hold_s: float = 0.12) -> None:
        """`hysteresis` is how far past the middle between two networks the position must go, in networks, below 0.5.

        `hold_s` is how long one network is shown at least [s].
        """
        self._count = count
        self._reach = 0.5 + hysteresis
        self._hold_s = hold_s
        self._index: int | None = None
        self._held_s = 0.0

    def step(self, position: float, dt_s: float) -> int:
        """Advance by `dt_s` at `position`; returns the network index, 0..count-1. The first step takes the nearest.

        Only whole changes count against `hold_s`: with a still position, many small steps end where one large one does.
        """
        place = min(max(position, 0.0), float(self._count - 1))
        if self._index is None:
            self._index = network_index(place, self._count)
            return self._index
        self._held_s += dt_s
        if abs(place - self._index) > self._reach and self._held_s >= self._hold_s - 1e-9:
            self._index = network_index(place, self._count)
            self._held_s = 0.0
        return self._index
