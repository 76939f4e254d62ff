"""Shared memory for results: slots that the coordinator and the workers of one machine map, without a name to leak.

It has no name in the file system (Linux memfd, elsewhere an unlinked file; on Windows a mapping by tag, UNTESTED): when
the last process that maps it ends, however it ends, the memory is free.
"""

import mmap
import os
import sys
import tempfile
import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np

from livegan.studio.distributed.protocol import Arrays

Layout = list[list[Any]]  # for each array: its type, its shape


class Slots:
    """Slots of one size in a shared mapping. Pages that were never written take no memory."""

    def __init__(self, mapping: mmap.mmap, size: int, arguments: Sequence[str], descriptor: int = -1) -> None:
        self.size = size
        self.arguments = list(arguments)  # on the command line of a worker
        self.descriptor = descriptor  # to be inherited by workers; -1: none
        self._mapping = mapping

    @classmethod
    def created(cls, count: int, size: int) -> "Slots":
        """New ones."""
        total = max(count * size, mmap.PAGESIZE)
        if sys.platform == "win32":
            tag = f"livegan-{uuid.uuid4().hex}"
            return cls(mmap.mmap(-1, total, tagname=tag), size, [tag, str(total), str(size)])
        if hasattr(os, "memfd_create"):
            descriptor = os.memfd_create("livegan-results")
        else:
            with tempfile.TemporaryFile() as file:
                descriptor = os.dup(file.fileno())
        os.ftruncate(descriptor, total)
        return cls(mmap.mmap(descriptor, total), size, [str(descriptor), str(total), str(size)], descriptor)

    def put(self, slot: int, arrays: Arrays) -> Layout:
        """Write arrays into a slot; how to read them."""
        at = slot * self.size
        for array in arrays:
            flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
            self._mapping[at : at + array.nbytes] = flat.data
            at += array.nbytes
        return [[array.dtype.str, list(array.shape)] for array in arrays]

    def get(self, slot: int, layout: Layout) -> Arrays:
        """Copies of the arrays in a slot."""
        arrays, at = [], slot * self.size
        for kind, shape in layout:
            count = int(np.prod(shape, dtype=np.int64))
            array = np.frombuffer(self._mapping, kind, count, at).reshape(shape).copy()
            arrays.append(array)
            at += array.nbytes
        return arrays

    def close(self) -> None:
        """Forget the mapping here. Idempotent."""
        self._mapping.close()
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def opened(arguments: Sequence[str]) -> Slots | None:
    """In a worker: the slots of its command line; None where there are none."""
    if not arguments:
        return None
    place, total, size = arguments[0], int(arguments[1]), int(arguments[2])
    if sys.platform == "win32":
        return Slots(mmap.mmap(-1, total, tagname=place), size, arguments)
    return Slots(mmap.mmap(int(place), total), size, arguments)
