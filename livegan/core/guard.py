"""Guard: the interface through which a stage runs code that must not end the show."""

from collections.abc import Callable
from typing import Protocol, TypeVar

Result = TypeVar("Result")


class Guard(Protocol):
    """Fault barrier: runs `work` and returns its result; if it raises, a guard may return `fallback` instead."""

    def __call__(self, name: str, work: Callable[[], Result], fallback: Result) -> Result: ...


def unguarded(name: str, work: Callable[[], Result], fallback: Result) -> Result:
    """The guard of tests: exceptions propagate."""
    return work()
