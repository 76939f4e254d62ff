"""Scenes of several motion models: weights, names of parameters, mistakes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from livegan.config.load import LoadedScene, load_scenes
from livegan.config.scene import Motion as MotionTable
from livegan.config.scene import Scene
from livegan.config.venue import InputTable, Venue
from livegan.core.types import ControlEvent, FeatureFrame, Mix, Vector
from livegan.engine import bind
from livegan.engine.vocabulary import Vocabulary
from livegan.mapping.latent import Latent
from livegan.mapping.motion_sum import MotionSum
from livegan.mapping.motions.registry import MOTIONS, Motion, MotionSetup
from tests.building import PLAIN, VOCABULARY, heard, patch_of

RNG = np.random.default_rng(5)


class Still(Motion):
    """A model that gives one latent."""

    def __init__(
        self, z: Vector | None = None, w: Vector | None = None, mix: Mix = (), classes: Vector | None = None
    ) -> None:
        self.latent = Latent(z, w, mix, classes)

    def step(self, heard: FeatureFrame, values: Mapping[str, float], dt_s: float) -> Latent:
        return self.latent


def summed(motions: list[Motion], *weights: float) -> Latent:
    names = ("motion.weight", "motion.2.weight", "motion.3.weight")
    return MotionSum(motions).step(heard(), dict(zip(names, weights, strict=False)), 0.0)


def scene(*motions: Mapping[str, Any], **more: Any) -> Scene:
    return Scene(title="Sum", motion=[MotionTable(**table) for table in motions], **more)


def z_of(made: Scene, seconds: float = 0.5, level: float = 0.7) -> Vector:
    return patch_of(made).plan(0, 0.0, seconds, heard(bass=level, mid=level)).z


def test_z_are_added_with_weights_and_keep_their_usual_length() -> None:
    one, other = RNG.standard_normal((2, 4000)).astype(np.float32)
    both = summed([Still(one), Still(other)], 1.0, 1.0).z
    np.testing.assert_allclose(both, (one + other) / np.sqrt(2), atol=1e-5)
    assert np.std(both) == pytest.approx(1, abs=0.05)
    np.testing.assert_array_equal(summed([Still(one), Still(other)], 1.0, 0.0).z, one)
    np.testing.assert_allclose(summed([Still(one), Still(other)], 0.5, 0.25).z, one / 2 + other / 4, atol=1e-6)
    assert not summed([Still(one), Still(other)], 0.0, 0.0).z.any()


def test_w_and_classes_are_averaged_and_one_row_of_w_serves_all_layers() -> None:
    row, rows = np.ones((1, 8), np.float32), np.full((6, 8), 3, np.float32)
    both = summed([Still(w=row), Still(w=rows)], 1.0, 1.0).w
    np.testing.assert_allclose(both, np.full((6, 8), 2), atol=1e-6)
    np.testing.assert_allclose(summed([Still(w=row), Still(w=rows)], 0.0, 0.0).w, np.full((6, 8), 2), atol=1e-6)
    one, other = np.eye(12, dtype=np.float32)[:2]
    z = np.ones(4, np.float32)
    three = [Still(z, classes=one), Still(z), Still(z, classes=other)]
    np.testing.assert_allclose(summed(three, 1.0, 2.0, 0.5).classes, (one * 2 + other) / 3, atol=1e-6)
    assert summed([Still(z)], 1.0).classes is None


def test_models_of_z_of_w_and_of_mixes_meet_in_w() -> None:
    one, other, third, fourth = RNG.standard_normal((4, 8)).astype(np.float32)
    w = np.ones((1, 8), np.float32)
    both = summed([Still(one), Still(w=w)], 1.0, 3.0)
    assert both.w is w
    assert [weight for weight, _ in both.mix] == [pytest.approx(0.25)]
    three = [Still(one), Still(third, mix=((0.5, other), (0.25, third))), Still(fourth)]
    latent = summed(three, 1.0, 2.0, 1.0)
    assert latent.w is None
    weights, points = zip(*latent.mix, strict=True)
    np.testing.assert_allclose(weights, (0.25, 0.125, 0.125, 0.5))  # they are all of it
    for point, z in zip(points, (other, third, third, (one + fourth) / np.sqrt(2)), strict=True):
        np.testing.assert_allclose(point, z, atol=1e-6)
    assert latent.z is not None  # for networks without w


def test_a_scene_sums_its_models_each_with_its_own_parameters_and_chance() -> None:
    alone = z_of(scene({"model": "lucid"}))
    np.testing.assert_array_equal(z_of(scene({})), alone)
    np.testing.assert_array_equal(z_of(Scene(title="One", motion=MotionTable())), alone)
    off = {"motion.2.weight": 0.0}
    np.testing.assert_array_equal(z_of(scene({}, {}, parameters=off)), alone)
    other = z_of(scene({}, {}, parameters={"motion.weight": 0.0}))
    assert abs(np.corrcoef(alone, other)[0, 1]) < 0.9
    np.testing.assert_allclose(z_of(scene({}, {})), (alone + other) / np.sqrt(2), atol=1e-5)
    fast = scene({}, {}, parameters={"motion.2.speed": 110})
    assert abs(z_of(fast) - z_of(scene({}, {}))).max() > 0.1
    np.testing.assert_array_equal(z_of(scene({}, {}, parameters={**off, "motion.2.speed": 110})), alone)


def test_a_weight_is_on_routes_and_knobs() -> None:
    route = {"source": "onset", "target": "motion.2.weight", "amount": 1.0, "attack_s": 0.0}
    made = scene(
        {}, {}, parameters={"motion.2.weight": 0}, routes=[route], knobs={"knob.1": "motion.2.weight", "pad.1": "react"}
    )
    patch = patch_of(made)
    assert patch.values(heard(onset=1.0).values, 0.1)["motion.2.weight"] == pytest.approx(1)
    assert patch.controls.handle(ControlEvent(0.0, "knob.1", 1.0))
    assert patch.values(heard().values, 9.0)["motion.2.weight"] == pytest.approx(2, abs=1e-3)


MISTAKES = """
title = "Wrong"
network = "plain"
[[motion]]
model = "lucid"
[[motion]]
model = "path"
path = ["seeds:1-4"]
pulse_from = "bas"
[[motion]]
model = "lucd"
[parameters]
motion.2.pulse = 1
motion.2.speed = 500
motion.4.speed = 1
"""


def test_mistakes_say_in_which_of_the_models_they_are(tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(MISTAKES)
    found = "\n".join(bind.check_scene(*load_scenes([str(path)]), VOCABULARY).mistakes)
    for text in (
        "motion.2.pulse_from: no feature called 'bas'; did you mean 'bass'?",
        "motion.3.model: no motion model called 'lucd'; did you mean 'lucid'?",
        "parameters.motion.2.pulse: no parameter called 'motion.2.pulse'",
        "parameters.motion.2.speed: 500 is outside 0..120",
        "parameters.motion.4.speed: no parameter called 'motion.4.speed'",
    ):
        assert text in found
    assert found.count("\n") == 4


def test_a_broken_table_is_left_out_and_said(tmp_path: Path) -> None:
    for text, at in (("[motion]\nmodel = 3\n", "motion.0.model"), ("[[motion]]\nmodel = 3\n", "motion.0.model")):
        path = tmp_path / "odd.toml"
        path.write_text('title = "Odd"\n' + text)
        (loaded,) = load_scenes([str(path)])
        assert loaded.scene is not None
        assert at in loaded.mistakes[0]
    path.write_text('title = "Odd"\n' + "[[motion]]\n" * 5)
    assert "at most 4" in load_scenes([str(path)])[0].mistakes[0]


def test_features_of_every_model_are_listened_to() -> None:
    venue = Venue(inputs={"drums": InputTable(channels=(1,))})
    made = LoadedScene("x", scene({}, {"pulse_from": "drums:onset"}))
    assert "drums:onset" in bind.listen(venue, 48000, 2, [made]).layout.names


def test_a_setup_of_no_motion_model_is_the_default_one() -> None:
    assert MotionSetup([PLAIN]).z_dim == 16
    assert Scene(title="x").motion[0].model == "lucid"


DOCS = (Path(__file__).parents[2] / "docs" / "motions.md").read_text(encoding="utf-8")


def test_the_scene_in_the_documentation_can_be_played(tmp_path: Path) -> None:
    path = tmp_path / "sum.toml"
    path.write_text(DOCS.split("```toml sum.toml\n")[1].split("```")[0])
    loaded = load_scenes([str(path)])
    vocabulary = Vocabulary.of(bind.listen(Venue(), 48000, 2, loaded).layout)
    assert bind.check_scene(*loaded, vocabulary).mistakes == ()


def test_every_motion_model_is_documented() -> None:
    assert [name for name in MOTIONS if MOTIONS.origin(name) == "livegan" and f"`{name}`" not in DOCS] == []
    for name in ("lucid", "biggan", "spectrum"):
        assert [each.name for each in MOTIONS[name].parameters if f"`{each.name}`" not in DOCS] == []


@pytest.mark.parametrize(("name", "model"), [("lucid", "lucid"), ("deep-music", "biggan"), ("gance-noise", "spectrum")])
def test_scenes_named_after_their_systems_play_their_models(name: str, model: str) -> None:
    (loaded,) = load_scenes([name])
    assert loaded.scene is not None
    assert [table.model for table in loaded.scene.motion] == [model]
    assert (loaded.scene.motion[0].model_extra or {}).get("original", True), "to the letter"


def test_a_scene_that_is_read_again_goes_on_where_it_is() -> None:
    """The latents of all its models, and how far its classes have been turned."""
    parameters = {"class.shuffle": 1, "class.turn": 0.25, "class.smooth": 0, "class.mix": 0}
    patches = [patch_of(scene({}, {"model": "biggan"}, parameters=parameters)) for _ in range(2)]
    sound = heard(level=0.6, **{"amplitude.mean": 0.5, "chroma.E": 1.0})
    for i in range(90):
        before = patches[0].plan(i, i / 60, 1 / 60, sound)
    patches[1].go_on_from(patches[0])
    after = patches[1].plan(90, 1.5, 0.0, sound)
    np.testing.assert_allclose(after.z, before.z, atol=1e-6)
    np.testing.assert_allclose(after.classes, before.classes, atol=1e-6)
