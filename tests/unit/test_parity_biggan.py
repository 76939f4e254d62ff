"""Deep-music-visualizer beside the biggan model: its published formulas, frame by frame, on the same features."""

from dataclasses import replace

import numpy as np
import pytest

from livegan.core.types import Vector
from livegan.engine.vocabulary import parameter_table
from livegan.mapping.motions.biggan import FPS, BigGan, BigGanSettings
from livegan.mapping.motions.lucid import truncated_normal
from livegan.mapping.motions.registry import MotionSetup
from tests.building import CHROMA, PLAIN, heard

DIM, SEED = 24, 9
DEFAULTS = {name: parameter.default for name, parameter in parameter_table().items()}
RNG = np.random.default_rng(3)


def made() -> BigGan:
    return BigGan(MotionSetup([replace(PLAIN, z_dim=DIM)], SEED, BigGanSettings()))


def song(frames: int) -> tuple[Vector, Vector]:
    """Normalised power and gradient as the original has them of a whole song (N,)."""
    power = 0.2 + 0.2 * np.sin(np.arange(frames) / 30)
    for start in range(5, frames, 22):
        power[start:] += np.exp(-np.arange(frames - start) / 4)
    gradient = np.gradient(power)
    gradient = np.clip(gradient / gradient.max(), 0, None)
    power = (power - power.min()) / (power.max() - power.min())
    return power.astype(np.float32), gradient.astype(np.float32)


def noise_vectors(power: Vector, gradient: Vector, tempo: float, jitter: float, truncation: float) -> np.ndarray:
    """Noise (N, DIM) of every frame."""
    z = truncation * truncated_normal(np.random.default_rng([SEED, 0]), DIM).astype(float)
    direction = np.array([1.0 if x < 0 else -1.0 for x in z])
    before, rows = np.zeros(DIM), []
    for i in range(len(power)):
        if i % 200 == 0:
            drawn = np.random.default_rng([SEED, 2, i // 200]).integers(0, 2, DIM)
            slow = np.where(drawn == 1, 1 - jitter, 1.0)
        update = tempo * (gradient[i] + power[i]) * direction * slow
        update = (update + 3 * before) / 4
        z = z + update
        before = update
        for k in range(DIM):
            if z[k] >= 2 * truncation - tempo:
                direction[k] = -1
            if z[k] < -2 * truncation + tempo:
                direction[k] = 1
        rows.append(z)
    return np.array(rows)


@pytest.mark.parametrize(("tempo", "jitter", "truncation"), [(0.25, 0.5, 1.0), (0.6, 0.9, 1.0), (0.1, 0.2, 0.5)])
def test_noise_is_that_of_the_original(tempo: float, jitter: float, truncation: float) -> None:
    frames = 450
    power, gradient = song(frames)
    values = {**DEFAULTS, "motion.tempo": tempo, "motion.jitter": jitter, "motion.truncation": truncation}
    motion, rows = made(), []
    for i in range(frames):
        z = motion.step(heard(**{"amplitude.mean": power[i], "amplitude.rise": gradient[i]}), values, 1 / FPS).z
        assert z is not None
        rows.append(z)
    theirs = noise_vectors(power, gradient, tempo, jitter, truncation)
    np.testing.assert_allclose(np.array(rows)[1:], theirs[:-1], atol=1e-4)  # one frame late (docs/motions.md)
    assert abs(theirs).max() < 4, "what is cut off here would not be equal"


def notes(frames: int) -> np.ndarray:
    """Chroma (N, 12) of chords that change every second."""
    strengths = np.repeat(RNG.random((frames // 43 + 1, 12)) ** 3 + 0.01, 43, axis=0)[:frames]
    return (strengths / strengths.max(axis=1, keepdims=True)).astype(np.float32)


def class_vectors(chroma: np.ndarray, sensitivity: float, count: int, depth: float, order: np.ndarray) -> np.ndarray:
    """Class vectors (N, count) before their smoothing; `order`: pitches, place by place."""
    slow = 300 - sensitivity
    level, rows = np.zeros(count), []
    for i, column in enumerate(chroma):
        for j in range(count):
            strength = column[order[j]]
            level[j] = strength if i == 0 else (level[j] + strength / slow) / (1 + 1 / slow)
        vector = level.copy()
        if count > 6:
            smallest = vector[vector > 0].min()
            vector = np.where(vector == 0, smallest, vector) - smallest
            vector = vector / vector.max()
        else:
            vector = vector / vector.max()
        vector = vector * depth
        if vector.std() < 1e-7:
            vector[0] += 0.01
        rows.append(vector)
    return np.array(rows)


@pytest.mark.parametrize(("sensitivity", "count", "depth"), [(220, 12, 1.0), (290, 12, 0.5), (220, 5, 1.0)])
def test_classes_are_those_of_the_original(sensitivity: float, count: int, depth: float) -> None:
    chroma = notes(43 * 5)
    values = {**DEFAULTS, "motion.pitch": sensitivity, "class.count": count, "class.complexity": depth}
    values["class.smooth"] = 0.0
    if count < 12:  # the strongest notes of the whole song there, of what was heard here: let one chord be the song
        chroma[:] = chroma[0]
    motion, rows = made(), []
    for column in chroma:
        weights = motion.step(heard(**dict(zip(CHROMA, column, strict=True))), values, 1 / FPS).classes
        assert weights is not None
        rows.append(weights)
    order = np.argsort(-chroma.mean(axis=0), kind="stable") if count < 12 else np.arange(12)
    theirs = class_vectors(chroma, sensitivity, count, depth, order)
    np.testing.assert_allclose(np.array(rows)[:, :count], theirs, atol=1e-4)
    assert not np.array(rows)[:, count:].any()


def test_it_is_the_same_at_any_frame_rate() -> None:
    ends = []
    for fps in (10, 30, 144):
        motion = made()
        for second in range(6):
            now = heard(**{"amplitude.mean": 0.1 * second, "amplitude.rise": 0.05, CHROMA[second]: 1.0, CHROMA[8]: 0.3})
            for _ in range(fps):
                latent = motion.step(now, DEFAULTS, 1 / fps)
        ends.append(latent)
    for latent in ends[1:]:
        assert latent.z is not None
        assert latent.classes is not None
        np.testing.assert_allclose(latent.z, ends[0].z, atol=1e-3)
        np.testing.assert_allclose(latent.classes, ends[0].classes, atol=1e-3)
