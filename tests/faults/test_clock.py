"""Time: a clock that is set, a computer that sleeps, one with too much to do; the show goes on from where it was."""

import ast
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from livegan.core.clock import WallClock
from livegan.engine.governor import Governor, Work
from livegan.engine.timing import Pacer
from livegan.rendering.registry import QualityStep
from livegan.ui.hold import Hold
from tests.deadline import until
from tests.faults.gaps import pictures
from tests.faults.measured import FaultFigures, record
from tests.screen import ROOT
from tests.shows import plain_show

LIVE = "audio", "features", "mapping", "rendering", "effects", "outputs", "control", "engine", "ui", "core"
CALENDAR = {
    "time.time",
    "time.time_ns",
    "datetime.now",
    "datetime.today",
    "time.localtime",
    "time.gmtime",
    "date.today",
}
DATED = {f"engine/{name}.py" for name in ("supervisor", "crash_file", "show_header", "learning")} | {
    "outputs/snapshot.py"
}
SLEEP_S = 4.0

SLEEPER = """
import json, sys
import numpy as np
from pathlib import Path
from livegan.engine.sound_runtime import Service
from livegan.outputs.live_film import FilmOptions, LiveFilm
from livegan.outputs.queue import OutputQueue
from livegan.outputs.registry import ShowFormat
from tests.shows import plain_show

options = FilmOptions(path=Path(sys.argv[1]), hardware=False)
film = OutputQueue("film", lambda: LiveFilm(options, ShowFormat(30.0, (128, 128), 48000, 2)))
show = plain_show(None, Service("film", film.open, film.poll, film.close), outputs=(film,), fps=30)
frames = []

def note():
    frame = show.frames.peek()
    at = show.clock.now()
    frames.append((at, frame.plan.time_s, frame.plan.dt_s, float(np.asarray(frame.pixels).mean())))
    if len(frames) % 15 == 0:
        print("played", len(frames), flush=True)

show.frames.subscribe(note)
with show:
    sys.stdin.readline()
print(json.dumps({"frames": frames, "restarts": show.restarts, "faults": show.performer.guard.faults,
    "changes": [change.reason for change in show.quality.changes]}))
"""


def test_a_computer_that_sleeps_goes_on_from_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": environment}
    with subprocess.Popen([sys.executable, "-c", SLEEPER, str(path)], **pipes) as show:  # type: ignore[call-overload]
        try:
            assert show.stdout is not None
            for _ in range(3):
                assert show.stdout.readline().startswith("played")
            show.send_signal(signal.SIGSTOP)
            time.sleep(SLEEP_S)
            show.send_signal(signal.SIGCONT)
            for _ in range(4):
                assert show.stdout.readline().startswith("played")
            out, _ = show.communicate("end\n", timeout=60)
        finally:
            show.kill()
    told = json.loads(out.splitlines()[-1])
    frames = told["frames"]
    gaps = [after[0] - before[0] for before, after in pairwise(frames)]
    woken = gaps.index(max(gaps)) + 1
    assert told["restarts"] == told["faults"] == 0, "sleep is no fault"
    assert gaps[woken - 1] > 0.8 * SLEEP_S
    assert frames[woken][2] <= 0.5, "no leap of what moves"
    due = [frame[1] for frame in frames[woken:]]
    assert min(after - before for before, after in pairwise(due)) > 0.02, "no pictures are made up for"
    light = [frame[3] for frame in frames]
    usual = max(abs(after - before) for before, after in pairwise(light[:woken]))
    assert abs(light[woken] - light[woken - 1]) < max(10 * usual, 30.0), "no flash"
    with av.open(str(path)) as film:
        times = [float(frame.time) for frame in film.decode(video=0)]
    assert len(times) >= len(frames) - 64
    assert max(after - before for before, after in pairwise(times)) == pytest.approx(max(gaps), abs=1.0)
    rest = max(gaps[woken:])
    record(
        FaultFigures(
            "Machine",
            "sleep and waking",
            "the picture goes on from where it was",
            rest,
            gaps[woken],
            "the sleep: a still",
        )
    )


def test_after_a_pause_one_frame_is_due_and_no_other_is_made_up_for() -> None:
    pacer, due_s = Pacer(60.0, 0.0), 0.0
    for _ in range(60):
        _, due_s = pacer.next(due_s)
    index, due_s = pacer.next(due_s + 20.0)
    assert index - 60 == pytest.approx(1200, abs=2)
    following = [pacer.next(due_s + 0.001)[1] for _ in range(3)]
    assert following == pytest.approx([due_s + step / 60 for step in (1, 2, 3)])


def test_the_governor_does_not_take_sleep_for_a_slow_machine() -> None:
    steps = QualityStep("full", (256, 448), 1.0), QualityStep("light", (256, 448), 0.4)
    governor, now_s = Governor(60.0, steps), 0.0
    for index in range(1200):
        asleep_s = 20.0 if index in (300, 700) else 0.0  # within a picture
        now_s += 1 / 60 + asleep_s
        governor.frame(now_s, Work(0.008 + asleep_s, 0.001, 0.001), steps)
    assert not governor.changes
    assert sum(governor.seconds.values()) < 40.0


def test_the_window_does_not_leap_to_its_idle_scene_when_the_computer_wakes() -> None:
    hold = Hold()
    for index in range(100):
        hold.frame(index / 50)
        hold.step(index / 50, frozen=False)
    seen = hold.step(2.0 + 20.0, frozen=False)
    assert seen.idle == 0.0
    hold.frame(22.02)
    assert hold.step(22.04, frozen=False).idle == 0.0


def test_nothing_of_a_show_asks_what_the_calendar_says() -> None:
    """Dates are written into files that people read, and nothing else."""
    asking = set()
    for room in LIVE:
        for path in (ROOT / "livegan" / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
                if called in CALENDAR or called.removeprefix("datetime.") in CALENDAR:
                    asking.add(f"{room}/{path.name}")
    assert asking <= DATED, asking


def test_a_clock_that_is_set_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(1)
    show = plain_show(fps=30)
    with show, pictures(show) as seen:
        monkeypatch.setattr(time, "time", lambda: rng.uniform(-1e9, 4e9))
        seen.wait(30)
        steps = np.diff(seen.times_s)
        monkeypatch.undo()
    assert (steps > 0).all()
    assert show.performer.guard.faults == 0
    record(FaultFigures("Machine", "the clock is set, again and again", "all pictures", seen.gap_s, 0.0))
    assert WallClock().now() == pytest.approx(time.monotonic(), abs=5.0)


@contextlib.contextmanager
def hogs(count: int) -> Iterator[None]:
    """So many programs that each want a core for themselves."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for hog in busy:
            hog.kill()
            hog.wait()


def test_a_machine_with_too_much_to_do_goes_on_showing_pictures() -> None:
    show = plain_show(fps=30)
    with show, pictures(show) as seen:
        with hogs(2 * (os.cpu_count() or 2)):
            seen.wait(60)
        freed_s = show.clock.now()
        first = len(seen.times_s)
        seen.wait(15)
        usual_s = until(lambda: next((at for at in seen.times_s[first:] if at > freed_s), 0.0), "a picture")
    assert show.restarts == 0
    assert show.performer.guard.faults == 0
    record(FaultFigures("Machine", "every core busy twice over", "all pictures", seen.gap_s, usual_s - freed_s))
