"""Laws of wipes: nothing of the new picture at 0, all of it at 1, never less than before, and at one pace."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from livegan.core.transitions import WIPES
from livegan.core.types import Wipe
from livegan.rendering.crossfade import crossfade
from livegan.rendering.wipes import FIELDS, Wiper, field_of

CPU = torch.device("cpu")
BELOW, ABOVE = torch.full((36, 64, 3), 10, dtype=torch.uint8), torch.full((36, 64, 3), 210, dtype=torch.uint8)


def test_every_wipe_that_a_scene_may_name_is_drawn() -> None:
    assert set(FIELDS) == set(WIPES)
    assert len(WIPES) >= 6


@pytest.mark.parametrize("kind", WIPES)
@pytest.mark.parametrize("softness", [0.0, 0.2, 1.0])
def test_a_mask_goes_from_nothing_to_all_and_never_back(kind: str, softness: float) -> None:
    wiper, wipe = Wiper(), Wipe(kind, softness, seed=3)
    masks = [wiper.mask(wipe, 180, 320, share, CPU).numpy() for share in np.linspace(0, 1, 21)]
    assert masks[0].max() == 0
    assert masks[-1].min() == 1
    assert all((after >= before).all() for before, after in pairwise(masks))
    steps = np.diff([mask.mean() for mask in masks])
    assert steps.max() < 0.16, "it covers the picture at nearly one pace: 21 steps of 0.05"
    if softness < 0.5:
        assert 0.2 < masks[10].mean() < 0.8


@pytest.mark.parametrize("kind", WIPES)
def test_a_field_is_the_same_each_time_and_fits_any_picture(kind: str) -> None:
    for height, width in ((1, 1), (7, 3), (64, 36), (36, 64)):
        field = field_of(Wipe(kind, seed=5), height, width)
        assert field.shape == (height, width)
        assert field.dtype == np.float32
        assert 0 <= field.min() <= field.max() <= 1
        np.testing.assert_array_equal(field, field_of(Wipe(kind, seed=5), height, width))


def test_what_is_random_has_a_seed() -> None:
    for kind in ("dissolve", "tiles", "bars"):
        assert not np.array_equal(field_of(Wipe(kind, seed=1), 36, 64), field_of(Wipe(kind, seed=2), 36, 64))


def test_wipes_go_where_their_names_say() -> None:
    wiper = Wiper()

    def middle_row(kind: str) -> np.ndarray:
        return wiper.over(BELOW, ABOVE, 0.5, Wipe(kind, 0.0))[18, :, 0].numpy()

    assert middle_row("wipe-right")[0] == 210
    assert middle_row("wipe-right")[-1] == 10
    assert middle_row("wipe-left")[-1] == 210
    assert middle_row("iris")[32] == 210
    assert wiper.over(BELOW, ABOVE, 0.5, Wipe("wipe-down", 0.0))[0, 0, 0] == 210
    assert wiper.over(BELOW, ABOVE, 0.5, Wipe("wipe-up", 0.0))[-1, 0, 0] == 210


def test_pictures_are_untouched_and_made_alike_as_in_a_crossfade() -> None:
    small = torch.full((18, 32, 3), 100, dtype=torch.uint8)
    for below, above in ((BELOW, small), (small, ABOVE)):
        before = below.clone(), above.clone()
        mixed = Wiper().over(below, above, 0.4, Wipe("dissolve"))
        assert mixed.shape == (36, 64, 3)
        assert mixed.dtype == torch.uint8
        assert torch.equal(below, before[0])
        assert torch.equal(above, before[1])
        assert torch.equal(Wiper().over(below, above, 1.0, Wipe("iris")), crossfade(below, above, 1.0))
        assert Wiper().over(below, above, 0.0, Wipe("iris")) is below
