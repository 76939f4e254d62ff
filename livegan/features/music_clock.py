"""Beat clock of music that is known before it sounds: the music is the clock, taps and other controls change it."""

from livegan.core.timeline import Retime, Timeline
from livegan.features.taps import Taps

EDGE_S = 1e-5  # what begins with the sample after a hop is not in it: half a sample


class MusicClock:
    """Beat clock of a timeline (`TappableClock`, `BarClock`): exact, in seconds of the show.

    Controls are wishes: the music follows from its next beat on.
    """

    confidence = 1.0

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._taps = Taps()
        self._asked_s = 0.0  # of the music

    @property
    def bpm(self) -> float:
        """Of the beat that was asked for last."""
        beat = self._timeline.now.beat_at(self._asked_s)
        return 120.0 if beat is None else beat.bpm

    @property
    def beats_per_bar(self) -> int:
        """Of its bar."""
        beat = self._timeline.now.beat_at(self._asked_s)
        return 4 if beat is None else beat.beats_per_bar

    def beats_at(self, time_s: float) -> float:
        self._asked_s = self._timeline.position_s(time_s) - EDGE_S
        return self._timeline.beats_at(self._asked_s)

    def in_bar_at(self, time_s: float) -> tuple[float, int]:
        position_s = self._timeline.position_s(time_s) - EDGE_S
        beat = self._timeline.now.beat_at(position_s)
        if beat is None:
            return 0.0, 4
        gone = (position_s - beat.start_s) / beat.length_s
        return (beat.in_bar + gone) % beat.beats_per_bar, beat.beats_per_bar

    def tap(self, time_s: float) -> None:
        line = self._taps.add(time_s)
        if line is not None:
            period_s, first_s = line
            self._timeline.wishes.put(Retime(bpm=60.0 / period_s, beat_s=self._timeline.position_s(first_s)))

    def halve(self) -> None:
        self._timeline.wishes.put(Retime(factor=0.5))

    def double(self) -> None:
        self._timeline.wishes.put(Retime(factor=2.0))

    def nudge(self, beats: float) -> None:
        self._timeline.wishes.put(Retime(shift=beats))

    def listen(self) -> None:
        """The music has no other clock to listen to."""
