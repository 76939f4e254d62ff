"""Drum kits of made songs: strokes from SoundFonts, Hydrogen's kits, LMMS's samples, or synthesized."""

import re
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import soundfile
import soxr

from livegan.core.types import Samples
from livegan.studio.hearing.song_drum_synth import synthesized
from livegan.studio.hearing.song_grooves import PIECES
from livegan.studio.hearing.song_mix import equalized_alike
from livegan.studio.hearing.song_orchestra import RATE, Orchestra

HYDROGEN = Path("/usr/share/hydrogen/data/drumkits")
LMMS = Path("/usr/share/lmms/samples")
LONGEST_S = 1.5
VARIANTS = 4  # of a stroke
WORDS = {  # piece: what its samples are called
    "K": r"kick|bass ?drum|\bbd|cajon thump",
    "S": r"snare(?!.*(rim|roll))|cajon slap|snr|\bsd",
    "R": r"stick|rim|click",
    "C": r"clap|snap",
    "H": r"(hat|hh|hi-?hat).*cl|closed (hh|hat)|hat low|hat ring|side hh",
    "O": r"open|hat op|side ohh|opened",
    "P": r"pedal",
    "D": r"ride(?! *bell)",
    "B": r"bell",
    "Y": r"crash|cymbal",
    "T": r"tom ?(1|hi)|tom_hi|tom0[12]",
    "M": r"tom ?(2|mid)|tom_mid|tom03",
    "L": r"tom ?low|floor|tom_low|tom0[45]",
    "W": r"cowbell",
    "A": r"tambourine|tamb",
    "V": r"shake|maraca",
    "Q": r"djembe\d tone|conga",
    "q": r"djembe\d bass|sangban\d head hit",
    "Z": r"djembe\d slap",
    "b": r"bongo hi|kenkeni\d head hit",
    "n": r"bongo lo",
    "G": r"agogo high|sangban\d bell hit",
    "g": r"agogo low|kenkeni\d bell hit",
    "c": r"clave|clav0",
    "w": r"wood",
    "j": r"dununba\d head hit|kick.*(low|soft)",
}


class Kit:
    """Strokes of one kit; pieces it has not come from another."""

    def __init__(self, kind: str, orchestra: Orchestra, rng: np.random.Generator) -> None:
        self._orchestra, self._rng = orchestra, rng
        kits = orchestra.kits()
        self._font = kits[int(rng.integers(len(kits)))]
        whole = [kit for kit in kits if kit.bank]
        self._whole = whole[int(rng.integers(len(whole)))] if whole else self._font
        shares = {
            "acoustic": (0.5, 0.35, 0.1, 0.05),
            "electronic": (0.2, 0.15, 0.25, 0.4),
            "any": (0.35, 0.3, 0.2, 0.15),
            "percussion": (0.6, 0.3, 0.1, 0.0),
            "chip": (0.1, 0.0, 0.0, 0.9),
        }
        self._source = str(rng.choice(["font", "hydrogen", "lmms", "synth"], p=shares.get(kind, shares["any"])))
        self._mixed = rng.random() < 0.2  # each piece from anywhere
        folders = sorted(HYDROGEN.glob("*/drumkit.xml")) if HYDROGEN.is_dir() else []
        self._folder = folders[int(rng.integers(len(folders)))].parent if folders else None
        self._chip = kind == "chip"
        self._tuning = float(rng.normal(0, 0.8))
        self._layers: dict[str, list[Samples]] = {}
        self._varied: dict[tuple[str, int, int], Samples] = {}

    def stroke(self, piece: str, velocity: float, varied: bool = False) -> Samples:
        """One stroke, (n,) from its very beginning, loud as `velocity` says; `varied`: no two quite alike."""
        if piece not in self._layers:
            strokes = [repitched(trimmed(layer), self._tuning / 12) for layer in self._find(piece)]
            self._layers[piece] = equalized_alike(strokes, self._rng)
        layers = self._layers[piece]
        at = min(int(velocity * len(layers)), len(layers) - 1)
        if varied:
            key = (piece, at, int(self._rng.integers(VARIANTS)))
            if key not in self._varied:
                self._varied[key] = repitched(layers[at], float(self._rng.normal(0, 0.015)))
            return self._varied[key] * np.float32(velocity**1.6)
        return layers[at] * np.float32(velocity**1.6)

    def _find(self, piece: str) -> list[Samples]:
        rng = self._rng
        source = str(rng.choice(["font", "hydrogen", "lmms", "synth"])) if self._mixed else self._source
        found: list[Samples] = []
        if source == "hydrogen" and self._folder is not None:
            found = hydrogen(self._folder, piece, rng)
        elif source == "lmms":
            found = lmms(piece, rng)
        elif source == "synth":
            found = synthesized(piece, rng, self._chip)
        return found or self._of_font(piece)

    def _of_font(self, piece: str) -> list[Samples]:
        pitch = PIECES[piece][1]
        for kit in (self._font, self._whole):
            found = [self._orchestra.hit(kit, pitch, velocity) for velocity in (45, 80, 105, 125)]
            if max(float(np.abs(sound).max()) for sound in found) > 1e-3:
                top = max(float(np.abs(sound).max()) for sound in found)
                return [sound / max(float(np.abs(sound).max()), 1e-9) * np.float32(min(1.0, top)) for sound in found]
        return synthesized(piece, self._rng, self._chip) or [np.zeros(16, np.float32)]


def repitched(sound: Samples, octaves: float) -> Samples:
    """Played faster or slower, so higher or lower."""
    places = np.arange(0, len(sound) - 1, 2**octaves)
    return np.asarray(np.interp(places, np.arange(len(sound)), sound), np.float32)


def trimmed(sound: Samples) -> Samples:
    """From where it is heard on, peak 1, at most LONGEST_S."""
    peak = float(np.abs(sound).max()) if len(sound) else 0.0
    if not peak:
        return np.zeros(16, np.float32)
    first = int(np.argmax(np.abs(sound) > 0.06 * peak))
    begin = max(0, first - 24)
    cut = np.array(sound[begin : begin + round(LONGEST_S * RATE)], np.float32) / np.float32(peak)
    loud = np.flatnonzero(np.abs(cut) > 1e-3)
    cut = cut[: loud[-1] + 200]
    tail = min(len(cut), 1000)
    cut[-tail:] *= np.linspace(1, 0, tail, dtype=np.float32)
    return cut


@lru_cache(maxsize=4096)
def read(path: Path) -> Samples:
    """A sample, mono at RATE; empty if it cannot be read."""
    try:
        sound, rate = soundfile.read(path, dtype="float32", always_2d=True, frames=3 * 96000)
    except (OSError, RuntimeError):
        return np.zeros(0, np.float32)
    return np.asarray(soxr.resample(sound.mean(axis=1), rate, RATE), np.float32)


@lru_cache(maxsize=64)
def _instruments(folder: Path) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(name, files from soft to loud) of a Hydrogen kit."""
    try:
        tree = ElementTree.parse(folder / "drumkit.xml").getroot()
    except (OSError, ElementTree.ParseError):
        return ()
    found = []
    for item in tree.iter():
        if item.tag.split("}")[-1] != "instrument":
            continue
        plain = {child.tag.split("}")[-1]: child.text or "" for child in item}
        layers = []
        for layer in item.iter():
            if layer.tag.split("}")[-1] == "layer":
                values = {child.tag.split("}")[-1]: child.text or "" for child in layer}
                layers.append((float(values.get("min", 0) or 0), values.get("filename", "")))
        names = tuple(name for _, name in sorted(layers) if name) or tuple(filter(None, [plain.get("filename", "")]))
        if names:
            found.append((plain.get("name", "").lower(), names))
    return tuple(found)


def hydrogen(folder: Path, piece: str, rng: np.random.Generator) -> list[Samples]:
    """Strokes of a piece in a Hydrogen kit, from soft to loud; none if it has none of that name."""
    fit = [files for name, files in _instruments(folder) if piece in WORDS and re.search(WORDS[piece], name)]
    if not fit:
        return []
    files = fit[int(rng.integers(len(fit)))]
    found = [read(folder / name) for name in files[:: max(1, len(files) // 6)]]
    return [sound for sound in found if len(sound) > 100]


def lmms(piece: str, rng: np.random.Generator) -> list[Samples]:
    """A stroke among LMMS's samples; none if there is none of that name."""
    if piece not in WORDS:
        return []
    words = WORDS[piece].replace(r"(hat|hh|hi-?hat).*cl", "hihat_closed")
    fit = [path for path in _lmms_files() if re.search(words, path.stem.lower())]
    if not fit:
        return []
    sound = read(fit[int(rng.integers(len(fit)))])
    return [sound] if len(sound) > 100 else []


@lru_cache(maxsize=1)
def _lmms_files() -> tuple[Path, ...]:
    return tuple(sorted(path for name in ("drums", "latin") for path in (LMMS / name).glob("*.ogg")))
