"""Debug view: what was heard and planned is seen beside the picture, and the picture is what it was."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from livegan.config.load import LoadedScene
from livegan.config.scene import Scene
from livegan.config.venue import Venue
from livegan.core.types import FeatureFrame, Frame, FramePlan, Layout, Pixels
from livegan.engine.bind import Setlist, listen
from livegan.errors import MediaError
from livegan.studio.debug_view import DebugView, latent
from livegan.studio.film_job import RenderJob
from livegan.studio.listen_plot import BEAT, COLOURS, FIRST, LANE, WAVE
from livegan.studio.render import render_film

LAYOUT: Layout = listen(Venue(), 48000, 2).layout
PICTURE: Pixels = np.full((9, 16, 3), (200, 40, 90), np.uint8)


def frame(index: int, **fields: object) -> Frame:
    plan = FramePlan(index, index / 30, 1 / 30, z=np.zeros(8, np.float32), classes=np.zeros(0, np.float32))
    return Frame(PICTURE, replace(plan, **fields), 0.0, 0.0)  # type: ignore[arg-type]


def heard(**values: float) -> FeatureFrame:
    row = np.zeros(len(LAYOUT.names), np.float32)
    row[LAYOUT.index["level.db"]] = -120.0
    for name, value in values.items():
        row[LAYOUT.index[name.replace("__", ".")]] = value
    return FeatureFrame(0.0, LAYOUT, row)


def panel(view: DebugView, width: int) -> Pixels:
    return view.picture(PICTURE)[:, width:]


def has(pixels: Pixels, colour: tuple[int, int, int]) -> bool:
    return bool((pixels == colour).all(axis=2).any())


@pytest.mark.parametrize("size", [(1024, 576), (320, 90), (90, 320), (512, 512), (33, 17)])
def test_the_picture_stays_and_the_panel_is_beside_it_at_any_size(size: tuple[int, int]) -> None:
    view = DebugView(size, LAYOUT)
    width, height = size[0] + size[0] % 2, size[1] + size[1] % 2
    for index in range(40):
        view.step(frame(index).plan, heard(mel__3=0.8))
    made = view.picture(PICTURE)
    assert made.shape == (height, view.size[0], 3)
    assert view.size[0] > width
    middle = made[height // 2, width // 2].astype(int)
    assert np.abs(middle - PICTURE[0, 0]).max() < 8  # by way of the film's colours


def test_sound_beats_and_hits_leave_their_marks_and_scroll_away() -> None:
    view = DebugView((64, 200), LAYOUT, window_s=1.0)
    view.step(frame(0).plan, heard())
    silent = panel(view, 64)
    assert not has(silent, WAVE)
    view.step(frame(1).plan, heard(level__db=-12.0, beat=1.0, **{"onset__bass": 1.0, "mel__0": 1.0}))
    loud = panel(view, 64)
    for colour in (WAVE, BEAT, COLOURS["onset.bass"]):
        assert has(loud, colour), colour
    view.step(frame(2).plan, heard(downbeat=1.0))
    assert has(panel(view, 64), FIRST)
    for index in range(3, 40):
        view.step(frame(index).plan, heard())
    assert not has(panel(view, 64), WAVE)


def test_a_held_pulse_is_one_beat() -> None:
    view = DebugView((64, 400), LAYOUT, window_s=1.0)
    view.step(frame(0).plan, heard(beat=1.0))
    view.step(frame(1).plan, heard(beat=0.7))
    assert ((panel(view, 64) == BEAT).all(axis=2).any(axis=0)).sum() == 1


def test_the_network_position_moves_up_and_down() -> None:
    view = DebugView((64, 400), LAYOUT, window_s=1.0, positions=4)
    rows = []
    for index, position in enumerate((0.0, 4.0)):
        view.step(frame(index, position=position).plan, heard())
        rows.append(int(np.flatnonzero((panel(view, 64)[:, -4] == (250, 214, 110)).all(axis=1))[0]))
    assert rows[1] < rows[0]


def test_latents_of_every_kind_are_one_row() -> None:
    one, two = np.ones(4, np.float32), np.full(4, 3.0, np.float32)
    plan = replace(frame(0).plan, z=one)
    np.testing.assert_allclose(latent(plan), one)
    np.testing.assert_allclose(latent(replace(plan, mix=((0.25, two), (0.25, one)))), 0.75 + 0.25 * one + 0.5)
    np.testing.assert_allclose(latent(replace(plan, w=np.stack((one, two)))), 2 * one)


def test_plans_made_ahead_and_plans_replayed_leave_the_same_panels() -> None:
    """Workers draw frames after many more were planned; a render that goes on where it was stopped replays plans."""
    drawn, ahead = (DebugView((64, 120), LAYOUT) for _ in range(2))
    sounds = [heard(level__db=-6.0 * (index % 5), beat=float(index % 7 == 0)) for index in range(30)]
    now = iter(sounds)
    for plan in ahead.noted([frame(index).plan for index in range(30)], lambda: next(now)):
        drawn.step(plan, sounds[plan.index])
        if plan.index == 14:
            middle = drawn.picture(PICTURE)
    ahead.catch_up(13)
    assert np.array_equal(np.asarray(ahead.beside(frame(14)).pixels), middle)
    assert np.array_equal(np.asarray(ahead.beside(frame(29)).pixels), drawn.picture(PICTURE))
    assert not np.array_equal(panel(drawn, 64), np.full_like(panel(drawn, 64), LANE[0]))


def test_a_film_with_the_view_is_wider_and_made_again_the_same(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", np.sin(np.arange(4800) / 5).astype(np.float32), 24000)
    scenes = Setlist((LoadedScene("plain", Scene(title="P", network="plain")),))
    films = []
    for name in ("one.mp4", "two.mp4"):
        job = RenderJob(
            tmp_path / "song.wav", tmp_path / name, fps=Fraction(30), size=(96, 64), debug_window_s=2.0, scenes=scenes
        )
        films.append(render_film(job, Venue()).path.read_bytes())
    assert films[0] == films[1]
    with av.open(str(tmp_path / "one.mp4")) as film:
        shown = next(film.decode(video=0))
    assert (shown.width, shown.height) == (96 + 160, 64)
    with pytest.raises(MediaError, match="not transparent"):
        render_film(replace(job, transparent=True, output=tmp_path / "three.mov"), Venue())
