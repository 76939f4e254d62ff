"""A/B test of backends on frames of a show: who wins live draws on, and nobody hopeless is tried for long."""

import pytest
import torch
from torch import Tensor

from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.ab_test import BLOCK, ENOUGH_MS, GIVE_UP_AFTER, ROUNDS, SETTLE, ExchangeableBackend, is_better

WS, OPTIONS = torch.zeros(1, 1), SynthesisOptions()


class Show:
    """Frames of a show, on a clock that only moves when something is drawn."""

    def __init__(self) -> None:
        self.now_s, self.frame, self.drawn_by = 0.0, 0, list[str]()

    def clock(self) -> float:
        return self.now_s

    def play(self, backend: ExchangeableBackend, frames: int) -> None:
        for _ in range(frames):
            backend.render(WS, OPTIONS)
            self.frame += 1


class Fake:
    """A backend that takes `ms` a picture, and every fifth time `hiccup_ms` more."""

    bends, megabytes = True, 1.0

    def __init__(self, show: Show, name: str, ms: float, threads: int = 1, hiccup_ms: float = 0.0) -> None:
        self.show, self.text, self.ms, self.threads, self.hiccup_ms = show, name, ms, threads, hiccup_ms
        self.clusters: dict[int, Tensor] = {}
        self.calls, self.breaks = 0, False

    def set_clusters(self, clusters: dict[int, Tensor]) -> None:
        self.clusters = clusters

    def render(self, ws: Tensor, options: SynthesisOptions) -> Tensor:
        if self.breaks:
            raise RuntimeError("out of memory")
        self.calls += 1
        self.show.drawn_by.append(self.text)
        self.show.now_s += (self.ms + (self.hiccup_ms if self.calls % 5 == 0 else 0.0)) / 1000
        return torch.zeros(4, 4, 3, dtype=torch.uint8)


def test_the_faster_backend_wins_on_frames_of_the_show_whoever_began() -> None:
    for first, second, winner in ((30.0, 20.0, "b"), (20.0, 24.0, "a")):
        show = Show()
        backend = ExchangeableBackend(Fake(show, "a", first), show.clock)
        test = backend.test(Fake(show, "b", second), (1, 1))
        show.play(backend, 2 * BLOCK * ROUNDS)
        assert (test.ended, backend.text) == (True, winner)
        assert test.ms == pytest.approx((first, second))
        show.play(backend, 3)
        assert show.drawn_by[-3:] == [winner] * 3


def test_stutter_counts_and_not_the_least_time() -> None:
    show = Show()
    backend = ExchangeableBackend(Fake(show, "steady", 20.0), show.clock)
    test = backend.test(Fake(show, "stutters", 14.0, hiccup_ms=30.0), (1, 1))
    show.play(backend, 2 * BLOCK * ROUNDS)
    assert (test.ended, test.won, backend.text) == (True, False, "steady")


def test_a_hopeless_challenger_draws_a_few_frames_only() -> None:
    show = Show()
    backend = ExchangeableBackend(Fake(show, "a", 15.0), show.clock)
    test = backend.test(Fake(show, "b", 40.0), (1, 2))
    show.play(backend, 2 * BLOCK * ROUNDS)
    assert (test.ended, test.won, backend.text) == (True, False, "a")
    assert show.drawn_by.count("b") == SETTLE + GIVE_UP_AFTER[0][0]


def test_of_two_fast_enough_the_one_with_fewer_threads_is_better_whatever_the_order() -> None:
    assert is_better(9.0, 1, 6.0, 2)
    assert not is_better(6.0, 2, 9.0, 1)
    assert is_better(6.0, 2, ENOUGH_MS + 1, 1)
    assert is_better(30.0, 1, 31.0, 2)
    assert not is_better(7.0, 1, 7.0, 1)


def test_a_challenger_that_fails_costs_no_picture() -> None:
    show = Show()
    champion, challenger = Fake(show, "a", 15.0), Fake(show, "b", 1.0)
    backend = ExchangeableBackend(champion, show.clock)
    test = backend.test(challenger, (1, 1))
    challenger.breaks = True
    show.play(backend, 2 * BLOCK * ROUNDS)
    assert (test.ended, test.won, champion.calls) == (True, False, 2 * BLOCK * ROUNDS)
    champion.breaks = True
    with pytest.raises(RuntimeError, match="out of memory"):
        show.play(backend, 1)


def test_threads_are_those_of_the_backend_that_draws_the_next_frame_and_clusters_go_to_both() -> None:
    show = Show()
    backend = ExchangeableBackend(Fake(show, "a", 15.0, threads=1), show.clock)
    clusters = {0: torch.ones(2)}
    backend.set_clusters(clusters)
    challenger = Fake(show, "b", 15.0, threads=2)
    backend.test(challenger, (1, 2))
    for _ in range(2 * BLOCK):
        threads = backend.threads
        backend.render(WS, OPTIONS)
        assert show.drawn_by[-1] == {1: "a", 2: "b"}[threads]
    assert challenger.clusters is clusters
    other = Fake(show, "c", 1.0)
    backend = ExchangeableBackend(Fake(show, "a", 15.0), show.clock)
    backend.set_clusters(clusters)
    backend.exchange(other)
    assert (backend.text, other.clusters) == ("c", clusters)
