"""Training sets of pictures as people have them: transparent, alike but for their colours, in zips."""

import io
import zipfile
from collections.abc import Sequence
from colorsys import hsv_to_rgb
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance
from typer.testing import CliRunner

from livegan.cli import app
from livegan.datasets import picture_zip
from livegan.datasets.choose import Entry, Rules, choose
from livegan.datasets.dataset import open_dataset
from livegan.datasets.make import DatasetOptions, expected_count, make_dataset
from livegan.datasets.measure import Measured, Meter, from_table, to_table
from livegan.datasets.writer import DatasetWriter
from livegan.errors import DatasetError

SMALL = DatasetOptions((32, 32))


def drawing(number: int, colour: tuple[int, int, int]) -> Image.Image:
    """A disc on nothing, somewhere else for each number."""
    image = Image.new("RGBA", (64, 64))
    left, top = 4 + 17 * (number % 3), 4 + 17 * (number // 3)
    ImageDraw.Draw(image).ellipse((left, top, left + 20, top + 20), fill=colour)
    return image


def disc(colour: Sequence[float], radius: int = 24) -> Image.Image:
    image = Image.new("RGB", (96, 96))
    fill = tuple(round(255 * value) for value in colour)
    ImageDraw.Draw(image).ellipse((48 - radius, 48 - radius, 48 + radius, 48 + radius), fill=fill)
    return image


def saved(folder: Path, images: Sequence[Image.Image]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(images):
        image.save(folder / f"{number}.png")
    return folder


def packed(path: Path, images: dict[str, Image.Image], **others: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, image in images.items():
            data = io.BytesIO()
            image.save(data, "PNG")
            file.writestr(name, data.getvalue())
        for name, content in others.items():
            file.writestr(name.replace("_", "."), content)
    return path


def typed(*words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def corner(path: Path, number: int) -> list[int]:
    with open_dataset(path) as pictures:
        colour: list[int] = pictures.picture(number)[0, 0].tolist()
    return colour


def test_dark_drawings_on_nothing_lie_on_white_and_bright_ones_on_black(tmp_path: Path) -> None:
    folder = saved(tmp_path / "in", [drawing(number, (0, 0, 0)) for number in range(6)])
    drawing(6, (255, 255, 200)).save(folder / "6.png")
    drawing(7, (0, 0, 0)).convert("RGB").save(folder / "7.png")  # opaque, and black all over
    Image.new("RGBA", (64, 64), (0, 90, 0, 255)).save(folder / "8.png")  # opaque too
    report = make_dataset(folder, tmp_path / "out.zip", SMALL)
    assert (report.kept, report.duplicates) == (9, 0)
    assert report.grounds == {"white": 6, "black": 1}
    assert corner(tmp_path / "out.zip", 0) == [255, 255, 255]
    assert corner(tmp_path / "out.zip", 6) == [0, 0, 0]
    report = make_dataset(folder, tmp_path / "b.zip", DatasetOptions((32, 32), background="white"))
    assert report.grounds == {"white": 7}
    assert corner(tmp_path / "b.zip", 6) == [255, 255, 255]


def test_what_was_laid_under_transparent_pictures_is_said(tmp_path: Path) -> None:
    folder = saved(tmp_path / "in", [drawing(number, (9, 9, 9)) for number in range(3)])
    said = typed("dataset", folder, "-o", tmp_path / "out.zip", "--size", 32)
    assert "3 pictures are transparent: white was laid under them (for black: --background black)" in said
    said = typed("dataset", folder, "-o", tmp_path / "b.zip", "--size", 32, "--duplicates", "--background", "black")
    assert "black was laid under them (for white: --background white)" in said


@pytest.mark.parametrize(
    "images",
    [
        [disc(hsv_to_rgb(hue / 8, 1, 1), radius) for radius in (12, 24, 40) for hue in range(8)],
        [Image.new("RGB", (64, 64), colour) for colour in ("red", "green", "blue", "yellow")],
        [Image.new("RGB", (64, 64), (grey, grey, grey)) for grey in range(20, 221, 40)],
    ],
    ids=["hues of a disc", "coloured sheets", "grey sheets"],
)
def test_pictures_of_other_colours_are_no_duplicates(images: list[Image.Image], tmp_path: Path) -> None:
    folder = saved(tmp_path / "in", images)
    report = make_dataset(folder, tmp_path / "out.zip", SMALL)
    assert (report.kept, report.duplicates) == (len(images), 0)
    meter = Meter()
    entries = [
        Entry(Measured(path, path.name, meter.measure(path), 100.0 * number), folder=0)
        for number, path in enumerate(sorted(folder.iterdir()))
    ]
    assert all(choice.why != "near-duplicate" for choice in choose(entries, Rules(by="quality")))
    measures = entries[0].picture.measures
    assert from_table(to_table(measures)) == measures


def photograph() -> Image.Image:
    """Colours with as much of each size as photographs have: 1 over the frequency."""
    noise = np.fft.rfft2(np.random.default_rng(5).normal(size=(3, 192, 192)))
    frequency = np.hypot(np.fft.fftfreq(192)[:, None], np.fft.rfftfreq(192)) + 1 / 192
    colours = np.fft.irfft2(noise / frequency**1.5)
    colours = 110 + 45 * colours / colours.std()
    return Image.fromarray(colours.clip(0, 255).astype(np.uint8).transpose(1, 2, 0))


def test_copies_of_a_picture_are_still_duplicates(tmp_path: Path) -> None:
    whole = photograph()
    folder = saved(tmp_path / "in", [whole])
    whole.save(folder / "jpeg.jpg", quality=30)
    whole.crop((1, 1, 191, 191)).save(folder / "crop.png")
    whole.resize((77, 77)).save(folder / "small.png")
    ImageEnhance.Brightness(whole).enhance(1.06).save(folder / "bright.png")
    ImageEnhance.Brightness(whole).enhance(0.88).save(folder / "dark.png")
    report = make_dataset(folder, tmp_path / "out.zip", SMALL)
    assert (report.kept, report.duplicates) == (1, 5)


def test_a_few_duplicates_are_named_with_how_to_keep_them(tmp_path: Path) -> None:
    for name in ("b/dup1.png", "b/dup2.png", "b/dup3.png", "c/1.png", "c/2.png"):
        saved(tmp_path / "in" / name.split("/")[0], [])
        photograph().save(tmp_path / "in" / name)
    said = typed("dataset", tmp_path / "in", "-o", tmp_path / "out.zip", "--size", 32)
    assert "left out: 4 duplicates (b/dup2.png looks like b/dup1.png, b/dup3.png looks like b/dup1.png" in said
    assert "...); to keep them, add --duplicates" in said
    assert ": 5 pictures" in typed("dataset", tmp_path / "in", "-o", tmp_path / "b.zip", "--size", 32, "--duplicates")


def test_a_zip_of_pictures_is_a_source(tmp_path: Path) -> None:
    images = {
        f"photos/{kind}/{n}.png": disc(hsv_to_rgb(n / 3, 1, v)) for v, kind in ((1, "a"), (0.5, "b")) for n in range(3)
    }
    path = packed(tmp_path / "photos.zip", images, notes_txt=b"?")
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("photos/a/broken.png", b"hello")
        file.writestr("__MACOSX/photos/a/._0.png", b"?")
    assert expected_count(path, SMALL) == 7
    report = make_dataset(path, tmp_path / "out.zip", DatasetOptions((32, 32), labels=True))
    assert (report.kept, report.classes, report.per_class) == (6, ("a", "b"), (3, 3))
    assert dict(report.skipped) == {".txt": 1}
    assert [name for name, _ in report.broken] == ["photos/a/broken.png"]
    assert ": 6 pictures" in typed("dataset", path, "-o", tmp_path / "b.zip", "--size", 32)


def test_a_set_that_livegan_made_is_a_source_with_its_classes(tmp_path: Path) -> None:
    made = tmp_path / "src-64.zip"
    with DatasetWriter(made, (64, 64), ("silk", "flow")) as writer:
        for number in range(4):
            writer.add(np.asarray(disc(hsv_to_rgb(number / 4, 1, 1)).resize((64, 64))), number % 2)
    said = typed("dataset", made, "-o", tmp_path / "out.zip", "--size", 32, "--labels")
    assert "4 pictures of 2 classes (silk, flow)" in said
    with open_dataset(tmp_path / "out.zip") as pictures:
        assert [pictures.label(number) for number in range(4)] == [0, 1, 0, 1]
    assert "left out" not in typed("dataset", made, "-o", tmp_path / "b.zip", "--size", 32)
    with DatasetWriter(tmp_path / "plain.zip", (64, 64)) as writer:
        writer.add(np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(DatasetError, match="no classes; leave --labels away"):
        make_dataset(tmp_path / "plain.zip", tmp_path / "c.zip", DatasetOptions((32, 32), labels=True))


def test_bad_zips_are_refused_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(tmp_path / "out.zip", {"../evil.png": disc((1, 1, 1))})
    with pytest.raises(DatasetError, match="would lie outside of it"):
        make_dataset(path, tmp_path / "set.zip", SMALL)
    (tmp_path / "cut.zip").write_bytes(packed(tmp_path / "whole.zip", {"a.png": disc((1, 1, 1))}).read_bytes()[:200])
    with pytest.raises(DatasetError, match=r"cut\.zip' is no whole zip .*; copy or pack it again"):
        make_dataset(tmp_path / "cut.zip", tmp_path / "set.zip", SMALL)
    with pytest.raises(DatasetError, match=r"there are no pictures in .*1 \.txt"):
        make_dataset(packed(tmp_path / "text.zip", {}, a_txt=b"?"), tmp_path / "set.zip", SMALL)
    with pytest.raises(DatasetError, match=r"there is no '.*nothing\.zip'; give a folder or a zip"):
        typed("dataset", tmp_path / "nothing.zip", "-o", tmp_path / "set.zip")
    with pytest.raises(DatasetError, match="--every does not belong to a zip of pictures"):
        typed("dataset", tmp_path / "whole.zip", "-o", tmp_path / "set.zip", "--every", 2)
    two = packed(tmp_path / "two.zip", {"a.png": disc((1, 1, 1)), "b.tif": Image.new("RGB", (64, 64))})
    monkeypatch.setattr(picture_zip, "MAX_PICTURE_BYTES", 300)
    report = make_dataset(two, tmp_path / "set.zip", SMALL)
    assert (report.kept, [name for name, why in report.broken if "longer" in why]) == (1, ["a.png"])
