"""Show logs: what a show was, told and rendered again, plan for plan; broken, foreign and hostile ones."""

import io
import json
import os
import random
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from math import inf
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import pytest
from typer.testing import CliRunner

from livegan.cli import app
from livegan.config.load import LoadedScene, load_venue
from livegan.config.venue import Venue
from livegan.core.clock import ManualClock, WallClock
from livegan.core.plan_digest import FIELDS, plan_digest, unlike_fields
from livegan.core.types import Bend, ControlEvent, FeatureFrame, FramePlan, Layer, Layout, PromptEvent
from livegan.engine.assemble import assemble
from livegan.engine.bind import Binder, CheckedScene, check_scene, chosen_scenes
from livegan.engine.bind import listen as listen_for
from livegan.engine.feature_columns import bits_kept, columns_read
from livegan.engine.frame_inputs import FrameInputs
from livegan.engine.guard import FaultGuard
from livegan.engine.log_arrays import ArrayReader, encode, rounded
from livegan.engine.log_blocks import LogBlock, LoggedFrame, block_arrays, block_table
from livegan.engine.log_inputs import reload_from_json, reload_to_json
from livegan.engine.log_records import BLOCK, END, HEADER, MAGIC, RecordFile, pack
from livegan.engine.patch import Patch
from livegan.engine.program import Advancing, Program
from livegan.engine.reload import SetReload
from livegan.engine.route_edit import RouteEdit
from livegan.engine.show import PlayOptions, set_up
from livegan.engine.show_log import ShowLog, part_path
from livegan.engine.show_log_reader import ShowLogFile, check_log, is_show_log, open_show_log
from livegan.engine.show_state import SceneHands, ShowState
from livegan.engine.vocabulary import Vocabulary
from livegan.errors import LiveganError, MediaError, NetworkError
from livegan.networks.digest import file_digest
from livegan.networks.info import NetworkInfo
from livegan.networks.library import find_network
from livegan.outputs.snapshot import is_snapshot
from livegan.studio import replay_networks, replay_stage
from livegan.studio.film_job import RenderJob
from livegan.studio.log_page import log_page
from livegan.studio.log_story import read_story, story_lines
from livegan.studio.replay import Comparison, LoggedHearing, Replay, ReplayGuard
from livegan.studio.replay_film import film_frames, film_plans
from livegan.studio.replay_networks import NetworkSwap
from livegan.studio.show_sound import show_sound
from tests.deadline import until
from tests.screen import ROOT
from tests.show_logs import notes

PRESETS = ROOT / "presets" / "scenes"
PLAN = FramePlan(3, 1.5, 0.25, np.ones(4, np.float32), np.zeros(0, np.float32), "plain")


def venue(folder: Path, fps: float = 30) -> Venue:
    """Three shipped scenes, two of them on a network that needs no weights and no tuning."""
    for name in ("default", "heartbeat", "patterns"):
        own = "" if name == "patterns" else 'network = "plain"\n'
        (folder / f"{name}.toml").write_text(own + (PRESETS / f"{name}.toml").read_text())
    scenes = tuple(str(folder / f"{name}.toml") for name in ("default", "patterns", "heartbeat"))
    table = load_venue()
    changes: dict[str, Any] = {
        "audio": table.audio.model_copy(update={"input": "demo", "monitor": False}),
        "hands": table.hands.model_copy(update={"port": "none"}),
        "picture": table.picture.model_copy(update={"fps": fps, "device": "cpu"}),
        "window": table.window.model_copy(update={"size": (64, 36)}),
        "show": table.show.model_copy(update={"scenes": scenes}),
    }
    return table.model_copy(update=changes)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log of a few seconds of a show that goes on from another, with everything that a player can do in it."""
    path, clock = tmp_path_factory.mktemp("show") / "show.log", WallClock()
    place = venue(path.parent)
    first = place.show.scenes[0]
    hands = {"0": SceneHands(name=first, moved={"truncation": 0.9})}
    state = ShowState(time_s=clock.now(), began_s=clock.now(), scene=0, name=first, hands=hands, cued=2)
    runtime = set_up(place, PlayOptions(log=path, in_window=False, state=state), clock).runtime

    def press(name: str, value: float = 1.0, **how: Any) -> None:
        runtime.controls.put(ControlEvent(clock.now(), name, value, **how))

    def on(frames: int) -> None:
        mark = runtime.published
        until(lambda: runtime.published > mark + frames, "frames")

    with runtime:
        on(10)
        press("knob.1", 0.25)
        press("motion.speed", 0.7, source="osc")
        on(5)
        press("scene.2")
        on(25)
        board = until(runtime.board.peek, "the board")
        edit = {"source": "bass", "target": "truncation", "amount": 0.2}
        runtime.controls.route_edits.put(RouteEdit(clock.now(), "add", board.playing, board.name, fields=edit))
        runtime.controls.prompt_events.put(PromptEvent(clock.now(), "violet smoke over black"))
        on(15)
        press("crossfade", 0.4)
        on(10)
        press("crossfade", 1.0)
        on(10)
        press("undo")
        before = runtime.performer.patches[2]
        (path.parent / "heartbeat.toml").write_text(Path(before.name).read_text().replace("seed = 21", "seed = 22"))
        until(lambda: runtime.performer.patches[2] is not before, "the file that was saved")
        press("scene.3")
        on(40)
    assert runtime.performer.guard.faults == 0
    until(lambda: not runtime.stuck(), "every thread to end")
    return path


def replayed(path: Path) -> tuple[Replay, list[FramePlan]]:
    log, clock = open_show_log(path), ManualClock()
    hearing: Any = LoggedHearing(log.layout)
    session = assemble(log.scenes, log.venue, hearing, clock, ReplayGuard(clock.now), synchronous=True, draws=False)
    replay = Replay(log, session.performer, session.binder)
    return replay, list(replay.plans())


def test_a_show_is_planned_again_equal_plan_for_plan_and_twice(played: Path) -> None:
    replay, plans = replayed(played)
    assert replay.comparison.text == f"all {len(plans)} plans are equal to those of the show"
    assert len(plans) > 100
    kinds = {kind for block in open_show_log(played).blocks() for frame in block.frames for kind, _ in frame.inputs}
    assert kinds == {"networks", "event", "routes", "prompt", "reload"}
    assert any(plan.over for plan in plans), "a transition or a crossfade"
    again, others = replayed(played)
    assert others == plans
    assert again.comparison.equal == len(plans)


def test_a_difference_is_found_and_called_by_its_field(played: Path) -> None:
    """Another seed of the first scene: what a log of a changed program would be."""
    log, clock = open_show_log(played), ManualClock()
    hearing: Any = LoggedHearing(log.layout)
    first = log.scenes.scenes[0]
    assert first.scene is not None
    other = replace(first, scene=first.scene.model_copy(update={"seed": first.scene.seed + 1}))
    scenes = replace(log.scenes, scenes=(other, *log.scenes.scenes[1:]))
    session = assemble(scenes, log.venue, hearing, clock, ReplayGuard(clock.now), synchronous=True, draws=False)
    replay = Replay(log, session.performer, session.binder)
    for _ in replay.plans():
        pass
    assert replay.comparison.equal < replay.comparison.compared
    assert "the first difference is in frame 0: z" in replay.comparison.text


def test_a_log_that_breaks_off_is_whole_up_to_there(played: Path, tmp_path: Path) -> None:
    whole = played.read_bytes()
    frames = sum(len(block.frames) for block in open_show_log(played).blocks())
    broken = tmp_path / "broken.log"
    broken.write_bytes(whole[: len(whole) * 2 // 3])
    replay, plans = replayed(broken)
    log = open_show_log(broken)
    assert 0 < len(plans) < frames
    assert replay.comparison.equal == len(plans)
    list(log.blocks())
    assert log.broken_bytes > 0
    assert not log.ended
    list((log := open_show_log(played)).blocks())
    assert log.ended
    assert log.broken_bytes == 0


def test_a_film_is_in_step_with_the_show_and_has_what_it_left_out(played: Path) -> None:
    replay, plans = replayed(played)
    fresh, _ = _ready(played)
    film = list(film_plans(fresh, Fraction(30), exact=True))
    assert [plan.index for plan in film] == list(range(len(film)))
    seconds = plans[-1].time_s - plans[0].time_s
    assert len(film) == pytest.approx(seconds * 30 + 1, abs=1)
    assert fresh.comparison.equal == replay.comparison.equal
    assert all(film[k].time_s < film[k + 1].time_s for k in range(len(film) - 1))
    fresh, _ = _ready(played)
    double = list(film_plans(fresh, Fraction(60), exact=False, start_s=1.0, length_s=1.0))
    assert len(double) == 60
    assert {round(plan.dt_s, 6) for plan in double} == {round(1 / 60, 6)}


def test_an_hour_in_which_the_computer_slept_is_cut_out_of_the_film(played: Path) -> None:
    replay, plans = replayed(played)
    slept = [replace(plan, time_s=plan.time_s + 3600.0 * (k >= 50)) for k, plan in enumerate(plans)]
    replay.plans = lambda: iter(slept)  # type: ignore[method-assign]
    film = list(film_plans(replay, Fraction(30), exact=True))
    assert [plan.index for plan in film] == list(range(len(film)))
    whole = plans[-1].time_s - plans[0].time_s
    assert len(film) < whole * 30 + 2


def _ready(path: Path) -> tuple[Replay, Any]:
    log, clock = open_show_log(path), ManualClock()
    hearing: Any = LoggedHearing(log.layout)
    session = assemble(log.scenes, log.venue, hearing, clock, ReplayGuard(clock.now), synchronous=True, draws=False)
    return Replay(log, session.performer, session.binder), session


def test_every_shipped_scene_reads_only_the_features_that_are_logged() -> None:
    """Two performers hear noise; the other features of the second are nothing: their plans are equal."""
    place = load_venue()
    scenes = [loaded for loaded in chosen_scenes([]).scenes if loaded.scene is not None]
    layout = listen_for(place, 48000, 2, scenes).layout
    rng = np.random.default_rng(7)
    rows = rng.random((12, len(layout.names)), np.float32)
    for name, beat in (("beat.phase", 0.05), ("bar.phase", 0.0125), ("beat.bpm", 0.0)):
        rows[:, layout.index[name]] = np.arange(12) * beat if beat else 60
    pairs = [[Binder(layout, place).bind(loaded) for loaded in scenes] for _ in range(2)]
    for one, other in zip(*pairs, strict=True):
        columns = list(columns_read([one], layout))
        assert 0 < len(columns) < len(layout.names) / 2
        for k, row in enumerate(rows):
            masked = np.zeros_like(row)
            masked[columns] = row[columns]
            heard, less = (FeatureFrame(k * 0.1, layout, values) for values in (row, masked))
            plans = one.plan(k, k * 0.1, 0.1, heard), other.plan(k, k * 0.1, 0.1, less)
            assert plan_digest(plans[0]) == plan_digest(plans[1]), (one.name, unlike_fields(*map(plan_digest, plans)))


def test_the_digest_of_a_plan_tells_every_field_that_differs() -> None:
    changes: dict[str, Any] = {
        "index": 4,
        "time_s": 1.6,
        "dt_s": 0.2,
        "z": np.full(4, 1 + 1e-6, np.float32),
        "classes": np.zeros(1, np.float32),
        "network": "other",
        "position": 0.1,
        "truncation": 0.9,
        "noise": 0.1,
        "w": np.zeros((1, 4), np.float32),
        "mix": ((0.5, np.ones(4, np.float32)),),
        "parameters": {"noise.seed": 1.0},
        "bends": (Bend("scale", "all", 0.1),),
        "over": ((0.5, PLAN),),
        "effects": {"glow": 0.1},
        "layers": (Layer("text", "add", 0.1),),
        "heard_s": 0.1,
        "apart": True,
    }
    assert set(changes) <= set(FIELDS)
    for name, value in changes.items():
        assert unlike_fields(plan_digest(PLAN), plan_digest(replace(PLAN, **{name: value}))) == (name,)
    assert plan_digest(PLAN) == plan_digest(replace(PLAN, z=PLAN.z.copy()))
    comparison = Comparison()
    comparison.add(PLAN, plan_digest(PLAN))
    comparison.add(PLAN, plan_digest(replace(PLAN, noise=1.0)))
    assert comparison.text.startswith("1 of 2 plans are equal")
    assert comparison.text.endswith("frame 3: noise")


def test_features_are_rounded_by_less_than_can_be_seen_and_keep_their_order() -> None:
    rng = np.random.default_rng(1)
    values = np.sort((rng.normal(size=4000) * 10.0 ** rng.integers(-6, 6, 4000)).astype(np.float32))
    coarse = rounded(values)
    assert np.array_equal(rounded(coarse), coarse)
    assert (np.diff(coarse) >= 0).all()
    assert np.abs(coarse / values - 1).max() <= 2.0**-13 * 1.01
    assert rounded(np.array([0, 1, 120, 4095], np.float32)).tolist() == [0, 1, 120, 4095]
    layout = Layout(("level", "mel.3", "drums:band.1"), (False,) * 3)
    assert rounded(np.full(3, 0.3, np.float32), bits_kept(layout)).tolist() == pytest.approx([0.3, 0.3, 0.3], rel=2**-9)
    assert len(set(rounded(np.linspace(1, 2, 5000, dtype=np.float32), 8).tolist())) == 257


def test_columns_of_numbers_come_back_to_the_last_bit() -> None:
    rng = np.random.default_rng(2)
    columns = [rng.normal(size=9), rng.integers(-9, 9, 9), rng.normal(size=(9, 5)).astype(np.float32)]
    reader = ArrayReader(encode(columns))
    for array, kind in zip(columns, ("<f8", "<i8", "<f4"), strict=True):
        assert np.array_equal(reader.take(kind, 9, array.size // 9).reshape(array.shape), array)
    with pytest.raises(ValueError, match="fewer numbers"):
        reader.take("<f4", 1)
    with pytest.raises(ValueError, match="not finite"):
        ArrayReader(encode([np.array([np.nan])])).take("<f8", 1)


def test_a_large_log_goes_on_in_further_files_and_never_replaces_one(tmp_path: Path) -> None:
    path = tmp_path / "show.log"
    path.write_bytes(b"an older night")
    log = ShowLog(path, part_bytes=400)
    log.header = {"fps": 30}
    log.open()
    for k in range(6):
        log.note(float(k), "hand", name=f"knob.{k}", value=random.random())
        log.poll(k * 10.0)
    log.close()
    assert path.read_bytes() == b"an older night"
    second = part_path(path, 2)
    assert [note["name"] for note in notes(second)] == [f"knob.{k}" for k in range(6)]
    read = open_show_log(second)
    list(read.blocks())
    assert len(read.paths) > 2
    assert read.ended
    with pytest.raises(MediaError, match="is part 2 of a show"):
        open_show_log(part_path(path, 3))
    with pytest.raises(MediaError, match="is not a show log"):
        open_show_log(path)


def _log_of_many_parts(path: Path) -> ShowLog:
    log = ShowLog(path, part_bytes=400)
    log.open()
    for k in range(6):
        log.note(float(k), "hand", name=f"knob.{k}", value=random.random())
        log.poll(k * 10.0)
    log.close()
    return log


@pytest.mark.parametrize("older", [0, 1])
@pytest.mark.parametrize("name", ["gig.2026.log", "2026.11.30.log", "show.2.log", "show.log", "show", "gig.2026"])
def test_a_number_in_the_name_of_a_log_is_no_number_of_a_part(name: str, older: int, tmp_path: Path) -> None:
    """Also where an older log has that name, so that the first part is in a further file."""
    for _ in range(older):
        _log_of_many_parts(tmp_path / name)
    there = set(tmp_path.iterdir())
    first = _log_of_many_parts(tmp_path / name).first
    assert first is not None
    read = open_show_log(first)
    assert [note["name"] for block in read.blocks() for note in block.notes] == [f"knob.{k}" for k in range(6)]
    assert read.ended
    assert set(read.paths) == set(tmp_path.iterdir()) - there
    for later in read.paths[1:]:
        with pytest.raises(MediaError, match=rf"is part \d of a show; .* '{re.escape(str(first))}'$"):
            open_show_log(later)


def test_logs_of_other_shows_between_the_parts_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "show.log"
    log = ShowLog(path, part_bytes=400)
    log.open()
    part_path(path, 2).write_bytes(b"no log at all")
    other = ShowLog(path)  # a second show, at the same time: in show.3.log
    other.open()
    other.note(0.0, "hand", name="of another show", value=0.0)
    other.close()
    for k in range(6):
        log.note(float(k), "hand", name=f"knob.{k}", value=random.random())
        log.poll(k * 10.0)
    log.close()
    read = open_show_log(path)
    assert [note["name"] for block in read.blocks() for note in block.notes] == [f"knob.{k}" for k in range(6)]
    assert part_path(path, 3) not in read.paths
    assert part_path(path, 4) in read.paths
    assert read.ended


def test_what_the_disk_has_no_time_for_is_a_hole_that_is_told(tmp_path: Path, played: Path) -> None:
    """Frames in the middle are lost: the replay ends before them."""
    records = list(RecordFile(played))
    first, second, *_ = (k for k, each in enumerate(records) if each.table.get("frames") and each.kind == BLOCK)
    path = tmp_path / "hole.log"
    kept = [record for k, record in enumerate(records) if k != second]
    path.write_bytes(MAGIC + b"".join(pack(each.kind, each.table, each.arrays) for each in kept))
    replay, plans = replayed(path)
    assert len(plans) == records[first].table["frames"]
    assert "frames are missing in the log" in replay.comparison.wrong


def test_a_full_disk_ends_the_log_and_nothing_else(tmp_path: Path) -> None:
    log = ShowLog(Path("/dev/full"))
    with pytest.raises(MediaError, match="No space left"):
        log.open()
    log = ShowLog(tmp_path / "show.log")
    log.open()
    assert log._file is not None
    log._file.close()
    log._file = io.FileIO("/dev/full", "a")
    log.note(0.0, "hand", name="x")
    log.poll(10.0)
    assert log.notice == "the show log ends here: No space left on device"
    for k in range(3000):
        log.frame(FrameInputs(k, 0.0, 0.1, 0.0, None), PLAN)
    log.close()


def test_damaged_and_hostile_logs_end_in_a_sentence(played: Path, tmp_path: Path) -> None:
    whole, rng = played.read_bytes(), random.Random(5)
    path = tmp_path / "damaged.log"
    for _ in range(120):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 8)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path.write_bytes(data[: rng.randrange(len(data))] if rng.random() < 0.3 else data)
        _read_all(path)
    records = list(RecordFile(played))
    block = next(each for each in records if each.table.get("frames"))
    strange: list[Any] = [-1, 10**9, 1e308, "x", None, [], {}, [[0, "event", [1, 2]]], True]
    for key in ("first", "frames", "columns", "inputs", "notes"):
        for value in strange:
            table = {**block.table, key: value}
            path.write_bytes(MAGIC + pack(HEADER, records[0].table) + pack(BLOCK, table, block.arrays))
            _read_all(path)
    for key in ("layout", "scenes", "venue", "fps", "part", "format", "resumed"):
        for value in strange:
            path.write_bytes(MAGIC + pack(HEADER, {**records[0].table, key: value}))
            _read_all(path)


def _read_all(path: Path) -> None:
    """Everything that a log holds; a MediaError is an answer too."""
    with suppress(MediaError):
        log = open_show_log(path)
        for block in log.blocks():
            assert all(np.isfinite(frame.time_s) for frame in block.frames)
        for read in (lambda: log.layout, lambda: log.scenes, lambda: log.venue, lambda: log.resumed):
            with suppress(MediaError):
                read()


def test_inputs_that_are_none_are_left_out_and_said(played: Path, tmp_path: Path) -> None:
    records = list(RecordFile(played))
    strange = [
        [0, "event", [0.0, "knob.1", "x", "move", "", None]],
        [0, "routes", {"scene": 99}],
        [1, "prompt", {"a": 1}],
    ]
    path, block = tmp_path / "strange.log", next(each for each in records if each.table.get("frames"))
    for row in [*strange, [1, "reload", {"scenes": [[0, {"scene": {}}]]}], [1, "networks", 3]]:
        table = {**block.table, "inputs": [row]}
        path.write_bytes(MAGIC + pack(HEADER, records[0].table) + pack(BLOCK, table, block.arrays))
        replay, plans = replayed(path)
        assert len(plans) == block.table["frames"]
        assert "cannot be read" in replay.comparison.wrong


def test_a_setlist_that_is_read_again_comes_back_as_it_was(played: Path) -> None:
    _, session = _ready(played)
    one, two, *_ = session.performer.patches
    program = Program([Advancing("bars", 8.0), Advancing("cue")], shuffle_seed=3, loop=False)
    table = json.loads(json.dumps(reload_to_json(SetReload((1, two), program, one))))
    again = reload_from_json(table, session.binder.bind)
    assert isinstance(again, SetReload)
    assert again.program is not None
    assert (again.program.entries, again.program.order, again.program.loop) == (program.entries, program.order, False)
    kept, other = again.entries
    assert kept == 1
    assert isinstance(other, Patch)
    assert again.safe is not None
    names = [(each.name, each.scene, each.folder, each.transition) for each in (other, again.safe)]
    assert names == [(each.name, each.scene, each.folder, each.transition) for each in (two, one)]


def test_a_fault_in_planning_is_survived_as_in_the_show_and_one_in_drawing_is_not() -> None:
    guard = ReplayGuard(lambda: 0.0)

    def fail() -> int:
        raise RuntimeError("no")

    assert guard("plan", fail, 3) == 3
    assert isinstance(guard, FaultGuard)
    with pytest.raises(RuntimeError, match="no"):
        guard("picture", fail, 3)


def test_the_story_of_a_show_is_told_as_text_and_as_a_page(played: Path, tmp_path: Path) -> None:
    page = tmp_path / "show.html"
    runner = CliRunner()
    told = runner.invoke(app, ["log", str(played)], catch_exceptions=False)
    assert told.exit_code == 0
    for words in ("closed by the show", "prompt   violet smoke over black", "scene    Patterns", "knob.1 0.25"):
        assert words in told.output
    assert runner.invoke(app, ["log", str(played), "--html", str(page)], catch_exceptions=False).exit_code == 0
    text = page.read_text()
    assert "<polyline" in text
    assert "Heartbeat" in text
    assert not re.findall(r"https?://|<script|src=|@import|url\(", text)
    lines = runner.invoke(app, ["log", str(played), "--json"], catch_exceptions=False).output.splitlines()
    assert json.loads(lines[0])["kind"] == "show"
    with pytest.raises(MediaError, match="there already"):
        runner.invoke(app, ["log", str(played), "--html", str(page)], catch_exceptions=False)


def test_a_story_tells_a_reset_and_a_step_of_an_encoder_as_what_they_are(tmp_path: Path) -> None:
    speed = {"kind": "hand", "name": "motion.speed", "source": "osc"}
    notes = (
        {"time_s": 0.1, **speed, "value": 0.4},
        {"time_s": 0.2, **speed, "value": 1.0, "how": "release"},
        {"time_s": 1.4, "kind": "hand", "name": "knob.1", "value": -0.01, "how": "turn", "source": "box"},
    )
    path, block = tmp_path / "show.log", LogBlock(0, (), (), notes)
    header = {"fps": 30, "part": 1, "layout": {"names": ["level"], "peaks": [False]}}
    path.write_bytes(MAGIC + pack(HEADER, header) + pack(BLOCK, block_table(block), block_arrays((), 0)))
    story = read_story(open_show_log(path))
    assert [line.text for line in story.lines] == [
        "motion.speed 0.4 (osc)",
        "motion.speed back to the scene (osc)",
        "knob.1 turned down (box)",
    ]


def test_a_story_is_as_long_as_its_frames_and_no_hand_quit_what_closed_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "show.log"
    hand = {"kind": "hand", "name": "quit", "value": 1.0}
    hands = ({"time_s": 0.1, **hand}, {"time_s": 1.9, **hand, "source": "box"})
    late = {"time_s": 6.9, "kind": "vitals", "fps": 30.0}
    frames = tuple(LoggedFrame(k, 3 + k / 30, 1 / 30, 0.0, 0.0, None, plan_digest(PLAN), ()) for k in range(60))
    block = LogBlock(0, (), frames, (*hands, late))
    header = {"fps": 30, "part": 1, "layout": {"names": ["level"], "peaks": [False]}}
    path.write_bytes(MAGIC + pack(HEADER, header) + pack(BLOCK, block_table(block), block_arrays(frames, 0)))
    story = read_story(open_show_log(path))
    assert story.facts["length"] == "0:02"
    assert [(line.kind, line.text) for line in story.lines] == [("window", "closed"), ("hand", "quit 1 (box)")]
    assert story.seconds == 6.9, "the axis of the page has room for every note"


def test_a_story_counts_from_the_first_frame_as_its_film_does(tmp_path: Path) -> None:
    """The show began at 2 s of its clock, its first frame was due at 3.5 s; the last ends 1.5 s after that."""
    path = tmp_path / "show.log"
    told = [(0.8, "network"), (1.5, "notice"), (2.25, "scene"), (3.0, "hand")]
    notes = tuple({"time_s": time_s, "kind": kind, "name": "tide", "title": "Tide"} for time_s, kind in told)
    vitals = tuple({"time_s": time_s, "kind": "vitals", "fps": 30.0} for time_s in (1.0, 2.0))
    frames = tuple(LoggedFrame(k, 3.5 + k / 30, 1 / 30, 0.0, 0.0, None, plan_digest(PLAN), ()) for k in range(45))
    early, block = LogBlock(0, (), (), notes[:2]), LogBlock(0, (), frames, (*notes[2:], *vitals))
    header = {"fps": 30, "start_s": 2.0, "part": 1, "layout": {"names": ["level"], "peaks": [False]}}
    header["scenes"] = {"scenes": [{"scene": {"title": "Ink"}}], "start": 0}
    parts = [pack(BLOCK, block_table(each), block_arrays(each.frames, 0)) for each in (early, block)]
    path.write_bytes(MAGIC + pack(HEADER, header) + b"".join(parts))
    story = read_story(open_show_log(path))
    assert [(line.time_s, line.kind) for line in story.lines] == [
        (0.0, "network"),
        (0.0, "notice"),
        (0.75, "scene"),
        (1.5, "hand"),
    ]
    assert story.scenes == [(0.0, "Ink"), (0.75, "Tide")]
    assert story.curves["fps"] == [(0.0, 30.0), (0.5, 30.0)]
    assert story.seconds == pytest.approx(story.played_s) == pytest.approx(1.5)


def test_a_log_without_a_frame_gives_no_film_and_says_why(played: Path, tmp_path: Path) -> None:
    whole, _ = played.read_bytes(), list((log := open_show_log(played)).blocks())
    header = MAGIC + pack(HEADER, dict(log.header))
    film, runner = tmp_path / "film.mp4", CliRunner()
    for rest, why in (
        (b"", "it breaks off before its first"),
        (whole[len(header) : len(header) + 40], "it breaks off before its first"),
        (pack(END, {}), "the show was closed before its first"),
    ):
        cut = tmp_path / "cut.log"
        cut.write_bytes(header + rest)
        with pytest.raises(MediaError, match=rf"cut\.log holds no frame to render: {why}"):
            runner.invoke(app, ["render", str(cut), "-o", str(film)], catch_exceptions=False)
        assert f"no frame: {why}" in runner.invoke(app, ["log", str(cut)], catch_exceptions=False).output
    with pytest.raises(MediaError, match="--start 600 is after its end"):
        runner.invoke(app, ["render", str(played), "-o", str(film), "--start", "600"], catch_exceptions=False)
    assert not film.exists()


def test_a_film_that_got_no_frame_is_an_error_unless_it_was_stopped(played: Path, tmp_path: Path) -> None:
    """Here the first frames are missing in the log: what was planned on them cannot be made again."""
    log, film = open_show_log(played), tmp_path / "film.mp4"
    frames = next(block for block in log.blocks() if block.frames).frames[:1]
    block = LogBlock(50, (), (replace(frames[0], values=None, inputs=()),), ())
    hole = tmp_path / "hole.log"
    parts = pack(BLOCK, block_table(block), block_arrays(block.frames, 0))
    hole.write_bytes(MAGIC + pack(HEADER, dict(log.header)) + parts)
    words = ["render", str(hole), "-o", str(film), "--size", "64x36", "--device", "cpu"]
    with pytest.raises(MediaError, match=r"there is no film .*film\.mp4: .*50 frames are missing in the log"):
        CliRunner().invoke(app, words, catch_exceptions=False)
    assert list(tmp_path.iterdir()) == [hole]


def test_a_log_goes_into_a_file_of_its_own_and_says_which(tmp_path: Path) -> None:
    scene, path, names = tmp_path / "mine.toml", tmp_path / "show.log", []
    scene.write_text("title = 1")
    (tmp_path / "empty.log").touch()
    with pytest.raises(
        MediaError, match=r"mine\.toml is there already and is no show log; choose another name for --log"
    ):
        check_log(scene)
    for _ in range(2):
        check_log(path)
        log = ShowLog(path)
        log.open()
        log.close()
        names.append(log.first and log.first.name)
    assert names == ["show.log", "show.2.log"]
    check_log(tmp_path / "empty.log")
    check_log(Path("/dev/null"))


def test_what_a_play_would_replace_is_refused_before_it_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text("title = 1")
    Path("film.mp4").touch()
    with pytest.raises(MediaError, match=r"no file called 'gone\.wav'"):
        CliRunner().invoke(app, [*["play", "gone.wav", "--headless", "--record", "film.mp4"]], catch_exceptions=False)
    for command, option in (("play --headless --duration 1", "--report"), ("play", "--log"), ("doors", "--html")):
        with pytest.raises(
            MediaError, match=f"mine.toml is there already and is no .* choose another name for {option}"
        ):
            CliRunner().invoke(app, [*command.split(), "--input", "demo", option, "mine.toml"], catch_exceptions=False)
    assert Path("mine.toml").read_text() == "title = 1"


@pytest.mark.parametrize(("fps", "exact"), [(30, True), (15, False), (29, False)])
def test_a_film_has_as_many_frames_as_its_progress_bar_expects(played: Path, fps: int, exact: bool) -> None:
    times = [frame.time_s for block in open_show_log(played).blocks() for frame in block.frames]
    for start_s, length_s in ((0.0, inf), (0.5, 1.0), (1.0, 600.0)):
        fresh, _ = _ready(played)
        film = sum(1 for _ in film_plans(fresh, Fraction(fps), exact, start_s, length_s))
        assert film == film_frames(times[-1] - times[0], Fraction(fps), exact, start_s, length_s)


def test_a_log_joins_no_song_and_a_misspelt_one_is_named(
    played: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("film.mp4").touch()
    for words, says in (
        ([str(played), "song.wav", "-o", "both.mp4"], "joins no other song; give a folder: -o films/"),
        ([str(played), "song.wav", "--join"], "joins no other song; leave --join out and give a folder: -o films/"),
        (["show.lgo"], "no file called 'show.lgo'"),
    ):
        with pytest.raises(MediaError, match=says):
            CliRunner().invoke(app, ["render", *words], catch_exceptions=False)
    with pytest.raises(MediaError, match=r"show\.log is an input of this command; choose another name for --html"):
        CliRunner().invoke(app, ["log", str(played), "--html", str(played)], catch_exceptions=False)


def test_words_of_a_foreign_log_stay_words_on_the_page(tmp_path: Path) -> None:
    path = tmp_path / "strange.log"
    bad = "<script>alert(1)</script>\x1b[2J"
    scenes = {"scenes": [{"scene": {"title": bad}}, 3, {"scene": []}], "start": 0}
    strange: list[Any] = [{"time_s": "x"}, {"time_s": 1e300, "kind": bad, "count": 1e300}, {"time_s": -5}]
    strange += [{"time_s": 1.0, "kind": "scene", "title": bad}, {"time_s": 2.0, "kind": "vitals", "fps": 1e308}]
    strange += [{"time_s": 10**400, "kind": "notice"}, {"time_s": 3.0, "kind": "hand", "name": "x", "value": 10**400}]
    table = {"first": 0, "frames": 0, "columns": [], "inputs": [], "notes": strange}
    header = {"scenes": scenes, "began": bad, "fps": bad, "input": [bad]}
    path.write_bytes(MAGIC + pack(HEADER, header) + pack(BLOCK, table))
    story = read_story(open_show_log(path))
    page, text = log_page(story), "\n".join(story_lines(story))
    assert "<script>" not in page
    assert "\x1b" not in page + text


def test_a_log_is_rendered_as_a_film_with_the_sound_of_its_show(played: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    words = ["render", str(played), "-o", str(film), "--duration", "1.5", "--size", "64x36", "--device", "cpu"]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert re.search(r"all \d+ plans are equal to those of the show", done.stderr)
    with av.open(str(film)) as read:
        assert sum(1 for _ in read.decode(video=0)) == 45
        assert read.streams.audio[0].codec_context.sample_rate == 48000
    for extra, wrong in (
        (["--scene", "tide"], "has its scenes and words"),
        (["--network", "house-256"], "cannot take the place of plain"),
    ):
        with pytest.raises(LiveganError, match=wrong):
            CliRunner().invoke(app, [*words, "--overwrite", *extra], catch_exceptions=False)


def test_another_network_of_the_same_shape_draws_the_same_plans(played: Path) -> None:
    log = open_show_log(played)
    other = replace(find_network("plain"), name="finer", title="finer")
    swap = NetworkSwap(other, Vocabulary.of(log.layout))
    first, second, _ = swap.setlist(log.scenes, log.scenes.names).scenes
    assert [(info.name, info.title) for info in first.networks] == [("plain", "finer")]
    assert not second.networks, "patterns has other numbers"
    assert not swap.remarks(log.scenes.names)


def test_a_network_must_fit_a_scene_that_played(played: Path) -> None:
    """Patterns is among the scenes of the log; in this show it was never on."""
    log = open_show_log(played)
    swap = NetworkSwap(find_network("patterns"), Vocabulary.of(log.layout))
    first, second, _ = log.scenes.names
    assert swap.setlist(log.scenes, [second]).scenes[1].networks
    with pytest.raises(NetworkError, match=r"plain .*no scene that played uses a network like it, with 8/12/0 numbers"):
        swap.setlist(log.scenes, [first])
    swap.setlist(log.scenes, ["a scene that came later"])


def test_a_scene_whose_path_does_not_fit_another_network_keeps_its_own(played: Path) -> None:
    layout = open_show_log(played).layout
    show = chosen_scenes(["neon", "gance-projection"])
    swap = NetworkSwap(find_network("house-256-light"), Vocabulary.of(layout))
    neon, projection = swap.setlist(show, ["neon"]).scenes
    assert [(info.name, info.num_ws) for info in neon.networks] == [("house-256", 12)]
    assert [(info.name, info.num_ws) for info in projection.networks] == [("house-256 (its own)", 14)]
    assert not swap.remarks(["neon"])
    (line,) = swap.remarks(["neon", "gance-projection"])
    assert "'gance-projection' keeps its own network" in line
    assert "motion.path: the path has w of 14 rows, house-256-light has 12" in line
    with pytest.raises(NetworkError, match=r"fits no scene that played; 'gance-projection': motion.path"):
        swap.setlist(show, ["gance-projection"])


def test_plans_of_scenes_that_keep_their_network_are_compared_by_its_own_name(
    played: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, clock = open_show_log(played), ManualClock()
    heartbeat = log.scenes.names[2]

    def check(loaded: LoadedScene, vocabulary: Vocabulary, bank: Sequence[NetworkInfo]) -> CheckedScene:
        checked = check_scene(loaded, vocabulary, bank)
        unfit = loaded.name == heartbeat and bank[0].name == "finer"
        return replace(checked, mistakes=("no",)) if unfit else checked

    monkeypatch.setattr(replay_networks, "check_scene", check)
    swap = NetworkSwap(replace(find_network("plain"), name="finer", kind="other"), Vocabulary.of(log.layout))
    scenes, hearing = swap.setlist(log.scenes, log.scenes.names), cast("Any", LoggedHearing(log.layout))
    session = assemble(scenes, log.venue, hearing, clock, ReplayGuard(clock.now), synchronous=True, draws=False)
    replay = Replay(log, session.performer, session.binder, names=swap.names)
    replay.bind = lambda scene, transition: session.binder.bind(swap.scene(scene), transition)
    drawn = {name for plan in replay.plans() for name in plan.networks}
    assert drawn >= {"plain", "plain (its own)"}
    assert replay.comparison.equal == replay.comparison.compared > 100


def test_a_render_says_what_of_a_damaged_log_is_missing(played: Path, tmp_path: Path) -> None:
    whole, films = played.read_bytes(), tmp_path / "films"
    sizes = [len(MAGIC)]
    while sizes[-1] < len(whole):
        sizes.append(sizes[-1] + 9 + int.from_bytes(whole[sizes[-1] + 1 : sizes[-1] + 5], "little"))
    times = [[frame.time_s for frame in block.frames] for block in open_show_log(played).blocks()]
    at = next(number for number in range(1, len(times)) if times[number] and any(times[:number]))
    missing_s = times[-1][-1] - [time_s for block in times[:at] for time_s in block][-1]
    at += 1  # the header is a record too
    hurt, cut, lost = tmp_path / "hurt.log", tmp_path / "cut.log", tmp_path / "lost.log"
    hurt.write_bytes(whole[: sizes[at] + 40] + b"????????" + whole[sizes[at] + 48 :])
    list((log := open_show_log(hurt)).blocks())
    assert log.missing_s == pytest.approx(missing_s)
    words = ["render", str(hurt), "-o", str(films / "a.mp4"), "--size", "64x36", "--device", "cpu", "--duration", "0.2"]
    told = CliRunner().invoke(app, words, catch_exceptions=False).output
    assert f"bytes at its end are broken off or damaged; they are left out, and with them {log.missing_s:.1f} s" in told
    assert f"and with them {log.missing_s:.1f} s of the show" in story_text(hurt)
    cut.write_bytes(whole[: sizes[at] + 40])
    list((log := open_show_log(cut)).blocks())
    assert log.lost == "40 bytes at its end are broken off or damaged; they are left out"
    lost.write_bytes(whole[:200] + b"????" + whole[204:])
    with pytest.raises(MediaError, match=f"a damaged show log: the {sizes[1] - sizes[0]} bytes at its beginning"):
        open_show_log(lost)
    lost.write_bytes(whole[:200])
    with pytest.raises(MediaError, match="breaks off before it has begun"):
        open_show_log(lost)


def test_a_part_that_is_lost_or_damaged_is_told(tmp_path: Path) -> None:
    path = tmp_path / "show.log"
    frames = tuple(LoggedFrame(k, k / 30, 1 / 30, 0.0, 0.0, None, plan_digest(PLAN), ()) for k in range(30))
    header = {"fps": 30, "id": "a", "layout": {"names": [], "peaks": []}}
    for part in (1, 2, 3):
        block = LogBlock(30 * part - 30, (), frames, ())
        packed = pack(BLOCK, block_table(block), block_arrays(frames, 0))
        part_path(path, part).write_bytes(MAGIC + pack(HEADER, {**header, "part": part}) + packed)
    list((log := open_show_log(path)).blocks())
    assert (len(log.paths), log.lost) == (3, "")
    second = part_path(path, 2)
    second.write_bytes(second.read_bytes().replace(MAGIC, MAGIC + b"H\x20\0\0\0????"))
    list(log.blocks())
    assert (len(log.paths), log.lost) == (1, f"'{second}' is damaged at its beginning and left out")
    second.unlink()
    list(log.blocks())
    assert (len(log.paths), log.lost) == (1, "part 2 of it is missing; what follows is left out")
    assert log.lost in story_text(path)


def story_text(path: Path) -> str:
    """The story of a show, as text."""
    return "\n".join(story_lines(read_story(open_show_log(path))))


def test_what_a_camera_saw_is_missed_only_by_scenes_that_played(played: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = open_show_log(played)
    first, second, _ = log.scenes.names
    monkeypatch.setattr(replay_stage, "sees", lambda scene: scene == log.scenes.scenes[1].scene)
    job = RenderJob(played, Path("film.mp4"), fps=Fraction(30))
    assert not replay_stage._remarks(log, True, job, {first})
    (line,) = replay_stage._remarks(log, True, job, {first, second})
    assert "camera" in line


def test_the_sound_of_a_show_is_the_song_that_it_played_to_if_it_still_is(played: Path, tmp_path: Path) -> None:
    log = open_show_log(played)
    demo, remark = show_sound(log, None, 0.0)
    assert demo is not None
    assert not remark
    track = demo.track(demo.origin_s + 100.0, 60.0, "original", 64.0)
    assert (track.start_s, len(track.more)) == (36.0, 1)
    window = demo.windows()(demo.origin_s + 1.0)
    assert window is not None
    assert len(window.samples) == 12000
    song = tmp_path / "song.wav"
    song.write_bytes(b"1")
    header = {**log.header, "input": str(song), "input_digest": file_digest(song)}
    found, _ = show_sound(ShowLogFile(played, header), None, 0.0)
    assert found is not None
    song.write_bytes(b"2")
    assert "is another one now" in show_sound(ShowLogFile(played, header), None, 0.0)[1]
    song.unlink()
    assert "is gone" in show_sound(ShowLogFile(played, header), None, 0.0)[1]


def test_a_pipe_is_no_show_log_and_no_snapshot_and_nobody_waits_for_it(tmp_path: Path) -> None:
    for name in ("show.log", "picture.png"):
        os.mkfifo(tmp_path / name)
    assert not is_show_log(tmp_path / "show.log")
    assert not is_snapshot(tmp_path / "picture.png")
    with pytest.raises(MediaError, match="is not a show log"):
        list(RecordFile(tmp_path / "show.log"))
