"""State of a show: kept whole, read with suspicion, put back into a show of the same scenes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from livegan.audio.file import FileSource
from livegan.config.load import load_scenes
from livegan.config.venue import OutputTable, Venue
from livegan.core.dimmer import OutputDimmer
from livegan.core.types import ControlEvent
from livegan.engine.bind import Setlist
from livegan.engine.lifeline import Lifeline
from livegan.engine.music import open_music
from livegan.engine.restart import Restart
from livegan.engine.resume import bar_now, resume_scenes, resumed_setlist, resumed_venue
from livegan.engine.show_state import STALE_S, FilmPart, SceneHands, ShowState, TappedTempo, read_state
from livegan.engine.state_keeper import StateKeeper
from livegan.features.taps import Taps
from tests.deadline import until
from tests.shows import plain_show

FULL = ShowState(
    time_s=100.0,
    began_s=20.0,
    input="compose:choir:7",
    scene=2,
    name="tide",
    cued=1,
    crossfade=1.0,
    hands={"0": SceneHands(name="default", moved={"react": 0.5}), "-1": SceneHands(name="safe", words="red smoke")},
    set_bars=7.5,
    set_s=31.0,
    window={"blackout": 1.0, "master": 0.4, "fullscreen": 1.0},
    tempo=TappedTempo(bpm=123.0, beat_s=99.0),
    song_s=61.5,
    bar=12,
    bar_s=2.0,
    films=(FilmPart(path="film.mp4", part="film.part-7.mp4"),),
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    FULL.write(tmp_path / "state.json")
    assert read_state(tmp_path / "state.json", 101.0) == FULL
    assert read_state(tmp_path / "none.json", 101.0) == ""


@pytest.mark.parametrize("now_s", [99.0, 100.0 + STALE_S + 1.0])
def test_one_of_another_evening_does_not_count(now_s: float, tmp_path: Path) -> None:
    FULL.write(tmp_path / "state.json")
    assert "too old" in str(read_state(tmp_path / "state.json", now_s))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"version": 2, "time_s": 100, "began_s": 1}',
        b'{"time_s": NaN, "began_s": 1}',
        b'{"time_s": 100, "began_s": 1, "scene": "../x"}',
        b'{"time_s": 100, "began_s": 1, "hands": {"a": {"name": "x"}}}',
        b'{"time_s": 100, "began_s": 1, "run": "rm -rf"}',
        b'{"time_s": 100, "began_s": 1, "song_s": -5}',
        b'{"time_s": 100, "began_s": 1, "tempo": {"bpm": 120, "beat_s": 1e308}}',
        b" " * (1 << 20),
        FULL.model_dump_json().encode()[:-40],
    ],
)
def test_a_damaged_one_is_refused_in_a_sentence(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_bytes(content)
    said = read_state(tmp_path / "state.json", 101.0)
    assert isinstance(said, str)
    assert said.endswith("begins anew")


@pytest.mark.parametrize("bpm", [61.0, 128.0, 174.3])
def test_a_tapped_tempo_is_tapped_again(bpm: float) -> None:
    now_s, taps = 140.0, Taps()
    times_s = TappedTempo(bpm=bpm, beat_s=99.3).taps(now_s)
    assert times_s[-1] <= now_s < times_s[-1] + 60.0 / bpm
    line = [taps.add(time_s) for time_s in times_s][-1]
    assert line is not None
    assert 60.0 / line[0] == pytest.approx(bpm)
    assert ((line[1] - 99.3) * bpm / 60.0 + 0.5) % 1.0 == pytest.approx(0.5, abs=1e-6)


def test_the_show_begins_with_the_scene_that_played_and_keeps_its_safe_scene() -> None:
    scenes = Setlist(load_scenes(["default", "ink", "tide"]), chosen=False)
    resumed = resumed_setlist(scenes, Restart(), FULL)
    assert resumed.start == 2
    assert resumed.safe is scenes.scenes[0]
    assert resumed.scenes == scenes.scenes
    elsewhere = FULL.model_copy(update={"scene": 0, "name": "ink"})
    assert resumed_setlist(scenes, Restart(), elsewhere).start == 1
    gone = FULL.model_copy(update={"name": "no-more"})
    assert resumed_setlist(scenes, Restart(), gone).start == 0
    assert resumed_setlist(scenes, None, None) is scenes


def test_with_care_it_begins_with_a_scene_that_needs_no_network() -> None:
    scenes = Setlist(load_scenes(["default", "ink"]), chosen=False)
    careful = resumed_setlist(scenes, Restart(2, careful=True), FULL)
    assert careful.names == ("default", "ink", "patterns")
    assert careful.start == 2
    assert careful.safe is careful.scenes[2]
    assert careful.file is None
    own = replace(scenes, safe=scenes.scenes[1])
    assert resumed_setlist(own, Restart(2, careful=True), FULL).scenes[2].name == "ink"
    venue = resumed_venue(Venue(), Restart(3, careful=True, light=True), None)
    assert (venue.picture.device, venue.picture.quality) == ("cpu", "light")


@pytest.mark.parametrize("name", ["film", "film [live]", "film-2"])
def test_films_go_on_under_another_name(name: str, tmp_path: Path) -> None:
    film = OutputTable(kind="film", path=tmp_path / f"{name}.mp4", overwrite=True)
    venue = Venue(outputs=(film, OutputTable(kind="memory")))
    (tmp_path / f"{name}-2.mp4").touch()
    (tmp_path / f"{name}-3.part-99.mp4").touch()  # of a process that has died too
    resumed = resumed_venue(venue, Restart(), FULL)
    assert resumed.outputs[0].options == {"path": tmp_path / f"{name}-4.mp4", "overwrite": False}
    assert resumed.outputs[1] == venue.outputs[1]
    assert resumed.window.fullscreen
    assert resumed.picture == venue.picture


def test_a_blackout_is_black_from_the_first_picture() -> None:
    dimmer = OutputDimmer()
    dimmer.begin({"blackout": 1.0, "master": 0.5})
    assert dimmer.light(0.0) == dimmer.light(10.0) == 0.0
    dimmer.set_blackout(False, 10.0)
    assert dimmer.light(20.0) == 0.5
    faded = OutputDimmer()
    faded.begin({"fade": 0.0, "master": 7.0})
    assert (faded.light(5.0), faded.master) == (0.0, 1.0)


@pytest.mark.parametrize("ending", ["wav", "flac", "mp3"])
def test_a_song_goes_on_where_it_would_be_now(ending: str, tmp_path: Path) -> None:
    rate = 48000
    ramp = np.linspace(0.1, 0.9, 8 * rate, dtype=np.float32)  # a moment is known by its loudness
    tone = ramp * np.sin(2 * np.pi * 440 * np.arange(8 * rate, dtype=np.float32) / rate)
    soundfile.write(tmp_path / f"song.{ending}", tone, rate)
    source = FileSource(tmp_path / f"song.{ending}")
    source.go_on(3.0, 100.0)
    source.start(102.0)
    assert source.position_s == pytest.approx(5.0)
    source.poll(102.5)
    _, heard = source.ring.read(0, source.ring.written)
    assert len(heard) == rate // 2
    peak = float(np.abs(heard[4800:9600]).max())
    assert peak == pytest.approx(0.1 + 0.8 * 5.2 / 8.0, abs=0.03)
    assert source.position_s == pytest.approx(5.5)


def test_a_song_that_is_over_by_now_has_begun_anew(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", np.full(48000, 0.1, np.float32), 48000)
    source = FileSource(tmp_path / "song.wav")
    source.go_on(0.5, 100.0)
    source.start(160.25)
    assert source.position_s == pytest.approx(0.75)
    source.poll(160.75)
    assert source.position_s == pytest.approx(0.25, abs=0.06)  # to a packet
    assert not source.ended


def test_composed_music_goes_on_with_its_bar() -> None:
    assert bar_now(FULL, 104.0) == 14
    assert bar_now(FULL.model_copy(update={"bar": None}), 104.0) == 0
    music = open_music("compose:choir:7", 48000, first_bar=14)
    try:
        music.start(0.0)
        assert music.bar == 14
        assert music.composer is not None
        assert music.conductor.bar_s > 0
    finally:
        music.close()


def test_what_hands_have_done_is_there_again(tmp_path: Path) -> None:
    line = Lifeline(tmp_path / "state.json", tmp_path / "crash.txt")
    with plain_show(names=("plain", "second")) as show:
        keeper = StateKeeper(line, show.clock, (), "demo", None, keeps_picture=True)
        keeper._runtime = show  # a show that plays already takes no service
        show.controls.put(ControlEvent(show.clock.now(), "knob.1", 0.75, source="panel"))
        show.controls.put(ControlEvent(show.clock.now(), "react", 0.25, source="panel"))
        show.controls.record(ControlEvent(show.clock.now(), "master", 0.5))
        until(lambda: len(show.performer.patch.controls.moved) == 2, "the engine to take both")
        keeper.poll(show.clock.now())
        state = read_state(line.state_path, show.clock.now())
    assert isinstance(state, ShowState)
    assert (state.scene, state.name, state.window, state.input) == (0, "test", {"master": 0.5}, "demo")
    assert (tmp_path / "state.ppm").read_bytes().startswith(b"P6 ")
    again = plain_show(names=("plain", "second"))
    resume_scenes(again.performer.scenes, state, careful=False)
    assert again.performer.patch.controls.moved == show.performer.patch.controls.moved
    assert again.performer.patch.controls.moved["network.position"] == pytest.approx(0.75)


def test_no_sign_of_life_while_the_main_thread_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signs: list[int] = []
    monkeypatch.setattr(Lifeline, "beat", lambda self: signs.append(1))
    with plain_show() as show:
        keeper = StateKeeper(Lifeline(tmp_path / "s.json", tmp_path / "c"), show.clock, (), "", None)
        keeper._runtime = show
        until(lambda: show.published, "a picture")
        now_s = show.clock.now()
        keeper.poll(now_s)
        keeper.poll(now_s + 10.0)
        assert len(signs) == 1
        keeper.poll(now_s + 0.6)
        assert len(signs) == 2


def test_a_folder_that_cannot_be_written_is_said_and_the_show_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with plain_show() as show:
        keeper = StateKeeper(Lifeline(tmp_path / "file" / "s.json", tmp_path / "c"), show.clock, (), "", None)
        keeper._runtime = show
        until(lambda: show.published, "a picture")
        keeper.poll(show.clock.now())
        assert "cannot be kept" in keeper.notice
