"""What a file is that was given in the place of another: told by its first bytes, its ending, or its keys."""

import tomllib
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from livegan.core.text import printable, quoted

SONG_ENDINGS = (
    *("wav", "flac", "ogg", "oga", "opus", "mp3", "m4a", "aac", "aif", "aiff", "wma", "wv", "caf", "au"),
    *("mp4", "mov", "mkv", "webm"),
)
MIDI_ENDINGS = ("mid", "midi", "kar")
SHOW_LOG_MAGIC = b"livegan show log 1\n"
MIDI_MAGIC = b"MThd"
RUN_ENDING = ".livegan.json"
MOST_LISTED = 1000  # names of a folder that are looked at
MAX_TOML_BYTES = 1 << 18  # a longer one is no scene

FOLDER, SHOW_LOG, EMPTY_LOG, RUN = "a folder", "the log of a show", "an empty log", "the run file of a film"
MIDI, SONG, SCENE, SETLIST, VENUE = "a MIDI file", "a song", "a scene", "a setlist", "a venue"

SETLIST_KEYS = frozenset({"entries"})  # the one that every setlist has
SCENE_KEYS = frozenset(
    (
        *("network", "bank", "classes", "fade_s", "tempo", "motion", "chain", "parameters", "bends", "layers"),
        *("routes", "prompts", "knobs"),
    )
)  # that only scenes have
VENUE_KEYS = frozenset(
    (
        *("audio", "music", "time", "inputs", "listening", "picture", "camera", "safety", "window", "windows"),
        *("hands", "osc", "show", "remote", "effects", "outputs"),
    )
)  # that only venues have

USES = {
    SHOW_LOG: "make its film with: livegan render {}",
    RUN: "make that film again with: livegan render --run {}",
    MIDI: "play it with: livegan play {}",
    SONG: "play it with: livegan play {}",
    SCENE: "it goes behind --scene: livegan play --scene {}",
    SETLIST: "it goes behind --set: livegan play --set {}",
    VENUE: "it goes behind --venue: livegan play --venue {}",
}


def table_kind(table: Mapping[str, Any]) -> str:
    """SCENE, SETLIST or VENUE by the keys that only one of them has; "" of what has none, or those of several."""
    kinds = []
    if "title" in table:  # venues have none
        kinds += [kind for kind, keys in ((SCENE, SCENE_KEYS), (SETLIST, SETLIST_KEYS)) if keys & table.keys()]
    elif VENUE_KEYS & table.keys() and not (SCENE_KEYS | SETLIST_KEYS) & table.keys():
        kinds.append(VENUE)
    return kinds[0] if len(kinds) == 1 else ""


def file_kind(path: Path) -> str:
    """What is at `path`, one of the kinds above; "" of anything else, of what cannot be read, and of nothing."""
    try:
        if path.is_dir():
            return FOLDER
        if not path.is_file():  # a pipe would be waited for
            return ""
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(len(SHOW_LOG_MAGIC))
        if head.startswith(SHOW_LOG_MAGIC):
            return SHOW_LOG
        if head.startswith(MIDI_MAGIC):
            return MIDI
        ending = path.suffix[1:].lower()
        if ending == "toml":
            return table_kind(tomllib.loads(path.read_text("utf-8-sig"))) if size <= MAX_TOML_BYTES else ""
    except (OSError, ValueError, RecursionError):
        return ""
    if path.name.endswith(RUN_ENDING):
        return RUN
    if ending in MIDI_ENDINGS:
        return MIDI
    return EMPTY_LOG if ending == "log" and not size else SONG if ending in SONG_ENDINGS else ""


def instead(path: Path, kind: str, wanted: str) -> str:
    """One sentence: `path` is a `kind`, not `wanted`, and what to type with it; of the kinds in USES."""
    return f"{printable(path)} is {kind}, not {wanted}; {use_of(path, kind)}"


def songs_in(folder: Path) -> list[Path]:
    """The sound files of a folder in order of name, of the first MOST_LISTED of its names; [] of what is none."""
    try:
        listed = sorted(islice(folder.iterdir(), MOST_LISTED))
    except (OSError, ValueError):
        return []
    return [path for path in listed if not path.name.startswith(".") and file_kind(path) in (SONG, MIDI)]


def folder_for_song(folder: Path) -> str:
    """One sentence: a folder was given where a song is wanted, and which song to name."""
    first = next(iter(songs_in(folder)), None)
    name = f"name a song in it: {printable(quoted(first))}" if first else "there is no song in it"
    return f"'{printable(folder)}' is a folder, not a song; {name}"


def use_of(path: Path, kind: str) -> str:
    """What to type with a file of a kind in USES."""
    return USES[kind].format(printable(quoted(path)))
