"""Laws of motion models, asked of every member of MOTIONS, plugins too."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import livegan
from livegan.config.load import load_scenes
from livegan.core.parameters import Parameter
from livegan.core.toml import StrictModel
from livegan.core.types import ControlEvent, FeatureFrame
from livegan.engine import bind
from livegan.engine.vocabulary import Vocabulary, parameter_table
from livegan.mapping.latent import Latent
from livegan.mapping.motions.registry import MOTIONS, SPEED, Motion, MotionSetup
from livegan.networks.info import NetworkInfo
from tests.building import LAYOUT, PLAIN, heard

NAMES = MOTIONS.names()
ROOT = Path(livegan.__file__).parents[1]  # the code under test, whatever else is installed
NETWORKS = [  # without w, and with
    replace(PLAIN, z_dim=32),
    NetworkInfo("styled", Path("styled.json"), "stylegan2", (16, 16), 32, 0, w_dim=8, shape={"channels": [4, 4, 4]}),
]
DEFAULTS = {name: parameter.default for name, parameter in parameter_table().items()}


def made(name: str, network: NetworkInfo = NETWORKS[0], seed: int = 3) -> Motion:
    model = MOTIONS[name]
    return model(MotionSetup([network], seed, model.Settings.model_validate(dict(model.example))))


def loud(motion: Motion, level: float, at_s: float = 0.0) -> FeatureFrame:
    """Every feature at `level`; the beat clock at 120 beats a minute."""
    return heard(at_s, **dict.fromkeys(LAYOUT.names, level) | {"beat.phase": at_s * 2 % 1, "beat.bpm": 120.0})


def extremes(name: str) -> Iterator[Mapping[str, float]]:
    """The defaults; and each of the model's parameters at its ends, with react at its ends."""
    yield DEFAULTS
    for parameter in MOTIONS[name].parameters:
        for value in (parameter.low, parameter.high):
            for react in (0.0, 2.0):
                yield {**DEFAULTS, parameter.name: value, "react": react}


def mixed(latent: Latent) -> np.ndarray | None:
    """A mix as a network sees it that maps z to its tanh: in whichever order, latents of no weight left out or not."""
    if not latent.mix:
        return None
    return np.asarray(sum(np.float32(weight) * np.tanh(z) for weight, z in latent.mix))


def close(one: Latent, other: Latent, tolerance: float = 2e-3) -> None:
    for a, b in ((one.z, other.z), (one.w, other.w), (mixed(one), mixed(other)), (one.classes, other.classes)):
        assert (a is None) == (b is None)
        if a is not None and b is not None:
            np.testing.assert_allclose(a, b, atol=tolerance)


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is_and_what_can_be_set(name: str) -> None:
    model = MOTIONS[name]
    assert model.__doc__ not in (None, Motion.__doc__)
    for parameter in model.parameters:
        assert parameter_table()[parameter.name] == parameter
        assert parameter.low <= parameter.default <= parameter.high
        assert parameter.about
    for key, field in model.Settings.model_fields.items():
        assert field.description, key
    features = model.Settings.model_validate(dict(model.example)).features()
    assert set(features.values()) <= set(LAYOUT.names), "the defaults name features that every venue has"


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
@pytest.mark.parametrize("name", NAMES)
def test_latents_are_finite_and_have_the_shape_of_the_network(name: str, network: NetworkInfo) -> None:
    for values in extremes(name):
        motion = made(name, network)
        for i in range(100):
            latent = motion.step(loud(motion, float(i % 2)), values, 0.25)
            assert latent.z is not None or latent.w is not None
            if latent.z is not None:
                assert (latent.z.shape, latent.z.dtype) == ((network.z_dim,), np.float32)
                assert np.isfinite(latent.z).all()
                assert np.linalg.norm(latent.z) < 5 * np.sqrt(network.z_dim), "z far out of the usual makes noise"
            for weight, z in latent.mix:
                assert latent.z is not None, "networks without w draw z"
                assert np.isfinite(weight)
                assert (z.shape, z.dtype) == ((network.z_dim,), np.float32)
                assert np.isfinite(z).all()
            assert not latent.mix or abs(sum(weight for weight, _ in latent.mix)) < 1 + 1e-5
            if latent.w is not None:
                assert latent.w.dtype == np.float32
                assert latent.w.shape in ((1, network.w_dim), (network.num_ws, network.w_dim))
                assert np.isfinite(latent.w).all()
            if latent.classes is not None:
                assert (latent.classes.shape, latent.classes.dtype) == ((12,), np.float32)
                assert latent.classes.min() >= 0
                assert latent.classes.max() <= 1 + 1e-6


@pytest.mark.parametrize("name", NAMES)
def test_many_small_steps_are_one_large_one(name: str) -> None:
    for values in extremes(name):
        for seconds in (0.5, 5.0):
            motions = [made(name) for _ in range(3)]
            for motion, steps in zip(motions, (1, 30, 144), strict=True):
                for step in range(1, steps + 1):
                    latent = motion.step(loud(motion, 0.7, seconds * step / steps), values, seconds / steps)
                if steps == 1:
                    once = latent
                close(once, latent)


@pytest.mark.parametrize("name", NAMES)
def test_in_no_time_it_stays(name: str) -> None:
    motion = made(name)
    before = motion.step(loud(motion, 0.5), DEFAULTS, 1.0)
    close(motion.step(loud(motion, 0.5), DEFAULTS, 0.0), before, 1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_steps_give_the_same_latents_and_what_it_gave_is_the_callers(name: str) -> None:
    one, other = made(name), made(name)
    for i in range(40):
        a, b = (motion.step(loud(motion, (i % 3) / 2), DEFAULTS, 0.05) for motion in (one, other))
        close(a, b, 0.0)
        for array in (a.z, a.w, *(z for _, z in a.mix)):
            if array is not None:
                array[:] = 9.0


def test_none_of_them_loads_torch() -> None:
    code = "import sys; from livegan.mapping.motions.registry import MOTIONS; MOTIONS.names(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "livegan.mapping.motions.lucid" in done.stdout.split()
    assert "torch" not in done.stdout.split()


class Spin(Motion):
    """Rotation in the plane of the first two latent dimensions, as a plugin would write it."""

    parameters = (SPEED, Parameter("motion.radius", 0, 4, 2, "how far out it turns", reader="motion"))

    class Settings(Motion.Settings):
        spin_from: str = "level"

    def __init__(self, setup: MotionSetup) -> None:
        self._z_dim, self._source, self._turns = setup.z_dim, setup.settings.features()["spin_from"], 0.0

    def step(self, heard: FeatureFrame, values: Mapping[str, float], dt_s: float) -> Latent:
        self._turns += heard[self._source] * values["motion.speed"] / 60 * dt_s
        z = np.zeros(self._z_dim, np.float32)
        z[:2] = values["motion.radius"] * np.array([np.cos(self._turns), np.sin(self._turns)])
        return Latent(z=z)


@pytest.fixture
def spin() -> Iterator[None]:
    MOTIONS.names()
    MOTIONS("spin")(Spin)
    yield
    del MOTIONS._entries["spin"]


SPINNING = """
title = "Spin"
network = "plain"
knobs = { "knob.1" = "motion.radius" }
[motion]
model = "spin"
spin_from = "bass"
[parameters]
motion.radius = 1.5
[[routes]]
source = "onset"
target = "motion.radius"
amount = 2.0
attack_s = 0.0
"""


@pytest.mark.usefixtures("spin")
def test_one_file_is_a_whole_model_with_parameters_on_scenes_routes_knobs_and_checks(tmp_path: Path) -> None:
    path = tmp_path / "spin.toml"
    path.write_text(SPINNING)
    vocabulary = Vocabulary(LAYOUT, parameter_table())
    patch = bind.bind_scene(*load_scenes([str(path)]), vocabulary)
    assert patch.plan(0, 0.0, 0.1, heard()).z[0] == pytest.approx(1.5)
    assert patch.plan(1, 0.1, 0.0, heard(onset=1.0)).z[0] == pytest.approx(3.5)
    patch.controls.handle(ControlEvent(0.0, "knob.1", 0.5))
    assert patch.plan(2, 0.2, 0.0, heard()).z[0] <= 4.0
    for right, wrong, hint in (
        ("motion.radius = 1.5", "motion.radius = 7", "outside 0..4"),
        ("spin_from =", "spin_fro =", "did you mean 'spin_from'"),
        ('"bass"', '"bas"', "did you mean 'bass'"),
        ('"motion.radius" }', '"motion.radus" }', "did you mean 'motion.radius'"),
    ):
        path.write_text(SPINNING.replace(right, wrong))
        (mistake,) = bind.check_scene(*load_scenes([str(path)]), vocabulary).mistakes
        assert hint in mistake


@pytest.mark.usefixtures("spin")
def test_a_feature_of_a_group_that_only_the_motion_names_is_heard(tmp_path: Path) -> None:
    from livegan.config.venue import InputTable, Venue

    path = tmp_path / "spin.toml"
    path.write_text(SPINNING.replace('"bass"', '"drums:level"'))
    venue = Venue(inputs={"drums": InputTable(channels=(1,))})
    assert "drums:level" in bind.listen(venue, 48000, 2, load_scenes([str(path)])).layout.names


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (object, "not a subclass"),
        (type("Odd", (Spin,), {"parameters": (Parameter("odd", 0, 1, 0, "x", reader="motion"),)}), "motion.NAME"),
        (type("Twin", (Spin,), {"parameters": (replace(SPEED, high=9),)}), "models share parameters by name"),
        (type("Keys", (Spin,), {"Settings": StrictModel}), "not a subclass of .*MotionSettings"),
    ],
)
def test_what_cannot_be_a_model_is_refused_where_it_is_registered(member: type, reason: str) -> None:
    MOTIONS.names()
    with pytest.raises((TypeError, ValueError), match=reason):
        MOTIONS("odd")(member)
    assert "odd" not in MOTIONS
