"""`livegan dream`: pictures and films of what songs and words mean. Heavy imports happen inside."""

from pathlib import Path
from typing import Annotated

import typer

from livegan.cli import dream_vqgan
from livegan.cli.options import Overwrite, refuse_address, size_option
from livegan.cli.output import echo, show
from livegan.core.progress import progress_bar, show_picture
from livegan.core.signals import end_at_once

app = typer.Typer(
    help="Make pictures and films of what songs and words mean.", no_args_is_help=True, rich_markup_mode=None
)

Text = Annotated[
    str,
    typer.Option("--text", "--prompts", "-p", help="Words, each prompt with a weight if you like: 'smoke:2|violet:1'."),
]
NetworkName = Annotated[str, typer.Option("--network", "-n", help="A network's name, or the file of one.")]
ModelName = Annotated[str, typer.Option("--model", "-m", help="auto, embedded, clip or vqgan.")]
Size = Annotated[str, typer.Option("--size", help="Of the picture, e.g. 1280x720.")]
Seed = Annotated[int, typer.Option("--seed", min=0, max=2**31 - 1, help="Another seed, another picture.")]
LearningRate = Annotated[
    float | None, typer.Option("--lr", "--learning-rate", min=1e-4, max=10, help="How far a step goes.")
]
Towards = Annotated[Path | None, typer.Option("--towards", metavar="FILE", help="A picture that yours grows like.")]
TransferRate = Annotated[
    float, typer.Option("--transfer-rate", "--transrate", min=0, max=100, help="How much like it; MetaMusic's 0..8.")
]
DeviceName = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, rocm, xpu or mps.")]


@app.command("picture")
def make_picture(
    song: Annotated[Path | None, typer.Argument(metavar="[SONG]", help="What it is of: wav, flac, mp3 ...")] = None,
    text: Text = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The picture, a .png; else it is called as song or words.")
    ] = None,
    network: Annotated[
        str,
        typer.Option("--network", "-n", help="A network's name, or its file; usually patterns."),
    ] = "",
    model: ModelName = "auto",
    iterations: Annotated[
        int, typer.Option("--iterations", "-i", min=1, max=100_000, help="Steps of the search.")
    ] = 80,
    size: Size = "",
    seed: Seed = 0,
    learning_rate: LearningRate = None,
    towards: Towards = None,
    transfer_rate: TransferRate = 1.0,
    init_image: Annotated[
        Path | None,
        typer.Option("--init-image", "--init_image", metavar="FILE", help="A picture that yours starts from."),
    ] = None,
    every: Annotated[
        int, typer.Option("--every", "--save_every", min=0, help="Steps from one check-in to the next; 0: none.")
    ] = 20,
    device: DeviceName = "auto",
    overwrite: Overwrite = False,
) -> None:
    """Make a picture of a song, or of words. Ctrl-C ends it and keeps what there is."""
    with end_at_once():  # PyTorch takes seconds to load
        from contextlib import closing
        from functools import partial

        import numpy as np

        from livegan.studio.dream.open_dreamer import DreamOptions, still_network
        from livegan.studio.dream.picture import PictureJob, default_output, picture, read_pixels

    if song is not None:
        refuse_address(str(song))
    options = DreamOptions(
        model,
        network or still_network(model),
        size_option(size),
        seed,
        learning_rate,
        None if init_image is None else read_pixels(init_image),
        device,
    )
    job = PictureJob(song, text, output, options, iterations, every, towards, transfer_rate, overwrite)
    place = output or default_output(job)
    done = 0
    with closing(picture(job)) as dream:
        try:
            first = next(dream)
            if first.text:
                echo(first.text)
            with progress_bar(place.name, first.total, "steps") as show_done:
                for progress in dream:
                    done = progress.done
                    if progress.picture is not None:
                        show_picture(partial(np.asarray, progress.picture))
                    show_done(done)
        except KeyboardInterrupt:
            dream.close()
            if not done:
                raise
            echo(f"{place}: after {done} of {iterations} steps")
            return
    echo(f"{place}")


@app.command("words")
def tell_words(
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help="A sentence: 'slow violet smoke over black'.")],
) -> None:
    """Tell how words are understood: motifs, colours, and how wild, bright or sharp the picture is to be."""
    from livegan.mapping.words.report import lines

    for line in lines(" ".join(words)):
        show(line)


app.command("vqgan", cls=dream_vqgan.VqganCommand)(dream_vqgan.vqgan)
