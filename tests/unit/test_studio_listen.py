"""`livegan listen`: a song in numbers, moments and a picture; a source as it sounds; what cannot be done, in words."""

import io
import json
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from livegan.config.venue import AudioTable, Venue
from livegan.core.types import FeatureFrame, Pixels, Samples
from livegan.engine.bind import listen as stage
from livegan.engine.telemetry import sound_warnings
from livegan.errors import DeviceError, MediaError
from livegan.features.listening import Event
from livegan.studio import listen as module
from livegan.studio import listen_live
from livegan.studio.listen import listen
from livegan.studio.listen_events import Beat, Hops, Transcript, hear_blocks
from livegan.studio.listen_files import ListenJob
from livegan.studio.listen_meters import bar, chord, meters, spark
from livegan.studio.listen_plot import CELLS, INNER_PX, Plot, plain, write

UNLISTED = ("format", "tempo", "tempo_confidence", "delay_s")  # of the events: what is no list
RATE, BPM, SECONDS = 48000, 112.0, 12.0
VENUE = Venue(audio=AudioTable(monitor=False))


def drums(seconds: float = SECONDS, rate: int = RATE) -> tuple[Samples, dict[str, np.ndarray]]:
    """A back beat with hats in eighths from 0.5 s on, (n, 2), and when its drums are hit [s]."""
    rng = np.random.default_rng(1)
    sound = np.zeros(round(seconds * rate))
    time = np.arange(round(0.25 * rate)) / rate
    noise = rng.standard_normal(len(time)) * (1 - time / 0.25)
    bright = np.diff(noise, prepend=0.0)
    kick = np.sin(2 * np.pi * (55 * time + 3 * (1 - np.exp(-time / 0.02)))) * np.exp(-time / 0.08) * (1 - time / 0.25)
    snare = 0.4 * noise * np.exp(-time / 0.04) + 0.5 * np.sin(2 * np.pi * 190 * time) * np.exp(-time / 0.05)
    hat = 0.15 * bright * np.exp(-time / 0.02)
    hits: dict[str, list[float]] = {"all": [], "bass": [], "mid": [], "treble": []}
    eighths = int((seconds - 0.8) * BPM / 30)
    for eighth in range(eighths):
        moment = 0.5 + eighth * 30 / BPM
        place = eighth % 8
        struck = (
            {"treble": hat}
            | ({"bass": kick} if place in (0, 4, 5) else {})
            | ({"mid": snare} if place in (2, 6) else {})
        )
        hits["all"].append(moment)
        for name, drum in struck.items():
            hits[name].append(moment)
            at = round(moment * rate)
            sound[at : at + len(drum)] += drum[: len(sound) - at]
    both = np.repeat(0.4 * sound[:, None], 2, axis=1).astype(np.float32)
    return both, {name: np.array(moments) for name, moments in hits.items()}


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, np.ndarray]]:
    """A folder with the drums, and everything that can be written of them."""
    folder = tmp_path_factory.mktemp("listen")
    sound, hits = drums()
    soundfile.write(folder / "drums.wav", sound, RATE)
    listen(all_of(folder, folder / "drums.wav"), VENUE)
    return folder, hits


def all_of(folder: Path, song: Path | str) -> ListenJob:
    return ListenJob(str(song), folder / "out.jsonl", folder / "events.json", folder / "out.png")


def events(folder: Path) -> dict:
    return json.loads((folder / "events.json").read_text())


def missed(true: np.ndarray, times_s: list[float], within_s: float = 0.025) -> list[float]:
    """Those of `true` that nothing was found near."""
    return [moment for moment in true if not len(times_s) or np.abs(np.array(times_s) - moment).min() > within_s]


def test_onsets_are_where_they_are_in_the_file(heard: tuple[Path, dict[str, np.ndarray]]) -> None:
    folder, hits = heard
    transcript = events(folder)
    assert not missed(hits["all"], transcript["onsets"])
    assert not missed(np.array(transcript["onsets"]), list(hits["all"]))
    for kind in ("bass", "mid", "treble"):
        assert len(missed(hits[kind], transcript[f"onsets.{kind}"])) <= 0.1 * len(hits[kind]), kind
    assert set(transcript["delay_s"]) == {"onsets", "onsets.bass", "onsets.mid", "onsets.treble", "beats", "downbeats"}
    assert 0 < transcript["delay_s"]["onsets"] <= 0.025
    assert transcript["delay_s"]["beats"] == 0


def test_beats_and_tempo(heard: tuple[Path, dict[str, np.ndarray]]) -> None:
    folder, _ = heard
    transcript = events(folder)
    assert transcript["tempo"] == pytest.approx(BPM, rel=0.02)
    beats = np.array([beat for beat in transcript["beats"] if beat > 5])
    off = ((beats - 0.5) * BPM / 60 + 0.5) % 1 - 0.5
    assert np.abs(off).max() * 60 / BPM < 0.03
    assert len(beats) >= (SECONDS - 5.5) * BPM / 60 - 1
    assert set(transcript["downbeats"]) <= set(transcript["beats"])
    sure = dict(zip(transcript["beats"], transcript["beat_confidences"], strict=True))
    downs = dict(zip(transcript["downbeats"], transcript["downbeat_confidences"], strict=True))
    assert downs.items() <= sure.items()
    assert all(0 <= confidence <= 1 for confidence in sure.values())
    assert min(confidence for beat, confidence in sure.items() if beat > 8) > 0.5
    assert 0.5 < transcript["tempo_confidence"] <= 1


def test_a_line_per_hop_with_every_feature(heard: tuple[Path, dict[str, np.ndarray]]) -> None:
    folder, _ = heard
    rows = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    listening = stage(VENUE, RATE, 2)
    assert len(rows) == int(SECONDS * RATE) // listening.setup.hop
    assert all(tuple(row) == ("time_s", *listening.layout.names) for row in rows)
    times = np.array([row["time_s"] for row in rows])
    assert np.allclose(np.diff(times), listening.setup.hop_s, atol=2e-6)
    assert times[0] == pytest.approx(listening.setup.hop_s, abs=1e-6)
    assert np.isfinite([list(row.values()) for row in rows]).all()


def test_the_numbers_are_those_of_the_stage(heard: tuple[Path, dict[str, np.ndarray]]) -> None:
    folder, _ = heard
    rows = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    sound, _ = soundfile.read(folder / "drums.wav", dtype="float32", always_2d=True)
    listening = stage(VENUE, RATE, 2)
    for start in range(0, RATE, 100):  # however it is sliced
        listening.process(sound[start : start + 100], (start + 100) / RATE)
    _, values = listening.ring.history(1)
    row = rows[listening.ring.written - 1]
    assert [row[name] for name in listening.layout.names] == pytest.approx(values[0], rel=1e-4, abs=1e-6)


def test_the_same_song_gives_the_same_files(heard: tuple[Path, dict[str, np.ndarray]], tmp_path: Path) -> None:
    folder, _ = heard
    listen(all_of(tmp_path, folder / "drums.wav"), VENUE)
    for name in ("out.jsonl", "events.json", "out.png"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_the_picture_shows_something(heard: tuple[Path, dict[str, np.ndarray]]) -> None:
    folder, _ = heard
    with av.open(str(folder / "out.png")) as file:
        picture = next(file.decode(video=0)).to_ndarray(format="rgb24")
    assert picture.shape[1] == 1800
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 100


def test_another_rate_has_the_same_times(tmp_path: Path) -> None:
    sound, hits = drums(6.0, 44100)
    soundfile.write(tmp_path / "song.flac", sound[:, :1], 44100)
    listen(ListenJob(str(tmp_path / "song.flac"), events=tmp_path / "events.json"), VENUE)
    assert not missed(hits["all"], events(tmp_path)["onsets"])


def test_what_begins_just_before_the_end_is_found_too(tmp_path: Path) -> None:
    sound, hits = drums(3.0)
    last = hits["all"][-1]
    soundfile.write(tmp_path / "song.wav", sound[: round((last + 0.02) * RATE)], RATE)
    listen(ListenJob(str(tmp_path / "song.wav"), events=tmp_path / "events.json"), VENUE)
    transcript = events(tmp_path)["onsets"]
    assert not missed(hits["all"], transcript)
    assert transcript[-1] < last + 0.02


@pytest.mark.parametrize("samples", [1, 100, 255, 256, 257, 4800])
def test_a_very_short_song(samples: int, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", np.zeros((samples, 2), np.float32), RATE)
    done = listen(all_of(tmp_path, tmp_path / "song.wav"), VENUE)
    assert done.seconds == pytest.approx(samples / RATE)
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == samples // 256
    assert events(tmp_path)["onsets"] == []
    assert (tmp_path / "out.png").stat().st_size > 500


def test_silence_has_no_events(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", np.zeros((4 * RATE, 2), np.float32), RATE)
    done = listen(all_of(tmp_path, tmp_path / "song.wav"), VENUE)
    transcript = events(tmp_path)
    assert all(transcript[name] == [] for name in transcript if name not in UNLISTED)
    assert transcript["tempo"] is None
    assert "no beat" in done.lines[0]


def test_an_empty_file_is_a_sentence(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", np.zeros((0, 2), np.float32), RATE)
    with pytest.raises(MediaError, match="holds no sound"):
        listen(all_of(tmp_path, tmp_path / "song.wav"), VENUE)


def test_duration_cuts(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", np.zeros((4 * RATE, 1), np.float32), RATE)
    done = listen(ListenJob(str(tmp_path / "song.wav"), tmp_path / "out.jsonl", duration_s=1.5), VENUE)
    assert done.seconds == 1.5


@pytest.mark.parametrize(
    ("job", "warning"),
    [
        (ListenJob("song.wav", json=Path("nowhere/out.jsonl")), "no folder nowhere"),
        (ListenJob("song.wav", plot=Path("song.wav")), "is an input of this command"),
        (ListenJob("song.wav", plot=Path("x.jpg")), r"x\.jpg would be a PNG file; .*: --plot x\.png"),
        (ListenJob("song.wav", plot=Path("my plot")), r"my plot would be a PNG file; .*: --plot 'my plot\.png'"),
        (ListenJob("song.wav", json=Path("a"), events=Path("./a")), "cannot be both --json and --events"),
        (ListenJob("song.wav", events=Path()), "is a folder"),
        (ListenJob("nothing.wav", events=Path("a")), "no file called 'nothing.wav'"),
        (ListenJob("nothing.wav"), "no file called 'nothing.wav'"),
    ],
)
def test_what_cannot_be_done_is_reported_before(
    job: ListenJob, warning: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    soundfile.write("song.wav", np.zeros((RATE, 1), np.float32), RATE)
    with pytest.raises(MediaError, match=warning) as raised:
        listen(job, VENUE)
    assert "\n" not in str(raised.value)
    assert [path.name for path in tmp_path.iterdir()] == ["song.wav"]


@pytest.mark.parametrize("option", ["json", "events", "plot"])
def test_a_file_of_another_kind_is_left_as_it_is(option: str, tmp_path: Path) -> None:
    song, scene = tmp_path / "song.wav", tmp_path / "mine.toml"
    soundfile.write(song, np.zeros((RATE, 1), np.float32), RATE)
    scene.write_text("title = 'Mine'")
    with pytest.raises(MediaError, match=rf"mine\.toml is there already and is no .* for --{option}"):
        listen(replace(ListenJob(str(song)), **{option: scene}), VENUE)
    assert scene.read_text() == "title = 'Mine'"


def test_no_such_device_is_a_sentence() -> None:
    with pytest.raises(DeviceError):
        listen(ListenJob("Scarlett"), VENUE)


def test_ctrl_c_keeps_what_was_heard(
    heard: tuple[Path, dict[str, np.ndarray]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def until(listening: object, blocks: Iterable[Samples]) -> Iterator[Hops]:
        for hops in hear_blocks(listening, blocks):  # type: ignore[arg-type]
            if hops.end_s > 3.0:
                raise KeyboardInterrupt
            yield hops

    monkeypatch.setattr(module, "hear_blocks", until)
    done = listen(all_of(tmp_path, heard[0] / "drums.wav"), VENUE)
    assert done.stopped
    assert 2.5 < done.seconds <= 3.0
    assert "stopped early" in done.lines[0]
    whole = (heard[0] / "out.jsonl").read_text()
    assert whole.startswith((tmp_path / "out.jsonl").read_text())
    assert not missed(np.array(events(tmp_path)["onsets"]), events(heard[0])["onsets"], 1e-6)


def test_a_song_is_heard_as_it_sounds(tmp_path: Path) -> None:
    sound, _ = drums(0.5)
    soundfile.write(tmp_path / "song.wav", sound, RATE)
    before = threading.active_count()
    done = listen(ListenJob(str(tmp_path / "song.wav")), VENUE)
    assert done.seconds == pytest.approx(0.5, abs=0.01)
    assert not done.stuck
    assert threading.active_count() == before


class Played:
    """A source that is not a song: everything at once, then nothing more."""

    name, overruns, notice, ended = "Scarlett", 0, "", False

    def __init__(self, sound: Samples) -> None:
        from livegan.core.rings import SampleRing

        self.ring = SampleRing(2, RATE)
        self._sound, self._start_s = sound, 0.0

    def start(self, now_s: float) -> None:
        self._start_s = now_s

    def poll(self, now_s: float) -> float:
        if not self.ended:
            self.ring.write(self._sound, self._start_s + len(self._sound) / RATE)
            self.ended = True
        return 1.0

    def stop(self) -> None:
        self.ended = True


def test_a_sound_card_is_written_in_seconds_from_its_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound, hits = drums(3.0)
    monkeypatch.setattr(listen_live, "open_sound", lambda *_, **__: Played(sound))
    done = listen(all_of(tmp_path, "Scarlett"), VENUE)
    assert not missed(hits["all"], events(tmp_path)["onsets"])
    rows = (tmp_path / "out.jsonl").read_text().splitlines()
    assert len(rows) == len(sound) // 256
    assert json.loads(rows[0])["time_s"] == pytest.approx(256 / RATE, abs=1e-5)
    assert done.seconds == pytest.approx(3.0, abs=1e-6)


def test_what_is_wrong_with_a_sound_is_told_once_on_a_line_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    played = Played(drums(1.0)[0])
    played.notice = "it holds 3 samples that are not numbers"
    monkeypatch.setattr(listen_live, "open_sound", lambda *_, **__: played)
    done = listen(ListenJob("Scarlett"), VENUE)
    shown = capsys.readouterr().err
    assert played.notice in done.lines
    assert played.notice not in shown
    assert "Scarlett" in shown
    assert shown.endswith("\n")


def frame(**values: float) -> FeatureFrame:
    layout = stage(VENUE, RATE, 2).layout
    row = np.zeros(len(layout.names), np.float32)
    for name, value in values.items():
        row[layout.index[name.replace("_", ".")]] = value
    return FeatureFrame(0.0, layout, row)


def shown(heard: FeatureFrame) -> str:
    console = Console(file=io.StringIO(), width=120)
    console.print(meters(heard, "song.wav", 61.0))
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_meters_say_what_is_wrong() -> None:
    assert "song.wav  1:01  silence" in shown(frame())
    for name in ("input.clip", "input.hum", "input.talk"):
        [warning] = sound_warnings(frame(**{name: 1.0}))
        assert warning in shown(frame(**{name: 1.0}))
        assert warning not in shown(frame(gate=1.0))
    assert " 124.0 BPM " in shown(frame(gate=1.0, beat_bpm=124.0, beat_confidence=0.8))
    assert " 124.0 BPM?" in shown(frame(gate=1.0, beat_bpm=124.0, beat_confidence=0.1))  # a guess looks like one


def test_bars_and_sparks_fit_whatever_they_show() -> None:
    for value in (-1.0, 0.0, 0.3, 1.0, 7.0):
        assert len(bar(value, 10)) == 10
        assert len(spark([value] * 3)) == 3


def test_chords_have_names() -> None:
    c, a_minor = np.zeros(12), np.zeros(12)
    c[[0, 4, 7]], a_minor[[9, 0, 4]] = (1.0, 0.6, 0.8), (1.0, 0.9, 0.7)
    assert chord(c.tolist()) == "C"
    assert chord(a_minor.tolist()) == "Am"
    assert chord([1.0] * 12) == chord([0.0] * 12) == ""


def hops(listening_names: int, start_s: float, count: int = 32) -> Hops:
    times = start_s + np.arange(1, count + 1) * 256 / RATE
    sound = np.full((count * 256, 2), 0.5, np.float32)
    return Hops(times, np.ones((count, listening_names)), [], [], sound, float(times[-1]))


def test_a_long_piece_is_drawn_in_as_few_lines_and_in_bounded_memory() -> None:
    listening = stage(VENUE, RATE, 2)
    plot = Plot(listening.layout, listening.setup)
    held = plot._cells.nbytes
    for start_s in (0.0, 100.0, 500.0, 3000.0):
        plot.take(hops(len(listening.layout.names), start_s))
    assert plot._cells.nbytes == held
    assert plot.seconds < CELLS * plot._cell_s
    short = Plot(listening.layout, listening.setup)
    short.take(hops(len(listening.layout.names), 0.0))
    assert plot.picture("x").shape[0] > 6 * short.picture("x").shape[0] > 0
    assert plot.picture("x").shape[1] > INNER_PX


def beats_told(*told: tuple[float, float]) -> Transcript:
    """Beats of these tempi and confidences, each the first of a bar."""
    notes, nothing, moments = Transcript(), np.zeros((0, 1)), np.cumsum([0.5] + [60 / bpm for bpm, _ in told])
    beats = [Beat(moment, bpm, sure, first=True) for moment, (bpm, sure) in zip(moments, told, strict=False)]
    notes.take(Hops(nothing[:, 0], nothing, [], beats, np.zeros((0, 2), np.float32), float(moments[-1])))
    return notes


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(50, 215), st.just(0.0) | st.floats(1e-3, 1)), max_size=20))
def test_every_beat_is_written_with_its_confidence(told: list[tuple[float, float]]) -> None:
    table = beats_told(*told).table()
    assert len(table["beats"]) == len(table["downbeats"]) == len(told)
    assert table["beat_confidences"] == table["downbeat_confidences"] == pytest.approx([c for _, c in told], abs=6e-4)
    assert (table["tempo"] is None) == (not any(confidence for _, confidence in told))
    assert 0 <= table["tempo_confidence"] <= max([1e-3 + c for _, c in told], default=0)


@settings(deadline=None)
@given(st.floats(50, 215), st.floats(0.01, 1), st.integers(1, 30))
def test_a_steady_tempo_is_as_sure_as_its_beats_and_other_tempi_count_against_it(
    bpm: float, confidence: float, count: int
) -> None:
    steady = beats_told(*[(bpm, confidence)] * count)
    assert steady.tempo() == pytest.approx(bpm)
    assert steady.tempo_confidence() == pytest.approx(confidence)
    begun = beats_told((bpm * 1.3, confidence / 100), *[(bpm, confidence)] * count)
    assert begun.tempo_confidence() == pytest.approx(confidence, rel=0.02)
    astray = beats_told(*[(bpm, confidence)] * count, (bpm * 1.1, confidence / 3))
    assert astray.tempo() == pytest.approx(bpm)
    assert astray.tempo_confidence() < confidence


def test_an_unsure_tempo_is_told_as_unsure() -> None:
    assert beats_told().tempo_text() == "no beat"
    assert beats_told(*[(99.2, 0.2)] * 9).tempo_text() == "no beat to rely on (likeliest 99.2 BPM, confidence 0.20)"
    assert beats_told(*[(99.2, 0.4)] * 9).tempo_text() == "perhaps 99.2 BPM (confidence 0.40), 9 beats"
    assert beats_told(*[(99.2, 0.9)] * 9).tempo_text() == "99.2 BPM (confidence 0.90), 9 beats"


def test_a_beat_is_drawn_as_clearly_as_it_is_sure() -> None:
    listening = stage(VENUE, RATE, 2)
    sums = []
    for confidence in (0.0, 0.3, 0.6, 1.0):
        plot = Plot(listening.layout, listening.setup)
        plot.notes, plot.seconds = beats_told((120.0, confidence)), 2.0
        sums.append(int(plot.picture("x")[60:].astype(int).sum()))  # below the heading
    assert sums == sorted(set(sums))
    assert sums[0] > int(Plot(listening.layout, listening.setup).picture("x")[60:].astype(int).sum())


def test_a_title_is_written_in_the_letters_that_there_are() -> None:
    assert plain("Übung in É, 50% ½") == "UBUNG IN E, 50% 1?2"
    assert plain("straße \u6b4c") == "STRASSE ?"
    sheet: Pixels = np.zeros((8, 24, 3), np.uint8)
    write(sheet, 0, 0, "\u6b4c", (255, 255, 255))
    assert sheet.any()


def test_only_events_of_all_inputs_together_are_written() -> None:
    notes, nothing = Transcript(), np.zeros((0, 1))
    both = [Event("onset", 1.0, 0.5), Event("drums:onset", 2.0, 0.5)]
    notes.take(Hops(nothing[:, 0], nothing, both, [], np.zeros((0, 2), np.float32), 3.0))
    assert notes.table()["onsets"] == [1.0]
