"""From notes on a grid, such as a MIDI file's, to a score: another tempo, other instruments, played less exactly."""

from collections import defaultdict

import numpy as np

from livegan.composer.song import Song, Track
from livegan.studio.hearing.song_grooves import PIECES
from livegan.studio.hearing.song_instruments import FAMILIES
from livegan.studio.hearing.song_score import GRID, Score, ScoreNote, ScorePart, TimeMap, breathing, drifting

GM_PIECES = {key: letter for letter, (_, key, _) in PIECES.items() if letter != "F"}
GM_PIECES |= {
    35: "K",
    40: "S",
    57: "Y",
    52: "Y",
    55: "Y",
    59: "D",
    45: "L",
    48: "M",
    41: "L",
    82: "V",
    69: "V",
    66: "t",
}
GM_PIECES |= {77: "w", 80: "i", 74: "z", 85: "c", 86: "j", 87: "j", 54: "A", 56: "W"}
BASS = range(32, 40)
LEAST_NOTES = 0.7  # something begins on so many beats


class Arrangement:
    """One song of many that a song on a grid can become; by seed."""

    def __init__(self, song: Song, style: str, seed: int, seconds: float, rng: np.random.Generator) -> None:
        """ValueError, in words, for a song that is too short or too thin."""
        self._song, self._style, self._seed, self._seconds, self._rng = song, style, seed, seconds, rng
        self._per = song.steps_per_beat
        beats = felt_beats(song)
        if len(beats) < 12:
            raise ValueError(f"{style} has only {len(beats)} beats")
        self._beats = np.array([beat for beat, _ in beats])  # [quarter notes]
        self._downs = np.array([down for _, down in beats])

    def score(self, bpm: float | None = None, rubato: float = 0.0) -> Score:
        """The song, with `bpm` felt beats a minute, or near its own tempo."""
        rng, song = self._rng, self._song
        own = float(np.median([tempo for _, tempo in song.tempos]))  # quarter notes a minute
        felt = float(np.median(np.diff(self._beats)))  # quarter notes a felt beat
        quarters = bpm * felt if bpm else float(np.clip(own * np.exp(rng.normal(0, 0.07)), 50 * felt, 215 * felt))
        length = int(np.ceil(song.length / self._per)) + 4
        factors = np.ones(length * GRID)
        if rubato:
            factors = factors * breathing(rng, length, rubato, 4)
        if rng.random() < 0.6:
            factors = factors * drifting(rng, length, float(rng.uniform(0.002, 0.02)))
        time = TimeMap(quarters, length, factors)
        whole = float(time.seconds(self._beats[-1]))
        begin = float(rng.uniform(0, max(0.0, whole - self._seconds)))
        end = min(self._seconds, whole - begin)
        loose_s = float(rng.choice([0.0, rng.uniform(0.002, 0.014)]))
        parts = [self._part(track, time, begin, end, loose_s) for track in song.tracks]
        beats = np.asarray(time.seconds(self._beats)) - begin
        keep = (beats >= 0) & (beats < end)
        played = tuple(part for part in parts if part.notes)
        told = np.unique(np.round([note.start_s for part in played for note in part.notes], 1))
        if keep.sum() < 8 or len(told) < LEAST_NOTES * keep.sum():
            raise ValueError(f"{self._style} is too thin to tell its beat")
        usual = 60 / float(np.median(np.diff(beats[keep])))
        return Score(
            *(self._style, self._seed, end, usual, beats[keep], beats[keep & self._downs], played),
            kit=str(rng.choice(["acoustic", "any", "any", "electronic"])),
        )

    def _part(self, track: Track, time: TimeMap, begin: float, end: float, loose_s: float) -> ScorePart:
        rng = self._rng
        lag = float(rng.normal(0, 0.4 * loose_s + 0.001))
        late: dict[int, float] = defaultdict(lambda: float(np.clip(rng.normal(0, loose_s), -0.03, 0.03)))
        times = np.asarray(time.seconds(np.array([n.start for n in track.notes]) / self._per)) - begin + lag
        ends = np.asarray(time.seconds(np.array([n.start + n.length for n in track.notes]) / self._per)) - begin + lag
        notes = []
        for note, start, stop in zip(track.notes, times.tolist(), ends.tolist(), strict=True):
            piece = GM_PIECES.get(note.pitch, "") if track.drums else ""
            if not -0.5 < start < end or (track.drums and not piece):
                continue
            loud = float(np.clip(note.velocity / 115 * rng.normal(1, 0.04), 0.08, 1.0))
            at = start + late[note.start]
            pitch = 0 if piece else note.pitch
            notes.append(ScoreNote(at, pitch, loud, 0.2 if piece else max(stop - start, 0.03), piece))
        if track.drums:
            return ScorePart("drums", "drums", tuple(sorted(notes)))
        name, sound = self._player(track)
        return ScorePart(name, sound, tuple(sorted(notes)), float(rng.normal(0, 1.5)), slur=sound == "sung")

    def _player(self, track: Track) -> tuple[str, str]:
        """(role, family of instruments) of a track."""
        rng = self._rng
        families = [family for family, programs in FAMILIES.items() if track.program in programs]
        sound = str(rng.choice(families)) if families else str(rng.choice(["synth pad", "piano", "synth lead"]))
        pitches = [note.pitch for note in track.notes]
        if track.program in BASS or np.median(pitches) < 45:
            return "bass", sound
        starts = len({note.start for note in track.notes})
        long = float(np.median([note.length for note in track.notes])) / self._per
        if len(pitches) > 1.6 * starts:
            return ("pad" if long >= 2 else "chords"), sound
        if long < 6 and 52 < np.median(pitches) < 80 and rng.random() < 0.25:
            return "lead", "sung"
        return "lead", sound


def felt_beats(song: Song) -> list[tuple[float, bool]]:
    """(place in quarter notes, whether a bar begins) of every beat as it is felt: of 6/8 two in a bar, of 2/2 two."""
    found: list[tuple[float, bool]] = []
    per = song.steps_per_beat
    for at, (step, numerator, denominator) in enumerate(song.metres):
        end = song.metres[at + 1][0] if at + 1 < len(song.metres) else song.length
        unit = 4 / denominator  # quarter notes
        if denominator >= 8 and numerator % 3 == 0:
            unit, numerator = 3 * unit, numerator // 3
        count = max(0, int(np.ceil((end - step) / per / unit - 1e-6)))
        found += [(step / per + turn * unit, turn % numerator == 0) for turn in range(count)]
    return found
