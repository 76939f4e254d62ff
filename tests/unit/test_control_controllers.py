import tomllib
from pathlib import Path

import pytest

from livegan.control.controllers import GENERIC, Controller, best_match, controller_from
from livegan.core.shipped import shipped
from livegan.errors import VenueError

FILES = sorted((shipped("configs") / "controllers").glob("*.toml"))


def read(path: Path) -> Controller:
    return controller_from(tomllib.loads(path.read_text()), path.stem)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_controller_we_ship_has_knobs_from_one_to_eight(path: Path) -> None:
    controller = read(path)
    assert {f"knob.{number}" for number in range(1, 9)} <= set(controller.knobs.values())
    assert controller.name
    assert path.read_text().startswith("#"), "it says where its numbers come from"


def test_no_controller_we_ship_hides_another() -> None:
    controllers = [read(path) for path in FILES]
    for controller in controllers:
        for part in controller.match:
            assert best_match(controllers, f"{part} MIDI 1 20:0") is controller


def test_the_longest_match_wins_in_any_case_and_order() -> None:
    short, long = Controller("short", ("nano",)), Controller("long", ("nanokontrol2",))
    for order in ([short, long], [long, short]):
        assert best_match(order, "nanoKONTROL2 SLIDER/KNOB").name == "long"
        assert best_match(order, "nanoPAD").name == "short"
        assert best_match(order, "Keystation") is GENERIC
    assert best_match([], "Keystation") is GENERIC


def test_all_mistakes_are_told_at_once() -> None:
    table = {"name": "", "macth": ["x"], "knobs": {"128": "knob.1", "x": "knob.2", "3": 4}, "pads": 7}
    with pytest.raises(VenueError) as caught:
        controller_from(table, "box.toml")
    text = str(caught.value)
    for part in ("did you mean 'match'?", "name:", "match:", "knobs.128", "knobs.x", "knobs.3", "pads:"):
        assert part in text
    assert all(line.startswith("box.toml: ") for line in text.splitlines())


def test_a_file_becomes_what_it_says() -> None:
    table = {"name": "Box", "match": ["box"], "knobs": {"16": "knob.1"}, "pads": {"36": "pad.1"}}
    assert controller_from(table, "box.toml") == Controller("Box", ("box",), {16: "knob.1"}, {36: "pad.1"})
