"""Editor of the mapping of windows: corners and soft edges moved by hand, with undo. No Qt here.

Points are shares of a window, (0, 0) is its top left. Handles 0 to 3 are the corners, clockwise from the top left; 4 to
7 are where the soft edges end: left, top, right, bottom.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from livegan.config.picture_view import MapTable, PictureView, SoftEdges, is_convex
from livegan.ui.warp import Matrix, homography, lies, move

Point = tuple[float, float]
Size = tuple[int, int]  # width, height [px]

CORNERS, HANDLES = 4, 8
EDGES = ("left", "top", "right", "bottom")
GRAB_PX = 28.0  # a handle is caught from so near
FINE = 0.1  # of a movement, with Shift
MOST = 200  # changes that can be undone
LEAST_SOFT = 0.004  # a soft edge that is narrower is none
FURTHEST = (-1.0, 2.0)  # where a corner may go


@dataclass
class MappedPicture:
    """A window that is mapped: its view, its size, and that of the picture in it, None before there is one."""

    view: PictureView
    window: Size = (1, 1)
    picture: Size | None = None


@dataclass(frozen=True, slots=True)
class _Change:
    at: int  # which window
    handle: int
    table: MapTable  # as it was before
    nudged: bool = False  # by keys


@dataclass
class _Hold:
    """What the hand holds, and where it would be if nothing hindered it."""

    pointer: Point
    wanted: Point
    changed: bool = field(default=False)


class WarpEditor:
    """Editor of the windows of a show; one handle of one window is chosen."""

    def __init__(self, pictures: Sequence[MappedPicture]) -> None:
        """The views in `pictures` are replaced as they are edited; sizes are kept by whoever shows them."""
        self.pictures = pictures
        self.at, self.handle = 0, 0
        self._undo: deque[_Change] = deque(maxlen=MOST)
        self._redo: deque[_Change] = deque(maxlen=MOST)
        self._hold: _Hold | None = None

    def place_of(self, at: int, handle: int) -> Point:
        """Where a handle stands in its window."""
        picture = self.pictures[at]
        table = picture.view.map
        if handle < CORNERS:
            return table.corners[handle]
        left, top, right, bottom = table.soft_edges.widths
        shown = [(left, 0.5), (0.5, top), (1 - right, 0.5), (0.5, 1 - bottom)][handle - CORNERS]
        return move(self.to_window(at), shown)

    def press(self, at: int, point: Point) -> bool:
        """Catch the nearest handle of a window, if one is near; corners before soft edges."""
        picture = self.pictures[at]
        away = [self._distance_px(picture, point, self.place_of(at, handle)) for handle in range(HANDLES)]
        nearest = min(range(HANDLES), key=lambda handle: (away[handle], handle))
        if away[nearest] > GRAB_PX:
            return False
        self.at, self.handle = at, nearest
        self._hold = _Hold(point, self.place_of(at, nearest))
        return True

    def drag(self, point: Point, *, fine: bool = False) -> bool:
        """Let the caught handle follow the pointer; whether it has moved."""
        hold = self._hold
        if hold is None:
            return False
        part = FINE if fine else 1.0
        x, y = (at + (now - then) * part for at, now, then in zip(hold.wanted, point, hold.pointer, strict=True))
        hold.pointer, hold.wanted = point, (x, y)
        before = self.pictures[self.at].view.map
        if not self._put((x, y)):
            return False
        if not hold.changed:
            self._remember(before)
            hold.changed = True
        return True

    def release(self) -> None:
        """Let the handle go."""
        self._hold = None

    def nudge(self, across_px: float, down_px: float) -> bool:
        """Move the chosen handle by pixels; whether it has moved. Nudges of one handle are undone together."""
        picture = self.pictures[self.at]
        x, y = self.place_of(self.at, self.handle)
        before = picture.view.map
        if not self._put((x + across_px / picture.window[0], y + down_px / picture.window[1])):
            return False
        newest = self._undo[-1] if self._undo else None
        goes_on = newest is not None and newest.nudged and (newest.at, newest.handle) == (self.at, self.handle)
        if not goes_on or self._redo:
            self._remember(before, nudged=True)
        return True

    def step(self, by: int = 1) -> None:
        """Choose the next handle; after the last one of a window, the first one of the next."""
        number = (self.at * HANDLES + self.handle + by) % (HANDLES * len(self.pictures))
        self.at, self.handle = divmod(number, HANDLES)

    def reset(self) -> bool:
        """The chosen window with its corners at home and no soft edges; whether that was not so."""
        before = self.pictures[self.at].view.map
        if before.off:
            return False
        self._remember(before, whole=True)
        self._take(self.at, MapTable(gamma=before.gamma))
        return True

    def undo(self) -> bool:
        """Take the newest change back; False if there is none."""
        return self._swap(self._undo, self._redo)

    def redo(self) -> bool:
        """Do again what was undone last."""
        return self._swap(self._redo, self._undo)

    def _swap(self, whence: deque[_Change], to: deque[_Change]) -> bool:
        if not whence:
            return False
        change = whence.pop()
        to.append(_Change(change.at, change.handle, self.pictures[change.at].view.map))
        self._hold = None
        self.at, self.handle = change.at, max(change.handle, 0)
        self._take(change.at, change.table)
        return True

    def _remember(self, before: MapTable, *, whole: bool = False, nudged: bool = False) -> None:
        self._undo.append(_Change(self.at, -1 if whole else self.handle, before, nudged))
        self._redo.clear()

    def _put(self, point: Point) -> bool:
        """Put the chosen handle as near to a point as it may be; False if it stays where it is."""
        picture = self.pictures[self.at]
        table = picture.view.map
        if self.handle < CORNERS:
            x, y = (min(max(value, FURTHEST[0]), FURTHEST[1]) for value in point)
            corners = tuple((x, y) if k == self.handle else corner for k, corner in enumerate(table.corners))
            if corners == table.corners or not is_convex(corners):  # type: ignore[arg-type]
                return False
            return self._take(self.at, table.model_copy(update={"corners": corners}))
        shown = move(np.linalg.inv(self.to_window(self.at)).astype(np.float64), point)
        side = self.handle - CORNERS
        across = shown[side % 2]
        width = across if side < 2 else 1 - across
        opposite = table.soft_edges.widths[(side + 2) % 4]
        width = min(max(width, 0.0), 1.0 - opposite)
        width = width if width >= LEAST_SOFT else 0.0
        if width == table.soft_edges.widths[side]:
            return False
        soft = SoftEdges.model_validate({**table.soft_edges.model_dump(), EDGES[side]: width})
        return self._take(self.at, table.model_copy(update={"soft_edges": soft}))

    def _take(self, at: int, table: MapTable) -> bool:
        picture = self.pictures[at]
        picture.view = picture.view.model_copy(update={"map": table})
        return True

    def to_window(self, at: int) -> Matrix:
        """From what a window shows of the picture, 0..1, to shares of that window."""
        picture = self.pictures[at]
        corners = homography(picture.view.map.corners)
        return np.asarray(corners @ lies(picture.view, picture.window, picture.picture))

    @staticmethod
    def _distance_px(picture: MappedPicture, one: Point, other: Point) -> float:
        width, height = picture.window
        return float(np.hypot((one[0] - other[0]) * width, (one[1] - other[1]) * height))
