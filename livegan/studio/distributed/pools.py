"""Choice of the carrier: processes of this machine, or Ray."""

from collections.abc import Callable
from dataclasses import dataclass

from livegan.studio.distributed.protocol import Job
from livegan.studio.distributed.scheduler import Scheduler, window


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """Which workers do the work: none (this process), processes of this machine, or actors of Ray."""

    count: int = 0  # 0: none; with Ray one for each GPU, or for each core where there are none
    ray: str | None = None  # "": a Ray of our own on this machine; else the address of a cluster; None: no Ray

    @property
    def used(self) -> bool:
        return self.count > 0 or self.ray is not None


HERE = WorkerOptions()  # this process does the work


def open_workers(job_for: Callable[[int], Job], options: WorkerOptions, echo: Callable[[str], None]) -> Scheduler:
    """The workers of a job, a context manager; `job_for` makes it, knowing how many they are.

    WorkerError where they cannot be had: Ray is not installed, or does not answer.
    """
    if options.ray is None:
        job = job_for(options.count)
        from livegan.studio.distributed.local_pool import LocalPool

        return Scheduler(LocalPool(job, window(options.count)), options.count, echo=echo)
    from livegan.studio.distributed.ray_pool import RayPool, cluster

    connected = cluster(options.ray, options.count)
    try:
        return Scheduler(RayPool(job_for(connected.workers), connected), connected.workers, echo=echo)
    except BaseException:
        connected.close()
        raise
