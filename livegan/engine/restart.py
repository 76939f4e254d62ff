"""Restart policy of a supervised show: whether it is started again after it died, how, and when it counts as hung.

No clock, no process: times are arguments, so that a test needs neither. Nothing but the standard library: the parent
process loads this.
"""

import json
from dataclasses import asdict, dataclass

STEADY_S = 60.0  # a show that has played so long begins a new row of deaths
MOST_DEATHS = 3  # in a row; one more, and it gives up
HANGS_S = 10.0  # without a sign of life, while it plays
STARTS_S = 60.0  # until the first picture of one that was started again
STEP_S = 1.0  # time that counts between two looks, at most: a suspended machine is no hang
GOOD_CODES = (0, 2, 130)  # done, an error that was told in a sentence, Ctrl-C


@dataclass(frozen=True, slots=True)
class Restart:
    """How a show is started again."""

    number: int = 1  # of all restarts of this show
    careful: bool = False  # with the safe scene, on the processor
    light: bool = False  # and with less work from the start
    reason: str = ""  # how the one before ended, in words

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))

    @classmethod
    def of_json(cls, text: str) -> "Restart":
        """ValueError for anything else than `to_json` writes."""
        values = json.loads(text)
        kinds = {"number": int, "careful": bool, "light": bool, "reason": str}
        if not isinstance(values, dict) or {key: type(value) for key, value in values.items()} != kinds:
            raise ValueError("this is no restart")
        return cls(**values)


class RestartPolicy:
    """Restart policy: the first time as it was, the second in a row with care, the third with less work as well."""

    def __init__(self) -> None:
        self.deaths = 0  # in all
        self._in_a_row = 0

    def died(self, played_s: float, reason: str) -> Restart | None:
        """How to start a show again that died after playing for `played_s`, 0 if it never did; None: no more."""
        self.deaths += 1
        self._in_a_row = 1 if played_s >= STEADY_S else self._in_a_row + 1
        if self._in_a_row > MOST_DEATHS:
            return None
        return Restart(self.deaths, self._in_a_row > 1, self._in_a_row > 2, reason)


def starts_again(code: int, *, asked_to_end: bool, playing: bool, over: bool, restarted: bool) -> bool:
    """Whether a show that ended with `code` (negative: by that signal) is to be started again.

    Not if somebody has ended it (`asked_to_end`), or if it was closing already (`over`). An error that was told in a
    sentence ends it at the start; one that was started again and never got to play may have met what its predecessor
    left, a device that is held for example.
    """
    if asked_to_end or over:
        return False
    return code not in GOOD_CODES or (code == 2 and restarted and not playing)


class Stillness:
    """Hang detector: how long no sign of life has come, in the time that this machine was awake."""

    def __init__(self, *, restarted: bool, watched: bool = True) -> None:
        """`restarted`: it has a limit until its first picture; a first start may take what it takes.

        Not `watched`: no signs come but the first, and it never counts as hung.
        """
        self.playing = False  # the first sign of life has come
        self.over = False  # it is closing
        self.played_s = 0.0  # since the first sign of life, while this machine was awake
        self._watched = watched
        self._limit_s = STARTS_S if restarted else float("inf")
        self._still_s = 0.0
        self._looked_s: float | None = None

    def sign(self) -> None:
        """A sign of life."""
        self.playing, self._still_s, self._limit_s = True, 0.0, HANGS_S

    def hangs(self, now_s: float, *, stopped: bool = False) -> bool:
        """Whether it hangs at `now_s`. `stopped`: somebody has suspended it (Ctrl-Z)."""
        passed_s = min(now_s - self._looked_s, STEP_S) if self._looked_s is not None else 0.0
        self._looked_s = now_s
        self._still_s = 0.0 if stopped else self._still_s + max(passed_s, 0.0)
        self.played_s += max(passed_s, 0.0) * self.playing
        return self._watched and not self.over and self._still_s >= self._limit_s
