"""Kept steps of a film's dream: the state after each, in the film's work folder, until a whole segment has them all."""

import re
from contextlib import suppress
from pathlib import Path

from livegan.core.files import reason_of, write_atomic
from livegan.core.text import printable
from livegan.errors import MediaError
from livegan.studio.dream.dreamer import State

NAME = re.compile(r"step-(\d{6})-(\d{6})\.state", re.ASCII)


class KeptSteps:
    """Store of states, one file each, written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        """`folder` is there."""
        self._folder = folder
        self._there = {
            (int(found[1]), int(found[2])): path
            for path in folder.glob("step-*.state")
            if (found := NAME.fullmatch(path.name)) and not path.is_symlink()
        }

    def __len__(self) -> int:
        return len(self._there)

    def find(self, segment: int, iteration: int) -> State | None:
        """The state after a step; None: it is not kept, or cannot be read."""
        from safetensors import SafetensorError
        from safetensors.numpy import load

        path = self._there.get((segment, iteration))
        if path is None:
            return None
        try:
            state: State = load(path.read_bytes())
        except (OSError, SafetensorError, KeyError, ValueError):
            return None
        return state

    def keep(self, segment: int, iteration: int, state: State) -> None:
        """Keep the state after a step; MediaError if the disk is full."""
        from safetensors.numpy import save

        path = self._folder / f"step-{segment:06d}-{iteration:06d}.state"
        try:
            whole = save({name: array.copy() for name, array in state.items()})
            write_atomic(path, whole, durable=False)  # every few moments; one that is damaged is made again
        except OSError as error:
            raise MediaError(
                f"'{printable(self._folder)}' cannot be written ({reason_of(error)}); look at the free space: df -h"
            ) from error
        self._there[segment, iteration] = path

    def forget(self, segment: int, iteration: int) -> None:
        """Remove the steps before this one."""
        for place in [place for place in self._there if place < (segment, iteration)]:
            with suppress(OSError):
                self._there.pop(place).unlink()
