"""Motion models of given latents: seeds, grid, loop and walk, against direct transcriptions of the formulae."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import resample

from livegan.cli import inspect
from livegan.core.latents import latent_of_seed
from livegan.core.types import FeatureFrame, FramePlan
from livegan.engine.vocabulary import parameter_table
from livegan.errors import LiveganError, MediaError
from livegan.mapping.beat_position import BeatPosition
from livegan.mapping.latent import Latent
from livegan.mapping.motions.projection import blended
from livegan.mapping.motions.registry import MOTIONS, Motion, MotionSetup
from livegan.mapping.motions.seeds import BandEnergies, mix_of, shares
from livegan.networks.info import NetworkInfo
from livegan.networks.latents import bookmarks
from livegan.networks.latents.files import film_fps, read_path
from livegan.networks.latents.projection import write_projection
from tests.building import PLAIN, heard

Z = 16
NETWORK = NetworkInfo("styled", Path("styled.json"), "stylegan2", (16, 16), Z, 0, w_dim=8, shape={"channels": [4] * 3})
DEFAULTS = {name: parameter.default for name, parameter in parameter_table().items()}
SILENCE = heard()


def made(name: str, seed: int = 3, folder: Path = Path(), network: NetworkInfo = NETWORK, **keys: object) -> Motion:
    model = MOTIONS[name]
    return model(MotionSetup([network], seed, model.Settings.model_validate(keys), folder))


def step(motion: Motion, dt_s: float, heard: FeatureFrame = SILENCE, **values: float) -> Latent:
    given_values: Mapping[str, float] = {f"motion.{name}": value for name, value in values.items()}
    return motion.step(heard, {**DEFAULTS, **given_values}, dt_s)


def z_of(latent: Latent) -> np.ndarray:
    assert latent.z is not None
    return latent.z


def on_beat(beats: float, bpm: float = 120.0, **features: float) -> FeatureFrame:
    return heard(**{"beat.phase": beats % 1, "beat.bpm": bpm}, **features)


def bands(*levels: float) -> FeatureFrame:
    return heard(**{f"band.{i}": level for i, level in enumerate(levels)})


class TestSeeds:
    """JACK visualizer: z = sum(energy_k z_k) / its norm."""

    def test_it_is_the_published_mix_of_the_energies(self) -> None:
        motion = made("seeds", seeds="1, 3, 2-7")
        energies = np.random.default_rng(0).random(8).astype(np.float32)
        found = z_of(step(motion, 0.02, bands(*energies), smooth=0))
        numbers = [1, 3, *range(2, 8)]
        z = sum(energy * np.random.RandomState(seed).randn(Z) for energy, seed in zip(energies, numbers, strict=True))
        np.testing.assert_allclose(found, z / np.linalg.norm(z) * np.sqrt(Z), atol=1e-5)

    def test_in_w_the_same_weights_mix_what_the_seeds_become(self) -> None:
        energies = (0.8, 0.4, 0.2, 0.6)
        latent = step(made("seeds", seeds="1-4", space="w"), 0.02, bands(*np.repeat(energies, 2)), smooth=0)
        assert [weight for weight, _ in latent.mix] == pytest.approx([energy / 2 for energy in energies])
        for seed, (_, z) in enumerate(latent.mix, 1):
            assert np.array_equal(z, latent_of_seed(seed, Z))

    @pytest.mark.parametrize("kind", ["log", "linear"])
    @pytest.mark.parametrize("silence", ["first", "stay"])
    def test_silence_is_soft_and_no_division_by_zero(self, kind: str, silence: str) -> None:
        motion = made("seeds", seeds="5-8", scale=kind, silence=silence)
        assert np.isfinite(z_of(step(motion, 0.0))).all()
        loud = heard(**{f"{name}.{i}": i / 8 for name in ("band", "mel") for i in range(8)})
        before = z_of(step(motion, 5.0, loud))
        near = z_of(step(motion, 1 / 60))
        assert np.abs(near - before).max() < 0.15
        later = z_of(step(motion, 20.0))
        wanted = (
            before if silence == "stay" else latent_of_seed(5, Z) * np.sqrt(Z) / np.linalg.norm(latent_of_seed(5, Z))
        )
        np.testing.assert_allclose(later, wanted, atol=1e-3)

    def test_contrast_lets_the_strongest_win_and_react_0_holds_the_first(self) -> None:
        assert mix_of(np.array([0.5, 1.0]), 8)[1] > 0.99
        motion = made("seeds", seeds="5-6")
        frame = bands(*[0.1] * 4, *[1.0] * 4)
        still = motion.step(frame, {**DEFAULTS, "react": 0.0}, 9.0)
        first = latent_of_seed(5, Z)
        np.testing.assert_allclose(z_of(still), first * np.sqrt(Z) / np.linalg.norm(first), atol=1e-5)

    @given(st.integers(1, 40), st.booleans())
    def test_every_band_counts_once(self, count: int, linear: bool) -> None:
        parts = shares(8, count, linear)
        assert parts.shape == (count, 8)
        np.testing.assert_allclose(parts.sum(axis=0 if linear else 1), 1, atol=1e-9)

    def test_in_linear_bands_the_bass_dominates_as_it_did_there(self) -> None:
        even, loudest = BandEnergies(4, True)(heard(**{f"mel.{i}": 0.8 for i in range(8)}))
        assert loudest == pytest.approx(0.8)
        assert (np.diff(even) < 0).all()
        quieter = BandEnergies(4, True)(heard(**{f"mel.{i}": 0.8 - 1 / 6 for i in range(8)}))[0]
        np.testing.assert_allclose(quieter, even / 10, rtol=1e-3)  # 10 dB
        assert not BandEnergies(4, True)(SILENCE)[0].any()

    @pytest.mark.parametrize(("text", "reason"), [("", "seeds"), ("9-1", "1,2,5-9"), ("0-999", "more than 256")])
    def test_what_cannot_be_mixed_is_refused(self, text: str, reason: str) -> None:
        with pytest.raises(LiveganError, match=rf"^motion.seeds.*{reason}"):
            made("seeds", seeds=text)


class TestGrid:
    """StyleGAN3's viewer: the four seeds round (x, y), seed = x + 100 y, blended bilinearly in w."""

    @given(st.floats(0, 99), st.floats(0, 99))
    def test_it_is_the_published_grid(self, x: float, y: float) -> None:
        latent = step(made("grid"), 1.0, x=x, y=y, travel=0)
        w_avg, mapped = np.full(Z, 0.3), np.tanh  # stands for the mapping network
        found = w_avg + sum(weight * (mapped(z) - w_avg) for weight, z in latent.mix)
        # transcription
        corners = [(int(np.floor(x)) + dx, int(np.floor(y)) + dy) for dy in range(2) for dx in range(2)]
        seeds = [(column + row * 100) & ((1 << 32) - 1) for column, row in corners]
        weights = [(1 - abs(x - column)) * (1 - abs(y - row)) for column, row in corners]
        all_w = np.stack([mapped(np.random.RandomState(seed).randn(Z)) for seed in seeds]) - w_avg
        np.testing.assert_allclose(found, np.average(all_w, axis=0, weights=weights) + w_avg, atol=1e-5)
        assert len(latent.mix) <= 4

    def test_it_travels_along_its_heading_and_never_jumps(self) -> None:
        motion = made("grid")
        step(motion, 4.0, travel=2, heading=90)
        np.testing.assert_allclose(z_of(step(motion, 2.0, travel=-2.5, heading=180)), latent_of_seed(805, Z), atol=1e-5)
        motion = made("grid")
        places = np.stack([z_of(step(motion, 0.01, travel=1, heading=30)) for _ in range(300)])
        assert np.abs(np.diff(places, axis=0)).max() < 0.1

    def test_a_network_without_w_draws_z(self) -> None:
        assert len(z_of(step(made("grid", network=PLAIN), 0.0, x=2.5))) == PLAIN.z_dim


class TestLoop:
    @given(st.integers(1, 16), st.floats(60, 180), st.floats(1, 8), st.integers(1, 50))
    def test_it_comes_back_after_its_beats(self, beats: int, bpm: float, detail: float, parts: int) -> None:
        motion, values = made("loop"), {"beats": float(beats), "detail": detail}
        start = z_of(step(motion, 0.0, on_beat(0.25, bpm), **values))
        for part in range(1, parts + 1):
            passed = beats * part / parts
            there = z_of(step(motion, beats / parts * 60 / bpm, on_beat(0.25 + passed, bpm), **values))
        np.testing.assert_allclose(there, start, atol=2e-3)

    def test_on_the_same_beat_it_is_at_the_same_place_at_any_tempo(self) -> None:
        places = []
        for bpm in (60.0, 150.0):
            motion = made("loop")
            for tick in range(1, 321):
                latent = step(motion, 0.01 * 60 / bpm, on_beat(tick / 100, bpm), beats=8)
            places.append(z_of(latent))
        np.testing.assert_allclose(*places, atol=1e-2)

    def test_by_time_it_needs_no_beat(self) -> None:
        motion = made("loop", advance="time")
        start = z_of(step(motion, 0.0))
        assert np.abs(z_of(step(motion, 2.5, speed=12)) - start).max() > 0.1
        np.testing.assert_allclose(z_of(step(motion, 2.5, speed=12)), start, atol=1e-4)

    def test_it_is_a_circle_of_the_usual_size_round_the_seed_and_width_0_is_the_seed(self) -> None:
        motion = made("loop", advance="time", seed=7)
        middle = latent_of_seed(7, Z)
        assert np.array_equal(z_of(step(motion, 1.0, width=0)), middle)
        ring = np.stack([z_of(step(motion, 0.05, width=1)) - middle for _ in range(100)])  # 12 a minute: once round
        np.testing.assert_allclose(ring.mean(axis=0), 0, atol=1e-4)
        assert np.linalg.matrix_rank(ring, tol=1e-3) == 2
        knot = np.stack([z_of(step(motion, 0.05, width=1, detail=8)) - middle for _ in range(100)])
        assert np.linalg.matrix_rank(knot, tol=1e-3) > 8
        for noise in (ring, knot):
            assert float(np.square(noise).mean()) == pytest.approx(1, abs=0.5)

    def test_another_seed_is_another_loop(self) -> None:
        assert np.abs(z_of(step(made("loop", seed=1), 0.1)) - z_of(step(made("loop", seed=2), 0.1))).max() > 0.1


class TestWalk:
    def test_by_time_it_visits_its_points(self) -> None:
        motion = made("walk", path=["seeds:3-5"])
        for seed in (4, 5, 3, 4):
            latent = step(motion, 2.0, speed=30)
            np.testing.assert_allclose(z_of(latent), latent_of_seed(seed, Z), atol=1e-3)
        assert len(step(motion, 1.0, speed=30).mix) == 3
        assert not step(made("walk", path=["seeds:3-5"], space="z"), 1.0).mix

    def test_its_older_name_is_path(self) -> None:
        assert MOTIONS["path"] is MOTIONS["walk"]

    def test_by_beats_it_is_at_a_point_on_each_of_them(self) -> None:
        for ease in (0.0, 1.0):
            motion = made("walk", path=["seeds:1-4"], advance="beat")
            step(motion, 0.0, on_beat(0), beats=2, ease=ease)
            for beat in range(1, 9):
                latent = step(motion, 0.5, on_beat(beat), beats=2, ease=ease)
                if beat % 2 == 0:
                    np.testing.assert_allclose(z_of(latent), latent_of_seed(1 + beat // 2 % 4, Z), atol=1e-3)
        half = step(motion, 0.25, on_beat(8.5), beats=2, ease=1)
        near = {seed: np.abs(z_of(half) - latent_of_seed(seed, Z)).max() for seed in (1, 2)}
        assert near[2] < near[1]  # it has set off at once

    def test_by_onsets_each_hit_is_one_point(self) -> None:
        motion = made("walk", path=["seeds:1-4"], advance="onset")
        np.testing.assert_allclose(z_of(step(motion, 1.0, glide=0.1)), latent_of_seed(1, Z), atol=1e-5)
        for seed in (2, 3, 4, 1, 2):
            first = step(motion, 1 / 60, heard(onset=0.9), glide=0.1)
            assert first.mix
            for level in (0.6, 0.4, 0.0):
                latent = step(motion, 0.5, heard(onset=level), glide=0.1)
            np.testing.assert_allclose(z_of(latent), latent_of_seed(seed, Z), atol=1e-2)
        still = step(motion, 9.0, glide=0.1)
        close = step(motion, 9.0, glide=0.1)
        np.testing.assert_allclose(z_of(still), z_of(close), atol=1e-5)

    @pytest.mark.parametrize("advance", ["beat", "onset"])
    def test_many_small_steps_are_one_large_one(self, advance: str) -> None:
        ends = []
        for parts in (1, 7, 60):
            motion = made("walk", path=["seeds:1-4"], advance=advance)
            step(motion, 0.0, on_beat(0.0))
            for part in range(1, parts + 1):
                latent = step(motion, 0.8 / parts, on_beat(1.6 * part / parts, onset=0.7), beats=3, ease=0.4)
            ends.append(z_of(latent))
        np.testing.assert_allclose(ends[1], ends[0], atol=2e-3)
        np.testing.assert_allclose(ends[2], ends[0], atol=2e-3)


def film(folder: Path, frames: int = 6, rows: int = 1, fps: float = 15.0) -> np.ndarray:
    """A projection file "film.hdf5" of the network's w."""
    w = np.random.default_rng(5).standard_normal((frames, rows, 8)).astype(np.float32)
    write_projection(folder / "film.hdf5", np.broadcast_to(w, (frames, max(rows, 6), 8)) if rows == 1 else w, fps)
    return w


LEVELS = np.linspace(0.2, 1.0, 8).astype(np.float32)
MEL = heard(**{f"mel.{i}": float(level) for i, level in enumerate(LEVELS)})


class TestProjection:
    """GANce: rows below the depth are (1 - alpha) film + alpha spectrum, the others are the film."""

    @pytest.mark.parametrize("depth", [0, 2, 5, 18])
    @pytest.mark.parametrize("alpha", [0.0, 0.25, 1.0])
    def test_it_is_the_published_matrix_at_every_frame(self, tmp_path: Path, depth: int, alpha: float) -> None:
        latents = film(tmp_path)[:, 0]
        motion = made("projection", folder=tmp_path, path=["film.hdf5"], between="hold")
        frames = np.repeat(latents, 60 // 15, axis=0)  # 15 frames a second duplicated to 60
        spectrum = resample(-2 + 4 * LEVELS, 8)  # amplitude range -2..2
        for index in range(24):
            dt_s = 1 / 60 if index else 0.0
            latent = step(motion, dt_s, MEL, alpha=alpha, depth=depth, low=-2, high=2, smear=0)
            blend = (1 - alpha) * frames[index] + alpha * spectrum
            matrix = np.stack([blend if row < depth else frames[index] for row in range(NETWORK.num_ws)])
            assert latent.w is not None
            np.testing.assert_allclose(latent.w, matrix, atol=1e-5)

    def test_a_depth_between_two_rows_takes_part_of_one(self) -> None:
        found = blended(np.zeros((1, 8), np.float32), np.ones(8, np.float32), 0.5, 1.5, 4)
        assert found[:, 0].tolist() == [0.5, 0.25, 0.0, 0.0]

    @pytest.mark.parametrize(("ends", "order"), [("wrap", [0, 1, 2, 3, 0, 1]), ("bounce", [0, 1, 2, 3, 2, 1, 0, 1])])
    def test_at_its_end_it_begins_again_or_turns_round(self, tmp_path: Path, ends: str, order: list[int]) -> None:
        latents = film(tmp_path, 4, rows=6)
        motion = made("projection", folder=tmp_path, path=["film.hdf5"], ends=ends)
        for number, index in enumerate(order):
            latent = step(motion, 1 / 15 if number else 0.0)
            np.testing.assert_allclose(latent.w, latents[index], atol=1e-5)
        between = step(motion, 0.5 / 15).w
        step_on = order[-1] + 1
        np.testing.assert_allclose(between, (latents[step_on - 1] + latents[step_on]) / 2, atol=1e-5)
        np.testing.assert_allclose(step(motion, 0.5 / 15, rate=-1).w, latents[step_on - 1], atol=1e-5)

    def test_on_the_beat_the_whole_film_takes_its_beats(self, tmp_path: Path) -> None:
        latents = film(tmp_path, 6, rows=6)
        for bpm in (70.0, 140.0):
            motion = made("projection", folder=tmp_path, path=["film.hdf5"], advance="beat")
            step(motion, 0.0, on_beat(0.0, bpm), beats=12)
            for beat in range(1, 15):
                latent = step(motion, 60 / bpm, on_beat(beat, bpm), beats=12)
                if beat % 2 == 0:
                    np.testing.assert_allclose(latent.w, latents[beat // 2 % 6], atol=1e-3)

    def test_its_rate_is_that_of_the_file_or_of_the_scene(self, tmp_path: Path) -> None:
        latents = film(tmp_path, 6, rows=6, fps=4.0)
        for keys, seconds in (({}, 0.25), ({"film_fps": 10}, 0.1)):
            motion = made("projection", folder=tmp_path, path=["film.hdf5"], **keys)
            np.testing.assert_allclose(step(motion, seconds).w, latents[1], atol=1e-5)
        assert (film_fps(["seeds:1", "film.hdf5"], tmp_path), film_fps(["seeds:1"], tmp_path)) == (4.0, 0.0)
        film(tmp_path, fps=0.0)
        assert film_fps(["film.hdf5"], tmp_path) == 0.0

    def test_in_silence_and_at_react_0_it_is_the_film_alone(self, tmp_path: Path) -> None:
        latents = film(tmp_path, rows=6)
        motion = made("projection", folder=tmp_path, path=["film.hdf5"])
        np.testing.assert_allclose(step(motion, 0.0, alpha=1.0).w, latents[0], atol=1e-6)
        calm = motion.step(MEL, {**DEFAULTS, "react": 0.0}, 6 / 15)
        np.testing.assert_allclose(calm.w, latents[0], atol=1e-5)

    def test_a_film_that_does_not_fit_is_refused(self, tmp_path: Path) -> None:
        film(tmp_path, rows=7)
        with pytest.raises(LiveganError, match=r"^motion.path: the path has w of 7 rows"):
            made("projection", folder=tmp_path, path=["film.hdf5"])
        with pytest.raises(LiveganError, match="this network takes"):
            made("projection", folder=tmp_path, path=["film.hdf5"], network=PLAIN)


class TestBeatPosition:
    def test_a_correction_of_the_beat_moves_it_softly_and_fully(self) -> None:
        position, total, passed = BeatPosition(), 0.0, []
        for frame in range(180):
            shift = 0.2 if frame >= 60 else 0.0
            passed.append(position.step(on_beat(frame / 30 + shift), 1 / 60))
            total += passed[-1]
        assert max(passed) < 0.1
        assert total == pytest.approx(179 / 30 + 0.2, abs=1e-3)

    def test_without_a_beat_clock_it_goes_on_at_the_last_tempo(self) -> None:
        position = BeatPosition()
        assert position.step(SILENCE, 0.5) == pytest.approx(1.0)  # 120 beats a minute
        position.step(on_beat(0.0, 60.0), 0.0)
        assert position.step(SILENCE, 0.5) == pytest.approx(0.5)


class TestBookmarks:
    def test_they_are_points_of_a_walk(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bookmarks, "bookmark_folder", lambda: tmp_path / "bookmarks")
        with pytest.raises(MediaError, match="no bookmarks yet"):
            read_path(["bookmarks:all"], Z, 8, tmp_path)
        plans = [FramePlan(i, 0.0, 0.1, latent_of_seed(i, Z), np.zeros(0, np.float32)) for i in range(3)]
        for plan, name in zip(plans, ("look-2", "look-10", "look-2"), strict=True):
            bookmarks.write_bookmark(plan, name)
        points = read_path(["bookmarks:all"], Z, 8, tmp_path)
        assert points.names == ("look-2.json 0", "look-2-2.json 0", "look-10.json 0")
        assert np.array_equal(points.array, [plans[i].z for i in (0, 2, 1)])
        assert read_path(["bookmarks:look-10, look-2"], Z, 8, tmp_path).names == ("look-10.json 0", "look-2.json 0")
        with pytest.raises(MediaError, match="did you mean 'look-10'"):
            read_path(["bookmarks:look-1"], Z, 8, tmp_path)
        motion = made("walk", path=["bookmarks:all", "seeds:9"])
        assert np.array_equal(z_of(step(motion, 0.0)), plans[0].z)

    def test_they_are_listed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(bookmarks, "bookmark_folder", lambda: tmp_path)
        inspect.bookmarks()
        assert "press M" in capsys.readouterr().out
        plan = FramePlan(0, 62.0, 0.1, latent_of_seed(1, Z), np.zeros(0, np.float32), "house-256")
        assert bookmarks.read_bookmark(bookmarks.write_bookmark(plan, "tide")) == plan
        (tmp_path / "wrong.json").write_text("{}")
        inspect.bookmarks()
        first, second, last = capsys.readouterr().out.splitlines()
        assert "z of house-256, kept on 20" in first
        assert "cannot be read" in second
        assert "bookmarks:all" in last

    def test_of_a_mix_it_is_the_mix(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bookmarks, "bookmark_folder", lambda: tmp_path)
        z = [latent_of_seed(i, Z) for i in range(4)]
        plan = FramePlan(0, 0.0, 0.1, z[0], np.zeros(0, np.float32), mix=((0.5, z[1]), (0.25, z[2])))
        bookmarks.write_bookmark(plan, "between")
        motion = made("walk", path=["bookmarks:all", "seeds:3"])
        here, there = step(motion, 0.0, speed=60), step(motion, 1.0, speed=60)
        assert [weight for weight, _ in here.mix] == [0.5, 0.25, 0.25]
        np.testing.assert_array_equal([point for _, point in here.mix], [z[1], z[2], z[0]])
        assert [weight for weight, _ in there.mix] == [1.0]
        assert np.array_equal(there.mix[0][1], z[3])
        halfway = step(motion, 0.5, speed=60)
        assert sum(weight for weight, _ in halfway.mix) == pytest.approx(1)
        with pytest.raises(MediaError, match="this network takes"):
            read_path(["bookmarks:all"], Z + 1, 8, tmp_path)
        bookmarks.write_bookmark(replace(plan, mix=((1.0, z[0][:3]),)), "odd")
        with pytest.raises(MediaError, match="its mix is not of 16 latents"):
            read_path(["bookmarks:odd"], Z, 8, tmp_path)

    def test_of_a_plan_with_w_it_is_w(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bookmarks, "bookmark_folder", lambda: tmp_path)
        plan = FramePlan(0, 0.0, 0.1, latent_of_seed(1, Z), np.zeros(0, np.float32), w=np.ones((5, 8), np.float32))
        path = bookmarks.write_bookmark(plan, "face")
        assert read_path([str(path)], Z, 8, tmp_path).array.shape == (1, 5, 8)
        bookmarks.write_bookmark(replace(plan, w=None), "other")
        with pytest.raises(MediaError, match="all z or all w"):
            read_path(["bookmarks:all"], Z, 8, tmp_path)
