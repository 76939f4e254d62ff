"""Lucid-sonic-dreams 0.4 beside the lucid model with `original = true`: its published formulas, frame by frame.

The formulas are those of `generate_vectors`, written down with loops; both get the same features and random numbers.
"""

from itertools import pairwise

import numpy as np
import pytest

from livegan.core.types import Vector
from livegan.engine.vocabulary import parameter_table
from livegan.mapping.motions.lucid import BaseWalk, Lucid, LucidSettings
from livegan.mapping.motions.lucid_original import CHOICE, FPS, SIGNS
from livegan.mapping.motions.registry import MotionSetup
from livegan.networks.info import NetworkInfo
from tests.building import CHROMA, PLAIN, heard

DIM, SEED = 24, 5
DEFAULTS = {name: parameter.default for name, parameter in parameter_table().items()}
RNG = np.random.default_rng(11)


def network() -> NetworkInfo:
    from dataclasses import replace

    return replace(PLAIN, z_dim=DIM)


def made(**settings: object) -> Lucid:
    keys = {"original": True, "pulse_from": "onset", "drift_from": "level", **settings}
    return Lucid(MotionSetup([network()], SEED, LucidSettings.model_validate(keys)))


def song(frames: int) -> tuple[Vector, Vector]:
    """Amplitudes as lucid-sonic-dreams has them, 0..1: hits that die away, and a slow swell with hits."""
    hits = np.zeros(frames)
    for start in range(7, frames, 21):
        hits[start:] = np.maximum(hits[start:], np.exp(-np.arange(frames - start) / 3))
    swell = 0.3 + 0.3 * np.sin(np.arange(frames) / 40) + 0.4 * hits
    return hits.astype(np.float32), swell.astype(np.float32)


def generated(
    base: np.ndarray,
    pulse: Vector,
    motion: Vector,
    pulse_react: float,
    motion_react: float,
    randomness: float,
    t: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Pulse (N,) and sum of motion (N, DIM) of every frame: section `generate_vectors`, O(N)."""
    signs = np.random.default_rng([SEED, SIGNS, 0]).integers(0, 2, DIM) * 2.0 - 1
    pulse_before, motion_before, total = 0.0, np.zeros(DIM), np.zeros(DIM)
    pulses, totals = [], []
    for i in range(len(base)):
        if i % round(4 * FPS) == 0:
            drawn = np.random.default_rng([SEED, CHOICE, i // round(4 * FPS)]).integers(0, 2, DIM)
            r = np.where(drawn == 1, 1 - randomness, 1.0)
        pulse_now = pulse_react * pulse[i]
        pulse_now = 0.75 * pulse_before + 0.25 * pulse_now
        motion_now = (motion_react * 20 / FPS) * motion[i] * signs * r
        motion_now = 0.75 * motion_before + 0.25 * motion_now
        total = total + motion_now
        z = base[i] + pulse_now + total
        for k in range(DIM):
            if z[k] - motion_react < -2 * t:
                signs[k] = 1
            elif z[k] + motion_react >= 2 * t:
                signs[k] = -1
        pulse_before, motion_before = pulse_now, motion_now
        pulses.append(pulse_now)
        totals.append(total)
    return np.array(pulses), np.array(totals)


@pytest.mark.parametrize(("react", "truncation"), [(0.5, 1.0), (1.5, 1.0), (0.3, 0.5)])
def test_pulse_motion_bounce_and_randomness_are_those_of_the_original(react: float, truncation: float) -> None:
    frames = 43 * 14  # three redraws of the randomness, many bounces
    pulse, motion = song(frames)
    values = {**DEFAULTS, "motion.speed": 12.0, "motion.pulse": 0.8, "motion.drift": react, "motion.randomness": 0.6}
    values["motion.truncation"] = truncation
    lucid, walk = made(), BaseWalk(DIM, SEED)
    ours, base = [], []
    for i in range(frames):
        z = lucid.step(heard(onset=pulse[i], level=motion[i]), values, 1 / FPS).z
        assert z is not None
        ours.append(z)
        walk.walked = 12 / 60 / FPS * (i + 1)
        base.append(truncation * walk.point())
    pulses, totals = generated(np.array(base), pulse, motion, 0.8, react, 0.6, truncation)
    assert abs(np.diff(np.sign(np.diff(totals, axis=0)), axis=0)).sum() > DIM, "nothing bounced: this test says little"
    late = np.concatenate([np.zeros((1, DIM)), totals[:-1]])  # motion is one frame late (docs/motions.md)
    np.testing.assert_allclose(np.array(ours), np.array(base) + pulses[:, None] + late, atol=1e-4)


def test_it_is_the_same_at_any_frame_rate() -> None:
    values = {**DEFAULTS, "motion.drift": 0.7, "class.smooth": 0.5}
    ends = []
    for fps in (10, 30, 60, 144):
        lucid = made()
        for second in range(7):
            now = heard(onset=second % 2, level=0.2 + 0.1 * second, **{CHROMA[second]: 1.0, CHROMA[2]: 0.4})
            for _ in range(fps):
                latent = lucid.step(now, values, 1 / fps)
        ends.append(latent)
    for latent in ends[1:]:
        assert latent.z is not None
        assert latent.classes is not None
        np.testing.assert_allclose(latent.z, ends[0].z, atol=1e-3)
        np.testing.assert_allclose(latent.classes, ends[0].classes, atol=1e-3)


def test_the_base_walk_is_the_originals_but_for_its_rounding_of_frames() -> None:
    """It took floor(N / K - 1) frames from one latent to the next, and stood still for the rest of the song."""
    frames, speed = 43 * 60, 12
    walk = BaseWalk(DIM, SEED)
    count = round(frames / FPS / 60 * speed)
    latents = [walk.picture(k) for k in range(count)]
    steps = int(frames / count - 1)
    theirs = [a + (b - a) * x for a, b in pairwise(latents) for x in np.linspace(0, 1, steps)]
    ours = []
    for i in range(len(theirs)):
        walk.walked = speed / 60 / FPS * i
        ours.append(walk.point())
    ahead = (count + 1) * speed / 60 / FPS  # a frame for every latent passed, as a share of the way
    farthest = max(abs(b - a).max() for a, b in pairwise(latents))
    assert abs(np.array(ours) - np.array(theirs)).max() <= ahead * farthest + 1e-6


def notes(frames: int) -> np.ndarray:
    """Chroma (N, 12) of a song in chords that change every second; the strongest note is 1."""
    strengths = np.repeat(RNG.random((frames // FPS + 1, 12)) ** 4, FPS, axis=0)[:frames]
    return (strengths / strengths.max(axis=1, keepdims=True)).astype(np.float32)


def class_vectors(chroma: np.ndarray, react: float, complexity: float) -> np.ndarray:
    """Class vectors (N, 12) before their smoothing, class p for pitch p."""
    vectors = []
    for i, column in enumerate(chroma):
        vector = column.astype(float) if i == 0 else vectors[-1] + react * 43 / FPS * column
        if vector.any():
            low, high = vector.min(), vector.max()
            vector = (vector - low) / (high - low) if high > low else vector
            if high == low:
                vector[0] += 0.1
        vectors.append(vector * complexity)
    return np.array(vectors)


def class_weights(chroma: np.ndarray, **values: float) -> np.ndarray:
    lucid, now = made(), {**DEFAULTS, **{name.replace("_", "."): value for name, value in values.items()}}
    rows = []
    for column in chroma:
        frame = heard(**dict(zip(CHROMA, column, strict=True)))
        weights = lucid.step(frame, now, 1 / FPS).classes
        assert weights is not None
        rows.append(weights)
    return np.array(rows)


@pytest.mark.parametrize(("react", "complexity"), [(0.5, 1.0), (1.5, 0.6)])
def test_class_vectors_are_those_of_the_original(react: float, complexity: float) -> None:
    chroma = notes(43 * 6)
    ours = class_weights(chroma, class_react=react, class_smooth=0, class_complexity=complexity)
    np.testing.assert_allclose(ours, class_vectors(chroma, react, complexity), atol=1e-4)


def test_smoothing_of_classes_looks_back_where_the_original_looked_ahead() -> None:
    """There, block means, interpolated: they change half a block before the note. Here it is half a block after it."""
    frames, seconds = 43 * 20, 1
    chroma = notes(frames)
    raw = class_vectors(chroma, 0.5, 1.0)
    width = seconds * FPS
    blocks = [raw[start : start + width].mean(axis=0) for start in range(0, frames, width)]
    theirs = np.array([a + (b - a) * x for a, b in pairwise(blocks) for x in np.arange(width) / width])
    ours = class_weights(chroma, class_react=0.5, class_smooth=seconds)
    late = width
    apart = abs(ours[late:][: len(theirs)] - theirs[: frames - late]).mean()
    assert apart < 0.5 * abs(ours[late:][: len(theirs)] - theirs.mean(axis=0)).mean()
    assert np.corrcoef(ours[late:][: len(theirs)].ravel(), theirs[: frames - late].ravel())[0, 1] > 0.9


def test_dominant_classes_come_first_as_soon_as_it_is_heard_which_are_dominant() -> None:
    rng = np.random.default_rng(7)
    chroma = (rng.random((43 * 8, 12)) * rng.permutation(np.geomspace(1, 0.05, 12))).astype(np.float32)
    shares = chroma / chroma.sum(axis=1, keepdims=True)
    order = np.argsort(-shares.sum(axis=0))  # of the whole song, as the original has it
    last = np.tile(np.eye(12, dtype=np.float32)[order[3]], (6, 1))  # the fourth strongest note alone
    ours = class_weights(np.concatenate([chroma, last]), class_react=2, class_smooth=0, class_dominant=1)
    assert ours[-1].argmax() == 3


def test_a_shuffle_turns_the_list_of_classes() -> None:
    """Every n seconds to the left by round(strength * 12): pitch p then has the class of place p + 5."""
    note = np.tile(np.eye(12, dtype=np.float32)[3], (43 * 8, 1))
    ours = class_weights(note, class_react=2, class_smooth=0, class_shuffle=2, class_turn=0.4)
    assert [int(row.argmax()) for row in ours[FPS :: 2 * FPS]] == [3, 8, 1, 6]


def test_existing_scenes_of_lucid_are_not_the_original() -> None:
    plain = Lucid(MotionSetup([network()], SEED))
    assert plain.step(heard(bass=1.0), DEFAULTS, 0.1).classes is None, "the notes choose, by class.mix and the like"


def test_classes_are_turned_at_given_moments() -> None:
    """`class_shuffle_seconds` as a list: from each moment on, every note stands for another class."""
    values = {**DEFAULTS, "class.turn": 0.25, "class.smooth": 0.0, "class.react": 2.0}
    lucid, strongest = made(shuffle_at=(2.0, 1.0)), []
    for _ in range(3 * FPS):
        classes = lucid.step(heard(**{CHROMA[0]: 1.0}), values, 1 / FPS).classes
        assert classes is not None
        strongest.append(int(classes.argmax()))
    assert [strongest[0], strongest[2 * FPS - 2], strongest[-1]] == [0, 3, 6]
