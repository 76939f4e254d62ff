"""Selection of pictures: measures, the choice, its file, copies; nothing is done to the originals."""

import csv
import json
import re
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter
from typer.testing import CliRunner

from livegan.cli import app
from livegan.core.types import Pixels
from livegan.datasets import faces as dataset_faces
from livegan.datasets import identities, selection_sheet
from livegan.datasets.capture_time import taken_s, time_in_exif, time_in_name
from livegan.datasets.choose import Choice, Entry, Hand, Rules, choose
from livegan.datasets.copies import check_folder, copy_pictures
from livegan.datasets.dataset import open_dataset
from livegan.datasets.faces import Face, find_faces
from livegan.datasets.identities import persons
from livegan.datasets.make import DatasetOptions, make_dataset
from livegan.datasets.measure import Measured, Measures, Meter, from_table, measure_pictures, to_table
from livegan.datasets.measure_cache import MeasureCache
from livegan.datasets.selection import Selection, read_hands, selected_files
from livegan.datasets.selection_sheet import KEPT, OUT, SEEN, THUMB_PX, write_sheets
from livegan.errors import DatasetError
from tests.drawn_faces import drawn_face

FACE = Face((10.0, 10.0, 60.0, 60.0), ((25.0, 30.0), (45.0, 30.0)))
GOOD = Measures(100, 100, 200.0, 0.5, 0.2, 0.0, 0.0)


def noise(seed: int, side: int = 48) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)


def entry(
    number: int, *, folder: int = 0, hand: Hand | None = None, taken: float | None = None, **fields: Any
) -> Entry:
    bits = int(np.random.default_rng(number).integers(0, 1 << 62))
    measures = replace(GOOD, **{"hash": bits, **fields})
    at = 100.0 * number if taken is None else taken
    return Entry(
        Measured(Path(f"/pictures/{number:03d}.jpg"), f"{number:064x}", measures, at), folder, folder > 0, hand
    )


def kept(choices: Sequence[Choice]) -> list[int]:
    return [place for place, choice in enumerate(choices) if choice.kept]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eight pictures of which one is half written and one no picture."""
    place = tmp_path / "faces"
    (place / "more").mkdir(parents=True)
    for number in range(5):
        Image.fromarray(noise(number)).save(place / f"faces_01-02-2026_10-00-{number:02d}-000000.png")
    Image.fromarray(drawn_face()[0]).save(place / "more" / "face.png")
    whole = (place / "more" / "face.png").read_bytes()
    (place / "half.png").write_bytes(whole[: len(whole) // 2])
    (place / "none.jpg").write_bytes(b"")
    return place


def selection_of(folder: Path, rules: Rules | None = None, hands: dict[str, Hand] | None = None) -> Selection:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    with MeasureCache() as cache:
        pictures = measure_pictures(files, Meter(find_faces), cache)
    return Selection([folder], [], [pictures], rules or Rules(), hands)


# --- Measures


def test_a_blurred_picture_is_less_sharp_and_a_face_is_measured_alone(tmp_path: Path) -> None:
    meter = Meter(find_faces)
    pixels, _ = drawn_face()
    for name, picture in (
        ("sharp.png", Image.fromarray(pixels)),
        ("soft.png", Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(3))),
    ):
        picture.save(tmp_path / name)
    busy = np.array(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(3)))
    busy[:, :40] = noise(0, 256)[:, :40]  # a sharp background does not make the face sharp
    Image.fromarray(busy).save(tmp_path / "busy.png")
    sharp, soft, background = (meter.measure(tmp_path / name) for name in ("sharp.png", "soft.png", "busy.png"))
    assert len(sharp.faces) == len(soft.faces) == len(background.faces) == 1
    assert sharp.sharpness > 3 * soft.sharpness
    assert background.sharpness == pytest.approx(soft.sharpness, rel=0.5)
    assert sharp.face_size > 0.3


@pytest.mark.parametrize(
    ("low", "high", "good"), [(40, 215, True), (0, 40, False), (215, 255, False), (120, 130, False)]
)
def test_exposure_is_good_where_light_is_in_the_middle_and_spread(
    tmp_path: Path, low: int, high: int, good: bool
) -> None:
    pixels = np.random.default_rng(1).integers(low, high, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert (Meter().measure(tmp_path / "a.png").exposure > 0.8) == good


def test_clipped_lights_and_crushed_shadows_spoil_exposure() -> None:
    for share in (0.2, 0.4):
        assert replace(GOOD, clipped=share).exposure < GOOD.exposure == 1
        assert replace(GOOD, crushed=share).exposure < GOOD.exposure
    assert replace(GOOD, clipped=1.0).exposure == 0


def test_measures_survive_json() -> None:
    measures = replace(GOOD, hash=2**63 + 5, faces=(FACE,), embeddings=((0.25, -0.5),), exif_s=3.5)
    assert from_table(json.loads(json.dumps(to_table(measures)))) == measures
    for broken in ({}, {**to_table(measures), "faces": [[1]]}, {**to_table(measures), "hash": None}):
        assert from_table(broken) is None


def test_a_picture_is_measured_once_whatever_its_name(folder: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, ...]] = []

    def finder(pixels: Pixels) -> list[Face]:
        seen.append(pixels.shape)
        return [FACE]

    files = sorted(folder.glob("*.png"))
    for _ in range(2):  # a new cache object: what is remembered is on the disk
        with MeasureCache(tmp_path / "cache" / "c.sqlite") as cache:
            first = measure_pictures(files, Meter(finder, name="a"), cache)
    assert len(seen) == 5  # one is half written
    shutil.copy(files[0], folder / "copy.png")
    with MeasureCache(tmp_path / "cache" / "c.sqlite") as cache:
        (again,) = measure_pictures([folder / "copy.png"], Meter(finder, name="a"), cache)
        assert len(seen) == 5
        assert (again.sha256, again.measures) == (first[0].sha256, first[0].measures)
        measure_pictures(files[:1], Meter(finder, name="b"), cache)  # another detector measures anew
        assert len(seen) == 6
        Image.fromarray(noise(77)).save(files[0])  # other content under the same name
        measure_pictures(files[:1], Meter(finder, name="a"), cache)
    assert len(seen) == 7


def test_threads_and_processes_share_a_cache(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with MeasureCache(path) as one, MeasureCache(path) as other, ThreadPoolExecutor(4) as pool:

        def keep(number: int) -> None:
            (one if number % 2 else other).remember(f"{number}", "m", {"number": number})

        list(pool.map(keep, range(60)))
        assert [one.recall(f"{number}", "m") for number in range(60)] == [{"number": number} for number in range(60)]


def test_a_damaged_cache_is_made_anew_and_a_missing_place_done_without(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    path.write_bytes(b"no database" * 999)
    for place in (path, tmp_path / "c.sqlite" / "below"):
        with MeasureCache(place) as cache:
            cache.remember("a", "m", {"x": 1})
            assert cache.recall("a", "m") == {"x": 1}
    with MeasureCache(path) as cache:
        assert cache.recall("a", "m") == {"x": 1}


@pytest.mark.parametrize(
    ("name", "time"),
    [
        ("faces_12-31-2025_23-59-58-250000.jpeg", 1767225598.25),  # pitraiture's
        ("faces_2025-12-31_23-59-58-250.png", 1767225598.25),
        ("IMG_20251231_235958.jpg", 1767225598.0),
        ("faces_13-31-2025_23-59-58-250000.jpeg", None),
        ("holiday 7.jpg", None),
    ],
)
def test_capture_times_are_read_from_names(name: str, time: float | None) -> None:
    assert time_in_name(name) == time


def test_capture_times_are_read_from_exif(tmp_path: Path) -> None:
    picture = Image.fromarray(noise(0))
    exif = picture.getexif()
    exif.get_ifd(0x8769).update({0x9003: "2025:12:31 23:59:58", 0x9291: "25"})
    picture.save(tmp_path / "a.jpg", exif=exif)
    with Image.open(tmp_path / "a.jpg") as image:
        assert time_in_exif(image) == taken_s(tmp_path / "a.jpg", time_in_exif(image)) == 1767225598.25
    assert taken_s(tmp_path / "a.jpg", None) == (tmp_path / "a.jpg").stat().st_mtime


# --- The choice


def test_faces_come_first_then_their_neighbours_then_the_lot() -> None:
    """GANce's priority: primary faces, secondary faces, +-2 in time, the rest by lot."""
    face = {"faces": (FACE,)}
    entries = [entry(number, **(face if number == 10 else {})) for number in range(20)]
    entries += [entry(number, folder=1, **(face if number == 30 else {})) for number in range(30, 40)]
    order = [kept(choose(entries, Rules(count=count))) for count in range(1, 31)]
    assert order[0] == [10]
    assert order[1] == [10, 20]  # place 20 is number 30
    assert set(order[4]) == {10, 20, 9, 11, 21}
    assert set(order[7]) == {8, 9, 10, 11, 12, 20, 21, 22}
    assert all(set(few) < set(more) for few, more in pairwise(order))
    lot = [kept(choose(entries, Rules(count=15, seed=seed))) for seed in (1, 1, 2)]
    assert lot[0] == lot[1] != lot[2]


def test_neighbours_are_those_in_capture_time_whatever_their_names() -> None:
    times = [50, 10, 40, 20, 30]
    entries = [entry(n, taken=times[n], **({"faces": (FACE,)} if n == 4 else {})) for n in range(5)]
    assert set(kept(choose(entries, Rules(count=3)))) == {4, 3, 2}  # at 30; 20 and 40


def test_by_quality_the_sharpest_come_first() -> None:
    entries = [entry(number, sharpness=float(number * 37 % 100)) for number in range(20)]
    best = sorted(range(20), key=lambda number: -(number * 37 % 100))[:5]
    assert kept(choose(entries, Rules(count=5, by="quality"))) == sorted(best)


@pytest.mark.parametrize(
    ("rules", "fields", "why"),
    [
        (Rules(min_sharpness=100), {"sharpness": 99}, "blurred"),
        (Rules(min_exposure=0.5), {"brightness": 0.02}, "badly exposed"),
        (Rules(min_face=0.3), {}, "no face"),
        (Rules(min_face=0.6), {"faces": (FACE,)}, "small face"),
        (Rules(faces=1), {"faces": (FACE, FACE)}, "2 faces"),
        (Rules(faces=1), {}, "no face"),
        (Rules(), {"error": "it is no picture"}, "broken"),
    ],
)
def test_filters_say_why(rules: Rules, fields: dict[str, Any], why: str) -> None:
    choices = choose([entry(0, **fields), entry(1, faces=(FACE,) if "face" in why else ())], rules)
    assert (choices[0].kept, choices[0].why) == (False, why)


def test_of_near_duplicates_the_best_stays() -> None:
    entries = [
        entry(0, hash=0b1111, sharpness=50),
        entry(1, hash=0b0111, sharpness=90),
        entry(2, hash=0xFF << 30, sharpness=40),
        entry(3, hash=0xFE << 30, sharpness=30, taken=200.5),  # in a burst with 2
        entry(4, hash=(0xFF << 30) ^ 0x3F0, sharpness=20, taken=201.0),  # six bits: alike only as it was taken so soon
        entry(5, hash=(0xFF << 30) ^ 0x3F0000, sharpness=20),
    ]
    choices = choose(entries, Rules())
    assert kept(choices) == [1, 2, 5]
    assert [choice.like for choice in choices] == [1, None, None, 2, 2, None]
    assert kept(choose(entries, Rules(duplicates=True))) == list(range(6))


def test_decisions_by_hand_stand_above_every_rule() -> None:
    entries = [
        entry(0, sharpness=1, hand="keep", hash=1),
        entry(1, sharpness=900, hash=1),
        entry(2, sharpness=800, hand="reject"),
        entry(3, sharpness=700),
        entry(4, error="broken", hand="keep"),
    ]
    choices = choose(entries, Rules(count=2, by="quality", min_sharpness=100))
    assert kept(choices) == [0, 3]
    assert [choice.why for choice in choices] == ["by hand", "near-duplicate", "by hand", "quality", "broken"]


def test_of_each_person_only_so_many() -> None:
    near = [(0.0, 0.0), (0.1, 0.0), (0.0, 0.1), (5.0, 5.0)]
    entries = [entry(n, faces=(FACE,), embeddings=(near[n],), sharpness=100 + n) for n in range(4)]
    choices = choose(entries, Rules(per_person=2))
    assert kept(choices) == [1, 2, 3]
    assert choices[0].why == "enough of person 1"
    assert [choice.person for choice in choices] == [1, 1, 1, 2]


def test_persons_are_clusters_and_the_most_frequent_is_the_first() -> None:
    rng = np.random.default_rng(3)
    middles = rng.normal(0, 1, (4, 128))
    truth = rng.permutation(np.repeat([0, 1, 2, 3], [40, 25, 10, 3]))
    faces = [tuple(middles[label] + rng.normal(0, 0.02, 128)) for label in truth]
    found = persons(faces)
    assert [found.count(number) for number in (1, 2, 3, 4)] == [40, 25, 10, 3]
    assert all(len({found[i] for i in np.flatnonzero(truth == label)}) == 1 for label in range(4))
    assert persons(faces) == found
    assert persons([]) == []


# --- The file


def test_a_selection_is_read_as_it_was_written(folder: Path, tmp_path: Path) -> None:
    selection = selection_of(folder)
    kept_files = selection.kept()
    assert len(kept_files) == 6
    assert {path.name for path, _ in selection.broken()} == {"half.png", "none.jpg"}
    selection.save(tmp_path / "s.json")
    assert selected_files(tmp_path / "s.json") == kept_files


def test_decisions_by_hand_survive_and_follow_a_renamed_picture(folder: Path, tmp_path: Path) -> None:
    selection = selection_of(folder)
    names = [one.picture.path.name for one in selection.entries]
    selection.decide({0: "reject", 1: "keep", 2: "reject"})
    selection.decide({2: None})
    selection.save(tmp_path / "s.json")
    (folder / names[0]).rename(folder / "renamed.png")
    again = selection_of(folder, hands=read_hands(tmp_path / "s.json"))
    hands = {one.picture.path.name: one.hand for one in again.entries if one.hand}
    assert hands == {"renamed.png": "reject", names[1]: "keep"}
    assert folder / "renamed.png" not in again.kept()
    assert read_hands(tmp_path / "missing.json") == {}


def test_a_decision_does_not_make_a_broken_picture_whole(folder: Path) -> None:
    selection = selection_of(folder)
    place = next(i for i, one in enumerate(selection.entries) if one.picture.measures.error)
    selection.decide({place: "keep"})
    assert not selection.is_kept(place)
    with pytest.raises(DatasetError, match="no picture 99"):
        selection.decide({99: "keep"})


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"a": 1}', '{"format": "livegan-selection", "version": 9}',
     '{"format": "livegan-selection", "version": 1, "folders": [3], "pictures": []}',
     '{"format": "livegan-selection", "version": 1, "folders": [], "pictures": [{"kept": true, "folder": 0}]}',
     '{"format": "livegan-selection", "version": 1, "folders": ["/"], "pictures": [7]}', "[" * 9999],
)  # fmt: skip
def test_what_is_no_selection_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(text)
    with pytest.raises(DatasetError, match="selection"):
        selected_files(tmp_path / "s.json")


def test_the_table_has_a_row_for_each_picture_and_no_formula(folder: Path, tmp_path: Path) -> None:
    Image.fromarray(noise(9)).save(folder / "=1+1.png")
    selection = selection_of(folder)
    selection.save_table(tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(selection) == 9
    assert {row["kept"] for row in rows} == {"True", "False"}
    assert next(row for row in rows if "1+1" in row["file"])["file"] == "'=1+1.png"


def test_a_selection_becomes_a_training_set(folder: Path, tmp_path: Path) -> None:
    selection = selection_of(folder)
    selection.decide(dict.fromkeys(range(3), "reject"))
    selection.save(tmp_path / "s.json")
    report = make_dataset(tmp_path / "s.json", tmp_path / "set.zip", DatasetOptions((16, 16)))
    assert report.kept == len(selection.kept()) > 0
    with open_dataset(tmp_path / "set.zip") as dataset:
        assert len(dataset) == report.kept
    selection.decide(dict.fromkeys(range(len(selection)), "reject"))
    selection.save(tmp_path / "s.json")
    with pytest.raises(DatasetError, match="keeps no pictures"):
        make_dataset(tmp_path / "s.json", tmp_path / "none.zip", DatasetOptions((16, 16)))


# --- Copies


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("link", [False, True])
def test_copies_go_on_where_they_stopped_and_leave_everything_as_it_is(
    folder: Path, tmp_path: Path, link: bool
) -> None:
    before = contents(folder)
    files = selection_of(folder).kept()
    out = tmp_path / "out"
    out.mkdir()
    (out / files[0].name).write_bytes(b"somebody else's")
    copies = copy_pictures(files[:2], out, link)
    assert (copies.made, copies.there, copies.others) == (2, 0, 1)
    copies = copy_pictures(files, out, link)
    assert (copies.made, copies.there, copies.others) == (len(files) - 2, 2, 1)
    assert copy_pictures(files, out, link).there == len(files)
    assert contents(folder) == before
    assert (out / files[0].name).read_bytes() == b"somebody else's"
    assert sorted(contents(out).values()) == sorted([path.read_bytes() for path in files] + [b"somebody else's"])


def test_equal_names_of_two_folders_are_told_apart(tmp_path: Path) -> None:
    files = [tmp_path / name / "a.png" for name in ("one", "two")]
    for number, file in enumerate(files):
        file.parent.mkdir()
        Image.fromarray(noise(number)).save(file)
    copy_pictures(files, tmp_path / "out")
    assert sorted(contents(tmp_path / "out")) == ["one_a.png", "two_a.png"]


def test_copies_cannot_go_among_the_originals(folder: Path, tmp_path: Path) -> None:
    for place in (folder, folder / "out"):
        with pytest.raises(DatasetError, match="another folder"):
            check_folder(place, [folder])
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="is a file"):
        check_folder(tmp_path / "file", [folder])


# --- Contact sheets


def test_contact_sheets_show_every_picture_and_what_became_of_it(folder: Path, tmp_path: Path) -> None:
    selection = selection_of(folder)
    selection.decide({0: "reject"})
    (sheet,) = write_sheets(selection, tmp_path / "sheet.png")
    with Image.open(sheet) as image:
        pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
    for colour, count in ((KEPT, len(selection.kept())), (OUT, len(selection) - len(selection.kept()))):
        bars = int((pixels == colour).all(1).sum()) // (3 * THUMB_PX)  # three lines high; letters are few
        assert bars == count
    assert (pixels == SEEN).all(1).any()  # the face


def test_many_pictures_make_several_sheets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection_sheet, "COLUMNS", 2)
    monkeypatch.setattr(selection_sheet, "ROWS", 2)
    folder = tmp_path / "p"
    folder.mkdir()
    for number in range(9):
        Image.fromarray(noise(number, 8)).save(folder / f"{number}.png")
    done: list[int] = []
    paths = write_sheets(selection_of(folder), tmp_path / "s.png", done.append)
    assert [path.name for path in paths] == ["s.png", "s-2.png", "s-3.png"]
    assert done == [4, 8, 9]


# --- The command


def run(*words: object) -> Any:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_the_command_chooses_copies_and_leaves_the_originals(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = contents(folder)
    dry = run("select", folder, "--count", 3, "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "kept                           3" in dry.output
    assert [path.name for path in tmp_path.iterdir()] == ["faces"]
    done = run("select", folder, "--count", 3, "--copy-to", "out", "--table", "t.csv")
    assert done.exit_code == 0, done.output
    assert "half.png: image file is truncated" in done.output
    assert len(contents(tmp_path / "out")) == 3
    assert len(selected_files(tmp_path / "faces-selection.json")) == 3
    assert "face.png" in contents(tmp_path / "out")
    assert contents(folder) == before
    listed = run("select", folder, "--broken")
    assert {line.split(":")[0].rpartition("/")[2] for line in listed.stdout.splitlines()} == {"half.png", "none.jpg"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["missing"], "there is no folder 'missing'"),
        (["faces", "-o", "a.csv"], "call it a.json"),
        (["faces", "--link"], "--copy-to"),
        (["faces", "--copy-to", "faces/out"], "another folder"),
        (["empty"], "there are no pictures"),
        (["faces", "--per-person", "2"], r"pip install 'livegan\[identities\]'"),
    ],
)
def test_mistakes_are_told_before_anything_is_measured(
    folder: Path, words: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    monkeypatch.setattr(identities, "can_embed", lambda: False)
    Path("empty").mkdir()
    result = run("select", *words)
    assert isinstance(result.exception, DatasetError)
    assert re.search(message, str(result.exception))


def test_without_a_detector_pictures_are_still_chosen(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(dataset_faces, "detector_name", lambda: None)
    result = run("select", folder)
    assert result.exit_code == 0
    assert "no faces are looked for" in result.output
    assert "pip install" in str(run("select", folder, "--faces", 1).exception)


def test_a_page_and_a_dry_run_exclude_each_other(folder: Path) -> None:
    assert "leave one of them out" in str(run("select", folder, "--page", "--dry-run").exception)
