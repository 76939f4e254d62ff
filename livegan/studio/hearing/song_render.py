"""Rendering of a score to sound and truth: every part is played alone, brought to its level, mixed and mastered."""

import zlib

import numpy as np

from livegan.core.types import Samples
from livegan.studio.hearing import song_singer, song_synths
from livegan.studio.hearing.song_grooves import PIECES
from livegan.studio.hearing.song_instruments import BENT, DRIVEN, FAMILIES, SUNG, SYNTHESIZED
from livegan.studio.hearing.song_kits import Kit
from livegan.studio.hearing.song_mix import compressed, driven, ducked, equalized, levelled, mastered
from livegan.studio.hearing.song_orchestra import RATE, Orchestra
from livegan.studio.hearing.song_score import Score, ScoreNote, ScorePart
from livegan.studio.hearing.song_truth import SongTruth, audible, merged

DRUM_DB = {"kick": -17.0, "snare": -18.0, "hat": -26.0, "": -20.0}
PART_DB = {"bass": -19.0, "chords": -22.0, "arp": -22.0, "lead": -20.0, "pad": -25.0}
EARLY_S = 0.09  # players of slow instruments begin so much before the beat at most


def render(score: Score, orchestra: Orchestra) -> tuple[Samples, SongTruth]:
    """(n,) mono at RATE, and what is to be heard in it. The same score gives the same."""
    rng = np.random.default_rng([score.seed, zlib.crc32(score.style.encode()), 9])
    stems: list[tuple[Samples, np.ndarray, str]] = []  # sound, onsets [s], class
    for number, part in enumerate(score.parts):
        if part.sound == "drums":
            stems += _drums(part, score, orchestra, rng)
        else:
            sound, onsets = _pitched(part, score, orchestra, rng, number)
            level = PART_DB[part.name] + part.level_db + float(rng.normal(0, 3))
            stems.append((levelled(equalized(sound, rng), level), onsets, part.name))
    kicks = np.concatenate([onsets for _, onsets, kind in stems if kind == "kick"] or [np.zeros(0)])
    if score.kit == "electronic" and len(kicks) and rng.random() < 0.6:
        depth, release_s = float(rng.uniform(0.3, 0.9)), float(rng.uniform(0.06, 0.25))
        stems = [(ducked(s, kicks, depth, release_s) if kind in PART_DB else s, o, kind) for s, o, kind in stems]
    mix = np.zeros(round(score.seconds * RATE) + 1, np.float32)
    for sound, _, _ in stems:
        mix += sound
    found: dict[str, list[np.ndarray]] = {"all": [], "kick": [], "snare": [], "hat": []}
    for sound, onsets, kind in stems:
        inside = onsets[(onsets >= 0) & (onsets < score.seconds)]
        heard = inside[audible(sound, mix, inside)]
        found["all"].append(heard)
        if kind in found:
            found[kind].append(heard)
    classes = {kind: merged(np.concatenate(times)) if times else np.zeros(0) for kind, times in found.items()}
    truth = SongTruth(
        score.style, score.beats, score.downbeats, classes["all"], classes["kick"], classes["snare"], classes["hat"]
    )
    count = round(score.seconds * RATE)
    return mastered(mix[:count], rng), truth


def _drums(
    part: ScorePart, score: Score, orchestra: Orchestra, rng: np.random.Generator
) -> list[tuple[Samples, np.ndarray, str]]:
    kit = Kit(score.kit, orchestra, rng)
    count = round(score.seconds * RATE) + 1
    stems: dict[str, Samples] = {}
    times: dict[str, list[float]] = {}
    jitter = rng.random() < 0.7  # of pitch: no two strokes alike
    last_hat: dict[str, int] = {}
    for note in part.notes:
        kind = PIECES[note.piece][2]
        start = round(note.start_s * RATE)
        if start < 0 or start >= count:
            continue
        sound = kit.stroke(note.piece, note.velocity, jitter and note.velocity < 0.95)
        stem = stems.setdefault(kind, np.zeros(count, np.float32))
        if note.piece in "HP" and "O" in last_hat:  # a closed hat ends the open one
            since = last_hat.pop("O")
            if start - since < RATE:
                stem[start : start + RATE] *= np.float32(0.15)
        if note.piece == "O":
            last_hat["O"] = start
        room = min(len(sound), count - start)
        stem[start : start + room] += sound[:room]
        times.setdefault(kind, []).append(start / RATE)
    found = []
    whole_db = float(rng.normal(part.level_db, 3))
    for kind, stem in stems.items():
        level = DRUM_DB[kind] + whole_db + float(rng.normal(0, 2.5))
        stem = levelled(stem, level)
        if rng.random() < 0.2:
            stem = levelled(compressed(stem / max(np.abs(stem).max(), 1e-6), -20, 4, 0.1), level)
        found.append((stem, np.array(times[kind]), kind or "other"))
    return found


def _pitched(
    part: ScorePart, score: Score, orchestra: Orchestra, rng: np.random.Generator, number: int
) -> tuple[Samples, np.ndarray]:
    seed = score.seed * 64 + number
    if part.sound in SUNG:
        return song_singer.sing(part.sound, part.notes, score.seconds, seed), _starts(part.notes)
    if part.sound in SYNTHESIZED and (part.sound not in FAMILIES or rng.random() < 0.6):
        return song_synths.play(part.sound, part.notes, score.seconds, seed), _starts(part.notes)
    instrument = orchestra.choose(part.sound, rng)
    notes = []
    early = float(rng.uniform(0.5, 1.0)) if rng.random() < 0.8 else 0.0
    starts = []
    for note in part.notes:
        slow = orchestra.attack_s(instrument, note.pitch)
        before = min(slow * early, EARLY_S)
        notes.append(ScoreNote(note.start_s - before, note.pitch, note.velocity, note.length_s + before * 0.5))
        starts.append(note.start_s + slow - before)
    sound = orchestra.play(instrument, tuple(notes), score.seconds, part.sound if part.sound in BENT else "", seed)
    if part.sound in DRIVEN:
        sound = driven(sound, DRIVEN[part.sound] * float(np.exp(rng.normal(0, 0.4))), rng)
    return sound, np.sort(np.array(starts))


def _starts(notes: tuple[ScoreNote, ...]) -> np.ndarray:
    return np.array([note.start_s for note in notes])
