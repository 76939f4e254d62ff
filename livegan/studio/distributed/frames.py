"""Drawing of frames by workers: plans out, network pictures back, in order and equal to those of one process.

The first worker chooses how every network is drawn: as a plain render on its machine would, with one thread. Thread
counts change no bit of a picture, so films of one, two or a hundred workers of one kind are those of a plain render.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from livegan.core.machine import MEGABYTE, cores
from livegan.core.plan_json import from_json, to_json
from livegan.core.types import FramePlan
from livegan.engine.bank import Bank
from livegan.engine.drawing import Drawn, PlanDrawing
from livegan.engine.loader import Loader, probe_plan, warm_up_plan
from livegan.errors import NetworkError
from livegan.networks.analysis import CACHE_NAME
from livegan.networks.cache import file_hash, recall_arrays, remember_arrays
from livegan.networks.device import memory_budget_mb
from livegan.networks.info import NetworkInfo
from livegan.networks.morph_info import members_of
from livegan.rendering.load import load_generator
from livegan.rendering.registry import OFFLINE, Generator, LoadOptions, Tuned, drawn_by
from livegan.rendering.threads import use_threads
from livegan.studio.distributed.networks import described, received
from livegan.studio.distributed.protocol import Arrays, Job, Message, Task
from livegan.studio.distributed.scheduler import Scheduler

MAKE = f"{__name__}:make"
PICTURES = 4  # of a frame that shared memory is kept for: two scenes, two networks each


def frames_job(infos: Sequence[NetworkInfo], device: str, memory_gb: float, workers: int) -> Job:
    """The job of drawing with these networks; NetworkError if one is not there. `memory_gb` 0: what is free there."""
    tables, files = zip(*(described(info) for info in infos), strict=True)
    largest = max(info.resolution[0] * info.resolution[1] * 3 for info in infos)
    arguments = {
        "networks": list(tables),
        "device": device,
        "memory_mb": memory_gb * 1000**3 / MEGABYTE,
        "workers": workers,
    }
    return Job(MAKE, arguments, {k: v for each in files for k, v in each.items()}, PICTURES * largest)


def draw_plans(scheduler: Scheduler, plans: Iterable[FramePlan]) -> Iterator[tuple[FramePlan, Drawn]]:
    """Each plan with its network pictures, in order; plans are asked for as workers have room."""
    tasks = (Task(plan.index, to_json(plan).encode(), plan) for plan in plans)
    for task, arrays in scheduler.results(tasks):
        pictures = iter(arrays)
        yield task.note, _drawn(task.note, pictures)


def _drawn(plan: FramePlan, pictures: Iterator[np.ndarray]) -> Drawn:
    return Drawn(torch.from_numpy(next(pictures)), tuple(_drawn(cover, pictures) for _, cover in plan.over))


def make(arguments: Message, files: Mapping[str, Path], report: Message | None) -> "FrameWork":
    """In a worker: its networks, drawn as the first worker's report says, or as it decides, where it is the first."""
    use_threads(1)
    return FrameWork(arguments, files, report)


class FrameWork:
    """Work of drawing plans. Networks are loaded as the memory allows, at first, or when a plan needs them."""

    def __init__(self, arguments: Message, files: Mapping[str, Path], report: Message | None) -> None:
        infos = [received(table, files) for table in arguments["networks"]]
        self._infos = {info.name: info for info in infos}
        self._device = arguments["device"]
        loader = Loader(self._load)
        self.report: Message = (
            {"backends": {}, "analyses": {}, "prints": {}, "drawn_by": {}} if report is None else report
        )
        for key, arrays in self.report["analyses"].items():
            if recall_arrays(key, CACHE_NAME) is None:
                remember_arrays(key, CACHE_NAME, {name: np.array(array) for name, array in arrays.items()})
        if report is None:
            for info in infos:
                self._choose(info)
        memory_mb = arguments["memory_mb"] or memory_budget_mb(self._device)
        self._bank = Bank(loader, memory_mb / min(arguments["workers"], cores()), synchronous=True)
        self._bank.poll((), lambda: (infos, ()))
        self._drawing = PlanDrawing(self._find, self._bank.any)
        self.identity = ""  # its pictures were compared when its networks were loaded

    def __call__(self, payload: bytes) -> Arrays:
        """The network pictures of a plan, depth first."""
        plan = from_json(payload.decode())
        shown = [self._infos[name] for name in plan.networks if name in self._infos]
        self._bank.poll(shown, lambda: (shown, ()))
        return [np.asarray(_on_host(picture)) for picture in self._drawing.draw(plan).pictures]

    def _find(self, name: str) -> Generator | None:
        return self._bank.use(self._infos[name])

    def _choose(self, info: NetworkInfo) -> None:
        """Choose the backends of a network as a plain render does, and note what they draw."""
        generator = Loader(partial(load_generator_on, self._device)).make(info)
        names = generator.backends if isinstance(generator, Tuned) else ()
        generator.close()
        self.report["backends"][info.name] = list(names)
        for key in _analysed(info):
            arrays = recall_arrays(key, CACHE_NAME)
            if arrays is not None:
                self.report["analyses"][key] = dict(arrays)
        generator = load_generator(info, self._device, replace(OFFLINE, backends=tuple(names)))
        self.report["prints"][info.name] = _fingerprint(generator)
        self.report["drawn_by"][info.name] = drawn_by(generator)
        generator.close()

    def _load(self, info: NetworkInfo, options: LoadOptions) -> Generator:
        """The network with the backends that were chosen; NetworkError if it draws other bits with them here."""
        names = tuple(self.report["backends"][info.name])
        generator = load_generator(info, self._device, replace(options, backends=names))
        if _fingerprint(generator) != self.report["prints"][info.name]:
            generator.close()
            raise NetworkError(
                f"{info.name} is drawn here with other bits than by the first worker, as on another kind of processor"
            )
        return generator


def load_generator_on(device: str, info: NetworkInfo, options: LoadOptions) -> Generator:
    """As `load_generator`, for a `Loader`."""
    return load_generator(info, device, options)


def _fingerprint(generator: Generator) -> str:
    """Hash of two pictures that use all that a plan can ask for."""
    drawing = PlanDrawing(lambda name: generator, lambda: generator)
    plans = (probe_plan(generator.info), warm_up_plan(generator.info))
    pictures = [np.ascontiguousarray(_on_host(drawing.draw(plan).picture)) for plan in plans]
    return hashlib.sha256(b"".join(picture.tobytes() for picture in pictures)).hexdigest()


def _on_host(picture: object) -> np.ndarray:
    return picture.cpu().numpy() if isinstance(picture, torch.Tensor) else np.asarray(picture)


def _analysed(info: NetworkInfo) -> list[str]:
    """The keys under which the analysis of a network is kept: of a morph, that of its last member."""
    members = members_of(info) if info.kind == "morph" else [info]
    return [file_hash(members[-1].weights)] if members[-1].weights.is_file() else []
