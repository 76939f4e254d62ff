"""Text encoder of text-conditioned networks: the text tower of a CLIP that the player has added.

Radford et al. 2021 (2103.00020), section 2.4. Which CLIP a network was trained with is not in its file; the one whose
embeddings are as wide as its class vector is taken (768 numbers: ViT-L/14, as StyleGAN-T's authors did).
"""

import threading
from collections.abc import Set
from typing import TYPE_CHECKING

import numpy as np

from livegan.core.types import Vector
from livegan.errors import NetworkError
from livegan.networks.info import NetworkInfo
from livegan.networks.model_files import models_here, tensor_shapes

if TYPE_CHECKING:
    from livegan.networks.clip import Clip


class TextEncoder:
    """Text encoder: words to text vectors. A CLIP is loaded when it is first needed, so not on the engine's thread."""

    def __init__(self) -> None:
        self.notice = ""  # one line on what is missing
        self._widths: set[int] = set()
        self._clips: dict[int, Clip] = {}
        self._missing: set[int] = set()
        self._lock = threading.Lock()

    def want(self, widths: Set[int]) -> None:
        """There are networks whose text vectors have so many numbers."""
        with self._lock:
            self._widths |= widths

    def encode(self, words: str) -> dict[int, Vector]:
        """Text vectors (width,) of length 1, by width, those whose CLIP is there."""
        with self._lock:
            clips = {width: clip for width in sorted(self._widths) if (clip := self._clip(width)) is not None}
            return {width: _unit(clip, words) for width, clip in clips.items()}

    def _clip(self, width: int) -> "Clip | None":
        if width not in self._clips and width not in self._missing:
            from livegan.networks.clip import Clip  # torch

            try:
                info = find_text_model(width)
                self._clips[width] = Clip.from_info(info)
                self._clips[width].drop_image_tower()
            except NetworkError as error:
                self._missing.add(width)
                self.notice = str(error)
        return self._clips.get(width)


def find_text_model(width: int) -> NetworkInfo:
    """The first CLIP here, by name, whose embeddings have so many numbers; NetworkError if there is none."""
    here = models_here("clip")
    for info in here:
        if tensor_shapes(info).get("text_projection", (0, 0))[1:] == (width,):
            return info
    others = f" ({', '.join(info.name for info in here)} {'make' if len(here) > 1 else 'makes'} others)" if here else ""
    raise NetworkError(
        f"words move no network of {width} text numbers without a CLIP that makes as many{others}; "
        + ("type: livegan networks add ViT-L-14.pt" if width == 768 else "type: livegan networks add CLIP.pt")
    )


def _unit(clip: "Clip", words: str) -> Vector:
    vector = np.asarray(clip.text([words])[0].numpy(), np.float32)
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float32)
