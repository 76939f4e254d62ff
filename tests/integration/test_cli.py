"""What a person types: every help page, every bad input, a film, a report."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from livegan.cli import app, networks
from livegan.cli.play import leave
from livegan.outputs.film import Film
from tests.deadline import until
from tests.shell import Run, runner_here, runner_outside
from tests.show_logs import notes

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = sorted(command.name or command.callback.__name__ for command in app.registered_commands)  # type: ignore[union-attr]
NETWORK_COMMANDS = sorted(f"networks {command.name}" for command in networks.app.registered_commands)
SURROGATE = os.fsdecode(b"caf\xe9")  # the name of a file that is not UTF-8


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run livegan here, in an empty folder, on a machine without display or sound (tests/conftest.py)."""
    return runner_here(tmp_path, monkeypatch, capsys)


@pytest.fixture
def started(tmp_path: Path) -> Run:
    """Run livegan as a shell does, in a process of its own, in an empty folder."""
    return runner_outside(tmp_path)


def song(path: Path, seconds: float = 2.0, rate: int = 44100) -> Path:
    t = np.arange(int(seconds * rate)) / rate
    beat = np.sin(2 * np.pi * 60 * t) * np.exp(-((t % 0.5) * 12))
    tune = 0.3 * np.sin(2 * np.pi * 440 * t)
    soundfile.write(path, np.stack((beat + tune, beat - tune), 1) * 0.5, rate, subtype="PCM_16")
    return path


def frames(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as film:
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]


@pytest.mark.parametrize("command", ["", *COMMANDS, "networks", *NETWORK_COMMANDS])
def test_every_help_page_prints(typed: Run, command: str) -> None:
    done = typed(*command.split(), "--help")
    assert done.returncode == 0
    assert "Usage" in done.stdout


def test_on_a_bare_machine_nothing_is_listed(typed: Run) -> None:
    done = typed("devices")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    found = [line.split()[0] for line in lines if line.startswith(" ") and "link" not in line]
    assert found == ["none;", "none;", "none", "none;", "none;"], done.stdout


@pytest.mark.parametrize("command", ["scenes", "check", "parameters"])
def test_every_list_prints_on_a_bare_machine(typed: Run, command: str) -> None:
    done = typed(command)
    assert done.returncode == 0, done.stderr
    assert done.stdout


PLAY = ("play", "--headless", "--duration", "1", "--input", "demo")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((*PLAY, "--scene", "defualt"), "did you mean 'default'"),
        ((*PLAY, "--scene", "broken.toml"), "is not TOML"),
        ((*PLAY, "--scene", "unknown-key.toml"), "did you mean 'parameters'"),
        ((*PLAY, "--scene", "unknown-name.toml"), "did you mean 'effect.glow'"),
        ((*PLAY, "--scene", "bad-network.toml"), "weights.safetensors"),
        ((*PLAY, "--scene", "no-network.toml"), "did you mean 'house-256'"),
        ((*PLAY, "--venue", "broken.toml"), "is not TOML"),
        ((*PLAY, "--venue", "unknown-venue-key.toml"), "did you mean 'input'"),
        ((*PLAY, "--venue", "nowhere.toml"), "nowhere.toml"),
        ((*PLAY, "--size", "big"), "--size 1024x1024"),
        ((*PLAY, "--device", "gpu"), "there are: auto, cpu"),
        ((*PLAY, "--record", "film.avi"), ".mp4"),
        ((*PLAY, "--report", "no/such/folder/report.json"), "there is no folder no/such/folder"),
        (("play", "--headless", "--duration", "1", "--input", "Scarlet"), "--input demo"),
        (("play", "--headless", "--duration", "1"), "--input demo"),
        (("play", "--input", "demo"), "--headless"),
        (("play", "--headless", "--input", "none.wav"), "none.wav"),
        (("render", "none.wav"), "none.wav"),
        (("render", "empty.wav"), "empty.wav"),
        (("render", "text.wav"), "text.wav"),
        (("render", "silent.wav"), "holds no sound"),
        (("render", "good.wav", "--fps", "0"), "--fps 60"),
        (("render", "good.wav", "--audio", "best"), "aac"),
        (("render", "good.wav", "-o", "/proc/film.mp4"), "/proc/film.mp4 cannot be written"),
        (("render", "good.wav", "-o", "."), ". is a folder; give the film a name, for example: -o good.mp4"),
        (("render", "good.wav", "-o", "new/"), "new/ is a folder; give the film a name, for example: -o new/good.mp4"),
        (("render", "good.wav", "-o", "new/film.avi"), ".mp4"),
        (("render", "none.wav", "-o", "new/film.mp4"), "none.wav"),
        (("render", "https://example.org/song.mp3"), "https://example.org/song.mp3 is an address"),
        (("play", "--headless", "--input", "https://example.org/song.mp3"), "is an address"),
        (("listen", "https://example.org/song.mp3"), "is an address"),
        (("render", "pipe.wav"), "pipe.wav"),
        (("listen", "good.wav", "--json", "/proc/a.json"), "/proc/a.json cannot be written"),
        (("listen", "good.wav", "--events", "/proc/a.json"), "choose another place for --events"),
        (("listen", "good.wav", "--plot", "/proc/a.png"), "choose another place for --plot"),
        ((*PLAY, "--report", "/proc/a.json"), "choose another place for --report"),
        ((*PLAY, "--log", "/proc/a.json"), "choose another place for --log"),
        ((*PLAY, "--record", "/proc/a.mp4"), "choose another place for --record"),
        ((*PLAY, "--record", "a.mp4", "--report", "./a.mp4"), "cannot be both --record and --report"),
        (("networks", "check", "house-256", "-o", "/proc/a.png"), "/proc/a.png cannot be written"),
        (("listen", "good.wav", "--json", "/dev/full"), "/dev/full cannot be written (No space left on device)"),
        (("listen", "good.wav", "--events", "/dev/full"), "/dev/full cannot be written (No space left on device)"),
        (("listen", "good.wav", "--plot", "/dev/full"), "/dev/full cannot be written (No space left on device)"),
        ((*PLAY, "--report", "/dev/full"), "No space left on device"),
        (("render", f"{SURROGATE}.flac"), "caf?.flac"),
    ],
    ids=lambda value: " ".join(value[-2:]).replace(SURROGATE, "caf?") if isinstance(value, tuple) else None,
)
def test_bad_input_is_one_clear_sentence(typed: Run, tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    (tmp_path / "broken.toml").write_text("title = \n")
    (tmp_path / "unknown-key.toml").write_text('title = "x"\n[paramters]\nnoise = 1\n')
    (tmp_path / "unknown-name.toml").write_text('title = "x"\n[parameters]\neffect.glwo = 1\n')
    (tmp_path / "unknown-venue-key.toml").write_text("[audio]\ninptu = 'x'\n")
    (tmp_path / "weights.safetensors").write_bytes(b"not weights at all")
    (tmp_path / "weights.json").write_text(
        (ROOT / "livegan/networks/bundled/house-256.json").read_text(encoding="utf-8")
    )
    (tmp_path / "bad-network.toml").write_text('title = "x"\nnetwork = "weights.safetensors"\n')
    (tmp_path / "no-network.toml").write_text('title = "x"\nnetwork = "hose-256"\n')
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("this is a letter to a friend " * 100)
    song(tmp_path / "good.wav", 0.2)
    soundfile.write(tmp_path / "silent.wav", np.zeros((0, 2)), 44100)
    os.mkfifo(tmp_path / "pipe.wav")
    before = sorted(path.name for path in tmp_path.iterdir())
    done = typed(*words)
    assert done.returncode == 2, done.stdout + done.stderr
    assert says in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == before  # a refused command leaves nothing


def test_a_song_with_samples_that_are_not_numbers_is_rendered_with_a_word(typed: Run, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "nan.wav", np.full((4410, 2), np.nan), 44100, subtype="FLOAT")
    done = typed("render", "nan.wav", "--fps", "10", "--size", "64x64")
    assert done.returncode == 0, done.stderr
    assert "holds 4410 samples that are not numbers" in done.stderr
    assert "film.mp4: 1 frame, 0.1 s" in done.stderr


def test_an_error_is_no_traceback_and_exit_code_2(started: Run) -> None:
    done = started("render", "none.wav")
    assert done.returncode == 2
    assert done.stderr.startswith("livegan: ")
    assert len(done.stderr.splitlines()) == 1
    assert not done.stdout


@pytest.mark.parametrize("words", [("parameters",), ("scenes",), ("--version",), ("networks", "list"), ("--help",)])
def test_a_full_disk_behind_standard_output_is_a_sentence(started: Run, words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = started(*words, stdout=full.fileno())
    assert done.returncode == 2
    assert "No space left on device" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_reader_that_goes_away_ends_a_command_quietly(started: Run) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = started("parameters", stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_terminal_that_was_closed_does_not_end_a_render(started: Run, tmp_path: Path) -> None:
    song(tmp_path / "song.wav", 0.5)
    with Path("/dev/full").open("w") as full:
        done = started("render", "song.wav", "-o", "a.mp4", "--fps", "10", "--size", "64x64", stderr=full.fileno())
    assert done.returncode == 0
    assert len(frames(tmp_path / "a.mp4")) == 5


def test_a_name_that_is_not_utf8_is_read_and_written_and_shown_with_a_question_mark(typed: Run, tmp_path: Path) -> None:
    song(tmp_path / "song.wav", 0.5).rename(tmp_path / f"{SURROGATE}.wav")
    small = ("--size", "64x64")
    done = typed("render", f"{SURROGATE}.wav", "-o", f"{SURROGATE}.mp4", "--fps", "10", *small)
    assert done.returncode == 0, done.stderr
    assert "caf?.mp4: 5 frames" in done.stderr
    kinds = {"json": "json", "events": "events", "plot": "png"}
    outputs = [word for kind, ending in kinds.items() for word in (f"--{kind}", f"{SURROGATE}.{ending}")]
    done = typed("listen", f"{SURROGATE}.wav", *outputs)
    assert done.returncode == 0, done.stderr
    assert "caf?.png" in done.stderr
    done = typed("listen", f"{SURROGATE}.wav")
    assert done.returncode == 0, done.stderr
    words = ("--record", f"{SURROGATE}2.mp4", "--report", f"{SURROGATE}.report", "--log", f"{SURROGATE}.log")
    done = typed("play", "--headless", "--input", f"{SURROGATE}.wav", "--duration", "1", *small, *words)
    assert done.returncode == 0, done.stderr
    assert "The film is caf?2.mp4" in done.stderr
    endings = {".wav", ".mp4", "2.mp4", ".json", ".events", ".png", ".report", ".log", ".livegan.json"}
    assert {path.name for path in tmp_path.iterdir()} == {SURROGATE + ending for ending in endings}


def test_an_odd_size_is_made_even_and_reported(typed: Run, tmp_path: Path) -> None:
    song(tmp_path / "song.wav", 0.2)
    done = typed("render", "song.wav", "-o", "a.mp4", "--fps", "10", "--size", "81x67")
    assert "82x68 instead of 81x67" in done.stderr
    assert frames(tmp_path / "a.mp4")[0].shape == (68, 82, 3)
    assert "instead" not in typed("render", "song.wav", "-o", "b.mp4", "--fps", "10", "--size", "82x68").stderr


def test_of_two_renders_to_one_new_name_the_later_keeps_its_film_under_another(
    typed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    song(tmp_path / "song.wav", 0.2)
    from livegan.studio import film_recording

    def meanwhile(*arguments: object, **options: object) -> object:
        film = Film(*arguments, **options)  # type: ignore[arg-type]
        (tmp_path / "new.mp4").write_bytes(b"the film of another program")
        return film

    monkeypatch.setattr(film_recording, "Film", meanwhile)
    done = typed("render", "song.wav", "-o", "new.mp4", "--fps", "10", "--size", "64x64")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "new.mp4").read_bytes() == b"the film of another program"
    assert len(frames(tmp_path / "new-2.mp4")) == 2
    assert "another new.mp4 was written meanwhile" in done.stderr
    assert "new-2.mp4: 2 frames" in done.stderr


def test_every_mistake_is_listed_by_check(typed: Run, tmp_path: Path) -> None:
    text = 'title = "x"\nseed = -4\nnetwrok = "y"\nparameters = { "truncatoin" = 1 }\n[[routes]]\nsource = "bas"\n'
    (tmp_path / "my.toml").write_text(text)
    done = typed("check", "my.toml")
    assert "did you mean 'truncation'" in done.stderr
    assert "routes.0.target" in done.stderr
    assert done.returncode == 2
    assert "did you mean 'network'" in done.stderr
    assert "seed" in done.stderr


def test_a_film_has_exact_frames_the_songs_own_samples_and_is_the_same_twice(typed: Run, tmp_path: Path) -> None:
    song(tmp_path / "song.wav", 1.5)
    for name in ("a.mp4", "b.mp4"):
        done = typed("render", "song.wav", "-o", name, "--fps", "24", "--size", "256x256", "--scene", "ink")
        assert done.returncode == 0, done.stderr
    first, second = frames(tmp_path / "a.mp4"), frames(tmp_path / "b.mp4")
    assert len(first) == 36
    assert all((a == b).all() for a, b in zip(first, second, strict=True))
    assert max(float(np.abs(a.astype(int) - first[0]).mean()) for a in first) > 5
    with av.open(str(tmp_path / "a.mp4")) as film:
        assert film.streams.video[0].average_rate == 24
        heard = np.concatenate([frame.to_ndarray().reshape(-1, 2) for frame in film.decode(audio=0)])
    written, _ = soundfile.read(tmp_path / "song.wav", dtype="int16")
    np.testing.assert_array_equal(heard[: len(written)], written)


@pytest.mark.parametrize("stuck", [["livegan-loader"], ["livegan-audio", "livegan-loader"]])
def test_only_a_driver_is_blamed_for_a_thread_that_did_not_end(
    stuck: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "_exit", lambda code: None)
    leave(0, stuck)
    said = capsys.readouterr()
    assert ("livegan-audio did not end" in said.out + said.err) == ("livegan-audio" in stuck)
    assert "loader" not in said.out + said.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])  # SIGTERM: tests/integration/test_signals.py
def test_ctrl_c_or_a_closed_terminal_leaves_a_playable_film(tmp_path: Path, number: signal.Signals) -> None:
    song(tmp_path / "song.wav", 60.0)
    command = [sys.executable, str(ROOT / "main.py"), "render", "song.wav", "-o", "film.mp4", "--size", "128x128"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as made:
        try:
            until(lambda: any(tmp_path.glob("film.parts-*/000000.mp4")), "some of the film")
            made.send_signal(number)
            _, told = made.communicate(timeout=60)
        finally:
            made.kill()
    assert made.returncode == 0, told
    assert "stopped early" in told
    assert "To go on, type the same command again" in told
    assert not list(tmp_path.glob("film.parts-*/partial*"))
    assert len(frames(tmp_path / "film.mp4")) > 10


def test_a_headless_show_reports_itself_and_records(started: Run, tmp_path: Path) -> None:
    words = ("--headless", "--input", "demo", "--duration", "3", "--size", "256x256", "--log", "show.log")
    done = started("play", *words, "--record", "out.mp4", "--report", "report.json")
    assert done.returncode == 0, done.stderr
    facts = json.loads((tmp_path / "report.json").read_text())
    figures = "frames dropped fps interval_ms latency_ms overruns skipped_s missed_hops faults engine_restarts"
    others = "device network scene quality strobe clock rss_mb_start rss_mb_end"
    assert list(facts) == [*figures.split(), *others.split()]
    assert list(facts["interval_ms"]) == ["p50", "p95", "p99", "max"]
    assert facts["frames"] > 10
    assert facts["faults"] == 0
    assert len(frames(tmp_path / "out.mp4")) > 10
    with av.open(str(tmp_path / "out.mp4")) as film:
        assert film.streams.audio[0].codec_context.sample_rate == 48000
    assert notes(tmp_path / "show.log")[0]["scene"] == "default"


def test_a_draft_that_was_not_requested_is_left_out_and_reported(typed: Run, tmp_path: Path) -> None:
    drafts = tmp_path / "config" / "livegan" / "scenes"
    drafts.mkdir(parents=True)
    (drafts / "draft.toml").write_text('title = "x"\nnetwrok = "y"\n')
    done = typed(*PLAY)
    assert done.returncode == 0, done.stderr
    assert "'draft' is left out; type: livegan check draft" in done.stderr
    assert typed(*PLAY, "--scene", "draft").returncode == 2


def test_an_older_film_outlives_a_show_that_cannot_begin(typed: Run, tmp_path: Path) -> None:
    (tmp_path / "old.mp4").write_bytes(b"an older film")
    for wrong in (("--input", "Scarlet"), ("--input", "demo", "--log", "no/where.log")):
        assert typed("play", "--headless", "--duration", "1", "--record", "old.mp4", *wrong).returncode == 2
    assert (tmp_path / "old.mp4").read_bytes() == b"an older film"
    assert not list(tmp_path.glob("*.part-*"))


def test_a_film_never_overwrites_its_own_song(typed: Run, tmp_path: Path) -> None:
    song(tmp_path / "song.wav", 0.2).rename(tmp_path / "song.mp4")
    before = (tmp_path / "song.mp4").read_bytes()
    assert typed("render", "song.mp4", "-o", "song.mp4").returncode == 2
    assert typed("play", "--headless", "--input", "song.mp4", "--record", "./song.mp4").returncode == 2
    assert (tmp_path / "song.mp4").read_bytes() == before


def test_anywhere_plays_the_demo_into_a_film_and_says_so(typed: Run, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "first-show.mp4").write_bytes(b"the film of yesterday")
    done = typed("play", "--anywhere", "--duration", "0.5", "--report", "live.json")
    assert done.returncode == 0, done.stderr
    said = done.stderr
    assert "playing the demo track" in said
    live = json.loads((tmp_path / "live.json").read_text())
    assert f"Live: {live['fps']:.1f} pictures a second of 60" in said
    assert "The film is out/first-show.mp4: 30 pictures, 60 a second, 0.5 s." in said
    assert said.index("No display") < said.index("Live:") < said.index("The film is")
    assert len(frames(tmp_path / "out" / "first-show.mp4")) == 30, "however slow the machine is"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["first-show.mp4"]
    with av.open(str(tmp_path / "out" / "first-show.mp4")) as film:
        assert film.streams.audio[0].codec_context.name == "aac"


def test_anywhere_makes_the_film_that_was_asked_for(typed: Run, tmp_path: Path) -> None:
    song(tmp_path / "song.wav", 0.5)
    words = ["play", "--anywhere", "--input", "song.wav", "--record", "mine.mp4", "--size", "64x36", "--fps", "25"]
    done = typed(*words)
    assert done.returncode == 0, done.stderr
    assert len(frames(tmp_path / "mine.mp4")) == 13, "the song is shorter than 20 s"
    again = typed(*words)
    assert again.returncode == 2
    assert "mine.mp4 is there already" in again.stderr
    assert "Live:" not in again.stderr, "said before anything plays"
