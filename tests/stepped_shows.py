"""Whole shows that are stepped by hand on a clock that does not wait: as long as their pictures take, no longer."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from livegan.config.load import load_venue
from livegan.core.clock import ManualClock
from livegan.core.types import ControlEvent, PromptEvent
from livegan.engine.route_edit import RouteEdit
from livegan.engine.runtime import Runtime
from livegan.engine.show import PlayOptions, set_up

POLLED = ("log", "patching", "prompts", "media")
WORDS = ("violet smoke over black", "golden rings", "slow blue water", "")
POLL_FRAMES = 5  # between two looks of a service


@dataclass
class SteppedShow:
    """A show on the demo track, and its clock."""

    runtime: Runtime
    clock: ManualClock
    fps: float
    frames: int = 0  # that were stepped

    def step(self) -> None:
        """One frame: what its threads would do, one after the other."""
        show, clock, k = self.runtime, self.clock, self.frames
        clock.wait_until(k / self.fps)
        now_s = clock.now()
        show.source.poll(now_s)
        show._listen(now_s)
        show._loader.poll(now_s)
        for service in show._services:
            if service.name in POLLED and service.poll is not None and k % POLL_FRAMES == 0:
                service.poll(now_s)
        show._frame(k, k / self.fps, 0)
        self.frames += 1

    def move(self, rng: Random) -> None:
        """One thing that a player does."""
        show, now_s, what = self.runtime, self.clock.now(), rng.randrange(9)
        if what < 4:
            event = ControlEvent(now_s, f"knob.{rng.randint(1, 8)}", round(rng.random(), 3), source="box")
        elif what == 4:
            names = ("scene.next", "scene.previous", f"scene.{rng.randint(1, 6)}", "cue.next")
            event = ControlEvent(now_s, rng.choice(names))
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


@contextmanager
def stepped_show(log: Path, scenes: Sequence[str], *, fps: float = 30) -> Iterator[SteppedShow]:
    """Set up a show with a log, and close both in the end."""
    venue, clock = load_venue(), ManualClock()
    changes = {
        "audio": venue.audio.model_copy(update={"input": "demo", "monitor": False}),
        "hands": venue.hands.model_copy(update={"port": "none"}),
        "picture": venue.picture.model_copy(update={"fps": fps, "device": "cpu", "quality": "full"}),
        "window": venue.window.model_copy(update={"size": (64, 36)}),
        "show": venue.show.model_copy(update={"scenes": tuple(scenes)}),
    }
    show = set_up(venue.model_copy(update=changes), PlayOptions(log=log, in_window=False), clock).runtime
    (writer,) = (service for service in show._services if service.name == "log")
    with ExitStack() as opening:
        show.source.start(0.0)
        show._open(opening)
        writer.start()
        opening.callback(writer.stop)
        yield SteppedShow(show, clock, fps)
