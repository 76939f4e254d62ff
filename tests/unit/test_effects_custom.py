"""Custom effects: the contract of lucid-sonic-dreams, kept to the letter, and what happens when a function does not."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance

from livegan.config.load import load_scenes
from livegan.config.venue import EffectTable, Venue
from livegan.core.types import ControlEvent, FeatureFrame, Pixels
from livegan.effects.custom import CustomEffects
from livegan.engine.bind import Binder, listen
from livegan.engine.check import check
from livegan.engine.custom_effects import effects_typed
from livegan.engine.guard import FaultGuard
from livegan.errors import VenueError

CODE = """
import numpy as np
from PIL import Image, ImageEnhance

calls = []

def contrast(array, strength, amplitude):
    return np.array(ImageEnhance.Contrast(Image.fromarray(array)).enhance(1 + amplitude * strength))

def as_image(array, strength, amplitude):
    return Image.fromarray(255 - array)

def share(array, strength, amplitude):
    return array / 255

def bytes_as_floats(array, strength, amplitude):
    return array.astype(float) * strength

def grey(array, strength, amplitude):
    return array[:, :, 0]

def with_alpha(array, strength, amplitude):
    return np.concatenate([array, array[:, :, :1]], axis=2)

def note(amplitude, array, strength):
    calls.append((array.shape, array.dtype, strength, amplitude))
    array[:] = 0
    return array

def not_numbers(array, strength, amplitude):
    return np.full(array.shape, np.nan)

def smaller(array, strength, amplitude):
    return array[1:]

def nothing(array, strength, amplitude):
    pass

def raising(array, strength, amplitude):
    raise ZeroDivisionError("no")

def other_names(picture, amount):
    return picture
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("code")
    (folder / "contract_fx.py").write_text(CODE)
    yield folder
    sys.modules.pop("contract_fx", None)


@pytest.fixture
def made(folder: Path) -> Iterator[list[CustomEffects]]:
    effects: list[CustomEffects] = []
    yield effects
    for each in effects:
        each.close()


def picture(value: int = 0) -> Pixels:
    return np.random.default_rng(value).integers(0, 256, (7, 9, 3), np.uint8)


def applied(
    made: list[CustomEffects], folder: Path, name: str, strength: float = 0.5, amplitude: float = 0.5
) -> Pixels:
    made.append(CustomEffects([f"contract_fx:{name}"], folder))
    plan = {"custom.1": strength, "custom.1.amplitude": amplitude}
    out = made[-1].step(torch.from_numpy(picture()), plan)
    assert isinstance(out, torch.Tensor)
    assert (out.shape, out.dtype) == ((7, 9, 3), torch.uint8)
    return out.numpy()


def test_the_contrast_of_lucid_sonic_dreams_gives_its_own_picture(made: list[CustomEffects], folder: Path) -> None:
    expected = np.array(ImageEnhance.Contrast(Image.fromarray(picture())).enhance(1 + 0.6 * 0.8))
    np.testing.assert_array_equal(applied(made, folder, "contrast", 0.8, 0.6), expected)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("as_image", 255 - picture()),
        ("share", picture()),
        ("grey", np.repeat(picture()[:, :, :1], 3, axis=2)),
        ("with_alpha", picture()),
        ("not_numbers", picture() * 0),
    ],
)
def test_what_it_may_return(made: list[CustomEffects], folder: Path, name: str, expected: Pixels) -> None:
    np.testing.assert_array_equal(applied(made, folder, name), expected)


def test_floats_that_were_once_bytes_stay_bytes(made: list[CustomEffects], folder: Path) -> None:
    bright = applied(made, folder, "bytes_as_floats", 1.0)
    np.testing.assert_array_equal(bright, picture())
    dark = made[0].step(torch.from_numpy(picture()), {"custom.1": 0.004})
    assert np.asarray(dark).max() <= 1


def test_it_is_called_by_name_with_an_array_of_its_own(made: list[CustomEffects], folder: Path) -> None:
    before = torch.from_numpy(picture())
    made.append(CustomEffects(["contract_fx:note"], folder))
    made[0].step(before, {"custom.1": 0.25, "custom.1.amplitude": 1.0})
    assert made[0]._effects[0]._function.__globals__["calls"][-1] == ((7, 9, 3), np.uint8, 0.25, 1.0)
    np.testing.assert_array_equal(before.numpy(), picture())


def test_at_strength_0_it_is_not_called(made: list[CustomEffects], folder: Path) -> None:
    np.testing.assert_array_equal(applied(made, folder, "raising", 0.0), picture())


@pytest.mark.parametrize("name", ["raising", "smaller", "nothing"])
def test_one_that_fails_is_bypassed_counted_and_named_and_the_next_goes_on(
    made: list[CustomEffects], folder: Path, name: str
) -> None:
    guard = FaultGuard(lambda: 0.0)
    made.append(CustomEffects([f"contract_fx:{name}", "contract_fx:as_image"], folder, guard))
    out = made[0].step(torch.from_numpy(picture()), {"custom.1": 1.0, "custom.2": 1.0})
    np.testing.assert_array_equal(np.asarray(out), 255 - picture())
    assert guard.faults == 1
    assert f"contract_fx:{name}" in guard.newest


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("contract_fx", "MODULE:FUNCTION"),
        ("contract_fx:other_names", "array, strength and amplitude"),
        ("contract_fx:missing", "there are: .*contrast"),
        ("contract_fx:calls", "cannot be called"),
        ("no_such_module:f", "could not be imported"),
    ],
)
def test_what_cannot_be_called_is_refused_in_words(folder: Path, name: str, reason: str) -> None:
    with pytest.raises(VenueError, match=reason):
        CustomEffects([name], folder)


def test_what_is_typed_at_the_shell_is_looked_at_before_it_is_imported() -> None:
    (table,) = effects_typed(["my_fx:swirl"], "onset", 0.5)
    assert table == EffectTable(function="my_fx:swirl", amplitude_from="onset", strength=0.5)
    for wrong in ("my_fx", ":f", "a b:c", "os.system('x'):f"):
        with pytest.raises(VenueError, match="is not MODULE:FUNCTION"):
            effects_typed([wrong], "onset", 0.5)
    with pytest.raises(VenueError, match="at most 4"):
        effects_typed(["a:b"] * 5, "onset", 0.5)


def scene(folder: Path, text: str) -> Path:
    path = folder / "scene.toml"
    path.write_text(f'title = "T"\nnetwork = "plain"\n{text}')
    return path


def test_plans_say_what_a_custom_effect_needs_and_knobs_turn_its_strength(tmp_path: Path) -> None:
    venue = Venue(effects=(EffectTable(function="a:b", amplitude_from="bass", strength=0.3),))
    listening = listen(venue, 48000, 2)
    loaded = load_scenes([str(scene(tmp_path, '[knobs]\n"knob.1" = "custom.1"'))])[0]
    patch = Binder(listening.layout, venue).bind(loaded)
    values = np.zeros(len(listening.layout.names), np.float32)
    values[listening.layout.index["bass"]] = 0.75
    plan = patch.plan(0, 0.0, 1 / 60, FeatureFrame(0.0, listening.layout, values))
    assert (plan.effects["custom.1"], plan.effects["custom.1.amplitude"]) == (0.3, 0.75)
    assert patch.controls.handle(ControlEvent(0.0, "knob.1", 0.5))
    assert patch.plan(1, 0.1, 0.1, FeatureFrame(0.0, listening.layout, values)).effects["custom.1"] == 2.0


@pytest.mark.parametrize(
    "text",
    [
        '[[effects]]\nfunction = "my_fx:swirl"',
        'effects = ["my_fx:swirl"]',
        'chain = ["my_fx:swirl"]',
        '[parameters]\neffect."my_fx:swirl" = 0.5',
    ],
)
def test_a_scene_that_names_code_is_refused_and_told_who_may(tmp_path: Path, text: str) -> None:
    lines = check(Venue(), [str(scene(tmp_path, text))])
    assert any("cannot name Python code" in line and "livegan play --effect" in line for line in lines)


def test_an_unknown_source_is_a_mistake_of_the_venue() -> None:
    venue = Venue(effects=(EffectTable(function="a:b", amplitude_from="onsett"),))
    assert check(venue, []) == ["venue: effects.0.amplitude_from: no feature called 'onsett'; did you mean 'onset'?"]
