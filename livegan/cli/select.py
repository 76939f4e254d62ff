"""Command `livegan select`: choose pictures for a training set. Heavy imports happen inside, as in `livegan.cli`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from livegan.cli.output import echo, show
from livegan.core.text import counted
from livegan.errors import DatasetError

if TYPE_CHECKING:
    from livegan.datasets.choose import Rules
    from livegan.datasets.measure import Measured, Meter
    from livegan.datasets.selection import Selection


def select(
    folders: Annotated[list[Path], typer.Argument(metavar="FOLDER...", help="Folders of pictures; only ever read.")],
    secondary: Annotated[
        list[Path] | None, typer.Option(metavar="FOLDER", help="A folder whose pictures come second; can be repeated.")
    ] = None,
    count: Annotated[int | None, typer.Option(min=1, help="At most so many pictures; else all that pass.")] = None,
    by: Annotated[
        Literal["faces", "quality"],
        typer.Option(help="Which come first: with a face, near one, by lot; or the sharp, well exposed ones."),
    ] = "faces",
    sharpness: Annotated[float, typer.Option(min=0, help="Leave out blurred ones; 100 is usual.")] = 0.0,
    exposure: Annotated[
        float, typer.Option(min=0, max=1, help="Leave out dark, burnt, flat ones; 0.5 is usual.")
    ] = 0.0,
    face_size: Annotated[
        float, typer.Option(min=0, max=1, help="Leave out faces smaller than this share of the picture, and none.")
    ] = 0.0,
    faces: Annotated[int | None, typer.Option(min=0, help="Only pictures with exactly so many faces.")] = None,
    per_person: Annotated[
        int | None, typer.Option(min=1, help="At most so many pictures of each person (needs dlib).")
    ] = None,
    duplicates: Annotated[
        bool, typer.Option("--duplicates/--no-duplicates", help="Keep pictures that look like a better one.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another lot.")] = 1234,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The selection: FOLDER-selection.json.")] = None,
    table: Annotated[Path | None, typer.Option(metavar="FILE.csv", help="Also a table for spreadsheets.")] = None,
    sheet: Annotated[Path | None, typer.Option(metavar="FILE.png", help="Also contact sheets.")] = None,
    page: Annotated[bool, typer.Option("--page", help="Keep and reject by hand in the browser.")] = False,
    host: Annotated[
        str, typer.Option(help="--page: address to listen on; 0.0.0.0 lets a phone in your network see it.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="--page: port; 0: any.")] = 0,
    copy_to: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Copy the chosen pictures into it.")] = None,
    link: Annotated[bool, typer.Option("--link", help="--copy-to: links instead of copies.")] = False,
    afresh: Annotated[bool, typer.Option("--afresh", help="Forget what was decided by hand.")] = False,
    broken: Annotated[bool, typer.Option("--broken", help="Only list the files that cannot be read.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be chosen; write nothing.")] = False,
) -> None:
    """Choose pictures for a training set by sharpness, exposure, faces. Originals stay as they are."""
    from livegan.core.files import check_outputs
    from livegan.datasets.choose import Rules
    from livegan.datasets.copies import check_folder, copy_pictures
    from livegan.datasets.selection import Selection, read_hands

    folders = [_folder(path) for path in folders]
    seconds = [_folder(path) for path in secondary or []]
    path = output or Path(f"{folders[0].name or 'pictures'}-selection.json")
    if path.suffix.lower() != ".json":
        raise DatasetError(f"a selection is a .json file; call it {path.with_suffix('.json')} rather than {path}")
    if page and dry_run:
        raise DatasetError("--dry-run writes nothing, and --page saves every decision; leave one of them out")
    if link and copy_to is None:
        raise DatasetError("--link says how the chosen pictures come into a folder; add --copy-to FOLDER")
    outputs = {"-o": path, "--table": table, "--sheet": sheet}
    check_outputs(
        outputs, in_new_folders=outputs, replaces={"--table": (".csv",), "--sheet": (".png",)}, pictures=["--sheet"]
    )
    if copy_to is not None:
        check_folder(copy_to, [*folders, *seconds])
    rules = Rules(count, by, sharpness, exposure, face_size, faces, duplicates, per_person, seed)
    hands = {} if afresh or broken else read_hands(path)
    selection = Selection(folders, seconds, _measured([*folders, *seconds], _meter(rules)), rules, hands)
    if broken:
        show("\n".join(f"{file}: {why}" for file, why in selection.broken()) or "every picture can be read")
        return
    if not dry_run:
        selection.save(path)
    if page:
        _decide_on_page(selection, path, host, port)
    show("\n".join(selection.summary()))
    for file, why in selection.broken():
        echo(f"broken: {file}: {why}")
    if dry_run:
        echo("nothing was written: --dry-run")
        return
    if table is not None:
        selection.save_table(table)
    if sheet is not None:
        _write_sheets(selection, sheet)
    if copy_to is not None:
        from livegan.core.progress import progress_bar

        kept = selection.kept()
        with progress_bar("copying", len(kept), "pictures") as done:
            copies = copy_pictures(kept, copy_to, link, done)
        others = f"; {counted(copies.others, 'file')} there not of this selection" if copies.others else ""
        echo(f"{copy_to}: {counted(copies.made, 'picture')} new, {copies.there} there already{others}")
    _echo_next(selection, path)


def _folder(path: Path) -> Path:
    """A folder of pictures, by its whole path; DatasetError if there is none."""
    if not path.is_dir():
        raise DatasetError(f"there is no folder '{path}'; type: livegan select FOLDER")
    return path.resolve()


def _meter(rules: "Rules") -> "Meter":
    """What measures the pictures, with what is installed; DatasetError if the rules need what is not."""
    from livegan.datasets.faces import INSTALL, detector_name, face_finder
    from livegan.datasets.identities import can_embed, face_embedder
    from livegan.datasets.measure import Meter

    detector = detector_name()
    if detector is None and (rules.min_face > 0 or rules.faces is not None or rules.per_person is not None):
        face_finder()  # says what to type
    if detector is None and rules.by == "faces":
        echo(f"no faces are looked for, as no detector is installed; type: {INSTALL}")
    embed = face_embedder() if can_embed() or rules.per_person is not None else None
    return Meter(face_finder() if detector else None, embed, f"{detector}{'+persons' if embed else ''}")


def _measured(folders: list[Path], meter: "Meter") -> "list[list[Measured]]":
    """The measured pictures of each folder; no picture twice."""
    from livegan.core.progress import progress_bar
    from livegan.datasets.measure import measure_pictures
    from livegan.datasets.measure_cache import MeasureCache, default_cache
    from livegan.datasets.sources import list_folder, skipped_text

    seen: set[Path] = set()
    files: list[list[Path]] = []
    for folder in folders:
        listing = list_folder(folder)
        if listing.skipped:
            echo(f"{folder}: {skipped_text(listing.skipped)}")
        inside = [folder / name for name in listing.pictures]
        files.append([file for file in inside if file.resolve() not in seen])
        seen.update(file.resolve() for file in inside)
    total = sum(map(len, files))
    if not total:
        raise DatasetError(f"there are no pictures in '{folders[0]}'; type: livegan select FOLDER")
    try:
        with MeasureCache(default_cache()) as cache, progress_bar("measuring", total, "pictures") as done:
            flat = measure_pictures([file for of_folder in files for file in of_folder], meter, cache, done)
    except KeyboardInterrupt:
        echo("stopped; what was measured is kept: type the same again to go on")
        raise
    pictures = iter(flat)
    return [[next(pictures) for _ in of_folder] for of_folder in files]


def _echo_next(selection: "Selection", path: Path) -> None:
    """Say where the selection is, and what to type next."""
    from livegan.core.text import quoted

    kept = len(selection.kept())
    count = selection.rules.count
    rejected = any(hand == "reject" for hand in selection.hands)
    if rejected and count is not None and kept < min(count, len(selection)):
        echo(f"{count - kept} fewer than --count {count}: type the same again, without --page, and others come in")
    echo(f"{path}: {counted(kept, 'picture')} of {len(selection)}. Make a set: livegan dataset {quoted(path)}")


def _decide_on_page(selection: "Selection", path: Path, host: str, port: int) -> None:
    """Serve the page until "done"; Ctrl-C ends the command, with every decision saved."""
    from livegan.web.keep_page import serve_keep_page

    def tell(address: str) -> None:
        echo(f"open this in a browser, then keep (K) and reject (R): {address}")
        echo("every decision is saved at once; it ends with Done on the page, or Ctrl-C here")

    try:
        serve_keep_page(selection, lambda: selection.save(path), host, port, tell)
    except KeyboardInterrupt:
        echo(f"stopped; every decision is in {path}: type the same again to go on")
        raise


def _write_sheets(selection: "Selection", path: Path) -> None:
    """Write the contact sheets of a selection."""
    from livegan.core.progress import progress_bar
    from livegan.datasets.selection_sheet import write_sheets

    with progress_bar("drawing", len(selection), "pictures") as done:
        sheets = write_sheets(selection, path, done)
    echo(f"contact sheet: {', '.join(map(str, sheets))}")
