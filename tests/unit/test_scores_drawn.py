"""Scores as pictures: laws of falling notes and rolls, of blends of scores, and of scores that are only heard."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from livegan.config.load import load_scenes
from livegan.config.venue import Venue
from livegan.core.score import COLUMNS, EMPTY, NOTES_AT_MOST, Score, blend_scores
from livegan.core.sound import SoundWindow
from livegan.core.types import FeatureFrame
from livegan.engine.bind import Binder, listen
from livegan.engine.patch import Patch
from livegan.features.heard_score import HeardScore, pitches
from livegan.rendering.drawings import falling_notes, roll
from livegan.rendering.drawings.look import Look

CPU, SIZE = torch.device("cpu"), (180, 320)
PLAIN = Look(glow=0.0, density=0.0)
RATE = 48_000
DRAWINGS = {"falling-notes": falling_notes.draw, "roll": roll.draw}


def score_of(*rows: tuple[float, float, float, float, float], ahead_s: float = 4.0) -> Score:
    return Score(np.array(sorted(rows), np.float32).reshape(-1, COLUMNS), ahead_s=ahead_s)


def added(kind: str, score: Score, look: Look = PLAIN, size: tuple[int, int] = SIZE) -> np.ndarray:
    """What notes add to the picture without any of the same kind: (height, width), 0 where there is nothing."""
    nothing = score_of((3.9, 0.001, 0, 0, 0.0), ahead_s=score.ahead_s)  # bar lines are drawn where there are notes
    one, none = (DRAWINGS[kind](look, each, size, CPU).amax(0) for each in (score, nothing))
    return (one - none).clamp(min=0).numpy()


def box(light: np.ndarray) -> tuple[int, int, int, int]:
    """First row, last row, first column, last column of what is clearly seen."""
    rows, columns = np.nonzero(light > 0.08)
    return rows.min(), rows.max(), columns.min(), columns.max()


def line_px(form: int = 0, size: tuple[int, int] = SIZE) -> float:
    return size[0] / 2 * (1 + falling_notes.LINE[form])


@pytest.mark.parametrize("form", [falling_notes.WATER, falling_notes.KEYS])
def test_a_note_touches_the_line_while_it_sounds_and_at_no_other_time(form: int) -> None:
    look = Look(glow=0.0, density=0.0, form=form)
    at = round(line_px(form))
    for start_s, touches in ((-0.3, True), (-0.01, True), (0.3, False), (1.5, False), (-2.5, False)):
        light = added("falling-notes", score_of((start_s, 0.6, 60, 0, 0.8)), look)
        assert bool((light[at - 3 : at + 2, 150:170] > 0.08).any()) == touches, start_s


def test_notes_fall_evenly_and_wider_apart_at_more_speed() -> None:
    for speed in (0.5, 1.0, 2.0):
        look = Look(glow=0.0, density=0.0, streak=speed)
        ends = [box(added("falling-notes", score_of((t, 0.2, 60, 0, 1.0)), look)[:132])[1] for t in (0.5, 0.7, 0.9)]
        way = 0.2 * SIZE[0] / 2 * (1 + falling_notes.LINE[0]) / falling_notes.AHEAD_S * speed
        assert np.diff(ends) == pytest.approx([-way, -way], abs=1.1)


def test_a_roll_a_moment_later_is_the_same_roll_further_left() -> None:
    rate = SIZE[1] / roll.SPAN_S
    rows = ((1.0, 0.5, 60, 0, 0.7), (1.5, 1.0, 72, 1, 0.7), (2.0, 0.25, 43, 2, 0.9))
    for form in (0, 1):
        look = Look(glow=0.0, colour=0.0, form=form)
        before = added("roll", score_of(*rows), look)
        after = added("roll", score_of(*((start - 24 / rate, *rest) for start, *rest in rows)), look)
        np.testing.assert_allclose(np.roll(before, -24, axis=1)[:, 110:290], after[:, 110:290], atol=5e-3)


def test_low_notes_are_on_top_of_the_image_and_at_the_bottom_the_right_way_up() -> None:
    low, high = score_of((1.0, 1.0, 36, 0, 1.0)), score_of((1.0, 1.0, 84, 0, 1.0))
    for form, is_upright in ((0, False), (1, True), (2, True)):
        look = Look(glow=0.0, form=form)
        assert (box(added("roll", low, look))[0] > box(added("roll", high, look))[0]) == is_upright
    image = Look(glow=0.0, colour=0.0)
    for pitch in (21, 60, 126):  # as the article has it: row 0 is A0, and there are 106 rows
        first, last, *_ = box(added("roll", score_of((1.0, 1.0, pitch, 0, 1.0)), image, (212, 320)))
        assert (first, last) == (2 * (pitch - 21), 2 * (pitch - 21) + 1)


@pytest.mark.parametrize("kind", DRAWINGS)
def test_higher_pitches_and_voices_are_told_apart(kind: str) -> None:
    look = Look(glow=0.0, density=0.0, form=0 if kind == "falling-notes" else 2, spread=0.6)
    boxes = [box(added(kind, score_of((0.8, 0.4, pitch, 0, 1.0)), look)) for pitch in (48, 60, 72)]
    axis = 2 if kind == "falling-notes" else 0
    assert all((np.diff([each[axis] for each in boxes]) > 20) == (axis == 2))
    pictures = [DRAWINGS[kind](look, score_of((0.8, 0.4, 60, voice, 1.0)), SIZE, CPU) for voice in range(4)]
    empty = DRAWINGS[kind](look, score_of((3.9, 0.001, 0, 0, 0.0)), SIZE, CPU)
    colours = [(each - empty).sum((1, 2)) / (each - empty).sum() for each in pictures]
    apart = [float((one - other).abs().max()) for at, one in enumerate(colours) for other in colours[at + 1 :]]
    assert min(apart) > 0.04
    grey = DRAWINGS[kind](Look(colour=0.0), score_of((0.8, 0.4, 60, 2, 1.0)), SIZE, CPU)
    assert float((grey.amax(0) - grey.amin(0)).max()) < 1e-5


def test_what_is_only_heard_rises_and_what_is_over_in_a_known_score_is_gone() -> None:
    past = (-1.2, 0.5, 60, 0, 0.9)
    at = round(line_px())
    heard = added("falling-notes", score_of(past, ahead_s=0.0))
    known = added("falling-notes", score_of(past))
    assert box(heard[: at - 8])[1] < at
    assert not (known[: at - 8] > 0.08).any()
    left = added("roll", score_of((-1.2, 0.5, 60, 0, 0.9), ahead_s=0.0), Look(glow=0.0, form=2))
    assert box(left)[3] < 0.9 * SIZE[1]


@pytest.mark.parametrize("kind", DRAWINGS)
@pytest.mark.parametrize("size", [(36, 64), (64, 36), (7, 5), (1, 1)])
def test_any_form_at_any_size_of_any_score(kind: str, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    wild = rng.uniform((-5, 0, -20, -3, -1), (5, 9, 150, 20, 2), (40, COLUMNS)).astype(np.float32)
    odd = Score(np.array([[-1e30, 3e30, 60, 0, 1], [0, 0, 0, 0, 0], [1e9, 1, 127, 7, 1]], np.float32), 0.5, 1e-9)
    for form in range(4):
        for score in (None, EMPTY, Score(wild[np.argsort(wild[:, 0])]), odd, Score(wild, ahead_s=0.0)):
            for look in (Look(form=form), Look(form=form, turn=0.13, symmetry=3, scale=3.0, octaves=1.0, x=0.4)):
                out = DRAWINGS[kind](look, score, size, CPU)
                assert out.shape == (3, *size)
                assert torch.isfinite(out).all()
                assert 0 <= float(out.min()) <= float(out.max()) <= 1
    assert float(DRAWINGS[kind](Look(), None, (36, 64), CPU).max()) > 0.1  # without music there is something, too


def test_scores_blend_by_the_loudness_of_their_notes() -> None:
    one, other = score_of((0.0, 1.0, 60, 0, 0.8)), score_of((-1.0, 1.0, 64, 1, 0.6), (0.5, 1.0, 67, 1, 0.6))
    assert blend_scores(one, other, 0.0) is one
    assert blend_scores(one, other, 1.0) is other
    assert blend_scores(one, None, 0.5) is one
    assert blend_scores(None, None, 0.5) is None
    assert blend_scores(one, score_of((0.0, 1.0, 60, 0, 0.8)), 0.5) == one
    mixed = blend_scores(one, other, 0.25)
    assert mixed is not None
    np.testing.assert_allclose(mixed.notes[:, 4], [0.15, 0.6, 0.15], rtol=1e-6)
    assert list(mixed.notes[:, 0]) == sorted(mixed.notes[:, 0])
    many = score_of(*((i / 10, 1.0, 60, 0, 1.0) for i in range(NOTES_AT_MOST)))
    both = blend_scores(many, one, 0.5)
    assert both is not None
    assert len(both.notes) == NOTES_AT_MOST
    turned = blend_scores(Score(EMPTY.notes, 0.9), Score(EMPTY.notes, 0.1), 0.5)
    assert turned is not None
    assert turned.bar_phase == pytest.approx(0.0, abs=1e-9)


def chord(*notes: int, seconds: float = 0.25, amplitude: float = 0.1) -> SoundWindow:
    t = np.arange(round(seconds * RATE)) / RATE
    tones = [440 * 2 ** ((pitch - 69) / 12) for pitch in notes]
    waves = [np.sin(2 * np.pi * hz * n * t + hz) / n for hz in tones for n in range(1, 7)]
    return SoundWindow((amplitude * np.sum(waves, 0)).astype(np.float32), RATE)


@pytest.mark.parametrize("notes", [(60,), (36,), (84,), (60, 64, 67), (50, 53, 57, 62), (45, 52, 61, 64)], ids=str)
def test_pitches_of_chords_are_found_and_their_harmonics_are_none(notes: tuple[int, ...]) -> None:
    assert sorted(pitches(chord(*notes))) == sorted(notes)
    assert sorted(pitches(SoundWindow(chord(*notes).samples[::2].copy(), RATE // 2))) == sorted(notes)


def test_a_heard_note_grows_ends_and_moves_away_alike_at_any_frame_rate() -> None:
    ends = []
    silence = SoundWindow(np.zeros(RATE // 4, np.float32), RATE)
    for fps in (30, 60):
        heard = HeardScore()
        lengths = [len(heard.step(silence, 1 / fps).notes)]
        for _ in range(fps):
            score = heard.step(chord(57, 64), 1 / fps)
            lengths.append(len(score.notes))
        assert lengths[0] == 0
        assert set(lengths[1:]) == {2}
        assert score.ahead_s == 0
        assert (score.notes[:, 0] + score.notes[:, 1] > 0).all()  # they sound
        for _ in range(fps * 2):
            score = heard.step(None, 1 / fps)
        assert (score.notes[:, 0] + score.notes[:, 1] < 0).all()
        ends.append(score.notes.copy())
        for _ in range(fps * 9):
            score = heard.step(silence, 1 / fps)
        assert len(score.notes) == 0
    for other in ends[1:]:
        np.testing.assert_allclose(ends[0], other, atol=0.05)


def test_loudness_of_the_whole_does_not_matter_and_noise_has_few_notes() -> None:
    soft, loud = (HeardScore().step(chord(48, 64, amplitude=level), 0.02).notes for level in (0.02, 0.2))
    np.testing.assert_allclose(soft, loud, atol=1e-3)
    noise = np.random.default_rng(1).standard_normal(RATE // 4).astype(np.float32) * 0.1
    assert len(pitches(SoundWindow(noise, RATE))) <= 3
    assert pitches(SoundWindow(np.zeros(4, np.float32), RATE)) == {}


@cache
def binder() -> Binder:
    return Binder(listen(Venue(), RATE, 2).layout, Venue())


def patch_of(folder: Path, network: str, text: str = "") -> Patch:
    path = folder / "scene.toml"
    path.write_text(f'title = "T"\nnetwork = "{network}"\n{text}')
    return binder().bind(load_scenes([str(path)])[0])


def test_a_scene_that_draws_notes_plans_the_score_that_is_known_else_what_it_hears(tmp_path: Path) -> None:
    layout = binder().vocabulary.layout
    features = FeatureFrame(0.0, layout, np.zeros(len(layout.names), np.float32), chord(60, 64))
    known = score_of((0.5, 0.5, 60, 0, 0.8))
    alone, layered = patch_of(tmp_path, "roll"), patch_of(tmp_path, "plain", '[[layers]]\nkind = "falling-notes"')
    for patch in (alone, layered):
        assert patch.draws_score
        assert patch.plan(0, 0.0, 0.1, features, 0.0, known).score == known
        made = patch.plan(1, 0.1, 0.1, features)
        assert made.score is not None
        assert sorted(made.score.notes[:, 2]) == [60, 64]
        assert made.sound is None
    other = patch_of(tmp_path, "starfield")
    assert not other.draws_score
    assert other.plan(0, 0.0, 0.1, features, 0.0, known).score is None
