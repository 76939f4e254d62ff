"""Noises, voices and unmetred sounds: spectra, levels, crests, equal seeds, and what examples of them say."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.errors import DatasetError
from livegan.networks.hearing_bands import BANDS
from livegan.studio.hearing import unmetred_store
from livegan.studio.hearing.noises import NOISES, coloured, crackle, wander
from livegan.studio.hearing.over_song import chosen, ended, sung_over, write_over
from livegan.studio.hearing.song_truth import merged
from livegan.studio.hearing.unmetred import UNMETRED
from livegan.studio.hearing.unmetred_store import LOUD_DBFS, example, levelled, write_unmetred
from livegan.studio.hearing.voices import RANGES, Singer, Syllable, any_singer, choir, on_beats, rubato, sing
from livegan.training.hearing.store import Example, read_example, write_example

RATE = 16000
CREST = {"fire": 120, "rain": 80, "vinyl": 120, "static": 80, "applause": 40}  # the others are below 20
LOW, HIGH = {"brown", "hum", "wind"}, {"white", "insects", "brook", "vinyl", "rain"}
PLAYED = ("solo", "noodling", "tapping", "pads", "tuning")


@pytest.fixture(scope="module")
def made() -> dict[str, np.ndarray]:
    return {name: NOISES[name](1.0, RATE, np.random.default_rng(4)) for name in NOISES}


def share(sound: np.ndarray, low: float, high: float) -> float:
    """Share of the power that lies in a band [Hz]."""
    spectrum = np.abs(np.fft.rfft(sound)) ** 2
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
    return float(spectrum[(hertz >= low) & (hertz < high)].sum() / spectrum.sum())


@pytest.mark.parametrize("name", NOISES)
def test_a_noise_has_level_one_and_a_crest_of_its_kind(name: str, made: dict[str, np.ndarray]) -> None:
    sound = made[name]
    assert sound.shape == (RATE,)
    assert np.sqrt(np.mean(sound**2)) == pytest.approx(1.0, rel=0.01)
    assert np.abs(sound).max() < CREST.get(name, 20)


@pytest.mark.parametrize("name", sorted(LOW | HIGH))
def test_a_noise_is_dark_or_bright(name: str, made: dict[str, np.ndarray]) -> None:
    below = share(made[name], 0, 500)
    assert below > 0.5 if name in LOW else below < 0.5


@pytest.mark.parametrize("name", ["fire", "rain", "crowd", "hum"])
def test_a_noise_depends_on_the_seed_alone(name: str) -> None:
    first, again, other = (NOISES[name](0.5, RATE, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from([0.0, -3.0, -6.0]), st.integers(0, 20))
def test_coloured_noise_falls_by_so_much_in_an_octave(slope: float, seed: int) -> None:
    sound = coloured(RATE, RATE, np.random.default_rng(seed), slope)
    octaves = [10 * np.log10(share(sound, low, 2 * low) / low) for low in (500, 1000, 2000)]
    assert np.polyfit([0, 1, 2], octaves, 1)[0] == pytest.approx(slope, abs=1.5)


@settings(deadline=None, max_examples=40)
@given(st.floats(-3, 0), st.floats(0.1, 3), st.floats(0.1, 20), st.integers(1, 4000))
def test_what_wanders_stays_within_its_bounds(low: float, wide: float, per_s: float, count: int) -> None:
    values = wander(count, RATE, np.random.default_rng(0), per_s, low, low + wide)
    assert values.shape == (count,)
    assert (values >= low - 1e-9).all()
    assert (values <= low + wide + 1e-9).all()


def test_crackle_is_denser_when_told() -> None:
    few, many = (
        (np.abs(crackle(4 * RATE, RATE, np.random.default_rng(0), per_s, (1000, 4000), 0.001)) > 1e-6).mean()
        for per_s in (5.0, 100.0)
    )
    assert 0 < few < 0.3 * many


@pytest.mark.parametrize("name", UNMETRED)
def test_an_unmetred_sound_has_level_one_and_its_onsets_within(name: str) -> None:
    seconds = 1.5 if name in ("chant", "talkers") else 3.0
    rate = 22050 if name in PLAYED else RATE
    try:
        sound, events = UNMETRED[name](seconds, rate, np.random.default_rng(2))
    except Exception as error:
        if name in PLAYED and "type:" in str(error):
            pytest.skip(f"no notes here: {error}")
        raise
    assert sound.shape == (round(seconds * rate),)
    assert np.sqrt(np.mean(sound**2)) == pytest.approx(1.0, rel=0.02)
    assert ("onset" in events) == (name in ("solo", "noodling", "tapping"))
    for moments in events.values():
        assert all(0 <= moment < seconds for moment in moments)
    if name == "tapping":
        assert sorted(events["kick"] + events["snare"] + events["hat"]) == sorted(events["onset"])


def test_free_playing_has_no_measure() -> None:
    """Times between its onsets spread by half their mean or more, unlike those of any rhythm in one metre."""
    _, events = UNMETRED["noodling"](12.0, 22050, np.random.default_rng(5))
    apart = np.diff(events["onset"])
    assert apart.std() > 0.4 * apart.mean()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 200), st.sampled_from(sorted(RANGES)))
def test_a_free_line_stays_in_the_voice_and_in_time(seed: int, body: str) -> None:
    line = rubato(10.0, np.random.default_rng(seed), body)
    moments = [note.at_s for note in line]
    assert moments == sorted(moments)
    assert all(0 <= moment < 10 for moment in moments)
    assert all(RANGES[body][0] <= note.pitch <= RANGES[body][1] for note in line)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 200), st.floats(0.3, 1.0))
def test_a_line_over_a_song_is_near_beats_and_halves_and_in_its_key(seed: int, beat_s: float) -> None:
    beats = np.arange(1.0, 20.0, beat_s)
    line = on_beats(beats.tolist(), np.random.default_rng(seed), pitch_classes=(0, 4, 7))
    for note in line:
        off = (note.at_s - 1.0) / beat_s * 2
        assert abs(off - round(off)) * beat_s / 2 < 0.17
        assert round(note.pitch) % 12 in (0, 4, 7)


def test_a_singer_sings_the_pitch_of_the_note() -> None:
    singer = Singer("man", vibrato=0.0, breath=0.0, hum=True)
    sound = sing([Syllable(0.1, 1.5, 57.0, "", "ɑ")], 2.0, RATE, np.random.default_rng(0), singer)
    middle = sound[round(0.8 * RATE) : round(1.4 * RATE)]
    hertz = np.fft.rfftfreq(1 << 16, 1 / RATE)[
        np.argmax(np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 1 << 16)))
    ]
    assert hertz == pytest.approx(220.0, rel=0.02)


def test_nothing_sung_is_silence() -> None:
    rng = np.random.default_rng(0)
    assert not sing([], 1.0, RATE, rng, any_singer(rng)).any()
    assert not choir([], 1.0, RATE, rng).any()


def test_an_example_tells_its_kind_and_comes_back_from_the_store(tmp_path: Path) -> None:
    sound = NOISES["fire"](2.0, RATE, np.random.default_rng(1))
    one = example("fire-1", "noise", "fire", sound, RATE, 1, {})
    write_example(tmp_path / "fire-1.npz", one)
    back = read_example(tmp_path / "fire-1.npz")
    assert back.kind == "noise"
    assert back.power.shape == (200, BANDS)
    assert not len(back.events["onset"])
    free = example("solo-1", "nobeat", "solo", sound, RATE, 1, {"onset": [0.5, 1.0]})
    write_example(tmp_path / "solo-1.npz", free)
    assert read_example(tmp_path / "solo-1.npz").events["onset"].tolist() == [0.5, 1.0]


@settings(deadline=None, max_examples=40)
@given(st.floats(-40, 0), st.floats(0.01, 100))
def test_levels_of_examples_do_not_depend_on_what_was_given(peak_dbfs: float, gain: float) -> None:
    wave = np.sin(np.arange(2000) / 7)
    assert np.allclose(levelled(gain * wave, peak_dbfs), levelled(wave, peak_dbfs), atol=1e-5)
    assert np.abs(levelled(wave, peak_dbfs)).max() <= 1.01 * 10 ** (peak_dbfs / 20)
    assert 10 ** (LOUD_DBFS / 20) < 1


def test_a_store_is_filled_by_kinds_and_only_with_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unmetred_store, "LENGTHS_S", (0.5, 0.6))
    for kind in ("hum", "grains"):
        write_unmetred(tmp_path, kind, 0)
    made = {path: path.stat().st_mtime_ns for path in sorted(tmp_path.glob("*.npz"))}
    assert {path.stem: read_example(path).kind for path in made} == {"grains-0": "nobeat", "hum-0": "noise"}
    write_unmetred(tmp_path, "hum", 0)
    write_unmetred(tmp_path, "hum", 1)
    assert set(tmp_path.glob("*.npz")) - set(made) == {tmp_path / "hum-1.npz"}
    assert all(path.stat().st_mtime_ns == before for path, before in made.items())
    with pytest.raises(DatasetError, match=r"no sound called 'thunder'; there are: applause"):
        write_unmetred(tmp_path, "thunder", 0)


@pytest.fixture(scope="module")
def song() -> Example:
    """Eight seconds of a click every half second, at -20 dB, as band power."""
    clicks = np.zeros(8 * RATE)
    beats = np.arange(0.5, 8, 0.5)
    for beat in beats:
        clicks[round(beat * RATE) :][:200] += np.hanning(200) * np.random.default_rng(0).standard_normal(200)
    events = {"beat": beats, "onset": beats, "downbeat": beats[::4], "kick": beats}
    made = example("clicks", "music", "clicks", clicks, RATE, 5, events)
    return made


def test_a_song_that_is_sung_over_keeps_its_beats_and_gains_onsets(song: Example) -> None:
    sung = sung_over(song, 3)
    assert np.array_equal(sung.events["beat"], song.events["beat"])
    assert sung.power.shape == song.power.shape
    assert (sung.power.astype(float) >= song.power.astype(float) - 0.02).all()
    assert len(sung.events["onset"]) >= len(song.events["onset"])
    assert np.diff(sung.events["onset"]).min() > 0.029
    assert np.array_equal(sung.power, sung_over(song, 3).power)


def test_a_song_that_has_ended_has_no_beats_in_the_applause(song: Example) -> None:
    over = ended(song, 4)
    last = over.events["beat"].max()
    assert 1.0 < last < 6.0
    assert over.power.shape == song.power.shape
    assert over.power[-50:].astype(float).max() > -11
    assert over.events.keys() == song.events.keys()
    assert all((moments <= last + 0.01).all() for moments in over.events.values())


def test_some_songs_of_a_folder_are_written_again_and_only_once(song: Example, tmp_path: Path) -> None:
    songs, over = tmp_path / "songs", tmp_path / "over"
    for number in range(64):
        (songs / f"clicks-{number}.npz").parent.mkdir(exist_ok=True)
        (songs / f"clicks-{number}.npz").touch()
    few = chosen(songs, over)
    kinds = [path.stem.rpartition("-")[2] for _, path, _ in few]
    assert 3 <= kinds.count("sung") <= 14
    assert 1 <= kinds.count("ended") <= 9
    for each in sorted(songs.iterdir()):
        each.unlink()
    for kind in ("sung", "ended"):
        write_example(few[kinds.index(kind)][0], song)
    told: list[int] = []
    write_over(songs, over, told.append)
    made = {path: path.stat().st_mtime_ns for path in over.iterdir()}
    assert (len(made), told) == (2, [1, 2])
    assert all(read_example(path).frames == song.frames for path in made)
    write_over(songs, over)
    assert {path: path.stat().st_mtime_ns for path in over.iterdir()} == made


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(0, 60), max_size=60))
def test_merged_moments_are_apart_and_none_is_far_from_one(moments: list[float]) -> None:
    kept = merged(np.array(moments))
    assert (np.diff(kept) > 0.0299).all()
    assert all(np.abs(kept - moment).min() < 0.0301 for moment in moments)
