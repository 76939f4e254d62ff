import re
import tomllib
from pathlib import Path

import pytest

from livegan.config.load import load_controllers, read_table
from livegan.config.venue import Venue
from livegan.core.binding import Binding
from livegan.core.controller import GENERIC, Controller, best_match, controller_for, description, device_name
from livegan.core.midi_address import Address
from livegan.core.resources import bundled
from livegan.core.toml_text import toml_text
from livegan.errors import VenueError

FILES = sorted((bundled("configs") / "controllers").glob("*.toml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_bundled_controller_has_eight_knobs_or_eight_pads_and_lights_of_its_own(path: Path) -> None:
    table = read_table(path, Controller, VenueError)
    names = set(table.names.values())
    assert any({f"{family}.{number}" for number in range(1, 9)} <= names for family in ("knob", "pad"))
    assert table.name
    comment = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    assert path.stem == "generic" or any("Numbers:" in line for line in comment), "it says where they come from"
    lit = [name for group in table.feedback for name in group.addresses(table.names)]
    assert set(lit) <= names, "it has a light for a control that it does not have"
    assert len(lit) == len(set(lit))
    assert not table.feedback or lit
    generic = {"knob.1": "react", "pad.1": "effect.flash"}
    assert set(generic) & names, "the venue binds the first knob and pad"


def test_no_bundled_controller_hides_another() -> None:
    controllers = load_controllers()
    assert len(controllers) == len(FILES)
    for controller in controllers:
        for part in controller.match:
            assert best_match(controllers, f"{part} MIDI 1 20:0") is controller
    assert len(controllers) > 10


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
        ("controls = { 'cc14 32' = 'knob.1' }", "the number of cc14 is 0 to 31"),
        ("controls = { 'ccc 3' = 'knob.1' }", "is no MIDI address; write 'cc 74'"),
        ("controls = { 'cc' = 'knob.1' }", "cc has a number"),
        ("controls = { 'bend 3' = 'knob.1' }", "bend has no number"),
        ("controls = { 'cc 3 channel 17' = 'knob.1' }", "a channel is 1 to 16"),
        ("encoders = { 'note 3' = 'binary-offset' }", "write 'cc 3'"),
        ("encoders = { 'cc 3' = 'relative' }", "encoders.cc 3"),
        ("bind = { 'scene.1' = 'react' }", "no control is called 'scene.1'"),
        ("bind = { 'pad.1' = { to = 'effect.flash', mode = 'tggle' } }", "tggle"),
        ("feedback = [{ lights = { 'pad.1' = 'note 128' } }]", "the number of note is 0 to 127"),
        ("feedback = [{ lights = { 'pad.1' = 'bend' } }]", "lights are notes and control changes"),
        ("feedback = [{ on = 128 }]", "feedback.0.on"),
        ("feedback = [{ same = ['pda'] }]", "did you mean 'pad'?"),
        ("feedback = [{ start = 'F0 80 F7' }]", "F0 at its beginning and F7 at its end"),
        ("controls = {" + ",".join(f"'nrpn {n}' = 'knob.{n}'" for n in range(300)) + "}", "at most 256"),
        ("bind = {" + ",".join(f"'cc.{n}' = 'react'" for n in range(300)) + "}", "at most 256"),
        ("match = [" + "'x'," * 300 + "]", "at most 32"),
        ("feedback = [{ lights = {" + ",".join(f"'pad.{n}' = 'note 1'" for n in range(300)) + "} }]", "at most 256"),
        ("feedback = [{ stop = '7F' }]", "F0 at its beginning and F7 at its end"),
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


@pytest.mark.parametrize(
    "text", ["cc 74", "cc14 16", "nrpn 1200", "rpn 0", "note 36", "aftertouch 36", "pressure", "bend", "cc 7 channel 3"]
)
def test_an_address_is_written_as_it_is_read(text: str) -> None:
    assert str(Address.parse(text)) == text
    assert Address.parse(str(Address.parse(text))) == Address.parse(text)


def test_a_file_written_again_is_the_same_controller(tmp_path: Path) -> None:
    path = tmp_path / "box.toml"
    path.write_text(
        """
name = "Box"
match = ["box"]
knobs = { 16 = "knob.1" }
[controls]
"nrpn 1200" = "knob.2"
[encoders]
"cc 16" = "binary-offset"
[bind]
"knob.1" = "motion.pulse"
"pad.1" = { to = "effect.flash", mode = "toggle" }
[[feedback]]
on = 5
lights = { "pad.1" = "note 0" }
""",
        encoding="utf-8",
    )
    table = read_table(path, Controller, VenueError)
    assert table.bind == {"knob.1": Binding("motion.pulse"), "pad.1": Binding("effect.flash", "toggle")}
    dumped = table.model_dump(mode="json", exclude_unset=True)
    path.write_text(toml_text(dumped), encoding="utf-8")
    assert read_table(path, Controller, VenueError) == table


def test_the_page_about_controllers_lists_every_one_and_its_files_can_be_read() -> None:
    page = (Path(__file__).parents[2] / "docs" / "controllers.md").read_text(encoding="utf-8")
    for controller in load_controllers():
        last = controller.name.split(maxsplit=1)[1].removeprefix("TechTools ").removeprefix("Launchpad ")
        assert last in page or controller.name == "any controller", controller.name
    blocks = dict(re.findall(r"```toml ([\w.-]+)\n(.*?)```", page, re.DOTALL))
    example = Controller.model_validate(tomllib.loads(blocks["controller"]))
    assert example.bind["pad.9"] == Binding("effect.flash", "toggle")
    assert len(example.names) == 11
    assert Venue.model_validate(tomllib.loads(blocks["my-venue.toml"])).hands.port == ("nanoKONTROL2", "APC mini")


def test_what_a_port_is_taken_for_is_said() -> None:
    known = load_controllers()
    assert description(known, "nanoKONTROL2 MIDI 1") == "Korg nanoKONTROL2, lights"
    assert "livegan learn" in description(known, "Foo 8")
    own = Controller(name="Foo 8", match=("Foo 8",), bind={"knob.1": Binding("react")})
    assert description([own, *known], "Foo 8") == "Foo 8, 1 learnt"


@pytest.mark.parametrize(
    ("port", "device"),
    [
        ("nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0", "nanoKONTROL2"),  # ALSA
        ("nanoKONTROL2 SLIDER/KNOB", "nanoKONTROL2 SLIDER/KNOB"),  # CoreMIDI
        ("KnobBox:ctl", "KnobBox"),  # JACK, a program
        ("system:midi_capture_1", "midi_capture_1"),  # JACK, its own driver
        ("a2j:nanoKONTROL2 [20] (capture): nanoKONTROL2 MIDI 1", "nanoKONTROL2"),  # JACK, its bridge from ALSA
        ("Midi-Bridge:nanoKONTROL2 1:(capture_0) nanoKONTROL2 MIDI 1", "nanoKONTROL2 1"),  # PipeWire
        ("7", "7"),
        ("system:", "system:"),
        ("", ""),
    ],
)
def test_the_device_of_a_port(port: str, device: str) -> None:
    assert device_name(port) == device
    assert controller_for([], port).match_length(port) >= 0


def test_windows_numbers_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    assert device_name("nanoKONTROL2 1") == "nanoKONTROL2"


def test_a_device_without_a_file_has_its_own_name_and_the_generic_numbers() -> None:
    generic = Controller(name="any controller", match=("",), knobs={1: "knob.1"})
    own = controller_for([generic], "Beat Box:Beat Box MIDI 1 20:0")
    assert (own.name, own.match, own.knobs) == ("Beat Box", ("Beat Box",), generic.knobs)
    known = Controller(name="beat", match=("beat",))
    assert controller_for([generic, known], "Beat Box") is known
