"""`livegan compose`: music by networks. Heavy imports happen inside, as in `livegan.cli`."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from livegan.cli.options import Overwrite
from livegan.cli.output import echo, show

app = typer.Typer(help="Write music with networks, and play it.", no_args_is_help=True, rich_markup_mode=None)

SoundFont = Annotated[
    Path | None,
    typer.Option("--soundfont", metavar="FILE", help="A .sf2 or .sf3; else $LIVEGAN_SOUNDFONT, or the system's."),
]


@app.command("styles")
def list_styles() -> None:
    """List the styles. Each has its instruments, tempo, density and room."""
    from livegan.composer.styles import style_table

    show("\n".join(style_table()))


@app.command("play")
def play_midi(
    midi: Annotated[Path, typer.Argument(metavar="FILE.mid", help="A MIDI file.")],
    soundfont: SoundFont = None,
) -> None:
    """Play a MIDI file through the loudspeakers. Ctrl-C ends it."""
    from livegan.audio.fluidsynth import find_soundfont
    from livegan.composer.midi_file import read_midi
    from livegan.studio.song_sound import HALL, play_aloud, playing_text

    song, font = read_midi(midi), find_soundfont(soundfont)
    echo(playing_text(midi.name, song, font))
    with suppress(KeyboardInterrupt):
        play_aloud(song, font, HALL)


@app.command("wav")
def write_wav(
    midi: Annotated[Path, typer.Argument(metavar="FILE.mid", help="A MIDI file.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A .wav, .flac or .ogg: FILE.wav.")] = None,
    soundfont: SoundFont = None,
    overwrite: Overwrite = False,
) -> None:
    """Write the sound of a MIDI file. FluidSynth plays it with the instruments of a SoundFont."""
    from livegan.audio.fluidsynth import find_soundfont
    from livegan.composer.midi_file import read_midi
    from livegan.core.progress import progress_bar
    from livegan.studio.song_sound import HALL, check_new, check_sound_name, song_seconds, write_sound

    song, path = read_midi(midi), output or midi.with_suffix(".wav")
    check_sound_name(path)
    check_new({"-o": path}, [midi], overwrite)
    font = find_soundfont(soundfont)
    total = round(song_seconds(song))
    with progress_bar(f"playing {midi.name}", total, "seconds") as done:
        seconds = write_sound(song, path, font, HALL, lambda second: done(min(second, total)))
    echo(f"{path}: {seconds:.1f} s")
