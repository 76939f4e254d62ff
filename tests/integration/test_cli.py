"""What a person types: every help page, every bad input, a film, a report."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from livegan.cli import app
from livegan.cli.play import leave
from tests.deadline import until

ROOT = Path(__file__).resolve().parents[2]
Typed = Callable[..., subprocess.CompletedProcess[str]]
COMMANDS = sorted(command.name or command.callback.__name__ for command in app.registered_commands)  # type: ignore[union-attr]


@pytest.fixture
def typed(tmp_path: Path) -> Typed:
    """Run livegan as a shell would, in an empty folder, on a machine without display or sound (tests/conftest.py)."""
    env = os.environ | {
        "XDG_RUNTIME_DIR": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "COLUMNS": "100",
    }

    def run(*words: str, **changes: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "main.py"), *words]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=120, cwd=tmp_path, env=env | changes
        )

    return run


def song(path: Path, seconds: float = 2.0, rate: int = 44100) -> Path:
    t = np.arange(int(seconds * rate)) / rate
    beat = np.sin(2 * np.pi * 60 * t) * np.exp(-((t % 0.5) * 12))
    tune = 0.3 * np.sin(2 * np.pi * 440 * t)
    soundfile.write(path, np.stack((beat + tune, beat - tune), 1) * 0.5, rate, subtype="PCM_16")
    return path


def frames(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as film:
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_help_page_prints(typed: Typed, command: str) -> None:
    done = typed(*command.split(), "--help")
    assert done.returncode == 0
    assert "Usage" in done.stdout


def test_on_a_bare_machine_nothing_is_listed(typed: Typed) -> None:
    done = typed("devices")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines if line.startswith(" ")] == ["none;", "none", "none;"], done.stdout


@pytest.mark.parametrize("command", ["scenes", "check", "parameters"])
def test_every_list_prints_on_a_bare_machine(typed: Typed, command: str) -> None:
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
        ((*PLAY, "--report", "no/such/folder/report.json"), "choose another path"),
        (("play", "--headless", "--duration", "1", "--input", "Scarlet"), "--input demo"),
        (("play", "--headless", "--duration", "1"), "--input demo"),
        (("play", "--input", "demo"), "--headless"),
        (("play", "--headless", "--input", "none.wav"), "none.wav"),
        (("render", "none.wav"), "none.wav"),
        (("render", "empty.wav"), "empty.wav"),
        (("render", "text.wav"), "text.wav"),
        (("render", "nan.wav"), "not numbers"),
        (("render", "silent.wav"), "holds no sound"),
        (("render", "good.wav", "--fps", "0"), "--fps 60"),
        (("render", "good.wav", "--audio", "best"), "aac"),
        (("render", "good.wav", "-o", "/proc/film.mp4"), "film.mp4"),
    ],
    ids=lambda value: " ".join(value[-2:]) if isinstance(value, tuple) else None,
)
def test_bad_input_is_one_clear_sentence(typed: Typed, tmp_path: Path, words: tuple[str, ...], says: str) -> None:
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
    soundfile.write(tmp_path / "nan.wav", np.full((100, 2), np.nan), 44100, subtype="FLOAT")
    soundfile.write(tmp_path / "silent.wav", np.zeros((0, 2)), 44100)
    done = typed(*words)
    assert done.returncode == 2, done.stdout + done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_every_mistake_is_listed_by_check(typed: Typed, tmp_path: Path) -> None:
    text = 'title = "x"\nseed = -4\nnetwrok = "y"\nparameters = { "truncatoin" = 1 }\n[[routes]]\nsource = "bas"\n'
    (tmp_path / "my.toml").write_text(text)
    done = typed("check", "my.toml")
    assert "did you mean 'truncation'" in done.stderr
    assert "routes.0.target" in done.stderr
    assert done.returncode == 2
    assert "did you mean 'network'" in done.stderr
    assert "seed" in done.stderr


def test_a_film_has_exact_frames_the_songs_own_samples_and_is_the_same_twice(typed: Typed, tmp_path: Path) -> None:
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


@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_or_a_closed_terminal_leaves_a_playable_film(tmp_path: Path, way: signal.Signals) -> None:
    song(tmp_path / "song.wav", 60.0)
    command = [sys.executable, str(ROOT / "main.py"), "render", "song.wav", "-o", "film.mp4", "--size", "128x128"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as made:
        try:
            part = tmp_path / f"film.part-{made.pid}.mp4"
            until(lambda: part.exists() and part.stat().st_size > 20_000, "some of the film")
            made.send_signal(way)
            _, told = made.communicate(timeout=60)
        finally:
            made.kill()
    assert made.returncode == 0, told
    assert "stopped early" in told
    assert not part.exists()
    assert len(frames(tmp_path / "film.mp4")) > 10


def test_a_headless_show_reports_itself_and_records(typed: Typed, tmp_path: Path) -> None:
    words = ("--headless", "--input", "demo", "--duration", "3", "--size", "256x256", "--journal", "show.jsonl")
    done = typed("play", *words, "--record", "out.mp4", "--report", "report.json")
    assert done.returncode == 0, done.stderr
    facts = json.loads((tmp_path / "report.json").read_text())
    wanted = "frames dropped fps interval_ms latency_ms overruns missed_hops faults device network scene"
    assert list(facts) == [*wanted.split(), "rss_mb_start", "rss_mb_end"]
    assert list(facts["interval_ms"]) == ["p50", "p95", "p99", "max"]
    assert facts["frames"] > 10
    assert facts["faults"] == 0
    assert len(frames(tmp_path / "out.mp4")) > 10
    with av.open(str(tmp_path / "out.mp4")) as film:
        assert film.streams.audio[0].codec_context.sample_rate == 48000
    assert json.loads((tmp_path / "show.jsonl").read_text().splitlines()[0])["scene"] == "default"


def test_a_draft_nobody_asked_for_is_left_out_and_said_so(typed: Typed, tmp_path: Path) -> None:
    drafts = tmp_path / "config" / "livegan" / "scenes"
    drafts.mkdir(parents=True)
    (drafts / "draft.toml").write_text('title = "x"\nnetwrok = "y"\n')
    done = typed(*PLAY)
    assert done.returncode == 0, done.stderr
    assert "'draft' is left out; type: livegan check draft" in done.stderr
    assert typed(*PLAY, "--scene", "draft").returncode == 2


def test_an_older_film_outlives_a_show_that_cannot_begin(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "old.mp4").write_bytes(b"an older film")
    for wrong in (("--input", "Scarlet"), ("--input", "demo", "--journal", "no/where.jsonl")):
        assert typed("play", "--headless", "--duration", "1", "--record", "old.mp4", *wrong).returncode == 2
    assert (tmp_path / "old.mp4").read_bytes() == b"an older film"
    assert not list(tmp_path.glob("*.part-*"))


def test_a_film_never_overwrites_its_own_song(typed: Typed, tmp_path: Path) -> None:
    song(tmp_path / "song.wav", 0.2).rename(tmp_path / "song.mp4")
    before = (tmp_path / "song.mp4").read_bytes()
    assert typed("render", "song.mp4", "-o", "song.mp4").returncode == 2
    assert typed("play", "--headless", "--input", "song.mp4", "--record", "./song.mp4").returncode == 2
    assert (tmp_path / "song.mp4").read_bytes() == before


def test_anywhere_plays_the_demo_into_a_film_and_says_so(typed: Typed, tmp_path: Path) -> None:
    done = typed("play", "--anywhere", "--duration", "2")
    assert done.returncode == 0, done.stderr
    assert "playing the demo track" in done.stderr
    assert "out/first-show.mp4" in done.stderr
    assert frames(tmp_path / "out" / "first-show.mp4")
