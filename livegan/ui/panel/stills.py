"""Still cache of the panel: pictures of scenes at the size of a tile, read one at a time between two frames."""

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

from PyQt5.QtCore import QSize, Qt
from PyQt5.QtGui import QImage, QImageReader, QPixmap

MOST = 400  # pictures kept: 400 of 264 by 148 pixels are 60 MB


class StillCache:
    """Pictures by name of scene. `pixmap` never waits: what is not there yet is read by `read_next`."""

    def __init__(self) -> None:
        self._paths: dict[str, Path] = {}
        self._size, self._ratio = QSize(), 1.0
        self._kept: OrderedDict[str, QPixmap] = OrderedDict()
        self._own: dict[str, QImage] = {}  # of scenes without a file: what they looked like when they last played
        self._asked: list[str] = []

    def know(self, paths: Mapping[str, Path]) -> None:
        """The file of each scene's still."""
        self._paths = dict(paths)
        self._asked.clear()

    def resize(self, size: QSize, ratio: float) -> None:
        """Pictures are wanted in this size from now on; `ratio`: pixels of the screen for each of the window."""
        size, self._ratio = size * ratio, ratio
        if size != self._size:
            self._size = size
            self._kept.clear()
            self._asked.clear()

    def lacks(self, name: str) -> bool:
        """Whether there is no picture of a scene, nor will be."""
        return name not in self._paths and name not in self._own

    def keep(self, name: str, image: QImage) -> None:
        """A picture of a scene that has no still."""
        self._own[name] = image
        self._kept.pop(name, None)

    def pixmap(self, name: str) -> QPixmap | None:
        """The picture of a scene, or None; a file of it is asked for then."""
        if name in self._kept:
            self._kept.move_to_end(name)
            return self._kept[name]
        if name not in self._asked and not self.lacks(name):
            self._asked.append(name)
        return None

    def read_next(self) -> str:
        """Read one of those that were asked for; its name, "" where there was none."""
        if not self._asked:
            return ""
        name = self._asked.pop(0)
        image = self._own.get(name) or self._read(self._paths[name])
        if image is None:
            del self._paths[name]  # damaged: its title will do
            return ""
        fill, smooth = Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation
        pixmap = QPixmap.fromImage(image.scaled(self._size, fill, smooth))
        pixmap.setDevicePixelRatio(self._ratio)
        self._kept[name] = pixmap
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return name

    def _read(self, path: Path) -> QImage | None:
        reader = QImageReader(str(path))
        whole = reader.size()
        if whole.isValid():
            reader.setScaledSize(whole.scaled(self._size, Qt.AspectRatioMode.KeepAspectRatioByExpanding))
        image = reader.read()
        return None if image.isNull() else image
