"""Sound of a song: played aloud through FluidSynth, or written to a sound file."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from livegan.audio.fluidsynth import Synth
from livegan.audio.loudspeaker import Loudspeaker
from livegan.audio.midi_player import MidiPlayer
from livegan.composer.song import Song
from livegan.composer.styles import Style
from livegan.composer.tempo_map import TempoMap
from livegan.core.files import atomic_path, check_outputs, reason_of
from livegan.core.text import duration_text
from livegan.errors import MediaError

SAMPLE_RATE = 48000
FORMATS = {".wav": "PCM_16", ".flac": "PCM_16", ".ogg": "VORBIS"}  # libsndfile's subtypes
LONGEST_S = 6 * 3600.0  # what a .wav has room for
HALL = Style("a hall for any music", (0, 0, 0, 0), 120.0, room=0.5, reverb=0.4)

Progress = Callable[[int], object]  # called with the seconds that are done


def song_seconds(song: Song) -> float:
    """Length of a song, without the tail of its last notes."""
    return TempoMap(song).seconds(song.length)


def playing_text(name: str, song: Song, soundfont: Path) -> str:
    """What is being played, in a line."""
    return f"playing {name}, {duration_text(song_seconds(song))}, with {soundfont.name}; Ctrl-C ends it"


def check_new(outputs: Mapping[str, Path | None], inputs: Iterable[Path], overwrite: bool) -> None:
    """MediaError, before any work is done, for an output that cannot be written or is there already."""
    check_outputs(outputs, inputs)
    for option, path in outputs.items():
        if path is not None and path.is_file() and not overwrite:
            raise MediaError(f"{path} is there already; type --overwrite, or give {option} another name")


def check_sound_name(path: Path) -> None:
    """MediaError for a sound file of a kind that is not written."""
    if path.suffix.lower() not in FORMATS:
        raise MediaError(f"{path} is no sound file that can be written; give a name ending in {', '.join(FORMATS)}")


def write_sound(song: Song, path: Path, soundfont: Path, style: Style, progress: Progress = lambda _: None) -> float:
    """Write a song as a sound file, whole or not at all; its length [s]. MediaError, DeviceError."""
    import soundfile  # late: it loads libsndfile

    check_sound_name(path)
    with Synth(soundfont, SAMPLE_RATE) as synth:
        synth.room(style.room, style.reverb, style.chorus)
        player = MidiPlayer(song, synth)
        if player.expected_s > LONGEST_S:
            raise MediaError(f"a song of {player.expected_s / 3600:.1f} hours is too long for a sound file; cut it")
        suffix = path.suffix.lower()
        try:
            with (
                atomic_path(path) as aside,
                soundfile.SoundFile(aside, "w", SAMPLE_RATE, 2, FORMATS[suffix], format=suffix[1:].upper()) as file,
            ):
                for block in player.blocks():
                    file.write(block)
                    progress(player.position // SAMPLE_RATE)
        except (OSError, soundfile.LibsndfileError) as error:
            reason = reason_of(error) if isinstance(error, OSError) else str(error)
            raise MediaError(f"{path} cannot be written ({reason}); choose another place") from error
        return player.position / SAMPLE_RATE


def play_aloud(song: Song, soundfont: Path, style: Style) -> None:
    """Play a song through the loudspeakers, to the end of its tail or until Ctrl-C. DeviceError."""
    with Synth(soundfont, SAMPLE_RATE) as synth:
        synth.room(style.room, style.reverb, style.chorus)
        player = MidiPlayer(song, synth)
        with Loudspeaker(SAMPLE_RATE) as speaker:
            for block in player.blocks():
                speaker.write(block)
            speaker.drain()
