"""Piano roll of a score, scrolling: 106 rows with low pitches on top, as images of MIDI files have it, or a score.

The image is that of the article in which such rows are learned by a GAN: white notes on black, row 0 is A0 (pitch 21).
"""

from math import ceil, exp, pi

import numpy as np
import torch
from torch import Tensor

from livegan.core.score import Score
from livegan.rendering.drawings.look import Look
from livegan.rendering.drawings.notes import (
    BLACK,
    MIDDLE,
    Floats,
    add_bar,
    add_glow,
    base_colour,
    diagonal,
    mirrored,
    note_rows,
    shone,
    turned,
    voice_colours,
)

IMAGE, UPRIGHT, SCORE = range(3)  # forms; 3 is SCORE too
LOWEST, ROWS = 21, 106  # of the image: A0 is the first row
SPAN_S = 5.6  # across the picture, at speed 1
NOW, NOW_HEARD = 0.3, 0.9  # place of now, in widths; of notes that are only heard
SLOWEST = 0.15


def draw(look: Look, score: Score | None, size: tuple[int, int], device: torch.device) -> Tensor:
    """The drawing, (3, height, width), 0..1."""
    side = diagonal(size) if look.turn % 1 else 0
    high, wide = (side, side) if side else size
    high = ceil(high / look.symmetry)
    light = torch.from_numpy(_rows(look, score, size, (high, wide))).to(device)
    light = mirrored(light.transpose(1, 2), look.symmetry, side or size[0]).transpose(1, 2).contiguous()
    return shone(turned(light, look.turn, size) if side else light, look)


def _rows(look: Look, score: Score | None, size: tuple[int, int], plane: tuple[int, int]) -> Floats:
    """Light (3, height, width) of a plane, laid out for a picture of some size."""
    high, wide = plane
    turned_ = plane[1] != size[1]
    x, y = (0.0, 0.0) if turned_ else (look.x, look.y)
    heard = score is not None and score.ahead_s <= 0
    now = wide / 2 + size[1] / 2 * x + ((NOW_HEARD if heard else NOW) - 0.5) * size[1] * look.scale
    rate = size[1] * look.scale / SPAN_S * max(look.streak, SLOWEST)
    is_image = look.form in (IMAGE, UPRIGHT)
    count, middle = (ROWS, LOWEST + (ROWS - 1) / 2) if is_image else (12 * look.octaves, MIDDLE)
    row = size[0] * look.scale / count / look.symmetry
    centre = high / 2 + size[0] / look.symmetry / 2 * y
    downwards = row if look.form == IMAGE else -row
    colours, base = voice_colours(look), base_colour(look)
    light = np.empty((3, high, wide), np.float32)
    light[:] = base[:, None, None] * np.float32(0.012 if is_image else 0.02)
    if not is_image:
        _stave(light, (now, rate), (centre, row), base, score)
    _now(light, now, base, look, size[0] / 720)
    for start, end, pitch, voice, velocity in note_rows(score):
        end = min(end, 0.0) if heard else end
        left, right, at = now + start * rate, now + end * rate, centre + (pitch - middle) * downwards
        sounds = start <= 0 < end or (heard and end >= 0)
        struck = exp(start / 0.16) if start <= 0 else 0.0
        loud = np.float32(0.35 + 0.65 * velocity)
        if is_image:
            half = row * 0.5 * min(look.thickness / 0.7, 3.0)
            bright = 2.0 + 1.0 * sounds
            add_bar(light, (left, at - half, right, at + half), colours[voice] * np.float32(bright) * loud, 0.0)
        else:
            half = max(row * 0.4 * min(look.thickness / 0.7, 2.5), 0.7)
            bright = 1.3 + 1.3 * struck if sounds else 0.8 if start > 0 else 0.25 + 0.55 * exp(end / 1.5)
            hot = colours[voice] * np.float32(bright) + np.float32(0.3 * sounds + 0.4 * struck)
            add_bar(light, (left, at - half, max(right - 1, left + 1), at + half), hot * loud, half)
        burn = 0.5 * sounds + 1.2 * struck
        if burn > 0.02:
            reach = max(row * 0.9, 1.0)
            add_glow(light, now, at, (reach, reach), colours[voice] * (np.float32(burn * min(look.glow, 1)) * loud))
    return light


def _now(light: Floats, now: float, base: Floats, look: Look, fine: float) -> None:
    """The line of now, which breathes a little."""
    height, width = light.shape[1:]
    across = np.arange(width, dtype=np.float32) + 0.5 - now
    near = np.exp(-0.5 * np.square(across / max(1.1 * fine, 0.6))) + 0.12 * np.exp(-np.abs(across) / (40 * fine + 1))
    near += 0.6 * min(look.glow, 1.0) * np.exp(-np.where(across > 0, 3 * across, -across) / (300 * fine))
    way = np.arange(height, dtype=np.float32) / height
    swell = 0.34 + 0.1 * np.sin(2 * pi * (way * 2 + look.travel)) + 0.06 * np.sin(2 * pi * (way * 5 - 2 * look.travel))
    light += base[:, None, None] * (swell[:, None] * near[None]).astype(np.float32)


def _stave(
    light: Floats, time: tuple[float, float], pitch: tuple[float, float], base: Floats, score: Score | None
) -> None:
    """Rows of keys, a line below each C, and bar lines; `time`: now, and a second; `pitch`: the middle, a semitone."""
    now, rate = time
    centre, row = pitch
    height, width = light.shape[1:]
    for number in range(128):
        bottom = centre - (number - MIDDLE - 0.5) * row
        top = bottom - row
        if top > height or bottom < 0:
            continue
        if number % 12 not in BLACK:
            light[:, max(round(top), 0) : max(round(bottom), 0)] += base[:, None, None] * np.float32(0.016)
        if number % 12 == 0:
            add_bar(light, (-9, bottom - 0.5, width + 9, bottom + 0.5), base * np.float32(0.09), 0)
    if score is None or score.ahead_s <= 0 or not len(score.notes):
        return
    bar_s = max(score.bar_s, 0.25)
    for number in range(-16, 17):
        x = now + (number - score.bar_phase) * bar_s * rate
        if -2 < x < width + 2:
            add_bar(light, (x - 0.5, -9, x + 0.5, height + 9), base * np.float32(0.14), 0)
