"""The format of a training set: what is written is read, what is wrong is refused with a sentence."""

import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from livegan.core.types import Pixels
from livegan.datasets.dataset import ImageDataset, open_dataset
from livegan.datasets.writer import DatasetWriter
from livegan.errors import DatasetError


def picture(seed: int, size: tuple[int, int] = (8, 12)) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


def png(size: tuple[int, int] = (8, 12), mode: str = "RGB", kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture(0, size)).convert(mode).save(file, kind)
    return file.getvalue()


def packed(path: Path, files: dict[str, bytes], table: Any = None) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, data in files.items():
            file.writestr(name, data)
        if table is not None:
            file.writestr("dataset.json", table if isinstance(table, (str, bytes)) else json.dumps(table))
    return path


def written(path: Path, count: int = 6, classes: tuple[str, ...] = ("ash", "bloom", "coal")) -> Path:
    with DatasetWriter(path, (8, 12), classes) as writer:
        for i in range(count):
            writer.add(picture(i), i % len(classes) if classes else None)
    return path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    with open_dataset(written(tmp_path / "a.zip")) as pictures:
        assert (len(pictures), pictures.size, pictures.colours, pictures.c_dim) == (6, (8, 12), 3, 3)
        assert pictures.classes == ("ash", "bloom", "coal")
        for i in range(6):
            np.testing.assert_array_equal(pictures.picture(i), picture(i))
            assert pictures.label(i) == i % 3


def test_a_batch_is_pictures_and_one_hot_classes(tmp_path: Path) -> None:
    pixels, classes = open_dataset(written(tmp_path / "a.zip")).batch([4, 0, 4])
    assert tuple(pixels.shape) == (3, 3, 8, 12)
    np.testing.assert_array_equal(pixels[0].transpose(1, 2, 0), picture(4))
    assert classes.tolist() == [[0, 1, 0], [1, 0, 0], [0, 1, 0]]
    assert pixels.dtype == np.uint8
    assert classes.dtype == np.float32


def test_without_labels_there_are_no_classes(tmp_path: Path) -> None:
    pictures = open_dataset(written(tmp_path / "a.zip", classes=()))
    assert (pictures.classes, pictures.c_dim, pictures.label(0)) == ((), 0, -1)
    assert tuple(pictures.batch([0, 1])[1].shape) == (2, 0)


def test_the_layout_is_that_of_stylegan2_ada(tmp_path: Path) -> None:
    with zipfile.ZipFile(written(tmp_path / "a.zip", 1003)) as file:
        assert file.namelist()[0] == "00000/img00000000.png"
        assert file.namelist()[1000] == "00001/img00001000.png"
        assert {info.compress_type for info in file.infolist()} == {zipfile.ZIP_STORED}
        table = json.loads(file.read("dataset.json"))
    assert table["labels"][4] == ["00000/img00000004.png", 1]
    assert table["classes"] == ["ash", "bloom", "coal"]


def test_a_set_of_another_program_is_read(tmp_path: Path) -> None:
    files = {"00000/img00000001.png": png(), "00000/img00000000.png": png(mode="L"), "x.JPG": png(kind="JPEG")}
    names = sorted(files)
    table = {"labels": [[names[2], 0], [names[0], 2], [names[1], 1], ["gone.png", 9]]}
    pictures = open_dataset(packed(tmp_path / "a.zip", files, table))
    assert pictures.classes == ("0", "1", "2")
    assert [pictures.label(i) for i in range(3)] == [2, 1, 0]
    assert pictures.picture(0).shape == (8, 12, 3)


def test_labels_may_be_vectors(tmp_path: Path) -> None:
    table = {"labels": [["a.png", [0.5, -1.0]], ["b.png", [2, 3]]]}
    pictures = open_dataset(packed(tmp_path / "a.zip", {"a.png": png(), "b.png": png()}, table))
    assert (pictures.c_dim, pictures.classes, pictures.label(0)) == (2, (), -1)
    assert pictures.batch([1, 0])[1].tolist() == [[2, 3], [0.5, -1]]


@pytest.mark.parametrize("table", [None, {"labels": None}, {"labels": []}, {}])
def test_labels_may_be_missing(tmp_path: Path, table: Any) -> None:
    assert open_dataset(packed(tmp_path / "a.zip", {"a.png": png()}, table)).c_dim == 0


def test_a_folder_laid_out_the_same_is_read_the_same(tmp_path: Path) -> None:
    with zipfile.ZipFile(written(tmp_path / "a.zip")) as file:
        file.extractall(tmp_path / "b")
    (tmp_path / "b" / ".DS_Store").write_bytes(b"?")
    one, two = open_dataset(tmp_path / "a.zip"), open_dataset(tmp_path / "b")
    assert (one.names, one.classes, one.size) == (two.names, two.classes, two.size)
    np.testing.assert_array_equal(one.batch(range(6))[0], two.batch(range(6))[0])


def test_threads_may_share_a_set(tmp_path: Path) -> None:
    pictures = open_dataset(written(tmp_path / "a.zip", 40))
    with ThreadPoolExecutor(8) as pool:
        for i, pixels in enumerate(pool.map(pictures.picture, list(range(40)) * 5)):
            np.testing.assert_array_equal(pixels, picture(i % 40))


def test_the_same_pictures_are_the_same_bytes(tmp_path: Path) -> None:
    assert written(tmp_path / "a.zip").read_bytes() == written(tmp_path / "b.zip").read_bytes()


WRONG: dict[str, tuple[dict[str, bytes], Any, str]] = {
    "empty": ({}, None, "no pictures"),
    "another size": ({"a.png": png(), "b.png": png((9, 12))}, None, "b.png is 12x9, the others 12x8"),
    "no picture": ({"a.png": b"hello"}, None, "no PNG"),
    "absolute": ({"a.png": png(), "/b.png": png()}, None, "outside"),
    "above": ({"a.png": png(), "../b.png": png()}, None, "outside"),
    "a drive": ({"a.png": png(), "C:b.png": png()}, None, "outside"),
    "too small": ({"a.png": png((2, 2))}, None, "2x2"),
    "not JSON": ({"a.png": png()}, "{", "not JSON"),
    "deep JSON": ({"a.png": png()}, "[" * 100_000, "not JSON"),
    "not UTF-8": ({"a.png": png()}, b"\xff\xfe\xfa", "not JSON"),
    "a list": ({"a.png": png()}, [], "must be"),
    "no pairs": ({"a.png": png()}, {"labels": [["a.png"]]}, r"\[name, label\]"),
    "labels no list": ({"a.png": png()}, {"labels": {"a.png": 1}}, r"\[name, label\]"),
    "one missing": ({"a.png": png(), "b.png": png()}, {"labels": [["a.png", 0]]}, "no label for b.png"),
    "below zero": ({"a.png": png()}, {"labels": [["a.png", -1]]}, "-1"),
    "far too many": ({"a.png": png()}, {"labels": [["a.png", 10**30]]}, "a class is a number"),
    "a word": ({"a.png": png()}, {"labels": [["a.png", "cat"]]}, "whole numbers"),
    "a truth": ({"a.png": png()}, {"labels": [["a.png", True]]}, "whole numbers"),
    "not a number": ({"a.png": png()}, '{"labels": [["a.png", [NaN]]]}', "whole numbers"),
    "uneven": ({"a.png": png(), "b.png": png()}, {"labels": [["a.png", [1]], ["b.png", [1, 2]]]}, "one length"),
    "nameless": ({"a.png": png()}, {"labels": [["a.png", 3]], "classes": ["x"]}, "only 1 classes"),
    "names no list": ({"a.png": png()}, {"labels": [["a.png", 0]], "classes": [1]}, "list of names"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_set_is_refused(tmp_path: Path, what: str) -> None:
    files, table, sentence = WRONG[what]
    with pytest.raises(DatasetError, match=sentence):
        open_dataset(packed(tmp_path / "a.zip", files, table))


def test_what_is_no_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="there is no"):
        open_dataset(tmp_path / "gone.zip")
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 something else")
    with pytest.raises(DatasetError, match="no zip"):
        open_dataset(tmp_path / "a.zip")


def test_a_bomb_is_refused_before_it_goes_off(tmp_path: Path) -> None:
    large = png()[:16] + (60000).to_bytes(4) + (60000).to_bytes(4) + png()[24:]
    with pytest.raises(DatasetError, match="60000x60000"):
        open_dataset(packed(tmp_path / "a.zip", {"a.png": large}))
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.png", png() + bytes(30_000_000))
    with pytest.raises(DatasetError, match="far too long"):
        open_dataset(tmp_path / "b.zip")


def test_a_name_twice_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("a.png", png())
        with pytest.warns(UserWarning, match="Duplicate"):
            file.writestr("a.png", png())
    with pytest.raises(DatasetError, match="twice"):
        open_dataset(tmp_path / "a.zip")


def test_a_picture_that_breaks_later_is_named(tmp_path: Path) -> None:
    pictures = open_dataset(packed(tmp_path / "a.zip", {"a.png": png()[:60], "b.png": png()}))
    with pytest.raises(DatasetError, match=r"a\.png is broken"):
        pictures.picture(0)
    with DatasetWriter(tmp_path / "b.zip", (64, 64)) as writer:
        writer.add(picture(0, (64, 64)))
    turned = bytearray((tmp_path / "b.zip").read_bytes())
    turned[9000] ^= 255
    (tmp_path / "b.zip").write_bytes(turned)
    with pytest.raises(DatasetError, match="is broken"):
        open_dataset(tmp_path / "b.zip").picture(0)
    with pytest.raises(DatasetError, match="8 bits"):
        open_dataset(packed(tmp_path / "c.zip", {"a.png": _deep()})).picture(0)


def _deep() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.zeros((8, 12), np.uint16)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_a_set_that_is_not_finished_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    before = written(tmp_path / "a.zip").read_bytes()

    def half() -> None:
        with DatasetWriter(tmp_path / "a.zip", (8, 12)) as writer:
            writer.add(picture(0))
            assert len(list(tmp_path.iterdir())) == 2
            raise error

    with pytest.raises(error):
        half()
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]
    assert (tmp_path / "a.zip").read_bytes() == before


def test_a_writer_refuses_what_does_not_fit(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"call it .*a\.zip"):
        DatasetWriter(tmp_path / "a.tar", (8, 12))
    with pytest.raises(DatasetError, match="sides"):
        DatasetWriter(tmp_path / "a.zip", (1, 12))
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DatasetError, match="cannot be written"):
        DatasetWriter(tmp_path / "file" / "a.zip", (8, 12))
    with pytest.raises(DatasetError, match="no pictures"), DatasetWriter(tmp_path / "a.zip", (8, 12)):
        pass

    def add(classes: tuple[str, ...], *pictures: tuple[Pixels, int | None]) -> None:
        with DatasetWriter(tmp_path / "a.zip", (8, 12), classes) as writer:
            for pixels, label in pictures:
                writer.add(pixels, label)

    with pytest.raises(DatasetError, match="the set uint8"):
        add((), (picture(0, (8, 8)), None))
    with pytest.raises(DatasetError, match="no class 2"):
        add(("a", "b"), (picture(0), 2))
    with pytest.raises(DatasetError, match="or none"):
        add(("a",), (picture(0), 0), (picture(1), None))
    with pytest.raises(DatasetError, match="or none"):
        add((), (picture(0), None), (picture(1), 0))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_pictures_are_found_by_their_class(tmp_path: Path) -> None:
    pictures: ImageDataset = open_dataset(written(tmp_path / "a.zip", 9))
    assert {i for i in range(len(pictures)) if pictures.label(i) == 1} == {1, 4, 7}


def test_broken_bytes_are_never_more_than_a_sentence(tmp_path: Path) -> None:
    whole, rng, refused = written(tmp_path / "a.zip", 2).read_bytes(), np.random.default_rng(0), 0
    for turn in range(400):
        data = bytearray(whole)
        for _ in range(3):
            data[rng.integers(len(data)) if turn % 2 else -rng.integers(1, 400)] = rng.integers(256)
        (tmp_path / "b.zip").write_bytes(data)
        try:
            with open_dataset(tmp_path / "b.zip") as pictures:
                pictures.batch(range(len(pictures)))
        except DatasetError:
            refused += 1
    assert refused > 200


def test_a_disk_that_is_full_to_the_end_leaves_nothing(tmp_path: Path) -> None:
    class Full(io.BytesIO):
        def close(self) -> None:
            raise OSError(28, "No space left on device")

    def fill() -> None:
        with DatasetWriter(tmp_path / "a.zip", (8, 12)) as writer:
            assert writer._zip.fp is not None
            writer._zip.fp.close()
            writer._zip.fp = Full()
            raise DatasetError("no space left")

    with pytest.raises(DatasetError, match="no space left"):
        fill()
    assert not list(tmp_path.iterdir())
