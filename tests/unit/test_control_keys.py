from pathlib import Path

import pytest

from livegan.cli import inspect
from livegan.config.venue import ControlsTable, Venue
from livegan.control.keys import (
    KEYS,
    NAMED,
    REPEATED,
    SIGNS,
    find_cap,
    group_of,
    key_groups,
    key_summary,
    key_table,
    unknown_cap,
)
from livegan.core.binding import Binding
from livegan.core.events import SPECS, controls_of, find_control
from livegan.engine.bind import knob_mistakes
from livegan.errors import VenueError
from tests.building import VOCABULARY


def test_every_scene_of_a_set_has_a_key() -> None:
    assert [KEYS[str(number)] for number in range(1, 10)] == [f"scene.{number}" for number in range(1, 10)]
    assert {KEYS["Left"], KEYS["Right"]} == {"scene.previous", "scene.next"}


def test_every_control_of_the_window_has_a_key() -> None:
    assert set(KEYS.values()) >= set(controls_of("window")) - {"master", "fade"}, "keys move them up and down"


def test_a_key_quits() -> None:
    assert KEYS["Esc"] == KEYS["Ctrl+Q"] == "quit"
    rows = [row for group in key_groups(key_table()) for row in group.rows if "quit" in row.about]
    assert [(row.text, row.about) for row in rows] == [("Esc Esc", "quit"), ("Ctrl+Q", "quit at once")]
    assert "Esc Esc: quit" in key_summary()


def test_every_key_is_printed_once_with_what_it_does() -> None:
    groups = key_groups(key_table())
    rows = [row for group in groups for row in group.rows]
    assert len({row.about for row in rows}) == len(rows)
    printed = {cap for row in rows for cap in row.caps}
    for cap, control in KEYS.items():
        spec = find_control(control)
        assert spec is not None
        assert any(row.about == spec.about for row in rows)
        assert cap[-1].isdecimal() or cap in printed or cap.removeprefix("Ctrl+") in SIGNS
    assert [group.title for group in groups] == ["Scenes", "Keep", "Light", "Words", "Tempo", "Window"]
    assert {group_of(name) for name in KEYS.values()} == {group.title for group in groups}, "every default has a place"
    assert any(row.text == "Ctrl+1 - 9" for row in rows)


def test_the_venue_changes_keys_takes_them_away_and_binds_them_to_parameters() -> None:
    changes = {"b": Binding(""), "ctrl+pageup": Binding("blackout"), "K": Binding("effect.flash"), "q": Binding("quit")}
    keys = key_table(changes)
    assert "B" not in keys
    assert keys["Ctrl+PgUp"].to == "blackout"
    assert keys["K"] == Binding("effect.flash", "momentary"), "a key is a pad"
    assert key_table({"K": Binding("effect.flash", "toggle")})["K"].mode == "toggle"
    (yours,) = [group for group in key_groups(keys) if group.title == "Yours"]
    assert [(row.text, row.about) for row in yours.rows] == [("K", "effect.flash, while held")]
    assert "Ctrl+Page \u2191: blackout" in key_summary(keys)
    assert "Esc Q: quit" in key_summary(keys)


@pytest.mark.parametrize("cap", [*KEYS, *NAMED, "\u00d6", "?", "Ctrl+Del"])
def test_a_cap_is_found_however_it_is_written(cap: str) -> None:
    assert find_cap(cap) == find_cap(cap.lower()) == cap


@pytest.mark.parametrize("text", ["", " ", "Ctrl+", "spcae", "F25", "Shift+A", "\n", "ab"])
def test_no_key_is_refused_with_what_to_write(text: str) -> None:
    assert find_cap(text) is None
    assert f"no key is called '{text}'" in unknown_cap(text)


def test_keys_that_repeat_are_steps_of_values() -> None:
    assert all(name.rpartition(".")[0] in SPECS for name in REPEATED)


def test_they_are_printed_with_the_venues_changes_and_its_mistakes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "room.toml"
    place.write_text('[hands.keys]\n"K" = { to = "effect.flash", mode = "toggle" }\n"b" = ""\n')
    inspect.keys(place)
    printed = capsys.readouterr().out
    assert "  K              effect.flash, on and off\n" in printed
    assert "blackout" not in printed
    assert "  F or F11       full screen\n" in printed
    place.write_text('[hands.keys]\n"Spcae" = "blackout"\n')
    with pytest.raises(VenueError, match="did you mean 'Space'"):
        inspect.keys(place)


def test_what_a_venue_binds_keys_to_is_checked_before_the_show() -> None:
    keys = {"K": Binding("effect.flahs"), "Ctrl+Up": Binding("crossfade.forwrad"), "Spcae": Binding("undo")}
    mistakes = knob_mistakes(Venue(hands=ControlsTable(keys=keys)), VOCABULARY)
    assert mistakes == [
        "venue: hands.keys: no key is called 'Spcae'; did you mean 'Space'?",
        "venue: hands.keys.K: no parameter or control called 'effect.flahs'; did you mean 'effect.flash'?",
        "venue: hands.keys.Ctrl+Up: no parameter or control called 'crossfade.forwrad'; did you mean "
        "'crossfade.forward'?",
    ]
    assert knob_mistakes(Venue(hands=ControlsTable(keys={"K": Binding(""), "V": Binding("react")})), VOCABULARY) == []
