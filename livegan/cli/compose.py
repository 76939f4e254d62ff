"""`livegan compose`: music by networks. Heavy imports happen inside, as in `livegan.cli`."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

import typer

from livegan.cli.compose_corpus import corpus, measure
from livegan.cli.options import Overwrite
from livegan.cli.output import echo, show
from livegan.core.text import counted, printable, whole_number
from livegan.errors import TrainingError

app = typer.Typer(help="Write music with networks, and play it.", no_args_is_help=True, rich_markup_mode=None)
app.command("corpus")(corpus)
app.command("measure")(measure)

SoundFont = Annotated[
    Path | None,
    typer.Option("--soundfont", metavar="FILE", help="A .sf2 or .sf3; else $LIVEGAN_SOUNDFONT, or the system's."),
]


@app.command("new")
def write_music(
    bars: Annotated[int, typer.Option(min=1, max=4096, help="Length, in bars of four beats.")] = 16,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**31 - 1, help="Same seed, same music; without one, always another.")
    ] = None,
    style: Annotated[str, typer.Option(metavar="NAME", help="See `livegan compose styles`.")] = "chorale",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The MIDI file: STYLE-SEED.mid.")] = None,
    key: Annotated[str, typer.Option(help="Such as D, 'F# minor', Bbm; else C major or A minor.")] = "",
    bpm: Annotated[float | None, typer.Option(min=10, max=400, help="Tempo, instead of the style's.")] = None,
    tune: Annotated[
        Path | None, typer.Option("--harmonise", metavar="FILE.mid", help="Write three voices to this tune.")
    ] = None,
    track: Annotated[str, typer.Option(help="--harmonise: number or name of its track.")] = "",
    as_voice: Annotated[
        Literal["soprano", "alto", "tenor", "bass"], typer.Option("--as", help="--harmonise: what the tune is.")
    ] = "soprano",
    between: Annotated[
        tuple[str, str] | None, typer.Option(metavar="A B", help="From one piece to another: seeds, or MIDI files.")
    ] = None,
    steps: Annotated[int, typer.Option(min=0, max=4096, help="--between: places on the way; else one a bar.")] = 0,
    network: Annotated[
        str | None, typer.Option("--network", "-n", metavar="FILE|RUN", help="Your own, or the folder of its training.")
    ] = None,
    temperature: Annotated[float | None, typer.Option(min=0, max=3, help="0: sober; 1: as learnt; 1.5: wild.")] = None,
    count: Annotated[int, typer.Option(min=1, max=10_000, help="So many pieces, of seeds that follow.")] = 1,
    wav: Annotated[Path | None, typer.Option(metavar="FILE.wav", help="Also the sound (.wav, .flac, .ogg).")] = None,
    png: Annotated[Path | None, typer.Option(metavar="FILE.png", help="Also a picture of the notes.")] = None,
    play: Annotated[bool, typer.Option("--play", help="Play it aloud; Ctrl-C ends it.")] = False,
    soundfont: SoundFont = None,
    overwrite: Overwrite = False,
) -> None:
    """Write new music for four voices to a MIDI file. A piece begins and ends in its key."""
    import secrets

    from livegan.composer.piece import Wish, parse_key
    from livegan.composer.styles import find_style
    from livegan.studio.compose import ComposeJob, compose

    first = secrets.randbelow(100_000) if seed is None else seed
    wish = Wish(find_style(style), bars, parse_key(key) if key else None, bpm, temperature)
    job = ComposeJob(
        wish,
        tuple(range(first, first + count)),
        style,
        network,
        output,
        tune,
        as_voice,
        track,
        between,
        steps,
        wav,
        png,
        play,
        soundfont,
        overwrite,
    )
    compose(job, echo)


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
    from livegan.composer.song import PLAYED_STEPS
    from livegan.studio.song_sound import HALL, play_aloud, playing_text

    song, font = read_midi(midi, PLAYED_STEPS), find_soundfont(soundfont)
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
    from livegan.composer.song import PLAYED_STEPS
    from livegan.core.progress import progress_bar
    from livegan.studio.song_sound import HALL, check_new, check_sound_name, song_seconds, write_sound

    song, path = read_midi(midi, PLAYED_STEPS), output or midi.with_suffix(".wav")
    check_sound_name(path)
    check_new({"-o": path}, [midi], overwrite)
    font = find_soundfont(soundfont)
    total = round(song_seconds(song))
    with progress_bar(f"playing {midi.name}", total, "seconds") as done:
        seconds = write_sound(song, path, font, HALL, lambda second: done(min(second, total)))
    echo(f"{path}: {seconds:.1f} s")


@app.command("from-picture")
def from_picture(
    pictures: Annotated[list[Path], typer.Argument(metavar="PICTURE...", help="Piano rolls, one after another.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The MIDI file: PICTURE.mid.")] = None,
    layout: Annotated[
        Literal["roll", "article"] | None, typer.Option(help="Coloured bars or a grey page; else as it looks.")
    ] = None,
    quirks: Annotated[bool, typer.Option("--quirks", help="As the article's own script plays it.")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Play a picture of a piano roll: what a network drew that learned from `livegan dataset midi`, as a MIDI file."""
    from livegan.composer.midi_file import write_midi
    from livegan.composer.picture_song import song_of_pictures
    from livegan.core.text import quoted
    from livegan.studio.song_sound import check_new

    path = output or pictures[0].with_suffix(".mid")
    song = song_of_pictures(pictures, layout, quirks)
    check_new({"-o": path}, pictures, overwrite)
    write_midi(song, path)
    notes = sum(len(track.notes) for track in song.tracks)
    echo(f"{path}: {counted(notes, 'note')} in {song.length} sixteenths. Hear it: livegan compose play {quoted(path)}")


@app.command("pages")
def write_pages(
    midi: Annotated[Path, typer.Argument(metavar="FILE.mid", help="A MIDI file.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write to.")] = Path("."),
    quirks: Annotated[bool, typer.Option("--quirks", help="As the article's own script draws them.")] = False,
    until_empty: Annotated[bool, typer.Option("--until-empty", help="Stop at the first empty page.")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Write a MIDI file as the grey images of the BachGAN article: 106 x 100, one an instrument and page."""
    from livegan.composer.midi_file import read_midi
    from livegan.composer.roll_image import write_article_images

    paths = write_article_images(read_midi(midi), output, midi.stem, quirks, until_empty, overwrite)
    echo(f"{output}: {counted(len(paths), 'image')}{f', {paths[0].name} to {paths[-1].name}' if paths else ''}")


@app.command("train")
def train_network(
    corpus: Annotated[str, typer.Argument(metavar="[CORPUS]", help="A folder of MIDI files.")] = "",
    model: Annotated[
        Literal["voices", "dcgan", "musegan"] | None,
        typer.Option(help="voices (default): four voices; dcgan: the article's; musegan: tracks."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The run's folder: out/compose/CORPUS-MODEL.")
    ] = None,
    resume: Annotated[Path | None, typer.Option(help="Go on with the run in this folder.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="When it ends.")] = None,
    minutes: Annotated[float | None, typer.Option(min=0, help="About how long, in place of --steps.")] = None,
    batch: Annotated[int | None, typer.Option(min=2, help="Phrases or pages a step.")] = None,
    lr: Annotated[float | None, typer.Option(help="Learning rate.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Another seed, another network.")] = None,
    width: Annotated[
        float | None, typer.Option(help="dcgan, musegan: channels, 1 as published; less without a GPU.")
    ] = None,
    pictures: Annotated[int | None, typer.Option(min=0, help="dcgan: pages to learn from, 0: all; 200.")] = None,
    article_bug: Annotated[
        bool | None, typer.Option("--article-bug", help="dcgan: as the article has it, only cells of exactly 1 sound.")
    ] = None,
    tracks: Annotated[
        Literal["voices", "families"] | None,
        typer.Option(help="musegan: four voices (default), or families of instruments."),
    ] = None,
    bars: Annotated[int | None, typer.Option(min=1, help="musegan: of a phrase; 4.")] = None,
    given: Annotated[
        int | None, typer.Option(min=0, metavar="TRACK", help="musegan: the others accompany this track, from 0.")
    ] = None,
    stochastic: Annotated[
        bool | None, typer.Option("--stochastic", help="musegan: binary neurons throw coins.")
    ] = None,
    loss: Annotated[
        Literal["wasserstein", "hinge", "non-saturating", "classic"] | None,
        typer.Option(help="musegan: wasserstein (default) and others."),
    ] = None,
    penalty: Annotated[float | None, typer.Option(min=0, help="musegan: weight of the gradient penalty; 10.")] = None,
    d_steps: Annotated[int | None, typer.Option(min=1, help="musegan: updates of the critic a step; 5.")] = None,
    snapshots: Annotated[
        str | None,
        typer.Option(help="When to keep a network besides the end, in steps: 500,1000; or none. Else three."),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, rocm, xpu or mps.")] = "auto",
    checkpoint: Annotated[float, typer.Option(min=0, help="Seconds between two checkpoints.")] = 120.0,
    tensorboard: Annotated[bool, typer.Option("--tensorboard", help="Curves for TensorBoard.")] = False,
    title: Annotated[str, typer.Option(help="What the network is called on its card.")] = "",
    licence: Annotated[str, typer.Option(help="Of the network, e.g. CC0-1.0.")] = "",
) -> None:
    """Train a network that composes on a corpus. Ctrl-C keeps everything; --resume goes on.

    Every snapshot has its music beside it: as MIDI, and as a picture.
    """
    from livegan.core.signals import end_at_once

    with end_at_once():  # PyTorch takes seconds to load
        from livegan.composer.train_run import ComposeTrainOptions, train_composer

    if resume is not None and output is not None:
        raise TrainingError(f"--resume {resume} goes on in that folder; leave --output {output} out")
    if steps is not None and minutes is not None:
        raise TrainingError("--steps and --minutes both say when it ends; leave one of them out")
    settings = {
        "steps": steps,
        "batch": batch,
        "lr": lr,
        "seed": seed,
        "width": width,
        "pictures": pictures,
        "article_bug": article_bug,
        "tracks": tracks,
        "bars": bars,
        "given": given,
        "stochastic": stochastic,
        "loss": loss,
        "penalty": penalty,
        "d_steps": d_steps,
    }
    options = ComposeTrainOptions(
        folder=resume or output or Path("out/compose") / f"{Path(corpus).resolve().name}-{model or 'voices'}",
        corpus=corpus,
        model=model or "",
        typed={name: value for name, value in settings.items() if value is not None},
        minutes=minutes,
        resume=resume is not None,
        device=device,
        snapshots=_moments(snapshots),
        checkpoint_s=checkpoint,
        tensorboard=tensorboard,
        title=title,
        licence=licence,
    )
    train_composer(options, echo)


def _moments(text: str | None) -> tuple[int, ...] | None:
    """Parse "500,1000" [steps]; "none" is no moment, None the run's default."""
    if text is None or text == "none":
        return None if text is None else ()
    moments = tuple(whole_number(word.strip()) or 0 for word in text.split(","))
    if not all(moments):
        raise TrainingError(
            f"--snapshots '{printable(text)}' are not numbers of steps; type for example: --snapshots 500,1000"
        )
    return moments
