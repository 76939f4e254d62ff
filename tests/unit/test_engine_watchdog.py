"""The watchdog, the fallback of generators that fail, and the performer that goes on for one that hangs."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from livegan.core.types import FramePlan, Picture
from livegan.engine.bank import Bank
from livegan.engine.drawing import Drawn
from livegan.engine.fallback import GIVEN_UP_AFTER, RETRY_S, FallbackGenerator
from livegan.engine.ladder import Rung
from livegan.engine.loader import Loader, probe_plan
from livegan.engine.mistrust import EFFECTS, FEW_STUCK, MOST_REST_S, REST_S, Mistrust
from livegan.engine.report import report
from livegan.engine.watchdog import FIRST, FIRST_S, LOOKS_S, MOST_S, SLOW, STALL_S, Retired, Watchdog
from livegan.errors import NetworkError
from livegan.networks.info import NetworkInfo
from livegan.networks.library import find_network
from livegan.rendering.gradient import Gradient
from livegan.rendering.registry import OFFLINE, LoadOptions, QualityStep
from tests.deadline import until
from tests.shows import plain_show
from tests.tiny_networks import tiny_info, tiny_net

PLAIN = find_network("plain")


@pytest.fixture
def thaw() -> Iterator[threading.Event]:
    """What hangs comes out of it at the end, also of a test that failed."""
    event = threading.Event()
    yield event
    event.set()


class Faulty(Gradient):
    """A generator of three steps that does what it is told to, before it draws."""

    def __init__(self, info: NetworkInfo = PLAIN, device: str = "cpu", options: LoadOptions = OFFLINE) -> None:
        super().__init__(info, device, options)
        self.before: Callable[[int], object] = lambda step: None
        self.drawn: list[int] = []
        self.closed = False

    @property
    def steps(self) -> tuple[QualityStep, ...]:
        return tuple(
            QualityStep(text, self.info.resolution, cost) for text, cost in (("full", 1), ("a", 0.5), ("b", 0.2))
        )

    def render(self, plan: FramePlan, step: int = 0) -> Tensor:
        self.before(step)
        self.drawn.append(step)
        return super().render(plan, step)

    def close(self) -> None:
        self.closed = True
        super().close()


def plain_effects(picture: Picture, amounts: Mapping[str, float], dt_s: float) -> Picture:
    return picture


def at(time_s: float) -> FramePlan:
    return replace(probe_plan(PLAIN), time_s=time_s)


def fail_from(largest: int, error: Exception) -> Callable[[int], object]:
    """Raise at all steps larger than that one."""

    def before(step: int) -> None:
        if step < largest:
            raise error

    return before


def watch(watchdog: Watchdog, seconds: float, start_s: float = 0.0) -> bool:
    looks = [watchdog.look(start_s + 0.1 * number) for number in range(round(seconds / 0.1) + 1)]
    return looks[-1]


def watchdog_of_a_show(seconds: float = 0.05) -> Watchdog:
    """A watchdog of a thread that has made some pictures, in so many seconds each."""
    watchdog = Watchdog()
    for _ in range(FIRST):
        watchdog.took(seconds)
    return watchdog


def test_the_first_pictures_of_a_thread_may_take_long() -> None:
    watchdog = Watchdog()
    with watchdog.picture(0):
        assert not watch(watchdog, FIRST_S - 0.3)
        assert watch(watchdog, FIRST_S + 0.3, 100.0)


def test_a_picture_that_does_not_end_is_stuck_and_its_thread_is_retired_for_good() -> None:
    watchdog = watchdog_of_a_show()
    assert not watch(watchdog, 10.0), "no picture is made"

    def hang() -> None:
        with watchdog.picture(0):
            assert not watch(watchdog, STALL_S - 0.2, 20.0)
            assert watch(watchdog, STALL_S + 0.2, 40.0)
            assert watchdog.retire() == 1
            assert watchdog.retire() is None, "once"

    with pytest.raises(Retired):
        hang()
    with pytest.raises(Retired):
        hang()  # it begins no other picture either
    with watchdog.picture(1):
        assert not watchdog.look(60.0)


def test_pictures_that_end_are_never_stuck_and_one_that_ends_in_the_last_moment_is_not_retired() -> None:
    watchdog = watchdog_of_a_show()
    for number in range(40):
        with watchdog.picture(0):
            assert not watchdog.look(number * 0.2)
    with watchdog.picture(0):
        assert watch(watchdog, STALL_S + 0.5, 50.0)
    assert watchdog.retire() is None
    with watchdog.picture(0):
        assert watchdog.retire() is None, "this is another picture"


def test_what_a_thread_shares_with_the_next_one_is_closed_to_it_as_soon_as_it_is_retired() -> None:
    watchdog, reached = watchdog_of_a_show(), []

    def touch() -> None:
        with watchdog.shared(0):
            reached.append(watchdog.generation)

    def hang() -> None:
        with watchdog.picture(0):
            touch()
            assert watch(watchdog, STALL_S + 0.2, 20.0)
            watchdog.retire()
            touch()

    with pytest.raises(Retired):
        hang()
    assert reached == [0]


def test_a_picture_asks_the_bank_for_nothing_once_its_thread_was_retired() -> None:
    performer = plain_show().performer
    frame = performer.step(0, 0.0, 0.1, None, ())
    asked: list[object] = []
    performer.bank.use = asked.append  # type: ignore[method-assign, assignment]
    faults = performer.guard.faults
    draw = performer._drawing.draw

    def retired(plan: FramePlan, rung: Rung | None) -> Drawn:
        performer.watchdog._watched = performer.watchdog._pictures
        assert performer.watchdog.retire() == 1
        return draw(plan, rung)

    performer._drawing.draw = retired  # type: ignore[method-assign]
    with pytest.raises(Retired):
        performer._shown(frame.plan)
    assert asked == []
    assert performer.guard.faults == faults, "it is no fault"


def test_a_bank_without_generators_is_no_error_but_nothing_is_drawn() -> None:
    performer = plain_show().performer
    performer.bank._ready.clear()
    assert performer.bank.any() is None
    assert performer.newest_generator is None
    assert performer.device_text == "none"
    plan = performer.advance(0, 0.0, 0.1, None)
    with pytest.raises(NetworkError, match="no network"):
        performer.draw(plan)


def test_a_computer_that_slept_is_not_stuck_and_a_slow_one_is_waited_for() -> None:
    watchdog = watchdog_of_a_show()
    with watchdog.picture(0):
        watchdog.look(0.0)
        watchdog.look(0.1)
        assert not watchdog.look(3600.0)
        assert LOOKS_S < STALL_S / 4
    watchdog.took(1.5)
    with watchdog.picture(0):
        assert not watch(watchdog, SLOW * 1.5 - 0.3, 5000.0)
        assert watch(watchdog, SLOW * 1.5 + 0.3, 6000.0)


def test_a_picture_that_took_long_is_waited_for_longer_the_next_time() -> None:
    watchdog = watchdog_of_a_show()

    def hang() -> None:
        with watchdog.picture(0):
            watch(watchdog, STALL_S + 0.1)
            assert watchdog.retire() == 1
            assert watchdog.stuck == {0}

    with pytest.raises(Retired):
        hang()
    assert watchdog.stuck == frozenset(), "it has come out"
    for _ in range(FIRST):
        watchdog.took(0.05)
    with watchdog.picture(1):
        assert not watch(watchdog, 3 * STALL_S, 50.0)
        assert watch(watchdog, MOST_S + 1.0, 100.0)


def test_what_hung_is_tried_again_after_longer_and_longer_rests() -> None:
    watchdog, generator = watchdog_of_a_show(), Faulty()
    mistrust, names = Mistrust(watchdog), {"plain"}
    watchdog.stuck = frozenset({0})
    mistrust.add(0, generator, 0.0)
    tried = [second for second in range(3000) if mistrust.due(float(second), names)]
    assert np.diff([0, *tried]).tolist() == [REST_S, 2 * REST_S, 4 * REST_S, *[MOST_REST_S] * (len(tried) - 3)]
    assert mistrust.freed() == [], "its thread is inside"
    watchdog.stuck = frozenset(range(FEW_STUCK))
    assert mistrust.due(9000.0, names) == [], "too many hang already"
    assert mistrust.due(9000.0, set()) == [], "it plays again"
    assert mistrust.due(99999.0, names) == []


def test_what_was_slow_only_is_tried_again_at_once_but_not_over_and_over() -> None:
    watchdog, generator = watchdog_of_a_show(), Faulty()
    mistrust, names = Mistrust(watchdog), {"plain", EFFECTS}
    watchdog.stuck = frozenset({0, 1})
    mistrust.add(0, generator, 0.0)
    mistrust.add(1, None, 0.0)
    assert mistrust.due(1.0, names) == []
    assert "effects" in mistrust.notice
    watchdog.stuck = frozenset({1})
    assert mistrust.due(2.0, names) == ["plain"]
    assert mistrust.due(3.0, names) == []
    assert (mistrust.freed(), mistrust.freed()) == ([generator], [])
    watchdog.stuck = frozenset()
    assert mistrust.due(4.0, names) == [EFFECTS]
    assert mistrust.due(5.0, {"plain"}) == []
    assert mistrust.notice == ""


def test_a_network_that_hung_comes_back_once_it_has_drawn_and_until_then_the_other_one_draws(
    monkeypatch: pytest.MonkeyPatch, thaw: threading.Event
) -> None:
    made: list[bool] = []
    wrong: list[Callable[[], object]] = []

    def load(info: NetworkInfo, options: LoadOptions) -> Faulty:
        made.append(options.plain)
        if not options.plain and wrong:
            wrong[0]()
        return Faulty(info)

    def poll() -> None:
        for _ in range(5):
            bank.poll([PLAIN], lambda: ([PLAIN], []))
            loader.poll(0.0)

    def fail() -> None:
        raise NetworkError("no memory")

    loader = Loader(load)
    bank = Bank(loader, 100.0, [stuck := Faulty()])
    bank.give_up(stuck, "it hung", close=False)
    poll()
    plain = bank.use(PLAIN)
    assert made == [True]
    monkeypatch.setattr("livegan.engine.loader.TRIAL_S", 0.05)
    loader.seconds.clear()
    for wrong[:] in ([fail], [lambda: thaw.wait(60)]):
        bank.try_again("plain")
        poll()
        assert bank.use(PLAIN) is plain, "it failed again"
        assert "otherwise" in bank.given_up["plain"]
    thaw.set()
    monkeypatch.undo()
    wrong.clear()
    bank.try_again("plain")
    poll()
    assert made == [True, False, False, False]
    assert bank.use(PLAIN) not in (plain, stuck, None)
    assert (bank.given_up, bank.failed, loader.notice) == ({}, frozenset(), "")
    assert not stuck.closed
    bank.close(stuck)
    poll()
    assert stuck.closed


def test_a_step_that_fails_is_drawn_smaller_at_once_and_tried_again_after_a_rest() -> None:
    inner = Faulty()
    generator = FallbackGenerator(inner)
    inner.before = fail_from(1, torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"))
    assert generator.render(at(0.0)).shape == (*PLAIN.resolution, 3)
    assert inner.drawn == [1]
    assert [step.text for step in generator.steps] == ["a", "b"], "the governor sees what there is"
    assert "out of memory" in generator.notice
    generator.render(at(RETRY_S - 1))
    generator.render(at(RETRY_S + 1))  # tried again: it fails again
    assert inner.drawn == [1, 1, 1]
    inner.before = lambda step: None
    generator.render(at(2 * RETRY_S))
    assert inner.drawn[-1] == 1, "the second rest is twice as long"
    generator.render(at(4 * RETRY_S))
    assert inner.drawn[-1] == 0
    assert (len(generator.steps), generator.notice, generator.failed) == (3, "", False)


@pytest.mark.parametrize("error", [RuntimeError("device lost"), MemoryError(), KeyError("weight"), OSError("gone")])
def test_what_fails_at_every_step_is_given_up_after_some_frames_in_a_row(error: Exception) -> None:
    inner = Faulty()
    generator = FallbackGenerator(inner)
    for number in range(GIVEN_UP_AFTER):
        assert not generator.failed
        inner.before = fail_from(9, error)
        with pytest.raises(type(error)):
            generator.render(at(float(number)))
        if number == 0:  # one frame between them is enough
            inner.before = lambda step: None
            generator.render(at(0.5))
            inner.before = fail_from(9, error)
            with pytest.raises(type(error)):
                generator.render(at(0.6))
    assert generator.failed
    assert type(error).__name__ in generator.reason_given_up


def test_a_flat_picture_is_what_nan_looks_like_but_not_where_nothing_else_is_drawn() -> None:
    class Flat(Faulty):
        def render(self, plan: FramePlan, step: int = 0) -> Tensor:
            return torch.full((16, 16, 3), 0 if step else 255, dtype=torch.uint8)

    style = Flat(tiny_info("stylegan2"))
    with pytest.raises(ArithmeticError, match="flat"):
        FallbackGenerator(style).render(at(0.0))
    assert FallbackGenerator(Flat()).render(at(0.0)).max() == 255, "a drawing may be white"
    assert FallbackGenerator(style, checks_numbers=True).render(at(0.0)).max() == 255


def test_the_reference_backend_says_when_its_numbers_are_not_finite() -> None:
    from livegan.networks.synthesis_options import SynthesisOptions
    from livegan.rendering.backends.reference import ReferenceBackend

    net = tiny_net("stylegan2")
    ws = torch.zeros(net.num_ws, net.w_dim)
    backend, options = ReferenceBackend(net, checks_numbers=True), SynthesisOptions()
    with torch.inference_mode():
        backend.render(ws, options)
        with pytest.raises(ArithmeticError, match="not finite"):
            backend.render(ws + torch.nan, options)


@pytest.mark.parametrize(
    "broken",
    [
        {"z": np.full(4, np.nan, np.float32)},
        {"w": np.full((1, 4), np.inf, np.float32)},
        {"parameters": {"noise.seed": float("nan")}},
        {"effects": {"glow": float("inf")}},
        {"truncation": float("-inf")},
        {"mix": ((0.5, np.full(4, np.nan, np.float32)),)},
    ],
)
def test_a_plan_knows_whether_its_numbers_are_finite(broken: dict[str, object]) -> None:
    plan = FramePlan(0, 0.0, 0.0, np.ones(4, np.float32), np.zeros(0, np.float32))
    assert plan.finite
    bad = replace(plan, **broken)  # type: ignore[arg-type]
    assert not bad.finite
    assert not replace(plan, over=((0.5, bad),)).finite
    assert replace(plan, over=((0.5, plan),)).finite


def test_plans_that_are_not_finite_keep_the_picture_and_are_counted_until_they_are_again() -> None:
    with plain_show() as running:
        until(lambda: running.published > 5, "frames")
        performer, plan, bad = running.performer, running.performer.plan, True

        def planned(index: int, time_s: float, dt_s: float) -> FramePlan:
            good = plan(index, time_s, dt_s)
            return replace(good, z=good.z * np.float32("nan")) if bad else good

        performer.plan = planned  # type: ignore[method-assign]
        until(lambda: running._faults.faults > 5, "faults")
        shown, mark = running.frames.peek(), running.published
        until(lambda: running.published > mark + 5, "frames that go on")
        assert running.frames.peek() is shown, "no kept picture is shown as a new one"
        assert shown is not None
        assert shown.plan.finite
        assert "not finite" in running._faults.newest
        bad = False
        until(lambda: running.frames.peek() is not shown, "a new picture")


def test_an_engine_that_hangs_in_a_picture_is_replaced_and_what_wakes_up_later_changes_nothing(
    thaw: threading.Event,
) -> None:
    hung, made, remembered = threading.Event(), [], []

    def hang(step: int) -> None:
        hung.set()
        thaw.wait(60)

    first = Faulty()
    running = plain_show(generator=FallbackGenerator(first))
    running._watchdog._stall_s = 0.6
    running._loader._load = lambda info, options: made.append(options.plain) or Faulty(info)  # type: ignore[func-returns-value]
    with running:
        until(lambda: running.published > 5, "frames")
        old, scenes, before = running.performer, running.performer.scenes, running.frames.peek()
        first.before = hang
        assert hung.wait(10)
        until(lambda: running.restarts > 0, "the restart")
        until(lambda: (f := running.frames.peek()) is not None and before is not None and f is not before, "frames")
        frame = until(running.frames.peek, "a frame")
        until(lambda: made == [True], "the reference backend, that draws from now on")
        assert not first.closed, "a thread is in it"
        assert running.performer is not old
        assert running.performer.scenes is scenes, "the same scenes at the same place"
        assert before is not None
        assert frame.plan.index > before.plan.index
        assert any("plain is drawn otherwise" in line for line in running.notices())
        assert any("hung" in line for line in running.notices())
        threads = {thread.name for thread in threading.enumerate()}
        assert {"livegan-engine", "livegan-engine-stuck"} <= threads
        mark, pixels = running.published, old._pixels
        thaw.set()
        until(lambda: "livegan-engine-stuck" not in {t.name for t in threading.enumerate()}, "the old thread's end")
        until(lambda: running.published > mark + 5, "frames")
        assert running.performer._pixels is not pixels
        until(lambda: not running.performer.bank.given_up, "the network, which was slow only, as at first")
        assert made == [True, False]
        until(lambda: first.closed, "the one that hung to be closed, as nobody is in it any more")
        assert not any("otherwise" in line for line in running.notices())
        running.quality.remember = lambda: remembered.append(True)  # type: ignore[method-assign]
    assert remembered == [], "some of it was learned of the other backend"
    assert running.stuck() == []


def test_a_thread_that_hangs_for_ever_does_not_hold_up_the_end(thaw: threading.Event) -> None:
    hung = threading.Event()
    first = Faulty()
    running = plain_show(generator=FallbackGenerator(first), join_s=5.0)
    running._watchdog._stall_s = 0.6
    with running:
        until(lambda: running.published > 5, "frames")
        first.before = lambda step: hung.set() or thaw.wait(60)
        until(lambda: running.restarts > 0, "the restart")
    assert running.stuck() == ["livegan-engine-stuck"], "the others have ended"
    thaw.set()
    until(lambda: running.stuck() == [], "the old thread's end")


def test_a_network_that_fails_twice_is_not_drawn_any_more_and_the_show_goes_on() -> None:
    def broken(info: NetworkInfo, options: LoadOptions = OFFLINE) -> Faulty:
        generator = Faulty(info)
        until_shown = 2  # the loader's own pictures
        generator.before = lambda step: (
            fail_from(9, RuntimeError("device lost"))(step) if (len(generator.drawn) >= until_shown) else None
        )
        return generator

    remembered: list[bool] = []
    running = plain_show(generator=FallbackGenerator(broken(PLAIN)))
    running._loader._load = broken
    with running:
        until(lambda: "plain" in running.performer.bank.failed, "the network to be given up")
        mark = running.published
        until(lambda: running.published > mark + 5, "the engine to go on")
        assert len(running.performer.bank) == 0
        assert not running.performer.fresh
        assert any("plain is not drawn any more" in line for line in running.notices())
        running.quality.remember = lambda: remembered.append(True)  # type: ignore[method-assign]
        faults = running._faults.faults
        mark = running.published
        until(lambda: running.published > mark + 5, "frames")
        assert running._faults.faults == faults, "there is nothing left that fails"
        telemetry = until(running.telemetry.peek, "telemetry")
        until(lambda: running.telemetry.peek() is not telemetry, "more telemetry")
        assert until(running.telemetry.peek, "telemetry").device == "none"
    assert report(running)["device"] == "none"
    assert remembered == [], "another show has another backend"


def test_effects_that_hang_are_left_out_until_their_thread_comes_out(thaw: threading.Event) -> None:
    hung = threading.Event()
    running = plain_show(generator=FallbackGenerator(Faulty()))
    running._watchdog._stall_s = 0.6
    running.performer._stages = lambda: ([plain_effects], None, None)
    with running:
        until(lambda: running.published > 5, "frames")

        def hang(picture: object, amounts: object, dt_s: float) -> object:
            hung.set()
            thaw.wait(60)
            return picture

        running.performer._chains._chains[0] = hang  # type: ignore[call-overload]
        until(lambda: running.restarts > 0, "the restart")
        frame = running.frames.peek()
        until(lambda: running.frames.peek() is not frame, "pictures")
        assert running.performer._bare
        assert running.performer.bank.given_up == {}
        assert any("left out" in line for line in running.notices())
        thaw.set()
        until(lambda: not running.performer._bare, "the effects")
        assert running.performer._chains._chains[0] is plain_effects
        until(lambda: not any("left out" in line for line in running.notices()), "the end of the notice")
