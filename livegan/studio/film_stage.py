"""Stage of a film: what a render plays on, and who draws."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from livegan.config.venue import Venue
from livegan.core.types import FramePlan, Layout
from livegan.engine.assemble import sized
from livegan.engine.bind import Setlist
from livegan.engine.networks import last_position
from livegan.engine.performer import Performer
from livegan.networks.info import NetworkInfo
from livegan.outputs.soundtrack import AudioTrack
from livegan.rendering.canvas import DRAWINGS, SCORES
from livegan.rendering.registry import drawn_by
from livegan.rendering.threads import use_threads
from livegan.studio.debug_view import DebugView
from livegan.studio.distributed.frames import frames_job
from livegan.studio.distributed.pools import open_workers
from livegan.studio.distributed.scheduler import Scheduler
from livegan.studio.film_job import RenderJob

Echo = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Drawing:
    """Who draws a film, and what."""

    networks: list[NetworkInfo]
    backend: str
    device: str
    workers: Scheduler | None = None  # None: this process

    @property
    def summary(self) -> str:
        """What the workers did, in a line; "" where there are none."""
        return self.workers.summary if self.workers else ""


@dataclass(frozen=True, slots=True)
class FilmStage:
    """What a render plays on."""

    planned: Iterator[FramePlan]
    expected: int  # frames, for progress
    performer: Performer
    scenes: Setlist
    facts: Mapping[str, str]
    drawing: Drawing
    sound: AudioTrack | None = None
    debug_view: DebugView | None = None
    notices: Callable[[], Sequence[str]] = tuple  # what is worth saying when all is drawn


def open_drawing(job: RenderJob, venue: Venue, performer: Performer, echo: Echo, opened: ExitStack) -> Drawing:
    """Load the first networks here, or start the workers; NetworkError or WorkerError if they cannot draw."""
    networks = {info.name: info for patch in performer.patches for info in patch.networks}
    workers = None
    if not job.workers.used:
        performer.poll()  # network errors are reported before the film is begun
        backend = drawn_by(performer.generator)
    else:
        infos = [sized(info, venue) for info in networks.values()]
        job_for = partial(frames_job, infos, venue.picture.device, venue.picture.memory_gb)
        workers = opened.enter_context(open_workers(job_for, job.workers, echo))
        backend = workers.wait_ready()["drawn_by"][performer.patch.here.name]
        use_threads(1)  # the other cores are the workers'
    if job.transparent and (filling := [info.name for info in networks.values() if not _is_on_black(info)]):
        echo(f"Black is transparent, light is kept: what is behind shines through dark parts of {', '.join(filling)}.")
    return Drawing(list(networks.values()), backend, venue.picture.device, workers)


def debug_view(job: RenderJob, performer: Performer, layout: Layout) -> DebugView | None:
    """The panel beside the picture, where a job asks for it."""
    if not job.debug_window_s:
        return None
    positions = max(last_position(patch.networks) for patch in performer.patches)
    return DebugView(job.size, layout, job.debug_window_s, positions)


def _is_on_black(info: NetworkInfo) -> bool:
    """Whether what it draws is drawn on black: drawings of sound and notes, networks that draw their own alpha."""
    return info.kind in (*DRAWINGS, *SCORES) or info.shape.get("colours") == 4
