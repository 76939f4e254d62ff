"""L-BFGS reaches the minimum of a narrow valley, where gradient descent creeps, and never goes up."""

import pytest
import torch
from torch import Tensor

from livegan.studio.lbfgs import TRIES, Descent


def rosenbrock(x: Tensor) -> Tensor:
    return (100 * (x[1:] - x[:-1].square()).square() + (1 - x[:-1]).square()).sum()


def descend(start: Tensor, steps: int, function=rosenbrock) -> tuple[Descent, list[float]]:  # type: ignore[no-untyped-def]
    descent, values = Descent(start, 0.03), []
    for _ in range(steps):
        place = descent.place.requires_grad_()
        value = function(place)
        (slope,) = torch.autograd.grad(value, place)
        values.append(value.item())
        descent.tell(value.item(), slope)
    return descent, values


def test_a_narrow_valley_is_followed_to_its_end() -> None:
    descent, values = descend(torch.tensor([-1.2, 1.0, -1.2, 1.0], dtype=torch.float64), 150)
    assert min(values) < 1e-12
    assert descent.place.tolist() == pytest.approx([1.0] * 4, abs=1e-5)


def test_what_was_accepted_never_goes_up() -> None:
    descent, accepted = Descent(torch.tensor([3.0, -2.0], dtype=torch.float64), 5.0), [float("inf")]
    for _ in range(60):
        place = descent.place.requires_grad_()
        value = rosenbrock(place)
        (slope,) = torch.autograd.grad(value, place)
        descent.tell(value.item(), slope)
        accepted.append(descent._value)
    assert accepted == sorted(accepted, reverse=True)
    assert accepted[-1] < 1.0


def test_a_quadratic_form_needs_about_as_many_steps_as_it_has_axes() -> None:
    scales = torch.logspace(0, 3, 6, dtype=torch.float64)
    _, values = descend(torch.ones(6, dtype=torch.float64), 40, lambda x: (scales * x.square()).sum())
    assert values[-1] < 1e-8 * values[0]


def test_where_nothing_is_lower_it_stays_and_forgets() -> None:
    descent = Descent(torch.ones(3), 0.1)
    descent.tell(1.0, torch.ones(3))
    for _ in range(3 * TRIES):
        descent.tell(2.0, torch.ones(3))
    assert torch.equal(descent._accepted, torch.ones(3))
    flat = Descent(torch.ones(3), 0.1)
    for _ in range(3):
        flat.tell(1.0, torch.zeros(3))
    assert torch.equal(flat.place, torch.ones(3))
