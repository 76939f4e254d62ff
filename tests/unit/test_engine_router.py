"""The router: one place decides where a control event goes, also while the engine hangs."""

import threading
from pathlib import Path

import pytest

from livegan.core.binding import Binding
from livegan.core.channels import Inbox
from livegan.core.events import SPECS, Destination, controls_of
from livegan.core.types import ControlEvent
from livegan.engine.router import Router

INBOXES = ("window_events", "engine_events", "beat_events")


def member(name: str) -> str:
    """A control's name, with a number where it is a family."""
    return f"{name.removesuffix('N')}3" if name.endswith(".N") else name


def inbox(router: Router, destination: Destination) -> Inbox[ControlEvent]:
    return {
        "window": router.window_events,
        "engine": router.engine_events,
        "beat clock": router.beat_events,
    }[destination]


@pytest.mark.parametrize("name", SPECS)
def test_every_control_of_the_table_goes_to_its_destination_and_nowhere_else(name: str) -> None:
    router, event = Router(), ControlEvent(1.0, member(name))
    assert router.put(event)
    destinations: tuple[Destination, ...] = (SPECS[name].destination,)
    if destinations == ("window and engine",):
        destinations = ("window", "engine")
    for destination in destinations:
        assert inbox(router, destination).drain() == [event]
    assert [len(getattr(router, other)) for other in INBOXES] == [0, 0, 0]


def test_a_name_outside_the_table_goes_to_the_engine() -> None:
    router = Router()
    router.put(ControlEvent(1.0, "wheel.1"))
    assert len(router.engine_events) == 1


def test_a_controllers_control_goes_where_the_scene_binds_it() -> None:
    knobs = {"pad.1": "beat.tap", "pad.2": "effect.flash", "cc.7": "beat.later"}
    router = Router(lambda name: knobs.get(name, name))
    for name in ("pad.1", "pad.2", "cc.7", "pad.3"):
        router.put(ControlEvent(2.0, name, 0.5))
    assert router.beat_events.drain() == [ControlEvent(2.0, "beat.tap", 0.5), ControlEvent(2.0, "beat.later", 0.5)]
    assert [event.name for event in router.engine_events.drain()] == ["pad.2", "pad.3"]


def test_releasing_a_pad_that_taps_does_not_tap_again() -> None:
    router = Router(lambda name: "beat.tap")
    for value in (1.0, 0.0):
        router.put(ControlEvent(2.0, "pad.1", value))
    assert len(router.beat_events) == 1
    assert len(router.engine_events) == 0


def test_a_pad_may_be_bound_to_any_control_and_its_release_is_none() -> None:
    knobs = {"pad.1": "scene.next", "pad.2": "blackout", "pad.3": "scene.safe", "pad.4": "scene.7", "cc.1": "master"}
    router = Router(lambda name: knobs.get(name, name))
    for name in knobs:
        for value in (0.8, 0.0):
            router.put(ControlEvent(2.0, name, value))
    assert [event.name for event in router.engine_events.drain()] == ["scene.next", "scene.safe", "scene.7"]
    shown = [(event.name, event.value) for event in router.window_events.drain()]
    assert shown == [("blackout", 0.8), ("scene.safe", 0.8), ("master", 0.8), ("master", 0.0)]


def test_a_knob_that_is_bound_to_what_acts_once_acts_when_it_comes_into_its_upper_half() -> None:
    router = Router(lambda name: {"knob.1": "scene.next", "cc.20": "blackout"}.get(name, name))
    for source, value in (("one", 0.2), ("one", 0.6), ("one", 0.7), ("two", 1.0), ("one", 0.3), ("one", 0.5)):
        router.put(ControlEvent(0.0, "knob.1", value, source=source))
    presses = [(event.source, event.value) for event in router.engine_events.drain()]
    assert presses == [("one", 0.6), ("two", 1.0), ("one", 0.5)]
    for value in (1.0, 1.0, 0.0, 1.0, 0.0):
        router.put(ControlEvent(0.0, "cc.20", value))
    assert len(router.window_events) == 2
    for step in (0.02, -0.02):
        router.put(ControlEvent(0.0, "knob.1", step, kind="turn"))
    assert [event.value for event in router.engine_events.drain()] == [0.02], "an encoder acts to the right"


class Forgetting(dict[tuple[str, str], Binding]):
    """Bindings of which one is forgotten right after it was looked for."""

    def __contains__(self, hand: object) -> bool:
        found = super().__contains__(hand)
        self.clear()
        return found


def test_a_lesson_that_is_forgotten_while_its_knob_moves_raises_nothing() -> None:
    router = Router()
    router.learned = Forgetting({("box", "knob.1"): Binding("react")})
    assert router.put(ControlEvent(0.0, "knob.1", 0.5, source="box"))


@pytest.mark.parametrize("name", ["beat.tap", "scene.next", "fade.out", "panic"])
def test_letting_go_what_triggers_is_nothing(name: str) -> None:
    router = Router()
    router.put(ControlEvent(0.0, name, 0.0, source="keys", binding=Binding(name, "momentary")))
    assert [len(getattr(router, inbox)) for inbox in INBOXES] == [0, 0, 0]


def test_how_scene_or_venue_bind_a_control_to_another_goes_with_its_event() -> None:
    held, part = Binding("blackout", "momentary"), Binding("master", low=0.5, takeover="jump")
    router = Router(lambda name: {"pad.1": held, "cc.1": held, "fader.1": part}.get(name, name))
    for name in ("pad.1", "cc.1"):
        for value in (0.6, 0.0):
            router.put(ControlEvent(0.0, name, value))
        events = router.window_events.drain()
        assert [(event.name, event.value, event.binding) for event in events] == [
            ("blackout", 0.6, held),
            ("blackout", 0.0, held),
        ], "a toggle that is held is told of its release"
    router.put(ControlEvent(0.0, "fader.1", 0.5))
    assert [event.binding for event in router.window_events.drain()] == [part]


@pytest.mark.parametrize("name", [*controls_of("window"), "scene.N"])
def test_what_the_window_does_depends_on_no_scene(name: str) -> None:
    def broken(name: str) -> str:
        raise RuntimeError("the scene is being swapped")

    router = Router(broken)
    assert router.put(ControlEvent(1.0, member(name)))


def test_a_blackout_reaches_a_woken_window_by_one_hop_while_the_engine_hangs() -> None:
    """The engine never reads; its inbox is full; the scene's knobs are not asked."""
    router, woken = Router(), threading.Event()
    router.window_events.subscribe(woken.set)
    while router.put(ControlEvent(0.0, "scene.next")):
        pass  # nobody drains it: the engine hangs
    pad = threading.Thread(target=lambda: router.put(ControlEvent(1.0, "blackout")))
    pad.start()
    pad.join(10)
    assert woken.is_set(), "put has returned, and the window was woken by it, on the sender's thread"
    assert router.window_events.drain() == [ControlEvent(1.0, "blackout")]
    assert router.dropped >= 1


def test_the_journal_gets_every_event_that_takes_effect_and_no_other() -> None:
    router, journal = Router(lambda name: {"pad.1": "beat.tap"}.get(name, name)), []
    unsubscribe = router.subscribe(journal.append)
    for name in ("knob.1", "pad.1", "scene.2"):
        router.put(ControlEvent(1.0, name))
    router.put(ControlEvent(1.1, "knob.1", 0.5))
    assert [event.name for event in journal] == ["pad.1", "scene.2"]
    taken = router.take_engine_events()
    assert journal.pop() == ControlEvent(1.1, "knob.1", 0.5), "values are told when the engine has read them"
    assert [event.name for event in taken] == ["scene.2", "knob.1"]
    journal.append(taken[-1])
    router.put(ControlEvent(2.0, "blackout"))
    assert len(journal) == 3, "the window has not done it yet"
    router.record(ControlEvent(2.5, "blackout", 1.0))
    assert journal[-1] == ControlEvent(2.5, "blackout", 1.0)
    while router.put(ControlEvent(3.0, "scene.1")):
        pass
    count = len(journal)
    assert not router.put(ControlEvent(3.0, "scene.1"))
    assert len(journal) == count, "what was dropped did not take effect"
    unsubscribe()
    router.record(ControlEvent(4.0, "quit"))
    assert len(journal) == count


def test_without_a_window_its_events_are_recorded_and_queued_nowhere() -> None:
    router, journal = Router(has_window=False), []
    router.subscribe(journal.append)
    assert router.put(ControlEvent(1.0, "blackout"))
    assert journal == [ControlEvent(1.0, "blackout")]
    assert [len(getattr(router, name)) for name in INBOXES] == [0, 0, 0]


def test_only_the_router_decides_where_an_event_goes() -> None:
    package = Path(__file__).resolve().parents[2] / "livegan"
    users = [path for path in package.rglob("*.py") if ".destination" in path.read_text(encoding="utf-8")]
    assert {path.name for path in users} <= {"router.py", "events.py", "keys.py", "coalesce.py", "osc_state.py"}


def test_the_engine_is_told_of_a_release_although_the_control_is_bound_to_something_else_now() -> None:
    """It holds something in the scene that played when it was pressed."""
    knobs: dict[str, str] = {}
    router = Router(lambda name: knobs.get(name, name))
    for knobs in ({}, {"pad.1": "blackout", "cc.1": "scene.next", "pad.2": "beat.tap"}):
        for name in ("pad.1", "cc.1", "pad.2"):
            router.put(ControlEvent(0.0, name, 0.0 if knobs else 1.0))
    engine = [(event.name, event.value) for event in router.engine_events.drain()]
    assert engine[3:] == [("pad.1", 0.0), ("cc.1", 0.0), ("pad.2", 0.0)]
    assert not router.window_events.drain()
    assert not router.beat_events.drain()
    router.put(ControlEvent(0.0, "pad.1", 0.0))
    assert not router.engine_events.drain(), "once"


def test_an_encoder_that_is_bound_to_what_acts_once_does_it_a_few_times_a_second() -> None:
    router = Router(lambda name: {"knob.1": "scene.next", "knob.2": "crossfade.forward"}.get(name, name))
    names = []
    for tick in range(100):
        for name in ("knob.1", "knob.2"):
            router.put(ControlEvent(tick / 100, name, 1 / 128, kind="turn", source="Foo"))
            names += [event.name for event in router.engine_events.drain()]
    assert names.count("scene.next") == 4
    assert names.count("crossfade.forward") == 100, "small steps are what it is for"
