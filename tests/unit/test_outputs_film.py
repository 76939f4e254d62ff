"""Films: exact times, true colours, playable after anything."""

import gc
import itertools
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from livegan.cli.play import parts_of
from livegan.core.types import Frame, FramePlan, Pixels
from livegan.errors import MediaError
from livegan.outputs.film import Film
from livegan.outputs.formats import encoders
from livegan.outputs.rate import frame_rate
from livegan.outputs.soundtrack import AudioTrack, LiveSound

EMPTY = np.zeros(0, np.float32)


def frame(pixels: Pixels, index: int, time_s: float = 0.0) -> Frame:
    return Frame(pixels, FramePlan(index, time_s, 1 / 60, EMPTY, EMPTY), 0.0, 0.0)


def moving(index: int, side: int = 64) -> Pixels:
    y, x = np.mgrid[0:side, 0:side]
    return np.stack([(x + index) % 256, (2 * y + index) % 256, (x * y) % 256], -1).astype(np.uint8)


def film(
    path: Path, pictures: Iterable[Pixels], fps: str | Fraction | float = 60, size: tuple[int, int] = (64, 64)
) -> Path:
    out = Film(path, size, fps, overwrite=True)
    for index, pixels in enumerate(pictures):
        out.send(frame(pixels, index))
    out.close()
    return path


def decoded(path: Path) -> list[Pixels]:
    with av.open(path) as file:
        return [
            picture.reformat(format="rgb24", src_colorspace="ITU709").to_ndarray() for picture in file.decode(video=0)
        ]


@pytest.mark.parametrize(
    "fps", [Fraction(24000, 1001), 24, 25, 29.97, 30, 50, 59.94, 60, 120, "60000001/1000003"], ids=str
)
@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv"])
def test_frame_rates_are_exact(tmp_path: Path, ending: str, fps: str | Fraction | float) -> None:
    path = film(tmp_path / f"film.{ending}", map(moving, range(20)), fps)
    with av.open(path) as file:
        stream = file.streams.video[0]
        assert stream.time_base is not None
        assert float(stream.average_rate or 0) == pytest.approx(
            float(frame_rate(fps)), rel=1e-3 if ending == "mkv" else 0
        )
        times = [picture.pts * stream.time_base for picture in file.decode(stream) if picture.pts is not None]
        tick = Fraction(1, 1000) if ending == "mkv" else 0  # Matroska counts milliseconds
        assert all(abs(time - times[0] - i / frame_rate(fps)) <= tick for i, time in enumerate(times))
        if ending != "mkv":
            assert stream.duration is not None
            assert stream.duration * stream.time_base == 20 / frame_rate(fps)


def test_x264_writes_the_same_bytes_each_time_also_of_pictures_with_few_macroblocks(tmp_path: Path) -> None:
    """Its AVX-512 code does so only in nine films of ten."""
    rng = np.random.default_rng(0)
    wave = 120 + 100 * np.sin(np.arange(72)[None, :, None] / 7 + np.arange(60)[:, None, None, None] / 3)
    pictures = np.clip(wave + rng.normal(0, 20, (60, 96, 72, 3)), 0, 255).astype(np.uint8)
    made = {film(tmp_path / "film.mp4", pictures, 20, (72, 96)).read_bytes() for _ in range(30)}
    assert len(made) == 1


def test_film_rates_have_their_fractions() -> None:
    for whole, typed in ((24, "23.976"), (24, "23.98"), (30, "29.97"), (60, "59.94"), (120, "119.88")):
        broadcast = Fraction(whole * 1000, 1001)
        assert frame_rate(typed) == frame_rate(float(typed)) == frame_rate(str(broadcast)) == broadcast
    assert frame_rate(60.0) == frame_rate("60") == frame_rate("60.00") == frame_rate("120/2") == 60


@pytest.mark.parametrize(
    "exact", ["25/2", "24.975", "49.95", "59.9", "29.98", "1", "240", "2147483647/9000011", "2147483646/2147483645"]
)
def test_every_other_rate_is_what_it_says(exact: str) -> None:
    assert frame_rate(exact) == frame_rate(Fraction(exact)) == Fraction(exact)


def test_a_rate_without_end_is_near_and_fits_a_film() -> None:
    assert frame_rate(100 / 3) == Fraction(100, 3)
    rate = frame_rate("24.123456789012345")
    assert max(rate.as_integer_ratio()) < 2**31
    assert float(rate) == pytest.approx(24.123456789012345, abs=1e-7)


@pytest.mark.parametrize(
    "wrong", [0, -1, 0.99, 240.1, float("nan"), float("inf"), 1e9, "", "sixty", "60/0", "1e9999999", "-60", "6 0", "."]
)
def test_what_is_no_frame_rate_is_refused(wrong: str | float) -> None:
    with pytest.raises(MediaError) as caught:
        frame_rate(wrong)
    assert str(caught.value) == f"'{wrong}' is not a frame rate in 1..240; type for example: --fps 60"


def test_reading_a_rate_loads_nothing_heavy() -> None:
    code = "import sys, livegan.outputs.rate; print([m for m in ('av', 'torch', 'numpy') if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (90, 160, 200)], ids=str
)
def test_colours_come_back_and_are_tagged(tmp_path: Path, colour: tuple[int, int, int]) -> None:
    flat = np.full((64, 64, 3), colour, np.uint8)
    path = film(tmp_path / "film.mp4", [flat] * 3)
    assert np.abs(decoded(path)[1].astype(int) - flat).max() <= 4
    with av.open(path) as file:
        context = file.streams.video[0].codec_context
        assert (context.color_primaries, context.color_trc, context.colorspace) == (1, 1, 1)
        assert context.color_range == 1
        assert context.pix_fmt == "yuv420p"


def test_small_frames_are_enlarged_and_other_shapes_centred_on_black(tmp_path: Path) -> None:
    white = np.full((16, 16, 3), 255, np.uint8)
    whole = decoded(film(tmp_path / "square.mp4", [white] * 2, size=(64, 64)))[0]
    assert whole.shape == (64, 64, 3)
    assert whole.min() >= 250
    wide = decoded(film(tmp_path / "wide.mp4", [white] * 2, size=(128, 64)))[0]
    assert wide[:, 36:92].min() >= 250
    assert wide[:, :28].max() <= 6
    assert wide[:, 100:].max() <= 6


def test_a_picture_of_nearly_the_films_aspect_has_no_bars_and_is_not_stretched(tmp_path: Path) -> None:
    wide = np.zeros((256, 448, 3), np.uint8)  # 1.75 in a film of 16:9
    wide[:, :, 1] = 200
    wide[64:192, 160:288] = 255  # a square in the middle
    seen = decoded(film(tmp_path / "film.mp4", [wide] * 2, size=(1024, 576)))[0]
    assert seen[:, :, 1].min() > 180
    square = seen[:, :, 0] > 128
    assert abs(int(square.any(axis=0).sum()) - int(square.any(axis=1).sum())) <= 2


def test_odd_sizes_become_even(tmp_path: Path) -> None:
    assert decoded(film(tmp_path / "film.mp4", [moving(0, 63)] * 2, size=(63, 65)))[0].shape == (66, 64, 3)


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_twice_the_same_frames_give_the_same_file(tmp_path: Path, ending: str) -> None:
    one, two = (film(tmp_path / f"{name}.{ending}", map(moving, range(30))) for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_the_picture_is_close_to_what_was_sent(tmp_path: Path) -> None:
    y, x = np.mgrid[0:128, 0:128]
    smooth = np.stack([x, y, 255 - x], -1).astype(np.uint8)
    for seen in decoded(film(tmp_path / "film.mp4", [smooth] * 5, size=(128, 128))):
        assert np.abs(seen.astype(int) - smooth).mean() < 3


def test_renders_begin_anywhere_and_keep_their_gaps(tmp_path: Path) -> None:
    out = Film(tmp_path / "film.mp4", (64, 64), 50)
    for index in (100, 101, 105, 105, 104):
        out.send(frame(moving(index), index))
    out.close()
    with av.open(out.path) as file:
        times = [picture.time for picture in file.decode(video=0)]
    assert times == pytest.approx([0, 1 / 50, 5 / 50, 6 / 50, 7 / 50])


def test_live_recordings_keep_their_times(tmp_path: Path) -> None:
    times = [1000.0, 1000.0166, 1000.0400, 1000.0400, 1000.1, 1000.09, 1003.0]
    out = Film(tmp_path / "film.mp4", (64, 64), 60, live=True)
    for index, time_s in enumerate(times):
        out.send(frame(moving(index), 7 * index, time_s))
    out.close()
    with av.open(out.path) as file:
        seen = [picture.time for picture in file.decode(video=0)]
    assert all(b > a for a, b in itertools.pairwise(seen))
    assert seen == pytest.approx(np.maximum.accumulate(times) - 1000.0, abs=1e-4)


def test_an_interrupt_leaves_a_playable_film(tmp_path: Path) -> None:
    out = Film(tmp_path / "film.mp4", (64, 64), 60)

    def interrupted() -> None:
        for index in range(41):
            out.send(frame(moving(index), index))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    out.close()
    assert len(decoded(out.path)) == 41


def _die_filming(path: Path) -> None:
    out = Film(path, (64, 64), 30, threads=1)
    for index in range(150):
        out.send(frame(moving(index), index))
    os._exit(1)


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_a_killed_process_leaves_a_playable_film(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"film.{ending}"
    child = multiprocessing.get_context("spawn").Process(target=_die_filming, args=(path,))
    child.start()
    child.join()
    assert not path.exists()
    (part,) = tmp_path.glob(f"film.part-*.{ending}")
    assert len(decoded(part)) >= 60


def test_a_film_without_frames_leaves_no_file(tmp_path: Path) -> None:
    film(tmp_path / "film.mp4", [])
    assert not list(tmp_path.iterdir())


def test_an_older_film_stays_until_there_is_a_new_one(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4", [moving(0)] * 2)
    old = path.read_bytes()
    film(path, [])
    for wrong in (AudioTrack(tmp_path / "missing.wav"), LiveSound(48000, 0)):
        with pytest.raises(MediaError):
            Film(path, (64, 64), 60, audio=wrong)
    with pytest.raises(MediaError):
        Film(path, (64, 64), 60, preset="no such preset")
    assert list(tmp_path.iterdir()) == [path]
    out = Film(path, (64, 64), 60, overwrite=True)
    assert out.path == path
    for index in range(5):
        out.send(frame(moving(index), index))
    assert path.read_bytes() == old
    out.close()
    assert list(tmp_path.iterdir()) == [path]
    assert len(decoded(path)) == 5


@pytest.mark.parametrize("overwrite", [False, True])
def test_two_films_of_one_name_at_once(tmp_path: Path, overwrite: bool) -> None:
    path = tmp_path / "film.mp4"
    first, second = (Film(path, (64, 64), 60, overwrite=overwrite) for _ in range(2))
    for index in range(5):
        first.send(frame(moving(index), index))
        if index < 3:
            second.send(frame(moving(index), index))
    first.close()
    second.close()
    assert not first.notice
    if overwrite:
        assert len(decoded(path)) == 3
        assert list(tmp_path.iterdir()) == [path]
        assert not second.notice
    else:
        assert len(decoded(path)) == 5
        assert second.path == tmp_path / "film-2.mp4"
        assert len(decoded(second.path)) == 3
        assert str(second.path) in second.notice
        assert set(tmp_path.iterdir()) == {first.path, second.path}


def test_a_film_that_cannot_have_its_name_says_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    out = Film(path, (64, 64), 60, overwrite=True)
    out.send(frame(moving(0), 0))
    path.mkdir()
    with pytest.raises(MediaError, match=r"film\.part-\d+\.mp4"):
        out.close()
    (part,) = tmp_path.glob("film.part-*.mp4")
    assert len(decoded(part)) == 1
    with pytest.raises(MediaError, match="it is a folder"):
        Film(path, (64, 64), 60)


def test_a_film_left_open_harms_nobody(tmp_path: Path) -> None:
    for frames in (0, 1, 5):
        out = Film(tmp_path / "film.mp4", (64, 64), 60)
        for index in range(frames):
            out.send(frame(moving(index), index))
        del out
        gc.collect()


def test_folders_are_made_and_strange_names_are_names(tmp_path: Path) -> None:
    assert len(decoded(film(tmp_path / "new" / "http:film 1%d.mp4", [moving(0)] * 2))) == 2


@pytest.mark.parametrize(
    ("name", "codec", "hint"),
    [
        ("film.avi", "", "film.mp4"),
        ("film", "", "film.mp4"),
        ("film.mp4", "libx263", "libx264"),
        ("file/film.mp4", "", "give another place"),
    ],
)
def test_what_cannot_be_written_is_reported_at_once(tmp_path: Path, name: str, codec: str, hint: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MediaError, match=hint):
        Film(tmp_path / name, (64, 64), 60, codec=codec)


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    out = Film(tmp_path / "film.mp4", (64, 64), 60)
    for wrong in (np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3), np.float32), np.zeros((0, 8, 3), np.uint8)):
        with pytest.raises(MediaError, match="not a picture"):
            out.send(frame(wrong, 0))
    out.close()
    with pytest.raises(MediaError, match="closed"):
        out.send(frame(moving(0), 0))


def test_the_encoders_we_need_are_there() -> None:
    assert {encoder.name for encoder in encoders() if encoder.available} >= {"libx264", "flac", "aac"}


@pytest.mark.parametrize("name", ["film", "film [live]"])
def test_what_there_is_of_a_film_is_found_by_its_name(name: str, tmp_path: Path) -> None:
    film = Film(tmp_path / f"{name}.mp4", (64, 64), 25)
    film.send(frame(moving(0), 0))
    assert parts_of(film.path) == str(film.part)
    film.close()
    assert parts_of(film.path) == ""
