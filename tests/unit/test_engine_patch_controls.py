"""Controls of a scene: takeover of knobs, modes of buttons, parts of ranges; each can be undone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegan.config.scene import Scene
from livegan.core.binding import Binding, parse_binding
from livegan.core.parameters import Parameter
from livegan.core.types import ControlEvent
from livegan.engine.patch_controls import PatchControls

MINE = "nanoKONTROL2"
PARAMETERS = {name: Parameter(name, 0.0, 2.0, 1.0, "") for name in ("a", "b")}


def controls(takeover: str = "scale", **bindings: object) -> PatchControls:
    bound = {name.replace("_", "."): parse_binding(binding) for name, binding in bindings.items()}
    return PatchControls(PARAMETERS, {"a": 1.0, "b": 1.0}, bound, takeover)


def move(own: PatchControls, name: str, value: float, source: str = MINE, **more: object) -> bool:
    return own.handle(ControlEvent(0.0, name, value, source=source, **more))  # type: ignore[arg-type]


def values(own: PatchControls, name: str, positions: list[float], source: str = MINE) -> list[float | None]:
    """What `a` is set to after each message; None: by the scene."""
    found = []
    for position in positions:
        move(own, name, position, source)
        found.append(own.moved.get("a"))
    return found


def test_a_knob_takes_the_value_over_as_its_binding_says_or_else_the_venue() -> None:
    assert values(controls(knob_1="a"), "knob.1", [0.0, 0.5, 1.0, 0.5]) == [None, 1.5, 2.0, 1.0]
    assert values(controls("pickup", knob_1="a"), "knob.1", [0.0, 0.4, 0.6, 0.1]) == [None, None, 1.2, 0.2]
    jump = controls("pickup", knob_1={"to": "a", "takeover": "jump"})
    assert values(jump, "knob.1", [0.0, 1.0]) == [0.0, 2.0]


@pytest.mark.parametrize("source", ["osc", "panel", "phone", "keys", ""])
def test_what_says_the_value_itself_sets_it(source: str) -> None:
    own = controls("pickup")
    assert own.handle(ControlEvent(0.0, "a", 0.1, source=source))
    assert own.moved == {"a": pytest.approx(0.2)}


def test_a_knob_that_had_the_value_waits_again_when_something_else_has_moved_it() -> None:
    own = controls("pickup", knob_1="a", knob_2="a")
    assert values(own, "knob.1", [0.5, 0.8]) == [1.0, 1.6]
    own.handle(ControlEvent(0.0, "a", 0.1, source="phone"))
    assert values(own, "knob.1", [0.9]) == [pytest.approx(0.2)]
    assert own.turns() == {"a": -1}
    assert values(own, "knob.1", [0.05]) == [pytest.approx(0.1)], "it went over the value"
    assert own.turns() == {}
    own.reset()
    assert values(own, "knob.1", [0.06]) == [None], "and so when all was let go"
    assert own.turns() == {"a": 1}


def test_a_knob_that_moved_another_scene_meanwhile_does_not_drag_the_value_there() -> None:
    own = controls("pickup", knob_1="a")
    assert values(own, "knob.1", [0.5, 0.8]) == [1.0, 1.6]
    assert not own.handle(ControlEvent(0.0, "knob.1", 0.2, source=MINE), 0.1)
    assert own.moved["a"] == 1.6


def test_a_part_of_the_range_may_be_turned_round() -> None:
    own = controls("jump", knob_1={"to": "a", "low": 0.75, "high": 0.25})
    assert values(own, "knob.1", [0.0, 0.5, 1.0]) == [1.5, 1.0, 0.5]
    own = controls("pickup", knob_1={"to": "a", "low": 0.75, "high": 0.25})
    assert values(own, "knob.1", [0.5, 1.0]) == [1.0, 0.5]


def test_a_held_pad_gives_the_value_back_and_is_as_strong_as_it_was_hit() -> None:
    own = controls(pad_1="a")
    assert values(own, "pad.1", [0.25, 0.0, 1.0, 0.0]) == [0.5, None, 2.0, None]
    assert own.state(ControlEvent(0.0, "pad.1", source=MINE)) is None, "letting it go is its undo"


def test_a_toggle_is_on_at_one_press_and_off_at_the_next() -> None:
    own = controls(pad_1={"to": "a", "mode": "toggle", "high": 0.75})
    assert values(own, "pad.1", [0.1, 0.0, 0.9, 0.0, 0.5]) == [1.5, 1.5, None, None, 1.5]


def test_of_radio_buttons_the_last_one_pressed_counts() -> None:
    own = controls(**{f"pad_{k}": {"to": "a", "mode": "radio", "high": k / 4} for k in (1, 2, 3)})  # type: ignore[arg-type]
    for pad in (1, 3, 3, 2):
        assert move(own, f"pad.{pad}", 1.0)
        assert not move(own, f"pad.{pad}", 0.0)
        assert own.moved["a"] == pad / 2


def test_a_button_that_sends_control_changes_acts_once_in_its_upper_half() -> None:
    own = controls(cc_20={"to": "a", "mode": "toggle"})
    assert values(own, "cc.20", [1.0, 1.0, 0.0, 1.0, 0.0]) == [2.0, 2.0, 2.0, None, None]
    own = controls(cc_20={"to": "a", "mode": "momentary"})
    assert values(own, "cc.20", [0.3, 0.6, 1.0, 0.0]) == [None, 2.0, 2.0, None]


def test_a_key_is_a_pad() -> None:
    own, bound = controls(), Binding("a", "momentary", high=0.5)
    assert move(own, "key.K", 1.0, "keys", binding=bound)
    assert own.moved["a"] == 1.0
    assert move(own, "key.K", 0.0, "keys", binding=bound)
    assert own.moved == {}


def test_what_the_scene_has_no_more_is_not_put_back() -> None:
    own = controls("jump", knob_1="a")
    event = ControlEvent(0.0, "knob.1", 0.7, source=MINE)
    move(own, "knob.1", 0.9)
    state = own.state(event)
    assert state is not None
    read_again = PatchControls({"b": PARAMETERS["b"]}, {"b": 1.0}, {}, "jump")
    assert not read_again.restore(state)
    assert read_again.moved == {}
    lower = PatchControls({"a": Parameter("a", 0.0, 1.0, 0.5, "")}, {"a": 0.5}, {}, "jump")
    assert lower.restore(state)
    assert lower.moved == {"a": 1.0}, "in the range that it has now"


@given(st.lists(st.tuples(st.sampled_from(["knob.1", "pad.2", "pad.3", "cc.20"]), st.floats(0, 1)), max_size=20))
def test_each_move_can_be_undone(moves: list[tuple[str, float]]) -> None:
    bindings = {"pad_2": {"to": "a", "mode": "toggle"}, "pad_3": {"to": "b", "mode": "radio"}, "cc_20": "b"}
    own = controls("jump", knob_1="a", **bindings)
    for name, value in moves:
        event = ControlEvent(0.0, name, value, source=MINE)
        before, state = dict(own.moved), own.state(event)
        assert state is not None
        if own.handle(event):
            after, again = dict(own.moved), own.state_of(state)
            assert own.restore(state)
            assert own.moved == before
            assert own.restore(again)
            assert own.moved == after
        else:
            assert own.moved == before


def test_a_scene_that_is_read_again_keeps_what_was_set() -> None:
    old = controls("jump", knob_1="a", pad_1={"to": "b", "mode": "toggle"}, knob_2="b")
    move(old, "knob.1", 0.75)
    move(old, "pad.1", 1.0)
    same = controls("jump", knob_1="a", pad_1={"to": "b", "mode": "toggle"})
    same.take(old)
    assert same.moved == {"a": 1.5, "b": 2.0}
    assert move(same, "pad.1", 1.0)
    assert "b" not in same.moved, "the toggle was on"
    other = controls("jump", knob_1="b")
    other.take(old)
    assert other.moved == {"b": 1.5}, "a knob for something else moves that to where it stands"


def test_all_is_let_go_and_put_back() -> None:
    own = controls("jump", knob_1="a")
    move(own, "knob.1", 1.0)
    moved = own.reset()
    assert own.moved == {}
    assert own.values() == ()
    own.put_back(moved)
    assert own.values() == (("a", 1.0),)


def test_scenes_say_it_in_their_files() -> None:
    scene = Scene(title="One", knobs={"pad.1": parse_binding({"to": "effect.dim", "mode": "toggle", "high": 0.5})})
    assert scene.knobs["pad.1"] == Binding("effect.dim", "toggle", high=0.5)
