"""Motifs of solid bodies: stained glass, Turing patterns, Julia organisms, galaxies."""

from collections.abc import Sequence

import torch
from torch import Tensor

from livegan.motifs.field import Canvas, Waves, column, rgb, smoothstep

TURN = 6.2831853  # once round [rad]
# the hues of a layout [turns], one triple of these
GLASS_HUES = ((0.62, 0.97, 0.11), (0.60, 0.76, 0.06), (0.95, 0.65, 0.10), (0.03, 0.58, 0.44))
TURING_HUES = ((0.98, 0.06, 0.66), (0.03, 0.90, 0.60), (0.08, 0.97, 0.74), (0.92, 0.04, 0.52))
JULIA_HUES = ((0.90, 0.06, 0.62), (0.06, 0.95, 0.56), (0.76, 0.92, 0.56), (0.47, 0.58, 0.80))
GALAXY_HUES = ((0.58, 0.68, 0.82), (0.54, 0.62, 0.92), (0.07, 0.60, 0.74), (0.82, 0.62, 0.52))


def glass(canvas: Canvas) -> Tensor:
    """Stained glass: some fourteen glowing panes of jewel colours in dark lead."""
    x, y = canvas.turned(0.2, 0.15)
    form, fold, drift = canvas.latent("form"), canvas.latent("fold"), canvas.latent("drift")
    warp = 0.05 + 0.05 * column(form)
    x, y = (
        x + warp * canvas.waves("across", 3.2, 3).at(x, y, form),
        y + warp * canvas.waves("down", 3.2, 3).at(x, y, form),
    )

    cx, cy = _centres(canvas)
    count = cx.shape[1]
    sway = canvas.uniform("sway", count, 0, TURN) + 1.2 * drift[:, None]
    cx, cy = cx + 0.08 * torch.cos(sway), cy + 0.08 * torch.sin(sway)
    grown = 0.05 * torch.sin(canvas.uniform("grown", count, 0, TURN) + 1.6 * fold[:, None])

    # squared distance less |p|^2 is linear in p; a pane is where its own is the least
    planes = torch.stack([-2 * cx, -2 * cy, cx * cx + cy * cy + grown], 2)  # (n, count, 3)
    points = torch.stack([x, y, torch.ones_like(x)], 1).flatten(2)  # (n, 3, h * w)
    apart = planes @ points
    share = torch.softmax(-75 * apart, 1)
    edge = -torch.log(1.00001 - share.amax(1)).reshape(x.shape)  # 0.7 between two panes, 11 well inside one
    away = (apart.amin(1).reshape(x.shape) + x * x + y * y).clamp(min=-0.1)

    hues = _triple(canvas, GLASS_HUES)
    which = canvas.uniform("which", count)
    pick = torch.stack([(which < 0.42), (which >= 0.42) & (which < 0.74), (which >= 0.74)], 2).float()
    hue = (pick * hues[:, None]).sum(2) + canvas.uniform("shade", count, -0.035, 0.035)
    swing = canvas.uniform("swing", count, -1, 1)
    hue = hue + canvas.latent("hue", 0.15)[:, None] + 0.24 * swing * canvas.latent("accent")[:, None]
    lit = torch.sin(canvas.uniform("lit", count, 0, TURN) + 2.0 * canvas.latent("light")[:, None])
    colours = rgb(hue, 0.91, 0.68 + 0.36 * lit)  # (n, 3, count)
    light = (colours @ share).reshape(-1, 3, *x.shape[1:])

    inner = 0.22 + 1.05 * torch.exp(-9 * away.clamp(min=-0.02))
    bevel = 0.28 * torch.exp(-(((edge - 6.0) / 2.2) ** 2))
    shade = smoothstep(1.0, 4.5, edge) * (inner + bevel)
    return light * shade[:, None] + (0.10 * bevel + 0.12 * torch.exp(-14 * away.clamp(min=0)))[:, None] * light.sqrt()


def turing(canvas: Canvas) -> Tensor:
    """Turing pattern: embossed spots, labyrinth or holes of one width, warm on a dark ground."""
    x, y = canvas.turned(0.2, 0.12)
    form, fold, drift = canvas.latent("form"), canvas.latent("fold"), canvas.latent("drift")
    bent = 0.07 * canvas.waves("bent", 2.2, 3).at(x, y, 1.5 * form)
    x, y = x + bent, y - bent
    count = 9
    spread = canvas.uniform("spread", 1, 0.55, 1.0)  # narrower: combed in one direction
    along = canvas.uniform("along", 1, 0, TURN / 2)
    steps = torch.arange(count, device=x.device) / count + canvas.uniform("steps", count, -0.04, 0.04)
    angle = along + spread * (TURN / 2) * steps
    fast = canvas.uniform("cycles", 1, 3.7, 4.8) * (TURN / 2) * canvas.uniform("fast", count, 0.88, 1.12)
    ring = Waves(
        torch.cos(angle) * fast,
        torch.sin(angle) * fast,
        canvas.uniform("phase", count, 0, TURN),
        canvas.uniform("sway", count, -1.5, 1.5),
    )
    value, dx, dy = ring.slope(x, y, drift)
    level = torch.tanh(1.8 * value + 1.25 * column(fold) + 0.15)
    steep = (1 - level * level) * 0.16
    height = 0.5 + 0.5 * level
    slope = canvas.uniform("lamp", 1, 0, TURN) + 0.5 * form[:, None]
    lamp = (torch.cos(slope)[:, :, None] * dx + torch.sin(slope)[:, :, None] * dy) * steep
    lamp = lamp / torch.sqrt(1 + lamp * lamp + 0.2 * (dx * dx + dy * dy) * steep * steep)  # -1..1

    hues = _triple(canvas, TURING_HUES) + canvas.latent("hue", 0.12)[:, None]
    accent, glow = canvas.latent("accent"), canvas.latent("light")
    wide = 0.5 + 0.5 * torch.tanh(1.5 * canvas.waves("wide", 1.6, 3).at(x, y, 1.5 * glow) + 0.9 * column(accent))
    body = _mix(rgb(hues[:, 0] + 0.08 * accent, 0.88, 1.0), rgb(hues[:, 1] - 0.10 * accent, 0.86, 1.0), wide)
    ground = rgb(hues[:, 2] + 0.16 * accent, 0.88, 1.0)[:, :, None, None]
    cover = column(0.95 + 0.35 * glow)
    warm = height * (0.86 + 0.62 * lamp) * cover
    deep = (1 - height) * (0.30 + 0.22 * lamp) * column(1 - 0.6 * glow)
    gleam = 0.75 * lamp.clamp(min=0) ** 3 * height
    return (body * warm[:, None] + ground * deep[:, None] + gleam[:, None]).clamp(min=0)


def julia(canvas: Canvas) -> Tensor:
    """Julia organism: a glowing body of z^2 + c, its inner orbits caught by soft traps."""
    x, y = canvas.turned(0.35, 0.2)
    tilt = canvas.uniform("tilt", 1, 0, TURN)[:, :, None]
    c, s = torch.cos(tilt) * 1.3, torch.sin(tilt) * 1.3
    re, im = c * x - s * y, s * x + c * y
    form, fold, drift = canvas.latent("form"), canvas.latent("fold"), canvas.latent("drift")

    place = canvas.uniform("place", 1, 0.13, 0.42) * TURN * torch.sign(canvas.uniform("side", 1, -1, 1))
    place = place[:, 0] + 0.22 * form
    far = canvas.uniform("far", 1, 0.90, 1.0)[:, 0] + 0.10 * fold
    seed_re = column(
        far * (torch.cos(place) / 2 - torch.cos(2 * place) / 4)
    )  # on the main cardioid of the Mandelbrot set
    seed_im = column(far * (torch.sin(place) / 2 - torch.sin(2 * place) / 4))
    lean = canvas.uniform("lean", 1, 0, TURN)[:, 0] + 0.8 * drift
    lean_re, lean_im = column(torch.cos(lean)), column(torch.sin(lean))

    hues = _triple(canvas, JULIA_HUES) + canvas.latent("hue", 0.13)[:, None]
    accent, glow = canvas.latent("accent"), canvas.latent("light")
    near, late = rgb(hues[:, 0] - 0.13 * accent, 0.84, 1.0), rgb(hues[:, 1] - 0.09 * accent, 0.86, 1.0)
    stretch = torch.ones_like(re)
    first = torch.zeros_like(re)
    size = re * re + im * im
    steps, young = 7, torch.ones_like(re)
    for at in range(steps):
        loose = size < 400  # beyond, an orbit rests where it is
        stretch = torch.where(loose, stretch * 4 * size, stretch)  # squared slope of the orbit
        re, im = (
            torch.where(loose, re * re - im * im + seed_re, re),
            torch.where(loose, 2 * re * im + seed_im, im),
        )
        if at == 2:
            young = stretch
        size = re * re + im * im
        line = re * lean_re + im * lean_im
        caught = torch.exp(-14 * line * line - 1.1 * size) / (1 + 0.008 * stretch)  # nothing finer than the eye wants
        first = first + caught * (1 - at / (steps - 1)) ** 4
    within = 1 / (1 + 0.05 * size * size)
    gap = torch.sqrt(size / (stretch + 1e-6)) * torch.log(1 + size) * 0.5  # about the distance to the body
    halo = torch.exp(-2.3 * gap) * (1 - within)
    rim = torch.exp(-7 * gap) * (1 - within)
    tense = (stretch + 1e-6) ** 0.16
    skin = (tense / (1.1 + tense)) ** 4 * within
    deep = torch.log(young + 0.01)  # deepest in wells, where orbits settle at once
    well = torch.sigmoid(1.3 * (deep - 0.3 + 0.8 * column(fold)))
    ring = torch.exp(-(((deep + 0.5 + 0.9 * column(drift)) / 0.8) ** 2)) * within
    body = near[:, :, None, None] * (0.72 * first * (0.15 + 0.85 * well) * column(1 + 0.5 * glow))[:, None]
    body = body + late[:, :, None, None] * ((1.6 * skin + 0.55 * ring) * column(1 - 0.4 * glow))[:, None]
    outer = rgb(hues[:, 2] + 0.15 * accent, 0.88, 1.0)[:, :, None, None]
    return (
        body
        + outer * (halo * column(0.62 + 0.3 * glow) + 0.03 + 0.13 * torch.exp(-0.7 * gap) * (1 - within))[:, None]
        + late[:, :, None, None] * 0.6 * rim[:, None]
    )


def galaxy(canvas: Canvas) -> Tensor:
    """Galaxy: a tilted log spiral with a bright core in coloured clouds, and a few large soft stars."""
    x, y = canvas.turned(0.35, 0.2)
    form, fold, drift = canvas.latent("form"), canvas.latent("fold"), canvas.latent("drift")
    accent, glow = canvas.latent("accent"), canvas.latent("light")
    middle = canvas.uniform("middle", 2, -0.14, 0.14)
    lie = canvas.uniform("lie", 1, 0, TURN)[:, 0] + 0.3 * form
    flat = (canvas.uniform("flat", 1, 1.1, 1.55)[:, 0]) * torch.exp(0.22 * form)
    px, py = x - middle[:, :1, None], y - middle[:, 1:, None]
    c, s = column(torch.cos(lie)), column(torch.sin(lie))
    px, py = c * px - s * py, (s * px + c * py) * column(flat)
    square = px * px + py * py
    log = 0.5 * torch.log(square + 0.012)
    radius = torch.sqrt(square + 1e-6)
    angle = torch.atan2(py, px)

    arms = torch.floor(canvas.uniform("arms", 1, 2, 3.6))[:, 0]
    twist = canvas.uniform("twist", 1, 2.1, 3.3)[:, 0] * torch.sign(canvas.uniform("hand", 1, -1, 1))[:, 0]
    twist = twist * (1 + 0.25 * fold) / (0.5 * arms)
    cloud = canvas.waves("cloud", 3.4, 3).at(x, y, 1.6 * drift)
    phase = column(arms) * (angle + column(twist) * log) + 0.6 * cloud + column(1.5 * drift)
    crest = 0.5 + 0.5 * torch.cos(phase)
    knots = 1 + 0.45 * canvas.waves("knots", 7.0, 3).at(x, y, 1.5 * drift)  # bright and dim along the arms
    arm = crest**2.4 * knots.clamp(min=0.1)
    disc = torch.exp(-1.05 * radius) * smoothstep(0.0, 0.35, radius)
    core = torch.exp(-square / 0.022) + 0.55 * torch.exp(-4.2 * radius)

    hues = _triple(canvas, GALAXY_HUES) + canvas.latent("hue", 0.14)[:, None]
    inner = rgb(hues[:, 0] + 0.12 * accent, 0.76, 1.0)
    outer = rgb(hues[:, 1] - 0.18 * accent, 0.86, 1.0)
    arm_colour = _mix(inner, outer, smoothstep(0.1, 0.95, radius + 0.12 * cloud))
    haze_colour = rgb(hues[:, 2] + 0.20 * accent, 0.85, 1.0)[:, :, None, None]
    heart = rgb(hues[:, 2] + 0.12 * accent, 0.42, 1.0)[:, :, None, None]

    haze = smoothstep(-0.9, 1.5, canvas.waves("haze", 2.1, 4).at(x, y, 1.8 * glow) + 0.5 * column(fold))
    light = arm_colour * (disc * (0.10 + 2.0 * arm) * column(1 + 0.35 * glow))[:, None]
    light = (
        light
        + haze_colour * ((0.04 + 0.52 * haze) * (1 - 0.5 * torch.exp(-square)) * column(0.75 - 0.4 * glow))[:, None]
    )
    light = light + heart * (core * column(0.85 + 0.3 * glow))[:, None]
    return light + _stars(canvas, 0.35, 0.2, hues)


def _triple(canvas: Canvas, table: Sequence[tuple[float, float, float]]) -> Tensor:
    """The three hues of a layout, (n or 1, 3)."""
    hues = torch.tensor(table, device=canvas.latents.device)
    at = (canvas.uniform("hues", 1)[:, 0] * len(table)).long()
    return hues[at]


def _mix(start: Tensor, end: Tensor, share: Tensor) -> Tensor:
    """Linear interpolation of two colours (n, 3) by a plane (n, h, w): (n, 3, h, w)."""
    return start[:, :, None, None] + (end - start)[:, :, None, None] * share[:, None]


def _centres(canvas: Canvas) -> tuple[Tensor, Tensor]:
    """Where the panes are, (n or 1, count) twice: rows of four and three, more of them on a long picture."""
    height, width = canvas.size
    reach = max(height, width) / min(height, width) * 1.12
    spots = []
    for row in range(4):
        near = [-0.84 + 0.56 * at + (0.28 if row % 2 else 0.0) for at in range(4 - row % 2)]
        more = [0.56 * at + (near[-1]) for at in range(1, 5) if near[-1] + 0.56 * at < reach + 0.2]
        if reach < 1.4:
            more = []
        spots += [(u, -0.84 + 0.56 * row) for u in near + more + [-u for u in more]]
    grid = torch.tensor(spots, device=canvas.latents.device)
    if height > width:
        grid = grid.flip(1)
    cx = grid[:, 0] + canvas.uniform("cx", len(spots), -0.17, 0.17)
    cy = grid[:, 1] + canvas.uniform("cy", len(spots), -0.17, 0.17)
    lean = canvas.uniform("lean", 1, -0.5, 0.5)
    return torch.cos(lean) * cx - torch.sin(lean) * cy, torch.sin(lean) * cx + torch.cos(lean) * cy


def _stars(canvas: Canvas, turn: float, zoom: float, hues: Tensor) -> Tensor:
    """Seven soft stars, out of the middle, that turn with the plane and shimmer with `drift`."""
    count = 7
    height, width = canvas.size
    side = min(height, width)
    x, y = canvas.plane
    at = (torch.arange(count, device=x.device) + canvas.uniform("star", count, 0.1, 0.9)) * (TURN / count)
    far = canvas.uniform("far", count, 0.62, 1.1)
    sx, sy = torch.cos(at) * far * (width / side), torch.sin(at) * far * (height / side)
    angle, near = canvas.latent("turn", turn)[:, None], torch.exp(-canvas.latent("scale", zoom))[:, None]
    c, s = torch.cos(angle) * near, torch.sin(angle) * near
    sx, sy = c * sx + s * sy, c * sy - s * sx
    lit = 0.6 + 0.4 * torch.sin(canvas.uniform("lit", count, 0, TURN) + 1.6 * canvas.latent("drift")[:, None])
    across = (x[:, :1] - sx[:, :, None]) ** 2  # (n, count, w): a round spot is a product of two bells
    down = (y[:, :, 0][:, None] - sy[:, :, None]) ** 2  # (n, count, h)
    total = torch.zeros((), device=x.device)
    for gain, wide in ((1.0, 0.0016), (0.07, 0.012)):
        bells = torch.exp(-down / wide) * (gain * lit)[:, :, None]
        total = total + bells.transpose(1, 2) @ torch.exp(-across / wide)
    return rgb(hues[:, 0], 0.3, 0.9)[:, :, None, None] * total[:, None]
