"""Quality of a show: the step reaches the generator, the rate the pacer, and what was learned the next show."""

import json
import os
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from livegan.core.clock import ManualClock
from livegan.core.machine import ProcessorShare
from livegan.core.types import FramePlan, Picture
from livegan.engine.bank import Bank
from livegan.engine.governor import Work
from livegan.engine.guard import StrictGuard
from livegan.engine.ladder import Rung
from livegan.engine.loader import Loader
from livegan.engine.performer import Performer
from livegan.engine.quality import HELD_S, QualityControl
from livegan.engine.report import report
from livegan.engine.show_log import ShowLog
from livegan.engine.timing import Pacer
from livegan.networks.info import NetworkInfo
from livegan.rendering.gradient import Gradient
from livegan.rendering.registry import OFFLINE, LoadOptions, QualityStep
from livegan.rendering.strobe_limiter import StrobeLimiter
from tests.building import LAYOUT, PLAIN, heard, patch_of
from tests.deadline import until
from tests.show_logs import log_service, notes
from tests.shows import plain_show
from tests.unit.test_engine import SCENE

HEIGHT, WIDTH = PLAIN.resolution
STEPS = (QualityStep("full", (HEIGHT, WIDTH), 1.0), QualityStep("light", (HEIGHT // 2, WIDTH // 2), 0.25))


class Stepped(Gradient):
    """A generator with two quality steps; the second gives a smaller picture."""

    def __init__(self, info: NetworkInfo, device: str = "cpu", options: LoadOptions = OFFLINE) -> None:
        super().__init__(info, device, options)
        self.drawn: list[int] = []
        self.slow_s = 0.0

    @property
    def steps(self) -> tuple[QualityStep, ...]:
        return STEPS

    def render(self, plan: FramePlan, step: int = 0) -> torch.Tensor:
        self.drawn.append(step)
        picture = super().render(plan)
        if step:
            return picture[::2, ::2].contiguous()
        time.sleep(self.slow_s)
        return picture


def performer(generator: Gradient, seen: list[tuple[int, ...]]) -> Performer:
    def effects(picture: Picture, amounts: object, dt_s: float) -> Picture:
        seen.append(picture.shape)
        return picture

    clock = ManualClock()
    bank = Bank(Loader(lambda info, options: generator), 100.0, [generator])
    return Performer([patch_of(SCENE, [PLAIN], "test")], 0, bank, effects, LAYOUT, clock, StrictGuard(clock.now))


def test_the_rung_chooses_the_step_and_the_size_of_the_effects() -> None:
    seen: list[tuple[int, ...]] = []
    generator = Stepped(PLAIN)
    show = performer(generator, seen)
    rungs = (None, Rung(STEPS[0]), Rung(STEPS[1]), Rung(STEPS[1], half_effects=True))
    frames = [show.step(i, i / 60, 1 / 60, heard(), (), rung) for i, rung in enumerate(rungs)]
    assert generator.drawn == [0, 0, 1, 1]
    sizes = [(HEIGHT, WIDTH), (HEIGHT, WIDTH), (HEIGHT // 2, WIDTH // 2), (HEIGHT // 4, WIDTH // 4)]
    assert [shape[:2] for shape in seen] == sizes
    assert [frame.pixels.shape[:2] for frame in frames] == sizes
    assert show.pictures == 1


def test_the_time_of_the_strobe_limiter_is_not_the_networks() -> None:
    clock = ManualClock()

    class Slow(Stepped):
        def render(self, plan: FramePlan, step: int = 0) -> torch.Tensor:
            clock.wait_until(clock.now() + 0.004)
            return super().render(plan, step)

    class SlowLimiter(StrobeLimiter):
        def step(self, picture: Picture, time_s: float) -> Picture:
            clock.wait_until(clock.now() + 0.01)
            return super().step(picture, time_s)

    def effects(picture: Picture, amounts: object, dt_s: float) -> Picture:
        clock.wait_until(clock.now() + 0.002)
        return picture

    bank = Bank(Loader(lambda info, options: Slow(info)), 100.0, [Slow(PLAIN)])
    patches, guard = [patch_of(SCENE, [PLAIN], "test")], StrictGuard(clock.now)
    show = Performer(patches, 0, bank, effects, LAYOUT, clock, guard, limiter=SlowLimiter())
    show.step(0, 0.0, 1 / 60, heard(), (), Rung(STEPS[0]))
    assert show.network_s == pytest.approx(0.004)
    assert show.effects_s == pytest.approx(0.002)


@pytest.mark.parametrize(("share", "drawn"), [(0.05, [0, 1]), (0.5, [0, 0]), (0.95, [1, 0])])
@pytest.mark.parametrize("apart", [False, True])
def test_a_live_picture_of_which_hardly_anything_is_seen_is_drawn_cheaply(
    share: float, drawn: list[int], apart: bool
) -> None:
    generator = Stepped(PLAIN)
    show = performer(generator, [])
    show.step(0, 0.0, 1 / 60, heard(), (), Rung(STEPS[0]))
    plan = show.plan(1, 1 / 60, 1 / 60)
    both = replace(plan, over=((share, replace(plan, z=plan.z + 1, apart=apart)),))
    generator.drawn.clear()
    assert show.finish(both, show.draw(both)).shape[:2] == (HEIGHT, WIDTH)
    assert generator.drawn == drawn
    show._rung = None  # a render
    show.draw(both)
    assert generator.drawn[2:] == [0, 0]


def test_a_generator_without_the_step_draws_its_own_nearest() -> None:
    show = performer(Gradient(PLAIN, "cpu"), [])
    assert show.step(0, 0.0, 1 / 60, heard(), (), Rung(STEPS[1])).pixels.shape[:2] == (HEIGHT, WIDTH)


def test_the_pacer_takes_another_rate_without_a_jump() -> None:
    pacer = Pacer(60, 5.0)
    due, indices = [], []
    for number in range(40):
        pacer.use(60 if number < 10 else 30 if number < 20 else 45 if number < 30 else 60)
        index, due_s = pacer.next(due[-1] if due else 5.0)
        due.append(due_s)
        indices.append(index)
    assert indices == list(range(40))
    assert pacer.dropped == 0
    steps = [b - a for a, b in pairwise(due)]
    assert steps == pytest.approx([1 / 60] * 9 + [1 / 30] * 10 + [1 / 45] * 10 + [1 / 60] * 10)


def test_frames_that_were_missed_are_counted_at_the_rate_of_the_moment() -> None:
    pacer = Pacer(60, 0.0)
    pacer.next(0.0)
    pacer.use(30)
    index, due_s = pacer.next(1 / 30 + 0.1)
    assert (index, pacer.dropped) == (4, 3)
    assert due_s == pytest.approx(4 / 30)
    pacer.use(60)
    assert pacer.next(due_s)[1] == pytest.approx(due_s + 1 / 60)


def slow_frames(quality: QualityControl, generator: Gradient, seconds: float) -> None:
    """A second or more on a machine that needs 30 ms for a full picture."""
    now_s = 0.0
    while now_s < seconds:
        cost_s = 0.030 * quality.rung.step.cost
        now_s += max(cost_s + 0.001, 1 / 60)
        quality.frame(now_s, Work(cost_s, 0.0005, 0.0005), generator)


def test_what_was_learned_is_there_in_the_next_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    weights = tmp_path / "net.safetensors"
    weights.write_bytes(b"weights")
    generator = Stepped(replace(PLAIN, path=weights.with_suffix(".json")))
    first = QualityControl(60, generator)
    assert first.text == ""
    slow_frames(first, generator, 20)
    assert first.text == "light"
    first.remember()
    again = QualityControl(60, generator)
    assert again.text == "light"
    assert again.changes[0].reason == "as it was played last on this machine"
    assert QualityControl(30, generator).text == ""  # another target is another matter
    assert QualityControl(60, generator, "full").text == ""


def test_a_network_that_comes_in_slows_the_show_down_to_its_own_rate_before_frames_are_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    slow, quick = Stepped(replace(PLAIN, name="slow")), Gradient(replace(PLAIN, name="quick"), "cpu")
    control = QualityControl(60.0, slow)
    for index in range(1, 200):
        control.frame(index / 20, Work(0.030, 0.0, 0.0), slow)
    played = control.rung.share
    assert played < 1
    for index in range(200, 800):
        control.frame(10 + (index - 200) / 60, Work(0.004, 0.0, 0.0), quick)
    assert control.rung.share == 1
    (change,) = control.frame(20.1, Work(0.004, 0.0, 0.0), quick, slow)
    assert control.rung.share == played
    assert "comes in" in change.reason
    assert not control.frame(20.2, Work(0.004, 0.0, 0.0, 2), quick, slow), "once"


def test_what_is_remembered_may_be_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    weights = tmp_path / "net.safetensors"
    weights.write_bytes(b"weights")
    generator = Stepped(replace(PLAIN, path=weights.with_suffix(".json")))
    first = QualityControl(60, generator)
    slow_frames(first, generator, 20)
    first.remember()
    (record,) = (tmp_path / "cache").rglob("quality-*.json")
    for damage in ('{"settled": 7, "seconds": [1]}', '{"seconds": {"full": "x", "light": -1}}', "[]", "{"):
        record.write_text(damage)
        again = QualityControl(60, generator)
        slow_frames(again, generator, 5)
        assert again.text == "light"


def test_a_short_show_and_a_network_without_a_file_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    generator = Stepped(PLAIN)
    for seconds in (1, 20):
        quality = QualityControl(60, generator)
        slow_frames(quality, generator, seconds)
        quality.remember()
    assert not list(tmp_path.rglob("quality-*"))


def test_a_show_holds_its_rate_after_seconds_without_late_frames_on_any_rung() -> None:
    generator = Stepped(PLAIN)
    quality = QualityControl(60, generator)

    def play(now_s: float, seconds: float, network_s: float) -> float:
        for _ in range(round(60 * seconds)):
            now_s += 1 / 60
            quality.frame(now_s, Work(network_s * quality.rung.step.cost, 0.0, 0.001), generator)
        return now_s

    now_s = play(0.0, HELD_S - 0.5, 0.005)
    assert not quality.holds
    now_s = play(now_s, 1.0, 0.005)
    assert quality.holds
    now_s = play(now_s, 0.5, 0.05)
    assert (quality.text, quality.holds) == ("light", False)
    play(now_s, HELD_S + 2, 0.04)
    assert (quality.text, quality.holds) == ("light", True)


def test_the_share_of_other_programs_is_what_the_machine_is_busy_with_besides_this_one(tmp_path: Path) -> None:
    stat, rate = tmp_path / "stat", os.sysconf("SC_CLK_TCK")
    stat.write_text("cpu  0 0 0 0 0 0 0 0 0 0\n")
    share = ProcessorShare(stat)
    stat.write_text(f"cpu  {5000 * rate} 0 {1000 * rate} {3000 * rate} {1000 * rate} 0 0 0 0 0\n")
    assert share.others() == pytest.approx(0.6, abs=0.01)
    assert share.others() == 0.0
    assert ProcessorShare(tmp_path / "no file").others() == 0.0


def test_a_slow_show_is_drawn_lighter_and_says_so_everywhere(tmp_path: Path) -> None:
    log = ShowLog(tmp_path / "show.log")
    writer = log_service(log)
    generator = Stepped(replace(PLAIN, name="plain"))
    generator.slow_s = 0.05
    with plain_show(None, writer, log=log, generator=generator) as running:
        until(lambda: (t := running.telemetry.peek()) is not None and t.quality != "", "the governor")
        frame = until(lambda: (f := running.frames.peek()) and f.pixels.shape[0] < HEIGHT and f, "a light frame")
    assert frame.pixels.shape[0] <= HEIGHT // 2
    facts = json.loads(json.dumps(report(running)))
    first = facts["quality"]["changes"][0]
    assert first["before"] == "full"
    assert "light" in first["after"]
    assert first["reason"].endswith("there are 16.7 ms")
    assert facts["quality"]["seconds"]["full"] > 0
    lines = notes(tmp_path / "show.log")
    noted = [line for line in lines if line["kind"] == "quality"]
    assert noted[0]["after"] == first["after"]
    assert len(noted) == len(facts["quality"]["changes"])
