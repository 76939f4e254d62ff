"""Commands `livegan compose corpus` and `livegan compose measure`. Heavy imports happen inside, as in `livegan.cli`."""

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from livegan.cli.output import echo, show
from livegan.core.signals import end_at_once
from livegan.core.text import counted

if TYPE_CHECKING:
    from livegan.composer.corpus_make import CorpusReport

LISTED = 20  # files left out, of one reason


def corpus(
    source: Annotated[
        str, typer.Argument(metavar="bach|palestrina|FOLDER", help="Scores of music21, or MIDI and MusicXML files.")
    ],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The folder: corpus-SOURCE.")] = None,
    key: Annotated[str, typer.Option(help="Transpose to this major key or its relative minor; keep: as it is.")] = "C",
    augment: Annotated[
        bool, typer.Option("--augment", help="Add copies of the training pieces, -5..+5 semitones.")
    ] = False,
    voices: Annotated[Literal["4", "any"], typer.Option(help="Pieces of four one-note voices, or all.")] = "4",
    metre: Annotated[
        list[str] | None, typer.Option(help="Only pieces in it: 4/4; give it again for more; any: all.")
    ] = None,
    lowest: Annotated[int | None, typer.Option(min=0, max=127, help="Lowest MIDI pitch: 36; any voices: 0.")] = None,
    highest: Annotated[int | None, typer.Option(min=0, max=127, help="Highest: 83; any voices: 127.")] = None,
    fewest: Annotated[int, typer.Option("--fewest-notes", min=1, help="Of a voice in a piece.")] = 16,
    rests: Annotated[float, typer.Option("--most-rests", min=0, max=1, help="Of a phrase that is used.")] = 0.25,
    share: Annotated[float, typer.Option("--held-out", min=0, max=0.5, help="Share of pieces to compare with.")] = 0.1,
    steps: Annotated[int, typer.Option(min=1, max=96, help="Steps of a quarter note.")] = 4,
) -> None:
    """Make a corpus: pieces in one key, without doubles, divided by tune. The same command goes on after Ctrl-C."""
    with end_at_once():
        from livegan.composer.corpus_make import CorpusOptions, make_corpus
        from livegan.composer.corpus_sources import open_source
        from livegan.composer.voices import HIGHEST, LOWEST, VOICES
        from livegan.core.progress import progress_bar

    four = voices == "4"
    metres = () if metre == ["any"] else tuple(metre or ("4/4",))
    options = CorpusOptions(
        key=key,
        augment=augment,
        voices=VOICES if four else None,
        metres=metres,
        lowest=(LOWEST if four else 0) if lowest is None else lowest,
        highest=(HIGHEST if four else 127) if highest is None else highest,
        fewest_notes=fewest,
        most_rests=rests,
        held_out=share,
        steps_per_beat=steps,
    )
    folder = output or Path(f"corpus-{Path(source).resolve().name}")
    try:
        with progress_bar(f"reading {Path(source).name}", len(open_source(source).files), "pieces") as done:
            report = make_corpus(source, folder, options, done)
    except KeyboardInterrupt:
        echo(f"interrupted: what is in {folder} is kept, and the same command goes on")
        raise
    _echo_report(report)


def _echo_report(report: "CorpusReport") -> None:
    """Say what was left out and why, then what was made."""
    from livegan.core.text import quoted

    file = report.file
    reasons = Counter(why for _, why in file.left_out)
    for why, number in reasons.most_common():
        names = [name for name, reason in file.left_out if reason == why]
        more = f" and {number - LISTED} more" if number > LISTED else ""
        echo(f"left out: {why}: {', '.join(names[:LISTED])}{more}")
    own = [piece for piece in file.pieces if not piece.copy_of]
    held = sum(piece.split == "held-out" for piece in own)
    copies = counted(len(file.pieces) - len(own), "transposed copy", "transposed copies")
    tunes = len({piece.tune for piece in own})
    if file.notice:
        echo(file.notice)
    echo(
        f"{report.folder}: {counted(len(own), 'piece')} of {counted(tunes, 'tune')}, {held} held out"
        f"{f', {copies}' if len(own) < len(file.pieces) else ''}"
        f"{'' if report.read else ' (it was complete before)'}. "
        f"Train on it: livegan compose train {quoted(report.folder)}"
    )


def measure(
    music: Annotated[
        list[str], typer.Argument(metavar="FILE.mid|FOLDER|NETWORK...", help="Or chorales: livegan's own.")
    ],
    corpus: Annotated[
        Path | None, typer.Option(help="Beside what this corpus held out; find what is copied from the rest.")
    ] = None,
    phrases: Annotated[int, typer.Option(min=1, help="NETWORK: so many phrases of four bars.")] = 64,
    seed: Annotated[int, typer.Option(min=0, help="NETWORK: of the first phrase.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure music: MuseGAN's metrics, parallels, crossings, chords, copies. docs/composing.md says what each is."""
    with end_at_once():
        from livegan.composer.comparison import copy_finder, measured, row_of_songs, rows_of_corpus, table
        from livegan.composer.corpus import open_corpus
        from livegan.core.progress import progress_bar

    beside = None if corpus is None else open_corpus(corpus)
    finder = None if beside is None else copy_finder(beside)
    rows = [] if beside is None or finder is None else rows_of_corpus(beside, finder)
    for word in music:
        if Path(word).suffix.lower() in (".mid", ".midi"):
            name, songs = measured(word, phrases, seed)
        else:
            with progress_bar(f"measuring {Path(word).name}", phrases, "phrases") as done:
                name, songs = measured(word, phrases, seed, done)
                done(phrases)
        rows.append(row_of_songs(name, songs, finder))
    show(json.dumps([row.numbers() for row in rows], indent=2) if as_json else table(rows))
