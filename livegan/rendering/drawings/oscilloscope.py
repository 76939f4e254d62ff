"""Oscilloscope: the waveform as a beam of light, along a line, round a circle, against itself, or on a spiral."""

from math import pi

import numpy as np
import torch
from torch import Tensor

from livegan.core.sound import POINTS, SILENT, Sound
from livegan.rendering.drawings.light import COARSE, lit, stroke
from livegan.rendering.drawings.look import Look, Points, grid, placed

DELAY = 26  # points between the two axes of the orbit (Takens 1981: a signal against itself, delayed)
SMOOTH = 9  # points of the orbit that are averaged
POINTS_OF_ALL = 24576  # along the lines of all repetitions, at most
TAPER = 0.08  # of a line at each end, over which it comes to rest


def draw(look: Look, sound: Sound | None, size: tuple[int, int], device: torch.device) -> Tensor:
    """The drawing, (3, height, width), 0..1."""
    height, width = size
    line = curve((sound or SILENT).waveform, look.form, width / height)
    per_copy = placed(line, look, size).reshape(look.symmetry, -1, 2)
    points = POINTS_OF_ALL // look.symmetry
    width_px = look.thickness / 100 * height
    core = torch.zeros(size, device=device)
    if look.symmetry == 1:
        core = stroke(per_copy[0], size, width_px, device, points)
    else:
        core = torch.stack([stroke(copy, size, width_px, device, points) for copy in per_copy]).sum(0)
    return lit(core, hue_plane(look, size, device), look)


def curve(wave: Points, form: int, aspect: float) -> Points:
    """The waveform (POINTS,) as a polyline; 0 line, 1 circle, 2 orbit, 3 spiral."""
    way = np.linspace(0, 1, POINTS, dtype=np.float32)
    if form == 0:
        rest = np.minimum(np.minimum(way, 1 - way) / TAPER, 1)
        ease = rest * rest * (3 - 2 * rest)
        return np.stack(((2 * way - 1) * np.float32(aspect * 1.02), -0.75 * wave * ease), 1)
    if form == 1:
        there = np.interp(1 - np.abs(2 * way - 1), way, wave).astype(np.float32)  # there and back: it closes
        return _polar(way * 2 * pi - pi / 2, 0.55 + 0.36 * there)
    if form == 2:
        smooth = np.convolve(wave, np.full(SMOOTH, 1 / SMOOTH, np.float32), "valid")
        return np.stack((smooth[:-DELAY], smooth[DELAY:]), 1) * np.float32(1.1)
    return _polar(way * 6 * pi, (0.08 + 0.8 * way) * (1 + 0.3 * wave))


def _polar(angle: Points, radius: Points) -> Points:
    return np.stack((np.cos(angle) * radius, np.sin(angle) * radius), 1).astype(np.float32)


def hue_plane(look: Look, size: tuple[int, int], device: torch.device) -> Tensor:
    """Where along the drawing a place is, -0.5..0.5, small: across a line, outwards for everything round."""
    height, width = size
    small = max(2, height // COARSE), max(2, width // COARSE)
    across, down = grid(look, small, device)
    if look.form == 0 and look.symmetry == 1:
        return (across / (2 * width / height)).clamp(-0.5, 0.5)
    return (across.square() + down.square()).sqrt().sub(0.5).clamp(-0.5, 0.5)
