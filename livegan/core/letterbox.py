"""Letterboxing: the rectangle of a picture in a window, or in a film, of another aspect ratio."""

Rect = tuple[int, int, int, int]  # x, y, width, height [pixels], y counted from below as OpenGL does

TRIM = 0.03  # aspect ratios that differ by less are filled: bars that thin look like a fault, and so little is cut off


def fit(window: tuple[int, int], picture: tuple[int, int], *, fill: bool = False) -> Rect:
    """Where a picture goes: whole, with bars; without bars if told to `fill`, or if there is next to nothing to cut."""
    return cover(window, picture) if fill or nearly_alike(window, picture) else letterbox(window, picture)


def nearly_alike(window: tuple[int, int], picture: tuple[int, int]) -> bool:
    """Whether the aspect ratios of two (width, height) [pixels] differ by less than `TRIM`."""
    a, b = (max(window[0], 1) * max(picture[1], 1), max(window[1], 1) * max(picture[0], 1))
    return max(a, b) < (1 + TRIM) * min(a, b)


def letterbox(window: tuple[int, int], picture: tuple[int, int]) -> Rect:
    """The largest centred rectangle of the picture's aspect inside the window; both are (width, height) [pixels].

    Never empty: a picture a thousand times wider than high is still one pixel high.
    """
    width, height = max(window[0], 1), max(window[1], 1)
    across, down = max(picture[0], 1), max(picture[1], 1)
    scale = min(width / across, height / down)
    wide = min(max(round(across * scale), 1), width)
    high = min(max(round(down * scale), 1), height)
    return (width - wide) // 2, (height - high) // 2, wide, high


def cover(window: tuple[int, int], picture: tuple[int, int]) -> Rect:
    """The smallest centred rectangle of the picture's aspect that covers the window; what lies outside is cut off."""
    width, height = max(window[0], 1), max(window[1], 1)
    across, down = max(picture[0], 1), max(picture[1], 1)
    scale = max(width / across, height / down)
    wide, high = max(round(across * scale), width), max(round(down * scale), height)
    return (width - wide) // 2, (height - high) // 2, wide, high


def size_within(room: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """The (width, height) of a window asked to be `size`: that, or the largest of its aspect that the room has."""
    if size[0] <= room[0] and size[1] <= room[1]:
        return size
    _, _, width, height = letterbox(room, size)
    return width, height
