"""Rim of a network's pictures: outermost pixels that its training left brighter or darker than what they lie beside."""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from livegan.networks.info import NetworkInfo


def cover_rim(pixels: "Tensor", info: "NetworkInfo") -> "Tensor":
    """Draw the rim of a picture (h, w, any) of this network, at any size, as a mirror of what is within it; in place.

    The rim is `info.rim` wide at the network's full height, and the same share of the picture at less.
    """
    height, width = pixels.shape[:2]
    rim = min(math.ceil(info.rim * height / info.resolution[0]), min(height, width) // 4)
    if rim > 0 and pixels.device.type == "cpu":  # torch would let go of Python's lock a dozen times for so little
        picture = pixels.numpy()
        for lines in (picture, picture.swapaxes(0, 1)):
            lines[:rim] = lines[2 * rim - 1 : rim - 1 : -1]
            lines[-rim:] = lines[-rim - 1 : -2 * rim - 1 : -1]
    elif rim > 0:
        for rows in (pixels, pixels.transpose(0, 1)):
            rows[:rim] = rows[rim : 2 * rim].flip(0)
            rows[-rim:] = rows[-2 * rim : -rim].flip(0)
    return pixels
