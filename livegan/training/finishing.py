"""End of a run that leaves one network: it is written, then measured, then its figures are written beside it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from livegan.errors import TrainingError
from livegan.training.checkpoint import Checkpoint
from livegan.training.run import RunResult, resume_command

Figures = Mapping[str, float]  # what was measured, by name

MessageCallback = Callable[[str], None]  # shows a sentence to the user


def reached_end(checkpoint: Checkpoint | None, shown: int) -> RunResult | None:
    """The result of a resumed run that has shown all pictures of its own settings; None if it has not."""
    if checkpoint is None or shown < checkpoint.settings.kimg * 1000:
        return None
    return RunResult(shown / 1000, checkpoint.seconds, stopped=False, numbers={})


def write_and_measure(
    folder: Path,
    path: Path,
    write: Callable[[Figures], None],
    measure: Callable[[], Figures],
    beside: str,
    notify: MessageCallback,
) -> bool:
    """Write the result of the run in `folder` at `path`, measure it, write its figures; whether all is done.

    `beside`: what it is measured with, for people. Ctrl-C keeps what is written, and says what is missing; resuming the
    run makes that. TrainingError, with what to type next, if it cannot be written.
    """
    resume = f"type: {resume_command(folder)}"
    missing = f"{path} is not written yet; all is trained, and to write it, {resume}"
    try:
        try:
            write({})
            missing = f"{path} is whole; it was not measured, so its card has no figures; to measure it, {resume}"
            notify(f"{path} is written; measuring it {beside} (Ctrl-C leaves that for later)")
            write(measure())
        except TrainingError as error:
            raise TrainingError(f"{error}; then {resume}") from error
    except KeyboardInterrupt:
        notify(missing)
        return False
    return True
