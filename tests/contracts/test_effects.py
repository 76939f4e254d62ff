"""Laws of effects, asked of every member of EFFECTS, plugins too, over the whole range of every parameter."""

import math
import random
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from livegan.core.parameters import Parameter
from livegan.effects.chain import Chain
from livegan.effects.registry import EFFECTS, Effect, effect_parameters, keys_of

NAMES = EFFECTS.names()
SHAPES = [(64, 64, 3), (1, 1, 3), (7, 33, 3), (90, 51, 3)]
AMOUNTS = [1e-6, 0.1, 0.5, 0.75, 1.0]


def whole(shape: tuple[int, ...], seed: int = 1) -> torch.Tensor:
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))


def picture(shape: tuple[int, ...], seed: int = 1) -> torch.Tensor:
    return whole(shape, seed).float()


def smooth(shape: tuple[int, ...]) -> torch.Tensor:
    """A picture without detail or edges: softened noise on black."""
    small = torch.rand(1, 3, 4, 6, generator=torch.Generator().manual_seed(8))
    large = torch.nn.functional.interpolate(small, shape[:2], mode="bicubic").clamp(0, 1)
    rows, columns = (torch.linspace(0, math.pi, size).sin() for size in shape[:2])
    return (large[0] * rows[:, None] * columns * 255).permute(1, 2, 0).contiguous()


def planes(pixels: torch.Tensor) -> torch.Tensor:
    """The same picture with each colour as a plane of its own in memory."""
    return pixels.permute(2, 0, 1).contiguous().permute(1, 2, 0)


def step(effect: Effect, pixels: torch.Tensor, amount: float, dt_s: float = 1 / 60, **others: float) -> torch.Tensor:
    """One step with the first parameter at `amount` and the others at their defaults or as given."""
    defaults = {parameter.name: parameter.default for parameter in effect.parameters}
    return effect.step(pixels, defaults | {effect.parameters[0].name: amount} | others, dt_s)


def corners(parameters: tuple[Parameter, ...]) -> Iterator[dict[str, float]]:
    """Low, default, high and two values between of each parameter after the first, the others at their defaults."""
    yield {}
    for parameter in parameters[1:]:
        low, high = parameter.low, parameter.high
        for value in (low, high, low + 0.31 * (high - low), low + 0.77 * (high - low)):
            yield {parameter.name: value}


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_can_be_turned(name: str) -> None:
    for parameter in EFFECTS[name].parameters:
        assert parameter.name.isidentifier()
        assert parameter.low <= parameter.default <= parameter.high
        assert parameter.low < parameter.high
        assert parameter.about
    assert {f"effect.{key}" for key in keys_of(name, EFFECTS[name])} <= set(effect_parameters())
    assert EFFECTS[name].__doc__ not in (None, Effect.__doc__)


@pytest.mark.parametrize("name", NAMES)
def test_amount_zero_is_the_identity_and_forgets(name: str) -> None:
    dark, bright = torch.zeros(SHAPES[0], dtype=torch.uint8), whole(SHAPES[0])
    chain, fresh = Chain([name]), Chain([name])
    for others in corners(EFFECTS[name].parameters):
        others = {f"{name}.{key}": value for key, value in others.items()}
        assert chain.step(bright, others, 1 / 60) is bright
        chain.step(bright, {name: 1.0, **others}, 1 / 60)
        assert chain.step(dark, {name: 0.0, **others}, 1 / 60) is dark
    assert torch.equal(chain.step(dark, {name: 1.0}, 1 / 60), fresh.step(dark, {name: 1.0}, 1 / 60))


@pytest.mark.parametrize("name", NAMES)
def test_a_hair_above_zero_is_nearly_the_identity(name: str) -> None:
    pixels = picture((64, 64, 3))
    for others in corners(EFFECTS[name].parameters):
        assert (step(EFFECTS[name](), pixels, 1e-4, **others) - pixels).abs().mean() < 3


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_shape_and_type_are_kept_and_the_input_is_untouched(name: str, shape: tuple[int, ...]) -> None:
    effect = EFFECTS[name]()
    for others in corners(effect.parameters):
        for amount in (AMOUNTS[1], AMOUNTS[-1]) if others else AMOUNTS:
            for dt_s in (0.0, 1e6):
                pixels = picture(shape)
                out = step(effect, pixels, amount, dt_s, **others)
                assert out.shape == pixels.shape
                assert out.dtype == torch.float32
                assert out.device == pixels.device
                assert -1e-3 <= out.min() <= out.max() <= 255.001
                assert torch.equal(pixels, picture(shape))


@pytest.mark.parametrize("name", NAMES)
def test_how_the_picture_lies_in_memory_does_not_matter(name: str) -> None:
    pixels = picture((24, 40, 3))
    for others in corners(EFFECTS[name].parameters):
        rows, colours = EFFECTS[name](), EFFECTS[name]()
        for seconds in (0.0, 0.3):
            as_rows = step(rows, pixels, 0.6, seconds, **others)
            assert (as_rows - step(colours, planes(pixels), 0.6, seconds, **others)).abs().mean() < 0.1


@pytest.mark.parametrize("name", [name for name in NAMES if EFFECTS.origin(name) == "livegan"])
def test_everything_is_made_on_the_device_of_the_picture(name: str) -> None:
    """On the device "meta", which computes nothing: torch raises where tensors of two devices meet."""
    effect = EFFECTS[name]()
    for others in corners(effect.parameters):
        for shape in ((40, 64, 3), (40, 64, 3), (20, 32, 3)):
            out = step(effect, torch.empty(shape, device="meta"), 0.6, 0.1, **others)
            assert (out.shape, out.device.type) == (shape, "meta")


@pytest.mark.parametrize("name", NAMES)
def test_a_chain_takes_and_gives_whole_numbers(name: str) -> None:
    pixels = whole((24, 40, 3))
    out = Chain([name]).step(pixels, {name: 0.7}, 1 / 60)
    assert isinstance(out, torch.Tensor)
    assert out.dtype == torch.uint8
    assert out.is_contiguous()
    assert torch.equal(pixels, whole((24, 40, 3)))


@pytest.mark.parametrize("name", NAMES)
def test_what_was_returned_is_not_written_to_again(name: str) -> None:
    effect = EFFECTS[name]()
    first = step(effect, picture(SHAPES[0], 1), 0.7)
    kept = first.clone()
    step(effect, picture(SHAPES[0], 2), 0.3)
    assert torch.equal(first, kept)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_calls_give_the_same_pictures(name: str) -> None:
    def play() -> list[torch.Tensor]:
        effect, values = EFFECTS[name](), list(corners(EFFECTS[name].parameters))
        return [
            step(effect, picture(SHAPES[0], seed), seed / 10, seed / 100, **values[seed % len(values)])
            for seed in range(1, 9)
        ]

    assert all(torch.equal(a, b) for a, b in zip(play(), play(), strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_another_one_that_restores_the_memory_goes_on_with_the_same_pictures(name: str) -> None:
    """As a stopped render does: each frame is drawn again by an effect that has seen nothing but the memory."""
    values = list(corners(EFFECTS[name].parameters))
    steady, resumed = EFFECTS[name](), EFFECTS[name]()
    for frame in range(1, 9):
        given = picture((24, 40, 3), frame), frame / 10, 0.07
        seen = step(steady, *given, **values[frame % len(values)])
        assert torch.equal(seen, step(resumed, *given, **values[frame % len(values)]))
        memory = {key: value.clone() for key, value in resumed.memory().items()}
        resumed = EFFECTS[name]()
        resumed.restore(memory)


@pytest.mark.parametrize("seed", range(6))
def test_a_chain_of_any_effects_is_resumed_at_any_frame(seed: int) -> None:
    rng = random.Random(seed)
    names = rng.sample(NAMES, 6)
    steady, resumed = Chain(EFFECTS), Chain(EFFECTS)
    for frame in range(12):
        plan = {name: rng.choice((0.0, 0.3, 0.9)) for name in rng.sample(names, len(names))}
        pixels = whole((24, 40, 3), frame)
        assert torch.equal(steady.step(pixels, plan, 0.05), resumed.step(pixels, plan, 0.05))  # type: ignore[arg-type]
        memory = resumed.memory()
        resumed = Chain(EFFECTS)
        resumed.restore(memory)


@pytest.mark.parametrize("name", NAMES)
def test_the_size_may_change_between_frames(name: str) -> None:
    effect = EFFECTS[name]()
    for shape in (*SHAPES, *SHAPES):
        assert step(effect, picture(shape), 0.5).shape == shape


class Finite(TorchDispatchMode):
    """Raises at the first operation that gives NaN or infinity: clamped, neither could be seen in the picture."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if isinstance(out, torch.Tensor) and out.is_floating_point():
            if "empty" in func.__name__:  # whatever the memory holds
                out.zero_()
            assert out.isfinite().all(), f"{func} gives a number that is not finite"
        return out


@pytest.mark.parametrize("value", [0, 128, 255])
@pytest.mark.parametrize("name", NAMES)
def test_every_number_on_the_way_is_finite(name: str, value: int) -> None:
    pixels = torch.full((16, 16, 3), float(value))
    for others in corners(EFFECTS[name].parameters):
        effect = EFFECTS[name]()
        with Finite():
            for amount in AMOUNTS:
                for dt_s in (0.0, 1e6):
                    step(effect, pixels, amount, dt_s, **others)


def test_a_number_that_is_not_finite_is_found() -> None:
    with Finite(), pytest.raises(AssertionError, match="not finite"):
        torch.zeros(2).div_(0.0)


@pytest.mark.parametrize("name", NAMES)
def test_the_look_does_not_depend_on_the_frame_rate(name: str) -> None:
    bright, dark = picture(SHAPES[0]), torch.zeros(SHAPES[0])
    for others in corners(EFFECTS[name].parameters):
        fine, coarse = EFFECTS[name](), EFFECTS[name]()
        step(fine, bright, 0.5, 0.0, **others)
        step(coarse, bright, 0.5, 0.0, **others)
        for _ in range(10):
            seen = step(fine, dark, 0.5, 0.05, **others)
        once = step(coarse, dark, 0.5, 0.5, **others)
        if not EFFECTS[name].moves_memory:
            assert (seen - once).abs().max() <= 1


@pytest.mark.parametrize("name", NAMES)
def test_what_moves_goes_as_far_at_any_frame_rate(name: str) -> None:
    bright = smooth((64, 96, 3))
    dark = torch.zeros_like(bright)
    for others in corners(EFFECTS[name].parameters):
        fine, coarse = EFFECTS[name](), EFFECTS[name]()
        for effect, steps in ((fine, 24), (coarse, 3)):
            step(effect, bright, 0.5, 0.0, **others)
            for _ in range(steps):
                seen = step(effect, dark, 0.5, 0.36 / steps, **others)
            if effect is fine:
                smooth_one = seen
        assert (smooth_one - seen).abs().mean() < 2
