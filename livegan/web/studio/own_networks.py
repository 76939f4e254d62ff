"""Networks that a session has trained on the page: the newest snapshot of each of its trainings."""

from collections.abc import Sequence
from pathlib import Path

from livegan.errors import StudioError
from livegan.training.run_folder import SNAPSHOTS
from livegan.web.studio.jobs import Job, JobQueue
from livegan.web.studio.orders import RUN
from livegan.web.studio.work_folder import INPUTS

KIND = "train"


def own_networks(jobs: Sequence[Job]) -> list[tuple[str, str]]:
    """What there is to choose from: titles and the jobs that made them."""
    return [(job.order.title, job.id) for job in jobs if files_of(job)]


def files_of(job: Job | None) -> dict[str, Path]:
    """The weights of what a job has trained, and what describes them, by file name; empty if there are none."""
    if job is None or job.order.kind != KIND:
        return {}
    for weights in sorted((job.folder / RUN / SNAPSHOTS).glob("*.safetensors"), reverse=True):
        described = weights.with_suffix(".json")
        if described.is_file() and not weights.is_symlink() and not described.is_symlink():
            return {path.name: path for path in (weights, described)}
    return {}


def network_of(queue: JobQueue, session: str, name: str, known: Sequence[str]) -> tuple[str, dict[str, Path]]:
    """A chosen network as a command takes it in the folder of a job, and the files that it needs there.

    It is one that is `known`, or one of this session's own; StudioError if it is neither.
    """
    if name in known:
        return name, {}
    files = files_of(queue.find(session, name))
    if not files:
        raise StudioError("there is no such network")
    return f"{INPUTS}/{next(iter(files))}", files
