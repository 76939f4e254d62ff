"""Projection by workers: rows of frames out, their latents and pictures back, equal to those of one process.

A row is sent when the one before it in its unit is back. What a worker gets says all that the row depends on, so that
any of them may do any row, and one that is killed costs the row it is at.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from livegan.core.types import Pixels
from livegan.networks.cache import file_hash
from livegan.networks.encoder import load_encoder
from livegan.networks.encoder_file import encoder_path
from livegan.networks.info import NetworkInfo
from livegan.networks.weights import load_style_net
from livegan.rendering.threads import use_threads
from livegan.studio.distributed.message import pack, unpack
from livegan.studio.distributed.networks import described, received
from livegan.studio.distributed.protocol import Arrays, Job, Message, Task
from livegan.studio.distributed.scheduler import Scheduler
from livegan.studio.projection_plan import Row, Unit, rows
from livegan.studio.projection_work import ProjectionWork
from livegan.studio.projector import Projected, Projector, ProjectorSettings
from livegan.studio.projector_network import ProjectorNetwork, to_targets
from livegan.training.perceptual import perceptual

MAKE = f"{__name__}:make"
BESIDE_BYTES = 1 << 18  # of a frame's result, beside its picture, that shared memory is kept for
TRIAL_SEED, TRIAL_STEPS = 5, 3  # of what tells whether a worker gets the same bits
NO_PICTURE, NO_CURVE = np.zeros((0, 0, 3), np.uint8), np.zeros(0, np.float32)


def projection_job(
    info: NetworkInfo,
    settings: ProjectorSettings,
    features: str | Path,
    *,
    device: str,
    threads: int,
    batch: int,
    encoder: bool,
) -> Job:
    """The job of projecting into a network; NetworkError if it is not there. `features`: a name, or the user's file."""
    table, files = described(info)
    own = {"features": features if isinstance(features, Path) else None, "encoder": encoder_path(info)}
    if not encoder:
        del own["encoder"]
    hashes = {kind: file_hash(path) for kind, path in own.items() if path is not None}
    arguments = {
        "network": table,
        "settings": asdict(settings),
        "features": str(features),
        "hashes": hashes,
        "device": device,
        "threads": threads,
    }
    height, width = info.resolution
    files |= {hashes[kind]: path for kind, path in own.items() if path is not None}
    return Job(MAKE, arguments, files, batch * (3 * height * width + BESIDE_BYTES))


def project_units(
    scheduler: Scheduler,
    units: Sequence[Unit],
    works: Sequence[ProjectionWork],
    report: Callable[[int], None] = lambda frames: None,
) -> None:
    """Project what is not finished of all units; each row is kept as it comes back."""
    waiting = deque(rows(unit, works) for unit in units)  # each may go on
    underway = 0

    def tasks() -> Iterator[Task | None]:
        nonlocal underway
        number = 0
        while waiting or underway:
            if not waiting:
                yield None
                continue
            walk = waiting.popleft()
            for row in walk:
                if not row.is_finished:
                    underway += 1
                    yield Task(number, _order(row), (row, walk))
                    number += 1
                    break
                report(len(row.numbers))

    for task, arrays in scheduler.results(tasks(), in_order=False):
        row, walk = task.note
        row.finish([Projected(**table) for table in unpack(arrays[0].tobytes())])
        underway -= 1
        waiting.append(walk)
        report(len(row.numbers))


def make(arguments: Message, files: Mapping[str, Path], report: Message | None) -> "ProjectionWorker":
    """In a worker: its projector."""
    use_threads(arguments["threads"])
    return ProjectionWorker(arguments, files)


class ProjectionWorker:
    """Work of projecting rows."""

    def __init__(self, arguments: Message, files: Mapping[str, Path]) -> None:
        hashes, device = arguments["hashes"], arguments["device"]
        info = received(arguments["network"], files)
        own = {kind: files[key] for kind, key in hashes.items()}
        encoder = load_encoder(own["encoder"], num_ws=info.num_ws, w_dim=info.w_dim) if "encoder" in own else None
        settings = arguments["settings"] | {"histories": tuple(arguments["settings"]["histories"])}
        self._projector = Projector(
            ProjectorNetwork(load_style_net(info), device),
            perceptual(own.get("features", arguments["features"]), device),
            ProjectorSettings(**settings),
            None if encoder is None else encoder.to(device),
        )
        self.report: Message = {}
        self.identity = self._fingerprint()

    def __call__(self, payload: bytes) -> Arrays:
        """The results of a row, as one array."""
        order = unpack(payload)
        before = [
            [Projected(each["ws"], NO_PICTURE, 0.0, each["goal"], 0, NO_CURVE, each["noise"]) for each in earlier]
            for earlier in order["before"]
        ]
        results = self._project(list(order["targets"]), before, order["numbers"])
        return [np.frombuffer(pack([_table(result) for result in results]), np.uint8)]

    def _project(self, targets: list[Pixels], before: list[list[Projected]], numbers: Sequence[int]) -> list[Projected]:
        return self._projector.project(to_targets(targets, self._projector.network.device), before, numbers)

    def _fingerprint(self) -> str:
        """Hash of a few steps towards a picture of noise."""
        height, width = self._projector.network.resolution
        target = np.random.default_rng(TRIAL_SEED).integers(0, 256, (height, width, 3), dtype=np.uint8)
        trial = self._projector.trial(TRIAL_STEPS)
        (result,) = trial.project(to_targets([target], self._projector.network.device), [[]])
        return hashlib.sha256(result.ws.tobytes() + result.pixels.tobytes()).hexdigest()


def _order(row: Row) -> bytes:
    """All that the results of a row depend on, as bytes."""
    before = [[{"ws": each.ws, "goal": each.goal, "noise": each.noise} for each in earlier] for earlier in row.before()]
    return pack({"targets": np.stack(row.targets()), "before": before, "numbers": row.numbers})


def _table(result: Projected) -> Message:
    return {name: getattr(result, name) for name in Projected.__dataclass_fields__}
