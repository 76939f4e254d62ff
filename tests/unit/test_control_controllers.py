from pathlib import Path

import pytest

from livegan.config.load import load_controllers, read_table
from livegan.core.controller import GENERIC, Controller, best_match
from livegan.core.resources import bundled
from livegan.errors import VenueError

FILES = sorted((bundled("configs") / "controllers").glob("*.toml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_bundled_controller_has_knobs_from_one_to_eight(path: Path) -> None:
    table = read_table(path, Controller, VenueError)
    assert {f"knob.{number}" for number in range(1, 9)} <= set(table.knobs.values())
    assert table.name
    assert path.read_text(encoding="utf-8").startswith("#"), "it says where its numbers come from"


def test_no_bundled_controller_hides_another() -> None:
    controllers = load_controllers()
    assert len(controllers) == len(FILES)
    for controller in controllers:
        for part in controller.match:
            assert best_match(controllers, f"{part} MIDI 1 20:0") is controller


def test_the_longest_match_wins_in_any_case_and_order() -> None:
    short, long = (Controller(name=name, match=(part,)) for name, part in (("short", "nano"), ("long", "nanokontrol2")))
    for order in ([short, long], [long, short]):
        assert best_match(order, "nanoKONTROL2 SLIDER/KNOB").name == "long"
        assert best_match(order, "nanoPAD").name == "short"
        assert best_match(order, "Keystation") is GENERIC
    assert best_match([], "Keystation") is GENERIC


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("macth = ['x']", "did you mean 'match'?"),
        ("match = 'box'", "match"),
        ("knobs = { 128 = 'knob.1' }", "knobs.128"),
        ("knobs = { -1 = 'knob.1' }", "knobs.-1"),
        ("knobs = { x = 'knob.1' }", "knobs.x"),
        ("knobs = { 3 = 4 }", "knobs.3"),
        ("knobs = { 3 = '' }", "knobs.3"),
        ("knobs = { 3 = 'knbo.1' }", "did you mean 'knob.1'?"),
        ("pads = { 3 = 'blakout' }", "did you mean 'blackout'?"),
        ("pads = { 128 = 'pad.1' }", "pads.128"),
        ("pads = 7", "pads"),
    ],
)
def test_a_mistake_is_reported_with_its_place(tmp_path: Path, line: str, place: str) -> None:
    path = tmp_path / "box.toml"
    path.write_text(f"name = 'Box'\n{line}\n", encoding="utf-8")
    with pytest.raises(VenueError) as caught:
        read_table(path, Controller, VenueError)
    assert place in str(caught.value)
    assert all(said.startswith(f"{path}: ") for said in str(caught.value).splitlines())


def test_a_file_becomes_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "box.toml"
    path.write_text("name = 'Box'\nmatch = ['box']\nknobs = { 16 = 'knob.1' }\npads = { 0 = 'pad.1', 127 = 'pad.2' }\n")
    table = read_table(path, Controller, VenueError)
    assert (table.name, table.match) == ("Box", ("box",))
    assert (table.knobs, table.pads) == ({16: "knob.1"}, {0: "pad.1", 127: "pad.2"})
