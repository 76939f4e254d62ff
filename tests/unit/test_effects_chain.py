"""The chain: order, sleep, clean amounts, and a guard around each effect."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from livegan.effects.chain import Chain
from livegan.effects.registry import EFFECTS

NOISE = torch.randint(0, 256, (32, 32, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(6))


class Watch:
    """A guard that notes who worked."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.faults: list[str] = []

    def __call__(self, name: str, work: Callable[[], Any], fallback: Any) -> Any:
        self.names.append(name)
        try:
            return work()
        except ArithmeticError:
            self.faults.append(name)
            return fallback


def test_effects_are_applied_in_the_order_of_the_plan() -> None:
    watch = Watch()
    chain = Chain(reversed(EFFECTS.names()), watch)
    assert chain.names == tuple(EFFECTS.names())
    for order in (["dim", "zoom", "glow"], ["glow", "dim", "zoom"]):
        watch.names.clear()
        chain.step(NOISE, dict.fromkeys(order, 0.5), 1 / 60)
        assert watch.names == [f"effect {name}" for name in order]
    first = chain.step(NOISE, {"invert": 1.0, "dim": 0.5}, 0.1)
    assert not torch.equal(first, chain.step(NOISE, {"dim": 0.5, "invert": 1.0}, 0.1))


def test_every_effect_at_once_is_a_picture() -> None:
    watch = Watch()
    out = Chain(EFFECTS, watch).step(NOISE, dict.fromkeys(EFFECTS, 0.5), 1 / 60)
    assert out.shape == NOISE.shape
    assert {f"effect {name}" for name in EFFECTS} <= set(watch.names)
    assert not watch.faults


def test_nothing_is_done_for_amounts_of_zero() -> None:
    watch = Watch()
    chain = Chain(EFFECTS.names(), watch)
    assert chain.step(NOISE, {"flash": 0.0, "hue": float("nan"), "dim": -1.0}, 1 / 60) is NOISE
    assert not watch.names


def test_amounts_beyond_one_and_strange_times_are_put_right() -> None:
    chain = Chain(["dim", "trails"])
    assert chain.step(NOISE, {"dim": 7.0}, 1 / 60).eq(0).all()
    chain.step(NOISE, {"trails": 0.5}, float("nan"))
    assert chain.step(NOISE, {"trails": float("inf")}, -1.0).shape == NOISE.shape


def test_a_failing_effect_is_bypassed_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> torch.Tensor:
        raise ArithmeticError

    monkeypatch.setattr(EFFECTS["contrast"], "step", fail)
    watch = Watch()
    out = Chain(["invert", "contrast", "dim"], watch).step(NOISE, {"invert": 1.0, "contrast": 1.0, "dim": 0.5}, 0.1)
    assert watch.faults == ["effect contrast"]
    alone = Chain(["invert", "dim"]).step(NOISE, {"invert": 1.0, "dim": 0.5}, 0.1)
    assert torch.equal(out, alone)


def test_an_effect_that_falls_asleep_forgets() -> None:
    chain, dark = Chain(["trails"]), torch.zeros_like(NOISE)
    chain.step(NOISE, {"trails": 1.0}, 1 / 60)
    assert chain.step(dark, {"trails": 0.0}, 1 / 60) is dark
    assert chain.step(dark, {"trails": 1.0}, 1 / 60).eq(0).all()


def test_a_wrong_name_offers_the_nearest() -> None:
    with pytest.raises(KeyError, match="did you mean 'flash'"):
        Chain(["flahs"])


@pytest.mark.parametrize("warm", [0.0, 0.5, -0.5])
@pytest.mark.parametrize("name", ["feedback", "trails"])
def test_what_fades_over_black_ends_at_zero(name: str, warm: float) -> None:
    """Denormals would slow a processor down for as long as it stays black."""
    chain, black, plan = Chain([name]), torch.zeros_like(NOISE[:8, :8]), {name: 0.12, f"{name}.warm": warm}
    chain.step(NOISE[:8, :8], plan, 1 / 60)
    for _ in range(1000):
        chain.step(black, plan, 1 / 60)
    least = torch.finfo(torch.float32).tiny
    for key, kept in chain.memory().items():
        assert not ((kept != 0) & (kept.abs() < least)).any(), key
        assert kept.ndim < 3 or not kept.any(), key
