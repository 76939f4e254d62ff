"""Dream films by workers: frames between two steps of a dream, and segments that are dreamt alone.

The steps of one dream follow from each other and stay with the coordinator; drawing a frame is a pure function of two
states, and so is dreaming a segment from the beginning: any worker may do them. Models that are the player's own files
("clip", "vqgan") must lie on every machine; a StyleGAN's file is sent there.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from livegan.core.target import Target
from livegan.core.types import Pixels
from livegan.networks.library import find_network
from livegan.rendering.threads import use_threads
from livegan.studio.distributed.message import pack, unpack
from livegan.studio.distributed.networks import Files, described, received
from livegan.studio.distributed.protocol import Arrays, Job, Message, Task
from livegan.studio.distributed.scheduler import Scheduler
from livegan.studio.dream.dreamer import Aim, State
from livegan.studio.dream.film_dream import Drawn, Places, Shown, dream_alone
from livegan.studio.dream.open_dreamer import DreamOptions, chosen_model, open_dreamer
from livegan.studio.dream.segments import Segment
from livegan.studio.dream.vqgan_options import VqganOptions

MAKE = f"{__name__}:make"
FRAMES = 8  # of a task that shared memory is kept for
TRIAL = Target(colours=((0.6, (0.2, 0.1, 0.5)), (0.4, (0.9, 0.6, 0.3))), brightness=0.4)


def dream_job(options: DreamOptions, size: tuple[int, int], towards: Pixels | None, rate: float) -> Job:
    """The job of drawing and dreaming with these options; NetworkError if the network is not there."""
    files: Files = {}
    network = None
    options = replace(options, model=chosen_model(options))  # not what each worker would choose by its own files
    if options.model != "vqgan":
        network, files = described(find_network(options.network))
    arguments = {"options": options_table(options), "network": network, "towards": towards, "rate": rate}
    return Job(MAKE, arguments, files, FRAMES * size[0] * size[1] * 3)


def draw_frames(scheduler: Scheduler, shown: Shown, places: Places) -> Iterator[Drawn]:
    """The frames of each stretch, in order; stretches are dreamt as workers have room."""
    tasks = (
        Task(
            frames[0],
            pack({"start": dict(stretch.start), "end": dict(stretch.end), "amounts": [places(at)[2] for at in frames]}),
            (stretch, frames),
        )
        for stretch, frames in shown
    )
    for task, (pixels,) in scheduler.results(tasks):
        stretch, frames = task.note
        for frame, picture in zip(frames, pixels, strict=True):
            yield Drawn(frame, places(frame)[2], stretch, picture)


def dream_segments(
    scheduler: Scheduler, wanted: Iterable[tuple[Segment, Sequence[Aim]]]
) -> Iterator[tuple[Segment, State]]:
    """Each segment dreamt alone, as they come back, with the state at its end."""
    tasks = (
        Task(
            segment.number,
            pack({"segment": asdict(segment), "aims": [aim_table(aim) for aim in aims]}),
            segment,
        )
        for segment, aims in wanted
    )
    for task, (packed,) in scheduler.results(tasks, in_order=False):
        yield task.note, unpack(packed.tobytes())


def make(arguments: Message, files: Mapping[str, Path], report: Message | None) -> "DreamWork":
    """In a worker: its dreamer."""
    use_threads(1)
    return DreamWork(arguments, files)


class DreamWork:
    """Work of dreaming and drawing."""

    def __init__(self, arguments: Message, files: Mapping[str, Path]) -> None:
        options = options_of(arguments["options"])
        if arguments["network"] is not None:
            options = replace(options, network=str(received(arguments["network"], files).path))
        self._dreamer = open_dreamer(options)
        if arguments["towards"] is not None:
            self._dreamer.towards(np.array(arguments["towards"]), arguments["rate"])
        self._fresh = self._dreamer.state()
        self.report: Message = {}
        self.identity = self._fingerprint()

    def __call__(self, payload: bytes) -> Arrays:
        """Frames (n, h, w, 3), or a state as bytes."""
        order = unpack(payload)
        if "segment" in order:
            aims = [aim_of(table) for table in order["aims"]]
            end = dream_alone(self._dreamer, self._fresh, Segment(**order["segment"]), aims)
            return [np.frombuffer(pack(dict(end)), np.uint8)]
        start, end = order["start"], order["end"]
        return [np.stack([self._dreamer.between(start, end, amount) for amount in order["amounts"]])]

    def _fingerprint(self) -> str:
        """Hash of a step and a picture."""
        dreamer = self._dreamer
        dreamer.aim([Aim(text="violet smoke", target=TRIAL)])
        dreamer.step()
        state, digest = dreamer.state(), hashlib.sha256(dreamer.picture().tobytes())
        for name in sorted(state):
            digest.update(np.ascontiguousarray(state[name]).tobytes())
        return digest.hexdigest()


def options_table(options: DreamOptions) -> Message:
    """Options as a message."""
    table = {each.name: getattr(options, each.name) for each in fields(options) if each.name != "vqgan"}
    return table | {"vqgan": {name: _plain(value) for name, value in asdict(options.vqgan).items()}}


def options_of(table: Message) -> DreamOptions:
    """Options of a message."""
    own = {name: _tuple(value) for name, value in table.items() if name != "vqgan"}
    paths = {each.name for each in fields(VqganOptions) if "Path" in str(each.type)}
    vqgan: dict[str, Any] = {
        name: Path(value) if name in paths and value is not None else _tuple(value)
        for name, value in table["vqgan"].items()
    }
    return DreamOptions(**own, vqgan=VqganOptions(**vqgan))


def aim_table(aim: Aim) -> Message:
    """An aim as a message."""
    table = {each.name: getattr(aim, each.name) for each in fields(aim)}
    target = None if aim.target is None else asdict(aim.target)
    return table | {"target": target}


def aim_of(table: Message) -> Aim:
    """The aim of a message."""
    target = table["target"]
    if target is not None:
        colours = tuple((share, tuple(colour)) for share, colour in target["colours"])
        target = Target(**{**target, "colours": colours, "understood": tuple(target["understood"])})
    return Aim(**{**table, "target": target})


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
