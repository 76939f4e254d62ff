"""Latest, Inbox and Signal: any number of subscribers, from any thread."""

import threading
from collections.abc import Callable

import pytest

from livegan.core.channels import Inbox, Latest, Signal

CHANNELS: list[Callable[[], Latest[int] | Inbox[int]]] = [Latest, Inbox]


def test_latest_gives_the_newest() -> None:
    latest: Latest[int] = Latest()
    assert latest.peek() is None
    latest.put(1)
    latest.put(2)
    assert latest.peek() == 2


def test_a_full_inbox_drops_the_newcomer_and_counts() -> None:
    inbox: Inbox[int] = Inbox(2)
    calls: list[int] = []
    inbox.subscribe(lambda: calls.append(len(inbox)))
    assert [inbox.put(i) for i in range(3)] == [True, True, False]
    assert calls == [1, 2], "what was dropped wakes nobody"
    assert inbox.dropped == 1
    assert inbox.take() == 0
    assert inbox.drain() == [1]
    assert inbox.take() is None


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_subscriber_is_called_after_each_put_until_it_unsubscribes(
    channel: Callable[[], Latest[int] | Inbox[int]],
) -> None:
    values = channel()
    calls: dict[str, int] = {"first": 0, "second": 0}

    def count(name: str) -> Callable[[], None]:
        def called() -> None:
            calls[name] += 1

        return called

    first, second = values.subscribe(count("first")), values.subscribe(count("second"))
    values.put(1)
    assert calls == {"first": 1, "second": 1}
    first()
    first()
    values.put(2)
    assert calls == {"first": 1, "second": 2}, "unsubscribing is idempotent and leaves the others"
    second()
    values.put(3)
    assert calls == {"first": 1, "second": 2}


def test_the_value_is_there_when_the_subscriber_is_called() -> None:
    latest: Latest[int] = Latest()
    seen: list[int | None] = []
    latest.subscribe(lambda: seen.append(latest.peek()))
    for value in range(3):
        latest.put(value)
    assert seen == [0, 1, 2]


def test_one_callback_may_subscribe_twice_and_each_ends_alone() -> None:
    signal: Signal[[int]] = Signal()
    calls: list[int] = []
    first, second = signal.subscribe(calls.append), signal.subscribe(calls.append)
    signal.emit(1)
    first()
    first()
    signal.emit(2)
    second()
    signal.emit(3)
    assert calls == [1, 1, 2]


def test_a_callback_may_unsubscribe_itself_and_others_while_it_is_called() -> None:
    signal: Signal[[]] = Signal()
    calls: list[str] = []
    ends: list[Callable[[], None]] = []

    def leave() -> None:
        calls.append("leaves")
        for end in ends:
            end()

    ends += [signal.subscribe(leave), signal.subscribe(lambda: calls.append("stays"))]
    signal.emit()
    signal.emit()
    assert calls == ["leaves", "stays"]


def test_subscribers_may_come_and_go_while_another_thread_puts() -> None:
    """The old single slot was read twice, and could be None in between."""
    latest: Latest[int] = Latest()
    faults: list[BaseException] = []
    stop = threading.Event()

    def write() -> None:
        value = 0
        while not stop.is_set():
            value += 1
            try:
                latest.put(value)
            except BaseException as error:  # noqa: BLE001 - whatever a writer can get is a failure of this test
                faults.append(error)
                return

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    kept: list[int] = []
    keep = latest.subscribe(lambda: kept.append(1))
    for _ in range(3000):
        latest.subscribe(lambda: None)()
    stop.set()
    for writer in writers:
        writer.join()
    keep()
    assert faults == []
    count = len(kept)
    latest.put(0)
    assert len(kept) == count
