"""The engine's own laws: guard, pacing, transition, patch, performer, loader."""

import logging
from dataclasses import replace

import numpy as np
import pytest
import torch

from livegan.config.load import LoadedScene
from livegan.config.scene import BendTable, Motion, RouteTable, Scene
from livegan.core.binding import Binding
from livegan.core.clock import ManualClock
from livegan.core.parameters import Parameter
from livegan.core.types import Bend, ControlEvent, FramePlan
from livegan.engine.bank import Bank
from livegan.engine.bind import bind_scene
from livegan.engine.guard import LOG_EVERY_S, FaultGuard, StrictGuard
from livegan.engine.loader import Loader
from livegan.engine.patch import Patch
from livegan.engine.performer import Performer
from livegan.engine.telemetry import Meter
from livegan.engine.timing import Pacer
from livegan.engine.transition import Transition
from livegan.engine.vocabulary import Vocabulary
from livegan.errors import NetworkError, SceneError
from livegan.networks.info import NetworkInfo
from livegan.rendering.gradient import Gradient
from livegan.rendering.registry import LIVE, OFFLINE, LoadOptions, SingleStep
from tests.building import LAYOUT, PLAIN, VOCABULARY, heard, patch_of

SCENE = Scene(
    title="Test",
    network="plain",
    fade_s=1.0,
    parameters={"truncation": 0.5},
    routes=(RouteTable(source="onset", target="effect.glow", amount=1.0, attack_s=0.0),),
    knobs={"knob.1": "motion.speed", "pad.1": "effect.dim"},
)


def load(info: NetworkInfo, options: LoadOptions = OFFLINE) -> Gradient:
    return Gradient(info, "cpu", options)


def patch(scene: Scene = SCENE, name: str = "test", network: NetworkInfo = PLAIN) -> Patch:
    return patch_of(scene, [network], name)


def performer(*scenes: Scene, clock: ManualClock | None = None) -> Performer:
    clock = clock or ManualClock()
    patches = [patch(scene, f"scene-{i}") for i, scene in enumerate(scenes or (SCENE,))]
    bank = Bank(Loader(load), 1000.0, [load(PLAIN)])
    return Performer(patches, 0, bank, lambda p, amounts, dt_s: p, LAYOUT, clock, FaultGuard(clock.now))


def test_a_fault_is_bypassed_counted_and_logged_once_in_five_seconds(caplog: pytest.LogCaptureFixture) -> None:
    clock = ManualClock()
    guard = FaultGuard(clock.now)

    def broken() -> int:
        raise ZeroDivisionError("oh")

    with caplog.at_level(logging.ERROR):
        assert [guard("bloom", broken, 7) for _ in range(3)] == [7, 7, 7]
        assert len(caplog.records) == 1
        clock.wait_until(LOG_EVERY_S)
        guard("bloom", broken, 7)
        assert len(caplog.records) == 2
    assert guard.faults == 4
    assert guard.newest == "bloom: ZeroDivisionError: oh"
    assert guard("fine", lambda: 1, 0) == 1


def test_an_on_time_pacer_makes_every_frame_at_its_absolute_time() -> None:
    pacer = Pacer(50, 10.0)
    assert [pacer.next(10.0 + 0.02 * i - 0.001)[0] for i in range(1, 5)] == [0, 1, 2, 3]
    assert pacer.next(10.08)[1] == pytest.approx(10.08)
    assert pacer.dropped == 0


def test_a_late_pacer_drops_whole_periods_and_never_falls_further_behind() -> None:
    pacer = Pacer(50, 0.0)
    pacer.next(0.0)
    index, due_s = pacer.next(0.105)
    assert (index, pacer.dropped) == (5, 4)
    assert due_s == pytest.approx(0.1)
    assert pacer.next(0.106) == (6, pytest.approx(0.12))


def test_a_transition_goes_from_0_to_1_and_a_cut_is_at_once() -> None:
    fade = Transition(2.0, 1.0)
    amounts = [fade.amount(t) for t in np.linspace(1, 4, 31)]
    assert (amounts[0], amounts[-1]) == (0, 1)
    assert amounts == sorted(amounts)
    assert Transition(2.0, 0.0).amount(2.0) == 1


def test_a_meter_knows_its_percentiles_and_its_longest() -> None:
    meter = Meter(4)
    assert meter.percentiles()["p99"] == 0
    for ms in (900, 1, 2, 3, 4):
        meter.add(ms / 1e3)
    assert meter.percentiles()["p50"] == pytest.approx(2.5)
    assert meter.percentiles()["max"] == pytest.approx(900)
    assert meter.total_s == pytest.approx(0.91)


def test_every_mistake_of_a_scene_is_reported_at_once_with_the_nearest_name() -> None:
    wrong = replace_scene(
        parameters={"truncatoin": 1.0, "noise": 7.0},
        routes=(RouteTable(source="levle", target="effect.glwo", amount=1.0, curve="sqare"),),
        knobs={"knbo.1": Binding("motion.sped")},
        motion=(Motion(pulse_from="bas"),),
        classes=(99,),
        chain=("trials", "glow", "glow"),
    )
    with pytest.raises(SceneError) as caught:
        patch(wrong)
    text = str(caught.value)
    for word in ("'truncation'", "outside 0..1", "'level'", "'effect.glow'", "'square'", "'motion.speed'", "'bass'"):
        assert word in text
    assert "no class 99" in text
    assert "no control is called 'knbo.1'; did you mean 'knob.1'?" in text
    assert "chain.0: no effect called 'trials'; did you mean 'trails'?" in text
    assert "chain.2: 'glow' is there twice" in text
    assert len(text.splitlines()) == 11


def test_the_chain_of_a_scene_is_the_order_of_the_effects_in_its_plans() -> None:
    effects = {"effect.dim": 0.5, "effect.zoom": 0.1, "effect.trails": 0.2}
    assert [key for key in plan_of(effects) if "." not in key] == ["zoom", "trails", "dim"]
    assert [key for key in plan_of(effects, "dim", "hue", "trails") if "." not in key] == ["dim", "trails", "zoom"]


def plan_of(parameters: dict[str, float], *chain: str) -> list[str]:
    scene = replace_scene(parameters=parameters, routes=(), chain=chain)
    return list(patch(scene).plan(0, 0.0, 0.1, heard()).effects)


def replace_scene(**changes: object) -> Scene:
    return SCENE.model_copy(update=changes)


def test_a_route_pushes_and_react_scales_it() -> None:
    assert patch().plan(0, 0.0, 0.1, heard(onset=1.0)).effects["glow"] == pytest.approx(1)
    calm = replace_scene(parameters={"react": 0.25})
    assert patch(calm).plan(0, 0.0, 0.1, heard(onset=1.0)).effects["glow"] == pytest.approx(0.25)


def test_a_knob_turns_over_the_whole_range_and_a_pad_releases() -> None:
    scene_patch = patch()
    assert scene_patch.controls.handle(ControlEvent(0.0, "knob.1", 0.5))
    assert scene_patch.values(heard().values, 0.1)["motion.speed"] == 60
    assert scene_patch.controls.handle(ControlEvent(0.0, "pad.1", 1.0))
    assert scene_patch.values(heard().values, 0.1)["effect.dim"] == 1
    assert scene_patch.controls.handle(ControlEvent(0.0, "pad.1", 0.0))
    assert scene_patch.values(heard().values, 0.1)["effect.dim"] == 0
    assert not scene_patch.controls.handle(ControlEvent(0.0, "knob.8", 1.0))
    assert ("motion.speed", 0.5) in scene_patch.controls.values()


def test_a_plan_says_everything_and_names_its_sound() -> None:
    plan = patch().plan(3, 1.5, 0.1, heard(1.45, bass=0.5))
    assert (plan.index, plan.time_s, plan.heard_s, plan.network, plan.truncation) == (3, 1.5, 1.45, "plain", 0.5)
    assert plan.z.shape == (16,)
    assert plan.classes.shape == (12,)


def test_the_same_performance_twice_gives_the_same_frames() -> None:
    def play() -> list[np.ndarray]:
        show = performer()
        return [show.step(i, i / 60, 1 / 60, heard(i / 60, bass=i % 2, mid=0.5), ()).pixels for i in range(30)]

    for a, b in zip(play(), play(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_scenes_are_chosen_by_number_and_by_next_and_crossfade() -> None:
    second = replace_scene(seed=9, parameters={"truncation": 1.5}, fade_s=1.0)
    show = performer(SCENE, second)
    show.step(0, 0.0, 0.1, None, [ControlEvent(0.0, "scene.2")])
    assert show.patch.name == "scene-1"
    half = show.step(1, 0.5, 0.5, None, ()).plan.truncation
    assert 0.5 < half < 1.5
    assert show.step(2, 1.0, 0.5, None, ()).plan.truncation == pytest.approx(1.5)
    show.step(3, 2.0, 0.1, None, [ControlEvent(2.0, "scene.next")])
    assert show.patch.name == "scene-0"
    show.step(4, 3.0, 0.1, None, [ControlEvent(3.0, "scene.previous"), ControlEvent(3.0, "scene.99")])
    assert show.patch.name == "scene-1"


def test_old_sound_counts_as_silence() -> None:
    show = performer()
    loud = show.step(0, 0.0, 0.1, heard(0.0, onset=1.0), ()).plan
    assert loud.effects
    later = [show.step(i, i, 1.0, None, ()).plan for i in range(1, 30)]
    assert later[-1].effects.get("glow", 0.0) < 1e-6


def test_sound_that_comes_late_is_still_answered() -> None:
    plan = performer().step(0, 9.0, 0.1, heard(7.0, onset=1.0), ()).plan
    assert plan.effects["glow"] == pytest.approx(1)


def test_a_generator_that_fails_keeps_the_last_picture() -> None:
    show = performer()
    before = show.step(0, 0.0, 0.1, heard(), ()).pixels
    show.bank.add(Broken())  # type: ignore[arg-type]
    after = show.step(1, 0.1, 0.1, heard(), ()).pixels
    np.testing.assert_array_equal(before, after)
    assert show.guard.faults == 1


class Broken(SingleStep):
    info = PLAIN
    device_text = "broken"
    megabytes = 1.0

    def render(self, plan: object, step: int = 0) -> object:
        raise RuntimeError("out of memory")


def test_a_scene_waits_for_its_network() -> None:
    other = replace(PLAIN, name="other")
    show = performer()
    show.patches.append(patch(SCENE, "later", other))
    show.step(0, 0.0, 0.1, None, [ControlEvent(0.0, "scene.2")])
    assert show.patch.name == "scene-0"
    assert show.waits_for == "other"
    show.bank.add(load(other))
    show.step(1, 0.1, 0.1, None, ())
    assert show.patch.name == "later"


def test_a_third_scene_chosen_during_a_crossfade_does_not_jump() -> None:
    values = (0.2, 0.9, 1.4)
    show = performer(*(replace_scene(parameters={"truncation": value}, fade_s=1.0) for value in values))
    seen = [show.step(0, 0.0, 0.1, None, [ControlEvent(0.0, "scene.2")]).plan.truncation]
    for i in range(1, 30):
        chosen = {4: "scene.3", 7: "scene.1", 9: "scene.2"}.get(i)
        events = [ControlEvent(0.0, chosen)] if chosen else []
        seen.append(show.step(i, i / 10, 0.1, None, events).plan.truncation)
    assert max(abs(np.diff(seen))) < 0.25  # a cut would be 0.5 and more
    assert seen[-1] == pytest.approx(0.9)


def test_the_position_chooses_the_network_and_one_not_loaded_yet_does_not_stop_the_show() -> None:
    early, late = replace(PLAIN, name="early"), replace(PLAIN, name="late")
    knobs = {"knob.2": Binding("network.position")}
    show = performer()
    show.patches.append(patch_of(replace_scene(knobs=knobs), [early, late], "bank"))
    show.bank.add(load(early))
    show.step(0, 0.0, 0.1, None, [ControlEvent(0.0, "scene.2")])
    assert show.step(1, 2.0, 0.5, None, ()).plan.network == "early"
    assert show.step(2, 3.0, 0.5, None, [ControlEvent(3.0, "knob.2", 1.0)]).plan.network == "late"
    assert (show.generator.info.name, show.guard.faults) == ("early", 0)


def test_a_plan_lists_only_generator_parameters_off_their_default() -> None:
    assert patch().plan(0, 0.0, 0.1, heard()).parameters == {}
    values = {"direction.3": 2.0, "noise.fine": 0.5, "style.seed": 7.4, "transform.zoom": 1.0}
    parameters = patch(replace_scene(parameters=values)).plan(0, 0.0, 0.1, heard()).parameters
    assert parameters == {"direction.3": 2.0, "noise.fine": 0.5, "style.seed": 7}


def test_the_noise_changes_at_its_rate_and_keeps_its_seed_otherwise() -> None:
    scene_patch = patch(replace_scene(parameters={"noise.change": 10.0, "noise.seed": 5.0}))
    seeds = [scene_patch.plan(i, i / 60, 1 / 60, heard()).parameters["noise.seed"] for i in range(60)]
    assert seeds == sorted(seeds)
    assert seeds[0] == 6
    assert len(set(seeds)) in (10, 11)


def test_bends_are_in_order_and_those_of_like_scenes_stay_one_between_them() -> None:
    bends = (BendTable(operation="rotate", layer="coarse"), BendTable(operation="invert", layer="32", cluster=2))
    quiet = patch(replace_scene(bends=bends)).plan(0, 0.0, 0.1, heard())
    loud = patch(replace_scene(bends=bends, parameters={"bend.2": 0.5})).plan(0, 0.0, 0.1, heard())
    assert quiet.bends == (Bend("rotate", "coarse", 0.0), Bend("invert", "32", 0.0, 2))
    assert loud.bends == (Bend("rotate", "coarse", 0.0), Bend("invert", "32", 0.5, 2))
    assert quiet.blend(loud, 0.5).bends == (Bend("rotate", "coarse", 0.0), Bend("invert", "32", 0.25, 2))
    with pytest.raises(SceneError) as caught:
        patch(replace_scene(bends=(BendTable(operation="rotaet", layer="corse"),)))
    assert "'rotate'" in str(caught.value)
    assert "'coarse'" in str(caught.value)


def test_a_class_that_no_network_has_is_a_mistake_and_one_that_some_have_is_not() -> None:
    two = [PLAIN, replace(PLAIN, name="other", c_dim=40)]
    patch_of(replace_scene(classes=(3, 39)), two)
    with pytest.raises(SceneError, match=r"other has no class 40; it has 0\.\.39"):
        patch_of(replace_scene(classes=(40,)), two)


def test_a_strict_guard_lets_failures_through() -> None:
    with pytest.raises(ZeroDivisionError):
        StrictGuard(ManualClock().now)("picture", lambda: 1 // 0, 0)


def test_what_is_first_used_in_a_show_was_used_before_it() -> None:
    drawn: list[FramePlan] = []

    class Watched(Gradient):
        def render(self, plan: FramePlan, step: int = 0) -> torch.Tensor:
            drawn.append(plan)
            return super().render(plan, step)

    Loader(lambda info, options: Watched(info, "cpu")).make(PLAIN)
    assert not drawn[0].bends
    assert any(plan.bends and plan.noise and plan.parameters["noise.seed"] for plan in drawn[1:])


def test_whoever_draws_sets_the_thread_count_of_the_generator_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[object] = []

    class Counted(Gradient):
        def threads(self, plan: FramePlan, step: int = 0) -> int:
            return 3 if plan.bends else 2

        def render(self, plan: FramePlan, step: int = 0) -> torch.Tensor:
            calls.append("drawn")
            return super().render(plan, step)

    for module in ("livegan.engine.loader", "livegan.engine.drawing"):
        monkeypatch.setattr(f"{module}.use_threads", calls.append)
    loader = Loader(lambda info, options: Counted(info, "cpu"))
    generator = loader.make(PLAIN)
    assert calls == [2, "drawn", 3, "drawn"]
    calls.clear()
    loader.request(PLAIN)
    loader.poll(0.0)
    assert calls == [1, "drawn", "drawn"]  # beside a show: one core
    calls.clear()
    clock = ManualClock()
    bank = Bank(loader, 1000.0, [generator])
    show = Performer([patch()], 0, bank, lambda p, amounts, dt_s: p, LAYOUT, clock, FaultGuard(clock.now))
    show.step(0, 0.0, 0.1, None, ())
    assert calls == [2, "drawn"]


def test_the_loader_hands_over_only_what_has_drawn_and_reports_the_rest() -> None:
    options_given: list[LoadOptions] = []

    def one(info: NetworkInfo, options: LoadOptions) -> Gradient:
        options_given.append(options)
        if info.name == "bad":
            raise NetworkError("bad.json: truncated")
        return load(info)

    loader = Loader(one)
    loader.request(PLAIN)
    loader.request(replace(PLAIN, name="bad"))
    loader.poll(0.0)
    assert [result.generator.info.name for result in loader.done.drain() if result.generator] == ["plain"]
    loader.poll(0.0)
    assert "truncated" in loader.notice
    assert [result.generator for result in loader.done.drain()] == [None]
    assert [(options.show, options.live) for options in options_given] == [(True, True)] * 2  # a show is running


def test_behind_a_show_networks_get_their_steps_and_are_tuned_piece_by_piece_but_loading_comes_first() -> None:
    done: list[str] = []

    class Tuned(Gradient):
        def __init__(self, info: NetworkInfo, waits_s: list[float | None]) -> None:
            super().__init__(info, "cpu")
            self.waits_s = waits_s

        def prepare_steps(self, options: LoadOptions = LIVE) -> None:
            assert options.live
            done.append("steps")

        def tune(self) -> float | None:
            done.append(f"tune {self.info.name}")
            return self.waits_s.pop(0)

    waits = {"a": [0.0, 0.1, None], "b": [None]}
    loader = Loader(lambda info, options: Tuned(info, waits[info.name]))
    loader.make(replace(PLAIN, name="a"), LIVE)
    assert not done  # nothing before the first picture
    assert [loader.poll(0.0), loader.poll(0.0)] == [0.0, 0.0]
    assert done == ["steps", "tune a"]
    loader.request(replace(PLAIN, name="b"))
    loader.poll(0.0)
    assert done == ["steps", "tune a"]
    assert loader.done.take() is not None
    done.clear()
    while loader.poll(0.0) == 0.0:
        pass
    assert done == ["tune a", "steps", "tune b"]
    loader.poll(0.05)
    assert len(done) == 3  # not yet
    loader.busy = True
    loader.poll(0.2)
    assert len(done) == 3  # the show needs the cores
    loader.busy = False
    loader.poll(0.3)
    loader.poll(0.4)
    assert done[3:] == ["tune a"]  # all is done


def test_steps_are_made_for_a_busy_show_too_and_tuning_waits_for_it() -> None:
    done: list[str] = []

    class Tuned(Gradient):
        def prepare_steps(self, options: LoadOptions = LIVE) -> None:
            done.append("steps")

        def tune(self) -> float | None:
            done.append("tune")
            return None

    loader = Loader(lambda info, options: Tuned(info, "cpu"))
    loader.make(PLAIN, LIVE)
    loader.busy = True
    for now_s in range(5):
        loader.poll(float(now_s))
    assert done == ["steps"]
    loader.busy = False
    loader.poll(5.0)
    assert done == ["steps", "tune"]


def test_where_nothing_is_traded_for_the_rate_what_draws_is_tuned_at_once_and_steps_come_afterwards() -> None:
    done: list[str] = []
    waits_s = [0.5, None, None]

    class Tuned(Gradient):
        def prepare_steps(self, options: LoadOptions = LIVE) -> None:
            done.append("steps")

        def tune(self) -> float | None:
            done.append("tune")
            return waits_s.pop(0)

    loader = Loader(lambda info, options: Tuned(info, "cpu"))
    loader.make(PLAIN, LIVE)
    loader.busy, loader.trades = True, False
    for now_s in range(6):
        loader.poll(float(now_s))
    assert done == ["tune", "tune", "steps"]
    loader.busy = False
    for now_s in range(6, 9):
        loader.poll(float(now_s))
    assert done == ["tune", "tune", "steps", "tune"], "its steps too, and then no more"


def test_a_network_that_cannot_be_tuned_plays_on_as_it_is_and_one_that_was_closed_is_left_alone() -> None:
    class Untunable(Gradient):
        tries = 0

        def tune(self) -> float | None:
            Untunable.tries += 1
            raise RuntimeError("out of memory")

    loader = Loader(lambda info, options: Untunable(info, "cpu"))
    loader.make(PLAIN, LIVE)
    closed = loader.make(PLAIN, LIVE)
    loader.discard(closed)
    for _ in range(5):
        loader.poll(0.0)
    assert Untunable.tries == 1
    assert "plain could not be tuned: out of memory" in loader.notice
    loader.make(PLAIN)  # for a render
    loader.poll(0.0)
    assert Untunable.tries == 1


def test_the_motion_model_and_its_keys_are_checked_when_the_scene_is_bound() -> None:
    def mistake(**motion: object) -> str:
        with pytest.raises(SceneError) as caught:
            patch(replace_scene(motion=(Motion(**motion),)))
        return str(caught.value)

    assert "motion.model: no motion model called 'lucd'; did you mean 'lucid'?" in mistake(model="lucd")
    assert "motion.puls_from: unknown key; did you mean 'pulse_from'?" in mistake(puls_from="bass")
    assert "motion.pulse_from: input should be a valid string, got 3" in mistake(pulse_from=3)
    assert "motion.path: the list is empty" in mistake(model="path")
    both = mistake(drif_from="mid", pulse_from="bas")
    assert "'drift_from'" in both
    assert "'bass'" in both
    patch(replace_scene(motion=(Motion(model="path", path=["seeds:1-3"], pulse_from="bass"),)))


def test_a_scene_bound_anew_fades_in_and_nothing_else_moves() -> None:
    first, second = (replace_scene(parameters={"truncation": value}) for value in (0.2, 1.0))
    show = performer(first, SCENE)
    show.step(0, 0.0, 0.1, None, [ControlEvent(0.0, "pad.1", 1.0)])
    anew = patch(second, "scene-0")
    show.replace(show.patches[0], anew)
    seen = [show.step(i, i / 10, 0.1, None, ()).plan for i in range(1, 15)]
    assert seen[0].truncation == pytest.approx(0.2)
    assert max(np.diff([plan.truncation for plan in seen])) < 0.2  # a cut would be 0.8
    assert seen[-1].truncation == pytest.approx(1.0)
    assert {plan.effects["dim"] for plan in seen} == {1.0}  # the pad is still held
    assert show.patch is anew
    other = show.patches[1]
    show.step(15, 1.5, 0.1, None, [ControlEvent(1.5, "scene.next")])
    assert show.patch is other


def test_a_scene_that_does_not_play_is_replaced_unseen() -> None:
    show, untouched = performer(SCENE, SCENE), performer(SCENE, SCENE)
    anew = patch(replace_scene(seed=5), "scene-1")
    for i in range(20):
        if i == 10:
            show.replace(show.patches[1], anew)
        a, b = (show.step(i, i / 10, 0.1, heard(i / 10, bass=0.5), ()) for show in (show, untouched))
        np.testing.assert_array_equal(a.pixels, b.pixels)
    show.step(20, 2.0, 0.1, None, [ControlEvent(2.0, "scene.2")])
    assert show.patch is anew


def test_a_new_version_whose_network_cannot_be_loaded_leaves_the_old_one_playing() -> None:
    show = performer(SCENE, SCENE)
    old, gone = show.patches[0], replace(PLAIN, name="gone")
    show.bank._failed.add("gone")
    show.replace(old, patch(SCENE, "scene-0", gone))
    show.step(0, 0.0, 0.1, None, ())
    assert show.patch is old
    show.step(1, 0.1, 0.1, None, [ControlEvent(0.1, "scene.next")])
    assert show.patch.name == "scene-1"


def test_a_motion_that_raises_keeps_the_last_plan_until_another_scene_is_chosen() -> None:
    show = performer(SCENE, replace_scene(parameters={"truncation": 1.5}))
    before = show.step(0, 0.0, 0.1, None, ()).plan

    def broken(*_: object) -> None:
        raise ZeroDivisionError("a plugin's own")

    show.patches[0]._motion.step = broken  # type: ignore[method-assign]
    after = show.step(1, 0.1, 0.1, None, ()).plan
    assert after == replace(before, index=1, time_s=0.1)
    assert (show.guard.faults, show.guard.newest) == (1, "plan: ZeroDivisionError: a plugin's own")
    show.step(2, 0.2, 0.1, None, [ControlEvent(0.2, "scene.2")])
    assert show.step(3, 1.3, 0.1, None, ()).plan.truncation == pytest.approx(1.5)


def test_one_scene_twice_in_a_show_is_two_places() -> None:
    show = performer(SCENE, SCENE, SCENE)
    for patch_ in show.patches:
        patch_.name = "twin"
    for i in range(3):
        show.step(i, 2.0 * i, 2.0, None, [ControlEvent(0.0, "scene.next")])
        assert show.patch is show.patches[(i + 1) % 3]


def test_controls_moved_while_a_new_version_waits_for_its_network_count() -> None:
    show = performer(SCENE)
    later = replace(PLAIN, name="later")
    anew = patch(SCENE, "scene-0", later)
    show.replace(show.patch, anew)
    show.step(0, 0.0, 0.1, None, [ControlEvent(0.0, "knob.1", 0.5)])
    show.bank.add(load(later))
    show.step(1, 0.1, 0.1, None, ())
    assert show.patch is anew
    assert ("motion.speed", 0.5) in anew.controls.values()


def test_an_effect_that_is_on_gets_every_one_of_its_parameters() -> None:
    radius = Parameter("effect.glow.radius", 0, 1, 0.1, "how far", reader="effect")
    steps = Parameter("effect.glow.steps", 1, 9, 3, "how often", whole=True, reader="effect")
    vocabulary = Vocabulary(LAYOUT, {**VOCABULARY.parameters, radius.name: radius, steps.name: steps})
    scene = replace_scene(parameters={"effect.glow.steps": 4.4}, knobs={"knob.1": Binding("effect.glow.radius")})
    scene_patch = bind_scene(LoadedScene("test", scene), vocabulary, networks=[PLAIN])
    assert scene_patch.plan(0, 0.0, 0.1, heard()).effects == {}
    scene_patch.controls.handle(ControlEvent(0.0, "knob.1", 0.5))
    assert scene_patch.plan(1, 0.1, 0.1, heard(onset=1.0)).effects == pytest.approx(
        {"glow": 1.0, "glow.radius": 0.5, "glow.steps": 4, "glow.threshold": 80 / 255}
    )
