"""Bindings in files, in the router and in a patch."""

from collections.abc import Callable
from pathlib import Path

import pytest

from livegan.config.load import LoadedScene
from livegan.config.scene import Scene
from livegan.core.binding import Binding, parse_binding
from livegan.core.types import ControlEvent
from livegan.engine.bind import bind_scene
from livegan.engine.board import Board
from livegan.engine.patch import Patch
from livegan.engine.router import Router
from livegan.engine.vocabulary import Vocabulary
from livegan.features.listening import Listening
from livegan.networks.info import NetworkInfo

VOCABULARY = Vocabulary.of(Listening(48000, 1).layout)
NETWORK = NetworkInfo("n", Path("n.json"), "style", (8, 8), 4)


def patch(**knobs: object) -> Patch:
    names = {name.replace("_", "."): to for name, to in knobs.items()}
    scene = Scene.model_validate({"title": "t", "knobs": names})
    return bind_scene(LoadedScene("t", scene), VOCABULARY, networks=[NETWORK])


def test_a_binding_is_a_name_or_a_table_and_is_written_as_short_as_it_can_be() -> None:
    assert parse_binding("react") == Binding("react")
    table = {"to": "effect.flash", "mode": "toggle", "high": 0.5}
    assert parse_binding(table).written() == table
    assert parse_binding({"to": "react", "low": 0.0}).written() == "react"
    scene = Scene.model_validate({"title": "t", "knobs": {"pad.1": table, "knob.1": "react"}})
    assert scene.model_dump(mode="json")["knobs"] == {"pad.1": table, "knob.1": "react"}


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (3, "write a name"),
        ({"mode": "toggle"}, "write a name"),
        ({"to": "react", "mod": "toggle"}, "did you mean 'mode'"),
        ({"to": "react", "mode": "latch"}, '"momentary" or "toggle" or "radio"'),
        ({"to": "react", "low": 2}, "0 to 1"),
        ({"to": "react", "high": float("nan")}, "0 to 1"),
        ({"to": "react", "takeover": True}, '"pickup" or "scale" or "jump"'),
    ],
)
def test_what_is_wrong_in_a_binding_is_said_with_its_value(written: object, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_binding(written)


def test_an_event_may_name_a_parameter_by_itself() -> None:
    own = patch()
    assert own.controls.handle(ControlEvent(0.0, "react", 0.25))
    assert own.set_values["react"] == 0.5
    assert own.controls.handle(ControlEvent(0.0, "react", 0.1, "turn"))
    assert own.set_values["react"] == pytest.approx(0.7)
    assert own.controls.handle(ControlEvent(0.0, "react", kind="release"))
    assert own.set_values["react"] == 1.0
    assert not own.controls.handle(ControlEvent(0.0, "reactor", 0.25))


def test_a_binding_may_cover_a_part_of_the_range_and_turn_it_round() -> None:
    own = patch(knob_1={"to": "react", "low": 0.5, "high": 0.25})
    for value, set_to in ((0.0, 1.0), (1.0, 0.5)):
        own.controls.handle(ControlEvent(0.0, "knob.1", value))
        assert own.set_values["react"] == set_to


@pytest.fixture
def routed() -> tuple[Router, Callable[[str], list[ControlEvent]]]:
    router = Router(lambda name: {"pad.1": "freeze"}.get(name, name))
    inboxes = {"window": router.window_events, "engine": router.engine_events}
    return router, lambda where: inboxes[where].drain()


def test_what_the_player_has_learnt_comes_before_the_scene_and_only_for_that_controller(
    routed: tuple[Router, Callable[[str], list[ControlEvent]]],
) -> None:
    router, drain = routed
    router.learned = {("mine", "pad.1"): Binding("react", "toggle"), ("mine", "knob.1"): Binding("master")}
    router.put(ControlEvent(0.0, "pad.1", source="mine"))
    router.put(ControlEvent(0.0, "pad.1", source="other"))
    router.put(ControlEvent(0.0, "knob.1", 0.5, source="mine"))
    (bound,) = drain("engine")
    assert (bound.name, bound.binding) == ("pad.1", Binding("react", "toggle"))
    assert [(event.name, event.value) for event in drain("window")] == [("freeze", 1.0), ("master", 0.5)]


def test_the_router_knows_the_states_of_the_window(routed: tuple[Router, Callable[[str], list[ControlEvent]]]) -> None:
    router, _ = routed
    router.record(ControlEvent(0.0, "blackout", 1.0))
    router.record(ControlEvent(0.0, "master", 0.5))
    router.record(ControlEvent(0.0, "scene.next"))
    assert router.states == {"blackout": 1.0, "master": 0.5}


def test_a_board_says_where_controls_stand() -> None:
    own = patch(knob_1="react", pad_1="scene.2", pad_2={"to": "react", "mode": "radio", "high": 0.25})
    own.controls.handle(ControlEvent(0.0, "react", 0.25))
    board = Board(
        0.0, (), 1, own.parameters, own.now, own.set_values, None, moved=frozenset(own.controls.moved),  # type: ignore[arg-type]
        bindings=own.controls.bindings,
    )  # fmt: skip
    assert board.positions == {"knob.1": 0.25, "pad.1": 1.0, "pad.2": 1.0}
