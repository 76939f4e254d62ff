"""Letterboxing: the rectangle of a picture in a window of another aspect ratio."""

Rect = tuple[int, int, int, int]  # x, y, width, height [pixels], y counted from below as OpenGL does


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
