"""`livegan networks`: list, examine, convert, measure and add networks."""

from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from livegan.cli.options import DeviceName, Overwrite, size_option
from livegan.cli.output import echo, show

if TYPE_CHECKING:
    from livegan.networks.download import DownloadProgress

app = typer.Typer(help="List, examine, convert and add networks.", no_args_is_help=True, rich_markup_mode=None)

NetworkName = Annotated[str, typer.Argument(metavar="FILE|NAME", help="A weights file, or a name from the list.")]


@app.command("list")
def list_networks(
    catalogue: Annotated[bool, typer.Option("--catalogue", help="Also the public ones that can be added.")] = False,
) -> None:
    """List the networks that are here. Size, kind, classes, parameters, licence, and where they came from."""
    from livegan.studio.network_list import catalogue_table, network_table

    show("\n".join(network_table()))
    if catalogue:
        show("\nPublic networks (type: livegan networks add NAME; read the licence first)")
        show("\n".join(catalogue_table()))


@app.command("info")
def tell_network(name: NetworkName) -> None:
    """Tell everything that is known of a network."""
    from livegan.studio.network_list import describe

    show("\n".join(describe(name)))


@app.command("convert")
def convert_network(
    name: NetworkName,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="NAME.safetensors, or a folder.")] = None,
    tiles: Annotated[str, typer.Option(help="Other proportions: DOWNxACROSS, e.g. 1x2 is twice as wide.")] = "",
    overwrite: Overwrite = False,
) -> None:
    """Write a network of any maker as livegan's files. NAME.json and NAME.safetensors hold no code."""
    from livegan.studio.network_convert import convert, parse_tiles

    info = convert(name, output, parse_tiles(tiles), overwrite)
    height, width = info.resolution
    echo(f"{info.path} and {info.weights.name}: {info.kind}, {width}x{height} px")


@app.command("check")
def check_network(
    name: NetworkName,
    device: DeviceName = "auto",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The contact sheet: NAME-sheet.png.")] = None,
) -> None:
    """Draw a network: speed, accuracy, a contact sheet. The sheet has 16 seeds. A CLIP is asked for colours."""
    from livegan.core.files import check_outputs
    from livegan.core.progress import progress_bar
    from livegan.networks.library import find_network
    from livegan.networks.models import MODELS
    from livegan.studio import network_check

    info = find_network(name)
    sheet = output or Path(f"{info.name}-sheet.png")
    check_outputs(
        {"-o": sheet}, [info.path, info.weights], in_new_folders=["-o"], replaces={"-o": (".png",)}, pictures=["-o"]
    )
    if info.kind in MODELS:
        from livegan.studio.model_check import check_model

        show("\n".join(check_model(info, device, sheet)))
        return
    with ExitStack() as stack:
        result = network_check.check_network(
            info, device, sheet, lambda total: stack.enter_context(progress_bar("drawing", total, "pictures"))
        )
    show("\n".join(network_check.report(info, result)))


@app.command("measure")
def measure_network(
    name: NetworkName,
    data: Annotated[
        str, typer.Option(metavar="SET|patterns", help="The set it was trained on; patterns: if by --paired.")
    ] = "patterns",
    samples: Annotated[int, typer.Option(min=48, help="Pictures to draw.")] = 600,
    against: Annotated[
        str, typer.Option(metavar="NETWORK", help="Compare with this network instead: PSNR for the same latents.")
    ] = "",
    device: DeviceName = "cpu",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure what a network has learnt. Are its classes distinct, is none dead, how far off is it?

    Give --data the set it was trained on. `livegan train patterns` without --paired draws its own, with a layout for
    each picture: that set is the patterns-....zip in the folder of the run. A light network is measured beside the one
    it was made from: --against NETWORK.
    """
    import json

    from livegan.training.evaluation import measure
    from livegan.training.fidelity import compare

    if against:
        figures = compare(name, against, notify=echo)
        show(json.dumps(figures.numbers(), indent=2) if as_json else figures.table(name, against))
        return

    evaluation = measure(name, data, samples, device=device, notify=echo)
    show(json.dumps(evaluation.json(), indent=2) if as_json else evaluation.table())


@app.command("add")
def add_network(
    what: Annotated[str, typer.Argument(metavar="FILE|FOLDER|URL|NAME|MODULE:FUNCTION", help="What to add.")],
    name: Annotated[str, typer.Option(help="What to call it.")] = "",
    sha256: Annotated[str, typer.Option(help="URL: the sum the file must have.")] = "",
    input_: Annotated[int, typer.Option("--input", min=1, max=16384, help="MODULE:FUNCTION: latents.")] = 512,
    classes: Annotated[int, typer.Option(min=0, max=16384, help="MODULE:FUNCTION: classes.")] = 0,
    size: Annotated[str, typer.Option(help="MODULE:FUNCTION: size of its pictures, 256 or 512x384.")] = "256",
    folder: Annotated[Path, typer.Option(help="MODULE:FUNCTION: where the module lies.")] = Path(),
    activation: Annotated[
        str, typer.Option(metavar="quick_gelu|gelu", help="CLIP: what it was trained with, if its files do not say.")
    ] = "",
) -> None:
    """Put a network into your own folder. It is a file, a folder, an address, a name of the catalogue, or code.

    Files of CLIP, Wav2CLIP and VQGAN are added in the same way; dreams use them.
    """
    from livegan.networks.download import download_bar
    from livegan.studio.network_add import Code, add

    begun: list[str] = []  # addresses of downloads

    def fetching(url: str) -> "AbstractContextManager[DownloadProgress]":
        begun.append(url)
        return download_bar(url)

    width, height = size_option(size if "x" in size.lower() else f"{size}x{size}") or (256, 256)
    try:
        done = add(what, name, sha256, Code(input_, classes, (height, width), folder), fetching, activation)
    except KeyboardInterrupt:
        kept = "what has come of a download is kept: type the same again to go on"
        echo(f"stopped; {kept if begun else 'what was added before stays: livegan networks list'}")
        raise
    for line in done.refused:
        echo(f"left out: {line}")
    for info in done.networks:
        if "guessed" in (guess := str(info.shape.get("activation_from", ""))):
            echo(f"{info.name}: its activation is {info.shape['activation']}, {guess}; the other: --activation")
        echo(f"added: {info.name} ({info.path}). Look at it: livegan networks check {info.name}")


@app.command("draw")
def draw_network(
    name: Annotated[str, typer.Argument(metavar="FILE|NAME|FOLDER", help="A network, or a folder of snapshots.")],
    count: Annotated[int, typer.Option(min=1, max=100_000, help="Pictures of each network.")] = 10,
    faces: Annotated[
        bool | None, typer.Option("--faces/--no-faces", help="Only pictures with a face, or only those without one.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The first seed.")] = 1234,
    psi: Annotated[float, typer.Option(min=-2, max=2, help="Truncation.")] = 1.0,
    device: DeviceName = "cpu",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The folder: NAME-pictures.")] = None,
) -> None:
    """Draw seeds to files: a PNG and a synthesis file each. A path of a scene plays the synthesis files."""
    from livegan.core.progress import progress_bar
    from livegan.datasets.faces import face_finder
    from livegan.networks.library import find_networks
    from livegan.studio.network_draw import draw_seeds

    networks = find_networks(name)
    finder = None if faces is None else face_finder()
    folder = output or Path(f"{Path(name).stem or 'network'}-pictures")
    for info in networks:
        with progress_bar(f"drawing {info.name}", count, "pictures") as done:
            drawn = draw_seeds(info, folder, count, seed, finder, faces is not False, psi, device, done)
        echo(f"{folder}: {len(drawn)} of {info.name}, seeds {drawn[0].seed} to {drawn[-1].seed}")


@app.command("grow")
def grow_networks(
    latents: Annotated[list[str], typer.Argument(metavar="LATENT...", help="Files of latents, or seeds:1-5.")],
    networks: Annotated[list[str], typer.Option("--network", "-n", help="A network or a folder; can be repeated.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The sheet.")] = Path("growth.png"),
    pictures: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Also every picture as a file.")] = None,
    psi: Annotated[float, typer.Option(min=-2, max=2, help="Truncation of z.")] = 1.0,
    device: DeviceName = "cpu",
) -> None:
    """Draw the same latents with many networks: how they grew. A row for each latent, a column for each snapshot."""
    from livegan.core.files import check_outputs
    from livegan.core.progress import progress_bar
    from livegan.networks.library import find_networks
    from livegan.studio.network_draw import grow

    check_outputs(
        {"-o": output}, [*networks, *latents], in_new_folders=["-o"], replaces={"-o": (".png",)}, pictures=["-o"]
    )
    found = [info for name in networks for info in find_networks(name)]
    with ExitStack() as stack:
        rows, columns = grow(
            found, latents, output, pictures, psi, device,
            lambda total: stack.enter_context(progress_bar("drawing", total, "pictures")),
        )  # fmt: skip
    echo(f"{output}: {rows} latents through {columns} networks")
