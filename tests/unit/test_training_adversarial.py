"""Run as a program it trains in the processes that torchrun's environment joins, and keeps what came out."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from livegan.errors import TrainingError
from livegan.studio.training import adversarial
from livegan.studio.training.adversarial import Adversarial
from livegan.studio.training.generator import fresh
from livegan.studio.training.settings import Settings
from livegan.studio.training.world import World, join

torch.set_num_threads(1)
TINY = Settings(
    "tiny-16",
    (8, 8, 8),
    (8, 8, 8),
    z_dim=8,
    w_dim=8,
    mapping_layers=2,
    batch=8,
    kimg=1,
    r1_every=2,
    pl_weight=2.0,
    pl_every=3,
    ema_kimg=0.01,
    augment_p=0.3,
    ada_kimg=0.5,
    flips=True,
)


class Fakes:
    """Twenty pictures of three classes: a class is a colour, a picture a place."""

    path = Path("fakes.zip")
    size = (16, 16)
    colours = 3
    classes = ("red", "green", "blue")
    c_dim = 3

    def __len__(self):
        return 20

    def picture(self, i):
        picture = np.full((16, 16, 3), 20, np.uint8)
        picture[i % 8 : i % 8 + 6, i // 2 : i // 2 + 6, i % 3] = 230
        return picture

    def label(self, i):
        return i % 3

    def batch(self, indices):
        pixels = np.stack([self.picture(i).transpose(2, 0, 1) for i in indices])
        return torch.from_numpy(pixels), torch.eye(3)[[self.label(i) for i in indices]]


class Plain(Fakes):
    """Without classes."""

    classes = ()
    c_dim = 0

    def label(self, i):
        return -1

    def batch(self, indices):
        return super().batch(indices)[0], torch.zeros(len(indices), 0)


class Vectors(Fakes):
    """Classes that are lists of numbers."""

    def label(self, i):
        return -1


def method(settings=TINY, pictures=None, **options):
    return Adversarial(settings, pictures or Fakes(), World(), **options)


def trained(steps, settings=TINY, **options):
    found = method(settings, **options)
    told = [found.step() for _ in range(steps)]
    found.close()
    return found, told


def flat(state):
    """Every tensor and number of a state, by name."""
    found = {}
    for name, value in state.items():
        found |= (
            {f"{name}.{key}": inner for key, inner in flat(value).items()} if isinstance(value, dict) else {name: value}
        )
    return found


def same(first, second):
    first, second = flat(first), flat(second)
    return first.keys() == second.keys() and all(
        torch.equal(value, second[name]) if isinstance(value, torch.Tensor) else value == second[name]
        for name, value in first.items()
    )


def test_a_step_teaches_both_and_says_the_same_names_each_time():
    found = method()
    before = found.state()
    told = [found.step() for _ in range(3)]
    after = found.state()
    names = {"loss_g", "loss_d", "real", "fake", "sign_real", "r1", "path", "p"}
    assert [set(one) for one in told] == [names] * 3
    assert all(np.isfinite(list(one.values())).all() for one in told)
    assert (found.steps, found.shown) == (3, 24)
    for part in ("network", "average", "discriminator"):
        changed = [name for name in before[part] if not torch.equal(before[part][name], after[part][name])]
        assert len(changed) > len(before[part]) / 2
    assert found.network.mapping.w_avg.any()
    assert torch.equal(found.average.mapping.w_avg, found.network.mapping.w_avg)
    assert told[1]["r1"] == told[0]["r1"] != told[2]["r1"]  # lazy: as last measured
    assert not any(weight.requires_grad for weight in found.average.parameters())


def test_a_run_goes_on_from_its_state_bit_for_bit(tmp_path):
    whole, told = trained(6)
    first, begun = trained(3)
    torch.save(first.state(), tmp_path / "checkpoint.pt")
    second = method(replace(TINY))
    second.step()  # restore must forget this
    second.restore(torch.load(tmp_path / "checkpoint.pt", weights_only=True))
    rest = [second.step() for _ in range(3)]
    assert begun + rest == told
    assert same(second.state(), whole.state())


def test_a_run_with_momentum_goes_on_too():
    settings = replace(TINY, beta1=0.5)
    whole, _ = trained(4, settings)
    first, _ = trained(2, settings)
    second = method(settings)
    second.restore(first.state())
    second.step()
    second.step()
    assert same(second.state(), whole.state())


def test_without_momentum_the_last_gradient_is_not_kept():
    found, _ = trained(1)
    assert "exp_avg" not in found.state()["adam"]["state"][0]
    assert "exp_avg" in trained(1, replace(TINY, beta1=0.5))[0].state()["adam"]["state"][0]


def test_the_state_of_other_networks_is_refused():
    state = trained(1)[0].state()
    other = method(replace(TINY, channels=(8, 8, 4), d_channels=(8, 8, 4)))
    with pytest.raises(TrainingError, match="not of these networks"):
        other.restore(state)
    with pytest.raises(TrainingError, match="not of these networks"):
        method().restore({"steps": 3})


def test_another_seed_trains_another_network():
    assert not same(trained(1)[0].state(), trained(1, replace(TINY, seed=1))[0].state())
    assert same(trained(2)[0].state(), trained(2)[0].state())


@pytest.mark.skipif(sys.platform != "linux", reason="the loopback has another name")
def test_two_processes_train_what_one_trains(tmp_path):
    from tests.unit.test_training_world import together

    together([__file__, str(tmp_path / "two.pt")])
    two = torch.load(tmp_path / "two.pt", weights_only=True)
    alone, told = trained(4, TINY)
    one = {"told": told, "state": alone.state()}
    for mine, theirs in zip(one["told"], two["told"], strict=True):
        assert theirs == pytest.approx(mine, rel=2e-2, abs=2e-3)
    assert two["told"][0] == pytest.approx(one["told"][0], rel=1e-4, abs=1e-5)
    before = method(TINY).state()["network"]
    for name, weight in one["state"]["network"].items():  # Adam's first steps go by sign: rounding may turn a few
        moved = (weight - before[name]).abs().mean()
        apart = (weight - two["state"]["network"][name]).abs().mean()
        assert apart <= 0.05 * moved + 1e-6, name


def test_the_average_follows_slowly_and_quickly_at_first():
    slow, _ = trained(2, replace(TINY, ema_kimg=1000.0, ema_rampup=1000.0))
    start = fresh(TINY.shape(3), 0)
    quick, _ = trained(2, replace(TINY, ema_rampup=1e-9))

    def apart(first, second):
        pairs = zip(first.parameters(), second.parameters(), strict=True)
        return sum(float((a - b).abs().sum().detach()) for a, b in pairs)

    assert apart(quick.average, quick.network) == 0
    assert apart(slow.average, start) < 0.1 * apart(slow.network, start)


def test_gradients_that_are_no_numbers_do_no_harm(monkeypatch):
    found = method()
    monkeypatch.setattr(adversarial.losses, "fooled", lambda words: words.mean() * float("nan"))
    monkeypatch.setattr(adversarial.losses, "judged", lambda words: words.mean() * float("inf"))
    told = found.step()
    assert np.isnan(told["loss_g"])
    weights = [*found.network.parameters(), *found.discriminator.parameters()]
    assert all(torch.isfinite(weight).all() for weight in weights)


@pytest.mark.parametrize("pictures", [Plain(), Vectors()], ids=["plain", "vectors"])
def test_sets_without_numbered_classes(pictures):
    told = trained(2, pictures=pictures)[1]
    assert np.isfinite(list(told[-1].values())).all()


@pytest.mark.parametrize(
    "changes",
    [
        {"precision": "bf16"},
        {"precision": "fp16"},
        {"augment": "none", "mixing": 0.0, "pl_weight": 0.0, "gamma": 0.0},
        {"augment": "fixed", "augment_p": 1.0, "batch": 6},
        {"batch": 1},
    ],
    ids=str,
)
def test_settings_that_a_run_may_have(changes):
    told = trained(2, replace(TINY, **changes))[1]
    assert np.isfinite(list(told[-1].values())).all()
    assert told[-1]["p"] == (0 if changes.get("augment") == "none" else changes.get("augment_p", 0.3))


def test_p_follows_only_with_ada():
    told = trained(8, replace(TINY, ada_target=-1.1))[1]
    assert told[7]["p"] > told[3]["p"] > 0.3
    assert trained(8, replace(TINY, ada_target=-1.1, augment="fixed"))[1][-1]["p"] == 0.3


def test_frozen_levels_stay_as_they_began():
    found = method(replace(TINY, freeze_d=1))
    before = found.state()["discriminator"]
    found.step()
    after = found.state()["discriminator"]
    frozen = {name for name in before if name.startswith(("fromrgb", "blocks.0"))}
    assert {name for name in before if torch.equal(before[name], after[name])} == frozen


def test_training_begins_from_given_networks():
    start, others = fresh(TINY.shape(3), 7), trained(1, replace(TINY, seed=4))[0].state()["discriminator"]
    constant = start.synthesis.block(0).const.detach().clone()
    others["out.weight"] = torch.zeros(1)
    found = method(start=start, start_d=others)
    assert torch.equal(found.average.synthesis.block(0).const, constant)
    assert torch.equal(found.discriminator.fromrgb.weight, others["fromrgb.weight"])
    assert found.discriminator.out.weight.any()
    with pytest.raises(TrainingError, match="nothing of the discriminator"):
        method(start_d={"out.weight": torch.zeros(1)})


def test_what_does_not_fit_together_is_said():
    with pytest.raises(TrainingError, match="16x16 px, and tiny-16 learns 8 px"):
        method(replace(TINY, channels=(8, 8), d_channels=(8, 8)))
    with pytest.raises(TrainingError, match="2 classes; the data has 16x16 px, 3 colours, 3 classes"):
        method(start=fresh(TINY.shape(2)))
    with pytest.raises(TrainingError, match="--batch 8"):
        Adversarial(replace(TINY, batch=4), Fakes(), World(1, 2))


def test_a_broken_picture_is_told(monkeypatch):
    pictures = Fakes()
    monkeypatch.setattr(pictures, "picture", lambda i: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        method(pictures=pictures).step()


@pytest.mark.slow
def test_it_learns():
    settings = replace(TINY, channels=(32, 32, 16), d_channels=(32, 32, 16), pl_weight=0.0, batch=16, gamma=0.3)
    found = method(settings)
    real = Fakes().batch(range(18))[0].float().div(127.5).sub(1).unflatten(0, (6, 3))

    def distance():
        z = torch.randn(30, 8, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            w = found.average.map(z, torch.eye(3).repeat(10, 1))
            made = found.average.synthesize(w[:, None].expand(-1, found.average.num_ws, -1)).unflatten(0, (10, 3))
        return (made.mean(dim=(0, 3, 4)) - real.mean(dim=(0, 3, 4))).abs().mean().item()

    before = distance()
    for _ in range(400):
        found.step()
    assert distance() < before / 3


if __name__ == "__main__":
    world = join("cpu")
    run = Adversarial(TINY, Fakes(), world)
    words = [run.step() for _ in range(4)]
    if world.first:
        torch.save({"told": words, "state": run.state()}, sys.argv[1])
    run.close()
    world.leave()
