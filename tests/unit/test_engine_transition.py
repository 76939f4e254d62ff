"""Transitions between scenes: kinds, lengths, starts on a beat; a morph between any two scenes does not jump."""

from dataclasses import replace
from itertools import pairwise, permutations
from math import acos

import numpy as np
import pytest
import torch

from livegan.config.load import load_scenes, load_venue, scene_paths
from livegan.config.scene import Scene
from livegan.config.transition import TransitionTable
from livegan.core.clock import ManualClock
from livegan.core.toml import mistakes_in
from livegan.core.transitions import KINDS, WIPES
from livegan.core.types import ControlEvent, FeatureFrame, FramePlan, Layout
from livegan.engine.bank import Bank
from livegan.engine.beat_grid import BeatGrid
from livegan.engine.bind import Binder, check_scene, listen
from livegan.engine.guard import StrictGuard
from livegan.engine.loader import Loader
from livegan.engine.patch import Patch
from livegan.engine.performer import Performer
from livegan.engine.transition import Start, Transition
from livegan.rendering.gradient import Gradient
from tests.building import LAYOUT, PLAIN, patch_of

BEAT = Layout((*LAYOUT.names, "beat.phase", "bar.phase", "beat.bpm", "beat.confidence"), (*LAYOUT.peaks, *(False,) * 4))
SCENE = Scene(title="Test", network="plain", fade_s=1.0)


def at_beat(time_s: float, bpm: float = 120.0, confidence: float = 1.0) -> FeatureFrame:
    """Features at `time_s` of a beat that begins at 0 s, four to a bar."""
    beats = time_s * bpm / 60
    values = np.zeros(len(BEAT.names), np.float32)
    values[-4:] = beats % 1, beats / 4 % 1, bpm, confidence
    return FeatureFrame(time_s, BEAT, values)


def performer(*scenes: Scene) -> Performer:
    clock = ManualClock()
    patches = [patch_of(scene, [PLAIN], f"scene-{i}") for i, scene in enumerate(scenes)]
    bank = Bank(Loader(lambda info, options: Gradient(info, "cpu")), 1000.0, [Gradient(PLAIN, "cpu")])
    return Performer(patches, 0, bank, lambda p, amounts, dt_s: p, LAYOUT, clock, StrictGuard(clock.now))


def scene(seed: int = 9, fade_s: float = 1.0, **transition: object) -> Scene:
    table = TransitionTable(**transition) if transition else None  # type: ignore[arg-type]
    return Scene(title="Next", network="plain", seed=seed, fade_s=fade_s, transition=table)


def begins_s(show: Performer, chosen_s: float, bpm: float = 120.0, confidence: float = 1.0) -> float:
    """When the second scene begins to come in, if it is chosen at `chosen_s`."""
    for i in range(1200):
        time_s = i / 60
        events = [ControlEvent(time_s, "scene.2")] if time_s >= chosen_s > time_s - 1 / 60 else []
        show.step(i, time_s, 1 / 60, at_beat(time_s, bpm, confidence), events)
        if show.patch is show.patches[1]:
            return time_s
    raise AssertionError("it never begins")


@pytest.mark.parametrize(("start", "at_s"), [("now", 1.1), ("beat", 1.5), ("bar", 2.0), ("4 bars", 8.0)])
def test_a_transition_begins_with_what_it_waits_for(start: str, at_s: float) -> None:
    assert begins_s(performer(SCENE, scene(begin=start)), 1.1) == pytest.approx(at_s, abs=1.5 / 60)


@pytest.mark.parametrize("start", ["beat", "bar", "4 bars"])
def test_without_a_beat_it_begins_after_a_while_all_the_same(start: str) -> None:
    show = performer(SCENE, scene(begin=start, patience_s=2.0))
    assert begins_s(show, 1.0, confidence=0.1) == pytest.approx(3.0, abs=2 / 60)


def test_what_it_waits_for_is_said() -> None:
    show = performer(SCENE, scene(begin="bar"))
    show.step(0, 0.1, 0.1, at_beat(0.1), [ControlEvent(0.1, "scene.2")])
    assert show.waits_for == "the next bar: Next"
    for i, time_s in enumerate((1.0, 1.9, 2.05), 1):
        show.step(i, time_s, 0.1, at_beat(time_s), [])
    assert show.waits_for == ""


def test_another_choice_while_one_waits_takes_its_place() -> None:
    show = performer(SCENE, scene(begin="bar"), scene(seed=3))
    show.step(0, 0.1, 0.1, at_beat(0.1), [ControlEvent(0.1, "scene.2")])
    show.step(1, 0.2, 0.1, at_beat(0.2), [ControlEvent(0.2, "scene.3")])
    assert show.patch is show.patches[2]


def test_lengths_are_in_beats_of_the_tempo_or_in_seconds() -> None:
    grid = BeatGrid()
    table = TransitionTable(beats=8, seconds=3.0)
    assert Transition.begun(table, 1.0, 0.0, grid).length_s == 3.0  # no beat is known
    assert Transition.begun(table.model_copy(update={"seconds": None}), 1.0, 0.0, grid).length_s == 4.0
    grid.step(at_beat(0.1, bpm=96.0), 0.1)
    assert Transition.begun(table, 1.0, 0.0, grid).length_s == pytest.approx(5.0)
    assert Transition.begun(TransitionTable(), 1.5, 0.0, grid).length_s == 1.5
    assert Transition.begun(TransitionTable(kind="cut", seconds=3.0), 1.5, 0.0, grid).length_s == 0.0


def test_a_beat_that_is_corrected_back_is_counted_once() -> None:
    grid = BeatGrid()
    for time_s in (0.3, 0.45, 0.51, 0.49, 0.52, 0.7):
        grid.step(at_beat(time_s), time_s)
    assert grid.beats == 1


def test_after_the_beat_was_read_another_way_the_next_one_counts() -> None:
    """As a tracker does while it makes up its mind: half a bar back, then on from there."""
    grid = BeatGrid()
    for time_s in (0.3, 0.6, 0.9, 1.2, 0.2, 0.6, 1.0, 1.4, 1.8):
        grid.step(at_beat(time_s), time_s)
    before = grid.bars
    grid.step(at_beat(2.1), 2.1)
    assert grid.bars == before + 1


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_goes_from_one_picture_to_the_other(kind: str) -> None:
    table = scene(kind=kind, seconds=1.0)
    alone = [performer(each) for each in (SCENE, table)]
    show = performer(SCENE, table)
    for i in range(31):
        time_s = i / 20
        events = [ControlEvent(time_s, "scene.2")] if i == 5 else []
        frame = show.step(i, time_s, 0.05, at_beat(time_s), events)
        first, second = (each.step(i, time_s, 0.05, at_beat(time_s), ()) for each in alone)
        if i < 5:
            np.testing.assert_array_equal(frame.pixels, first.pixels)
        assert len(frame.plan.over) == (kind not in ("cut", "morph") and 5 < i < 25)
        wipe = frame.plan.over[0][1].wipe if frame.plan.over else None
        assert (wipe is not None) == (kind in WIPES and 5 < i < 25)
    assert show.patch is show.patches[1]
    assert frame.plan.z.shape == second.plan.z.shape


@pytest.mark.parametrize("kind", ["fade", "wipe-right", "morph"])
def test_in_fades_and_wipes_each_scene_has_its_own_effects_and_a_morph_blends_them(kind: str) -> None:
    called: list[tuple[str, float]] = []

    def chain(name: str) -> object:
        def effects(picture: torch.Tensor, amounts: dict[str, float], dt_s: float) -> torch.Tensor:
            called.append((name, round(amounts.get("glow", 0.0), 3)))
            return torch.full_like(picture, round(amounts.get("glow", 0.0) * 255))

        return effects

    dim, bright = (
        each.model_copy(update={"parameters": {"effect.glow": glow}}) for each, glow in _dim_and_bright(kind)
    )
    clock = ManualClock()
    bank = Bank(Loader(lambda info, options: Gradient(info, "cpu")), 1000.0, [Gradient(PLAIN, "cpu")])
    patches = [patch_of(dim, [PLAIN], "dim"), patch_of(bright, [PLAIN], "bright")]
    further = [chain("second"), chain("third")]
    show = Performer(
        patches,
        0,
        bank,
        chain("first"),  # type: ignore[arg-type]
        LAYOUT,
        clock,
        StrictGuard(clock.now),
        further_effects=further,  # type: ignore[arg-type]
    )
    events = [ControlEvent(0.0, "scene.2")]
    show.step(0, 0.0, 0.1, None, events)
    called.clear()
    pixels = show.step(1, 0.5, 0.5, None, ()).pixels
    if kind == "morph":
        assert called == [("first", 0.5)]
        return
    assert called == [("first", 0.2), ("second", 0.8)]
    if kind == "fade":
        assert np.abs(np.asarray(pixels).astype(int) - 128).max() <= 1
    else:
        assert (np.asarray(pixels)[:, 0].max(), np.asarray(pixels)[:, -1].max()) == (204, 51)
    called.clear()
    show.step(2, 1.5, 1.0, None, ())
    assert called == [("second", 0.8)], "its memory goes on with its scene"


def _dim_and_bright(kind: str) -> list[tuple[Scene, float]]:
    return [(SCENE, 0.2), (scene(kind=kind, seconds=1.0, softness=0.0), 0.8)]


def test_a_third_scene_over_a_wipe_comes_in_without_a_jump() -> None:
    """Over a finished picture a morph's picture is finished as well: what is on top stays on top."""
    show = performer(SCENE, scene(kind="iris", seconds=1.0), scene(seed=5, kind="morph", seconds=1.0))
    show.step(0, 0.0, 0.1, None, [ControlEvent(0.0, "scene.2")])
    show.step(1, 0.5, 0.1, None, [ControlEvent(0.5, "scene.3")])
    plan = show.step(2, 0.8, 0.1, None, ()).plan
    assert [cover.apart for _, cover in plan.over] == [True, True]
    assert [cover.wipe is None for _, cover in plan.over] == [False, True]


def test_a_cut_is_there_in_the_same_frame() -> None:
    show = performer(SCENE, scene(kind="cut"), scene(kind="iris"))
    show.step(0, 0.0, 0.1, None, [ControlEvent(0.0, "scene.3")])
    plan = show.step(1, 0.1, 0.1, None, [ControlEvent(0.1, "scene.2")]).plan
    assert not plan.over
    assert show.patch is show.patches[1]
    assert len(show.scenes.playing) == 1


def test_a_wrong_transition_gets_the_nearest_right_one() -> None:
    with pytest.raises(ValueError, match="did you mean 'dissolve'") as caught:
        TransitionTable(kind="disolve")
    assert mistakes_in(caught.value, TransitionTable)  # type: ignore[arg-type]


# The law of morphs, for all pairs of shipped scenes.

FPS, MORPH_S, WARM_UP = 8, 1.0, 8
MOST = 3.2 / (FPS * MORPH_S)  # a smoothstep is at most 1.5 times as steep as its mean; noise may go to 0 and back


def layers(plan: FramePlan) -> dict[str, tuple[float, FramePlan]]:
    """What is seen of each network: its share, and the plan that draws it."""
    found = {plan.network: (1.0, plan)}
    for share, cover in plan.over:
        found = {key: (part * (1 - share), each) for key, (part, each) in found.items()}
        for key, (part, each) in layers(cover).items():
            found[key] = (found[key][0] + part * share if key in found else part * share, each)
    return found


def _angle(a: np.ndarray, b: np.ndarray) -> float:
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return acos(min(1.0, max(-1.0, float((a * b).sum()) / size))) / np.pi if size > 1e-9 else 0.0


def _numbers(a: FramePlan, b: FramePlan) -> float:
    found = [abs(a.truncation - b.truncation) / 1.5, abs(a.noise - b.noise), abs(a.position - b.position) / 8]
    names = {*a.parameters, *b.parameters} - {"noise.seed", "style.seed"}
    found += [abs(a.parameter(name) - b.parameter(name)) / 8 for name in names]
    found.append(float(np.abs(a.classes - b.classes).max(initial=0.0)) / 2)
    return max(found)


def latents(*plans: FramePlan) -> list[np.ndarray]:
    """What each plan draws, as one vector: z and mixes of z, then w."""
    w_dim = max(0 if plan.w is None else plan.w.shape[-1] for plan in plans)
    found = []
    for plan in plans:
        rest = 1 - sum(weight for weight, _ in plan.mix)
        z = sum((weight * each for weight, each in plan.mix), np.zeros_like(plan.z))
        z += rest * plan.z if plan.w is None else 0
        w = np.zeros(w_dim, np.float32) if plan.w is None else rest * np.atleast_2d(plan.w).mean(axis=0)
        found.append(np.concatenate([z, w]))
    return found


def distance(a: FramePlan, b: FramePlan) -> float:
    """How far two plans are from each other, 0..1: of what is seen in both, and what is seen in one."""
    seen, then = layers(a), layers(b)
    moved = 0.0
    for key in {*seen, *then}:
        (share, one), (later, other) = seen.get(key, (0.0, None)), then.get(key, (0.0, None))
        moved = max(moved, abs(share - later))
        if one is not None and other is not None:
            moved = max(moved, min(share, later) * max(_angle(*latents(one, other)), _numbers(one, other)))
    for name in {*a.effects, *b.effects}:
        if "." not in name:
            moved = max(moved, abs(a.effects.get(name, 0.0) - b.effects.get(name, 0.0)) / 2)
    return moved


@pytest.fixture(scope="module")
def bundled_patches() -> tuple[Layout, list[Patch]]:
    venue = load_venue()
    scenes = load_scenes(scene_paths())
    layout = listen(venue, 48000, 2, scenes).layout
    binder = Binder(layout, venue)
    checked = [check_scene(loaded, binder.vocabulary) for loaded in scenes]
    return layout, [binder.bind(each) for each in checked if not each.mistakes]


def steady(layout: Layout, time_s: float) -> FeatureFrame:
    """A chord and a level that hardly change: what moves is the transition."""
    values = {"level": 0.5, "bass": 0.4, "mid": 0.4, "treble": 0.3, "chroma.C": 1.0, "chroma.E": 0.6, "beat.bpm": 120.0}
    row = np.zeros(len(layout.names), np.float32)
    for name, value in values.items():
        if name in layout.index:
            row[layout.index[name]] = value
    return FeatureFrame(time_s, layout, row)


def test_a_morph_between_any_two_shipped_scenes_does_not_jump(bundled_patches: tuple[Layout, list[Patch]]) -> None:
    """On plans alone, each scene's own plans recorded once; begun at a time of its own in every pair."""
    layout, patches = bundled_patches
    frames = WARM_UP + FPS + 5
    alone = {
        patch.name: [patch.plan(i, i / FPS, 1 / FPS, steady(layout, i / FPS)) for i in range(frames)][WARM_UP:]
        for patch in patches
    }
    own = {name: max(map(distance, plans, plans[1:])) for name, plans in alone.items()}
    worst: dict[str, float] = {}
    rng = np.random.default_rng(12)
    for first, second in permutations(alone, 2):
        morph = Transition(float(rng.uniform(0.1, 0.4) + WARM_UP / FPS), MORPH_S)
        mixed = [morph.mix(a, b, a.time_s) for a, b in zip(alone[first], alone[second], strict=True)]
        steps = [distance(a, b) for a, b in pairwise(mixed)]
        worst[f"{first} -> {second}"] = max(steps) - own[first] - own[second]
    assert max(worst.values()) < MOST, sorted(worst.items(), key=lambda pair: -pair[1])[:5]
    assert len(worst) == len(alone) * (len(alone) - 1)


def test_the_distance_of_plans_sees_a_cut(bundled_patches: tuple[Layout, list[Patch]]) -> None:
    layout, patches = bundled_patches
    plans = [patch.plan(0, 0.0, 0.04, steady(layout, 0.0)) for patch in patches[:4]]
    for a, b in permutations(plans, 2):
        assert distance(a, b) > MOST
        assert distance(a, a) < 1e-3


def test_latents_and_parameters_travel_while_pictures_of_unlike_networks_fade() -> None:
    rng = np.random.default_rng(3)
    z, other_z = rng.standard_normal((2, 16)).astype(np.float32)
    a = FramePlan(0, 0.0, 0.1, z, np.zeros(3, np.float32), "a", truncation=0.2, parameters={"direction.1": 2.0})
    b = replace(a, network="b", z=other_z, truncation=1.0, parameters={"noise.seed": 4.0}, position=5.0)
    half = a.blend(b, 0.5)
    ((share, cover),) = half.over
    assert (share, half.truncation, cover.truncation) == (0.5, pytest.approx(0.6), pytest.approx(0.6))
    np.testing.assert_allclose(half.z, cover.z, atol=1e-5)
    assert (half.parameters, cover.parameters) == ({"direction.1": 1.0}, {"direction.1": 1.0, "noise.seed": 4.0})
    assert (half.position, cover.position) == (0.0, 5.0), "each in its own bank"


def test_the_noise_is_gone_where_its_seed_changes() -> None:
    z = np.ones(4, np.float32)
    a = FramePlan(0, 0.0, 0.1, z, np.zeros(0, np.float32), "n", noise=1.0)
    b = replace(a, parameters={"noise.seed": 7.0})
    gains = [a.blend(b, amount).noise for amount in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert gains == pytest.approx([1.0, 0.5, 0.0, 0.5, 1.0])


def test_a_bar_that_falls_between_rare_pictures_is_not_awaited_for_ever() -> None:
    table = TransitionTable(begin="bar", patience_s=1.0)
    beats = BeatGrid()
    beats.known, beats.beat_s = True, 0.5
    start = Start(table, 0.0, beats)
    due = []
    for number in range(20):
        beats.known_s = number * 0.5
        due.append(start.due(number * 0.5, beats))
    assert due.index(True) == 10, "twice the longest wait, and the patience: 5 s"
