"""Parameters of slices of w: their names, in routes, knobs, scenes and venues, and what of them a plan carries."""

from dataclasses import replace

import pytest

from livegan.config.load import LoadedScene
from livegan.config.scene import RouteTable, Scene
from livegan.config.venue import ControlsTable, Venue
from livegan.core.parameters import W_SLICES, w_parameter, w_slice
from livegan.core.types import ControlEvent, Push
from livegan.engine.bind import bind_scene, knob_mistakes
from livegan.engine.patch import Patch
from livegan.errors import SceneError
from tests.building import PLAIN, VOCABULARY, heard

NETWORK = replace(PLAIN, w_dim=8)


def patch(*routes: RouteTable, venue_knobs: dict[str, str] | None = None, **words: object) -> Patch:
    scene = Scene(title="T", network="plain", seed=5, routes=routes, **words)  # type: ignore[arg-type]
    return bind_scene(LoadedScene("t", scene), VOCABULARY, venue_knobs, networks=[NETWORK])


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("w[0:4]", (0, 4, 0)),
        ("w[:4]", (0, 4, 0)),
        ("w[4:10].3", (4, 10, 3)),
        ("w[10:]", (10, None, 0)),
        ("w[:]", (0, None, 0)),
        ("w[-4:]", (-4, None, 0)),
        ("w[2:-1]", (2, -1, 0)),
    ],
)
def test_a_slice_is_written_as_in_python(name: str, rows: tuple[int, int | None, int]) -> None:
    assert w_slice(name) == rows
    parameter = w_parameter(name)
    assert parameter is not None
    assert (parameter.name, parameter.low, parameter.high, parameter.default) == (name, -3, 3, 0)


@pytest.mark.parametrize(
    "name", ["w", "w[0]", "w[4:2]", "w[3:3]", "w[:0]", "w[-1:-4]", "w[0:4].8", "w[0:4].", "w[a:b]", "w[0:4] ", "w[0:٤]"]
)
def test_nothing_else_is_one(name: str) -> None:
    assert w_parameter(name) is None
    with pytest.raises(SceneError) as caught:
        patch(RouteTable(source="bass", target=name, amount=1))
    assert "routes.0.target: " in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    if name.startswith("w["):
        assert "write w[0:4], w[4:10] or w[10:]" in str(caught.value)


def test_routes_push_slices_within_their_range() -> None:
    bass = RouteTable(source="bass", target="w[0:4]", amount=2, attack_s=0, release_s=0)
    onset = RouteTable(source="onset", target="w[8:].2", amount=-9, attack_s=0, release_s=0)
    scene_patch = patch(bass, onset, parameters={"w[4:8]": 0.25})
    always = Push(0.25, 4, 8, 0, 5)
    assert scene_patch.plan(0, 0.0, 0.1, heard()).pushes == (always,)
    loud = scene_patch.plan(1, 0.1, 0.1, heard(bass=0.5, onset=1.0))
    assert set(loud.pushes) == {always, Push(1.0, 0, 4, 0, 5), Push(-3.0, 8, None, 2, 5)}
    assert loud.parameters == {}


def test_knobs_of_scenes_and_venues_turn_slices_over_their_range() -> None:
    scene_patch = patch(knobs={"knob.1": "w[0:4]"}, venue_knobs={"knob.2": "w[4:]", "knob.1": "react"})
    assert scene_patch.controls.handle(ControlEvent(0.0, "knob.1", 1.0))
    assert scene_patch.controls.handle(ControlEvent(0.0, "knob.2", 0.0))
    assert set(scene_patch.plan(0, 0.0, 0.1, heard()).pushes) == {Push(3.0, 0, 4, 0, 5), Push(-3.0, 4, None, 0, 5)}
    assert knob_mistakes(Venue(hands=ControlsTable(knobs={"knob.1": "w[0:4]"})), VOCABULARY) == []
    assert knob_mistakes(Venue(hands=ControlsTable(knobs={"knob.1": "w[4:0]"})), VOCABULARY) != []


def test_a_network_without_w_is_not_pushed() -> None:
    scene = Scene(title="T", network="plain", parameters={"w[0:4]": 1.0})
    plain = bind_scene(LoadedScene("t", scene), VOCABULARY, networks=[PLAIN])
    assert plain.plan(0, 0.0, 0.1, heard()).pushes == ()


def test_a_scene_has_room_for_so_many_slices() -> None:
    most = {f"w[{i}:]": 0.1 for i in range(W_SLICES)}
    assert len(patch(parameters=most).plan(0, 0.0, 0.1, heard()).pushes) == W_SLICES
    with pytest.raises(SceneError, match=f"9 slices of w, {W_SLICES} are allowed"):
        patch(RouteTable(source="bass", target="w[0:9]", amount=1), parameters=most)
    with pytest.raises(SceneError, match=r"parameters.w\[0:4\]: 4 is outside -3..3"):
        patch(parameters={"w[0:4]": 4.0})
