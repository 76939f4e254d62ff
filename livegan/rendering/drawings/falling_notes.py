"""Falling notes: a score comes down to a line and lights up where it sounds; over water, keys, round a ring, on a road.

Notes that are only heard, whose score is not known, rise from the line instead.
"""

from functools import lru_cache
from math import ceil, exp, pi

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.core.score import Score
from livegan.rendering.drawings.look import Look, grid
from livegan.rendering.drawings.notes import (
    BLACK,
    MIDDLE,
    Axes,
    Floats,
    Row,
    Rows,
    add_bar,
    add_glow,
    add_points,
    base_colour,
    diagonal,
    mirrored,
    noise,
    note_rows,
    shone,
    turned,
    voice_colours,
)

WATER, KEYS, RING, ROAD = range(4)  # forms
LINE = {WATER: 0.5, KEYS: 0.62, RING: 0.0, ROAD: 0.62}  # where it is; 1 is half the height
AHEAD_S = 3.2  # from the top to the line, at speed 1
SLOWEST = 0.15
RADIUS = 0.4  # of the ring
HORIZON, ROAD_DEPTH = -0.5, 0.47  # of the road; what lies in its nearer half
SPARKS, SPARK_S = 24, 1.1  # of a note, at density 1; how long they fly
DUST = 90  # motes in the air, at density 1
TRAIL = 8  # points along the way of a spark


def draw(look: Look, score: Score | None, size: tuple[int, int], device: torch.device) -> Tensor:
    """The drawing, (3, height, width), 0..1."""
    height, width = size
    unit = height / 2 * look.scale
    if look.form in (RING, ROAD):
        return shone(_bent(look, score, size, device), look)
    side = diagonal(size) if look.turn % 1 else 0
    high, wide = (side, side) if side else size
    wide = ceil(wide / look.symmetry)
    aspect = width / height
    x, y = (0.0, 0.0) if side else (look.x, look.y)
    axes = Axes(
        high,
        wide,
        wide / 2 + width / look.symmetry / 2 * x,
        unit * 2 * aspect / (12 * look.octaves * look.symmetry),
        high / 2 + height / 2 * y + LINE[look.form] * unit,
        _rate(look) * unit,
        unit,
    )
    light = mirrored(torch.from_numpy(scene(look, score, axes)).to(device), look.symmetry, side or width)
    if side:
        light = turned(light, look.turn, size)
    return shone(light, look)


def _rate(look: Look) -> float:
    """Way of a note in a second; 1 is half the height."""
    return (1 + LINE[WATER]) / AHEAD_S * max(look.streak, SLOWEST)


def scene(look: Look, score: Score | None, axes: Axes) -> Floats:
    """Light (3, height, width) of the whole: air, line, notes, sparks, and what is below the line."""
    light = air(look, axes)
    colours = voice_colours(look)
    rises = score is not None and score.ahead_s <= 0
    rows = note_rows(score)
    if score is not None and rows and not rises:
        _bars(light, score, axes, base_colour(look))
    _octaves(light, axes, base_colour(look))
    for row in rows:
        note(light, axes, look, row, colours, rises=rises)
    _sparks(light, axes, look, rows, colours)
    if look.form in (WATER, RING):
        _water(light, axes, look)
    if look.form == KEYS:
        _keys(light, axes, look, rows, colours)
    return light


def air(look: Look, axes: Axes) -> Floats:
    """Dusk around the line, the line itself, and dust in the air: what is there without any music."""
    colour = base_colour(look)
    down = (np.arange(axes.height, dtype=np.float32) + 0.5 - axes.line) / axes.unit
    dusk = 0.02 + 0.075 * np.exp(-np.abs(down) * 2.6)
    light = np.empty((3, axes.height, axes.width), np.float32)
    light[:] = (colour[:, None] * dusk[None])[:, :, None]
    across = (np.arange(axes.width, dtype=np.float32) + 0.5 - axes.middle) / axes.unit
    swell = (
        0.5 + 0.22 * np.sin(2.1 * across + 2 * pi * look.travel) + 0.14 * np.sin(4.7 * across - 4 * pi * look.travel)
    )
    thick = max(look.thickness / 0.7 * axes.unit / 170, 0.8)
    near = np.exp(-0.5 * np.square(down * axes.unit / thick))
    rows = np.flatnonzero(near > 0.003)
    if len(rows):
        part = slice(rows[0], rows[-1] + 1)
        light[:, part] += colour[:, None, None] * (near[part, None] * swell[None]).astype(np.float32)
    count = round(DUST * look.density)
    if count:
        motes = noise(look.seed, DUST, 5)[:count]
        way = (motes[:, 1] + look.travel * (1 + np.floor(2 * motes[:, 3]))) % 1.0
        x = (motes[:, 0] + 0.015 * np.sin(2 * pi * (way + motes[:, 2]))) * axes.width
        y = axes.line - (1 - way) * (axes.line + 0.05 * axes.height)
        fade = np.sin(pi * way) * (0.25 + 0.75 * motes[:, 4] ** 3) * 0.8
        places = np.stack((x, y), 1).astype(np.float32)
        add_points(light, places, (fade[:, None] * (0.6 * colour + 0.4)[None]).astype(np.float32), axes.unit / 240)
    return light


def _bars(light: Floats, score: Score, axes: Axes, colour: Floats) -> None:
    """Bar lines, as they come."""
    bar_s = max(score.bar_s, 0.25)
    thick = max(axes.unit / 360, 0.6)
    for number in range(1, 17):
        time_s = (number - score.bar_phase) * bar_s
        y = axes.line - time_s * axes.rate
        if y < -2 or time_s > score.ahead_s + bar_s:
            break
        add_bar(light, (-9.0, y - thick / 2, axes.width + 9.0, y + thick / 2), colour * np.float32(0.085), 0)


def _octaves(light: Floats, axes: Axes, colour: Floats) -> None:
    """A faint line below each C."""
    bottom = min(max(round(axes.line), 0), axes.height)
    for pitch in range(0, 128, 12):
        x = axes.x(pitch) - axes.lane / 2
        if 0 <= x < axes.width - 1:
            left, part = int(x), x - int(x)
            light[:, :bottom, left] += colour[:, None] * np.float32(0.045 * (1 - part))
            light[:, :bottom, left + 1] += colour[:, None] * np.float32(0.045 * part)


def note(
    light: Floats,
    axes: Axes,
    look: Look,
    row: Row,
    colours: Floats,
    *,
    rises: bool,
) -> None:
    """One note: its bar, and while it sounds the flare and the beam where it meets the line."""
    start, end, pitch, voice, velocity = row
    x, colour = axes.x(pitch), colours[voice]
    loud = np.float32(0.35 + 0.65 * velocity)
    half = max(axes.lane * 0.4 * min(look.thickness / 0.7, 2.5) * (0.82 + 0.18 * velocity), 0.7)
    sounds = start <= 0 < end
    struck = exp(start / 0.16) if start <= 0 else 0.0
    if rises:
        head, tail = start, min(end, 0.0)
        fade = max(1 + start * axes.rate / max(axes.line, 1.0), 0.0)
        bright = (0.3 + 0.7 * fade) * min(fade * 4, 1)
        box = (x - half, axes.line + head * axes.rate, x + half, axes.line + tail * axes.rate)
        glow = colour * np.float32((0.85 + 0.8 * sounds) * bright) * loud
        if start < 0:
            add_bar(light, box, glow, half, 1.0 if sounds else 0.75)
    elif end > 0:
        fade = 0.36 + 0.56 * exp(-max(start, 0.0) / 1.4)
        box = (x - half, axes.line - end * axes.rate, x + half, axes.line - max(start, 0.0) * axes.rate)
        white = np.float32(0.28 + 0.5 * struck if sounds else 0.0)
        bar = (colour * np.float32(1.5 + 1.3 * struck if sounds else fade) + white) * loud
        add_bar(light, box, bar, half, 0.3 if end - start > 0.12 else 0.8)
    burn = (0.55 if sounds else 0.55 * exp(-(0.0 - end) / 0.22) if end <= 0 else 0.0) + 1.5 * struck
    if burn > 0.01 and start <= 0:
        hot = (colour * np.float32(0.75) + np.float32(0.25 + 0.5 * struck)) * (np.float32(burn) * loud)
        add_glow(light, x, axes.line, (axes.lane * 0.75 + 0.5, axes.unit * 0.012 + 0.5), hot)
        add_glow(
            light, x, axes.line, (axes.lane * 2.2 + 1, axes.unit * 0.05 + 1), colour * np.float32(0.24 * burn) * loud
        )
        _beam(light, axes, x, colour * np.float32(0.3 * burn) * loud)


def _beam(light: Floats, axes: Axes, x: float, colour: Floats) -> None:
    """Light that stands above a note that sounds."""
    top, bottom = max(round(axes.line - 0.9 * axes.unit), 0), min(max(round(axes.line), 0), axes.height)
    left, right = max(int(x - axes.lane * 1.3), 0), min(ceil(x + axes.lane * 1.3), axes.width)
    if top >= bottom or left >= right:
        return
    across = np.exp(-0.5 * np.square((np.arange(left, right, dtype=np.float32) + 0.5 - x) / (0.42 * axes.lane + 0.3)))
    up = (axes.line - np.arange(top, bottom, dtype=np.float32) - 0.5) / axes.unit
    fall = np.exp(-up * 4.2) * np.clip((0.9 - up) / 0.3, 0, 1)
    light[:, top:bottom, left:right] += colour[:, None, None] * (fall[:, None] * across[None]).astype(np.float32)


def _sparks(light: Floats, axes: Axes, look: Look, rows: Rows, colours: Floats) -> None:
    """Sparks that fly up where a note has struck, and fall."""
    count = round(SPARKS * look.density)
    struck = [row for row in rows if -SPARK_S < row[0] <= 0]
    if not count or not struck:
        return
    places, lights = [], []
    back = np.linspace(0, 0.032, TRAIL, dtype=np.float32)
    for start, _, pitch, voice, velocity in struck[-24:]:
        random = noise(1000 * voice + round(pitch), SPARKS, 4)[:count]
        age = np.maximum(np.float32(-start) - back[None], 0) * (0.75 + 0.5 * random[:, 3:4])
        aside = (random[:, :1] - 0.5) * (0.6 + 0.4 * velocity)
        up = (0.45 + 1.05 * random[:, 1:2] ** 1.5) * (0.55 + 0.45 * velocity)
        x = aside * (1 - np.exp(-1.8 * age)) / 1.8
        y = up * (1 - np.exp(-2.2 * age)) / 2.2 - 0.42 * age * age
        life = np.clip(1 - age / (SPARK_S * (0.45 + 0.55 * random[:, 2:3])), 0, 1) ** 1.5
        fade = life * np.where(y > 0, 1, 0) * (0.5 + 0.5 * velocity) / np.float32(TRAIL) * 3.2
        places.append(np.stack((axes.x(pitch) + x * axes.unit, axes.line - y * axes.unit), -1).reshape(-1, 2))
        hot = colours[voice] * np.float32(0.7) + np.float32(0.4)
        lights.append((fade[..., None] * hot).reshape(-1, 3))
    add_points(
        light, np.concatenate(places).astype(np.float32), np.concatenate(lights).astype(np.float32), axes.unit / 250
    )


def _water(light: Floats, axes: Axes, look: Look) -> None:
    """What is above the line, mirrored in moving water below it."""
    first = min(max(round(axes.line) + 1, 0), axes.height)
    below = np.arange(first, axes.height, dtype=np.float32) + 0.5 - axes.line
    if not len(below):
        return
    deep = below / axes.unit
    wave = np.sin(deep * 95 / (1 + 2.5 * deep) - 4 * pi * look.travel) + 0.6 * np.sin(deep * 41 + 2 * pi * look.travel)
    source = axes.line - below * 1.7 + wave * (2.2 + 9 * deep) * axes.unit / 360
    at = np.clip(source, 0, max(axes.line - 1, 0)).astype(np.int64)
    fade = 0.5 * np.exp(-deep * 2.4) * (0.86 + 0.14 * wave)
    light[:, first:] += light[:, np.minimum(at, axes.height - 1)] * fade[None, :, None].astype(np.float32)


def _keys(
    light: Floats, axes: Axes, look: Look, rows: list[tuple[float, float, float, int, float]], colours: Floats
) -> None:
    """A keyboard below the line, whose keys light up."""
    top = axes.line + axes.unit * 0.025
    bottom = axes.line + axes.unit * 0.34
    first, last = max(round(axes.line), 0), axes.height
    if first >= last:
        return
    light[:, first:last] *= np.float32(0.35)
    lit: dict[int, Floats] = {}
    for start, end, pitch, voice, velocity in rows:
        if start <= 0:
            burn = (1.0 if end > 0 else exp(end / 0.15)) * (0.5 + 0.5 * velocity) * (0.75 + 0.6 * exp(start / 0.2))
            key = round(pitch)
            lit[key] = lit.get(key, np.zeros(3, np.float32)) + colours[voice] * np.float32(burn)
    base = (base_colour(look) * np.float32(0.6) + np.float32(0.4)) * np.float32(0.11)
    seam = max(axes.lane * 0.06, 0.5)
    lowest, highest = (
        int(MIDDLE - axes.middle / axes.lane) - 2,
        int(MIDDLE + (axes.width - axes.middle) / axes.lane) + 2,
    )
    for pitch in range(max(lowest, 0), min(highest, 127) + 1):
        if pitch % 12 not in BLACK:
            left = axes.x(pitch) - axes.lane * (0.5 if pitch % 12 in (0, 5) else 1.0)
            right = axes.x(pitch) + axes.lane * (0.5 if pitch % 12 in (4, 11) else 1.0)
            glow = lit.get(pitch)
            add_bar(
                light,
                (left + seam, top, right - seam, bottom),
                base if glow is None else base + glow * np.float32(0.8),
                axes.lane * 0.18,
                0.5 if glow is None else 1.0,
            )
    for pitch in range(max(lowest, 0), min(highest, 127) + 1):
        if pitch % 12 in BLACK:
            x = axes.x(pitch)
            box = (x - axes.lane * 0.42, top - axes.unit * 0.01, x + axes.lane * 0.42, top + (bottom - top) * 0.6)
            rows_, columns = _cut(box, axes)
            light[:, rows_, columns] *= np.float32(0.08)
            if pitch in lit:
                add_bar(light, box, lit[pitch], axes.lane * 0.15)


def _cut(box: tuple[float, float, float, float], axes: Axes) -> tuple[slice, slice]:
    left, top, right, bottom = box
    rows = slice(min(max(round(top), 0), axes.height), min(max(round(bottom), 0), axes.height))
    return rows, slice(min(max(round(left), 0), axes.width), min(max(round(right), 0), axes.width))


def _bent(look: Look, score: Score | None, size: tuple[int, int], device: torch.device) -> Tensor:
    """Light of a ring or a road: the upright drawing, looked up where its bent coordinates say."""
    unit = size[0] / 2 * look.scale
    far, near = (2.1 / min(look.scale, 1.0) - RADIUS, RADIUS) if look.form == RING else (4.2 * ROAD_DEPTH, 0.5)
    wide = ceil(pi * RADIUS * unit * 1.5) if look.form == RING else 2 * size[1]
    high, line = ceil(unit * (far + near)), unit * far
    axes = Axes(
        high,
        wide,
        wide / 2,
        wide / (12 * look.octaves) / (1 if look.form == RING else 2),
        line,
        _rate(look) * unit,
        unit,
    )
    light = torch.from_numpy(scene(look, score, axes)).to(device)
    geometry = (look.form, look.x, look.y, look.scale, look.turn, look.symmetry)
    places, shade = _places(geometry, (line / high, unit / high), size, device)
    light = F.grid_sample(light[None], places[None], padding_mode="border", align_corners=False)[0].mul_(shade)
    if look.form == ROAD:
        light += torch.from_numpy(base_colour(look)).to(device)[:, None, None] * _dawn(geometry, size, device)
    return light


@lru_cache(4)
def _dawn(geometry: tuple[int, float, float, float, float, int], size: tuple[int, int], device: torch.device) -> Tensor:
    """Light above the end of a road (height, width)."""
    _, x, y, scale, turn, _ = geometry
    across, down = grid(Look(x=x, y=y, scale=scale, turn=turn), size, device)
    up = (down - HORIZON).abs()
    return 0.24 * torch.exp(-up * 22 - across.square() * 1.4) + 0.09 * torch.exp(-up * 3.2 - across.square() * 0.35)


@lru_cache(4)
def _places(
    geometry: tuple[int, float, float, float, float, int],
    plane: tuple[float, float],
    size: tuple[int, int],
    device: torch.device,
) -> tuple[Tensor, Tensor]:
    """Where in the upright drawing each pixel lies (height, width, 2), -1..1, and how much light comes from there.

    `plane`: where the line is in the upright drawing, from its top, and a unit; both in heights of it.
    """
    form, x, y, scale, turn, symmetry = geometry
    line, unit = plane
    across, down = grid(Look(x=x, y=y, scale=scale, turn=turn), size, device)
    if form == RING:
        radius = (across.square() + down.square()).sqrt()
        angle = torch.atan2(across, down).abs() / pi  # 0 below .. 1 above, alike on both sides
        along = angle if symmetry == 1 else (angle * symmetry % 2.0 - 1).abs()
        up = radius - RADIUS
        shade = torch.ones_like(up)
    else:
        near = ((down - HORIZON) / (LINE[ROAD] - HORIZON)).clamp(min=1e-3)
        aside = across / near / (size[1] / size[0])
        along = aside / 4 + 0.5 if symmetry == 1 else (((aside + 1) / 2 * symmetry) % 2.0 - 1).abs() / 2 + 0.25
        up = ROAD_DEPTH * (1 / near - 1)
        shade = ((near - 0.03) / 0.14).clamp(0, 1) * ((1.9 - aside.abs()) / 0.9).clamp(0, 1)
    places = torch.stack((along * 2 - 1, (line - up * unit) * 2 - 1), -1)
    return places, shade
