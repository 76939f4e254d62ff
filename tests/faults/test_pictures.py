"""The engine hangs in a picture, its network raises, plans NaN or has no memory: the window always has a picture."""

import json
from collections.abc import Iterator

import pytest

from tests.deadline import until
from tests.faults.measured import FaultFigures, record
from tests.faults.window import WindowShow
from tests.screen import private_screen

pytestmark = pytest.mark.virtual

SCRIPT = """
import json, sys, threading
from dataclasses import replace
import numpy as np
import torch
from livegan.config.venue import WindowTable
from livegan.engine.fallback import FallbackGenerator
from livegan.engine.quality import QualityControl
from livegan.networks.library import find_network
from livegan.rendering.gradient import Gradient
from livegan.rendering.registry import QualityStep
from livegan.ui.app import open_window
from tests.deadline import until
from tests.shows import plain_show

def say(*words):
    sys.stdout.write(' '.join(map(str, words)) + chr(10))
    sys.stdout.flush()

thaw, faults = threading.Event(), {"full": None, "every": None}  # what the full step does, and what every one does

class Faulty(Gradient):
    '''The network "plain" with a smaller step, until something is wrong.'''

    @property
    def steps(self):
        return tuple(QualityStep(text, self.info.resolution, cost) for text, cost in (("full", 1.0), ("half", 0.5)))

    def render(self, plan, step=0):
        for fault in (faults["every"], faults["full"] if step == 0 else None):
            if fault == "hang":
                thaw.wait(120)
            elif fault is not None:
                raise fault
        return super().render(plan, step)

def load(info, options):  # the reference backend is another one, in which nothing is wrong
    return Gradient(info, "cpu") if options.plain else Faulty(info, "cpu")

show = plain_show(generator=FallbackGenerator(Faulty(find_network("plain"), "cpu")), join_s=1.0)
show._loader._load, show.fps = load, 30.0
show.quality = QualityControl(show.fps, show.performer.generator, "full")
bad_plans = False

def planned(*args):
    plan = type(show.performer).plan(show.performer, *args)
    return replace(plan, z=plan.z * np.float32("nan")) if bad_plans else plan

show.performer.plan = planned

def newest():
    return window.stats.shown

def shown_again():
    '''Seconds until a frame of the engine is shown.'''
    began_s, mark = show.clock.now(), newest()
    until(lambda: newest() > mark + 1, "frames", 180)
    return show.clock.now() - began_s

def begin():
    '''Nothing is wrong, and nothing was.'''
    shown_again()
    until(lambda: not window._view.choice.moving, "the ordinary show", 180)
    stats = window.stats
    stats.longest_gap_s = stats.held_s = stats.idle_s = 0.0

def told(recovered_s=None, **facts):
    stats = window.stats
    figures = {"gap_s": stats.longest_gap_s, "held_s": stats.held_s, "idle_s": stats.idle_s}
    say("told", json.dumps({**figures, "recovered_s": recovered_s, "restarts": show.restarts, **facts}))

def hang_a_second():
    faults["every"] = "hang"
    threading.Event().wait(1.0)
    faults["every"] = None
    thaw.set()
    told(shown_again())
    thaw.clear()

def plan_nan():
    global bad_plans
    bad_plans, before = True, show._faults.faults
    until(lambda: show._faults.faults > before + 20, "plans that are not drawn", 180)
    until(lambda: window.stats.held_s > 0, "the hold", 180)
    bad_plans = False
    told(shown_again())

def fill_the_memory():
    faults["full"] = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
    until(lambda: len(show.performer.generator.steps) == 1, "the smaller step", 180)
    told(shown_again(), quality=show.performer.generator.steps[0].text)
    faults["full"] = None

def hang_for_ever():
    faults["every"] = "hang"
    until(lambda: show.restarts > 0, "the restart", 180)
    faults["every"] = None
    told(shown_again(), notices=show.notices())

def trust_again():
    '''A show of its own, as it were: the network may be loaded as at the start.'''
    show._loader._distrusted, show.performer.bank.given_up = frozenset(), {}
    show.performer.bank.add(FallbackGenerator(Faulty(find_network("plain"), "cpu")))

def raise_each_time():
    trust_again()
    begin()
    faults["every"] = RuntimeError("device lost")
    until(lambda: show.performer.bank.given_up, "the other backend", 180)
    told(shown_again(), notices=show.notices())

def raise_everywhere():
    global load
    Gradient.render = Faulty.render
    faults["every"] = RuntimeError("device lost")
    until(lambda: "plain" in show.performer.bank.failed, "the network to be given up", 180)
    until(lambda: window.stats.idle_s > 1.0, "the idle scene", 180)
    told(notices=show.notices())

def listen():
    for line in sys.stdin:
        if line.strip() != "raise_each_time":
            begin()
        globals()[line.strip()]()

with show, open_window(show, WindowTable(size=(480, 270))) as window:
    window.ready.subscribe(lambda: say('ready'))
    threading.Thread(target=listen, daemon=True).start()
    window.run(900)
"""


@pytest.fixture(scope="module")
def show() -> Iterator[WindowShow]:
    with private_screen(640, 400) as screen:
        playing = WindowShow(screen, screen.start(SCRIPT))
        try:
            until(lambda: any(line.startswith("ready") for line in playing.lines), "the window", 180)
            yield playing
        finally:
            playing.stop()


def happens(show: WindowShow, fault: str) -> dict[str, float]:
    """Let it happen; what the show says when that is over."""
    since = len(show.lines)
    assert show.process.stdin is not None
    show.process.stdin.write(f"{fault}\n")
    show.process.stdin.flush()

    def told() -> str:
        assert show.process.poll() is None, "".join(show.lines)
        return next((line for line in show.lines[since:] if line.startswith("told ")), "")

    line = until(told, lambda: f"the end of {fault}; it said {''.join(show.lines[since:])}", 180)
    return dict(json.loads(line.removeprefix("told ")))


def keep(fault: str, shown: str, told: dict[str, float]) -> None:
    record(FaultFigures("Engine", fault, shown, told["gap_s"], told["recovered_s"]))


def test_an_engine_that_hangs_for_a_second_is_held(show: WindowShow) -> None:
    told = happens(show, "hang_a_second")
    assert told["held_s"] > 0
    assert told["restarts"] == 0
    keep("a picture takes a second", "the last pictures in slow motion", told)


def test_plans_with_nan_are_not_drawn_and_the_window_holds(show: WindowShow) -> None:
    told = happens(show, "plan_nan")
    assert told["held_s"] > 0
    keep("latents are NaN", "the last pictures in slow motion", told)


def test_out_of_memory_goes_to_a_smaller_step_in_the_same_frame(show: WindowShow) -> None:
    told = happens(show, "fill_the_memory")
    assert told["quality"] == "half"
    assert told["restarts"] == 0
    keep("the graphics card is out of memory", "smaller pictures", told)


def test_an_engine_that_hangs_for_ever_is_replaced(show: WindowShow) -> None:
    told = happens(show, "hang_for_ever")
    assert told["restarts"] == 1
    assert told["idle_s"] + told["held_s"] > 0
    assert any("plain is drawn otherwise" in line for line in told["notices"])  # type: ignore[attr-defined]
    keep("the engine hangs in a picture for ever", "slow motion, then other pictures of the same scene", told)


def test_a_backend_that_raises_each_time_is_exchanged(show: WindowShow) -> None:
    told = happens(show, "raise_each_time")
    assert any("device lost" in line for line in told["notices"])  # type: ignore[attr-defined]
    keep("the graphics driver is lost: every picture fails", "pictures by the processor", told)


def test_where_nothing_can_draw_the_network_the_idle_scene_goes_on(show: WindowShow) -> None:
    told = happens(show, "raise_everywhere")
    assert told["idle_s"] > 0
    assert any("not drawn any more" in line for line in told["notices"])  # type: ignore[attr-defined]
    keep("the network cannot be drawn by anything", "the idle scene, which moves to the music", told)
