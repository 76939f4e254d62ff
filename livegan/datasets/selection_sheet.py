"""Contact sheets of a selection: thumbnails with their scores, what is kept framed, what is left out dimmed."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFont

from livegan.core.images import write_png
from livegan.core.progress import ProgressCallback
from livegan.core.text import printable
from livegan.datasets.selection import Selection
from livegan.datasets.sources import read_picture
from livegan.errors import DatasetError

COLUMNS, ROWS = 10, 12  # of one sheet
THUMB_PX, TEXT_PX, GAP_PX = 168, 44, 10
HEAD_PX = 64
PAPER, CARD, INK, FAINT = (18, 18, 20), (32, 32, 36), (236, 236, 232), (150, 150, 152)
KEPT, OUT, SEEN = (88, 196, 120), (214, 92, 84), (250, 214, 90)  # frames; faces
DIMMED = 0.35


def write_sheets(selection: Selection, path: Path, report: ProgressCallback = lambda done: None) -> list[Path]:
    """Write NAME.png, and NAME-2.png and so on where one is not enough: kept pictures first, the best at the top."""
    places = sorted(range(len(selection)), key=lambda place: _rank(selection, place))
    each = COLUMNS * ROWS
    pages = [places[start : start + each] for start in range(0, len(places), each)]
    paths = []
    for number, page in enumerate(pages, 1):
        name = path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
        write_png(name, np.asarray(_sheet(selection, page, number, len(pages))), "--sheet")
        paths.append(name)
        report(min(len(places), number * each))
    return paths


def thumbnail(path: Path, side: int) -> Image.Image:
    """A picture in RGB, upright, no wider or higher than `side`; DatasetError if it is broken."""
    image = read_picture(path, about_px=2 * side, ground=None)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return image


def _rank(selection: Selection, place: int) -> tuple[bool, float, int]:
    return not selection.is_kept(place), -selection.entries[place].picture.measures.quality, place


def _sheet(selection: Selection, places: Sequence[int], number: int, pages: int) -> Image.Image:
    columns = min(COLUMNS, max(5, len(places)))
    rows = -(-len(places) // columns)
    wide, high = THUMB_PX + GAP_PX, THUMB_PX + TEXT_PX + GAP_PX
    sheet = Image.new("RGB", (columns * wide + GAP_PX, HEAD_PX + rows * high + GAP_PX), PAPER)
    pen = ImageDraw.Draw(sheet)
    names = ", ".join(folder.name for folder in selection.folders)
    kept = len(selection.kept())
    _text(pen, (GAP_PX + 4, 12), printable(names, 60), 20, INK, columns * wide)
    page = f"  ·  sheet {number} of {pages}" if pages > 1 else ""
    note = f"{kept} kept  ·  {len(selection) - kept} left out{page}"
    _text(pen, (GAP_PX + 4, 38), note, 14, FAINT, columns * wide)
    for at, place in enumerate(places):
        corner = GAP_PX + at % columns * wide, HEAD_PX + at // columns * high
        _cell(sheet, pen, selection, place, corner)
    return sheet


def _cell(sheet: Image.Image, pen: ImageDraw.ImageDraw, selection: Selection, place: int, at: tuple[int, int]) -> None:
    """One picture and what is said of it, its upper left corner at `at`."""
    picture, is_kept = selection.entries[place].picture, selection.is_kept(place)
    measures, (left, top) = picture.measures, at
    colour = KEPT if is_kept else OUT
    pen.rounded_rectangle((left, top, left + THUMB_PX, top + THUMB_PX + TEXT_PX), 6, CARD)
    try:
        image = thumbnail(picture.path, THUMB_PX - 8)
        if not is_kept:
            image = ImageEnhance.Brightness(ImageEnhance.Color(image).enhance(DIMMED)).enhance(0.5)
        x, y = left + (THUMB_PX - image.width) // 2, top + (THUMB_PX - image.height) // 2
        sheet.paste(image, (x, y))
        scale = image.width / max(1, measures.width)
        for face in measures.faces if is_kept else ():
            pen.rectangle([round(v * scale) + o for v, o in zip(face.box, (x, y, x, y), strict=True)], None, SEEN)
    except DatasetError:
        _text(pen, (left + 52, top + THUMB_PX // 2 - 8), "broken", 16, OUT, THUMB_PX)
    pen.rounded_rectangle((left, top + THUMB_PX, left + THUMB_PX, top + THUMB_PX + TEXT_PX), 6, CARD)
    pen.rectangle((left, top + THUMB_PX - 2, left + THUMB_PX, top + THUMB_PX), colour)
    person = f" · p{selection.choices[place].person}" if selection.choices[place].person else ""
    scores = f"{measures.sharpness:.0f} sharp · {100 * measures.exposure:.0f} light"
    faces = len(measures.faces)
    second = f"{selection.why(place)}{f' · {faces} faces' if faces > 1 else ''}{person}"
    _text(pen, (left + 8, top + THUMB_PX + 5), "" if measures.error else scores, 13, INK, THUMB_PX - 14)
    _text(pen, (left + 8, top + THUMB_PX + 23), second, 13, colour, THUMB_PX - 14)


def _text(
    pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str, size: int, colour: tuple[int, ...], width: int
) -> None:
    """A line of text, cut where it is wider than `width`."""
    font = ImageFont.load_default(size)
    while text and pen.textlength(text, font) > width:
        text = text[:-2].rstrip() + "…" if len(text) > 2 else ""
    pen.text(at, text, colour, font)
