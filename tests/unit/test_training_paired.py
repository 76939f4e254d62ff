"""Regression on the motifs: the quick forward, Muon, pairs, and a run that goes on exactly."""

import errno
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from livegan.errors import TrainingError
from livegan.motifs.draw import LAYOUTS, NAMES, Z_DIM, draw
from livegan.networks.architectures.stylegan2 import StyleGAN2, normalise
from livegan.networks.architectures.stylegan2_shape import TAPS, StyleGAN2Shape
from livegan.training.generator import blur, init_generator
from livegan.training.generator import synthesize as paint
from livegan.training.muon import Muon, orthogonalise
from livegan.training.paired import PairedTrainer, stages
from livegan.training.pairs import Pairs, _allocate, pair_latents
from livegan.training.regression import pyramid_loss
from livegan.training.settings import Settings, paired_settings, preset

SHAPE = StyleGAN2Shape(8, 24, (16, 16, 8, 8), 12, 2)
SIZE = (16, 28)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Pairs:
    return Pairs(tmp_path_factory.mktemp("pairs"), SIZE, 4, seed=3)


def settings(**changes: object) -> Settings:
    small = Settings("small", (16, 16, 16), (16, 16, 16), z_dim=Z_DIM, w_dim=24, mapping_layers=2, batch=12)
    small = replace(small, const=(4, 7))
    return replace(small, **{"kimg": 1.2, "lr": 0.01, "noise": False, "seed": 3, **changes})


def rows(network: StyleGAN2, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    z, classes = torch.randn(3, 8, generator=generator), torch.eye(12)[[0, 5, 11]]
    return network.map(z, classes)[:, None].expand(-1, network.num_ws, -1)


def test_the_quick_forward_draws_what_the_network_draws() -> None:
    network = init_generator(SHAPE, seed=1)
    with torch.no_grad():
        ws = rows(network)
        plain, quick = network.synthesize(ws), paint(network, ws)
        half = paint(network, ws, torch.bfloat16)
    assert quick.shape == plain.shape == (3, 3, 32, 32)
    assert torch.allclose(quick, plain, atol=2e-5)
    assert (half - plain).abs().max() < 0.1 * plain.std()


def test_fewer_levels_are_the_picture_of_a_smaller_network() -> None:
    network = init_generator(SHAPE, seed=1)
    small = StyleGAN2(replace(SHAPE, channels=SHAPE.channels[:-1]))
    small.load_state_dict(network.state_dict(), strict=False)
    with torch.no_grad():
        ws = rows(network)
        assert torch.allclose(paint(network, ws, levels=3), small.synthesize(ws[:, : small.num_ws]), atol=2e-5)


def test_gradients_of_the_quick_forward_are_those_of_the_plain_one() -> None:
    found = []
    for way in (StyleGAN2.synthesize, paint):
        network = init_generator(SHAPE, seed=1)
        way(network, rows(network)).square().mean().backward()
        found.append({name: value.grad for name, value in network.named_parameters() if value.grad is not None})
    plain, quick = found
    for name, wanted in plain.items():
        if not name.endswith("noise_strength"):  # the quick one was asked for no noise
            assert torch.allclose(quick[name], wanted, atol=1e-4 * float(wanted.abs().max()) + 1e-7), name


def test_the_low_pass_has_exact_derivatives_twice() -> None:
    x = torch.randn(1, 2, 5, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda at: blur(at, TAPS, 1.0, 1), x)
    assert torch.autograd.gradgradcheck(lambda at: blur(at, TAPS, 1.0, 1).square(), x)


def test_a_fresh_network_hears_its_latent_as_loudly_as_its_class() -> None:
    network = init_generator(StyleGAN2Shape(8, 64, (16, 16), 12, 1), seed=2)
    weight = network.mapping.get_submodule("fc0").weight
    assert float(weight[:, :8].detach().square().sum()) == pytest.approx(
        float(weight[:, 8:].detach().square().sum()), rel=0.2
    )
    again = init_generator(StyleGAN2Shape(8, 64, (16, 16), 12, 1), seed=2)
    assert all(torch.equal(one, two) for one, two in zip(network.parameters(), again.parameters(), strict=True))


def test_muon_makes_directions_even_and_steps_of_one_size() -> None:
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn(6, 40, generator=generator) * torch.logspace(0, -2, 6)[:, None]
    for one in (matrix, matrix.t()):
        values = torch.linalg.svdvals(orthogonalise(one))
        assert (
            values.max() / values.min() < 2.5 < float(torch.linalg.svdvals(one).max() / torch.linalg.svdvals(one).min())
        )
        assert orthogonalise(one).square().mean().sqrt() == pytest.approx(1.0, rel=1e-3)
    weight = torch.nn.Parameter(torch.zeros(4, 3, 3, 3))
    weight.grad = torch.randn(4, 3, 3, 3, generator=generator)
    Muon([weight], lr=0.01).step()
    assert weight.detach().square().mean().sqrt() == pytest.approx(0.01, rel=1e-3)


def test_pairs_are_what_the_motifs_draw_and_are_kept(pairs: Pairs, tmp_path: Path) -> None:
    classes, which = torch.tensor([0, 7]), torch.tensor([1, 3])
    z, pictures = pairs.batch(classes, which)
    for at, index in enumerate(classes.tolist()):
        latents = normalise(z[at][None])[:, :8]
        layouts = [draw(NAMES[index], latents, SIZE, (seed,))[0] * 2 - 1 for seed in LAYOUTS[index]]
        nearest = min(float((pictures[at] - layout).abs().max()) for layout in layouts)
        assert nearest < 0.01
    told: list[int] = []
    again = Pairs(tmp_path, SIZE, 4, 3, told.append)
    assert told[-1] == 48
    assert np.array_equal(again.pictures, pairs.pictures)
    kept: list[int] = []
    Pairs(tmp_path, SIZE, 4, 3, kept.append)
    assert kept == [48]
    np.save(tmp_path / "pairs-28x16-5-3.npy", again.pictures)
    with pytest.raises(TrainingError, match="delete it"):
        Pairs(tmp_path, SIZE, 5, 3)


def test_a_full_disk_is_reported_before_anything_is_drawn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told: list[int] = []
    full = shutil._ntuple_diskusage(10_000, 9_000, 1_000)
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda _: full)
        with pytest.raises(TrainingError, match=r"cannot be written .* takes 0\.0 GB"):
            Pairs(tmp_path / "run", SIZE, 4, 3, told.append)
    if sys.platform == "linux":  # free, but not for this one
        for number in (errno.ENOSPC, errno.EDQUOT):
            monkeypatch.setattr(os, "posix_fallocate", refusing(number))
            with pytest.raises(TrainingError, match="cannot be written"):
                Pairs(tmp_path / "run", SIZE, 4, 3, told.append)
        assert not list((tmp_path / "run").iterdir())
        monkeypatch.setattr(os, "posix_fallocate", refusing(errno.EOPNOTSUPP))
    assert told == []
    Pairs(tmp_path / "run", SIZE, 4, 3, told.append)
    assert told[-1] == 48


def refusing(number: int) -> Callable[..., None]:
    """A call to the system that fails for that reason."""

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


@pytest.mark.skipif(sys.platform != "linux", reason="no other system keeps a place")
def test_the_place_of_pairs_is_kept_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "numbers.npy"
    _allocate(path, (3, 1000, 1000))
    assert path.stat().st_blocks * 512 >= 3_000_000


def test_the_state_of_another_network_is_refused(pairs: Pairs) -> None:
    run = PairedTrainer(settings(), lambda _: pairs)
    other = PairedTrainer(settings(channels=(16, 16, 8)), lambda _: pairs)
    for state in (other.state(), {}, run.state() | {"adam": {}}, run.state() | {"shown": "many"}):
        with pytest.raises(TrainingError, match="not of this network"):
            run.restore(state)


def test_a_smaller_size_shows_the_same_pictures(pairs: Pairs, tmp_path: Path) -> None:
    some = torch.tensor([2]), torch.tensor([0])
    small = Pairs(tmp_path, (8, 14), 4, seed=3)
    (z, whole), (same_z, half) = pairs.batch(*some), small.batch(*some)
    assert torch.equal(z, same_z)
    assert (torch.nn.functional.avg_pool2d(whole, 2) - half).abs().mean() < 0.05


def test_every_layout_is_learnt_and_none_on_its_border() -> None:
    z = pair_latents(600, 1)
    assert torch.equal(z[0, :3, :8], pair_latents(600, 1)[0, :3, :8])
    turn = torch.atan2(z[..., 9], z[..., 8]) / (2 * torch.pi) % 1.0 * 3
    counts = turn.floor().long().flatten().bincount(minlength=3)
    assert counts.min() > 0.9 * counts.float().mean()
    assert float((turn - turn.round()).abs().min()) > 0.09
    assert float(z[..., 8:].square().mean()) == pytest.approx(1.0, rel=0.05)  # still as long as normal numbers


def test_it_learns_and_goes_on_exactly(pairs: Pairs, tmp_path: Path) -> None:
    whole = PairedTrainer(settings(), lambda _: pairs)
    found = [whole.step()["loss"] for _ in range(30)]
    assert np.mean(found[-5:]) < 0.7 * found[0]
    first = PairedTrainer(settings(), lambda _: pairs)
    for _ in range(12):
        first.step()
    torch.save(first.state(), tmp_path / "state.pt")
    second = PairedTrainer(settings(), lambda _: pairs)
    second.restore(torch.load(tmp_path / "state.pt", weights_only=True))
    assert [second.step()["loss"] for _ in range(18)] == found[12:]
    for one, two in zip(whole.average.state_dict().values(), second.average.state_dict().values(), strict=True):
        assert torch.equal(one, two)
    assert whole.average.w_avg.abs().sum() > 0


def test_sizes_are_learnt_from_small_to_large() -> None:
    run = PairedTrainer.__new__(PairedTrainer)
    run.whole = False
    run.settings = paired_settings(preset("house-256"))
    sides = []
    for share in (0.0, 0.3, 0.5, 0.7, 0.9, 1.0):
        run.shown = int(share * run.settings.kimg * 1000)
        sides.append(run.settings.size_at(run.levels()))
    assert sides == sorted(sides)
    assert (sides[0], sides[-1]) == ((64, 64), (256, 256))
    run.whole, run.shown = True, 0
    assert run.levels() == 7  # begun from a network that knows the smaller sizes
    run.whole = False
    run.settings = replace(run.settings, channels=(16,) * 5)
    assert run.levels() == 5
    wide = paired_settings(preset("house-wide"))
    assert [wide.size_at(levels) for levels in stages(wide)] == [(64, 112), (128, 224), (256, 448)]


def test_the_pyramid_sees_what_is_wrong_at_every_size() -> None:
    picture = torch.zeros(1, 3, 32, 32)
    grain = torch.zeros_like(picture)
    grain[..., ::2] = 1.0
    assert pyramid_loss(picture, picture) == 0
    assert pyramid_loss(picture, picture + 0.5) == pytest.approx(2.0)
    assert 0 < float(pyramid_loss(picture, grain)) <= 2.0
