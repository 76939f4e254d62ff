"""When a supervised show is started again, and how; when it counts as hung. No process, no clock."""

import signal

import pytest

from livegan.engine.crash_file import how_it_ended
from livegan.engine.restart import HANGS_S, STARTS_S, STEADY_S, Restart, RestartPolicy, Stillness, starts_again

PLAYING = {"asked_to_end": False, "playing": True, "over": False, "restarted": False}


def test_the_second_start_in_a_row_is_careful_the_third_light_and_then_it_gives_up() -> None:
    policy = RestartPolicy()
    starts = [policy.died(played_s, "it hung") for played_s in (300.0, 0.0, 50.0, STARTS_S - 1)]
    assert starts == [
        Restart(1, reason="it hung"),
        Restart(2, careful=True, reason="it hung"),
        Restart(3, careful=True, light=True, reason="it hung"),
        None,
    ]


def test_deaths_far_apart_are_each_the_first() -> None:
    policy = RestartPolicy()
    for i in range(20):
        restart = policy.died(STEADY_S, "it hung")
        assert restart == Restart(i + 1, reason="it hung")


@pytest.mark.parametrize(
    ("code", "changed", "again"),
    [
        (-signal.SIGSEGV, {}, True),
        (-signal.SIGKILL, {}, True),
        (1, {}, True),  # an exception that nobody caught
        (0xC0000005, {}, True),  # Windows: access violation
        (0, {}, False),
        (2, {}, False),
        (130, {}, False),
        (-signal.SIGSEGV, {"asked_to_end": True}, False),
        (-signal.SIGSEGV, {"over": True}, False),  # a driver that dies while it unloads
        (2, {"restarted": True, "playing": False}, True),
        (2, {"restarted": True}, False),
    ],
)
def test_what_is_started_again(code: int, changed: dict[str, bool], again: bool) -> None:
    assert starts_again(code, **(PLAYING | changed)) is again


def test_a_show_hangs_only_once_it_plays_and_not_while_it_closes() -> None:
    show = Stillness(restarted=False)
    assert not any(show.hangs(i / 4) for i in range(2000))
    show.sign()
    assert not show.hangs(500.0)
    looks = [501.0 + i / 4 for i in range(100)]
    first = next(look for look in looks if show.hangs(look))
    assert HANGS_S - 1.5 <= first - 501.0 <= HANGS_S
    show.sign()
    show.over = True
    assert not any(show.hangs(600.0 + i) for i in range(100))


def test_one_that_was_started_again_must_come_to_its_first_picture() -> None:
    show = Stillness(restarted=True)
    looks = [i / 4 for i in range(400)]
    assert next(look for look in looks if show.hangs(look)) == pytest.approx(STARTS_S, abs=0.5)


def test_a_suspended_machine_or_process_is_no_hang() -> None:
    show = Stillness(restarted=False)
    show.sign()
    assert not show.hangs(0.0)
    assert not show.hangs(3600.0)  # the laptop slept for an hour
    assert not any(show.hangs(3600.0 + i / 4, stopped=True) for i in range(400))  # Ctrl-Z
    assert not show.hangs(3701.0)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"number": 1}', '{"number": "1", "careful": 0}', "nul", '"x"'])
def test_an_order_is_checked(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Restart.of_json(text)
    assert Restart.of_json(Restart(3, careful=True).to_json()) == Restart(3, careful=True)


def test_how_it_ended_is_told_in_words() -> None:
    assert "SIGSEGV (mostly a driver)" in how_it_ended(-signal.SIGSEGV)
    assert "memory" in how_it_ended(-9)
    assert how_it_ended(-9, killed_for_memory=True) == "the system killed it, as the memory was full"
    assert how_it_ended(0xC0000005).endswith("0xc0000005")
    assert how_it_ended(-9, hung=True) == "it hung"
