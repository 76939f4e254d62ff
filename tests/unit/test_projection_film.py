"""The projected film that comes with livegan is what its tool makes of the house network."""

import numpy as np
import pytest

from livegan.core.resources import bundled
from livegan.networks.latents.files import film_fps, read_path
from livegan.networks.library import find_network
from tools.make_projection import CLASSES, FPS, FRAMES, NETWORK, class_weights, make_film

FILE = bundled("presets") / "latents" / "house-film.hdf5"


def test_the_film_is_made_of_numbers_and_fits_the_house_network() -> None:
    info = find_network(NETWORK)
    points = read_path([FILE.name], info.z_dim, info.w_dim, FILE.parent)
    assert (points.kind, points.array.shape) == ("w", (FRAMES, info.num_ws, info.w_dim))
    np.testing.assert_allclose(points.array, make_film(), atol=0.01)  # rounded to float16 on another machine
    assert film_fps([FILE.name], FILE.parent) == FPS
    assert FILE.stat().st_size < 400 * 1024


def test_each_class_has_its_beats_and_fades_into_the_next() -> None:
    weights = class_weights(np.array([0.0, 2.9, 3.5, 4.0, 15.5]), 12)
    assert weights.sum(axis=1) == pytest.approx(1)
    first, second, _, last = CLASSES
    assert [weights[0, first], weights[1, first], weights[2, second], weights[3, second]] == [1, 1, 0.5, 1]
    assert weights[4, last] == weights[4, first] == 0.5
