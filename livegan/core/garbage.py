"""Garbage collection: seldom while libraries are loaded; while a show plays, of nothing that was there before."""

import gc

_ORDINARY = gc.get_threshold()
_SELDOM = 100_000  # new objects from one collection to the next


def collect_seldom() -> None:
    """From now on: loading torch and livegan makes objects that stay, and looking through them takes a tenth longer."""
    gc.set_threshold(_SELDOM, *_ORDINARY[1:])


def freeze() -> None:
    """Leave out all objects that there are from now on; collections are ordinary ones again, short and often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_ORDINARY)


def thaw() -> None:
    """Take all objects in again."""
    gc.unfreeze()
