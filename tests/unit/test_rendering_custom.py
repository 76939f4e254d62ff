"""Custom generators: any function with the contract draws, and nothing it does ends the show."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from livegan.core.types import FramePlan
from livegan.errors import NetworkError
from livegan.networks.info import NetworkInfo
from livegan.rendering import custom
from livegan.rendering.custom import Custom, directions, find_function, importable

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
HEAD = "import numpy as np\nimport torch\n"
Made = Callable[..., Custom]


@pytest.fixture(autouse=True)
def _imports_are_forgotten() -> Iterator[None]:
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in [name for name in set(sys.modules) - modules if "torch" not in name]:
        if Path(getattr(sys.modules[name], "__file__", None) or "/").is_relative_to("/tmp") or name == "biggan":
            del sys.modules[name]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """A generator from the text of a module, which has something called `draw`."""
    monkeypatch.setattr(custom, "installed_folder", lambda: tmp_path)

    def make(text: str, size: tuple[int, int] = (6, 8), c_dim: int = 3, **more: Any) -> Custom:
        (tmp_path / "theirs.py").write_text(HEAD + text)
        shape = {"function": "theirs:draw", "folder": str(tmp_path)} | more
        return Custom(NetworkInfo("mine", tmp_path / "mine.json", "custom", size, 4, c_dim, shape=shape), "cpu")

    return make


def plan(seed: int = 0, c_dim: int = 3, **more: Any) -> FramePlan:
    z = np.random.default_rng(seed).standard_normal(4, np.float32)
    return replace(FramePlan(0, 0.0, 1 / 60, z=z, classes=np.eye(max(c_dim, 1), dtype=np.float32)[0][:c_dim]), **more)


RAMP = "np.linspace(0, 1, 6 * 8 * 3).reshape(6, 8, 3)"


@pytest.mark.parametrize(
    "returns",
    [
        f"[({RAMP} * 255).round().astype(np.uint8)]",
        f"({RAMP}[None] * 255).round().astype(np.uint8)",
        f"[({RAMP} * 255).round().astype(np.int64)]",
        f"[{RAMP}]",
        f"[({RAMP} * 2 - 1).astype(np.float32)]",
        f"[{RAMP} * 255.0]",
        f"iter([{RAMP}])",
        RAMP,
        f"torch.from_numpy({RAMP})",
        f"torch.from_numpy({RAMP})[None]",
        f"torch.from_numpy({RAMP}).permute(2, 0, 1)[None]",
        f"torch.from_numpy({RAMP}).permute(2, 0, 1)[None].requires_grad_() * 2 - 1",
        f"[{RAMP}.transpose(2, 0, 1)]",
        f"[np.concatenate([{RAMP}, np.ones((6, 8, 1))], 2)]",
        f"[Picture({RAMP})]",
    ],
)
def test_whatever_form_pictures_have_they_are_the_same(made: Made, returns: str) -> None:
    like_pil = """
class Picture:
    def __init__(self, values): self.values = values
    def convert(self, mode): assert mode == "RGB"; return (self.values * 255).round().astype(np.uint8)
"""
    drawn = made(f"{like_pil}\ndef draw(noise_batch, class_batch):\n    return {returns}\n").render(plan())
    wanted = (np.linspace(0, 1, 6 * 8 * 3) * 255).round().astype(np.uint8).reshape(6, 8, 3)
    assert drawn.dtype == torch.uint8
    assert drawn.is_contiguous()
    assert int(np.abs(drawn.numpy().astype(int) - wanted).max()) <= 1


def test_grey_becomes_three_colours_and_any_size_the_stated_one(made: Made) -> None:
    drawn = made("def draw(noise_batch, class_batch): return [np.full((30, 50), 0.5)]").render(plan())
    assert drawn.shape == (6, 8, 3)
    assert set(drawn.unique().tolist()) <= {127, 128}


def test_the_range_of_floats_is_settled_once_and_can_be_given(made: Made) -> None:
    text = "def draw(noise_batch, class_batch): return [np.full((6, 8, 3), noise_batch[0, 0] * 0 + {})]"
    assert int(made(text.format("0.5"), span=[-1, 1]).render(plan())[0, 0, 0]) == 191
    seen = """
calls = []
def draw(noise_batch, class_batch):
    calls.append(1)
    return [np.full((6, 8, 3), -0.5 if len(calls) == 1 else 0.0)]
"""
    assert int(made(seen).render(plan())[0, 0, 0]) == 128  # -1..1: the first picture has shown it


def test_it_is_given_float32_batches_of_one(made: Made) -> None:
    text = """
def draw(noise_batch, class_batch):
    assert noise_batch.dtype == class_batch.dtype == np.float32
    assert noise_batch.shape == (1, 4) and class_batch.shape == (1, 3)
    return [np.full((6, 8, 3), class_batch[0].tolist() == [1, 0, 0])*1.0]
"""
    generator = made(text)
    assert int(generator.render(plan()).max()) == 255
    assert int(generator.render(plan(classes=np.zeros(0, np.float32))).max()) == 0


def test_without_classes_the_class_batch_is_empty(made: Made) -> None:
    text = "def draw(noise_batch, class_batch): return [np.full((6, 8), class_batch.shape == (1, 0)) * 1.0]"
    assert int(made(text, c_dim=0).render(plan(c_dim=0)).min()) == 255


def test_a_class_is_made_once_and_gets_its_device_if_it_takes_one(made: Made) -> None:
    text = """
made = []
class draw:
    def __init__(self, device="none"):
        made.append(device)
    def __call__(self, noise_batch, class_batch):
        assert made == ["cpu"]
        return [np.zeros((6, 8, 3))]
"""
    generator = made(text)
    assert torch.equal(generator.render(plan()), generator.render(plan()))


LATENTS = "def draw(noise_batch, class_batch): return [np.tile(noise_batch[0, :3] / 8 + 0.5, (6, 8, 1))]"


def test_psi_scales_latents_and_bounds_them_as_lucid_sonic_dreams_does(made: Made) -> None:
    generator = made(LATENTS, span=[0, 1])
    assert torch.equal(generator.render(plan(0, truncation=0.0)), generator.render(plan(1, truncation=0.0)))
    far = generator.render(plan(z=np.full(4, 50, np.float32)))
    assert torch.equal(far, generator.render(plan(z=np.full(4, 2, np.float32))))
    half = generator.render(plan(z=np.full(4, 50, np.float32), truncation=0.5))
    assert abs(int(half[0, 0, 0]) - 255 * (1 / 8 + 0.5)) <= 1


def test_eight_directions_at_right_angles_push_the_latent(made: Made) -> None:
    axes = directions(16)
    gram = axes @ axes.T
    assert axes.shape == (8, 16)
    np.testing.assert_allclose(gram, np.eye(8) * gram[0, 0], atol=1e-5)
    assert directions(3).shape == (3, 3)
    generator = made(LATENTS, span=[0, 1])
    still = generator.render(plan())
    assert not torch.equal(still, generator.render(plan(parameters={"direction.1": 2.0})))
    assert torch.equal(still, generator.render(plan(parameters={"direction.8": 2.0})))  # four latents, four directions


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def draw(noise_batch, class_batch): raise KeyError('kettle')", "could not draw .KeyError: 'kettle'"),
        ("def draw(noise_batch, class_batch): raise SystemExit(3)", "could not draw .SystemExit: 3"),
        ("def draw(noise_batch, class_batch): return []", "returned no picture"),
        ("def draw(noise_batch, class_batch): return None", "returned NoneType"),
        ("def draw(noise_batch, class_batch): return ['a cat']", "could not draw"),
        ("def draw(noise_batch, class_batch): return [np.zeros((5, 7, 9))]", "colours must be first or last"),
        ("def draw(noise_batch, class_batch): return [np.zeros((0, 7, 3))]", "could not draw"),
        ("def draw(noise, class_batch): return []", "noise_batch and class_batch, it has .noise, class_batch"),
        ("class draw:\n    def __init__(self): raise OSError('no weights')", "could not begin .OSError: no weights"),
        ("class draw: pass", "cannot be called"),
        ("draw = 3", "cannot be called"),
        ("def drew(noise_batch, class_batch): return []", "has no 'draw'; there are: drew"),
        ("def draw(", "could not be imported .SyntaxError"),
        ("import no_such_module_anywhere", "no_such_module_anywhere"),
    ],
)
def test_whatever_goes_wrong_in_it_is_a_sentence(made: Made, text: str, says: str) -> None:
    with pytest.raises(NetworkError, match=says):
        made(text)


def test_what_goes_wrong_in_the_show_is_a_sentence_and_the_next_picture_comes(made: Made) -> None:
    text = """
def draw(noise_batch, class_batch):
    if noise_batch[0, 0] == 2: raise ValueError("two")
    return [np.full((6, 8, 3), np.nan if noise_batch[0, 0] == 1 else 0.5)]
"""
    generator = made(text)
    for value, says in ((2, "could not draw"), (1, "not finite")):
        with pytest.raises(NetworkError, match=says):
            generator.render(plan(z=np.full(4, value, np.float32)))
    assert generator.render(plan(z=np.zeros(4, np.float32))).shape == (6, 8, 3)


def test_a_plan_for_another_network_is_refused(made: Made) -> None:
    generator = made(LATENTS)
    for wrong in (plan(z=np.zeros(3, np.float32)), plan(classes=np.ones(7, np.float32))):
        with pytest.raises(NetworkError, match="wants 4 latents and 3 classes"):
            generator.render(wrong)
    with pytest.raises(NetworkError, match="no w"):
        generator.render(plan(w=np.zeros((1, 4), np.float32)))
    generator.close()
    generator.close()
    with pytest.raises(NetworkError, match="closed"):
        generator.render(plan())


def test_a_description_from_elsewhere_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(custom, "installed_folder", lambda: tmp_path / "mine")
    (tmp_path / "theirs.py").write_text(f"open({str(tmp_path / 'canary')!r}, 'w')")
    shape = {"function": "theirs:draw", "folder": str(tmp_path)}
    info = NetworkInfo("x", tmp_path / "x.json", "custom", (8, 8), 4, shape=shape)
    with pytest.raises(NetworkError, match="names Python code"):
        Custom(info, "cpu")
    assert not (tmp_path / "canary").exists()


def test_a_module_may_import_its_neighbours_and_hides_nothing_installed(tmp_path: Path) -> None:
    (tmp_path / "neighbour.py").write_text("value = 7")
    (tmp_path / "platformdirs.py").write_text("raise OSError")
    (tmp_path / "theirs.py").write_text(
        "def draw(noise_batch, class_batch):\n    import neighbour\n    return neighbour.value"
    )
    before = list(sys.path)
    draw = find_function("theirs:draw", tmp_path)
    with importable(tmp_path):
        assert sys.path == [*before, str(tmp_path)]
        assert draw(noise_batch=None, class_batch=None) == 7
    assert sys.path == before


def test_its_folder_can_be_imported_from_until_it_is_closed(made: Made, tmp_path: Path) -> None:
    (tmp_path / "late.py").write_text("value = 0.5")
    before = list(sys.path)
    late = """
def draw(noise_batch, class_batch):
    if noise_batch[0, 0] == 1:
        import late
        return [np.full((6, 8), late.value)]
    return [np.zeros((6, 8))]
"""
    first, second = made(late), made(late)
    first.close()
    first.close()
    assert sys.path == [*before, str(tmp_path)]
    assert int(second.render(plan(z=np.ones(4, np.float32))).max()) in (127, 128)
    second.close()
    assert sys.path == before
    with pytest.raises(NetworkError, match="no 'missing'"):
        made(late, function="theirs:missing")
    assert sys.path == before


def test_two_modules_of_one_name_are_not_confused(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "theirs.py").write_text("def draw(noise_batch, class_batch): return []")
    find_function("theirs:draw", tmp_path / "one")
    with pytest.raises(NetworkError, match=r"loaded from .*one.*rename"):
        find_function("theirs:draw", tmp_path / "two")


def test_the_biggan_example_draws_with_random_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    biggan = pytest.importorskip("pytorch_pretrained_biggan")
    monkeypatch.delenv("BIGGAN", raising=False)
    monkeypatch.setattr(custom, "installed_folder", lambda: tmp_path)
    pictures = find_function.__globals__["_module"]("biggan", EXAMPLES).Pictures
    layers = [(True, 16, 8), (True, 8, 4), (False, 4, 2), (True, 2, 1)]
    small = biggan.BigGANConfig(32, 12, 12, 8, 10, layers, attention_layer_position=2)
    monkeypatch.setattr(pictures, "config", small)
    shape = {"function": "biggan:Pictures", "folder": str(EXAMPLES)}
    info = NetworkInfo("biggan", tmp_path / "biggan.json", "custom", (32, 32), 12, 10, shape=shape)
    generator = Custom(info, "cpu")
    rng = np.random.default_rng(0)
    one, two = (
        FramePlan(0, 0.0, 0.1, z=rng.standard_normal(12, np.float32), classes=np.eye(10, dtype=np.float32)[cls])
        for cls in (0, 1)
    )
    first = generator.render(one)
    assert torch.equal(first, generator.render(one))
    assert float(first.float().std()) > 5
    for other in (two, replace(one, classes=two.classes)):
        assert float((generator.render(other).float() - first.float()).abs().mean()) > 1
    assert generator.megabytes > 0.1
