"""Training sets of folders, films, cameras and motifs."""

import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch
from PIL import Image

from livegan.core.clock import ManualClock
from livegan.core.types import Pixels
from livegan.datasets import faces as dataset_faces
from livegan.datasets import make as dataset_make
from livegan.datasets.cameras import Camera, open_camera
from livegan.datasets.dataset import open_dataset
from livegan.datasets.faces import Face
from livegan.datasets.filters import DuplicateFilter, perceptual_hash, sharpness
from livegan.datasets.make import Crop, DatasetOptions, expected_count, fit, make_dataset
from livegan.datasets.patterns import make_patterns
from livegan.datasets.sources import (
    Ground,
    Laid,
    film_pictures,
    read_laid,
    read_picture,
    readable_formats,
    skipped_text,
)
from livegan.errors import DatasetError
from livegan.motifs import pictures as motif_pictures

SMALL = DatasetOptions((32, 32))


def blobs(seed: int, size: tuple[int, int] = (48, 64)) -> Pixels:
    """A picture with slow shapes: each seed looks different."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize(size[::-1], Image.Resampling.BICUBIC))


def saved(path: Path, pixels: Pixels, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for i in range(3):
        saved(tmp_path / "in" / "birds" / f"{i}.png", blobs(i))
        saved(tmp_path / "in" / "cats" / "deep" / f"{i}.jpg", blobs(10 + i))
    (tmp_path / "in" / "birds" / "notes.txt").write_text("not a picture")
    (tmp_path / "in" / "birds" / ".hidden.png").write_bytes(b"")
    return tmp_path / "in"


def film(path: Path, count: int = 30, fps: int = 10) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for i in range(count):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(blobs(i), "rgb24")))
        container.mux(stream.encode(None))
    return path


def test_a_folder_becomes_a_set(folder: Path, tmp_path: Path) -> None:
    told: list[int] = []
    report = make_dataset(folder, tmp_path / "out.zip", SMALL, told.append)
    assert (report.kept, report.broken, report.classes) == (6, (), ())
    assert told == [1, 2, 3, 4, 5, 6]
    assert expected_count(folder, SMALL) == 6
    pictures = open_dataset(tmp_path / "out.zip")
    np.testing.assert_array_equal(pictures.picture(0), fit(Image.fromarray(blobs(0)), (32, 32), "center"))


def test_sub_folders_become_classes(folder: Path, tmp_path: Path) -> None:
    report = make_dataset(folder, tmp_path / "out.zip", DatasetOptions((32, 32), labels=True))
    assert (report.classes, report.per_class) == (("birds", "cats"), (3, 3))
    pictures = open_dataset(tmp_path / "out.zip")
    assert [pictures.label(i) for i in range(6)] == [0, 0, 0, 1, 1, 1]
    saved(folder / "outside.png", blobs(50))
    with pytest.raises(DatasetError, match=r"there is 1 picture of .* outside of them"):
        make_dataset(folder, tmp_path / "b.zip", DatasetOptions((32, 32), labels=True))


def test_a_class_of_which_nothing_is_left_is_none(folder: Path, tmp_path: Path) -> None:
    saved(folder / "aaa" / "flat.png", np.zeros((40, 40, 3), np.uint8))
    report = make_dataset(folder, tmp_path / "out.zip", DatasetOptions((32, 32), labels=True, min_sharpness=0.5))
    assert (report.classes, report.per_class, report.blurred) == (("birds", "cats"), (3, 3), 1)
    assert open_dataset(tmp_path / "out.zip").label(0) == 0


def test_broken_pictures_are_reported_and_passed_over(folder: Path, tmp_path: Path) -> None:
    whole = (folder / "birds" / "0.png").read_bytes()
    (folder / "birds" / "half.png").write_bytes(whole[: len(whole) // 2])
    (folder / "birds" / "text.jpg").write_text("hello")
    (folder / "birds" / "empty.png").write_bytes(b"")
    bomb = whole[:16] + (50000).to_bytes(4) * 2 + whole[24:]
    (folder / "birds" / "bomb.png").write_bytes(bomb)
    report = make_dataset(folder, tmp_path / "out.zip", SMALL)
    assert report.kept == 6
    assert [name for name, _ in report.broken] == [
        f"birds/{n}" for n in ("bomb.png", "empty.png", "half.png", "text.jpg")
    ]
    assert all(why for _, why in report.broken)


def test_if_nothing_is_left_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_text("hello")
    with pytest.raises(DatasetError, match=r"no picture of .* is left \(1 broken; a\.png: it is no picture\)"):
        make_dataset(tmp_path / "in", tmp_path / "out.zip", SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_the_same_folder_is_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    make_dataset(folder, tmp_path / "a.zip", SMALL, threads=1)
    make_dataset(folder, tmp_path / "b.zip", SMALL, threads=4)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_nothing_is_overwritten_unasked(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out.zip").write_text("precious")
    with pytest.raises(DatasetError, match="--overwrite"):
        make_dataset(folder, tmp_path / "out.zip", SMALL)
    assert (tmp_path / "out.zip").read_text() == "precious"
    assert make_dataset(folder, tmp_path / "out.zip", SMALL, overwrite=True).kept == 6


def test_ctrl_c_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    def stop(done: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_dataset(folder, tmp_path / "out.zip", SMALL, stop)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_duplicates_are_left_out(folder: Path, tmp_path: Path) -> None:
    saved(folder / "zz" / "again.jpg", blobs(0), quality=60)
    saved(folder / "zz" / "larger.png", np.asarray(Image.fromarray(blobs(1)).resize((256, 192))))
    report = make_dataset(folder, tmp_path / "a.zip", SMALL)
    assert (report.kept, report.duplicates) == (6, 2)
    assert make_dataset(folder, tmp_path / "b.zip", DatasetOptions((32, 32), duplicates=False)).kept == 8


def test_hashes_tell_pictures_apart() -> None:
    hashes = DuplicateFilter()
    assert all(hashes.earlier(str(seed), blobs(seed)) is None for seed in range(1500))
    assert all(hashes.earlier("again", blobs(seed)) == str(seed) for seed in range(0, 1500, 100))
    assert perceptual_hash(np.zeros((32, 32, 3), np.uint8)) == perceptual_hash(np.full((32, 32, 3), 200, np.uint8)) == 0


def test_blurred_pictures_are_left_out(folder: Path, tmp_path: Path) -> None:
    sharp = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    saved(folder / "sharp.png", sharp)
    assert sharpness(sharp) > 1000 > 200 > sharpness(blobs(0))
    report = make_dataset(folder, tmp_path / "out.zip", DatasetOptions((32, 32), min_sharpness=1000))
    assert (report.kept, report.blurred) == (1, 6)


def test_only_faces_are_kept(folder: Path, tmp_path: Path) -> None:
    face = Face((0, 0, 9, 9), ((3, 3), (6, 3)))
    seen = iter([[face], [], [face, face], [face], [], []])
    report = make_dataset(
        folder, tmp_path / "out.zip", DatasetOptions((32, 32), faces=True), face_detector=lambda pixels: next(seen)
    )
    assert (report.kept, report.faceless) == (3, 3)


def test_without_a_detector_faces_say_what_to_type(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset_faces, "detector_name", lambda: None)
    with pytest.raises(DatasetError, match="pip install"):
        make_dataset(folder, tmp_path / "out.zip", DatasetOptions((32, 32), faces=True))


def test_small_pictures_are_counted(folder: Path, tmp_path: Path) -> None:
    saved(folder / "small.png", blobs(77, (20, 64)))
    assert make_dataset(folder, tmp_path / "a.zip", SMALL).enlarged == 1
    assert make_dataset(folder, tmp_path / "b.zip", DatasetOptions((32, 32), crop="wide")).enlarged == 0


@pytest.mark.parametrize("size", [(32, 32), (18, 32), (32, 18), (5, 200)])
@pytest.mark.parametrize("crop", ["center", "none", "wide"])
def test_every_picture_is_made_to_measure(size: tuple[int, int], crop: Crop) -> None:
    for shape in ((48, 64), (64, 48), (1, 90), (7, 7)):
        assert fit(Image.fromarray(blobs(0, shape)), size, crop).shape == (*size, 3)


def test_crops_are_what_they_say() -> None:
    pixels = np.zeros((30, 90, 3), np.uint8)
    pixels[:, 30:60] = (255, 0, 0)
    image = Image.fromarray(pixels)
    assert (fit(image, (10, 10), "center")[:, 3:-3] == (255, 0, 0)).all()
    squeezed = fit(image, (9, 9), "none")
    assert squeezed[4, 4].tolist() == [255, 0, 0]
    assert squeezed[4, 0].max() <= 2
    wide = fit(Image.fromarray(np.full((30, 90, 3), 255, np.uint8)), (90, 90), "wide")
    assert wide[30:60].all()
    assert not wide[:30].any()
    assert not wide[60:].any()


def test_pictures_of_every_kind_are_read(tmp_path: Path) -> None:
    red = np.full((20, 30, 4), (255, 0, 0, 128), np.uint8)
    Image.fromarray(red).save(tmp_path / "clear.png")
    assert read_picture(tmp_path / "clear.png").getpixel((0, 0)) == (128, 0, 0)  # on black, as everywhere but in sets
    assert read_picture(tmp_path / "clear.png", ground=None).getpixel((0, 0)) == (255, 127, 127)  # dark: on white
    Image.fromarray(np.full((20, 30), 32896, np.uint16)).save(tmp_path / "deep.png")
    assert read_picture(tmp_path / "deep.png").getpixel((0, 0)) == (128, 128, 128)
    Image.fromarray(np.full((20, 30), 0.5, np.float32)).save(tmp_path / "light.tif")
    assert read_picture(tmp_path / "light.tif").getpixel((0, 0)) == (128, 128, 128)
    image = Image.fromarray(blobs(0))
    for name in ("a.gif", "a.bmp", "a.webp", "a.tiff"):
        image.save(tmp_path / name)
        assert read_picture(tmp_path / name).mode == "RGB"
    image.convert("CMYK").save(tmp_path / "print.jpg")
    assert read_picture(tmp_path / "print.jpg").mode == "RGB"
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    image.save(tmp_path / "phone.jpg", exif=exif)
    assert read_picture(tmp_path / "phone.jpg").size == (48, 64)


def test_a_film_gives_a_picture_every_so_often(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mkv")
    taken = [np.asarray(image, np.int16) for image in film_pictures(path, 0.5)]
    assert len(taken) == expected_count(path, DatasetOptions(every_s=0.5)) == 6
    for number, pixels in enumerate(taken):
        apart = [np.abs(pixels - blobs(i)).mean() for i in range(30)]
        assert int(np.argmin(apart)) == 5 * number
    assert len(list(film_pictures(path, 0.01))) == 30
    assert len(list(film_pictures(path, 100.0))) == 1
    report = make_dataset(path, tmp_path / "out.zip", DatasetOptions((32, 32), every_s=0.5, limit=4))
    assert report.kept == len(open_dataset(tmp_path / "out.zip")) == 4


def test_what_is_no_film_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("hello")
    with pytest.raises(DatasetError, match="no film"):
        make_dataset(tmp_path / "a.mp4", tmp_path / "out.zip", SMALL)
    assert not (tmp_path / "out.zip").exists()


def test_a_camera_gives_as_many_as_wished(tmp_path: Path) -> None:
    clock, asked = ManualClock(), []

    def opened(name: str) -> Camera:
        asked.append(name)
        return open_camera("fake", size=(64, 48), clock=clock)

    options = DatasetOptions((32, 32), limit=5, duplicates=False)
    report = make_dataset("camera:2", tmp_path / "out.zip", options, opened=opened)
    assert (report.kept, asked) == (5, ["camera:2"])
    assert 4 <= clock.now() < 4.1  # one a second
    with open_camera("fake", size=(64, 48), clock=ManualClock()) as camera:
        first = camera.read(1.0)
    assert first is not None
    pictures = open_dataset(tmp_path / "out.zip")
    np.testing.assert_array_equal(pictures.picture(0), fit(Image.fromarray(first.pixels), (32, 32), "center"))


def test_a_camera_that_is_unplugged_keeps_what_there_is(tmp_path: Path) -> None:
    options = DatasetOptions((32, 32), limit=50, every_s=0.1, duplicates=False)

    def opened(name: str) -> Camera:
        return open_camera("fake:unplugs", clock=ManualClock())

    report = make_dataset("camera", tmp_path / "out.zip", options, opened=opened)
    assert report.kept == 20  # in the two seconds until it is unplugged
    assert "no more pictures" in report.broken[0][1]


def test_a_missing_camera_is_reported(tmp_path: Path) -> None:
    if sys.platform == "linux":
        with pytest.raises(DatasetError, match="camera:99"):
            make_dataset("camera:99", tmp_path / "out.zip", DatasetOptions((32, 32), limit=5))
    with pytest.raises(DatasetError, match="--limit"):
        make_dataset("camera", tmp_path / "out.zip", SMALL)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (DatasetOptions((2, 32)), "sides"),
        (DatasetOptions(crop="round"), "--crop"),  # type: ignore[arg-type]
        (DatasetOptions(every_s=0), "every 0 s"),
        (DatasetOptions(every_s=float("nan")), "every nan s"),
        (DatasetOptions(limit=0), "limit"),
    ],
)
def test_impossible_wishes_are_refused(folder: Path, tmp_path: Path, options: DatasetOptions, sentence: str) -> None:
    with pytest.raises(DatasetError, match=sentence):
        make_dataset(folder, tmp_path / "out.zip", options)


def test_sources_that_are_none_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="there is no"):
        make_dataset(tmp_path / "gone", tmp_path / "out.zip", SMALL)
    (tmp_path / "bare").mkdir()
    with pytest.raises(DatasetError, match="no pictures in"):
        make_dataset(tmp_path / "bare", tmp_path / "out.zip", SMALL)
    with pytest.raises(DatasetError, match="sub-folders"):
        make_dataset(film(tmp_path / "a.mkv", 3), tmp_path / "out.zip", DatasetOptions((32, 32), labels=True))


Drawn = list[tuple[str, tuple[int, ...], tuple[int, ...]]]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Drawn:
    """What the motifs were asked for; they are bars of the latents."""
    calls: Drawn = []

    def bars(
        name: str, knobs: torch.Tensor, size: tuple[int, int], layouts: Sequence[int] = (0,), finer: int = 2
    ) -> torch.Tensor:
        assert finer == 2
        calls.append((name, tuple(layouts), tuple(knobs.shape)))
        height, width = size
        light = torch.sigmoid(knobs)[:, None, :, None].expand(-1, 3, -1, width)
        return light.repeat_interleave(height // 8, 2)

    monkeypatch.setattr(motif_pictures, "draw", bars)
    return calls


def test_patterns_have_equally_many_of_each_class(drawn: Drawn, tmp_path: Path) -> None:
    told: list[int] = []
    report = make_patterns(tmp_path / "a.zip", (16, 24), 12 * 20 + 2, report=told.append)
    assert told == list(range(1, 243))
    assert (report.kept, report.per_class[:3]) == (242, (21, 21, 20))
    pictures = open_dataset(tmp_path / "a.zip")
    assert (pictures.size, pictures.classes, len(pictures)) == ((16, 24), report.classes, 242)
    assert len(pictures.classes) == 12
    labels = [pictures.label(i) for i in range(242)]
    assert [labels.count(label) for label in range(12)] == list(report.per_class)
    assert len({pictures.picture(i).tobytes() for i in range(242)}) == 242
    seeds = [seed for _, layouts, _ in drawn for seed in layouts]
    assert len(set(seeds)) == 242


def test_patterns_of_few_layouts(drawn: Drawn, tmp_path: Path) -> None:
    make_patterns(tmp_path / "a.zip", (16, 16), 12 * 20, layouts=3)
    of_silk = [seed for name, layouts, _ in drawn if name == "silk" for seed in layouts]
    assert of_silk == [place % 3 for place in range(20)]


def test_the_seed_decides_patterns(drawn: Drawn, tmp_path: Path) -> None:
    def made(name: str, seed: int, count: int = 48) -> Path:
        make_patterns(tmp_path / name, (16, 16), count, seed, threads=1)
        return tmp_path / name

    one = made("a.zip", 1).read_bytes()
    assert one == made("b.zip", 1).read_bytes()
    assert one != made("c.zip", 2).read_bytes()
    short, long = open_dataset(tmp_path / "a.zip"), open_dataset(made("d.zip", 1, 480))

    def silk(pictures: Any) -> list[bytes]:
        return [pictures.picture(i).tobytes() for i in range(len(pictures)) if pictures.label(i) == 0]

    assert silk(short) == silk(long)[:4]


def test_patterns_keep_the_number_of_threads(drawn: Drawn, tmp_path: Path) -> None:
    before = torch.get_num_threads()
    make_patterns(tmp_path / "a.zip", (16, 16), 12, threads=before + 1)
    assert torch.get_num_threads() == before


def test_too_few_patterns_are_refused(drawn: Drawn, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="too few for 12 classes"):
        make_patterns(tmp_path / "a.zip", (16, 16), 11)
    with pytest.raises(DatasetError, match="layouts"):
        make_patterns(tmp_path / "a.zip", (16, 16), 12, layouts=0)


def test_the_motifs_themselves_become_a_set(tmp_path: Path) -> None:
    make_patterns(tmp_path / "a.zip", (32, 56), 12, threads=1)
    with open_dataset(tmp_path / "a.zip") as pictures:
        for i in range(12):
            assert pictures.picture(i).std() > 5
            assert pictures.classes[pictures.label(i)] == pictures.classes[i]


def test_classes_that_a_limit_does_not_reach_are_reported(folder: Path, tmp_path: Path) -> None:
    report = make_dataset(folder, tmp_path / "out.zip", DatasetOptions((32, 32), labels=True, limit=2))
    assert (report.classes, report.unreached) == (("birds",), ("cats",))
    assert make_dataset(folder, tmp_path / "b.zip", DatasetOptions((32, 32), labels=True, limit=4)).unreached == ()
    assert make_dataset(folder, tmp_path / "c.zip", DatasetOptions((32, 32), limit=2)).unreached == ()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_no_picture_and_no_film(folder: Path, tmp_path: Path) -> None:
    os.mkfifo(folder / "birds" / "pipe.png")
    assert make_dataset(folder, tmp_path / "out.zip", SMALL).kept == 6
    with pytest.raises(DatasetError, match="no folder and no file"):
        make_dataset(folder / "birds" / "pipe.png", tmp_path / "b.zip", SMALL)
    with pytest.raises(DatasetError, match="no file and no folder"):
        open_dataset(folder / "birds" / "pipe.png")
    (tmp_path / "set").mkdir()
    os.mkfifo(tmp_path / "set" / "a.png")
    with pytest.raises(DatasetError, match="holds no pictures"):
        open_dataset(tmp_path / "set")


def test_an_interruption_does_not_wait_for_a_slow_picture(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = threading.Event()

    def slow(path: Path, ground: Ground | None = None) -> Laid:
        if path.name == "2.png":
            let_go.wait(60)
        return read_laid(path, ground=ground)

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(dataset_make, "read_laid", slow)
    try:
        with pytest.raises(KeyboardInterrupt):
            make_dataset(folder, tmp_path / "out.zip", SMALL, stop, threads=1)
        assert not let_go.is_set()
    finally:
        let_go.set()
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@pytest.mark.parametrize("sharpest", [float("nan"), float("inf")])
def test_a_sharpness_without_end_is_refused(sharpest: float, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="--sharpness"):
        make_dataset(folder, tmp_path / "out.zip", DatasetOptions((32, 32), min_sharpness=sharpest))


def test_a_film_of_only_sound_is_an_error(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "song.wav"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
    with pytest.raises(DatasetError, match="no pictures in it; type: livegan dataset FILM"):
        make_dataset(tmp_path / "song.wav", tmp_path / "out.zip", SMALL)


def test_a_class_folder_whose_name_is_not_unicode_gives_a_class(folder: Path, tmp_path: Path) -> None:
    try:
        os.rename(os.fsencode(folder / "cats"), os.fsencode(folder) + b"/caf\xe9")
    except OSError:
        pytest.skip("this file system wants UTF-8")
    report = make_dataset(folder, tmp_path / "out.zip", DatasetOptions((32, 32), labels=True))
    assert report.classes == ("birds", "caf\\xe9")
    assert open_dataset(tmp_path / "out.zip").classes == report.classes
    os.rename(os.fsencode(folder / "birds"), os.fsencode(folder) + b"/caf\xe8")
    report = make_dataset(folder, tmp_path / "b.zip", DatasetOptions((32, 32), labels=True))
    assert len(set(report.classes)) == 2  # names that differ stay different


def test_files_that_are_not_read_are_counted_by_their_endings(folder: Path, tmp_path: Path) -> None:
    for name in ("a.CR2", "b.cr2", "c.txt", "README", ".hidden.nef"):
        (folder / "birds" / name).write_bytes(b"?")
    report = make_dataset(folder, tmp_path / "out.zip", SMALL)
    assert (report.kept, dict(report.skipped)) == (6, {".cr2": 2, ".txt": 2, "": 1})
    text = skipped_text(report.skipped)
    assert "2 .cr2 (develop it first)" in text
    assert "1 without an ending" in text
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.nef").write_bytes(b"?")
    with pytest.raises(DatasetError, match=r"1 \.nef"):
        make_dataset(tmp_path / "raw", tmp_path / "b.zip", SMALL)


@pytest.mark.parametrize(
    ("name", "ending"),
    [("AVIF", ".avif"), ("HEIF", ".heic"), ("JPEG2000", ".jp2"), ("PPM", ".ppm"), ("TGA", ".tga")],
)
def test_formats_that_this_pillow_may_lack_are_read_or_counted(
    name: str, ending: str, folder: Path, tmp_path: Path
) -> None:
    path = folder / "birds" / f"z{ending.upper()}"
    try:
        Image.fromarray(blobs(99)).save(path, format=name)
    except (KeyError, ValueError, OSError):  # it cannot be written here
        path.write_bytes(b"?")
    report = make_dataset(folder, tmp_path / "out.zip", SMALL)
    if name in readable_formats():
        assert report.kept + len(report.broken) == 7
        assert ending not in report.skipped
    else:
        assert (report.kept, report.skipped) == (6, {ending: 1, ".txt": 1})


def test_of_two_writers_of_one_name_neither_is_lost(folder: Path, tmp_path: Path) -> None:
    def other(done: int) -> None:
        if done == 1:
            make_dataset(folder / "cats", tmp_path / "out.zip", SMALL)

    report = make_dataset(folder, tmp_path / "out.zip", SMALL, other)
    assert report.path == tmp_path / "out-2.zip"
    assert (len(open_dataset(report.path)), len(open_dataset(tmp_path / "out.zip"))) == (6, 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out-2.zip", "out.zip"]


def test_a_place_that_cannot_be_written_is_reported_before_anything_is_read(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset_make, "list_folder", lambda path: pytest.fail("read first"))
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="cannot be written"):
        make_dataset(folder, tmp_path / "file" / "out.zip", SMALL)
