"""Bank of generators: what is loaded, kept and evicted; and plans and pictures of several networks."""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch

from livegan.config.load import LoadedScene, load_scenes
from livegan.config.scene import BankTable, Motion, RouteTable, Scene
from livegan.config.venue import Venue
from livegan.core.clock import ManualClock
from livegan.core.machine import free_memory_mb
from livegan.core.types import ControlEvent, FramePlan
from livegan.engine.assemble import budget_mb
from livegan.engine.bank import Bank, file_mb
from livegan.engine.bind import Setlist, bind, bind_scene, check_scene
from livegan.engine.drawing import fitted
from livegan.engine.guard import FaultGuard, StrictGuard
from livegan.engine.loader import BUSY_LATER_RESTS, LATER_RESTS, Load, Loader
from livegan.engine.networks import NetworkNames, find_bank
from livegan.engine.patch import Patch
from livegan.engine.performer import Performer
from livegan.errors import NetworkError, SceneError
from livegan.networks.info import NetworkInfo, write_info
from livegan.networks.library import BUNDLED, find_networks
from livegan.networks.morph_info import morph_info
from livegan.rendering.crossfade import crossfade
from livegan.rendering.gradient import Gradient
from livegan.rendering.registry import OFFLINE, LoadOptions
from tests.building import LAYOUT, PLAIN, VOCABULARY, heard, patch_of

SNAPSHOTS = [replace(PLAIN, name=f"snapshot-{i}", path=Path(f"{i}.json")) for i in range(8)]
SCENE = Scene(title="Test", network="plain", bank=BankTable(hold_s=0.0), knobs={"knob.1": "network.position"})


class Fake(Gradient):
    """A generator of 10 MB that knows on which thread it was closed, and whether it is the only one of its name."""

    open_ones: ClassVar[list["Fake"]] = []

    def __init__(self, info: NetworkInfo, options: LoadOptions = OFFLINE) -> None:
        super().__init__(info, "cpu", options)
        self.megabytes = 10.0
        self.closed_on = ""
        self.drawn = 0
        Fake.open_ones.append(self)

    def render(self, plan: FramePlan, step: int = 0) -> torch.Tensor:
        self.drawn += 1
        return super().render(plan, step)

    def close(self) -> None:
        super().close()
        self.closed_on = threading.current_thread().name
        Fake.open_ones.remove(self)


@pytest.fixture(autouse=True)
def none_open() -> Iterator[None]:
    Fake.open_ones.clear()
    yield
    Fake.open_ones.clear()


def scene(mode: str = "switch", **changes: object) -> Scene:
    bank = BankTable(mode=mode, hold_s=0.0)  # type: ignore[arg-type]
    return SCENE.model_copy(update={"bank": bank, **changes})


def bank_of(budget_mb: float, *ready: NetworkInfo, load: Load = Fake) -> tuple[Bank, Loader]:
    loader = Loader(load)
    return Bank(loader, budget_mb, [Fake(info) for info in ready]), loader


def run(bank: Bank, loader: Loader, playing: list[NetworkInfo], own: list[NetworkInfo], rounds: int = 20) -> None:
    """Frames and the loader's work in turn."""
    for _ in range(rounds):
        for info in playing:
            bank.use(info)
        bank.poll(playing, lambda: (own, []))
        loader.poll(0.0)


def performer(bank: Bank, *patches: Patch, guard: FaultGuard | None = None) -> Performer:
    clock = ManualClock()
    guard = guard or StrictGuard(clock.now)
    return Performer(patches, 0, bank, lambda p, amounts, dt_s: p, LAYOUT, clock, guard)


def at(position: float, patch: Patch, dt_s: float = 1.0) -> FramePlan:
    last = max(len(patch.networks), len(patch.networks[0].shape.get("members", ()))) - 1
    patch.controls.handle(ControlEvent(0.0, "knob.1", position / last))
    return patch.plan(0, 0.0, dt_s, heard())


def test_everything_is_loaded_from_where_it_stands_outward_while_it_fits() -> None:
    asked: list[str] = []

    def load(info: NetworkInfo, options: LoadOptions) -> Fake:
        asked.append(info.name)
        return Fake(info)

    patch = patch_of(scene(parameters={"network.position": 3.0}), SNAPSHOTS, "bank")
    bank, loader = bank_of(1000.0, SNAPSHOTS[3], load=load)
    show = performer(bank, patch)
    for i in range(20):
        show.step(i, i / 10, 0.1, None, ())
        loader.poll(0.0)
    assert asked == [f"snapshot-{i}" for i in (2, 4, 1, 5, 0, 6, 7)]
    assert show.bank_text == "networks 8 of 8 ready, 80 of 1000 MB"


def test_loading_ahead_stops_at_the_budget_and_what_is_needed_pushes_out_what_was_used_longest_ago() -> None:
    bank, loader = bank_of(35.0, SNAPSHOTS[0])
    run(bank, loader, [SNAPSHOTS[0]], SNAPSHOTS)
    assert (len(bank), bank.megabytes) == (3, 30)
    run(bank, loader, [SNAPSHOTS[1]], SNAPSHOTS)
    run(bank, loader, [SNAPSHOTS[0]], SNAPSHOTS)
    run(bank, loader, [SNAPSHOTS[7]], SNAPSHOTS)  # 2 was never used
    assert [f"snapshot-{i}" in bank for i in (0, 1, 2, 7)] == [True, True, False, True]
    assert bank.megabytes <= 35
    assert len(Fake.open_ones) == len(bank)


def test_what_plays_is_never_evicted_even_where_the_budget_is_too_small() -> None:
    bank, loader = bank_of(1.0, SNAPSHOTS[0])
    run(bank, loader, SNAPSHOTS[:2], SNAPSHOTS)
    assert SNAPSHOTS[0].name in bank
    assert SNAPSHOTS[1].name in bank
    assert len(bank) == 2
    run(bank, loader, [SNAPSHOTS[2]], SNAPSHOTS)
    assert (len(bank), SNAPSHOTS[2].name in bank) == (1, True)


def test_networks_of_other_scenes_make_room_for_those_of_the_scene_that_plays() -> None:
    own, others = SNAPSHOTS[:3], SNAPSHOTS[3:]
    bank, loader = bank_of(45.0, own[0])
    for minute in range(9):
        bank.poll([own[0]], lambda: (own[:1], others))
        loader.poll(60.0 * minute)
    assert [info.name in bank for info in others] == [True, True, True, False, False]
    for _ in range(9):
        bank.poll([own[0]], lambda: (own, others))
        loader.poll(600.0)
    assert all(info.name in bank for info in own)
    assert bank.megabytes <= 45


def test_a_bank_that_is_as_full_as_it_may_be_loads_no_more() -> None:
    asked: list[str] = []

    def load(info: NetworkInfo, options: LoadOptions) -> Fake:
        asked.append(info.name)
        return Fake(info)

    bank, loader = bank_of(15.0, SNAPSHOTS[0], load=load)  # a second one is larger than it was taken for
    run(bank, loader, [SNAPSHOTS[0]], SNAPSHOTS, 50)
    assert len(asked) <= len(SNAPSHOTS)
    count = len(asked)
    run(bank, loader, [SNAPSHOTS[0]], SNAPSHOTS, 50)
    assert len(asked) == count


def test_closing_is_the_loaders_work_on_its_own_thread() -> None:
    bank, loader = bank_of(10.0, SNAPSHOTS[0])
    spent = Fake.open_ones[0]
    for _ in range(3):
        bank.poll([SNAPSHOTS[1]], lambda: (SNAPSHOTS, []))
        worker = threading.Thread(target=loader.poll, args=(0.0,), name="livegan-loader")
        worker.start()
        worker.join()
    assert spent.closed_on == "livegan-loader"


def test_a_network_that_fails_is_reported_once_and_not_requested_again() -> None:
    tried: list[str] = []

    def load(info: NetworkInfo, options: LoadOptions) -> Fake:
        tried.append(info.name)
        if info is SNAPSHOTS[1]:
            raise NetworkError("snapshot-1 is cut short")
        if info is SNAPSHOTS[2]:
            raise ZeroDivisionError("a mistake of ours")
        return Fake(info)

    bank, loader = bank_of(1000.0, SNAPSHOTS[0], load=load)
    for _ in range(30):
        bank.poll(SNAPSHOTS[:3], lambda: (SNAPSHOTS[:4], []))
        try:
            loader.poll(0.0)
        except ZeroDivisionError:
            continue
    assert sorted(tried) == ["snapshot-1", "snapshot-2", "snapshot-3"]
    assert not bank.available(SNAPSHOTS[1])
    assert "snapshot-2" in loader.notice


class SlowToPrepare(Fake):
    """Its quality steps take a while, with one rest; meanwhile somebody may choose another scene."""

    chosen: ClassVar[Callable[[], None]] = staticmethod(lambda: None)
    made: ClassVar[list[str]] = []

    def __init__(self, info: NetworkInfo, options: LoadOptions = OFFLINE) -> None:
        super().__init__(info, options)
        SlowToPrepare.made.append(info.name)

    def prepare_steps(self, options: LoadOptions = OFFLINE) -> None:
        if self.info.name == "snapshot-0":
            SlowToPrepare.chosen()
            options.rest()
            assert "snapshot-5" in SlowToPrepare.made


def test_the_network_of_a_chosen_scene_is_loaded_in_a_rest_of_what_is_prepared() -> None:
    SlowToPrepare.made = []
    loader = Loader(SlowToPrepare)
    loader.stop()  # no waiting in rests
    first = loader.make(SNAPSHOTS[0], replace(OFFLINE, live=True))
    bank = Bank(loader, 100, [first])
    bank.poll([SNAPSHOTS[0]], lambda: ([SNAPSHOTS[0], SNAPSHOTS[1]], []))  # asks for the next one ahead
    SlowToPrepare.chosen = lambda: bank.poll([SNAPSHOTS[0], SNAPSHOTS[5]], lambda: ([], []))
    loader.poll(0.0)
    bank.poll([SNAPSHOTS[0]], lambda: ([], []))
    assert bank.has(SNAPSHOTS[5])
    assert not bank.has(SNAPSHOTS[1]), "it is loaded after that"
    for minute in range(1, 6):
        loader.poll(60.0 * minute)
        bank.poll([SNAPSHOTS[0]], lambda: ([], []))
    assert bank.has(SNAPSHOTS[1])


def test_a_chosen_network_that_waits_to_be_loaded_ahead_is_loaded_once() -> None:
    SlowToPrepare.made = []
    loader = Loader(SlowToPrepare)
    bank = Bank(loader, 100, [Fake(SNAPSHOTS[0])])
    bank.poll([SNAPSHOTS[0]], lambda: ([SNAPSHOTS[1]], []))
    bank.poll([SNAPSHOTS[1]], lambda: ([SNAPSHOTS[1]], []))
    loader.poll(0.0)
    bank.poll([SNAPSHOTS[1]], lambda: ([SNAPSHOTS[1]], []))
    assert bank.has(SNAPSHOTS[1])
    loader.poll(0.0)
    assert SlowToPrepare.made == ["snapshot-1"]


@pytest.mark.parametrize(("busy", "rests"), [(False, LATER_RESTS), (True, BUSY_LATER_RESTS)])
def test_networks_that_nobody_waits_for_leave_the_show_pauses_between_them(busy: bool, rests: float) -> None:
    """Of the processor time that each took: loading takes Python's lock from the threads that draw."""
    spent_s, loaded = [0.0], list[str]()

    def load(info: NetworkInfo, options: LoadOptions) -> Fake:
        began_s = time.thread_time()
        while time.thread_time() - began_s < 0.02:
            pass
        spent_s[0] = time.thread_time() - began_s
        loaded.append(info.name)
        return Fake(info)

    bank, loader = bank_of(1000.0, SNAPSHOTS[0], load=load)
    loader.busy = busy
    own, others = SNAPSHOTS[:3], SNAPSHOTS[3:6]

    def frames(now_s: float) -> list[str]:
        for k in range(12):
            bank.poll(own[:1], lambda: (own, others))
            loader.poll(now_s + k / 1000)
        return loaded

    assert frames(0.0) == ["snapshot-1", "snapshot-2", "snapshot-3"], "those of the scene that plays come at once"
    pause_s = rests * spent_s[0]
    assert frames(0.7 * pause_s)[3:] == []
    assert frames(1.5 * pause_s + 1.0)[3:] == ["snapshot-4"]
    bank.poll([SNAPSHOTS[5]], lambda: ([SNAPSHOTS[5]], []))
    loader.poll(1.5 * pause_s + 1.0)
    assert loaded[4:] == ["snapshot-5"], "what a scene waits for comes at once"


def test_a_scene_whose_network_cannot_be_loaded_is_forgotten() -> None:
    def load(info: NetworkInfo, options: LoadOptions) -> Fake:
        raise NetworkError(f"{info.name} is cut short")

    bank, loader = bank_of(1000.0, SNAPSHOTS[0], load=load)
    show = performer(bank, patch_of(scene(), SNAPSHOTS[:1], "a"), patch_of(scene(), SNAPSHOTS[1:2], "b"))
    show.step(0, 0.0, 0.1, None, [ControlEvent(0.0, "scene.2")])
    assert show.waits_for == "snapshot-1"
    loader.poll(0.0)
    show.step(1, 0.1, 0.1, None, ())
    show.step(2, 0.2, 0.1, None, ())
    assert (show.waits_for, show.patch.name) == ("", "a")


def test_while_a_network_is_loaded_the_nearest_ready_one_draws() -> None:
    bank, loader = bank_of(1000.0, SNAPSHOTS[1], SNAPSHOTS[6])
    near, far = Fake.open_ones
    patch = patch_of(scene(parameters={"network.position": 3.0}), SNAPSHOTS, "bank")
    show = performer(bank, patch)
    frame = show.step(0, 0.0, 0.1, None, ())
    assert (frame.plan.network, near.drawn, far.drawn) == ("snapshot-3", 1, 0)
    loader.poll(0.0)
    show.step(1, 0.1, 0.1, None, ())
    assert (near.drawn, show.generator.info.name) == (1, "snapshot-3")


def test_a_switch_draws_one_network_and_a_fade_the_two_it_is_between() -> None:
    switch, fade = (patch_of(scene(mode), SNAPSHOTS, "bank") for mode in ("switch", "fade"))
    at(2.0, switch)
    assert (at(2.6, switch).network, at(2.7, switch).network) == ("snapshot-2", "snapshot-3")
    assert at(2.7, switch).over == ()
    plan = at(2.25, fade)
    ((share, above),) = plan.over
    assert (plan.network, above.network) == ("snapshot-2", "snapshot-3")
    assert share == pytest.approx(0.25, abs=0.02)
    np.testing.assert_array_equal(plan.z, above.z)
    assert not above.effects
    for position, name in ((2.01, "snapshot-2"), (2.99, "snapshot-3"), (7.0, "snapshot-7"), (63.0, "snapshot-7")):
        assert (at(position, fade).network, at(position, fade).over) == (name, ())


def test_a_knob_goes_from_the_first_network_to_the_last() -> None:
    morph = morph_info(find_networks(BUNDLED / "house"))
    for networks, last in ((SNAPSHOTS, 7), (SNAPSHOTS[:2], 1), ([morph], 6)):
        patch = patch_of(scene("fade"), networks, "bank")
        patch.controls.handle(ControlEvent(0.0, "knob.1", 1.0))
        assert patch.plan(0, 0.0, 0.1, heard()).position == last


def test_unlike_networks_live_in_one_bank_and_each_gets_what_it_needs() -> None:
    unlike = [
        replace(PLAIN, name="small", z_dim=4, c_dim=0, resolution=(8, 8)),
        replace(PLAIN, name="large", z_dim=32, c_dim=40, resolution=(16, 24)),
        PLAIN,
    ]
    bank, _ = bank_of(1000.0, *unlike)
    patch = patch_of(scene("fade", classes=(3, 30)), unlike, "bank")
    show = performer(bank, patch)
    for position in np.linspace(0, 2, 9):
        plan = at(float(position), patch)
        for single in (plan, *(cover for _, cover in plan.over)):
            info = next(info for info in unlike if info.name == single.network)
            assert (single.z.shape, single.classes.shape) == ((info.z_dim,), (info.c_dim,))
        shown = {plan.network, *(cover.network for _, cover in plan.over)}
        largest = max((info.resolution for info in unlike if info.name in shown), key=np.prod)
        assert show.finish(plan, show.draw(plan)).shape == (*largest, 3)
    long, short = at(1.5, patch), at(0.0, patch)
    assert set(np.flatnonzero(long.classes)) <= {3, 30}
    assert set(np.flatnonzero(long.over[0][1].classes)) == {3}
    assert short.z.shape == (4,)


def test_scenes_of_unlike_networks_crossfade() -> None:
    other = replace(PLAIN, name="other", z_dim=32, c_dim=0, resolution=(16, 16))
    bank, _ = bank_of(1000.0, PLAIN, other)
    show = performer(
        bank,
        patch_of(scene(), [PLAIN], "a"),
        patch_of(scene(fade_s=1.0), [other], "b"),
    )
    show.step(0, 0.0, 0.1, None, [ControlEvent(0.0, "scene.2")])
    frame = show.step(1, 0.5, 0.5, None, ())
    assert [cover.network for _, cover in frame.plan.over] == ["other"]
    assert frame.pixels.shape == (16, 16, 3)
    below = torch.from_numpy(Gradient(PLAIN, "cpu").render(frame.plan).numpy())
    above = Gradient(other, "cpu").render(frame.plan.over[0][1])
    np.testing.assert_array_equal(frame.pixels, crossfade(below, above, frame.plan.over[0][0]).numpy())
    assert show.step(2, 1.5, 0.5, None, ()).pixels.shape == (16, 16, 3)


@pytest.mark.parametrize("sizes", [((8, 8), (8, 8)), ((8, 12), (32, 16)), ((64, 64), (16, 16))])
def test_a_crossfade_is_one_picture_at_0_the_other_at_1_and_between_them_between(sizes: tuple) -> None:
    rng = torch.Generator().manual_seed(0)
    below, above = (torch.randint(0, 256, (*size, 3), generator=rng, dtype=torch.uint8) for size in sizes)
    kept = below.clone(), above.clone()
    assert torch.equal(crossfade(below, above, 0.0), below)
    whole, start = crossfade(below, above, 1.0), crossfade(below, above, 1e-6)
    assert (whole.shape, whole.dtype) == (max(below, above, key=torch.numel).shape, torch.uint8)
    half = crossfade(below, above, 0.5)
    assert half.is_contiguous()
    assert (half.float() - (start.float() + whole.float()) / 2).abs().max() <= 1
    assert torch.equal(below, kept[0])
    assert torch.equal(above, kept[1])
    flat = torch.full((*sizes[0], 3), 200, dtype=torch.uint8)
    assert (crossfade(flat, torch.full((*sizes[1], 3), 200, dtype=torch.uint8), 0.3) == 200).all()


def test_in_a_crossfade_pictures_of_other_proportions_are_cut_not_stretched() -> None:
    wide = torch.zeros(8, 16, 3, dtype=torch.uint8)
    wide[:, 4:12] = 255  # its middle, which is square
    tall = torch.full((16, 16, 3), 255, dtype=torch.uint8)
    assert (crossfade(tall, wide, 1.0) == 255).all()
    assert (crossfade(wide, tall, 1e-6)[:, 4:12] == 255).all()


def test_a_plan_is_fitted_to_the_network_that_stands_in() -> None:
    plan = patch_of(scene(), [PLAIN], "bank").plan(0, 0.0, 0.1, heard())
    assert fitted(plan, PLAIN) is plan
    for z_dim, c_dim in ((4, 0), (64, 3), (16, 100)):
        other = replace(PLAIN, z_dim=z_dim, c_dim=c_dim)
        Gradient(other, "cpu").render(fitted(plan, other))
    mixed = replace(plan, mix=((1.0, plan.z),))
    assert not fitted(mixed, PLAIN).mix  # it has no w
    assert [len(z) for _, z in fitted(mixed, replace(PLAIN, z_dim=4, w_dim=8)).mix] == [4]


def test_a_synchronous_bank_loads_what_it_needs_within_the_budget() -> None:
    loader = Loader(Fake)
    bank = Bank(loader, 25.0, [Fake(SNAPSHOTS[0])], synchronous=True)
    show = performer(bank, patch_of(scene(), SNAPSHOTS, "bank"))
    for i in (0, 7, 3, 0, 5, 1, 6, 2):
        plan = at(i, show.patch)
        show.draw(plan)
        assert show.generator.info.name == f"snapshot-{i}"
        assert bank.megabytes <= 25
        assert len(Fake.open_ones) == len(bank)


def test_a_synchronous_bank_reports_a_broken_network_before_the_first_frame() -> None:
    def load(info: NetworkInfo, options: LoadOptions) -> Fake:
        raise NetworkError(f"{info.name} is cut short")

    bank = Bank(Loader(load), 1000.0, [Fake(SNAPSHOTS[0])], synchronous=True)
    show = performer(bank, patch_of(scene(), SNAPSHOTS[:2], "bank"))
    with pytest.raises(NetworkError, match="cut short"):
        show.poll()


def test_a_thousand_switches_hold_no_more_than_the_budget() -> None:
    bank, loader = bank_of(35.0, SNAPSHOTS[0])
    show = performer(bank, patch_of(scene(), SNAPSHOTS, "bank"))

    def switch(times: int) -> int:
        for i in range(times):
            event = ControlEvent(0.0, "knob.1", (i * 5 % 8) / 7)
            show.step(i, i / 10, 0.1, None, [event])
            loader.poll(0.0)
            assert len(Fake.open_ones) <= 5  # those in the budget, one that comes, one that is about to be closed
        gc.collect()
        return len(gc.get_objects())

    before = switch(100)
    assert switch(1000) <= before + 50
    assert bank.megabytes <= 45


def test_networks_of_one_name_get_distinct_names() -> None:
    twin = replace(PLAIN, path=Path("night/plain.json"))
    third = replace(PLAIN, path=Path("other/night/plain.json"))
    names = NetworkNames()
    ((first,), (again, second), (last,)) = (names.distinct(bank) for bank in ([PLAIN], [PLAIN, twin], [third]))
    assert [info.name for info in (first, again, second, last)] == ["plain", "plain", "night/plain", "night/plain (2)"]


def test_a_folder_is_a_bank_in_the_order_of_its_names(tmp_path: Path) -> None:
    for name in ("b", "c", "a"):
        write_info(replace(PLAIN, name=name, path=tmp_path / f"{name}.json"))
    networks, wrong = find_bank(SCENE.model_copy(update={"network": str(tmp_path)}))
    assert ([info.name for info in networks], wrong) == (["a", "b", "c"], [])


def test_a_path_of_seeds_is_walked_and_a_missing_file_is_a_mistake(tmp_path: Path) -> None:
    text = 'title = "Walk"\nnetwork = "plain"\n[motion]\nmodel = "path"\npath = ["seeds:1,2"]\n'
    (tmp_path / "walk.toml").write_text(text)
    name = str(tmp_path / "walk.toml")
    patch = bind_scene(*load_scenes([name]), VOCABULARY)
    z_dim = patch.networks[0].z_dim
    np.testing.assert_allclose(patch.plan(0, 0.0, 0.0, heard()).z, np.random.RandomState(1).randn(z_dim), atol=1e-5)
    there = patch.plan(1, 5.0, 5.0, heard()).z  # 12 points a minute
    np.testing.assert_allclose(there, np.random.RandomState(2).randn(z_dim), atol=1e-4)
    (tmp_path / "walk.toml").write_text(text.replace("seeds:1,2", "none.npy"))
    (mistake,) = check_scene(*load_scenes([name]), VOCABULARY).mistakes
    assert "motion.path" in mistake


def test_loudness_moves_along_the_bank() -> None:
    route = RouteTable(source="level", target="network.position", amount=7.0, attack_s=0.0, release_s=0.0)
    patch = patch_of(scene("fade", routes=(route,)), SNAPSHOTS, "bank")
    assert patch.plan(0, 0.0, 0.1, heard(level=0.0)).network == "snapshot-0"
    assert patch.plan(1, 0.1, 0.1, heard(level=1.0)).network == "snapshot-7"


def test_the_budget_is_what_the_venue_says_or_a_part_of_what_is_free() -> None:
    venue = Venue()
    limited = venue.model_copy(update={"picture": venue.picture.model_copy(update={"memory_gb": 2.0, "device": "cpu"})})
    assert budget_mb(limited) == pytest.approx(2e9 / 2**20)
    free = venue.model_copy(update={"picture": venue.picture.model_copy(update={"device": "cpu"})})
    assert 0 < budget_mb(free) <= free_memory_mb() * 0.6


def test_the_size_of_a_network_is_that_of_its_weights_and_of_a_morph_that_of_all() -> None:
    ages = find_networks(BUNDLED / "house")
    assert file_mb(ages[0]) == pytest.approx(ages[0].weights.stat().st_size / 2**20)
    assert file_mb(morph_info(ages)) == pytest.approx(sum(file_mb(info) for info in ages))
    assert file_mb(PLAIN) == 0


def test_dots_are_folders_of_the_user_and_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_info(replace(PLAIN, name="mine", path=tmp_path / "mine.json"))
    monkeypatch.chdir(tmp_path)
    networks, wrong = find_bank(SCENE.model_copy(update={"network": "."}))
    assert ([info.name for info in networks], wrong) == (["mine"], [])


def test_a_bank_that_blends_is_one_network_and_the_position_is_its_place() -> None:
    networks, wrong = find_bank(SCENE.model_copy(update={"network": "house", "bank": BankTable(mode="blend")}))
    assert (len(networks), networks[0].kind, wrong) == (1, "morph", [])
    plan = at(2.5, patch_of(scene("blend"), networks, "bank"))
    assert (plan.network, plan.position, plan.over) == (networks[0].name, pytest.approx(2.5), ())
    unlike = SCENE.model_copy(update={"network": ("plain", "house-256"), "bank": BankTable(mode="blend")})
    assert "network: " in find_bank(unlike)[1][0]


def test_a_path_of_w_rows_that_no_network_of_the_scene_has_is_a_mistake(tmp_path: Path) -> None:
    network = replace(PLAIN, kind="stylegan2", w_dim=4, shape={"channels": [4, 4, 4]})
    walked = LoadedScene("walk", scene(motion=(Motion(model="path", path=["w:walk.npy"]),)), tmp_path / "walk.toml")
    for rows, right in ((6, True), (5, False)):
        np.save(tmp_path / "walk.npy", np.zeros((2, rows, 4), np.float32))
        if right:
            assert bind_scene(walked, VOCABULARY, networks=[network])
        else:
            with pytest.raises(SceneError, match=r"motion\.path: the path has w of 5 rows, plain has 6"):
                bind_scene(walked, VOCABULARY, networks=[network])


def test_a_scene_read_again_while_a_show_plays_has_the_same_networks_by_the_same_names(tmp_path: Path) -> None:
    for folder in ("day", "night"):
        write_info(replace(PLAIN, path=tmp_path / folder / "plain.json"))
        (tmp_path / f"{folder}.toml").write_text(
            f'title = "x"\nnetwork = "{(tmp_path / folder / "plain.json").as_posix()}"\n', encoding="utf-8"
        )
    paths = [str(tmp_path / f"{folder}.toml") for folder in ("day", "night")]
    bound = bind(Setlist(load_scenes(paths)), LAYOUT, Venue())
    assert [patch.here.name for patch in bound.patches] == ["plain", "night/plain"]
    anew = [bound.binder.bind(*load_scenes([path])) for path in reversed(paths)]
    assert [patch.here.name for patch in anew] == ["night/plain", "plain"]
    Path(paths[0]).write_text('title = "x"\nnetwrok = "plain"\n', encoding="utf-8")
    with pytest.raises(SceneError, match="did you mean 'network'"):
        bound.binder.bind(*load_scenes(paths[:1]))
