"""Remarks on input groups: those that hear nothing, and stems that nothing listens to."""

from collections.abc import Collection, Iterable, Mapping

from livegan.config.venue import InputTable
from livegan.core.registry import nearest
from livegan.core.text import counted, printable
from livegan.features.names import origin


def silent_groups(inputs: Mapping[str, InputTable], channels: int, stems: Collection[str] = ()) -> list[str]:
    """A line for each group of the venue with channels that a sound of so many does not have.

    A stem takes the place of the group of its name.
    """
    lines = []
    for name, table in inputs.items():
        heard = sorted({number for number in table.channels if number <= channels})
        if name in stems or len(heard) == len(set(table.channels)):
            continue
        only = f"only {', '.join(map(str, heard))}" if heard else "nothing"
        typed = f"[inputs.{name}] channels = {list(table.channels)}"
        lines.append(f"The sound has {counted(channels, 'channel')}: {typed} hears {only}.")
    return lines


def unread_stems(stems: Iterable[str], features: Iterable[str]) -> list[str]:
    """A line for each stem of which none of these features is, with the group most like it that one is of."""
    read = {origin(name.rpartition(":")[0])[0] for name in features} - {""}
    lines = []
    for name in stems:
        if name not in read:
            close = nearest(name, read)
            hint = f"did you mean '{printable(close)}'?" if close else f'a source that does is "{name}:onset"'
            lines.append(f"No scene reads the stem '{name}'; {hint}")
    return lines
