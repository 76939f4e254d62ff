"""Tempo map: seconds of the steps of a song, and back."""

from bisect import bisect_right

from livegan.composer.song import Song


class TempoMap:
    """Tempo map of a song. Steps may be fractions; beyond its end the last tempo goes on."""

    def __init__(self, song: Song) -> None:
        self._steps: list[int] = []
        self._starts_s: list[float] = []
        self._step_s: list[float] = []  # length of a step from there on
        now_s = 0.0
        for index, (step, bpm) in enumerate(song.tempos):
            if index:
                now_s += (step - self._steps[-1]) * self._step_s[-1]
            self._steps.append(step)
            self._starts_s.append(now_s)
            self._step_s.append(60.0 / (max(bpm, 1e-3) * song.steps_per_beat))

    def seconds(self, step: float) -> float:
        """When a step begins, from the beginning of the song."""
        at = max(bisect_right(self._steps, step) - 1, 0)
        return self._starts_s[at] + (step - self._steps[at]) * self._step_s[at]

    def step(self, seconds: float) -> float:
        """The step that sounds at a moment."""
        at = max(bisect_right(self._starts_s, seconds) - 1, 0)
        return self._steps[at] + (seconds - self._starts_s[at]) / self._step_s[at]
