"""Garbage collection of a show: seldom until it begins; then, short and often, of nothing that was there before."""

import gc

_ORDINARY = gc.get_threshold()
_SELDOM = 100_000  # new objects from one collection to the next


def collect_seldom() -> None:
    """Until the show begins: loading makes objects that stay, and looking through them takes a tenth of its time."""
    gc.set_threshold(_SELDOM, *_ORDINARY[1:])


def freeze() -> None:
    """Leave out all objects that there are from now on; collections are ordinary ones again, short and often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_ORDINARY)


def thaw() -> None:
    """Take all objects in again."""
    gc.unfreeze()
