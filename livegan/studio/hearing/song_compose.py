"""Composing a made song: of a style and a seed comes a score whose truth is known."""

import zlib
from collections.abc import Iterable

import numpy as np

from livegan.studio.hearing import song_styles  # noqa: F401  fills the table
from livegan.studio.hearing.song_grooves import PIECES, Stroke, fill, mutated, strokes
from livegan.studio.hearing.song_harmony import PROGRESSIONS, SCALES, Chord, chord
from livegan.studio.hearing.song_players import Harmony, Player, Tone
from livegan.studio.hearing.song_score import Score, ScoreNote, ScorePart, TimeMap, Times, breathing, drifting, stepping
from livegan.studio.hearing.song_style import STYLES, Layer, Style

SECONDS = (22.0, 45.0)  # how long a song is


def compose(name: str, seed: int) -> Score:
    """The song of a style and a seed; the same for the same. KeyError for a style that is not there."""
    style = STYLES[name]
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    return _Composer(style, seed, rng, float(rng.uniform(*SECONDS))).score()


class _Composer:
    """One song being made."""

    def __init__(self, style: Style, seed: int, rng: np.random.Generator, seconds: float) -> None:
        self.style, self.seed, self.rng, self.seconds = style, seed, rng, seconds
        low, high = style.bpm
        self.bpm = float(np.exp(rng.uniform(np.log(low), np.log(high))))
        if style.loose_ms[1] < 3 and rng.random() < 0.7:
            self.bpm = float(round(self.bpm))
        self.metre = style.metre
        before = float(rng.uniform(0, 2)) * self.metre * 60 / self.bpm if rng.random() < style.pickup else 0.0
        self.lead_s = float(rng.choice([0.0, rng.uniform(0, 1.5)])) - before  # when beat 0 sounds
        self.bars = int(np.ceil((seconds + before + 2) * self.bpm / 60 * 1.25 / self.metre)) + 2
        self.bars += -self.bars % style.phrase
        self.time = TimeMap(self.bpm, self.bars * self.metre, self._tempo())
        self.swing = float(rng.uniform(*style.swing)) if rng.random() < 0.8 else 0.0
        self.loose_s = float(rng.uniform(*style.loose_ms)) / 1e3
        self.loop = int(rng.choice([1, 2, 2, 4])) if rng.random() < style.loop else 0
        self.harmony = self._harmony()
        self.plan = self._plan()

    def _tempo(self) -> Times:
        style, rng, beats = self.style, self.rng, self.bars * self.metre
        factors = np.ones(beats * 8)
        if style.rubato[1]:
            factors = factors * breathing(
                rng, beats, float(rng.uniform(*style.rubato)), 4 * int(rng.choice([1, 2])) if self.metre != 3 else 6
            )
        if style.drift and rng.random() < 0.75:
            factors = factors * drifting(rng, beats, style.drift * float(rng.uniform(0.2, 1.5)))
        if rng.random() < 0.06:
            factors = factors * stepping(rng, beats)
        return factors

    def _harmony(self) -> Harmony:
        rng, table = self.rng, PROGRESSIONS[self.style.chords]
        scale, names = table[int(rng.integers(len(table)))]
        chords = [chord(name) for name in names.split()]
        speed = float(rng.choice([1, 2, 2, 2, 4]))  # half bars a chord
        halves: list[Chord] = [chords[int(half / speed) % len(chords)] for half in range(self.bars * 2 + 2)]
        return Harmony(int(rng.integers(12)), SCALES[scale], halves, self.metre)

    def _plan(self) -> list[str]:
        """What happens in every bar: "full", "no drums", "drums", "thin"."""
        rng, style = self.rng, self.style
        plan: list[str] = []
        drops = rng.random() < style.drops
        while len(plan) < self.bars:
            kind = "full"
            if drops:
                kind = str(rng.choice(["full", "no drums", "drums", "thin"], p=[0.6, 0.16, 0.1, 0.14]))
            plan += [kind] * int(style.phrase * rng.choice([1, 2, 2]))
        return plan

    def score(self) -> Score:
        style, rng = self.style, self.rng
        parts: list[ScorePart] = []
        drums = bool(style.grooves) and rng.random() > style.no_drums
        if drums:
            parts += self._drums()
        layers = [layer for layer in style.layers if rng.random() < layer.probability]
        steady = [layer for layer in layers if layer.role in ("bass", "chords", "arp")]
        if rng.random() < 0.06 and steady:  # few play
            layers = [steady[int(rng.integers(len(steady)))]]
        players = [self._player(layer, number) for number, layer in enumerate(layers)]
        if not self._is_told(parts + players):  # too few notes to hear a beat in
            players = [self._player(layer, number) for number, layer in enumerate(style.layers)]
        parts += players
        beats = self.time.seconds(np.arange(self.bars * self.metre, dtype=float)) + self.lead_s
        last = max((note.start_s for part in parts for note in part.notes), default=0.0)
        end = min(self.seconds, last + 60 / self.bpm)
        keep = (beats >= 0) & (beats < end)
        downs = np.arange(len(beats)) % self.metre == 0
        return Score(
            style.name,
            self.seed,
            end,
            self.bpm,
            beats[keep],
            beats[keep & downs],
            tuple(p for p in parts if p.notes),
            style.kit,
        )

    def _is_told(self, parts: list[ScorePart]) -> bool:
        """Whether on most beats, or between them, something begins."""
        heard = np.unique(np.round([note.start_s for part in parts for note in part.notes], 1))
        return len(heard) > 0.7 * self.seconds * self.bpm / 60

    def _swung(self, beat: float) -> float:
        """A beat as it is played with swing."""
        unit = self.style.swing_unit
        pair, place = divmod(beat, 2 * unit)
        middle = unit * (1 + self.swing / 3)
        if place <= unit:
            return pair * 2 * unit + place * middle / unit
        return pair * 2 * unit + middle + (place - unit) * (2 * unit - middle) / unit

    def _groove(self) -> list[list[Stroke]]:
        """Bars that follow each other, again and again."""
        rng, style = self.rng, self.style
        lines = str(rng.choice(style.grooves)).split("\n")
        bars = [strokes(line, self.metre, rng) for line in lines]
        if len(bars) == 1:
            other = mutated(bars[0], self.metre, rng, 1.0)
            bars = [*bars * int(rng.choice([1, 1, 3])), other]
        trick = rng.random()
        if rng.random() < style.no_kick:
            bars = [[s for s in bar if PIECES[s[1]][2] != "kick"] for bar in bars]
        elif trick < 0.03:  # hats only
            bars = [[s for s in bar if PIECES[s[1]][2] == "hat"] or bar for bar in bars]
        elif trick < 0.06:  # without hats
            bars = [[s for s in bar if PIECES[s[1]][2] != "hat"] or bar for bar in bars]
        elif trick < 0.09 and self.metre == 4:  # back beat on the "and"
            bars = [[((s[0] + 0.5) % 4, *s[1:]) if s[1] == "S" else s for s in bar] for bar in bars]
        elif trick < 0.12 and self.metre == 4:  # hats off the beat only
            bars = [[s for s in bar if PIECES[s[1]][2] != "hat" or s[0] % 1 > 0.2] for bar in bars]
        elif trick < 0.15 and self.metre == 4:  # half time
            bars = [[s for s in bar if PIECES[s[1]][2] != "snare"] + [(2.0, "S", 1.0)] for bar in bars]
        elif trick < 0.17 and self.metre == 4:  # twice the hats
            bars = [bar + [(s[0] + 0.25, s[1], s[2] * 0.7) for s in bar if PIECES[s[1]][2] == "hat"] for bar in bars]
        return bars

    def _drums(self) -> list[ScorePart]:
        rng, style = self.rng, self.style
        grooves = [self._groove()]
        if rng.random() < 0.5:
            grooves.append(self._groove())
        lag = {kind: float(rng.normal(0, 0.4 * self.loose_s + 0.001)) for kind in ("kick", "snare", "hat", "")}
        if style.family == "hip hop":
            lag["snare"] += float(rng.uniform(0, 0.018))
        has_fills = rng.random() < style.fills
        pieces = style.fill_pieces
        found: list[tuple[float, str, float, int]] = []
        for bar in range(self.bars):
            what = self.plan[bar]
            if what == "no drums":
                continue
            section = grooves[(bar // (2 * style.phrase)) % len(grooves)]
            played = list(section[bar % len(section)])
            if what == "thin":
                played = [s for s in played if PIECES[s[1]][2] != "kick"]
            elif not self.loop and rng.random() < 0.3:
                played = mutated(played, self.metre, rng, 0.5)
            end = (bar + 1) % style.phrase == 0
            if has_fills and not self.loop and end and rng.random() < 0.7 and style.kit != "chip":
                since, more = fill(self.metre, rng, pieces)
                played = [s for s in played if s[0] < since - 0.01] + more
            if (
                bar % (2 * style.phrase) == 0
                and rng.random() < 0.4
                and style.kit in ("acoustic", "electronic", "any")
                and bar
            ):
                played.append((0.0, "Y", 0.9))
            found += [(bar * self.metre + place, piece, loud, bar) for place, piece, loud in played]
        notes = []
        spread = float(rng.uniform(0.02, 0.1)) if self.loose_s > 0.002 else 0.01
        drawn: dict[tuple[float, str], tuple[float, float]] = {}
        for place, piece, loud, bar in found:
            kind = PIECES[piece][2]
            if self.loop:
                key = (round(place - bar // self.loop * self.loop * self.metre, 3), piece)
                if key not in drawn:
                    drawn[key] = (float(rng.normal(0, self.loose_s)), float(rng.normal(1, spread)))
                late, strong = drawn[key]
            else:
                late, strong = float(rng.normal(0, self.loose_s)), float(rng.normal(1, spread))
            at = float(self.time.seconds(self._swung(place))) + self.lead_s + lag[kind] + np.clip(late, -0.03, 0.03)
            if -0.5 < at < self.seconds:
                notes.append(ScoreNote(at, 0, float(np.clip(loud * strong, 0.08, 1.0)), 0.2, piece))
        return [ScorePart("drums", "drums", tuple(sorted(notes)), style.drum_db)]

    def _player(self, layer: Layer, number: int) -> ScorePart:
        rng = self.rng
        player = Player(layer, self.harmony, rng)
        sound = str(rng.choice(layer.sound.split("|")))
        lag = float(rng.normal(0, 0.4 * self.loose_s + 0.001))
        sings = sound in ("sung", "rapped", "growl")
        loose = self.loose_s + (float(rng.uniform(0.004, 0.02)) if sings or layer.slur else 0.0)
        if sings:
            lag += float(rng.uniform(-0.01, 0.03))
        tones: list[Tone] = []
        rests = layer.role == "lead"
        silent = int(rng.integers(0, 4)) if rests else -1
        begins = int(rng.choice([0, 0, 0, 4, 8])) if number else 0
        looped: dict[int, list[Tone]] = {}
        repeats = self.loop and not (rests and rng.random() < 0.5)
        for bar in range(self.bars):
            if (
                bar < begins
                or (self.plan[bar] == "drums" and layer.role != "bass")
                or (rests and (bar // 4) % 4 == silent)
            ):
                continue
            if self.plan[bar] == "thin" and layer.role in ("lead", "arp") and rng.random() < 0.3:
                continue
            if repeats:
                turn = bar % self.loop
                if turn not in looped:
                    looped[turn] = [(s - bar * self.metre, n, p, v) for s, n, p, v in player.bar(bar)]
                tones += [
                    (start + bar * self.metre, length, pitch, loud) for start, length, pitch, loud in looped[turn]
                ]
            else:
                tones += player.bar(bar)
        return ScorePart(layer.role, sound, self._timed(tones, lag, loose), layer.level_db, layer.slur or sings)

    def _timed(self, tones: Iterable[Tone], lag: float, loose: float) -> tuple[ScoreNote, ...]:
        """Tones in seconds; those of one moment stay together."""
        rng, notes = self.rng, []
        late: dict[float, float] = {}
        for start, length, pitch, loud in tones:
            key = round(start, 1)
            if key not in late:
                late[key] = float(np.clip(rng.normal(0, loose), -0.04, 0.04))
            since, until = (float(self.time.seconds(self._swung(at))) for at in (start, start + length))
            at = since + self.lead_s + lag + late[key]
            if -1.0 < at < self.seconds:
                strong = float(np.clip(loud * rng.normal(1, 0.07), 0.1, 1.0))
                notes.append(ScoreNote(at, pitch, strong, max(until - since, 0.03)))
        return tuple(sorted(notes))
