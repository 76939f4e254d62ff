"""Iterators computed ahead: the same items, bounded, with their errors in their place."""

import threading
from collections.abc import Iterator

import pytest

from livegan.core.ahead import ahead


def test_items_come_in_order_and_no_more_are_computed_than_asked_for() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(20):
            made.append(number)
            yield number

    for number in ahead(items(), 3, "test"):
        assert len(made) <= number + 4
    assert made == list(range(20))


def test_an_error_comes_where_its_item_would_have() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("no second")

    numbers = ahead(items(), 5, "test")
    assert next(numbers) == 1
    with pytest.raises(ValueError, match="no second"):
        next(numbers)


def test_closing_it_ends_its_thread() -> None:
    before = threading.active_count()
    numbers = ahead(iter(range(1000)), 2, "test")
    assert next(numbers) == 0
    numbers.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before
