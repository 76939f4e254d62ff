"""Beat line: the immutable snapshot that beat clocks publish, a straight line of beats over the time of the show."""

from dataclasses import dataclass, replace

MIN_BPM, MAX_BPM = 20.0, 400.0  # of a clock from outside: what is slower or faster is none


@dataclass(frozen=True, slots=True)
class BeatLine:
    """Where the beat was at a moment, and how fast it went on. Any thread may read it."""

    time_s: float  # on the clock of the show
    beats: float  # at `time_s`; a whole number is a beat, a multiple of `beats_per_bar` the first of a bar
    bpm: float  # more than 0
    source: str = ""  # in words: "Link, 3 peers"
    beats_per_bar: int = 4
    playing: bool = True  # False: the clock goes on, but whoever sends it has stopped
    knows_bar: bool = True  # False: only the tempo is known; where beats and bars begin is a guess
    port: str = ""  # MIDI port that it comes from

    def beats_at(self, time_s: float) -> float:
        """Beats at a moment near `time_s`."""
        return self.beats + (time_s - self.time_s) * self.bpm / 60.0

    def adjusted(self, factor: float, shift: float) -> "BeatLine":
        """The same clock `factor` times as fast, its bars beginning where they did, and `shift` beats further."""
        return replace(self, beats=self.beats * factor + shift, bpm=self.bpm * factor)
