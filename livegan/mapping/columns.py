"""Columns of a family of features, chroma or mel bands, in the feature frames of any layout."""

import numpy as np

from livegan.core.types import FeatureFrame, Layout, Vector


def columns(layout: Layout, family: str, group: str = "") -> list[int]:
    """Places of "FAMILY.0", "FAMILY.1" ... (or "FAMILY.C" ...) of an input group, in the order of the layout."""
    prefix = f"{group}:{family}." if group else f"{family}."
    return [i for name, i in layout.index.items() if name.startswith(prefix)]


class Columns:
    """Reader of one family of features; the places are looked up once for each layout."""

    def __init__(self, family: str, group: str = "") -> None:
        self._family, self._group = family, group
        self._layout: Layout | None = None
        self._places = np.zeros(0, np.intp)

    def __call__(self, heard: FeatureFrame) -> Vector:
        """Their values (n,), a copy."""
        if heard.layout is not self._layout:
            self._layout = heard.layout
            self._places = np.array(columns(heard.layout, self._family, self._group), np.intp)
        return np.asarray(heard.values[self._places], np.float32)
