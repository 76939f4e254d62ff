"""Names of sound inputs: which is a song, which is music that livegan plays itself. Needs nothing that plays them."""

from pathlib import Path

from livegan.core.file_kind import MIDI_ENDINGS, SONG_ENDINGS

DEMO = "demo"
COMPOSE = "compose"


def is_song(name: str) -> bool:
    """Whether `name` is a file rather than part of a device's name; devices may be called "IN 1/2" or "USB v1.25"."""
    path = Path(name)
    is_path = path.is_file() or path.is_fifo() or "://" in name or (path.is_dir() and len(path.parts) > 1)
    return bool(name) and (is_path or path.suffix[1:].lower() in SONG_ENDINGS)


def is_midi(name: str) -> bool:
    """Whether an input is a MIDI file."""
    return Path(name).suffix[1:].lower() in MIDI_ENDINGS


def is_composition(name: str) -> bool:
    """Whether an input is composed."""
    return name.partition(":")[0] == COMPOSE


def is_music(name: str) -> bool:
    """Whether an input is music that is known before it sounds."""
    return is_midi(name) or is_composition(name)
