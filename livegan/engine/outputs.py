"""Outputs of a show: the venue's `[[outputs]]` tables and `--record`, checked, then put behind queues."""

from collections.abc import Sequence
from functools import partial

from pydantic import ValidationError

from livegan.config.venue import OutputTable
from livegan.core.guard import Guard
from livegan.core.registry import unknown
from livegan.core.rings import SampleRing
from livegan.core.toml import StrictModel, mistakes_in
from livegan.engine.plugins import member_errors
from livegan.errors import MediaError
from livegan.outputs.queue import OutputQueue
from livegan.outputs.registry import OUTPUTS, LiveOptions, Output, ShowFormat
from livegan.outputs.window_light import WindowLight

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


def refused_outputs(tables: Sequence[OutputTable]) -> list[str]:
    """One line per table of a venue's `[[outputs]]` that has no mistake and yet cannot work here, as `play` says it."""
    refused = []
    for i, table in enumerate(tables):
        if not output_mistakes([table]):
            try:
                check_outputs([table])
            except MediaError as error:
                refused.append(f"outputs.{i}: {error}")
    return refused


def check_outputs(tables: Sequence[OutputTable]) -> list[CheckedOutput]:
    """The options of each table, validated; MediaError for what cannot work."""
    mistakes = output_mistakes(tables)
    if mistakes:
        raise MediaError("\n".join(f"venue: {mistake}" for mistake in mistakes))
    checked = []
    for table in tables:
        kind = OUTPUTS[table.kind]
        options = kind.Options.model_validate(table.options)
        with member_errors(OUTPUTS, table.kind, MediaError):
            kind.check(options)
        checked.append((table.kind, options))
    return checked


def make_queues(
    outputs: Sequence[CheckedOutput], show: ShowFormat, sound: SampleRing, guard: Guard
) -> tuple[OutputQueue, ...]:
    """One queue for each output, not open yet."""
    return tuple(
        OutputQueue(name, partial(_open, name, options, show), sound, guard, light=_light(name, options, show))
        for name, options in outputs
    )


def _light(name: str, options: StrictModel, show: ShowFormat) -> WindowLight | None:
    """The master section of a live output; one that does not follow the window has full light always."""
    if not OUTPUTS[name].live:
        return None
    follows = not isinstance(options, LiveOptions) or options.master
    return WindowLight(show.window, show.fade_s) if follows else WindowLight()


def _open(name: str, options: StrictModel, show: ShowFormat) -> Output:
    with member_errors(OUTPUTS, name, MediaError):
        return OUTPUTS[name](options, show)  # type: ignore[call-arg]  # members of the table take these two
