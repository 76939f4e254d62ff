"""Scenes fitted to a rehearsed song: ranges of routes, a look for each part, directions that the picture answers to."""

from collections.abc import Mapping, Sequence

import numpy as np

from livegan.config.scene import RouteTable, Scene
from livegan.core.types import FramePlan, Vector
from livegan.networks.info import NetworkInfo
from livegan.rendering.registry import Generator
from livegan.studio.rehearsal import Rehearsal

LOW, HIGH = 5.0, 95.0  # percentiles of a feature that count as nothing and full
PEAK_HIGH, PEAK_LEAST = 90.0, 0.05  # of onsets: percentile of those that are no silence
LEAST_RANGE = 0.15  # of a feature of 0..1: what moves less is left as it is
SOURCES = ("mid", "treble", "brightness", "complexity", "bass", "level")  # that may move a direction, slow ones
UNLIKE = 0.75  # correlation of two sources that are one
WANTED = 3  # directions
SEEDS = 4  # latents that a direction is tried on
PUSH = 1.5  # standard deviations
SHOWN_STEP = 0.055  # mean difference of pictures, 0..1, that a whole push of a route should make
SEED_STEP, CLASS_STEP = 101, 5  # from the look of one part to that of the next


def fitted_range(rehearsal: Rehearsal, source: str) -> tuple[float, float] | None:
    """Where a feature lies in this song; None where it hardly moves, or is none of the show's features."""
    at = rehearsal.layout.index.get(source)
    if at is None:
        return None
    values = rehearsal.features[:, at]
    if rehearsal.layout.peaks[at]:
        heard = values[values > PEAK_LEAST]
        low, high = 0.0, float(np.percentile(heard, PEAK_HIGH)) if len(heard) else 0.0
    else:
        low, high = (float(value) for value in np.percentile(values, (LOW, HIGH)))
    if high - low < LEAST_RANGE or not (low >= -0.01 and high <= 1.01):
        return None
    return round(low, 2), round(high, 2)


def fitted_routes(scene: Scene, rehearsal: Rehearsal) -> tuple[tuple[RouteTable, ...], int]:
    """The scene's routes with ranges of this song where they said none, and how many got one."""
    routes, fitted = [], 0
    for route in scene.routes:
        span = fitted_range(rehearsal, route.source) if "range" not in route.model_fields_set else None
        fitted += span is not None
        routes.append(route if span is None else RouteTable(**{**_said(route), "range": span}))
    return tuple(routes), fitted


def _said(route: RouteTable) -> dict[str, object]:
    return route.model_dump(exclude_unset=True)


def sources_of(scene: Scene, rehearsal: Rehearsal) -> list[tuple[str, tuple[float, float]]]:
    """Slow features that move most in this song and unlike each other, with where they lie; the most telling first."""
    moving = [(name, span) for name in SOURCES if (span := fitted_range(rehearsal, name)) is not None]
    columns = {name: rehearsal.features[:, rehearsal.layout.index[name]] for name, _ in moving}
    moving.sort(key=lambda pair: -float(columns[pair[0]].std()))
    taken: list[tuple[str, tuple[float, float]]] = []
    for name, span in moving:
        if all(abs(np.corrcoef(columns[name], columns[other])[0, 1]) < UNLIKE for other, _ in taken):
            taken.append((name, span))
    return taken[:WANTED]


def direction_changes(generator: Generator, psi: float) -> dict[int, float]:
    """How much each of a network's directions changes its picture: mean difference of pixels, 0..1, for PUSH."""
    info = generator.info
    if not info.w_dim:
        return {}
    rng = np.random.default_rng([7, 19])
    bases = []
    for _ in range(SEEDS):
        classes = np.eye(info.c_dim, dtype=np.float32)[rng.integers(info.c_dim)] if info.c_dim else np.zeros(0, "f4")
        bases.append((rng.standard_normal(info.z_dim).astype(np.float32), classes))
    still = [_drawn(generator, info, base, psi, {}) for base in bases]
    changes = {}
    for number in range(1, 9):
        pushed = [_drawn(generator, info, base, psi, {f"direction.{number}": PUSH}) for base in bases]
        changes[number] = float(np.mean([np.abs(a - b).mean() for a, b in zip(still, pushed, strict=True)]))
    return changes


def _drawn(
    generator: Generator, info: NetworkInfo, base: tuple[Vector, Vector], psi: float, parameters: Mapping[str, float]
) -> Vector:
    plan = FramePlan(0, 0.0, 1 / 60, base[0], base[1], info.name, truncation=psi, parameters=parameters)
    return np.asarray(generator.render(plan), np.float32) / np.float32(255)


def direction_routes(
    changes: Mapping[int, float], sources: Sequence[tuple[str, tuple[float, float]]], taken: set[str]
) -> tuple[RouteTable, ...]:
    """Routes from the song's most telling features to the directions that show most, each as strong as the others."""
    free = {number: change for number, change in changes.items() if f"direction.{number}" not in taken and change > 0}
    best = sorted(free, key=lambda number: -free[number])
    return tuple(
        RouteTable(
            source=source,
            target=f"direction.{number}",
            amount=round(float(np.clip(PUSH * SHOWN_STEP / free[number], 0.3, 2.5)), 2),
            range=span,
            curve="smooth",
            polarity="both",
            attack_s=0.4,
            release_s=1.5,
        )
        for number, (source, span) in zip(best, sources, strict=False)
    )


def look_of_part(scene: Scene, label: int, loudness: float, title: str) -> Scene:
    """A scene for the parts of one label: another seed and order of classes; louder ones are quicker and wilder."""
    speed = scene.parameters.get("motion.speed", 0.0)
    pace = 2 ** (1.6 * (loudness - 0.5))
    parameters = {**scene.parameters, "react": round(float(np.clip(0.7 + 0.6 * loudness, 0.5, 1.5)), 2)}
    if speed:
        parameters["motion.speed"] = round(speed * pace, 2)
    classes = scene.classes
    if classes and label:
        turn = CLASS_STEP * label % len(classes)
        classes = classes[turn:] + classes[:turn]
    changes = {
        "title": title,
        "seed": (scene.seed + SEED_STEP * label) % 2**31,
        "classes": classes,
        "parameters": parameters,
    }
    return scene.model_copy(update=changes)
