"""`livegan osc`: the namespace for people and programs, and layouts for TouchOSC."""

import json
import xml.etree.ElementTree as ET
import zlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from livegan.cli import app
from livegan.config.load import load_scenes, load_venue
from livegan.control.osc_space import AddressSpace
from livegan.control.touchosc import HEIGHT, WIDTH
from livegan.core.resources import bundled
from livegan.engine.usual import eight_of
from livegan.errors import LiveganError
from livegan.studio import osc_namespace
from tests.boards import BoardFeed


def run(*words: str) -> str:
    result = CliRunner().invoke(app, ["osc", *words])
    if isinstance(result.exception, LiveganError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_the_namespace_names_every_parameter_with_its_range_and_the_scenes_value() -> None:
    found = osc_namespace.namespace(load_venue(), "tide")
    text = run("--scene", "tide", "--osc", "0.0.0.0:9001")
    assert "OSC comes in at 0.0.0.0:9001 (UDP)" in text
    for name in found.parameters:
        assert f"  /{name.replace('.', '/')} " in text
    assert "0 .. 2, here 0.2: how far a beat throws the picture for a moment" in text
    for address in ("/blackout", "/scene", "/cue", "/next", "/tap", "/prompt", "/panic", "/safe", "/bpm", "/crossfade"):
        assert f"  {address} " in text


@pytest.mark.parametrize("scene", ["tide", "beam"])
def test_a_layout_has_the_sliders_of_the_phone_page(scene: str) -> None:
    venue = load_venue()
    (loaded,) = load_scenes([scene])
    assert loaded.scene is not None
    knobs = {**venue.hands.knobs, **loaded.scene.knobs}
    playing = BoardFeed(loaded.scene.model_copy(update={"network": "plain", "knobs": knobs}))
    assert osc_namespace.namespace(venue, scene).targets == eight_of(playing.step())


def test_the_tree_is_that_of_oscquery() -> None:
    root = json.loads(run("--scene", "tide", "--json"))
    assert root["CONTENTS"]["motion"]["CONTENTS"]["pulse"]["VALUE"] == [0.2]
    assert root["CONTENTS"]["scene"]["VALUE"] == ["tide"]


def nodes(path: Path) -> list[ET.Element]:
    root = ET.fromstring(zlib.decompress(path.read_bytes()))
    assert (root.tag, len(root)) == ("lexml", 1)
    return list(root.iter("node"))


def addresses(node: ET.Element) -> list[str]:
    return [path.findtext("partial/value", "") for path in node.findall("messages/osc/path")]


def number(node: ET.Element, key: str, part: str) -> float:
    (found,) = [each for each in node.findall("properties/property") if each.findtext("key") == key]
    return float(found.findtext(f"value/{part}", ""))


def test_a_layout_has_sliders_scenes_and_the_master_section_that_do_not_overlap(tmp_path: Path) -> None:
    path = tmp_path / "tide.tosc"
    assert "livegan play --osc 0.0.0.0" in run("--scene", "tide", "--touchosc", str(path))
    with pytest.raises(LiveganError, match=r"tide\.tosc is there already; give another name, or add --overwrite"):
        run("--touchosc", str(path))
    found = nodes(path)
    assert len({node.get("ID") for node in found}) == len(found)
    space = AddressSpace(osc_namespace.namespace(load_venue(), "tide").parameters, [str(each) for each in range(12)])
    controls = [node for node in found if node.get("type") in ("FADER", "BUTTON")]
    for node in controls:
        assert space.find(addresses(node)[0]) is not None
    sent = [addresses(node)[0] for node in controls]
    assert {"/blackout", "/freeze", "/tap", "/safe", "/panic", "/master", "/scene/12", "/motion/pulse"} <= set(sent)
    faders = [node for node in controls if node.get("type") == "FADER"]
    assert len(faders) == 8 + 2
    boxes = [[number(node, "frame", part) for part in "xywh"] for node in controls]
    assert all(x >= 0 and y >= 0 and x + w <= WIDTH and y + h <= HEIGHT for x, y, w, h in boxes)
    for i, (x, y, w, h) in enumerate(boxes):
        assert not any(x < u + s and u < x + w and y < v + t and v < y + h for u, v, s, t in boxes[:i])


def test_a_slider_sends_its_parameters_own_range(tmp_path: Path) -> None:
    path = tmp_path / "tide.tosc"
    run("--scene", "tide", "--touchosc", str(path))
    (fader,) = [node for node in nodes(path) if addresses(node) == ["/motion/pulse"]]
    (argument,) = fader.findall("messages/osc/arguments/partial")
    assert [argument.findtext(key) for key in ("type", "value", "scaleMin", "scaleMax")] == ["VALUE", "x", "0", "2"]


def test_the_layout_that_is_shipped_is_the_one_that_is_made(tmp_path: Path) -> None:
    path = tmp_path / "livegan.tosc"
    run("--touchosc", str(path))
    shipped = bundled("configs") / "touchosc" / "livegan.tosc"
    again = "type: livegan osc --touchosc configs/touchosc/livegan.tosc --overwrite"
    assert zlib.decompress(path.read_bytes()) == zlib.decompress(shipped.read_bytes()), again
