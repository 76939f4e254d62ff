"""Drawing of plans: which networks draw in a frame, and in turn where a show has no time to spare."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from livegan.core.types import FramePlan, Picture
from livegan.engine.drawing import Drawn, PlanDrawing
from livegan.engine.ladder import Rung
from livegan.rendering.gradient import Gradient
from livegan.rendering.registry import QualityStep
from tests.building import PLAIN

INFOS = {name: replace(PLAIN, name=name, path=Path(f"{name}.json")) for name in ("below", "above", "last")}
FULL = QualityStep("full", PLAIN.resolution, 1.0)
AT_EASE, PRESSED, SLOW = Rung(FULL), Rung(replace(FULL, text="light", cost=0.4)), Rung(FULL, share=0.5)


class Recorded(Gradient):
    """A generator that notes the frames it drew."""

    def __init__(self, name: str) -> None:
        super().__init__(INFOS[name], "cpu")
        self.drew: list[int] = []

    def render(self, plan: FramePlan, step: int = 0) -> torch.Tensor:
        self.drew.append(plan.index)
        return super().render(plan, step)


class Show:
    def __init__(self) -> None:
        self.generators = {name: Recorded(name) for name in INFOS}
        self.drawing = PlanDrawing(self.generators.get, lambda: self.generators["below"])

    def plan(self, index: int, *over: str, share: float = 0.5) -> FramePlan:
        z = np.full(PLAIN.z_dim, 0.1 * index, np.float32)
        plan = FramePlan(index, index / 60, 1 / 60, z, np.zeros(PLAIN.c_dim, np.float32), "below")
        covers = tuple((share, replace(plan, network=name)) for name in over)
        return replace(plan, over=covers)

    def drew(self) -> dict[str, list[int]]:
        return {name: generator.drew for name, generator in self.generators.items() if generator.drew}

    def frames(self, rung: Rung | None, *over: str, count: int = 4) -> list[Drawn]:
        return [self.drawing.draw(self.plan(index, *over), rung) for index in range(count)]


def equal(one: Picture, other: Picture) -> bool:
    return torch.equal(torch.as_tensor(one), torch.as_tensor(other))


def test_offline_and_where_there_is_time_every_network_draws_every_frame() -> None:
    for rung in (None, AT_EASE):
        show = Show()
        show.frames(rung, "above")
        assert show.drew() == {"below": [0, 1, 2, 3], "above": [0, 1, 2, 3]}


def test_without_time_to_spare_the_networks_of_a_transition_draw_in_turn() -> None:
    for rung in (PRESSED, SLOW, Rung(FULL, in_turn=True)):
        show = Show()
        show.drawing.draw(show.plan(0), rung)
        for index in range(1, 6):
            show.drawing.draw(show.plan(index, "above"), rung)
        assert show.drew() == {"below": [0, 2, 4], "above": [1, 3, 5]}
        assert show.drawing.pictures == 2, "both are shown"


def test_three_networks_take_turns_and_what_has_no_picture_yet_draws() -> None:
    show = Show()
    show.frames(PRESSED, "above", "last", count=7)
    assert show.drew() == {"below": [0, 1, 4], "above": [0, 2, 5], "last": [0, 3, 6]}


def test_a_kept_picture_is_that_of_the_frame_before() -> None:
    show = Show()
    drawn = show.frames(PRESSED, "above", count=3)
    below, above = drawn[1].pictures
    assert equal(above, drawn[0].pictures[1]) or equal(below, drawn[0].pictures[0])
    show.drawing.draw(show.plan(3), PRESSED)
    show.generators["above"].drew.clear()
    again = show.drawing.draw(show.plan(4, "above"), PRESSED)
    assert show.generators["above"].drew == [4], "nothing is kept of a transition that has ended"
    assert len(again.pictures) == 2


def test_what_comes_in_is_announced_a_frame_before_it_is_drawn() -> None:
    show = Show()
    for index, share in enumerate((0.004, 0.01)):
        assert show.drawing.coming is (show.generators["above"] if index else None)
        show.drawing.draw(show.plan(index, "above", share=share), AT_EASE)
    assert show.drew() == {"below": [0, 1], "above": [1]}
    show.drawing.draw(show.plan(2), AT_EASE)
    assert show.drawing.coming is None
    show = Show()
    show.drawing.draw(show.plan(0, "above", share=0.004))
    assert show.drew() == {"below": [0], "above": [0]}, "a film shows it from the first frame"
