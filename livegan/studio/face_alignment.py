"""Face alignment: the square that FFHQ cuts around a face, upright (Karras et al. 2018, 1812.04948, appendix A).

Their formula takes the centres of the eyes and of the mouth. No detector that comes with a wheel finds mouths well, so
the mouth is taken to lie MOUTH times the distance of the eyes below their middle; the side of the square is then four
times that distance, as their formula gives for a face seen from the front.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from livegan.datasets.faces import Face, face_finder
from livegan.errors import DatasetError, MediaError

MOUTH = 1.1  # distance of the mouth from the eyes, in distances of the eyes
CALM = 0.6  # share of the square before, in a video: detectors tremble
LARGEST_PX = 2048  # side of an aligned picture

Quad = NDArray[np.float64]  # (4, 2): upper left, lower left, lower right, upper right [px]


class FaceAligner:
    """Aligner of one picture, or of the frames of one video in order."""

    def __init__(self) -> None:
        """MediaError with what to type if no detector is installed."""
        try:
            self._find = face_finder()
        except DatasetError as error:
            raise MediaError(f"--align: {error}; or leave --align out") from error
        self._quad: Quad | None = None

    def align(self, image: Image.Image, name: str, number: int = 0) -> Image.Image:
        """The square around the largest face; where none is found, that of the frame before.

        MediaError if there is none in the first frame.
        """
        faces = self._find(np.asarray(image))
        if faces:
            quad = ffhq_quad(faces[0])
            self._quad = quad if self._quad is None else CALM * self._quad + (1 - CALM) * quad
        if self._quad is None:
            where = f" in its frame {number}" if number else ""
            raise MediaError(f"{name}: no face is found{where}; leave --align out, or give a picture of a face")
        return cut(image, self._quad)


def ffhq_quad(face: Face) -> Quad:
    """The corners of FFHQ's square around a face."""
    left, right = np.asarray(face.eyes, np.float64)
    eyes = right - left
    middle = (left + right) / 2
    to_mouth = MOUTH * np.array([-eyes[1], eyes[0]])
    across = eyes - np.array([-to_mouth[1], to_mouth[0]])
    across *= max(np.hypot(*eyes) * 2.0, np.hypot(*to_mouth) * 1.8) / np.hypot(*across)
    down = np.array([-across[1], across[0]])
    centre = middle + 0.1 * to_mouth
    return np.stack([centre - across - down, centre - across + down, centre + across + down, centre + across - down])


def cut(image: Image.Image, quad: Quad) -> Image.Image:
    """The square of a picture, upright; what lies outside of the picture is its edge, continued."""
    side = min(max(int(np.hypot(*(quad[3] - quad[0])) + 0.5), 16), LARGEST_PX)
    low, high = np.floor(quad.min(axis=0)).astype(int), np.ceil(quad.max(axis=0)).astype(int)
    before, after = np.maximum(-low, 0), np.maximum(high - np.array(image.size), 0)
    if before.any() or after.any():
        pads = ((before[1], after[1]), (before[0], after[0]), (0, 0))
        image = Image.fromarray(np.pad(np.asarray(image), pads, mode="edge"))
        quad = quad + before
    corners = tuple(float(value) for value in quad.ravel())
    return image.transform((side, side), Image.Transform.QUAD, corners, Image.Resampling.BICUBIC)
