"""Run as a program it trains in the processes that torchrun's environment joins, and keeps what came out."""

import functools
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from livegan.errors import TrainingError
from livegan.training import adversarial
from livegan.training.adversarial import AdversarialTrainer
from livegan.training.distributed import ProcessGroup, init
from livegan.training.generator import init_generator, noise_planes, synthesize
from livegan.training.settings import Settings

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


class Unlabelled(Fakes):
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
    return AdversarialTrainer(settings, pictures or Fakes(), ProcessGroup(), **options)


def trained(steps, settings=TINY, **options):
    trainer = method(settings, **options)
    statistics = [trainer.step() for _ in range(steps)]
    trainer.close()
    return trainer, statistics


def flat(state):
    """Every tensor and number of a state, by name."""
    entries = {}
    for name, value in state.items():
        entries |= (
            {f"{name}.{key}": inner for key, inner in flat(value).items()} if isinstance(value, dict) else {name: value}
        )
    return entries


def same(first, second):
    first, second = flat(first), flat(second)
    return first.keys() == second.keys() and all(
        torch.equal(value, second[name]) if isinstance(value, torch.Tensor) else value == second[name]
        for name, value in first.items()
    )


def test_a_step_trains_both_and_returns_the_same_names_each_time():
    trainer = method()
    before = trainer.state()
    statistics = [trainer.step() for _ in range(3)]
    after = trainer.state()
    names = {"loss_g", "loss_d", "real", "fake", "sign_real", "r1", "path", "p"}
    assert [set(step) for step in statistics] == [names] * 3
    assert all(np.isfinite(list(step.values())).all() for step in statistics)
    assert (trainer.steps, trainer.shown) == (3, 24)
    for part in ("network", "average", "discriminator"):
        changed = [name for name in before[part] if not torch.equal(before[part][name], after[part][name])]
        assert len(changed) > len(before[part]) / 2
    assert trainer.network.mapping.w_avg.any()
    assert torch.equal(trainer.average.mapping.w_avg, trainer.network.mapping.w_avg)
    assert statistics[1]["r1"] == statistics[0]["r1"] != statistics[2]["r1"]  # lazy: as last measured
    assert not any(weight.requires_grad for weight in trainer.average.parameters())


def test_a_run_goes_on_from_its_state_bit_for_bit(tmp_path):
    whole, statistics = trained(6)
    first, begun = trained(3)
    torch.save(first.state(), tmp_path / "checkpoint.pt")
    second = method(replace(TINY))
    second.step()  # restore must forget this
    second.restore(torch.load(tmp_path / "checkpoint.pt", weights_only=True))
    rest = [second.step() for _ in range(3)]
    assert begun + rest == statistics
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
    trainer, _ = trained(1)
    assert "exp_avg" not in trainer.state()["adam"]["state"][0]
    assert "exp_avg" in trained(1, replace(TINY, beta1=0.5))[0].state()["adam"]["state"][0]


def test_the_state_of_other_networks_is_refused():
    state = trained(1)[0].state()
    other = method(replace(TINY, channels=(8, 8, 4), d_channels=(8, 8, 4)))
    with pytest.raises(TrainingError, match="not of these networks"):
        other.restore(state)
    with pytest.raises(TrainingError, match="not of these networks"):
        method().restore({"steps": 3})


def test_a_fixed_p_is_that_of_the_settings_whenever_a_run_goes_on():
    state = trained(5)[0].state()
    assert state["ada"]["p"] != 0.3
    for augment, p in (("ada", state["ada"]["p"]), ("fixed", 0.7), ("none", 0.0)):
        trainer = method(replace(TINY, augment=augment, augment_p=0.7))
        trainer.restore(state)
        assert trainer.p == p
        assert trainer.step()["p"] == pytest.approx(p)
        trainer.close()


def test_other_settings_than_before_are_those_that_count_when_a_run_goes_on():
    state = trained(2)[0].state()
    trainer = method(replace(TINY, lr=0.1, gamma=0.0, pl_weight=0.0, precision="bf16", noise=False, batch=4))
    trainer.restore(state)
    before = trainer.state()["network"]
    trainer.step()
    assert trainer._adam.param_groups[0]["lr"] == 0.1
    assert trainer.shown == 20
    moved = (trainer.state()["network"]["synthesis.b4.const"] - before["synthesis.b4.const"]).abs().max()
    assert moved > 0.02


def test_a_checkpoint_without_scales_goes_on():
    state = trained(1)[0].state()
    del state["scale"], state["d_scale"]
    trainer = method(replace(TINY, precision="fp16"))
    trainer.restore(state)
    assert np.isfinite(trainer.step()["loss_g"])
    assert trainer.state()["scale"]["by"] <= adversarial.MAX_LOSS_SCALE
    trainer.close()


def test_half_precision_hears_what_is_too_soft_for_it(monkeypatch):
    monkeypatch.setattr(adversarial.losses, "generator_loss", lambda logits: logits.mean() * 1e-5)
    monkeypatch.setattr(AdversarialTrainer, "_optimizer_step", lambda *_: None)
    gradients = []
    for precision in ("f32", "fp16"):
        trainer = method(replace(TINY, precision=precision, pl_weight=0.0, noise=False))
        trainer.step()
        trainer.close()
        gradients.append(
            [weight.grad / trainer._scale.factor for weight in trainer._weights if weight.grad is not None]
        )
    for true, heard in zip(*gradients, strict=True):
        assert 0 < (heard - true).norm() <= 0.05 * true.norm()  # without it nothing is heard: 1.0


@pytest.fixture
def eagerly(monkeypatch):
    """torch.compile without a compiler behind it, and its counters."""
    from torch._dynamo.utils import counters

    torch._dynamo.reset()
    counters.clear()
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend="eager"))
    yield counters
    torch._dynamo.reset()


@pytest.mark.filterwarnings("ignore")  # what torch says to itself while it compiles
def test_a_compiled_step_is_the_plain_one_and_nothing_breaks_its_graphs(eagerly):
    statistics = trained(3, replace(TINY, compile=True))[1]
    assert statistics == [pytest.approx(one, rel=1e-4, abs=1e-5) for one in trained(3)[1]]
    assert eagerly["graph_break"] == {}
    assert eagerly["stats"]["unique_graphs"] < 8


@pytest.mark.filterwarnings("ignore")  # what torch says to itself while it compiles
def test_noise_of_the_quick_forward_does_not_break_its_graph(eagerly):
    network = init_generator(TINY.shape(3), 1)
    with torch.no_grad():
        for layer in network.synthesis.layers():
            layer.noise_strength.fill_(0.3)
    noise = noise_planes(network, 2, torch.Generator().manual_seed(0))
    assert [plane.shape[2] for plane in noise] == [4, 8, 8, 16, 16]
    ws = torch.randn(2, network.num_ws, 8)
    compiled = torch.compile(synthesize, fullgraph=True)
    assert torch.allclose(compiled(network, ws, torch.float32, noise), synthesize(network, ws, noise=noise), atol=1e-5)
    assert not torch.allclose(synthesize(network, ws), synthesize(network, ws, noise=noise), atol=1e-2)
    assert eagerly["graph_break"] == {}


@pytest.mark.filterwarnings("ignore")  # what torch says to itself while it compiles
def test_a_missing_compiler_is_reported(monkeypatch):
    def missing(graph, inputs):
        raise RuntimeError("no compiler was found")

    torch._dynamo.reset()
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend=missing))
    trainer = method(replace(TINY, compile=True))
    with pytest.raises(TrainingError, match=r"no compiler was found.*; leave --compile out"):
        trainer.step()
    trainer.close()
    torch._dynamo.reset()


def test_another_seed_trains_another_network():
    assert not same(trained(1)[0].state(), trained(1, replace(TINY, seed=1))[0].state())
    assert same(trained(2)[0].state(), trained(2)[0].state())


@pytest.mark.skipif(sys.platform != "linux", reason="the loopback has another name")
def test_two_processes_train_what_one_trains(tmp_path):
    from tests.unit.test_training_distributed import together

    together([__file__, str(tmp_path / "two.pt")])
    two = torch.load(tmp_path / "two.pt", weights_only=True)
    alone, statistics = trained(4, TINY)
    single = {"told": statistics, "state": alone.state()}
    for mine, theirs in zip(single["told"], two["told"], strict=True):
        assert theirs == pytest.approx(mine, rel=2e-2, abs=2e-3)
    assert two["told"][0] == pytest.approx(single["told"][0], rel=1e-4, abs=1e-5)
    before = method(TINY).state()
    for part in ("network", "average", "discriminator"):
        for name, weight in single["state"][part].items():  # Adam's first steps go by sign: rounding may turn a few
            moved = (weight - before[part][name]).abs().mean()
            apart = (weight - two["state"][part][name]).abs().mean()
            assert apart <= 0.05 * moved + 1e-6, (part, name)
    assert two["state"]["ada"]["p"] == single["state"]["ada"]["p"] != TINY.augment_p
    assert two["state"]["ada"] == pytest.approx(single["state"]["ada"], abs=1e-6)
    assert (two["state"]["steps"], two["state"]["shown"]) == (4, 32)


def test_the_average_follows_slowly_and_quickly_at_first():
    slow, _ = trained(2, replace(TINY, ema_kimg=1000.0, ema_rampup=1000.0))
    start = init_generator(TINY.shape(3), 0)
    quick, _ = trained(2, replace(TINY, ema_rampup=1e-9))

    def apart(first, second):
        pairs = zip(first.parameters(), second.parameters(), strict=True)
        return sum(float((a - b).abs().sum().detach()) for a, b in pairs)

    assert apart(quick.average, quick.network) == 0
    assert apart(slow.average, start) < 0.1 * apart(slow.network, start)


def test_gradients_that_are_no_numbers_do_no_harm(monkeypatch):
    trainer = method()
    monkeypatch.setattr(adversarial.losses, "generator_loss", lambda logits: logits.mean() * float("nan"))
    monkeypatch.setattr(adversarial.losses, "discriminator_loss_real", lambda logits: logits.mean() * float("inf"))
    statistics = trainer.step()
    assert np.isnan(statistics["loss_g"])
    weights = [*trainer.network.parameters(), *trainer.discriminator.parameters()]
    assert all(torch.isfinite(weight).all() for weight in weights)


@pytest.mark.parametrize("pictures", [Unlabelled(), Vectors()], ids=["plain", "vectors"])
def test_sets_without_numbered_classes(pictures):
    statistics = trained(2, pictures=pictures)[1]
    assert np.isfinite(list(statistics[-1].values())).all()


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
    statistics = trained(2, replace(TINY, **changes))[1]
    assert np.isfinite(list(statistics[-1].values())).all()
    assert statistics[-1]["p"] == (0 if changes.get("augment") == "none" else changes.get("augment_p", 0.3))


def test_p_follows_only_with_ada():
    statistics = trained(8, replace(TINY, ada_target=-1.1))[1]
    assert statistics[7]["p"] > statistics[3]["p"] > 0.3
    assert trained(8, replace(TINY, ada_target=-1.1, augment="fixed"))[1][-1]["p"] == 0.3


def test_frozen_levels_stay_as_they_began():
    trainer = method(replace(TINY, freeze_d=1))
    before = trainer.state()["discriminator"]
    trainer.step()
    after = trainer.state()["discriminator"]
    frozen = {name for name in before if name.startswith(("fromrgb", "blocks.0"))}
    assert {name for name in before if torch.equal(before[name], after[name])} == frozen


def test_training_begins_from_given_networks():
    start, others = init_generator(TINY.shape(3), 7), trained(1, replace(TINY, seed=4))[0].state()["discriminator"]
    constant = start.synthesis.block(0).const.detach().clone()
    others["out.weight"] = torch.zeros(1)
    trainer = method(start=start, start_d=others)
    assert torch.equal(trainer.average.synthesis.block(0).const, constant)
    assert torch.equal(trainer.discriminator.fromrgb.weight, others["fromrgb.weight"])
    assert trainer.discriminator.out.weight.any()
    with pytest.raises(TrainingError, match="nothing of the discriminator"):
        method(start_d={"out.weight": torch.zeros(1)})


def test_what_does_not_fit_together_is_an_error():
    with pytest.raises(TrainingError, match="16x16 px, and tiny-16 learns 8 px"):
        method(replace(TINY, channels=(8, 8), d_channels=(8, 8)))
    with pytest.raises(TrainingError, match="2 classes; the data has 16x16 px, 3 colours, 3 classes"):
        method(start=init_generator(TINY.shape(2)))
    with pytest.raises(TrainingError, match="--batch 8"):
        AdversarialTrainer(replace(TINY, batch=4), Fakes(), ProcessGroup(1, 2))


def test_a_broken_picture_is_reported(monkeypatch):
    pictures = Fakes()
    monkeypatch.setattr(pictures, "picture", lambda i: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        method(pictures=pictures).step()


@pytest.mark.slow
def test_it_learns():
    settings = replace(TINY, channels=(32, 32, 16), d_channels=(32, 32, 16), pl_weight=0.0, batch=16, gamma=0.3)
    trainer = method(settings)
    real = Fakes().batch(range(18))[0].float().div(127.5).sub(1).unflatten(0, (6, 3))

    def distance():
        z = torch.randn(30, 8, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            w = trainer.average.map(z, torch.eye(3).repeat(10, 1))
            made = trainer.average.synthesize(w[:, None].expand(-1, trainer.average.num_ws, -1)).unflatten(0, (10, 3))
        return (made.mean(dim=(0, 3, 4)) - real.mean(dim=(0, 3, 4))).abs().mean().item()

    before = distance()
    for _ in range(400):
        trainer.step()
    assert distance() < before / 3


if __name__ == "__main__":
    process_group = init("cpu")
    run = AdversarialTrainer(TINY, Fakes(), process_group)
    words = [run.step() for _ in range(4)]
    if process_group.is_main:
        torch.save({"told": words, "state": run.state()}, sys.argv[1])
    run.close()
    process_group.destroy()


def test_the_state_keeps_the_names_of_version_0_1():
    trainer = trained(1, replace(TINY, precision="fp16"))[0]
    state = trainer.state()
    names = "steps shown network average discriminator adam d_adam path_mean r1 path ada scale d_scale"
    assert sorted(state) == sorted(names.split())
    assert (sorted(state["ada"]), sorted(state["scale"])) == (["p", "pictures", "signs", "steps"], ["by", "good"])
    assert "blocks.0.conv0.weight" in state["discriminator"]
