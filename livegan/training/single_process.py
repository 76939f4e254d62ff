"""Training runs of a single process: distillation, encoders, networks that compose."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from livegan.core.files import expanded
from livegan.core.machine import keep_memory
from livegan.errors import TrainingError
from livegan.training.distributed import ProcessGroup, init
from livegan.training.run_folder import lock_folder
from livegan.training.tensorboard import summary_writer


@contextmanager
def single_process(folder: Path, what: str, tensorboard: bool = False) -> Iterator[ProcessGroup]:
    """The process group of a run that locks its folder; TrainingError under torchrun. `what` is trained, for people."""
    keep_memory()
    process_group = init("cpu")
    try:
        if process_group.size > 1:
            raise TrainingError(f"{what} is trained in one process; type it without torchrun")
        with lock_folder(folder):
            if tensorboard:
                summary_writer()  # TrainingError if it is not installed
            yield process_group
    finally:
        process_group.destroy()


def lasting_name(network: str) -> str:
    """A network's name, or the whole path of one that is a file, so that a run can be resumed from elsewhere."""
    path = expanded(network)
    return str(path.resolve()) if path.exists() else network
