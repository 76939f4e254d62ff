"""Feature columns of a scene: which features can enter its plans. The others need not be logged."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from livegan.core.types import Layout
from livegan.engine.bind import sources_of
from livegan.engine.log_arrays import COARSE, FINE
from livegan.engine.patch import Patch

ALWAYS = ("beat", "downbeat", "beat.phase", "bar.phase", "beat.bpm", "beat.confidence", "section.change")
"""What the beat grid, the setlist and a drift to words read."""
FAMILIES = ("chroma", "mel", "band", "spectrum")  # read whole where one of them is named
OF_SONGS = ("chroma.", "band.")
SPECTRA = ("mel.", "band.", "spectrum.")
MEANING = ("mood.", "tag.")
OWN = "livegan.mapping.motions."  # models of other packages may read any feature


def columns_read(patches: Iterable[Patch], layout: Layout, *, follows_song: bool = False) -> tuple[int, ...]:
    """Places in the layout of every feature that may enter a plan of these scenes, with their present routes.

    `follows_song`: their setlist follows a rehearsed song.
    """
    names = {name for name in ALWAYS if name in layout.index}
    if follows_song:
        names |= {name for name in layout.names if name.startswith(OF_SONGS) or name == "gate"}
    for patch in patches:
        models = patch.motion.models
        if not all(type(model).__module__.startswith(OWN) for model in models):
            return tuple(range(len(layout.names)))
        scene = patch.scene.model_copy(update={"routes": patch.bay.routes})
        wanted = {*sources_of(scene), *patch.amplitudes_from, _chroma_of(patch.motion.chroma_of)}
        if any(type(model).__module__ == f"{OWN}mood" for model in models):
            names |= {name for name in layout.names if name.startswith(MEANING)}
        names |= {name for source in wanted for name in _family(source, layout)}
    return tuple(sorted(layout.index[name] for name in names))


def bits_kept(layout: Layout) -> NDArray[np.int32]:
    """How exactly a show with a log plays each feature: spectra, of which there are many, less than the others."""
    coarse = [name.rpartition(":")[2].startswith(SPECTRA) for name in layout.names]
    return np.where(coarse, COARSE, FINE).astype(np.int32)


def _chroma_of(group: str) -> str:
    return f"{group}:chroma.C" if group else "chroma.C"


def _family(source: str, layout: Layout) -> Iterable[str]:
    """The feature, and its family where that is read whole."""
    group, _, name = source.rpartition(":")
    family = name.partition(".")[0]
    if family in FAMILIES:
        prefix = f"{group}:{family}." if group else f"{family}."
        yield from (each for each in layout.names if each.startswith(prefix))
    if source in layout.index:
        yield source
