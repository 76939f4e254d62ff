"""The scene player: safe scene, undo, saving, bookmarks, setlists that advance; the same events, the same show."""

import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from livegan.cli import app
from livegan.config.load import load_scene, set_paths
from livegan.config.scene import Scene
from livegan.config.setlist import SetlistTable
from livegan.config.transition import TransitionTable
from livegan.core.binding import Binding
from livegan.core.clock import ManualClock
from livegan.core.plan_json import from_json
from livegan.core.types import ControlEvent, FeatureFrame, Frame, Layout
from livegan.engine.bank import Bank
from livegan.engine.beat_grid import BeatGrid
from livegan.engine.guard import StrictGuard
from livegan.engine.loader import Loader
from livegan.engine.performer import Performer
from livegan.engine.program import SECTION, Advancing, Program
from livegan.engine.reload import SceneReload, SetReload
from livegan.engine.saving import Saver
from livegan.engine.scene_player import MOST_STANDS
from livegan.engine.undo import MOST, Restore, UndoStack
from livegan.networks.latents.bookmarks import list_bookmarks
from livegan.rendering.gradient import Gradient
from tests.building import LAYOUT, PLAIN, heard, patch_of

SCENE = Scene(title="One", network="plain", fade_s=0.5, knobs={"knob.1": "truncation", "pad.1": "effect.dim"})
OTHER = replace(PLAIN, name="other")


def scene(title: str = "Two", **changes: object) -> Scene:
    return SCENE.model_copy(update={"title": title, **changes})


def performer(*scenes: Scene, **keys: object) -> Performer:
    clock = ManualClock()
    patches = [patch_of(each, [PLAIN], f"scene-{i}") for i, each in enumerate(scenes)]
    bank = Bank(Loader(lambda info, options: Gradient(info, "cpu")), 1000.0, [Gradient(PLAIN, "cpu")])
    chain = lambda picture, amounts, dt_s: picture  # noqa: E731
    return Performer(patches, 0, bank, chain, LAYOUT, clock, StrictGuard(clock.now), **keys)  # type: ignore[arg-type]


class Stage:
    """A performer stepped ten times a second."""

    def __init__(self, show: Performer) -> None:
        self.show, self.index = show, 0

    def press(self, *names: str | tuple[str, float], steps: int = 1) -> Frame:
        time_s = self.index / 10
        events = [ControlEvent(time_s, *((name, 1.0) if isinstance(name, str) else name)) for name in names]
        frame = None
        for _ in range(steps):
            time_s = self.index / 10
            frame = self.show.step(self.index, time_s, 0.1, heard(time_s, bass=0.5), events)
            events, self.index = [], self.index + 1
        assert frame is not None
        return frame

    @property
    def title(self) -> str:
        return self.show.patch.scene.title


def test_what_a_show_listens_to_is_what_its_scenes_read_that_play_or_are_chosen() -> None:
    show = performer(scene("One"), scene("Two"))
    for patch, groups in zip(show.patches, ({"", "drums"}, {"harmonic"}), strict=True):
        patch.groups = frozenset(groups)
    stage = Stage(show)
    stage.press(steps=2)
    assert show.scenes.groups == {"", "drums"}
    stage.press("scene.next", steps=2)
    assert show.scenes.groups == {"", "drums", "harmonic"}
    stage.press(steps=20)
    assert show.scenes.groups == {"harmonic"}


def test_the_safe_scene_is_there_in_the_same_frame_whatever_plays() -> None:
    safe = patch_of(scene("Safe", seed=5), [PLAIN], "safe")
    stage = Stage(performer(SCENE, scene(fade_s=9.0), scene("Three", fade_s=9.0), safe=safe))
    stage.press("scene.2", steps=2)
    stage.press("scene.3", steps=2)
    frame = stage.press("scene.safe")
    assert stage.title == "Safe"
    assert not frame.plan.over
    assert len(stage.show.scenes.playing) == 1
    stage.press("scene.next", steps=20)
    assert stage.title == "One", "next after the third, where the show was"


def test_the_safe_scenes_network_is_always_asked_for_first_and_never_evicted() -> None:
    safe = patch_of(scene("Safe"), [OTHER], "safe")
    show = performer(SCENE, safe=safe)
    Stage(show).press(steps=3)
    assert show.bank._requested == {False: "other"}
    show.bank.add(Gradient(OTHER, "cpu"))
    show.bank.budget_mb = 0.0
    Stage(show).press(steps=3)
    assert show.bank.has(OTHER)


def test_until_its_network_is_ready_the_safe_scene_is_waited_for_and_then_cut_to() -> None:
    safe = patch_of(scene("Safe"), [OTHER], "safe")
    stage = Stage(performer(SCENE, safe=safe))
    stage.press("scene.safe", steps=3)
    assert (stage.title, stage.show.waits_for) == ("One", "other")
    stage.show.bank.add(Gradient(OTHER, "cpu"))
    frame = stage.press()
    assert stage.title == "Safe"
    assert not frame.plan.over


def test_there_is_a_still_of_the_safe_scene_before_it_ever_played() -> None:
    safe = patch_of(scene("Safe", seed=77), [PLAIN], "safe")
    stage = Stage(performer(SCENE, safe=safe))
    shown = stage.press().pixels
    still = stage.show.still
    assert still is not None
    assert still.shape == np.asarray(shown).shape
    assert not np.array_equal(still, np.asarray(shown))
    frames = [stage.press("scene.safe").pixels, *(stage.press().pixels for _ in range(30))]
    assert any(stage.show.still is pixels for pixels in frames), "now it is the newest picture, once a second"
    assert stage.show.still is not still


def test_without_another_the_first_scene_is_the_safe_one() -> None:
    stage = Stage(performer(SCENE, scene()))
    stage.press("scene.2", steps=10)
    stage.press("scene.safe")
    assert stage.title == "One"


def test_a_change_of_scene_can_be_undone_and_so_can_the_one_before_it() -> None:
    stage = Stage(performer(SCENE, scene(), scene("Three")))
    for key in ("scene.2", "scene.3"):
        stage.press(key, steps=8)
    titles = []
    for _ in range(3):
        stage.press("undo", steps=12)
        titles.append((stage.title, stage.show.scenes.undone))
    assert titles == [("Two", "the change to Three"), ("One", "the change to Two"), ("One", "")]


def test_the_jump_of_a_knob_can_be_undone_as_one_move() -> None:
    stage = Stage(performer(SCENE))
    stage.press(("knob.1", 0.2), steps=20)
    for value in (0.3, 0.5, 0.9):
        stage.press(("knob.1", value))
    stage.press(("pad.1", 1.0), ("pad.1", 0.0))
    assert stage.press().plan.truncation == pytest.approx(0.9 * 1.5)
    assert stage.press("undo").plan.truncation == pytest.approx(0.2 * 1.5)
    assert stage.show.patch.controls.values() == (("truncation", pytest.approx(0.2)),)
    assert stage.press("undo").plan.truncation == pytest.approx(0.9)
    assert stage.show.patch.controls.values() == ()
    stage.press("undo")
    assert stage.show.scenes.undone == ""


def test_a_controller_that_sends_everything_costs_no_memory() -> None:
    stage = Stage(performer(SCENE))
    scenes = stage.show.scenes
    for number in range(5000):
        scenes.handle(ControlEvent(0.0, f"nrpn.{number}", 0.5, source="box"), 0.0, None)
    assert len(scenes._stands) <= MOST_STANDS


def test_two_knobs_that_are_turned_at_once_are_two_moves() -> None:
    undo, done = UndoStack(), []

    def restore(what: object) -> Restore:
        return lambda: done.append(what) or restore(what)  # type: ignore[func-returns-value]

    for step in range(200):
        for what in ("left", "right"):
            undo.add_move(what, step / 100, what, restore(what))
    assert len(undo) == 2
    assert [undo.undo(), undo.undo(), undo.undo()] == ["right", "left", ""]
    for what in range(1000):
        undo.add_move(what, 3.0, "", restore(what))
    assert len(undo) <= MOST
    assert len(undo._moving) <= MOST


def test_a_choice_that_waits_is_what_undo_forgets_first() -> None:
    waiting = scene(transition=TransitionTable(begin="bar", patience_s=60.0))
    stage = Stage(performer(SCENE, waiting))
    stage.press("scene.2", steps=2)
    stage.press("undo", steps=20)
    assert (stage.title, stage.show.waits_for) == ("One", "")
    assert stage.show.scenes.undone == "the choice of Two"


def test_a_choice_that_was_undone_while_it_waited_is_made_again() -> None:
    waiting = scene(transition=TransitionTable(begin="bar", patience_s=1.0))
    stage = Stage(performer(SCENE, waiting))
    stage.press("scene.2", steps=2)
    stage.press("undo", steps=20)
    stage.press("redo", steps=2)
    assert stage.show.scenes.remark == "done again: the choice of Two"
    assert (stage.title, stage.show.waits_for) == ("One", "the next bar: Two")
    stage.press("undo", steps=2)
    assert (stage.show.waits_for, stage.show.scenes.undone) == ("", "the choice of Two")
    stage.press("redo", steps=20)
    assert stage.title == "Two", "it comes in as it would have"
    stage.press("undo", steps=20)
    assert (stage.title, stage.show.scenes.undone) == ("One", "the change to Two")
    stage.press("undo", steps=2)
    assert stage.show.scenes.undone == "", "the choice is no change beside that"


def test_while_a_scene_that_was_read_again_waits_for_its_network_the_show_knows_what_plays() -> None:
    entries = [SCENE, scene("Two"), scene("Three")]
    show = performer(*entries, program=Program([Advancing("cue")] * 3))
    show.patches[2].name = show.patches[0].name  # the same scene twice in the set
    stage = Stage(show)
    stage.press("scene.3", steps=10)
    for number in (0, 2):
        anew = patch_of(scene("Three"), [OTHER], show.patches[0].name)
        show.reloads.put(SceneReload(((number, anew),)))
    stage.press(steps=3)
    board = show.board(1.0)
    assert (board.playing, board.chosen, show.scenes.title) == (2, 2, "Three  3/3")
    stage.press("undo", steps=3)
    board = show.board(1.0)
    assert (board.playing, board.chosen) == (2, -1)
    stage.press("scene.previous", steps=10)
    assert stage.title == "Two", "before the third"


def test_a_reload_can_be_undone_and_the_picture_goes_on_where_it_is() -> None:
    stage = Stage(performer(SCENE, scene()))
    before = stage.press(steps=30).plan
    anew = patch_of(scene("One", parameters={"truncation": 0.4}), [PLAIN], "scene-0")
    stage.show.reloads.put(SceneReload(((0, anew),)))
    after = stage.press().plan
    turned = float(before.z @ after.z / np.linalg.norm(before.z) / np.linalg.norm(after.z))
    assert turned > 0.98, "the motion is the same: the latent has not jumped back to its beginning"
    assert stage.press(steps=12).plan.truncation == pytest.approx(0.4)
    assert stage.show.patch is anew
    assert stage.press("undo", steps=14).plan.truncation == pytest.approx(0.9)
    assert stage.show.scenes.undone == "the newer file of One"


def test_what_was_undone_or_reloaded_leaves_no_wrong_scene_behind() -> None:
    """Any order of choices, undos, reloads and safe scenes: the show plays one of its scenes."""
    rng = np.random.default_rng(2)
    stage = Stage(performer(SCENE, scene(), scene("Three"), safe=patch_of(scene("Safe"), [PLAIN], "safe")))
    names = ["scene.1", "scene.2", "scene.next", "scene.previous", "scene.safe", "undo", "undo", "scene.9", "knob.1"]
    for _ in range(400):
        if rng.random() < 0.1:
            number = int(rng.integers(3))
            anew = patch_of(scene(f"Scene {number}"), [PLAIN], f"scene-{number}")
            stage.show.reloads.put(SceneReload(((number, anew),)))
        stage.press((str(rng.choice(names)), float(rng.random())), steps=int(rng.integers(1, 6)))
        scenes = stage.show.scenes
        assert len(scenes.playing) <= 3
        assert len(scenes.patches) == 3
        assert {patch.name for patch, _ in scenes.playing} <= {"scene-0", "scene-1", "scene-2", "safe"}
    assert stage.show.guard.faults == 0


def test_saving_and_bookmarks_are_written_by_the_service_and_say_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livegan.config.load.user_folder", lambda: tmp_path)
    monkeypatch.setattr("livegan.networks.latents.bookmarks.bookmark_folder", lambda: tmp_path / "bookmarks")
    (tmp_path / "scenes").mkdir()
    stage = Stage(performer(SCENE))
    frame = stage.press(("knob.1", 0.5), steps=5)
    stage.press("scene.save", "latent.bookmark")
    saver = Saver(stage.show.scenes.requests)
    saver.poll(0.0)
    assert "bookmark scene-0" in saver.notice
    saved = load_scene(str(tmp_path / "scenes" / "scene-2.toml"))
    assert (saved.title, saved.parameters) == ("One 2", {"truncation": 0.75})
    (kept,) = list_bookmarks(tmp_path / "bookmarks")
    assert from_json(kept.read_text()) == frame.plan
    os.utime(kept, (time.mktime((2026, 5, 1, 22, 30, 0, 0, 0, -1)),) * 2)
    listed = CliRunner().invoke(app, ["bookmarks"], catch_exceptions=False).output
    assert "scene-0            z of plain, kept on 2026-05-01 at 22:30" in listed, "no second of any clock of a show"
    saver.poll(60.0)
    assert saver.notice == ""


def test_whoever_asks_for_files_all_the_time_gets_one_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livegan.config.load.user_folder", lambda: tmp_path)
    (tmp_path / "scenes").mkdir()
    stage = Stage(performer(SCENE))
    saver = Saver(stage.show.scenes.requests)
    for turn in range(60):  # ten seconds
        stage.press("scene.save")
        saver.poll(turn / 6)
    assert len(list((tmp_path / "scenes").iterdir())) == 4 + 9
    assert saver.notice == "not saved: only one a second is"


def test_what_cannot_be_written_is_said_and_the_show_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scenes").write_text("a file where the folder should be")
    monkeypatch.setattr("livegan.config.load.user_folder", lambda: tmp_path)
    stage = Stage(performer(SCENE))
    stage.press("scene.save")
    saver = Saver(stage.show.scenes.requests)
    saver.poll(0.0)
    assert "cannot be written" in saver.notice
    for _ in range(100):  # nobody writes: the queue is bounded
        stage.press("scene.save")


def test_the_same_events_give_the_same_frames() -> None:
    rng = np.random.default_rng(8)
    names = ["scene.2", "scene.3", "knob.1", "undo", "scene.safe", "scene.next"]
    script = [[(str(rng.choice(names)), float(rng.random()))] if rng.random() < 0.3 else [] for _ in range(80)]

    def play() -> list[np.ndarray]:
        wiped = scene("Three", transition=TransitionTable(kind="dissolve", beats=2))
        stage = Stage(performer(SCENE, scene(), wiped))
        return [np.asarray(stage.press(*events).pixels) for events in script]

    for a, b in zip(play(), play(), strict=True):
        np.testing.assert_array_equal(a, b)


# Setlists

BEATS = Layout(
    (*LAYOUT.names, "beat.phase", "bar.phase", "beat.bpm", "beat.confidence", SECTION),
    (*LAYOUT.peaks, *(False,) * 5),
)


def music(time_s: float, *, confidence: float = 1.0, section: float = 0.0) -> FeatureFrame:
    """Music at 120 beats a minute, four to a bar: a bar lasts 2 s."""
    values = np.zeros(len(BEATS.names), np.float32)
    values[-5:] = time_s * 2 % 1, time_s / 2 % 1, 120.0, confidence, section
    return FeatureFrame(time_s, BEATS, values)


def advances_s(by: Advancing, seconds: float = 60.0, **keys: object) -> list[float]:
    """When a program of three such entries asks for the next."""
    program, grid, found = Program([by] * 3), BeatGrid(), []
    program.began(0)
    for i in range(round(seconds * 10)):
        sections = keys.get("sections", ())
        novelty = 0.8 if any(at <= i / 10 < at + 4 for at in sections) else 0.0  # type: ignore[attr-defined]
        frame = music(i / 10, confidence=float(keys.get("confidence", 1.0)), section=novelty)  # type: ignore[arg-type]
        grid.step(frame, i / 10)
        if program.step(frame, grid, 0.1):
            found.append(i / 10)
            program.began(0)
    return found


def test_an_entry_of_bars_seconds_or_a_section_ends_when_it_should() -> None:
    assert advances_s(Advancing("cue")) == []
    assert advances_s(Advancing("bars", bars=4), 30) == pytest.approx([8.0, 16.0, 24.0], abs=0.11)
    assert advances_s(Advancing("bars", bars=4), 30, confidence=0.0) == pytest.approx([8.0, 16.0, 24.0], abs=0.3)
    assert advances_s(Advancing("seconds", seconds=7.0), 20) == pytest.approx([7.0, 14.0], abs=0.25)
    by_section = Advancing("section", seconds=10.0)
    assert advances_s(by_section, 60, sections=(3.0, 20.0, 24.5, 50.0)) == pytest.approx([20.0, 50.0])
    assert advances_s(Advancing("section", bars=8, seconds=4.0), 30, sections=(10.0,)) == pytest.approx(
        [10.0, 26.0], abs=0.3
    )


@pytest.mark.parametrize(("begins_s", "bars", "ends_s"), [(4.0, 1, 6.0), (4.2, 1, 6.0), (4.5, 1, 8.0), (5.9, 2, 10.0)])
def test_an_entry_lasts_its_bars_and_ends_on_a_bar_line_wherever_it_begins(
    begins_s: float, bars: int, ends_s: float
) -> None:
    program, grid, due_s, told = Program([Advancing("bars", bars=bars)] * 3), BeatGrid(), None, []
    for i in range(120):
        frame = music(i / 10)
        grid.step(frame, i / 10)
        if i / 10 < begins_s - 1.0:
            program.step(frame, grid, 0.1)
        elif i / 10 == begins_s:  # what was chosen has waited for a while: the program stood still
            program.began(1)
        elif i / 10 > begins_s and due_s is None:
            due_s = i / 10 if program.step(frame, grid, 0.1) else None
            told.append(program.when)
    assert due_s == pytest.approx(ends_s, abs=0.11)
    lines = round((ends_s - begins_s) / 2 + 0.4)
    assert told[0] == (f"in {lines} bars" if lines > 1 else "in 1 bar")


def test_a_shuffled_order_visits_every_entry_once_and_has_a_seed() -> None:
    def order(seed: int) -> list[int]:
        program = Program([Advancing("cue")] * 9, shuffle_seed=seed)
        at, seen = program.order[0], []
        for _ in range(9):
            seen.append(at)
            at = program.after(at, 1)
        assert at == program.order[0]
        return seen

    assert order(1) == order(1)
    assert sorted(order(1)) == list(range(9))
    assert order(1) != order(2)


def test_the_end_of_a_list_without_a_loop_is_its_last_entry() -> None:
    program = Program([Advancing("bars", bars=1)] * 2, loop=False)
    assert [program.after(0, 1), program.after(1, 1), program.after(0, -1)] == [1, 1, 0]
    program.began(1)
    assert not any(program.step(None, BeatGrid(), 5.0) for _ in range(5))
    assert Program([Advancing("bars", bars=1)] * 2).after(1, 1) == 0


def test_a_set_plays_through_and_a_bar_is_not_waited_for_twice() -> None:
    entries = [Advancing("bars", bars=2)] * 3
    scenes = [scene(str(i), transition=TransitionTable(begin="bar", seconds=0.5)) for i in range(3)]
    show = performer(*scenes, program=Program(entries))
    seen: dict[str, float] = {}
    for i in range(620):
        time_s = i / 50
        show.step(i, time_s, 0.02, music(time_s), ())
        seen.setdefault(show.patch.scene.title, time_s)
    assert seen == pytest.approx({"0": 0.0, "1": 4.0, "2": 8.0}, abs=0.05)
    assert show.scenes.title == "0  1/3"


def test_a_setlist_read_again_keeps_what_plays_and_its_other_entries() -> None:
    stage = Stage(performer(SCENE, scene(), scene("Three"), program=Program([Advancing("cue")] * 3)))
    stage.press("scene.2", steps=10)
    two, new = stage.show.patch, patch_of(scene("Four"), [PLAIN], "four")
    stage.show.reloads.put(SetReload((2, 1, new), Program([Advancing("cue")] * 3), None))
    stage.press(steps=3)
    assert stage.show.patch is two
    assert [patch.scene.title for patch in stage.show.patches] == ["Three", "Two", "Four"]
    stage.press("scene.next", steps=10)
    assert stage.title == "Four"
    stage.show.reloads.put(SetReload((0,), Program([Advancing("cue")]), None))
    stage.press(steps=3)
    assert stage.title == "Four", "it plays on, although it is in the set no more"
    stage.press("scene.next", steps=10)
    assert stage.title == "Three"


def test_a_setlist_says_when_its_entries_advance() -> None:
    def by(entry: dict[str, object], **keys: object) -> Advancing:
        table = SetlistTable.model_validate({"title": "x", "entries": [{"scene": "tide", **entry}], **keys})
        return Advancing.of(table, table.entries[0])

    assert by({}).by == "cue"
    assert by({"bars": 8}) == Advancing("bars", 8, 30)
    assert by({"seconds": 8.0}) == Advancing("seconds", 16, 8)
    assert by({"bars": 8}, advance="section") == Advancing("section", 8, 15)
    assert by({"advance": "cue"}, advance="bars").by == "cue"
    with pytest.raises(ValueError, match="keep one of them"):
        by({"bars": 8, "seconds": 3.0})


def test_sets_are_shipped() -> None:
    assert len(set_paths()) >= 2


def test_a_pad_that_is_let_go_lets_go_what_it_held_whatever_plays_then() -> None:
    """The scene was changed, or mixed to, or its file read again, or the pad taught something else meanwhile."""
    held = scene("One", knobs={"pad.1": Binding("effect.dim")})

    def change(stage: Stage) -> None:
        stage.press("scene.next", steps=10)

    def mix(stage: Stage) -> None:
        stage.press("cue.2", ("crossfade", 0.7), steps=5)

    def read_again(stage: Stage) -> None:
        new = patch_of(held.model_copy(update={"knobs": {"pad.1": Binding("effect.flash")}}), [PLAIN], "scene-0")
        stage.show.reloads.put(SceneReload([(0, new)]))
        stage.press(steps=2)

    def take_away(stage: Stage) -> None:
        stage.show.reloads.put(SceneReload([(0, patch_of(held.model_copy(update={"knobs": {}}), [PLAIN], "scene-0"))]))
        stage.press(steps=2)

    for meanwhile in (change, mix, read_again, take_away):
        for other in ({}, {"pad.1": Binding("blackout")}, {"pad.1": Binding("effect.flash")}):
            stage = Stage(performer(held, scene("Two", knobs=other)))
            stage.press(("pad.1", 1.0))
            first = stage.show.patches[0]
            assert "effect.dim" in first.controls.moved
            meanwhile(stage)
            stage.press(("pad.1", 0.0))
            for patch in (first, *stage.show.patches):
                assert not patch.controls.moved, (meanwhile, other)


@pytest.mark.parametrize("to", ["effect.flash", "blackout"])
def test_a_pad_that_is_taught_something_else_while_it_is_held_lets_go_what_it_held(to: str) -> None:
    stage = Stage(performer(scene("One", knobs={"pad.1": Binding("effect.dim")})))
    stage.press(("pad.1", 1.0))
    release = ControlEvent(0.0, "pad.1", 0.0, binding=Binding(to))
    stage.show.scenes.handle(release, 0.0, None)
    assert not stage.show.patch.controls.moved


def test_a_button_of_a_controller_is_let_go_in_the_scene_it_was_pressed_in() -> None:
    """Else its next press there, by control changes, would be taken for its value sent again."""
    toggle = Binding("effect.dim", mode="toggle")
    stage = Stage(performer(scene("One"), scene("Two")))

    def press(value: float) -> None:
        event = ControlEvent(0.0, "cc.9", value, source="Foo", binding=toggle if stage.title == "One" else None)
        stage.show.scenes.handle(event, 0.0, None)

    press(1.0)
    stage.press("scene.next", steps=10)
    press(0.0)
    stage.press("scene.previous", steps=10)
    press(1.0)
    assert not stage.show.patch.controls.moved, "the second press is the other way"


def test_what_a_control_is_bound_to_may_be_asked_at_any_moment() -> None:
    """Drivers' threads ask, while the engine's changes which scenes play."""
    stage = Stage(performer(scene("One"), scene("Two", knobs={"knob.1": Binding("noise")})))
    stage.press("cue.2", ("crossfade", 0.7), steps=3)
    stage.show.scenes.playing[:1] = []  # as the engine leaves it for an instant
    assert stage.show.binding("knob.1") == Binding("noise")
