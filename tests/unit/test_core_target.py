"""Dream targets and OKLab."""

import numpy as np
import pytest

from livegan.core.oklab import oklab_to_srgb, parse_hex, srgb_to_oklab
from livegan.core.target import Target


def test_oklab_is_that_of_its_paper_and_goes_back() -> None:
    assert srgb_to_oklab((1, 1, 1)) == pytest.approx([1, 0, 0], abs=1e-4)
    assert srgb_to_oklab((1, 0, 0)) == pytest.approx([0.62796, 0.22486, 0.12585], abs=1e-4)
    assert srgb_to_oklab((0, 0, 1)) == pytest.approx([0.45201, -0.03246, -0.31153], abs=1e-4)
    colours = np.random.default_rng(0).random((100, 3))
    assert oklab_to_srgb(srgb_to_oklab(colours)) == pytest.approx(colours, abs=1e-6)


def test_hex_colours_are_read() -> None:
    assert parse_hex("#ff8000") == pytest.approx((1, 128 / 255, 0))
    with pytest.raises(ValueError, match=r"."):
        parse_hex("violet")


def test_a_blend_goes_from_one_target_to_the_other() -> None:
    violet = Target({"silk": 1.0}, ((1.0, (0.5, 0.0, 1.0)),), brightness=0.2)
    gold = Target({"marble": 1.0}, ((0.7, (1.0, 0.8, 0.0)), (0.3, (0.0, 0.0, 0.0))), motion=1.0)
    assert violet.blend(gold, 0) is violet
    assert violet.blend(gold, 1) is gold
    half = violet.blend(gold, 0.5)
    assert half.classes == {"silk": 0.5, "marble": 0.5}
    assert sum(share for share, _ in half.colours) == pytest.approx(1)
    assert (half.brightness, half.motion) == (0.2, 1.0)
    assert not half.is_empty
    assert Target().is_empty
