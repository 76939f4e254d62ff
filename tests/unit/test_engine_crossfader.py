"""Cue and crossfader: two scenes mixed by hand, never with a jump; panic."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.config.scene import PromptsTable
from livegan.config.transition import TransitionTable
from livegan.core.binding import Binding
from livegan.core.types import ControlEvent, Frame, FramePlan
from livegan.engine.crossfader import SWIFT_S
from livegan.engine.program import Advancing, Program
from livegan.engine.reload import SceneReload
from livegan.rendering.gradient import Gradient
from tests.building import PLAIN, heard, patch_of
from tests.unit.test_engine_scene_player import OTHER, SCENE, Stage, performer, scene

MINE = "nanoKONTROL2"


def three(**keys: object) -> Stage:
    scenes = [scene(title, seed=seed, fade_s=0.5) for seed, title in enumerate(("One", "Two", "Three"), 1)]
    return Stage(performer(*scenes, **keys))


def fade(stage: Stage, value: float, source: str = "panel", steps: int = 3) -> Frame:
    """Move the crossfader, and let it follow."""
    time_s = stage.index / 10
    stage.show.scenes.handle(ControlEvent(time_s, "crossfade", value, source=source), time_s, None)
    return stage.press(steps=steps)


def test_a_cued_scene_is_loaded_but_not_seen_and_the_crossfader_mixes_it_in() -> None:
    stage = three()
    before = stage.press(steps=2)
    after = stage.press("cue.3", steps=5)
    scenes = stage.show.scenes
    assert (stage.title, scenes.fader.cued) == ("One", scenes.patches[2])
    assert np.allclose(after.plan.z, before.plan.z, atol=0.5)
    assert len(scenes.playing) == 1
    fade(stage, 0.4)
    assert (stage.title, len(scenes.playing)) == ("One", 2)
    assert scenes.title == "One \u25b8 40% Three"
    fade(stage, 0.6)
    assert stage.title == "Three", "hands act on the one of which more is seen"
    fade(stage, 1.0)
    assert (stage.title, scenes.title, len(scenes.playing)) == ("Three", "Three", 1)
    assert (scenes.fader.cued, scenes.fader.end) == (scenes.patches[0], 1.0), "the one before lies at the other end"
    fade(stage, 0.0)
    assert stage.title == "One"
    assert scenes.fader.end == 0.0


def test_the_picture_is_as_far_between_the_two_as_the_fader_is() -> None:
    stage = Stage(performer(SCENE, scene(parameters={"truncation": 0.1})))
    stage.press("cue.2", steps=2)
    assert fade(stage, 0.25).plan.truncation == pytest.approx(0.9 - 0.25 * 0.8)
    board = stage.show.board(0.0)
    assert (board.crossfade, board.playing, board.cued, board.decks) == (pytest.approx(0.25), 0, 1, (0, 1))
    fade(stage, 0.75)
    assert (stage.show.board(0.0).playing, stage.show.board(0.0).decks) == (1, (0, 1))
    fade(stage, 1.0)
    assert (stage.show.board(0.0).cued, stage.show.board(0.0).decks) == (0, (0, 1))


def test_a_cut_is_mixed_as_a_fade_and_a_wipe_by_its_mask() -> None:
    for kind, wipe in (("cut", None), ("fade", None), ("iris", "iris")):
        stage = Stage(performer(SCENE, scene(transition=TransitionTable(kind=kind))))
        stage.press("cue.2")
        plan = fade(stage, 0.5).plan
        ((share, cover),) = plan.over
        assert share == pytest.approx(0.5)
        assert (cover.wipe.kind if cover.wipe else None) == wipe


def test_it_needs_no_cue_the_next_scene_is() -> None:
    stage = three()
    fade(stage, 1.0)
    assert stage.title == "Two"
    alone = Stage(performer(SCENE))
    fade(alone, 1.0)
    assert (alone.title, alone.show.scenes.fader.value) == ("One", 0.0)


def test_cues_go_round_the_scene_that_plays_and_that_itself_is_none() -> None:
    stage = three()
    titles = []
    for key in ("cue.next", "cue.next", "cue.next", "cue.previous", "cue.1", "cue.previous", "cue.9"):
        stage.press(key)
        cued = stage.show.scenes.fader.cued
        titles.append(cued.scene.title if cued else "")
    assert titles == ["Two", "Three", "Two", "Three", "", "Three", "Three"]


def test_until_its_network_is_ready_the_crossfader_stays_at_its_end() -> None:
    stage = Stage(performer(SCENE))
    other = patch_of(scene("Other"), [OTHER], "other")
    stage.show.patches.append(other)
    stage.press("cue.2", steps=2)
    assert stage.show.bank._requested[False] == "other", "it is asked for"
    fade(stage, 0.7)
    assert (stage.title, stage.show.scenes.fader.value) == ("One", 0.0)
    assert "waits for Other" in stage.show.scenes.remark
    stage.show.bank.add(Gradient(OTHER, "cpu"))
    fade(stage, 0.8, MINE)
    fade(stage, 0.9, MINE)
    assert stage.show.scenes.fader.amount == pytest.approx(0.4), "and then it moves on from there: no jump"
    fade(stage, 1.0, MINE)
    assert stage.title == "Other"


def test_a_scene_that_is_chosen_meanwhile_comes_over_both_and_the_fader_is_at_rest_then() -> None:
    stage = three()
    stage.press("cue.2")
    fade(stage, 0.6)
    stage.press("scene.3", steps=2)
    assert [patch.scene.title for patch, _ in stage.show.scenes.playing] == ["One", "Two", "Three"]
    stage.press(steps=8)
    fader = stage.show.scenes.fader
    assert (stage.title, fader.value, fader.end, fader.cued) == ("Three", 1.0, 1.0, stage.show.patches[1])
    fade(stage, 0.55, MINE)
    assert fader.value == 1.0, "the hand is not where the fader is now"
    fade(stage, 0.0, MINE)
    assert stage.title == "Two"


@pytest.mark.parametrize("key", ["scene.1", "scene.2"])
def test_either_of_the_two_can_be_chosen_and_comes_wholly(key: str) -> None:
    stage = three()
    stage.press("cue.2")
    fade(stage, 0.3)
    stage.press(key, steps=12)
    assert stage.title == {"scene.1": "One", "scene.2": "Two"}[key]
    assert len(stage.show.scenes.playing) == 1
    assert stage.show.scenes.fader.value == 0.0


def test_the_safe_scene_is_there_in_the_same_frame_also_from_between_two() -> None:
    stage = three()
    stage.press("cue.2")
    fade(stage, 0.5)
    frame = stage.press("scene.safe")
    assert not frame.plan.over
    assert (stage.title, len(stage.show.scenes.playing)) == ("One", 1)


def test_a_cue_between_two_scenes_waits_for_an_end() -> None:
    stage = three()
    stage.press("cue.2")
    fade(stage, 0.5)
    stage.press("cue.3")
    fader = stage.show.scenes.fader
    assert fader.cued is stage.show.patches[1]
    fade(stage, 1.0)
    assert (stage.title, fader.cued) == ("Two", stage.show.patches[2])


def test_undo_goes_back_from_anywhere_and_redo_there_again() -> None:
    stage = three()
    stage.press("cue.2")
    fade(stage, 0.4)
    stage.press("undo", steps=15)
    assert (stage.title, len(stage.show.scenes.playing)) == ("One", 1)
    stage.press("redo", steps=15)
    assert stage.title == "Two"
    stage = three()
    fade(stage, 1.0)
    stage.press("undo", steps=15)
    assert stage.title == "One"
    stage = three()
    stage.press("cue.2")
    fade(stage, 0.4)
    fade(stage, 0.0)
    stage.press("undo")
    assert stage.show.scenes.fader.cued is None, "the hand itself has gone back: the cue is what is undone"


def test_a_setlist_goes_on_from_where_the_crossfader_arrives_and_waits_between_two() -> None:
    program = Program([Advancing("seconds", seconds=3.0)] * 3)
    stage = three(program=program)
    stage.press("cue.3", steps=10)
    fade(stage, 0.5, steps=30)
    assert stage.show.scenes.chosen is None, "the hand decides"
    fade(stage, 1.0, steps=5)
    assert stage.title == "Three"
    stage.press(steps=20)
    assert stage.title == "Three", "its three seconds begin when it plays"
    stage.press(steps=15)
    assert stage.title == "One"


def test_keys_mix_by_steps_towards_the_cued_scene_from_either_end() -> None:
    stage = three()
    for _ in range(2):
        stage.press("crossfade.forward", "crossfade.forward", "crossfade.back", steps=3)
        assert stage.show.scenes.fader.amount == pytest.approx(0.025)
        for _ in range(60):
            stage.press("crossfade.forward")
        stage.press(steps=10)
        assert stage.show.scenes.fader.amount == 0.0, "a key that is still held does not lead on"
    assert stage.title == "One"


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("crossfade"), st.floats(0, 1)),
            st.tuples(st.sampled_from(["cue.1", "cue.2", "cue.3", "cue.next", "scene.2", "scene.3"]), st.just(1.0)),
            st.tuples(st.sampled_from(["undo", "redo", "panic", "crossfade.forward", "crossfade.back"]), st.just(1.0)),
            st.tuples(st.just("wait"), st.just(1.0)),
        ),
        max_size=16,
    )
)
@settings(max_examples=20, deadline=None)
def test_whatever_is_done_no_picture_jumps_and_the_same_again_is_the_same(moves: list[tuple[str, float]]) -> None:
    """What differs between the scenes moves from frame to frame by no more than fades of their lengths allow."""
    plans: list[list[FramePlan]] = []
    for _ in range(2):
        scenes = [scene(f"{value}", fade_s=0.5, parameters={"truncation": value}) for value in (0.0, 1.0, 0.5)]
        show = performer(*scenes)
        plans.append([])
        for index in range(6 * len(moves)):
            time_s, (name, value) = index / 60, moves[index // 6]
            events = [ControlEvent(time_s, name, value, source="panel")] if index % 6 == 0 else []
            plans[-1].append(show.advance(index, time_s, 1 / 60, heard(time_s), events))
    assert plans[0] == plans[1]
    assert not any(plan.over for plan in plans[0]), "scenes of one network morph"
    steps = np.abs(np.diff([plan.truncation for plan in plans[0]]))
    assert steps.max(initial=0) <= 1 / 60 * (1 / SWIFT_S + 2 * 1.5 / 0.5)


def test_panic_puts_every_control_and_the_words_back_within_a_frame_and_can_be_undone() -> None:
    prompts = PromptsTable(words=("violet smoke", "red fire"), first="violet smoke")
    stage = Stage(performer(SCENE.model_copy(update={"prompts": prompts}), scene("Two")))
    stage.press(("knob.1", 0.2), ("pad.1", 1.0), "prompt.2", "cue.2", steps=3)
    fade(stage, 0.3)
    patch = stage.show.patches[0]
    assert patch.controls.moved
    assert patch.prompt is not patch.first_prompt
    frame = stage.press("panic")
    assert patch.controls.moved == {}
    assert patch.prompt is patch.first_prompt
    assert frame.plan.truncation == pytest.approx(0.9), "in the very next frame"
    stage.press(steps=12)
    assert (stage.title, len(stage.show.scenes.playing), stage.show.scenes.fader.value) == ("One", 1, 0.0)
    stage.press("undo", steps=2)  # the change to the playing scene is no change
    assert patch.controls.moved["truncation"] == pytest.approx(0.2 * 1.5)
    assert patch.prompt is not patch.first_prompt


def test_a_cued_scene_that_was_chosen_by_key_leaves_the_crossfader_to_the_next_one() -> None:
    stage = three()
    stage.press("cue.2", "scene.2", steps=8)
    assert stage.show.board(0.0).cued == -1
    fade(stage, 1.0)
    assert stage.title == "Three"


@pytest.mark.parametrize("way", ["binding", "venue"])
def test_a_fader_moves_it_as_its_takeover_says(way: str) -> None:
    jump = Binding("crossfade", takeover="jump") if way == "binding" else None
    stage = three(takeover="scale" if way == "binding" else "jump")
    event = ControlEvent(0.0, "crossfade", 0.5, source=MINE, binding=jump)
    stage.show.scenes.handle(event, 0.0, None)
    stage.press(steps=3)
    assert stage.show.scenes.fader.amount == 0.5


def test_two_faders_of_one_controller_each_stand_where_they_stand() -> None:
    stage, scaled = three(), Binding("crossfade", high=0.5)
    for value, binding in ((0.0, None), (0.4, None), (0.0, scaled)):
        stage.show.scenes.handle(ControlEvent(0.0, "crossfade", value, source=MINE, binding=binding), 0.0, None)
    stage.press(steps=5)
    assert stage.show.scenes.fader.amount == pytest.approx(0.4), "the other one has not been heard of before"


@pytest.mark.parametrize("number", [0, 1])
def test_a_scene_that_is_read_again_between_two_glides_to_what_it_is_now(number: int) -> None:
    stage = Stage(performer(SCENE.model_copy(update={"parameters": {"truncation": 0.5}}), scene()))
    stage.press("cue.2", steps=2)
    before = fade(stage, 0.25).plan.truncation
    new = patch_of(scene("New", parameters={"truncation": 0.1}), [PLAIN], f"scene-{number}")
    stage.show.reloads.put(SceneReload([(number, new)]))
    seen = [before, *(stage.press().plan.truncation for _ in range(14))]
    share = 0.25 if number else 0.75
    old = 0.9 if number else 0.5
    assert seen[-1] == pytest.approx(before + share * (0.1 - old))
    assert np.abs(np.diff(seen)).max() < share * (old - 0.1) * 0.2, "in a second, at ten frames each"
    assert not stage.show.scenes._glides
