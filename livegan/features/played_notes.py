"""Played notes: a timeline read hop by hop, as the note features see it."""

from livegan.core.timeline import NoteEvent, Timeline


class NoteState:
    """The notes in one hop, as features see them."""

    def __init__(self) -> None:
        self.sounding: dict[tuple[int, int], int] = {}  # voice and pitch: velocity
        self.begun: list[NoteEvent] = []  # in this hop
        self.drums: frozenset[int] = frozenset()

    def resume(self, notes: tuple[NoteEvent, ...]) -> None:
        """Go on where these sound, begun earlier."""
        self.sounding = {(note.voice, note.pitch): note.velocity for note in notes if note.voice not in self.drums}

    def step(self, events: list[NoteEvent]) -> None:
        """Take the events of the next hop."""
        if self.begun or events:
            self.begun = []
        for event in events:
            key = (event.voice, event.pitch)
            if not event.on:
                self.sounding.pop(key, None)
                continue
            self.begun.append(event)
            if event.voice not in self.drums:
                self.sounding[key] = event.velocity


class NoteReader:
    """Reader of a timeline, hop by hop. It may begin in the middle of the music, and go on after a gap."""

    def __init__(self, timeline: Timeline, sample_rate: int, hop_s: float) -> None:
        self.state = NoteState()
        self._timeline, self._half_s, self._hop_s = timeline, 0.5 / sample_rate, hop_s
        self._mark_s: float | None = None

    def step(self, time_s: float) -> NoteState:
        """The state of the hop that ends at `time_s` on the clock of the show."""
        now = self._timeline.now
        end_s = min(self._timeline.position_s(time_s) - self._half_s, now.end_s)
        self.state.drums = self._timeline.drums
        if now.fixed and (self._mark_s is None or self._mark_s < now.fixed[0].start_s):
            self._mark_s = min(end_s, max(end_s - self._hop_s, 0.0))
            self.state.resume(now.sounding(self._mark_s))
        if self._mark_s is None:
            self._mark_s = min(end_s, 0.0)
        self.state.step(list(now.events(self._mark_s, end_s)) if end_s > self._mark_s else [])
        self._mark_s = max(self._mark_s, end_s)
        return self.state
