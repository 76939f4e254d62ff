"""TensorBoard scalars of a training run."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from livegan.errors import TrainingError

ScalarWriter = Callable[[int, Mapping[str, float]], None]  # pictures shown so far, statistics by name


def summary_writer() -> Any:
    """The class `SummaryWriter`; TrainingError if TensorBoard is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise TrainingError(
            "TensorBoard is not installed; type: pip install tensorboard (or leave --tensorboard out)"
        ) from error
    return SummaryWriter


@contextmanager
def tensorboard(folder: Path) -> Iterator[ScalarWriter]:
    """A writer of scalars to event files in `folder`; TrainingError if TensorBoard is not installed."""
    writer = summary_writer()(str(folder))

    def add(shown: int, numbers: Mapping[str, float]) -> None:
        for name, value in numbers.items():
            writer.add_scalar(name, value, shown)

    try:
        yield add
    finally:
        writer.close()
