"""Outputs of a show: the venue's `[[outputs]]` tables and `--record`, checked, then put behind queues."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from pydantic import ValidationError

from livegan.config.venue import OutputTable
from livegan.core.guard import Guard
from livegan.core.registry import unknown
from livegan.core.rings import SampleRing
from livegan.core.toml import StrictModel, mistakes_in
from livegan.errors import LiveganError, MediaError
from livegan.outputs.queue import OutputQueue
from livegan.outputs.registry import OUTPUTS, Output, ShowFormat

CheckedOutput = tuple[str, StrictModel]  # name in OUTPUTS, its options


def output_mistakes(tables: Sequence[OutputTable]) -> list[str]:
    """One line per mistake in a venue's `[[outputs]]`: unknown kinds, unknown keys, values out of range."""
    mistakes = []
    for i, table in enumerate(tables):
        if table.kind not in OUTPUTS:
            mistakes.append(f"outputs.{i}.kind: {unknown('output', table.kind, OUTPUTS)}")
            continue
        options = OUTPUTS[table.kind].Options
        try:
            options.model_validate(table.options)
        except ValidationError as error:
            mistakes += [f"outputs.{i}.{line}" for line in mistakes_in(error, options)]
    return mistakes


def check_outputs(tables: Sequence[OutputTable]) -> list[CheckedOutput]:
    """The options of each table, validated; MediaError for what cannot work."""
    mistakes = output_mistakes(tables)
    if mistakes:
        raise MediaError("\n".join(f"venue: {mistake}" for mistake in mistakes))
    checked = []
    for table in tables:
        kind = OUTPUTS[table.kind]
        options = kind.Options.model_validate(table.options)
        with _output_code_errors(table.kind):
            kind.check(options)
        checked.append((table.kind, options))
    return checked


def make_queues(
    outputs: Sequence[CheckedOutput], show: ShowFormat, sound: SampleRing, guard: Guard
) -> tuple[OutputQueue, ...]:
    """One queue for each output, not open yet."""
    return tuple(OutputQueue(name, partial(_open, name, options, show), sound, guard) for name, options in outputs)


def _open(name: str, options: StrictModel, show: ShowFormat) -> Output:
    with _output_code_errors(name):
        return OUTPUTS[name](options, show)  # type: ignore[call-arg]  # members of the table take these two


@contextmanager
def _output_code_errors(name: str) -> Iterator[None]:
    """Whatever an output's own code raises becomes one sentence: it may be another package's."""
    try:
        yield
    except LiveganError:
        raise
    except Exception as error:
        origin = OUTPUTS.origin(name)
        raise MediaError(
            f"the output '{name}' of {origin} cannot be opened: {type(error).__name__}: {error}"
        ) from error
