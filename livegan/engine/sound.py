"""Sound input selection: a sound card, the demo track, a song file, or music that livegan plays itself."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from livegan.audio.demo import demo_track
from livegan.audio.device import SoundCard
from livegan.audio.fallback import FallbackSound
from livegan.audio.file import FileSource
from livegan.audio.song import open_song
from livegan.audio.source import Source
from livegan.composer.midi_file import read_midi
from livegan.config.venue import AudioTable
from livegan.core.clock import WallClock
from livegan.engine.input_names import DEMO, is_composition, is_midi, is_music, is_song
from livegan.engine.music import Composition, open_music
from livegan.engine.sound_runtime import Service
from livegan.errors import DeviceError, LiveganError


def open_sound(
    name: str, table: AudioTable, *, loop: bool = True, most: int = 0, waits: bool = False, first_bar: int = 0
) -> Source:
    """The source for ``--input NAME``: "demo", "compose:STYLE", a song's path, or part of a device's name.

    "" is the default device. `most`: the highest channel that a group of inputs names; a sound card opens at least so
    many. `waits`: a sound card that is not there is waited for, as in a show that goes on. `first_bar`: where music
    that livegan plays itself begins.
    """
    if is_music(name):
        return open_music(name, table.sample_rate, loop=loop, first_bar=first_bar)
    if name == DEMO:
        return FileSource(demo_track(), loop=loop, sample_rate=table.sample_rate)
    if is_song(name):
        return FileSource(Path(name), loop=loop, sample_rate=table.sample_rate)
    channels = max(table.channels, most) if table.channels or most > 2 else 0  # all, at most 2
    others = table.fallback != "silence"
    return SoundCard(
        name, table.host_api, channels, table.sample_rate, table.block, table.latency, others=others, waits=waits
    )


def input_mistakes(name: str) -> list[str]:
    """What is wrong with an input that is a file or a composition; a device may be plugged in later."""
    try:
        if is_midi(name):
            read_midi(Path(name))
        elif is_composition(name):
            Composition.named(name)
        elif is_song(name):
            open_song(name)
    except LiveganError as error:
        return [f"audio.input: {error}"]
    return []


def fallback_service(table: AudioTable, source: Source) -> Iterator[Service]:
    """What is heard while a sound card is away."""
    if isinstance(source, SoundCard):
        demo = partial(FileSource, demo_track(), sample_rate=table.sample_rate) if table.fallback == "demo" else None
        sound = FallbackSound(source, demo)
        yield Service("fallback", poll=sound.poll, notice=lambda: sound.notice)


def has_default_input(table: AudioTable) -> bool:
    """Does the system's default input open? Tried, not guessed: a listed device may have no server behind it."""
    card = open_sound("", table)
    try:
        card.start(WallClock().now())
    except DeviceError:
        return False
    finally:
        card.stop()
    return True
