"""Terminal meters of a show's features, in a dozen lines."""

from rich.console import Group, RenderableType
from rich.text import Text

from livegan.core.beat_thresholds import BELIEVED, MOVES
from livegan.core.types import FeatureFrame
from livegan.engine.telemetry import sound_warnings
from livegan.features.chroma import NOTES

WIDE = 40  # characters of a bar
BLOCKS = " ▁▂▃▄▅▆▇█"
QUIET_LUFS, LOUD_LUFS = -60.0, 0.0
PARTS = {"bass": "red", "mid": "green", "treble": "cyan"}
THIRDS = {"": 4, "m": 3}
CLEAR = 0.6  # share of the tones that belongs to a chord, from which it has a name


def meters(features: FeatureFrame, source: str, seconds: float, notice: str = "") -> RenderableType:
    """All meters. `features` holds the peaks since the last refresh, so that no onset is missed."""
    lines = [
        Text.assemble((source, "bold"), f"  {_clock(seconds)}", "" if features["gate"] > 0 else "  silence"),
        _level(features),
        Text.assemble("bands   ", (spark(_bands(features)), "magenta")),
        _onsets(features),
        _beat(features),
        _bar(features),
        _chroma(features),
        Text.assemble("section ", bar(features["section.change"])),
    ]
    wrong = [*sound_warnings(features), *([notice] if notice else [])]
    lines.append(Text("; ".join(wrong), style="bold yellow"))
    return Group(*lines)


def bar(value: float, wide: int = WIDE) -> str:
    """Bar as long as `value`, 0..1."""
    full = round(min(1.0, max(0.0, value)) * wide)
    return "█" * full + "·" * (wide - full)


def spark(values: list[float]) -> str:
    """Sparkline: one block character for each value 0..1."""
    top = len(BLOCKS) - 1
    return "".join(BLOCKS[round(min(1.0, max(0.0, value)) * top)] for value in values)


def chord(chroma: list[float]) -> str:
    """The triad with the greatest share of the twelve tones (C .. B), as "C" or "Am"; "" if none stands out."""
    total = sum(chroma)
    shares = {
        NOTES[root] + kind: chroma[root] + chroma[(root + third) % 12] + chroma[(root + 7) % 12]
        for root in range(12)
        for kind, third in THIRDS.items()
    }
    best = max(shares, key=lambda name: shares[name])
    return best if total > 0 and shares[best] >= CLEAR * total else ""


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _level(features: FeatureFrame) -> Text:
    lufs = features["level.lufs"]
    place = (lufs - QUIET_LUFS) / (LOUD_LUFS - QUIET_LUFS)
    peak_db = features["level.peak"]
    style = "red" if peak_db > -0.5 else "green"
    return Text.assemble("level   ", (bar(place), style), f"  {lufs:6.1f} LUFS  peak {peak_db:6.1f} dBFS")


def _bands(features: FeatureFrame) -> list[float]:
    """Spectrum bands; pairs are merged where there are too many for a line."""
    values = [float(features[name]) for name in features.layout.names if name.startswith("band.")]
    every = -(-len(values) // 64)
    return [max(values[start : start + every]) for start in range(0, len(values), every)]


def _onsets(features: FeatureFrame) -> Text:
    parts: list[str | tuple[str, str]] = ["onsets  "]
    for name, colour in PARTS.items():
        strength = features[f"onset.{name}"]
        parts.append((f" {name} ", f"black on {colour}" if strength > 0.5 else colour))
        parts.append(f"{BLOCKS[round(strength * 8)]}  ")
    return Text.assemble(*parts)


def _beat(features: FeatureFrame) -> Text:
    sure = features["beat.confidence"]
    bpm = f"{features['beat.bpm']:6.1f} BPM{'  ' if sure >= MOVES else '? '}confidence "
    style = "bold" if sure >= BELIEVED else "" if sure >= MOVES else "dim"
    flash = "black on white" if features["beat"] > 0.7 else style
    return Text.assemble("beat    ", (" ● ", flash), (bpm, style), (f"{bar(sure, 10)} {sure:4.2f}", style))


def _bar(features: FeatureFrame) -> Text:
    """Position in the bar, and the phase of the beat."""
    flash = "yellow" if features["downbeat"] > 0.5 else "white"
    return Text.assemble("bar     ", (bar(features["bar.phase"]), flash), f"  beat phase {features['beat.phase']:4.2f}")


def _chroma(features: FeatureFrame) -> Text:
    values = [features[f"chroma.{note}"] for note in NOTES]
    parts: list[str | tuple[str, str]] = ["chroma  "]
    for note, value in zip(NOTES, values, strict=True):
        parts.append((f"{note}{BLOCKS[round(value * 8)]} ", "bold" if value > 0.6 else "dim"))
    return Text.assemble(*parts, (chord(values), "bold yellow"))
