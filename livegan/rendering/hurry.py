"""Whether a show is running while a network is made ready: then it takes one core at most and does without a race."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_HURRY: ContextVar[bool] = ContextVar("hurry", default=False)


@contextmanager
def in_a_hurry() -> Iterator[None]:
    """Networks that this thread makes until the end of the ``with`` are made while others draw."""
    token = _HURRY.set(True)
    try:
        yield
    finally:
        _HURRY.reset(token)


def hurried() -> bool:
    """Is this thread in a hurry?"""
    return _HURRY.get()
