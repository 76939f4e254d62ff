"""Autotuning behind a show: the likely backend draws at once, what wins in the show is swapped in and remembered."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from livegan.networks.architectures.stylegan2 import to_pixels
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering import autotune
from livegan.rendering.ab_test import ExchangeableBackend
from livegan.rendering.accuracy import OPTIONS, START_SEEDS, ReferenceImages
from livegan.rendering.autotune import Record, candidates, select_backend
from livegan.rendering.backends.protocol import BackendSpec
from livegan.rendering.live_tuning import AGAIN_S, LiveTuning
from livegan.rendering.registry import LIVE, OFFLINE, REHEARSAL
from livegan.rendering.threads import threads_text

KEY = "ab" * 32


@pytest.fixture(autouse=True)
def fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(autotune, "cores", lambda: 2)


class Machine:
    """Two cores: a clock of the wall, and one of the thread that draws, which other threads do not move."""

    def __init__(self) -> None:
        self.wall_s = self.work_s = 0.0
        self.beside = False  # a show's load runs
        self.hog_ms = 0.0  # by which another program delays each further thread
        self.made = list[str]()

    def wall(self) -> float:
        return self.wall_s

    def work(self) -> float:
        return self.work_s

    def load(self) -> "Machine":
        return self

    def __enter__(self) -> None:
        self.beside = True

    def __exit__(self, *_: object) -> None:
        self.beside = False


class Net(nn.Module):
    """A network whose picture is w."""

    z_dim, c_dim, w_dim, num_ws = 48, 0, 48, 2
    resolution, colours, span, row_groups = (4, 4), 3, (-1.0, 1.0), (0, 1)

    def map(self, z: Tensor, classes: Tensor) -> Tensor:
        return torch.tanh(z)

    def synthesize(self, ws: Tensor, options: SynthesisOptions) -> Tensor:
        return ws[:, 0].view(-1, 3, 4, 4)


class Fake:
    """A backend that takes `work_ms` of a processor: `beside_ms` beside a show, `work_ms / threads` alone."""

    bends, megabytes = True, 0.0

    def __init__(self, machine: Machine, name: str, threads: int, work_ms: float, beside_ms: float) -> None:
        self.machine, self.text, self.threads = machine, name, threads
        self.work_ms, self.beside_ms = work_ms, beside_ms
        self.drawn, self.wrong_from = list[bytes](), 10**9

    def set_clusters(self, clusters: dict[int, Tensor]) -> None:
        pass

    def render(self, ws: Tensor, options: SynthesisOptions) -> Tensor:
        self.machine.work_s += self.work_ms / self.threads / 1000
        hog_ms = self.machine.hog_ms * (self.threads - 1)
        self.machine.wall_s += (self.beside_ms + hog_ms if self.machine.beside else self.work_ms / self.threads) / 1000
        if (key := ws.numpy().tobytes()) not in self.drawn:
            self.drawn.append(key)
        picture = to_pixels(ws[0].view(3, 4, 4))
        return 255 - picture if self.drawn.index(key) >= self.wrong_from else picture


def spec(
    machine: Machine, way: str, threads: int, work_ms: float, beside_ms: float, wrong_from: int = 10**9
) -> BackendSpec:
    def make() -> Fake:
        machine.made.append(way)
        fake = Fake(machine, f"{way} {threads}", threads, work_ms, beside_ms)
        fake.wrong_from = wrong_from
        return fake

    return BackendSpec(f"{way}, {threads_text(threads)}", make, group=f"{way} {threads}", threads=threads)


class Session:
    """A network in a show: frames by the engine, pieces of tuning by the loader, in turn."""

    def __init__(self, machine: Machine, specs: Sequence[BackendSpec], others: Callable[[], float] = float) -> None:
        net, self.machine = Net(), machine
        references = ReferenceImages(net, machine.wall)  # type: ignore[arg-type]
        self.first = select_backend(net, specs, KEY, references=references, clock=machine.wall, options=LIVE)  # type: ignore[arg-type]
        self.drawn = ExchangeableBackend(self.first.backend, machine.wall)
        specs = candidates(specs, LIVE)
        record = Record.of(net, specs, KEY, LIVE)  # type: ignore[arg-type]
        self.tuning = LiveTuning(self.drawn, self.first, specs, references, record, machine.work, others=others)

    def draw(self) -> float:
        """Six frames; the longest [ms]."""
        times_ms = []
        for index in range(6):
            with self.machine:
                start_s = self.machine.wall_s
                self.drawn.render(torch.full((2, 48), index / 10), OPTIONS)
                times_ms.append((self.machine.wall_s - start_s) * 1000)
        return max(times_ms)

    def play(self) -> float:
        """Until the tuning is done; the longest frame [ms]."""
        longest_ms = 0.0
        for _ in range(1000):
            if self.tuning.step() is None:
                return longest_ms
            longest_ms = max(longest_ms, self.draw())
        raise AssertionError("the tuning does not end")


def test_the_first_picture_waits_for_no_benchmark_and_what_wins_in_the_show_draws_on_and_is_remembered() -> None:
    machine = Machine()
    specs = [spec(machine, "a", 1, 30.0, 30.0), spec(machine, "a", 2, 30.0, 18.0), spec(machine, "b", 1, 50.0, 50.0)]
    session = Session(machine, specs)
    assert machine.made == ["a"]
    assert not session.first.tuned
    assert session.play() == pytest.approx(30.0)  # no frame waited for the tuning, or was drawn by what is hopeless
    assert session.drawn.text == "a 2"
    again = select_backend(Net(), specs, KEY, clock=machine.wall, options=LIVE)  # type: ignore[arg-type]
    assert (again.tuned, again.spec.name) == (True, "a, 2 threads")


def test_thread_counts_are_compared_before_other_ways() -> None:
    machine = Machine()
    specs = [spec(machine, "a", 1, 30.0, 30.0), spec(machine, "a", 2, 30.0, 18.0), spec(machine, "b", 1, 50.0, 50.0)]
    session = Session(machine, specs)
    while session.drawn.text == "a 1":
        assert session.tuning.step() is not None
        session.draw()
    assert "b" not in machine.made
    session.play()
    assert session.drawn.text == "a 2"
    assert machine.made == ["a", "a", "a", "b"], "nor compared again: drawing, two threads, aside, another way"


def test_what_wins_beside_other_programs_is_tested_again_and_remembered_once_they_are_gone() -> None:
    machine = Machine()
    one, two = spec(machine, "busy", 1, 30.0, 30.0), spec(machine, "busy", 2, 30.0, 18.0)
    machine.hog_ms = 30.0
    shares = iter([0.0, 0.5, 0.1, 0.0])  # before and after each test
    session = Session(machine, [one, two], lambda: next(shares))
    waits_s = list[float]()
    while (wait_s := session.tuning.step()) is not None:
        waits_s.append(wait_s)
        session.draw()
        if wait_s == AGAIN_S:
            assert session.drawn.text == "busy 1"
            assert not session.tuning.selection.tuned
            machine.hog_ms = 0.0
    assert max(waits_s) == AGAIN_S
    assert session.drawn.text == "busy 2"
    assert session.tuning.selection.tuned


def test_a_benchmark_is_left_off_at_any_picture_when_the_show_ends() -> None:
    machine = Machine()
    specs = [spec(machine, "a", 1, 30.0, 30.0), spec(machine, "b", 1, 20.0, 20.0)]
    references = ReferenceImages(Net(), machine.wall)  # type: ignore[arg-type]
    for pieces in range(1, 40, 3):
        work = autotune.benchmark(specs, references, machine.work, LIVE)
        for _ in range(pieces):
            next(work)
        work.close()


def test_what_wins_alone_does_not_win_where_the_show_takes_its_core() -> None:
    machine = Machine()
    specs = [spec(machine, "a", 1, 30.0, 30.0), spec(machine, "a", 2, 30.0, 45.0)]
    session = Session(machine, specs)
    session.play()
    assert session.drawn.text == "a 1"


def test_a_benchmark_for_shows_is_judged_beside_the_load_of_one_and_remembered_apart_from_that_for_renders() -> None:
    machine = Machine()
    specs = [spec(machine, "a", 1, 30.0, 30.0), spec(machine, "a", 2, 30.0, 45.0)]
    choices = {
        options: select_backend(
            Net(), specs, "cd" * 32, clock=machine.wall, options=options, load=machine.load
        ).spec.name  # type: ignore[arg-type]
        for options in (REHEARSAL, OFFLINE)
    }
    assert choices == {REHEARSAL: "a, 1 thread", OFFLINE: "a, 2 threads"}  # a render has every core


def test_another_way_wins_by_the_work_it_needs_and_is_tested_in_the_show() -> None:
    machine = Machine()
    specs = [spec(machine, "a", 2, 40.0, 22.0), spec(machine, "a", 1, 40.0, 41.0), spec(machine, "b", 1, 12.0, 13.0)]
    session = Session(machine, specs)
    assert session.first.spec.way == "a"
    session.play()
    assert session.drawn.text == "b 1"


def test_fewer_threads_win_where_they_are_enough() -> None:
    for work_ms, threads in ((8.0, 1), (24.0, 2)):
        machine = Machine()
        specs = [
            spec(machine, f"a{work_ms}", 2, work_ms, work_ms * 0.6),
            spec(machine, f"a{work_ms}", 1, work_ms, work_ms),
        ]
        session = Session(machine, specs)
        session.play()
        assert session.drawn.threads == threads


def test_what_draws_is_exchanged_if_more_pictures_show_it_inaccurate() -> None:
    machine = Machine()
    specs = [
        spec(machine, "bf16", 1, 10.0, 10.0, wrong_from=START_SEEDS),
        spec(machine, "f32", 1, 20.0, 20.0),
    ]
    session = Session(machine, specs)
    assert session.first.spec.way == "bf16"
    session.play()
    assert session.drawn.text == "f32 1"
    assert "bf16" in session.tuning.selection.reason


def test_thread_counts_of_the_purpose_are_tried_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine()
    specs = [spec(machine, "a", threads, 30.0, 30.0) for threads in range(1, 17)]
    for cores, show, render in (
        (1, [1], [1]),
        (2, [1, 2], [1, 2]),
        (4, [1, 2, 3], [2, 4]),
        (16, [1, 2, 4, 8, 14], [8, 16]),
    ):
        monkeypatch.setattr(autotune, "cores", lambda cores=cores: cores)
        assert [spec.threads for spec in candidates(specs, LIVE)] == show
        assert [spec.threads for spec in candidates(specs, OFFLINE)] == render
