"""Pictures drawn on several threads: in the order of their plans, bounded, and only where it is worth it."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from livegan.core.types import FramePlan
from livegan.networks.library import find_network
from livegan.rendering.gradient import Gradient
from livegan.rendering.registry import Generator
from livegan.studio import draw_threads
from livegan.studio.draw_threads import draw_on_threads, generators_for

INFO = find_network("plain")
PLANS = [
    FramePlan(i, i / 30, 1 / 30, np.random.default_rng(i).standard_normal(INFO.z_dim).astype(np.float32), np.zeros(0))
    for i in range(13)
]


def test_pictures_come_in_the_order_of_their_plans_and_are_those_of_one_generator() -> None:
    alone = Gradient(INFO, "cpu")
    drawn = list(draw_on_threads(PLANS, [Gradient(INFO, "cpu") for _ in range(3)]))
    assert [plan.index for plan, _ in drawn] == list(range(13))
    for plan, wait in drawn:
        assert torch.equal(torch.as_tensor(wait().picture), torch.as_tensor(alone.render(plan)))


def test_only_a_few_plans_are_taken_ahead_and_an_end_ends_the_threads() -> None:
    before, taken = threading.active_count(), []

    def plans():  # type: ignore[no-untyped-def]
        for plan in PLANS:
            taken.append(plan.index)
            yield plan

    drawn = draw_on_threads(plans(), [Gradient(INFO, "cpu"), Gradient(INFO, "cpu")])
    assert next(drawn)[0].index == 0
    assert taken == [0, 1, 2]
    drawn.close()
    assert threading.active_count() == before


def test_an_error_of_one_picture_is_raised_for_that_picture() -> None:
    class Broken(Gradient):
        def render(self, plan: FramePlan, step: int = 0) -> torch.Tensor:
            if plan.index == 4:
                raise RuntimeError("no memory")
            return super().render(plan, step)

    drawn = {plan.index: wait for plan, wait in draw_on_threads(PLANS, [Broken(INFO, "cpu")])}
    drawn[3]()
    with pytest.raises(RuntimeError, match="no memory"):
        drawn[4]()


class Chosen(Gradient):
    """Stand-in for a tuned generator."""

    backends = ("reference, 1 thread", "reference, 1 thread")


def test_further_generators_are_loaded_only_where_they_are_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[tuple[str, ...]] = []

    def load(info: object, device: str, options: object) -> Generator:
        loaded.append(options.backends)  # type: ignore[attr-defined]
        return Chosen(INFO, "cpu")

    monkeypatch.setattr(draw_threads, "load_generator", load)
    monkeypatch.setattr(draw_threads, "cores", lambda: 3)
    long = draw_threads.LEAST_FRAMES
    tuned, plain = Chosen(INFO, "cpu"), Gradient(INFO, "cpu")
    assert len(generators_for(tuned, [INFO], "cpu", long)) == 3
    assert loaded == [Chosen.backends] * 3
    assert generators_for(tuned, [INFO], "cpu", long - 1) == []
    assert generators_for(tuned, [INFO, replace(INFO, name="other")], "cpu", long) == []
    assert generators_for(plain, [INFO], "cpu", long) == []
    monkeypatch.setattr(draw_threads, "cores", lambda: 1)
    assert generators_for(tuned, [INFO], "cpu", long) == []
