"""Films of `livegan render`: stopped and killed ones end as if they never had been; stems, songs, codecs, images."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from livegan.audio.song import SongStream
from livegan.cli import app
from livegan.config.load import load_venue
from livegan.core.types import Frame
from livegan.errors import MediaError
from livegan.outputs.film import Film
from livegan.outputs.formats import CODECS
from livegan.studio import film_recording
from livegan.studio import render as render_module
from livegan.studio.film_job import RenderJob
from livegan.studio.film_recording import Recording
from livegan.studio.render import drawn_here, render_film
from livegan.studio.run_file import read_run
from tests.tiny_networks import SKIP, tiny

RATE, FPS = 16000, Fraction(20)
SCENE = """title = "T"
network = "oscilloscope"
[parameters]
"effect.trails" = 0.6
"effect.strobe" = 1.0
"effect.strobe.rate" = 8
"effect.shake" = 0.4
[[routes]]
source = "{source}"
target = "effect.zoom"
amount = 0.8
"""


def write_song(path: Path, seconds: float, hz: float = 110.0, rate: int = RATE) -> Path:
    """Kicks, twice a second."""
    t = np.arange(int(seconds * rate)) / rate
    soundfile.write(path, (0.5 * np.sin(2 * np.pi * hz * t) * np.exp(-12 * (t % 0.5)))[:, None], rate, subtype="PCM_16")
    return path


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RenderJob:
    """Three seconds in segments of half a second, with effects that remember and a strobe that is limited."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(film_recording, "SEGMENT_S", 0.5)
    (tmp_path / "my.toml").write_text(SCENE.format(source="onset"))
    write_song(tmp_path / "song.wav", 3.0)
    return RenderJob(
        Path("song.wav"), Path("film.mkv"), "my.toml", FPS, (64, 36), codec="ffv1", command="livegan render song.wav"
    )


def render(job: RenderJob, said: list[str] | None = None) -> Any:
    said = [] if said is None else said
    window = load_venue(None).window.model_copy(update={"size": job.size})
    return render_film(job, load_venue(None).model_copy(update={"window": window}), said.append)


def interrupt_at(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Ctrl-C before this frame is drawn."""
    frames = render_module.frames

    def interrupted(*arguments: Any) -> Iterator[Frame]:
        for frame in frames(*arguments):
            if frame.plan.index == number:
                monkeypatch.setattr(render_module, "frames", frames)
                raise KeyboardInterrupt
            yield frame

    monkeypatch.setattr(render_module, "frames", interrupted)


def fail_at(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """The last frame of a segment cannot be written: those after it are on their way already."""
    record = Recording._record

    def recorded(self: Recording, frame: Frame) -> None:
        if frame.plan.index == number:
            monkeypatch.setattr(Recording, "_record", record)
            raise MediaError("disk full")
        record(self, frame)

    monkeypatch.setattr(Recording, "_record", recorded)


def pictures(path: Path) -> list[Any]:
    with av.open(str(path)) as film:
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]


@pytest.mark.parametrize("name", ["film.mp4", "frames/%04d.png"])
def test_a_stopped_render_goes_on_and_ends_with_the_same_bytes(
    name: str, job: RenderJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = replace(job, output=Path(name), codec="")
    whole = render(replace(job, output=Path("whole") / name))
    assert (whole.frames, whole.stopped, whole.parts) == (60, False, None)
    for number in (27, 41, 49):
        if number != 49:
            interrupt_at(monkeypatch, number)
            stopped = render(job)
            assert stopped.stopped
            assert stopped.frames == number
            if "%" not in name:
                assert len(pictures(job.output)) == number
        else:
            fail_at(monkeypatch, number)
            with pytest.raises(MediaError, match=r"disk full\. What is rendered stays in .*type the same command"):
                render(job)
    said = ["first"]
    done = render(job, said)
    assert any("Going on at 0:02.0" in line for line in said)
    assert (done.frames, done.stopped) == (60, False)
    ours, theirs = (
        sorted(folder.glob(f"{Path(name).parent}/*{Path(name).suffix}")) for folder in (tmp_path, Path("whole"))
    )
    assert [path.read_bytes() for path in ours] == [path.read_bytes() for path in theirs]
    assert len(ours) == (60 if "%" in name else 1)
    assert not list(tmp_path.rglob("*.parts-*"))


def test_a_killed_render_goes_on_and_ends_with_the_same_bytes(
    job: RenderJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(film_recording.__file__).parents[2]
    code = (
        "import os, sys, signal; sys.argv = ['livegan'];"
        "from pathlib import Path; from fractions import Fraction;"
        "from livegan.config.load import load_venue;"
        "from livegan.studio import film_parts, film_recording, kept_pictures, render;"
        "kept_pictures.SLOW_S = 0.0;"
        "from livegan.studio.film_job import RenderJob;"
        "film_recording.SEGMENT_S = 0.5;"
        "send = film_recording.Recording.send;"
        "film_recording.Recording.send = lambda self, frame: ("
        "os.kill(os.getpid(), signal.SIGKILL) if frame.plan.index == 37 else send(self, frame));"
        "venue = load_venue(None);"
        "venue = venue.model_copy(update={'window': venue.window.model_copy(update={'size': (64, 36)})});"
        "job = RenderJob(Path('song.wav'), Path('film.mkv'), 'my.toml', Fraction(20), (64, 36), codec='ffv1');"
        "render.render_film(job, venue)"
    )
    environment = os.environ | {"PYTHONPATH": str(root)}
    killed = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    (parts,) = tmp_path.glob("film.parts-*")
    assert len(pictures(parts / "000002.mkv")) == 10
    assert "livegan render" in (parts / "README.txt").read_text()
    drew: list[int] = []

    def noted(performer: Any, generators: Any, planned: Any) -> Iterator[Any]:
        for plan, drawn in drawn_here(performer, generators, planned):
            drew.append(plan.index)
            yield plan, drawn

    monkeypatch.setattr(render_module, "drawn_here", noted)
    render(job)
    assert drew[0] >= 37, "no network draws again what was drawn"
    render(replace(job, output=Path("whole.mkv")))
    assert (tmp_path / "film.mkv").read_bytes() == (tmp_path / "whole.mkv").read_bytes()


def test_a_changed_scene_begins_anew_and_says_so(job: RenderJob, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt_at(monkeypatch, 25)
    stopped = render(job)
    Path("my.toml").write_text(SCENE.format(source="onset").replace("0.6", "0.5"))
    with pytest.raises(MediaError, match=r"film\.mkv is there already"):
        render(job)
    said = ["first"]
    assert render(replace(job, overwrite=True), said).frames == 60
    assert any(line.startswith("It begins anew: scene my.toml changed since film.parts-") for line in said)
    assert stopped.parts.is_dir()


def test_two_renders_of_one_film_at_once_have_parts_of_their_own(
    job: RenderJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner: list[Any] = []
    send = Recording.send

    def sent(self: Recording, frame: Frame) -> None:
        if not inner:
            inner.append("begun")
            inner.append(render(job))
        send(self, frame)

    monkeypatch.setattr(Recording, "send", sent)
    outer = render(job)
    assert {inner[1].path.name, outer.path.name} == {"film.mkv", "film-2.mkv"}
    assert inner[1].path.read_bytes() == outer.path.read_bytes()


def test_a_folder_of_parts_that_is_taken_away_is_missed(job: RenderJob, monkeypatch: pytest.MonkeyPatch) -> None:
    send = Recording.send

    def sent(self: Recording, frame: Frame) -> None:
        if frame.plan.index == 20:
            self.parts.remove()
        send(self, frame)

    monkeypatch.setattr(Recording, "send", sent)
    with pytest.raises(MediaError, match=r"film\.parts-\w+' is gone"):
        render(job)


def test_a_full_disk_keeps_what_is_whole(job: RenderJob, monkeypatch: pytest.MonkeyPatch) -> None:
    """The encoder's own error, of a file that may not grow any more."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    opened = []
    start = Film.__init__

    def begun(self: Film, *arguments: Any, **options: Any) -> None:
        start(self, *arguments, **options)
        opened.append(self.path)
        if len(opened) == 3:
            resource.setrlimit(resource.RLIMIT_FSIZE, (3000, before[1]))

    monkeypatch.setattr(Film, "__init__", begun)
    try:
        with pytest.raises(MediaError, match=r"df -h.*What is rendered stays in film\.parts-"):
            render(job)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, old)
    monkeypatch.setattr(Film, "__init__", start)
    said = ["first"]
    assert render(job, said).frames == 60
    assert any("Going on at 0:01.0" in line for line in said)


def test_stems_are_heard_as_input_groups_on_the_songs_clock(job: RenderJob) -> None:
    Path("my.toml").write_text(SCENE.format(source="drums:onset.bass"))
    with pytest.raises(Exception, match="drums"):
        render(job)
    write_song(Path("drums.wav"), 1.5, 60.0, 22050)
    silence = np.zeros((RATE, 2), np.float32)
    soundfile.write("nothing.wav", silence, RATE)
    said: list[str] = []
    loud = render(replace(job, stems={"drums": Path("drums.wav"), "bass": Path("nothing.wav")}), said)
    assert [line for line in said if "stem" in line] == [
        "No scene reads the stem 'bass'; a source that does is \"bass:onset\""
    ]
    quiet = render(replace(job, output=Path("quiet.mkv"), stems={"drums": Path("nothing.wav")}))
    assert loud.frames == quiet.frames == 60
    same = [np.array_equal(a, b) for a, b in zip(pictures(loud.path), pictures(quiet.path), strict=True)]
    assert not all(same)
    with pytest.raises(MediaError, match=r"missing\.wav"):
        render(replace(job, output=Path("x.mkv"), stems={"drums": Path("missing.wav")}))


def test_a_film_begins_where_it_is_told_and_songs_follow_each_other(job: RenderJob) -> None:
    write_song(Path("two.wav"), 1.0, 220.0)
    joined = render(replace(job, more_songs=(Path("two.wav"),), start_s=1.0, duration_s=2.5))
    assert joined.frames == 50
    with av.open("film.mkv") as film:
        heard = np.concatenate([frame.to_ndarray().reshape(-1) for frame in film.decode(audio=0)])
    song, two = (soundfile.read(name, dtype="int16")[0] for name in ("song.wav", "two.wav"))
    np.testing.assert_array_equal(heard, np.concatenate([song, two])[RATE : int(3.5 * RATE)])
    with pytest.raises(MediaError, match=r"only 3\.0 s long; --start 9 is after its end"):
        render(replace(job, output=Path("x.mkv"), start_s=9.0))
    write_song(Path("other.wav"), 1.0, rate=22050)
    with pytest.raises(MediaError, match=r"other\.wav' has 1 channels at 22050 Hz, the first song 1 at 16000 Hz"):
        render(replace(job, output=Path("x.mkv"), more_songs=(Path("other.wav"),)))
    other = render(replace(job, output=Path("y.mkv"), sound=Path("two.wav")))
    with av.open(str(other.path)) as film:
        heard = np.concatenate([frame.to_ndarray().reshape(-1) for frame in film.decode(audio=0)])
    np.testing.assert_array_equal(heard[: len(two)], two)


@pytest.mark.parametrize("codec", [*CODECS, "gif"])
def test_films_of_every_codec_have_every_frame_in_its_place(codec: str, job: RenderJob) -> None:
    ending = ".gif" if codec == "gif" else CODECS[codec].ending
    typed = "" if codec == "gif" else codec
    made = render(replace(job, output=Path(f"film{ending}"), codec=typed, duration_s=1.2, size=(72, 96)))
    whole = pictures(render(replace(job, output=Path("f.mkv"), codec="ffv1", duration_s=1.2, size=(72, 96))).path)
    with av.open(str(made.path)) as film:
        frames = list(film.decode(video=0))
        times = [float(frame.pts * film.streams.video[0].time_base) for frame in frames]
        assert len(film.streams.audio) == (0 if codec == "gif" else 1)
    assert times == pytest.approx([number / 20 for number in range(24)], abs=1e-3)
    errors = [np.abs(a.to_ndarray(format="rgb24").astype(int) - b).mean() for a, b in zip(frames, whole, strict=True)]
    assert max(errors) < 6


@pytest.mark.parametrize(
    ("name", "codec", "most"),
    [("film.mkv", "", 0), ("frames/%04d.png", "", 0), ("film.mov", "", 6), ("film.webm", "", 12)],
)
def test_a_transparent_film_over_black_is_the_film(name: str, codec: str, most: int, job: RenderJob) -> None:
    """Light on nothing: over black the pixels that were drawn, over white no darker than white minus what is opaque."""
    job = replace(job, duration_s=0.6)
    drawn = np.stack(pictures(render(job).path)).astype(int)
    assert (drawn.max(axis=3) == 0).any()
    assert (drawn.max(axis=3) > 128).any()
    made = render(replace(job, output=Path("clear") / name, codec=codec, transparent=True, frames_folder=Path("all")))
    straight = with_alpha(made.path)
    colours, alpha = straight[..., :3], straight[..., 3:]
    over_black = (2 * colours * alpha + 255) // 510
    if most:
        assert np.abs(over_black - drawn).mean() < most / 4
        assert np.quantile(np.abs(over_black - drawn), 0.99) <= 4 * most
    else:
        np.testing.assert_array_equal(over_black, drawn)
        np.testing.assert_array_equal(alpha[..., 0], drawn.max(axis=3))
    np.testing.assert_array_equal(with_alpha(Path("all/%06d.png"))[..., 3], drawn.max(axis=3))


def with_alpha(path: Path) -> Any:
    """Pictures (n, h, w, 4) of a film or of PNG files, as other programs read them."""
    from PIL import Image

    if "%" in path.name:
        return np.stack([np.asarray(Image.open(file)) for file in sorted(path.parent.glob("*.png"))]).astype(int)
    with av.open(str(path)) as film:
        video = film.streams.video[0]
        decoder = av.CodecContext.create("libvpx-vp9", "r") if path.suffix == ".webm" else video.codec_context
        frames = [frame for packet in film.demux(video) for frame in decoder.decode(packet if packet.size else None)]
        return np.stack([frame.to_ndarray(format="rgba") for frame in frames]).astype(int)


def test_a_render_that_is_stopped_while_it_loads_says_that_nothing_was_written(
    job: RenderJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(render_module, "assemble", stop)
    said: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        render(job, said)
    assert said == [
        "film.mkv: stopped while it was loading, before the first new frame; to begin or go on, type the same again."
    ]
    assert not job.output.exists()


def test_a_part_of_a_song_has_as_many_frames_as_its_bar_says() -> None:
    song = SongStream(iter(()), 48000, 2)
    for seconds, frames in ((1.3 - 1.0, 3), (0.1 + 0.2, 3), (0.31, 4), (0.0, 1)):
        song.expected_s = seconds
        assert render_module.expected_frames(song, Fraction(10)) == frames


def test_a_stem_that_is_not_there_is_told_as_a_stem(job: RenderJob) -> None:
    for path, wrong in ((Path("nope.wav"), "is not there"), (Path(), "is a folder")):
        with pytest.raises(MediaError, match=rf"--stem drums={path}: that file {wrong}") as told:
            render(replace(job, stems={"drums": path}))
        assert "livegan play" not in str(told.value)


def test_a_render_that_was_stopped_before_its_first_frame_names_no_film(
    job: RenderJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(render_module, "_record", stop)
    words = ["render", str(job.song), "-o", str(job.output), "--size", "64x36", "--scene", "my.toml"]
    told = CliRunner().invoke(app, words, catch_exceptions=False).output
    assert f"No film {job.output}: it was stopped before its first frame." in told
    assert not list(job.output.parent.glob("film*")), "no parts either"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["-o", "film.mp4"], r"film\.mp4 cannot be transparent; these can: -o film\.mov \(ProRes 4444\)"),
        (["-o", "film.mp4", "--codec", "vp9"], r"vp9 in film\.mp4 cannot be transparent"),
        (["-o", "film.mkv", "--codec", "h264"], r"h264 in film\.mkv cannot be transparent"),
        (["-o", "film.gif"], r"film\.gif cannot be transparent"),
        (["-o", "f/%04d.jpg"], r"JPEG cannot be transparent; type: -o frames/%06d\.png"),
    ],
)
def test_what_cannot_be_transparent_says_what_can(words: list[str], told: str, job: RenderJob) -> None:
    result = CliRunner().invoke(app, ["render", "song.wav", "--transparent", *words])
    assert isinstance(result.exception, MediaError)
    assert re.search(told, str(result.exception))


def test_dark_parts_of_a_network_let_through_what_is_behind_and_that_is_said(job: RenderJob, tmp_path: Path) -> None:
    for name, colours, remarked in (("clear", 4, False), ("full", 3, True)):
        info = tiny(tmp_path, "stylegan2", name, c_dim=0, shape=SKIP | {"colours": colours})
        Path("my.toml").write_text(f'title = "T"\nnetwork = "{info.path}"\n')
        said = ["first"]
        made = render(replace(job, output=Path(f"{name}.mkv"), duration_s=0.2, transparent=True), said)
        assert any("dark parts of" in line for line in said) == remarked
        assert with_alpha(made.path).shape[3] == 4


def test_frames_are_saved_besides_and_exactly(job: RenderJob) -> None:
    from PIL import Image

    made = render(replace(job, output=Path("film.mkv"), codec="ffv1", frames_folder=Path("all"), duration_s=0.6))
    saved = [np.asarray(Image.open(path)) for path in sorted(Path("all").iterdir())]
    assert len(saved) == made.frames == 12
    assert all(np.array_equal(a, b) for a, b in zip(saved, pictures(made.path), strict=True))


def test_a_run_file_makes_the_film_again_and_says_what_has_changed(job: RenderJob) -> None:
    made = render(replace(job, run_file=True, duration_s=1.0, stems={"drums": write_song(Path("d.wav"), 1.0)}))
    Path("my.toml").unlink()
    again, venue, facts = read_run(Path("film.livegan.json"))
    said: list[str] = []
    render_film(replace(again, output=Path("again.mkv"), expected=facts), venue, said.append)
    assert Path("again.mkv").read_bytes() == made.path.read_bytes()
    assert [line for line in said if "No scene reads the stem 'drums'" not in line] == []
    write_song(Path("d.wav"), 0.9)
    with pytest.raises(MediaError, match=r"stem drums .*d\.wav has changed"):
        read_run(Path("film.livegan.json"))
    Path("song.wav").unlink()
    with pytest.raises(MediaError, match=r"song .*song\.wav is gone"):
        read_run(Path("film.livegan.json"))
    Path("film.livegan.json").write_text("{}")
    with pytest.raises(MediaError, match="is not the run file of a film"):
        read_run(Path("film.livegan.json"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"output": Path("film.webm"), "codec": "prores"}, r"cannot hold prores; type: -o film\.mov"),
        ({"output": Path("film.mp4"), "codec": "divx"}, "--codec 'divx' is not one of h264"),
        ({"output": Path("film.gif"), "codec": "", "fps": Fraction(60)}, "at most 50 pictures a second"),
        ({"output": Path("a.png")}, "does not say where the number goes"),
        ({"output": Path("film.mov"), "codec": "prores", "quality": 9.0}, "prores has no --quality"),
    ],
)
def test_what_does_not_fit_together_is_said_before_the_song_is_read(
    change: dict[str, Any], told: str, job: RenderJob
) -> None:
    with pytest.raises(MediaError, match=told):
        render(replace(job, song=Path("none.wav"), **change))


def test_a_run_file_of_somebody_else_runs_no_code_and_writes_beside_itself(
    job: RenderJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "evil.py").write_text("open('ran', 'w').close()\ndef call(array, strength, amplitude): return array\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    render(replace(job, run_file=True))
    run = Path("film.livegan.json")
    table = json.loads(run.read_text())
    table["venue"]["effects"] = [{"function": "evil:call"}]
    run.write_text(json.dumps(table))
    result = CliRunner().invoke(app, ["render", "--run", str(run)])
    assert "--run film.livegan.json --effect evil:call" in str(result.exception)
    assert not Path("ran").exists()
    table["venue"]["effects"] = []
    table["film"]["output"] = str(tmp_path / "elsewhere" / "other.mkv")
    run.write_text(json.dumps(table))
    assert CliRunner().invoke(app, ["render", "--run", str(run)]).exit_code == 0
    assert Path("other.mkv").is_file()
    assert not Path("elsewhere").exists()


def test_pictures_and_run_files_of_other_films_are_not_replaced(job: RenderJob, tmp_path: Path) -> None:
    short = replace(job, duration_s=0.5, run_file=True)
    render(short)
    render(replace(short, output=Path("film.mp4"), codec=""))
    assert read_run(Path("film.livegan.json"))[0].output.name == "film.mkv"
    assert read_run(Path("film.mp4.livegan.json"))[0].output.name == "film.mp4"
    (tmp_path / "another.parts-1").mkdir()
    images = replace(short, output=Path("seq/%04d.png"), codec="")
    render(images)
    (tmp_path / "seq" / "another.parts-1").mkdir()
    for again in (images, replace(short, output=Path("x.mkv"), frames_folder=Path("seq"))):
        first = sorted(Path("seq").glob("*.png"))[0]
        before = first.stat().st_mtime_ns
        if again.frames_pattern is None or again.frames_pattern.name == "%04d.png":
            with pytest.raises(MediaError, match="is there already"):
                render(again)
        assert first.stat().st_mtime_ns == before
    with pytest.raises(MediaError, match=r"no sound gone\.wav"):
        render(replace(short, output=Path("y.mkv"), sound=Path("gone.wav")))


@pytest.mark.parametrize(
    ("key", "value"), [("start_s", "Infinity"), ("size", "[0, 9]"), ("fps", '"1e1000000000"'), ("duration_s", '"long"')]
)
def test_a_run_file_with_nonsense_is_a_sentence(key: str, value: str, job: RenderJob) -> None:
    render(replace(job, duration_s=0.2, run_file=True))
    run = Path("film.livegan.json")
    table = json.loads(run.read_text())
    table["film"][key] = json.loads(value)
    run.write_text(json.dumps(table))
    with pytest.raises(MediaError):
        read_run(run)
