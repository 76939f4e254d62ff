"""The table of control names: everything that may be said is in it, and no other list exists."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegan.config.load import load_controllers, load_scene, load_venue, scene_paths
from livegan.config.venue import WindowTable
from livegan.control.decoder import Decoder
from livegan.control.keys import KEYS, key_summary
from livegan.control.osc_space import ALIASES
from livegan.core.events import SPECS, find_control, is_bindable, unbindable, unknown_control
from livegan.core.events import targets as control_targets
from livegan.engine.vocabulary import parameter_table, w_parameters
from tests.building import VOCABULARY

PACKAGE = Path(__file__).resolve().parents[2] / "livegan"
TABLES = {
    PACKAGE / "core" / "events.py",
    PACKAGE / "core" / "midi_address.py",
    PACKAGE / "control" / "keys.py",
    PACKAGE / "control" / "movement.py",  # kinds of MIDI addresses, which are called as two of the controls are
    PACKAGE / "control" / "osc_space.py",
}


def test_every_key_sends_a_control_of_the_table() -> None:
    assert [name for name in KEYS.values() if find_control(name) is None] == []


def test_every_short_osc_address_sends_a_control_of_the_table() -> None:
    assert [name for name in ALIASES.values() if name not in SPECS] == []


def test_every_bundled_controller_sends_controls_of_the_table() -> None:
    for controller in load_controllers():
        for name in controller.names.values():
            assert find_control(name) is not None, (controller.name, name)


def test_scenes_and_venue_bind_controls_of_the_table_to_parameters_or_to_other_controls() -> None:
    knobs = load_venue(None).hands.knobs
    bindings = [(knobs, {*parameter_table(), *w_parameters(binding.to for binding in knobs.values())})]
    for name in scene_paths():
        scene = load_scene(name)
        bindings.append((scene.knobs, set(VOCABULARY.of_scene(scene).parameters)))
    for knobs, parameters in bindings:
        assert [name for name in knobs if not is_bindable(name)] == []
        assert [bound.to for bound in knobs.values() if bound.to not in {*parameters, *control_targets()}] == []


@given(st.integers(0x80, 0xEF), st.integers(0, 127), st.integers(0, 127))
def test_whatever_an_unknown_controller_sends_is_in_the_table(status: int, first: int, second: int) -> None:
    event = Decoder().decode([status, first, second], 0.0)
    assert event is None or find_control(event.name) is not None


def test_no_name_is_a_control_and_a_parameter() -> None:
    assert [name for name in parameter_table() if find_control(name) is not None] == []


@pytest.mark.parametrize("name", ["knob.1", "fader.12", "pad.3", "cc.74", "note.36", "nrpn.1200", "bend", "pressure"])
def test_controls_of_controllers_can_be_bound(name: str) -> None:
    assert is_bindable(name)


@pytest.mark.parametrize(
    "name", ["knob", "knob.", "knob.N", "knob.x", "knob.-1", "knob.\u0663", "scene.1", "blackout", "bend.1", "", ".1"]
)
def test_nothing_else_can(name: str) -> None:
    assert not is_bindable(name)


def test_a_family_is_found_by_any_number_and_by_nothing_else() -> None:
    for name, spec in SPECS.items():
        member = f"{name.removesuffix('N')}7" if name.endswith(".N") else name
        assert find_control(member) is spec
    assert find_control("pad.N") is None


def test_a_wrong_name_gets_the_nearest_right_one() -> None:
    assert unbindable("knbo.3") == "no control is called 'knbo.3'; did you mean 'knob.3'?"
    assert unknown_control("blakout").endswith("did you mean 'blackout'?")
    assert "blackout" not in unbindable("zzz"), "what cannot be bound is not offered"
    assert "knob.N" in unbindable("zzz")


def test_the_summary_of_the_keys_names_those_that_are_needed_first() -> None:
    assert key_summary() == (
        "1 - 9: scene, \u2192: next scene, B: blackout, F or F11: full screen, H: HUD, Esc Esc: quit, "
        "? or F1: every key."
    )


def strings(node: ast.AST) -> list[str]:
    """Strings that stand directly in a list, tuple, set or dict."""
    if isinstance(node, ast.Dict):
        parts: list[ast.expr | None] = [*node.keys, *node.values]
    elif isinstance(node, ast.List | ast.Tuple | ast.Set):
        parts = [*node.elts]
    else:
        return []
    return [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def test_no_other_module_lists_control_names() -> None:
    for path in PACKAGE.rglob("*.py"):
        if path in TABLES:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [name for name in strings(node) if find_control(name) and name not in WindowTable.model_fields]
            assert len(names) < 2, f"{path}:{node.lineno} lists {names}; the table is core/events.py"  # type: ignore[attr-defined]
