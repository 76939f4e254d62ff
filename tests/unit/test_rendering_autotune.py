"""Backend autotuning: the fastest backend that draws the network's pictures wins, and is remembered."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from livegan.errors import NetworkError
from livegan.networks.architectures.stylegan2 import to_pixels
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering import autotune
from livegan.rendering.accuracy import SEEDS, psnr_db
from livegan.rendering.autotune import select_backend
from livegan.rendering.backends.protocol import BackendSpec
from livegan.rendering.registry import LIVE, OFFLINE
from livegan.rendering.trial import UntriedError

KEY = "ab" * 32


@pytest.fixture(autouse=True)
def fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


class Watch:
    """A clock that only moves when something is drawn."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Net(nn.Module):
    """A network whose picture is w; drawing it takes `cost_s`."""

    z_dim, c_dim, w_dim, num_ws = 48, 3, 48, 2
    resolution, colours, span, row_groups = (4, 4), 3, (-1.0, 1.0), (0, 1)

    def __init__(self, watch: Watch, cost_s: float = 0.01, size: int = 48) -> None:
        super().__init__()
        self.register_buffer("w_avg", torch.zeros(size))
        self.watch, self.cost_s, self.drawn = watch, cost_s, 0

    def map(self, z: Tensor, classes: Tensor) -> Tensor:
        assert classes.sum() == 1
        return torch.tanh(z + classes @ torch.eye(3, 48))

    def synthesize(self, ws: Tensor, options: SynthesisOptions) -> Tensor:
        assert options.noise == (1.0, 1.0, 1.0)
        self.watch.now_s += self.cost_s
        self.drawn += 1
        return ws[:, 0].view(-1, 3, 4, 4)

    def affines(self) -> list[tuple[int, Tensor]]:
        return []


@dataclass
class Fake:
    """A backend of the fake network, wrong by `error` levels from picture `wrong_from` on."""

    watch: Watch
    cost_s: float
    error: int = 0
    wrong_from: int = 0
    broken: bool = False
    text: str = "fake"
    megabytes: float = 0.0
    bends: bool = True
    threads: int = 0
    calls: int = field(default=0)
    seen: list[bytes] = field(default_factory=list)

    def set_clusters(self, clusters: dict[int, Tensor]) -> None:
        pass

    def render(self, ws: Tensor, options: SynthesisOptions) -> Tensor:
        if self.broken:
            raise RuntimeError("out of memory")
        self.calls += 1
        self.watch.now_s += self.cost_s
        picture = to_pixels(ws[0].view(3, 4, 4)).int()
        key = ws.numpy().tobytes()
        if key not in self.seen:
            self.seen.append(key)
        wrong = self.error if self.seen.index(key) >= self.wrong_from else 0
        return (picture + torch.where(picture > 127, -wrong, wrong)).to(torch.uint8)


def spec(name: str, make: Callable[[], Fake], made: list[str] | None = None) -> BackendSpec:
    def build() -> Fake:
        if made is not None:
            made.append(name)
        return make()

    return BackendSpec(name, build)


def fakes(watch: Watch, made: list[str] | None = None, **costs_s: float) -> list[BackendSpec]:
    return [spec(name, lambda cost_s=cost_s: Fake(watch, cost_s), made) for name, cost_s in costs_s.items()]  # type: ignore[misc]


def test_the_fastest_wins_in_whatever_order() -> None:
    watch = Watch()
    costs_s = {"slow": 0.03, "quick": 0.01, "middle": 0.02}
    for turn in range(3):
        names = list(costs_s)[turn:] + list(costs_s)[:turn]
        selection = select_backend(
            Net(watch), fakes(watch, **{name: costs_s[name] for name in names}), KEY, clock=watch
        )
        assert selection.reason.startswith("quick:")
        assert selection.ms["quick"] == pytest.approx(10)


def test_a_fast_backend_that_draws_something_else_does_not_win_even_if_only_one_picture_shows_it() -> None:
    watch = Watch()
    specs = [
        spec("wrong", lambda: Fake(watch, 0.001, error=9)),
        spec("rarely wrong", lambda: Fake(watch, 0.002, error=9, wrong_from=SEEDS - 1)),
        spec("nearly right", lambda: Fake(watch, 0.004, error=1)),
        spec("right", lambda: Fake(watch, 0.008)),
    ]
    selection = select_backend(Net(watch), specs, KEY, clock=watch)
    assert selection.reason.startswith("nearly right")
    assert f"{SEEDS} pictures" in selection.reason
    assert "wrong (" in selection.reason
    assert "rarely wrong (" in selection.reason
    assert set(selection.ms) == {"nearly right", "right"}


@pytest.mark.parametrize("reason", [RuntimeError("no kernel"), ImportError("no module"), NetworkError("too wide")])
def test_unavailable_backends_are_passed_over_and_named(reason: Exception) -> None:
    watch = Watch()

    def unavailable() -> Fake:
        raise reason

    specs = [
        spec("cannot", unavailable),
        spec("breaks", lambda: Fake(watch, 0.001, broken=True)),
        *fakes(watch, can=0.01),
    ]
    selection = select_backend(Net(watch), specs, KEY, clock=watch)
    assert selection.reason.startswith("can:")
    assert f"cannot ({reason})" in selection.reason
    assert "breaks (out of memory)" in selection.reason
    with pytest.raises(NetworkError, match=r"cannot .*cannot .*another device"):
        select_backend(Net(watch), [specs[0], specs[0]], KEY, clock=watch)


def test_where_memory_is_the_cause_it_is_said_first_and_few_causes_are_told() -> None:
    watch = Watch()
    specs = [spec(f"b{number}", lambda: Fake(watch, 0.001, broken=True)) for number in range(5)]
    told = r"^there is too little memory.*\(b0 \(.*; b1 \(.*; b2 \(out of memory\); and 2 more\)$"
    with pytest.raises(NetworkError, match=told):
        select_backend(Net(watch), specs, KEY, clock=watch)


def test_that_the_chosen_one_is_not_the_fastest_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autotune, "cores", lambda: 2)
    watch = Watch()
    one, two = (replace(each, threads=k + 1) for k, each in enumerate(fakes(watch, one=0.002, two=0.001)))
    show = replace(OFFLINE, show=True)
    chosen = select_backend(Net(watch), [one, two], KEY, clock=watch, options=show, load=nullcontext)
    assert chosen.reason.startswith("one: 2.0 ms")
    assert "fast enough, with fewer threads than the fastest, two" in chosen.reason


def test_a_mistake_in_a_backend_is_not_hidden() -> None:
    def mistaken() -> Fake:
        raise KeyError("weight")

    watch = Watch()
    with pytest.raises(KeyError):
        select_backend(Net(watch), [spec("mistaken", mistaken), *fakes(watch, can=0.01)], KEY, clock=watch)


def test_what_won_is_remembered_and_alone_made_the_next_time() -> None:
    watch, net, made = Watch(), Net(Watch()), []
    first = select_backend(net, fakes(watch, made, a=0.03, b=0.01, c=0.02), KEY, clock=watch)
    assert made == ["a", "b", "c"]
    made.clear()
    net.drawn = 0
    again = select_backend(net, fakes(watch, made, a=0.03, b=0.01, c=0.02), KEY, clock=watch)
    assert made == ["b"]
    assert net.drawn == 0  # what is remembered with the winner is compared
    assert again.backend.calls == 1  # type: ignore[attr-defined]
    assert again.ms == first.ms
    assert again.reason == f"{first.reason} (remembered)"


def test_another_network_backend_or_machine_needs_another_benchmark(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watch = Watch()
    select_backend(Net(watch), fakes(watch, a=0.02, b=0.01), KEY, clock=watch)
    others = ((("a", "b"), "cd" * 32, "", 9), (("a", "b", "c"), KEY, "", 48), (("a", "b"), KEY, "elsewhere", 48))
    for names, key, where, size in others:
        made: list[str] = []
        with monkeypatch.context() as patch:
            if where:
                patch.setattr(autotune, "machine", lambda: "elsewhere")
            select_backend(Net(watch, size=size), fakes(watch, made, **dict.fromkeys(names, 0.01)), key, clock=watch)
        assert made == list(names)


def test_the_winner_for_another_network_of_the_same_shape_is_only_checked() -> None:
    watch = Watch()
    select_backend(Net(watch), fakes(watch, a=0.02, b=0.01), KEY, clock=watch)
    made: list[str] = []
    selection = select_backend(Net(watch), fakes(watch, made, a=0.02, b=0.01), "cd" * 32, clock=watch)
    assert (made, selection.reason.partition(",")[0]) == (["b"], "b: the fastest for this shape")
    made.clear()
    specs = [*fakes(watch, made, a=0.02), spec("b", lambda: Fake(watch, 0.01, error=9), made)]
    assert select_backend(Net(watch), specs, "ef" * 32, clock=watch).reason.startswith("a:")
    assert made == ["b", "a", "b"]


def test_after_a_remembered_backend_fails_all_are_benchmarked_again() -> None:
    watch = Watch()
    for key, spoilt in (("cd" * 32, Fake(watch, 0.01, error=9)), ("ef" * 32, Fake(watch, 0.01, broken=True))):
        select_backend(Net(watch), fakes(watch, a=0.02, b=0.01), key, clock=watch)
        made: list[str] = []
        specs = [*fakes(watch, made, a=0.02), spec("b", lambda spoilt=spoilt: spoilt, made)]  # type: ignore[misc]
        assert select_backend(Net(watch), specs, key, clock=watch).reason.startswith("a:")
        assert made == ["b", "b", "a", "b"]  # as remembered, as the fastest for the shape, in the benchmark


def test_where_the_reference_is_slow_fewer_pictures_are_compared_but_at_least_four() -> None:
    for cost_s, pictures in ((0.01, 16), (0.5, 6), (10.0, 4)):
        watch = Watch()
        net = Net(watch, cost_s)
        selection = select_backend(net, fakes(watch, a=0.02, b=0.01), f"{pictures:<064}", clock=watch)
        assert net.drawn == pictures
        assert f"{pictures} pictures" in selection.reason


def test_a_hopeless_backend_is_not_timed_to_the_end() -> None:
    watch = Watch()
    slow = Fake(watch, 5.0)
    select_backend(Net(watch), [*fakes(watch, quick=0.01), spec("slow", lambda: slow)], KEY, clock=watch)
    assert slow.calls == 2


def test_a_single_backend_is_not_benchmarked() -> None:
    watch = Watch()
    only = Fake(watch, 1.0)
    net = Net(watch)
    assert select_backend(net, [spec("only", lambda: only)], KEY, clock=watch).backend is only
    assert (only.calls, net.drawn) == (0, 0)


def test_psnr_is_the_textbook_ratio_and_99_for_equal_pictures() -> None:
    black = torch.zeros(8, 8, 3, dtype=torch.uint8)
    assert psnr_db(black, black) == 99
    assert psnr_db(black, black + 255) == pytest.approx(0, abs=1e-4)
    assert psnr_db(black, black + 1) == pytest.approx(48.13, abs=0.01)


def test_of_backends_that_differ_in_precision_alone_no_more_are_tried_than_can_win() -> None:
    def bits(watch: Watch, made: list[str], wrong: tuple[str, ...], **costs_s: float) -> list[BackendSpec]:
        specs = []
        for name, cost_s in costs_s.items():
            error = 9 if name in wrong else 0
            plain = spec(name, lambda cost_s=cost_s, error=error: Fake(watch, cost_s, error), made)  # type: ignore[misc]
            specs.append(BackendSpec(plain.name, plain.make, group=name[0]))
        return specs

    watch, made = Watch(), []
    specs = bits(watch, made, ("a4",), a4=0.01, a32=0.02, a64=0.03, b4=0.025, b32=0.026)
    assert select_backend(Net(watch), specs, KEY, clock=watch).reason.startswith("a32:")
    assert made == ["a4", "a32", "b4"]


def test_during_a_show_the_first_accurate_backend_is_taken_and_the_benchmark_is_made_up_for_later() -> None:
    watch = Watch()
    specs = [spec("wrong", lambda: Fake(watch, 0.001, error=9)), *fakes(watch, a=0.02, b=0.01)]
    live = select_backend(Net(watch), specs, KEY, clock=watch, options=LIVE)
    assert live.reason.startswith("a: likely the fastest")
    assert live.ms == {}
    made: list[str] = []
    again = select_backend(Net(watch), [specs[0], *fakes(watch, made, a=0.02, b=0.01)], KEY, clock=watch, options=LIVE)
    assert (made, again.reason) == (["a"], f"{live.reason} (remembered)")
    assert select_backend(Net(watch), specs, KEY, clock=watch).reason.startswith("b:")


def test_torch_uses_the_threads_of_the_backend_that_is_tried_but_one_beside_a_show() -> None:
    watch, counts = Watch(), list[int]()
    before = torch.get_num_threads()

    def counted() -> Fake:
        fake = Fake(watch, 0.01, threads=2)
        render = fake.render
        fake.render = lambda ws, options: counts.append(torch.get_num_threads()) or render(ws, options)  # type: ignore[method-assign]
        return fake

    try:
        for options, key, expected in ((LIVE, KEY, 1), (OFFLINE, "cd" * 32, 2)):
            torch.set_num_threads(1)
            select_backend(Net(watch), [spec("a", counted), spec("b", counted)], key, clock=watch, options=options)
            assert set(counts) == {expected}
            counts.clear()
    finally:
        torch.set_num_threads(before)


def test_a_device_whose_trial_was_broken_off_is_tried_again_the_next_time() -> None:
    watch = Watch()

    def broken_off() -> Fake:
        raise UntriedError("broken off")

    first = select_backend(Net(watch), [*fakes(watch, a=0.02, b=0.03), spec("gpu", broken_off)], KEY, clock=watch)
    assert (first.reason.partition(":")[0], first.tuned) == ("a", False)
    again = select_backend(
        Net(watch), [*fakes(watch, a=0.02, b=0.03), spec("gpu", lambda: Fake(watch, 0.01))], KEY, clock=watch
    )
    assert (again.reason.partition(":")[0], again.tuned) == ("gpu", True)
