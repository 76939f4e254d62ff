"""Dream films: what is dreamt when, films that are stopped, killed and gone on with, and what cannot be made."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from livegan.cli import app
from livegan.core.target import Target
from livegan.errors import DreamError, LiveganError, MediaError
from livegan.networks.library import installed_folder
from livegan.studio import film_recording
from livegan.studio.distributed.dreams import dream_job
from livegan.studio.dream import film as film_module
from livegan.studio.dream.camera import moved
from livegan.studio.dream.dreamer import DreamProgress, Feedback
from livegan.studio.dream.film import DONE, STOPPED, film
from livegan.studio.dream.film_dream import Drawn, Stretch
from livegan.studio.dream.film_job import FilmJob, check_film_job
from livegan.studio.dream.film_look import FilmLook
from livegan.studio.dream.film_plan import UNSEEN, FilmPlan, film_facts, plan_film
from livegan.studio.dream.meaning import Meaning
from livegan.studio.dream.open_dreamer import DreamOptions
from livegan.studio.dream.song_analysis import SongAnalysis
from livegan.studio.dream.style_dreamer import StyleDreamer
from tests.dreamers import FieldDreamer
from tests.tiny_models import add_models
from tests.tiny_networks import tiny

RATE, SECONDS, FPS = 16000, 3.0, Fraction(20)
HEARD = SongAnalysis(
    SECONDS,
    beats_s=np.arange(0, 3, 0.5),
    downbeats_s=np.array([0.0, 2.0]),
    onsets_s=np.arange(0, 3, 0.25),
    onset_strengths=np.full(12, 0.5),
    hop_s=0.1,
    loudness=np.linspace(0.2, 1.0, 30),
    rows=np.zeros((12, 4)),
)
MEANING = Meaning(
    np.arange(3) + 0.5, np.full((3, 100), 0.1, np.float32), np.zeros((3, 4), np.float32), np.zeros(3), 3.0
)


def write_song(path: Path, seconds: float = SECONDS) -> Path:
    """Kicks, twice a second."""
    t = np.arange(int(seconds * RATE)) / RATE
    soundfile.write(
        path, (0.5 * np.sin(2 * np.pi * 110 * t) * np.exp(-12 * (t % 0.5)))[:, None], RATE, subtype="PCM_16"
    )
    return path


@pytest.fixture
def dreamers(monkeypatch: pytest.MonkeyPatch) -> list[FieldDreamer]:
    """The dreamers that were opened."""
    opened: list[FieldDreamer] = []

    def open_one(options: Any) -> FieldDreamer:
        opened.append(FieldDreamer((64, 48) if options.size == (672, 384) else options.size, options.seed))
        return opened[-1]

    monkeypatch.setattr(film_module, "open_dreamer", open_one)
    return opened


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dreamers: list[FieldDreamer]) -> FilmJob:
    """Three seconds in recorded parts of half a second; listening and tagging, which take seconds, are known."""

    def heard(song: Any, venue: Any) -> Generator[float, None, SongAnalysis]:
        yield 1.0
        return replace(HEARD, seconds=song.seconds)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(film_recording, "SEGMENT_S", 0.5)
    monkeypatch.setattr("livegan.studio.dream.film_plan.hear", heard)
    monkeypatch.setattr("livegan.studio.dream.film_plan.meaning_of", lambda samples: MEANING)
    write_song(tmp_path / "song.wav")
    return FilmJob(Path("song.wav"), Path("film.mkv"), fps=FPS, iterations_per_second=8.0, segments="beats")


def made(job: FilmJob, said: list[str] | None = None) -> DreamProgress:
    """The last progress of a film that is made to its end."""
    return list(film(job, (said if said is not None else []).append))[-1]


def pictures(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def until(job: FilmJob, frames: int, said: list[str] | None = None) -> Generator[DreamProgress, None, None]:
    """A film until so many frames are done."""
    making = film(job, (said if said is not None else []).append)
    for progress in making:
        if progress.text == film_module.DREAMING and progress.done >= frames:
            return making
    raise AssertionError


def test_a_film_has_the_frames_and_the_sound_of_the_song(job: FilmJob) -> None:
    last = made(replace(job, audio="original"))
    assert (last.path, last.done, last.total, last.text) == (Path("film.mkv"), 60, 60, DONE)
    assert len(pictures(Path("film.mkv"))) == 60
    with av.open("film.mkv") as container:
        sound = np.concatenate([frame.to_ndarray().ravel() for frame in container.decode(audio=0)])
        song = soundfile.read("song.wav", dtype="int16")[0]
    assert np.array_equal(sound.astype(np.int64) >> (16 if sound.dtype == np.int32 else 0), song)
    assert sorted(path.name for path in Path().iterdir()) == ["film.mkv", "song.wav"]


def test_telephones_play_its_sound_unless_that_of_the_song_is_asked_for(job: FilmJob) -> None:
    plan = planned(job)
    assert film_facts(job, plan, (64, 48)) != film_facts(replace(job, audio="original"), plan, (64, 48))
    made(replace(job, output=Path("film.mp4"), duration_s=1.0))
    with av.open("film.mp4") as container:
        assert container.streams.audio[0].codec.name == "aac"


def test_words_are_told_before_a_film_begins(job: FilmJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film_module, "StyleDreamer", FieldDreamer)
    monkeypatch.setattr(FieldDreamer, "read", StyleDreamer.read, raising=False)
    monkeypatch.setattr(FieldDreamer, "_captioned", True, raising=False)
    Path("song.lrc").write_text("[00:00]asdf qwer\n[00:01]a red galaxy\n[00:02]zxcv\n")
    said: list[str] = []
    until(replace(job, text="blue smoke | asdf", lyrics=Path("song.lrc")), 0, said).close()
    assert said == [
        "understood: silk, blue, smoke",
        "not understood: 'asdf'; the film follows the rest",
        "not understood: 2 of 3 lines of the lyrics, first 'asdf qwer'; there the film follows the text",
    ]
    until(replace(job, output=Path("b.mkv"), text="asdf"), 0, said).close()
    assert said[-1] == "not understood: 'asdf'; the film follows the music alone"
    Path("song.lrc").write_text("[00:00]zxcv\n")
    until(replace(job, output=Path("d.mkv"), text="asdf", lyrics=Path("song.lrc")), 0, said).close()
    assert said[-2].endswith("the music alone")
    with pytest.raises(DreamError, match="'asdf' is not understood; say what is seen"):
        made(replace(job, output=Path("c.mkv"), text="asdf", sound_weight=0.0))


def test_the_same_job_twice_is_the_same_film_and_another_seed_another(job: FilmJob) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        made(replace(job, output=Path(f"{name}.mkv"), options=replace(job.options, seed=seed)))
    assert Path("a.mkv").read_bytes() == Path("b.mkv").read_bytes() != Path("c.mkv").read_bytes()


def test_a_dream_goes_on_from_segment_to_segment(job: FilmJob, dreamers: list[FieldDreamer]) -> None:
    """No jump at a border, where the aims change; the picture before is one more aim of the first step."""
    made(replace(job, pulse=0.0))
    (dreamer,) = dreamers
    assert dreamer.steps == 6 * 4 + UNSEEN
    assert [sum(aim.picture is not None for aim in aims) for aims in dreamer.aimed] == [0, 1, 1, 1, 1, 1]
    assert all(len(aim.sound) == RATE for aims in dreamer.aimed for aim in aims if aim.sound is not None)
    shown = np.array(pictures(Path("film.mkv")), float)
    steps = np.abs(np.diff(shown, axis=0)).mean(axis=(1, 2, 3))
    borders = steps[9::10]
    assert borders.max() < 2.5 * np.median(steps)
    assert steps.sum() > 30, "something moves"


def test_the_beat_moves_the_picture(job: FilmJob) -> None:
    """A push into it, and light, on the frames after a beat."""
    made(job)
    made(replace(job, output=Path("still.mkv"), pulse=0.0))
    moved = np.abs(np.array(pictures(Path("film.mkv")), float) - np.array(pictures(Path("still.mkv")), float))
    by_phase = moved.mean(axis=(1, 2, 3))[20:].reshape(-1, 10).mean(axis=0)
    by_phase -= by_phase.min()  # the glow that is always there
    assert by_phase[:3].mean() > 3 * by_phase[6:9].mean()


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"independent": True},
        {"feedback": Feedback(1.02, (1.0, 0.0), 1.0)},
        {"segments": "original", "fps": None, "iterations_per_second": 20.0},
    ],
    ids=["dream", "independent", "feedback", "original"],
)
def test_a_stopped_film_plays_and_goes_on_to_the_same_bytes(
    job: FilmJob, dreamers: list[FieldDreamer], change: dict[str, Any]
) -> None:
    job = replace(job, **change)
    making = until(job, 37)
    making.close()
    assert 37 <= len(pictures(Path("film.mkv"))) <= 40
    (parts,) = Path().glob("film.parts-*")
    steps = sum(dreamer.steps for dreamer in dreamers)
    said: list[str] = []
    last = made(job, said)
    assert said == [f"Going on at 0:01.5 with what is in {parts}."]
    assert (last.path, last.text) == (Path("film.mkv"), DONE)
    assert not parts.exists()
    again = sum(dreamer.steps for dreamer in dreamers)
    made(replace(job, output=Path("whole.mkv")))
    assert Path("film.mkv").read_bytes() == Path("whole.mkv").read_bytes()
    assert again == sum(dreamer.steps for dreamer in dreamers) - again, "no step was dreamt twice"
    assert steps <= again


def test_ctrl_c_is_told_with_the_film_that_there_is(job: FilmJob, monkeypatch: pytest.MonkeyPatch) -> None:
    finished = FilmLook.finished

    def interrupted(look: Any, drawn: Any) -> Any:
        if drawn.frame == 23:
            raise KeyboardInterrupt
        return finished(look, drawn)

    monkeypatch.setattr(FilmLook, "finished", interrupted)
    last = made(job)
    assert (last.done, last.total, last.text, last.path) == (23, 60, STOPPED, Path("film.mkv"))
    assert len(pictures(Path("film.mkv"))) == 23


def test_a_killed_film_goes_on_with_the_step_it_was_at(
    job: FilmJob, tmp_path: Path, dreamers: list[FieldDreamer]
) -> None:
    root = Path(film_recording.__file__).parents[2]
    code = (
        "import os, signal; from dataclasses import replace; from pathlib import Path; from fractions import Fraction\n"
        "from livegan.studio import film_recording; film_recording.SEGMENT_S = 0.5\n"
        "from livegan.studio.dream import film, film_plan; from livegan.studio.dream.film_job import FilmJob\n"
        "from tests.unit import test_dream_film as test; from tests.dreamers import FieldDreamer\n"
        "def heard(song, venue):\n"
        "    yield 1.0\n"
        "    return replace(test.HEARD, seconds=song.seconds)\n"
        "film_plan.hear, film_plan.meaning_of = heard, lambda samples: test.MEANING\n"
        "film.open_dreamer = lambda options: FieldDreamer((64, 48))\n"
        "step = FieldDreamer.step\n"
        "FieldDreamer.step = lambda self: os.kill(os.getpid(), signal.SIGKILL) if self.steps == 14 else step(self)\n"
        "settings = {'fps': Fraction(20), 'iterations_per_second': 8.0, 'segments': 'beats'}\n"
        "list(film.film(FilmJob(Path('song.wav'), Path('film.mkv'), **settings)))\n"
    )
    environment = os.environ | {"PYTHONPATH": str(root)}
    killed = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    made(job)
    assert dreamers[0].steps == 24 + UNSEEN - 14
    made(replace(job, output=Path("whole.mkv")))
    assert Path("film.mkv").read_bytes() == Path("whole.mkv").read_bytes()


def test_a_full_disk_is_one_sentence_and_the_film_goes_on_later(job: FilmJob, monkeypatch: pytest.MonkeyPatch) -> None:
    send = film_recording.Recording.send

    def full(recording: Any, frame: Any) -> None:
        if frame.plan.index == 30:
            raise MediaError("cannot write on in 'x': No space left on device; look at the free space: df -h")
        send(recording, frame)

    monkeypatch.setattr(film_recording.Recording, "send", full)
    with pytest.raises(MediaError, match=r"No space left.*What is rendered stays in film\.parts-.*same command"):
        made(job)
    monkeypatch.setattr(film_recording.Recording, "send", send)
    assert made(job).done == 60


@pytest.mark.parametrize("independent", [False, True])
def test_steps_outlive_an_error_before_any_part_is_whole(
    job: FilmJob, dreamers: list[FieldDreamer], monkeypatch: pytest.MonkeyPatch, independent: bool
) -> None:
    job = replace(job, independent=independent)
    step, dies_at = FieldDreamer.step, 13 if independent else 11

    def out_of_memory(dreamer: FieldDreamer) -> float:
        if dreamer.steps == dies_at:
            raise RuntimeError("CUDA out of memory")
        return step(dreamer)

    monkeypatch.setattr(FieldDreamer, "step", out_of_memory)
    with pytest.raises(DreamError, match=r"out of memory.*stays in film\.parts-.*type the same command"):
        made(job)
    monkeypatch.setattr(FieldDreamer, "step", step)
    (parts,) = Path().glob("film.parts-*")
    kept = len(list(parts.glob("*.state")))
    assert kept == (1 if independent else 11)
    assert made(job).done == 60
    assert dreamers[1].steps == 24 + UNSEEN - (4 + UNSEEN if independent else 11), "no kept step is dreamt again"


def test_a_disk_that_is_full_when_the_film_is_joined_loses_no_part(
    job: FilmJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(recording: Any, audio: Any, *, stopped: bool) -> Any:
        raise MediaError("disk full")

    making = until(job, 23)
    with monkeypatch.context() as patch:
        patch.setattr(film_recording.Recording, "finish", full)
        with pytest.raises(MediaError, match=r"disk full\. What is rendered stays in .*type the same command"):
            making.close()
    said: list[str] = []
    assert made(job, said).done == 60
    assert said[0].startswith("Going on at 0:01.0")


def test_segments_that_are_dreamt_alone_come_with_progress_and_one_network(
    job: FilmJob, dreamers: list[FieldDreamer]
) -> None:
    job = replace(job, independent=True)
    said: list[str] = []
    making = film(job, said.append)
    seen: list[DreamProgress] = []
    while len(seen) < 3:
        progress = next(making)
        seen += [progress] if progress.text == film_module.SEGMENTS else []
    making.close()
    assert [(each.done, each.total) for each in seen] == [(0, 6), (1, 6), (2, 6)]
    (parts,) = Path().glob("film.parts-*")
    assert said == [f"What is dreamt stays in {parts}: type the same command to go on"]
    texts = [(each.text, each.done) for each in film(job)]
    assert texts.index((film_module.SEGMENTS, 2)) + 5 == texts.index((film_module.DREAMING, 0))
    assert len(dreamers) == 2
    assert sum(dreamer.steps for dreamer in dreamers) == 24 + UNSEEN


def test_what_changes_the_film_begins_it_anew(job: FilmJob) -> None:
    until(job, 25).close()
    said: list[str] = []
    made(replace(job, text="violet smoke", overwrite=True), said)
    assert said[0].startswith("It begins anew: text, meaning of words changed since film.parts-")


def planned(job: FilmJob) -> FilmPlan:
    planning = plan_film(job)
    while True:
        try:
            next(planning)
        except StopIteration as end:
            plan: FilmPlan = end.value
            return plan


def test_whatever_decides_the_pictures_is_a_fact(job: FilmJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another model, other words, tags or listening: the film begins anew instead of going on with other pictures."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    installed_folder().mkdir(parents=True)
    (tmp_path / "config" / "livegan").mkdir(parents=True)
    tiny(installed_folder(), "stylegan2", "own")
    job = replace(job, text="smoke", options=DreamOptions(network="own", init_image=np.zeros((2, 3, 3), np.uint8)))
    plan = planned(job)

    def facts(plan: FilmPlan = plan, job: FilmJob = job) -> dict[str, str]:
        return film_facts(job, plan, (64, 48))

    def changed(others: dict[str, str]) -> list[str]:
        return [name for name in {**before, **others} if before.get(name) != others.get(name)]

    before = facts()
    assert changed(facts()) == []
    (tmp_path / "config" / "livegan" / "tags.toml").write_text("# mine")
    assert changed(facts()) == ["meaning of tags"]
    (tmp_path / "config" / "livegan" / "tags.toml").unlink()
    listening = plan.venue.listening.model_copy(update={"bands": 24})
    venue = plan.venue.model_copy(update={"listening": listening})
    assert changed(facts(replace(plan, venue=venue))) == ["listening"]
    turned = replace(job.options, init_image=np.zeros((3, 2, 3), np.uint8))
    assert changed(facts(job=replace(job, options=turned))) == ["option init_image"]
    with monkeypatch.context() as patch:
        patch.setattr("livegan.studio.dream.film_plan.understand", lambda text: Target(brightness=0.25))
        assert changed(facts()) == ["meaning of words"]
    add_models(installed_folder())
    assert {"option model", "clip", "wav2clip"} <= set(changed(facts()))
    before = facts()
    (installed_folder() / "tiny-clip.safetensors").write_bytes(b"another")
    assert changed(facts()) == ["clip"]
    assert "vqgan" in facts(job=replace(job, options=DreamOptions("vqgan")))


def test_auto_is_the_chosen_model_in_all_that_depends_on_it(
    job: FilmJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    add_models(installed_folder())
    tiny(installed_folder(), "stylegan2", "own")
    auto, clip = DreamOptions("auto", "own"), DreamOptions("clip", "own")
    dreamt = [replace(job, options=each).dream_options() for each in (auto, clip)]
    assert [(each.size, each.learning_rate) for each in dreamt] == [(None, None)] * 2
    assert dream_job(auto, (32, 32), None, 0.0).arguments["options"]["model"] == "clip"
    assert dream_job(DreamOptions(), (32, 32), None, 0.0).arguments["options"]["model"] == "embedded"


def test_words_lyrics_and_sound_are_aims_of_their_segments(job: FilmJob, dreamers: list[FieldDreamer]) -> None:
    Path("words.lrc").write_text("[00:01.00]a red rose\n[00:02.00]\n")
    made(replace(job, text="smoke:2|violet:0.5^gold", lyrics=Path("words.lrc")))
    said = [[(aim.text, aim.weight) for aim in aims if aim.text] for aims in dreamers[0].aimed]
    assert said[0] == [("smoke", 2.0), ("violet", 0.5)]
    assert said[2] == [("a red rose", 1.0), ("smoke", 1.0), ("violet", 0.25)]
    assert said[3] == [("a red rose", 1.0), ("gold", 0.5)]
    assert said[4] == [("gold", 1.0)]
    assert all(aim.weight == 0.35 for aims in dreamers[0].aimed for aim in aims if aim.sound is not None)
    assert all(aim.target is not None for aims in dreamers[0].aimed for aim in aims if aim.text)


def test_the_weight_of_the_sound_and_none_of_it(job: FilmJob, dreamers: list[FieldDreamer]) -> None:
    made(replace(job, text="smoke", sound_weight=0.0))
    assert not any(aim.sound is not None for aims in dreamers[0].aimed for aim in aims)


def test_a_part_of_a_song(job: FilmJob) -> None:
    last = made(replace(job, start_s=1.0, duration_s=1.5))
    assert last.done == 30
    with pytest.raises(MediaError, match=r"3\.0 s long; --start 9 is after its end"):
        made(replace(job, start_s=9.0, output=Path("other.mkv")))


def test_feedback_moves_on_without_a_jump(job: FilmJob, dreamers: list[FieldDreamer]) -> None:
    made(replace(job, feedback=Feedback(1.05), pulse=0.0))
    assert dreamers[0].fed == [Feedback(1.05)] * (24 + UNSEEN)


def test_a_zoom_goes_on_and_on_in_a_picture_that_stays(job: FilmJob) -> None:
    """Rings about the middle run outwards, from the beginning to the end."""
    look = FilmLook(planned(job).clock, replace(job, pulse=0.0, feedback=Feedback(1.02)))
    y, x = np.mgrid[:64, :96]
    distance = np.log(np.hypot(x - 47.5, y - 31.5) + 4)
    rings = np.repeat((127 + 120 * np.cos(8 * distance))[..., None], 3, axis=2).astype(np.uint8)
    state = {"field": np.zeros(1)}
    seen = [
        look.finished(Drawn(frame, 0.0, Stretch(0, 0, state, state), rings)).astype(float) for frame in range(0, 60, 2)
    ]

    def outward(before: np.ndarray, after: np.ndarray) -> float:
        """How much more the later one is the earlier one moved outwards than moved inwards."""
        out, inward = (moved(before.astype(np.uint8), Feedback(zoom)).astype(float) for zoom in (1.016, 1 / 1.016))
        return float(np.abs(after - inward).mean() - np.abs(after - out).mean())

    went = [outward(before, after) > 0 for before, after in pairwise(seen)]
    assert np.mean(went) > 0.6, "all the time but while one layer fades into the other"
    assert all(any(went[at : at + 8]) for at in range(len(went) - 8))


def test_the_original_rule_shows_every_step(job: FilmJob, dreamers: list[FieldDreamer]) -> None:
    last = made(replace(job, segments="original", fps=None, iterations_per_second=20.0))
    assert dreamers[0].steps == 60
    assert last.total == 60


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"options": DreamOptions("embeded")}, "did you mean 'embedded'"),
        ({"segments": "section"}, "did you mean 'sections'"),
        ({"iterations_per_second": 0.0, "segments": "sections"}, "0 steps a second"),
        ({"iterations_per_second": 1e9}, "steps a second: give up to 240"),
        ({"audio": "flac"}, "--audio 'flac' is not one of original, aac"),
        ({"pulse": 3.0}, "--pulse 3 is not within 0..2"),
        ({"transfer_rate": -1.0}, "--transfer-rate -1"),
        ({"feedback": Feedback(5.0)}, "--zoom 5 is not within"),
        ({"feedback": Feedback(1.0, (float("nan"), 0.0))}, "--zoom"),
        ({"independent": True, "feedback": Feedback(1.1)}, "leave --independent out"),
        ({"output": Path("film.txt")}, "cannot write a film called"),
        ({"output": Path("song.wav")}, "an input of|cannot write a film"),
        ({"lyrics": Path("gone.lrc")}, "there is no file 'gone.lrc'"),
        ({"lyrics": Path("song.wav")}, "is no file of lyrics"),
        ({"towards": Path("gone.png")}, "gone.png"),
        ({"song": Path("gone.wav")}, "no file called 'gone.wav'"),
        ({"text": "|"}, "have an empty one"),
    ],
)
def test_what_cannot_be_made_is_told_before_anything_is_written(
    job: FilmJob, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(LiveganError, match=said) as error:
        made(replace(job, **change))
    assert "\n" not in str(error.value)
    assert sorted(path.name for path in Path().iterdir()) == ["song.wav"]


def test_a_film_that_is_there_is_replaced_only_if_asked(job: FilmJob) -> None:
    Path("film.mkv").write_bytes(b"mine")
    with pytest.raises(MediaError, match="is there already"):
        check_film_job(job)
    made(replace(job, overwrite=True))
    assert len(pictures(Path("film.mkv"))) == 60


def test_the_command_line(job: FilmJob, dreamers: list[FieldDreamer], monkeypatch: pytest.MonkeyPatch) -> None:
    run = CliRunner().invoke(
        app,
        "dream film song.wav -o film.mkv --fps 10 -ips 4 --segments beats --zoom 1.01 --shift 2,0 --turn 1 "
        "--size 48x32 --seed 3 --duration 2",
    )
    assert run.exit_code == 0, run.output
    assert "film.mkv: 20 frames" in run.output
    assert dreamers[0].fed[0] == Feedback(1.01, (2.0, 0.0), 1.0)
    assert pictures(Path("film.mkv"))[0].shape == (32, 48, 3)
    wrong = CliRunner().invoke(app, ["dream", "film", "song.wav", "--shift", "far"])
    assert isinstance(wrong.exception, DreamError)


def test_a_real_song_is_heard_and_understood(tmp_path: Path) -> None:
    plan = planned(FilmJob(write_song(tmp_path / "song.wav", 6.0), tmp_path / "film.mp4"))
    assert plan.clock.frames == 180
    assert all(each.iterations >= 1 for each in plan.segments)
    targets = [aim.target for segment in plan.segments for aim in plan.aims.of(segment)]
    assert all(target is not None and target.classes and target.latents for target in targets)
