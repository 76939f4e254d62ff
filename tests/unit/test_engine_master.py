"""The master section: what works while the engine hangs, and who sets, who changes over."""

import pytest

from livegan.core.binding import Binding
from livegan.core.dimmer import OutputDimmer
from livegan.core.events import SETTING
from livegan.core.types import ControlEvent
from livegan.engine.master import MasterSection


def section(**keys: str) -> MasterSection:
    return MasterSection(OutputDimmer(fade_s=2.0), **keys)  # type: ignore[arg-type]


def send(
    master: MasterSection, name: str, value: float = 1.0, source: str = "keys", **more: object
) -> dict[str, float]:
    event = ControlEvent(0.0, name, value, source=source, **more)  # type: ignore[arg-type]
    return {state.name: state.value for state in master.handle(event, 0.0)}


@pytest.mark.parametrize("name", ["blackout", "freeze", "hud", "keys"])
def test_a_press_changes_over_and_what_shows_a_state_sets_it(name: str) -> None:
    master = section()
    assert [send(master, name)[name] for _ in range(3)] == [1.0, 0.0, 1.0]
    assert send(master, name, 0.0, "nanoKONTROL2")[name] == 1.0, "letting a pad go means nothing"
    for source in SETTING:
        values = [send(master, name, value, source)[name] for value in (1.0, 1.0, 0.0, 0.0, 0.7)]
        assert values == [1.0, 1.0, 0.0, 0.0, 1.0]
        master = section()
    held = Binding(name, "momentary")
    assert [send(master, name, value, "pads", binding=held)[name] for value in (0.8, 0.0)] == [1.0, 0.0]
    only_on = Binding(name, "radio")
    assert [send(master, name, value, "pads", binding=only_on)[name] for value in (0.8, 0.0, 0.8)] == [1.0] * 3


def test_a_fader_of_a_controller_never_makes_the_light_jump_and_everything_else_sets_it() -> None:
    master = section(takeover="pickup")
    assert send(master, "master", 0.1, "fader")["master"] == 1.0
    assert send(master, "master", 0.97, "fader")["master"] == 0.97, "it came to the light"
    assert send(master, "master", 0.5, "fader")["master"] == 0.5
    assert send(master, "master", 0.9, "phone")["master"] == 0.9
    assert send(master, "master", 0.4, "fader")["master"] == 0.9, "the phone has moved it"
    assert send(master, "master", 0.2, "osc")["master"] == 0.2
    jump = Binding("master", takeover="jump", low=0.5, high=1.0)
    assert send(master, "master", 0.0, "fader", binding=jump)["master"] == 0.5
    assert send(master, "master", -0.25, "encoder", kind="turn")["master"] == 0.25
    assert send(master, "master.up")["master"] == 0.3


def test_scaled_is_what_the_venue_does_by_default() -> None:
    master = section()
    send(master, "master.down")
    values = [send(master, "master", value, "fader")["master"] for value in (0.5, 0.25, 0.0)]
    assert values == pytest.approx([0.95, 0.475, 0.0])


def test_fades_move_the_light_and_not_the_fader() -> None:
    master = section()
    assert send(master, "fade.out") == {"fade": 0.0}
    assert master.dimmer.light(1.0) == 0.5
    assert master.dimmer.light(3.0) == 0.0
    send(master, "blackout")
    assert send(master, "fade.in") == {"blackout": 0.0, "fade": 1.0}, "it brings light back, whatever took it away"
    assert send(master, "fade", 0.5, "osc") == {"fade": 0.5}
    assert send(master, "fade.out", 0.0) == {}, "a release"
    assert master.dimmer.master == 1.0


def test_panic_ends_freeze_and_fade_but_makes_no_light_where_it_is_dark_on_purpose() -> None:
    master = section()
    for name in ("freeze", "keys", "fade.out"):
        send(master, name)
    assert send(master, "panic", 1.0, "pads") == {"freeze": 0.0, "keys": 0.0, "fade": 1.0, "panic": 1.0}
    for name in ("fade.out", "blackout", "master.down"):
        send(master, name)
    assert send(master, "panic") == {"fade": 1.0, "panic": 1.0}
    assert (master.dimmer.blackout, master.dimmer.master) == (True, 0.95)


def test_the_safe_scene_ends_a_freeze() -> None:
    master = section()
    send(master, "freeze")
    assert send(master, "scene.safe") == {"freeze": 0.0, "scene.safe": 1.0}


def test_each_acts_in_the_very_next_draw() -> None:
    """Counted in draws of the window: each is a sixtieth of a second later, and nothing waits for an engine."""
    for name in ("blackout", "fade.out", "master.down"):
        master = section()
        before = master.dimmer.light(10.0)
        master.handle(ControlEvent(10.0, name), 10.0)
        assert master.dimmer.light(10.0 + 1 / 60) < before, name


def test_no_other_control_is_for_the_window() -> None:
    assert section().handle(ControlEvent(0.0, "knob.1", 0.5), 0.0) == []
