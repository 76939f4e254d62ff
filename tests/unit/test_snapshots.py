"""Snapshots: a control keeps the picture of the moment with its plan, by which the same picture is drawn again."""

from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from livegan.cli import app
from livegan.config.venue import Venue
from livegan.core.clock import ManualClock
from livegan.core.types import ControlEvent, Frame, FramePlan
from livegan.engine.assemble import assemble
from livegan.engine.bind import listen, setlist
from livegan.engine.guard import StrictGuard
from livegan.engine.saving import Saver
from livegan.errors import MediaError
from livegan.outputs.snapshot import Snapshot, is_snapshot, read_snapshot
from tests.deadline import until
from tests.shows import plain_show
from tests.tiny_networks import tiny

EMPTY = np.zeros(0, np.float32)


def pixels_of(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


def snapshot(folder: Path, scene: str = "dusk.toml") -> Snapshot:
    rng = np.random.default_rng(5)
    plan = FramePlan(4, 1.5, 1 / 60, rng.standard_normal(8).astype(np.float32), EMPTY, network="plain")
    return Snapshot(Frame(rng.integers(0, 256, (9, 16, 3), np.uint8), plan, 0.0, 0.0), scene, 7, folder)


def test_it_holds_the_picture_as_it_was_and_its_plan(tmp_path: Path) -> None:
    kept = snapshot(tmp_path / "new")
    line = kept.write()
    (path,) = (tmp_path / "new").iterdir()
    assert str(path) in line
    assert path.name.startswith("dusk-")
    assert np.array_equal(pixels_of(path), kept.frame.pixels)
    facts = read_snapshot(path)
    assert facts.plan == kept.frame.plan
    assert (facts.scene, facts.size) == ("dusk.toml", (16, 9))


def test_two_of_one_second_are_both_kept_and_nothing_else_is_left(tmp_path: Path) -> None:
    for _ in range(3):
        snapshot(tmp_path).write()
    files = list(tmp_path.iterdir())
    assert len(files) == 3
    assert all(is_snapshot(path) for path in files)


def test_a_folder_that_cannot_be_written_is_a_notice_of_the_show(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    performer = plain_show().performer
    saver = Saver(performer.scenes.requests)
    performer.scenes.requests.put(snapshot(tmp_path / "file" / "folder"))
    saver.poll(0.0)
    assert saver.notice.startswith("no snapshot: ")


def test_other_files_are_no_snapshots(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(plain := tmp_path / "plain.png")
    (broken := tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    huge = bytearray(plain.read_bytes())
    huge[16:24] = b"\0\1\0\0" * 2  # 65536 by 65536
    huge[29:33] = crc32(huge[12:29]).to_bytes(4, "big")
    (bomb := tmp_path / "bomb.png").write_bytes(huge)
    for path in (plain, broken, bomb, tmp_path / "none.png", tmp_path / "song.wav"):
        assert not is_snapshot(path)
        with pytest.raises(MediaError, match="is no snapshot"):
            read_snapshot(path)


def test_the_control_keeps_the_newest_frame_of_a_show(tmp_path: Path) -> None:
    show = plain_show()
    show.snapshots = tmp_path
    requests = show.performer.scenes.requests
    with show:
        until(show.frames.peek, "the first frame")
        show.controls.put(ControlEvent(0.0, "snapshot", 0.0))
        show.controls.put(ControlEvent(0.0, "snapshot", 1.0))
        until(lambda: len(requests), "the snapshot")
        before = show.published
        until(lambda: show.published > before + 2, "further frames")
    (kept,) = requests.drain()
    assert isinstance(kept, Snapshot)
    kept.write()
    (path,) = tmp_path.iterdir()
    assert np.array_equal(pixels_of(path), kept.frame.pixels)
    assert read_snapshot(path).plan == kept.frame.plan


SCENE = """
title = "Snap"
network = "tiny.json"
seed = 11
[parameters]
effect.hue = 0.3
effect.kaleidoscope = 0.4
"""


def test_render_draws_the_same_picture_again_and_a_larger_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tiny(tmp_path, "stylegan2", c_dim=0)
    (tmp_path / "snap.toml").write_text(SCENE)
    venue, clock = Venue(), ManualClock()
    scenes = setlist(venue, "snap.toml").only_start()
    listening = listen(venue, 48000, 2, scenes.all_scenes)
    performer = assemble(scenes, venue, listening, clock, StrictGuard(clock.now), synchronous=True).performer
    for index in range(3):
        frame = performer.step(index, index / 30, 1 / 30, None, ())
    Snapshot(frame, performer.patch.name, performer.patch.scene.seed, Path("kept")).write()
    (kept,) = Path("kept").iterdir()
    run = CliRunner()
    again = run.invoke(app, ["render", str(kept), "-o", "again.png"])
    assert again.exit_code == 0, again.output
    assert np.array_equal(pixels_of(Path("again.png")), frame.pixels)
    assert np.ptp(frame.pixels) > 50
    there = run.invoke(app, ["render", str(kept), "-o", "again.png"])
    assert "is there already" in str(there.exception)
    large = run.invoke(app, ["render", str(kept), "-o", "large.png", "--size", "96x64"])
    assert large.exit_code == 0, large.output
    assert pixels_of(Path("large.png")).shape == (64, 96, 3)
