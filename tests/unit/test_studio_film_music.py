"""Films of music that livegan plays itself: the same film each time, steered by the scene, with its own sound."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from livegan.audio.song import read_song
from livegan.composer.midi_file import write_midi
from livegan.composer.song import Note, Song, Track
from livegan.config.venue import Venue
from livegan.core.parameters import COMPOSE_DEFAULTS
from livegan.core.types import Samples
from livegan.errors import DeviceError, MediaError
from livegan.studio.film_job import RenderJob
from livegan.studio.film_music import MusicTracks, open_film_music
from livegan.studio.render import render_film
from livegan.studio.run_file import read_run

SCENE = """
title = "Notes"
network = "oscilloscope"
[[routes]]
source = "note.onset"
target = "canvas.glow"
amount = 1.0
[parameters]
"compose.density" = {density}
"""


@pytest.fixture(autouse=True)
def built_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> Path:
        raise DeviceError("there is none")

    monkeypatch.setattr("livegan.engine.music.find_soundfont", missing)
    monkeypatch.setattr("livegan.studio.film_facts.find_soundfont", missing)


def job(tmp_path: Path, song: str, name: str, density: float = 0.5, seconds: float | None = 1.2) -> RenderJob:
    scene = tmp_path / f"notes-{density}.toml"
    scene.write_text(SCENE.format(density=density))
    return RenderJob(Path(song), tmp_path / name, str(scene), Fraction(5), (64, 36), duration_s=seconds, run_file=True)


def pictures(path: Path) -> list[bytes]:
    with av.open(str(path)) as film:
        return [frame.to_ndarray(format="rgb24").tobytes() for frame in film.decode(video=0)]


def test_a_composed_film_is_the_same_each_time_and_follows_its_scene(tmp_path: Path) -> None:
    first, again, other = (
        render_film(job(tmp_path, "compose:piano:7", name, density), Venue()).path
        for name, density in (("a.mkv", 0.5), ("b.mkv", 0.5), ("c.mkv", 1.0))
    )
    sounds = [read_song(path).samples for path in (first, again, other)]
    assert len(sounds[0]) == 1.2 * 48000
    assert np.abs(sounds[0]).max() > 0.03
    assert np.array_equal(sounds[0], sounds[1])
    assert pictures(first) == pictures(again)
    assert not np.array_equal(sounds[0], sounds[2])
    again_job, _, facts = read_run(tmp_path / "a.livegan.json", ())
    assert again_job.song == Path("compose:piano:7")
    assert len(facts["song"]) == 64


def test_a_film_of_a_midi_file_is_as_long_as_it_and_what_follows_dies_away(tmp_path: Path) -> None:
    write_midi(Song((Track((Note(0, 60, 4), Note(4, 64, 4))),), 8), tmp_path / "a.mid")
    whole = render_film(job(tmp_path, str(tmp_path / "a.mid"), "a.mkv", seconds=None), Venue())
    assert 3.0 <= whole.seconds <= 6.5


def test_music_without_an_end_needs_a_length_and_joins_nothing(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="--duration 60"):
        render_film(job(tmp_path, "compose:piano:7", "a.mkv", seconds=None), Venue())


def test_the_music_of_a_film_has_no_4_gib_to_end_at_and_is_freed(tmp_path: Path) -> None:
    song = open_film_music("compose:piano:7", tmp_path / "music.wav", 48000, 0.0, 1.0)
    freed: list[bool] = []
    song.music.instrument.close = lambda: freed.append(True)  # type: ignore[method-assign]
    song.begin(COMPOSE_DEFAULTS)
    assert len(song.read(48000)) == 48000
    song.finish()
    song.finish()
    assert freed
    assert (tmp_path / "music.wav").read_bytes()[:4] == b"RF64"
    assert len(read_song(tmp_path / "music.wav").samples) == 48000


def test_what_is_skipped_is_not_kept_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    read = MusicTracks.read

    def noted(song: MusicTracks, count: int) -> Samples:
        asked.append(count)
        return read(song, count)

    monkeypatch.setattr(MusicTracks, "read", noted)
    late = open_film_music("compose:piano:7", tmp_path / "a.wav", 8000, 2.5, 0.5)
    late.begin(COMPOSE_DEFAULTS)
    assert asked == [8000, 8000, 4000]
    whole = open_film_music("compose:piano:7", tmp_path / "b.wav", 8000, 0.0, 3.0)
    whole.begin(COMPOSE_DEFAULTS)
    assert np.array_equal(late.read(4000), whole.read(24000)[20000:])
    late.finish()
    whole.finish()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    import resource

    song = open_film_music("compose:piano:7", tmp_path / "music.wav", 48000, 0.0, 1.0)
    song.begin(COMPOSE_DEFAULTS)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(MediaError, match=r"cannot be kept in .*TMPDIR"):
            song.read(48000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    song.finish()


def test_a_film_that_fails_leaves_no_file_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    songs: list[MusicTracks] = []
    begin, write = MusicTracks.begin, soundfile.SoundFile.write

    def begun(song: MusicTracks, values: Mapping[str, float]) -> None:
        songs.append(song)
        begin(song, values)

    def full(file: soundfile.SoundFile, block: Samples) -> None:
        if file.frames > 10_000:
            raise soundfile.LibsndfileError(2)
        write(file, block)

    monkeypatch.setattr(MusicTracks, "begin", begun)
    monkeypatch.setattr(soundfile.SoundFile, "write", full)
    with pytest.raises(MediaError, match="TMPDIR"):
        render_film(job(tmp_path, "compose:piano:7", "a.mkv"), Venue())
    assert songs[0]._wav.closed
    songs.clear()
    monkeypatch.setattr(soundfile.SoundFile, "write", write)
    write_midi(Song((Track((Note(0, 60, 4),)),), 4), tmp_path / "a.mid")
    with pytest.raises(MediaError, match="after its end"):
        render_film(replace(job(tmp_path, str(tmp_path / "a.mid"), "b.mkv"), start_s=90.0), Venue())
    assert songs[0]._wav.closed
