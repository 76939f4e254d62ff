"""Drawn faces that Haar cascades take for real ones: eyes, brows, nose and mouth in soft light and shade."""

from math import cos, radians, sin

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from livegan.core.types import Pixels

TWICE = 2  # drawn so many times larger, for smooth edges


def drawn_face(
    size: tuple[int, int] = (256, 256), centre: tuple[float, float] | None = None, side: float = 110.0,
    roll_deg: float = 0.0, skin: tuple[int, int, int] = (214, 170, 140), blur_px: float = 1.0, seed: int = 0,
) -> tuple[Pixels, tuple[tuple[float, float], tuple[float, float]]]:  # fmt: skip
    """A picture uint8 (height, width, 3) of a face about `side` wide, and the centres (x, y) of its eyes."""
    height, width = size
    x, y = centre or (width / 2, height / 2)
    unit = side / 100
    around = TWICE * 2 * side
    canvas = Image.new("RGB", (round(around), round(around)), (120, 125, 130))
    pen = ImageDraw.Draw(canvas)
    shade = tuple(round(value * 0.62) for value in skin)
    light = tuple(min(255, round(value * 1.1)) for value in skin)

    def oval(at: tuple[float, float], wide: float, high: float, colour: tuple[int, ...]) -> None:
        left, top = (around / 2 + TWICE * unit * (value - half) for value, half in zip(at, (wide, high), strict=True))
        pen.ellipse((left, top, left + 2 * TWICE * unit * wide, top + 2 * TWICE * unit * high), colour)

    oval((0, -10), 56, 72, (60, 42, 30))  # hair
    oval((0, 8), 48, 64, skin)
    for across in (-20, 20):
        oval((across, -8), 14, 9, shade)  # sockets
        oval((across, -20), 13, 3, (70, 50, 38))  # brows
        oval((across, -6), 9, 5, (238, 234, 228))
        oval((across, -6), 4.5, 4.5, (38, 28, 24))
        oval((across * 1.1, 20), 10, 9, light)  # cheeks
    oval((0, 8), 5, 18, light)  # nose
    oval((0, 24), 9, 3.5, shade)
    oval((0, 42), 17, 4.5, (150, 70, 68))  # mouth
    canvas = canvas.filter(ImageFilter.GaussianBlur(TWICE * unit * 1.6)).rotate(-roll_deg, Image.Resampling.BICUBIC,
                                                                                fillcolor=(120, 125, 130))  # fmt: skip
    face = canvas.resize((round(2 * side), round(2 * side)), Image.Resampling.LANCZOS)
    mask = Image.new("L", face.size, 0)
    ImageDraw.Draw(mask).ellipse((0, 0, face.width, face.height), 255)
    picture = Image.new("RGB", (width, height), (120, 125, 130))
    picture.paste(face, (round(x - side), round(y - side)), mask)
    picture = picture.filter(ImageFilter.GaussianBlur(blur_px))
    rng = np.random.default_rng(seed)
    grain = rng.normal(0, 2, (height, width, 1))
    pixels = (np.asarray(picture, np.float32) + grain).clip(0, 255).astype(np.uint8)
    turn = radians(roll_deg)
    eyes = []
    for across in (-20, 20):
        ex, ey = across * unit, -6 * unit
        eyes.append((x + ex * cos(turn) - ey * sin(turn), y + ex * sin(turn) + ey * cos(turn)))
    return pixels, (eyes[0], eyes[1])
