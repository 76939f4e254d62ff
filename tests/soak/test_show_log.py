"""Ten minutes of a show on a clock that does not wait, with its log broken off: planned and drawn again, plan for plan.

LIVEGAN_LOG_S: another length [s]; LIVEGAN_LOG_FPS: another rate; LIVEGAN_LOG_SCENES: other scenes.
"""

import os
import re
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from livegan.cli import app
from livegan.config.load import load_venue
from livegan.core.clock import ManualClock
from livegan.core.types import ControlEvent, PromptEvent
from livegan.engine.route_edit import RouteEdit
from livegan.engine.show import PlayOptions, set_up

pytestmark = pytest.mark.slow

SECONDS = float(os.environ.get("LIVEGAN_LOG_S", "600"))
FPS = float(os.environ.get("LIVEGAN_LOG_FPS", "30"))
SCENES = os.environ.get("LIVEGAN_LOG_SCENES", "default,patterns,heartbeat,tide,lucid,mandala")
WORDS = ("violet smoke over black", "golden rings", "slow blue water", "")
POLLED = ("log", "patching", "prompts", "media")
MOST_MB_AN_HOUR = 20


def play(path: Path) -> int:
    """Play a show by hand, frame after frame, with a player who is never still; frames."""
    venue, clock, rng = load_venue(), ManualClock(), Random(19)
    changes = {
        "audio": venue.audio.model_copy(update={"input": "demo", "monitor": False}),
        "hands": venue.hands.model_copy(update={"port": "none"}),
        "picture": venue.picture.model_copy(update={"fps": FPS, "device": "cpu", "quality": "full"}),
        "window": venue.window.model_copy(update={"size": (64, 36)}),
        "show": venue.show.model_copy(update={"scenes": tuple(SCENES.split(","))}),
    }
    show = set_up(venue.model_copy(update=changes), PlayOptions(log=path, in_window=False), clock).runtime
    services = {service.name: service for service in show._services if service.name in POLLED}
    with ExitStack() as opening:
        show.source.start(0.0)
        show._open(opening)
        services["log"].start()
        for k in range(round(SECONDS * FPS)):
            clock.wait_until(k / FPS)
            if k % round(FPS / 2) == 0:
                move(show, clock.now(), rng)
            show.source.poll(clock.now())
            show._listen(clock.now())
            show._loader.poll(clock.now())
            for service in services.values():
                assert service.poll is not None
                if k % 5 == 0:
                    service.poll(clock.now())
            show._frame(k, k / FPS, 0)
        services["log"].stop()
    assert show.performer.guard.faults == 0, show.performer.guard.newest
    assert show._log is not None
    assert show._log.dropped == 0
    return show.published


def move(show, now_s: float, rng: Random) -> None:  # type: ignore[no-untyped-def]
    """One thing that a player does."""
    what = rng.randrange(9)
    if what < 4:
        event = ControlEvent(now_s, f"knob.{rng.randint(1, 8)}", round(rng.random(), 3), source="box")
    elif what == 4:
        event = ControlEvent(
            now_s, rng.choice(("scene.next", "scene.previous", f"scene.{rng.randint(1, 6)}", "cue.next"))
        )
    elif what == 5:
        event = ControlEvent(now_s, "crossfade", round(rng.random(), 3), source="box")
    elif what == 6:
        event = ControlEvent(now_s, rng.choice(("undo", "redo", "panic", "scene.safe")))
    elif what == 7:
        show.controls.prompt_events.put(PromptEvent(now_s, rng.choice(WORDS)))
        return
    else:
        board = show.board.peek()
        fields = {"source": rng.choice(("bass", "level", "onset")), "target": "truncation", "amount": 0.2}
        if board is not None and len(board.routes) < 8:
            show.controls.route_edits.put(RouteEdit(now_s, "add", board.playing, board.name, fields=fields))
        return
    show.controls.put(event)


def test_ten_minutes_are_planned_again_equal_twice_and_on_two_workers(tmp_path: Path) -> None:
    path, runner = tmp_path / "show.log", CliRunner()
    frames = play(path)
    megabytes = path.stat().st_size / 1e6 * 3600 / SECONDS
    print(f"{frames} frames, {path.stat().st_size} bytes, {megabytes:.1f} MB an hour")
    assert megabytes < MOST_MB_AN_HOUR
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - len(whole) // 200])  # the machine died
    told = []
    for number, more in enumerate(([], [], ["--workers", "2"])):
        words = ["render", str(path), "-o", str(tmp_path / f"{number}.mp4"), "--device", "cpu", *more]
        done = runner.invoke(app, words, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        told.append(re.findall(r"(all \d+|\d+ of \d+) plans are equal", done.stderr))
        print(told[-1])
    assert told[0] == told[1] == told[2]
    assert told[0][0].startswith("all ")
    assert frames * 0.98 < int(told[0][0].split()[1]) < frames
