"""Humdrum **kern files: the spines of a score as tracks of a song (Huron, The Humdrum Toolkit, reference of **kern).

Read are notes, chords, rests, ties, metres, names and reference records. Spines may not split or join.
"""

import re
from fractions import Fraction
from pathlib import Path

from livegan.composer.song import STEPS_PER_BEAT, Song
from livegan.composer.source_piece import MOST_BEATS, SourcePiece, TimedNote, track_of
from livegan.core.files import reason_of
from livegan.core.text import printable
from livegan.errors import ComposeError

VOICE_PROGRAM = 52  # choir
MAX_BYTES = 4 << 20
FINEST = 1 << 20  # parts of a quarter note that moments may be counted in
_DURATION = re.compile(r"(\d+)(?:%(\d+))?(\.*)")
_PITCH = re.compile(r"([a-gA-G])\1*")
_STEPS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_METRE = re.compile(r"\*M(\d+)/(\d+)$")
_RIGHTS = ("YEC", "YEM", "EED")  # reference records: copyright, its message, who encoded it


def read_kern(path: Path, steps_per_beat: int = STEPS_PER_BEAT, diminution: int = 1) -> SourcePiece:
    """The piece in a file, all note values divided by `diminution`; ComposeError if it cannot be read."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ComposeError(f"{printable(path)} is larger than {MAX_BYTES >> 20} MiB, too large for a score")
        data = path.read_bytes()
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
        return parse_kern(text, steps_per_beat, diminution)
    except OSError as error:
        raise ComposeError(f"{printable(path)} cannot be read ({reason_of(error)})") from error
    except ValueError as error:
        raise ComposeError(f"{printable(path)} is no **kern that can be read ({printable(str(error), 100)})") from error


def parse_kern(text: str, steps_per_beat: int = STEPS_PER_BEAT, diminution: int = 1) -> SourcePiece:
    """The piece in a text; ValueError, a reason, if it has none. Bass first, as **kern has it, becomes top first."""
    reader = _KernReader(diminution)
    for line in text.splitlines():
        if line.strip():
            reader.read(line)
    return reader.piece(steps_per_beat)


class _KernReader:
    """State of reading line by line."""

    def __init__(self, diminution: int) -> None:
        self._diminution = diminution
        self._records: dict[str, list[str]] = {}
        self._now = Fraction(0)
        self._free: list[Fraction] = []  # when each spine's newest note ends
        self._kern: list[bool] = []
        self._notes: list[list[TimedNote]] = []
        self._open: list[dict[int, int]] = []  # tied on: pitch to index of the note
        self._names: list[str] = []
        self._metres: list[tuple[Fraction, int, int]] = []
        self._first_bar: Fraction | None = None

    def read(self, line: str) -> None:
        if line.startswith("!!!"):
            name, _, value = line[3:].partition(":")
            self._records.setdefault(name.strip(), []).append(value.strip())
            return
        if line.startswith("!!"):
            return
        cells = line.split("\t")
        if not self._kern:
            if not all(cell.startswith("**") for cell in cells):
                raise ValueError("it does not begin with **kern")
            self._kern = [cell == "**kern" for cell in cells]
            self._free, self._names = [Fraction(0)] * len(cells), [""] * len(cells)
            self._notes, self._open = [[] for _ in cells], [{} for _ in cells]
            return
        if len(cells) != len(self._kern):
            raise ValueError(f"a line has {len(cells)} spines instead of {len(self._kern)}")
        if line.startswith("!"):
            self._names = [name or cell[1:].strip() for name, cell in zip(self._names, cells, strict=True)]
        elif line.startswith("*"):
            self._interpret(cells)
        else:
            self._now = min(self._free_spines(), default=self._now)
            if line.startswith("="):
                if self._first_bar is None:
                    self._first_bar = self._now
            else:
                for spine, cell in enumerate(cells):
                    if self._kern[spine] and cell != ".":
                        self._add(spine, cell)

    def _free_spines(self) -> list[Fraction]:
        return [free for free, kern in zip(self._free, self._kern, strict=True) if kern]

    def _interpret(self, cells: list[str]) -> None:
        if any(cell in ("*^", "*v", "*+", "*x") for cell in cells):
            raise ValueError("its spines split, join or change places")
        for cell in cells:
            if found := _METRE.match(cell):
                numerator, denominator = int(found[1]), int(found[2])
                if not (1 <= numerator <= 64 and denominator in (1, 2, 4, 8, 16, 32)):
                    raise ValueError(f"a metre of {cell[2:]}")
                denominator *= self._diminution
                at = min(self._free_spines(), default=self._now)
                if not self._metres or self._metres[-1][1:] != (numerator, denominator):
                    self._metres = [metre for metre in self._metres if metre[0] != at]
                    self._metres.append((at, numerator, denominator))
                break

    def _add(self, spine: int, cell: str) -> None:
        length = Fraction(0)
        for token in cell.split(" "):
            if "q" in token.lower():  # a grace note
                continue
            length = self._length(token, length)
            if "r" in token:
                continue
            pitch = _midi_pitch(token)
            tied = self._open[spine]
            if ("]" in token or "_" in token) and pitch in tied:
                index = tied[pitch]
                note = self._notes[spine][index]
                self._notes[spine][index] = TimedNote(note.start, self._now + length - note.start, pitch)
                if "]" in token:
                    del tied[pitch]
            else:
                self._notes[spine].append(TimedNote(self._now, length, pitch))
                if "[" in token:
                    tied[pitch] = len(self._notes[spine]) - 1
        self._free[spine] = self._now + length
        if self._free[spine].denominator > FINEST:
            raise ValueError("its durations have no grid in common")
        if self._free[spine] > MOST_BEATS:
            raise ValueError(f"it is longer than {MOST_BEATS} beats")

    def _length(self, token: str, of_chord: Fraction) -> Fraction:
        """Duration of a note [quarter notes]; one without digits is as long as the note before it in its chord."""
        found = _DURATION.search(token)
        if not found and of_chord:
            return of_chord
        if not found or len(token) > 100:
            raise ValueError(f"'{token[:20]}' has no duration")
        whole = found[1]  # 4: a quarter; 0, 00: a breve, a long
        length = Fraction(4 * int(found[2] or 1), int(whole)) if int(whole) else Fraction(4 * 2 ** len(whole))
        return length * (2 - Fraction(1, 2 ** len(found[3]))) / self._diminution

    def piece(self, steps_per_beat: int) -> SourcePiece:
        if not self._kern:
            raise ValueError("it has no **kern")
        spines = [spine for spine in reversed(range(len(self._kern))) if self._notes[spine]]
        if not spines:
            raise ValueError("it has no notes")
        metres = self._metres or [(Fraction(0), 4, 4)]
        bar = Fraction(4 * metres[0][1], metres[0][2])
        upbeat = self._first_bar if self._first_bar is not None and self._first_bar < bar else Fraction(0)
        pad = bar - upbeat if upbeat else Fraction(0)
        tracks = tuple(
            track_of(
                (TimedNote(note.start + pad, note.length, note.pitch) for note in self._notes[spine]),
                steps_per_beat,
                VOICE_PROGRAM,
                name=printable(self._names[spine], 60),
            )
            for spine in spines
        )
        end = round((max(self._free_spines()) + pad) * steps_per_beat)
        length = max(end, *(note.start + note.length for track in tracks for note in track.notes[-4:]))
        grid = {round((at + pad) * steps_per_beat) if number else 0: (n, d) for number, (at, n, d) in enumerate(metres)}
        title = " ".join(" ".join(self._records.get(record, [])) for record in ("OPR", "OTL")).strip()
        rights = "; ".join(text for record in _RIGHTS for text in self._records.get(record, []))
        song = Song(
            tracks,
            length,
            steps_per_beat,
            metres=tuple((at, n, d) for at, (n, d) in sorted(grid.items())),
            name=printable(title, 100),
        )
        group = " ".join(self._records.get("OPR", []))
        return SourcePiece(
            song, round(upbeat * steps_per_beat), printable(title, 100), printable(rights, 600), printable(group, 100)
        )


def _midi_pitch(token: str) -> int:
    found = _PITCH.search(token)
    if not found:
        raise ValueError(f"'{token[:20]}' is no note")
    letters = found[0]
    octave = 5 + (len(letters) - 1) if letters[0].islower() else 4 - (len(letters) - 1)
    return 12 * octave + _STEPS[letters[0].lower()] + token.count("#") - token.count("-")
