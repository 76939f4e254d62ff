"""`livegan doors` from the shell: scenes are played, a black one is found, and Ctrl-C keeps what was found."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from livegan.studio import doors
from livegan.studio.doors_play import Rehearsal, SceneFigures
from tests.shell import Run, runner_here

MOVING = 'title = "Moving"\nnetwork = "plain"\nfade_s = 0.2\n[parameters]\n"motion.speed" = 2.0\n'
BLACK = 'title = "Black"\nnetwork = "plain"\nfade_s = 0.2\n[parameters]\n"effect.dim" = 1.0\n'
WORDS = ("doors", "--venue", "venue.toml", "--headless", "--seconds", "1", "--fps", "20", "--input", "demo")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    (tmp_path / "moving.toml").write_text(MOVING)
    (tmp_path / "black.toml").write_text(BLACK)
    (tmp_path / "venue.toml").write_text("[osc]\nenabled = false\n")  # its port may be another test's
    return runner_here(tmp_path, monkeypatch, capsys, XDG_CACHE_HOME=str(tmp_path / "cache"), LIVEGAN_MIDI_API="alsa")


def test_every_scene_is_played_recorded_and_judged(run: Run, tmp_path: Path) -> None:
    typed = run(*WORDS, "-s", "moving.toml", "-s", "black.toml", "--record", "film.mkv", "--json")
    facts = json.loads(typed.stdout)
    assert typed.returncode == 1, typed.stderr
    assert "2 scenes, 1 s each: about 5 s." in typed.stderr
    moving, black = facts["scenes"]
    assert moving["motion"] > 0.001
    assert moving["brightness"] > 0.1
    assert moving["transition_ms"] is None
    assert black["transition_ms"]["p99"] > 0
    assert all(row["frames"] > 0 and row["interval_ms"]["p50"] > 0 and row["rss_mb"] > 0 for row in facts["scenes"])
    verdicts = {check["what"]: check for check in facts["checks"]}
    assert verdicts["black.toml"]["verdict"] == "fail"
    assert "it is black" in verdicts["black.toml"]["detail"]
    assert "black" not in verdicts["moving.toml"]["detail"]
    assert "hours at" in verdicts["film.mkv"]["detail"]
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "black.toml",
        "doors.html",
        "moving.toml",
        "venue.toml",
    ]
    page = (tmp_path / "doors.html").read_text()
    assert page.count("data:image/jpeg") == 2


def test_a_scene_with_mistakes_fails_before_anything_plays(run: Run, tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text('title = "W"\nnetwork = "plain"\n[parameters]\n"motion.sped" = 1.0\n')
    typed = run(*WORDS, "-s", "wrong.toml", "--html", "page.html")
    assert typed.returncode == 1
    assert "motion.speed" in typed.stdout
    assert "Not ready: 1 failed" in typed.stdout
    assert (tmp_path / "page.html").exists()


def test_ctrl_c_keeps_what_was_found(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken_off(_: Rehearsal) -> Iterator[SceneFigures]:
        yield SceneFigures("moving.toml", "Moving", "plain", fps=20.0, frames=20, brightness=0.3, motion=0.01)
        raise KeyboardInterrupt

    monkeypatch.setattr(doors.Rehearsal, "play", broken_off)
    typed = run(*WORDS, "-s", "moving.toml", "--record", "film.mkv")
    assert typed.returncode == 1
    assert "ok   Scenes    moving.toml" in typed.stdout
    assert "Broken off: no failure so far" in typed.stdout
    assert "Moving" in (tmp_path / "doors.html").read_text()
    assert not (tmp_path / ".doors-0.mkv").exists()


def test_two_choices_of_scenes_are_refused(run: Run) -> None:
    typed = run(*WORDS, "--set", "evening", "-s", "moving.toml")
    assert typed.returncode == 2
    assert "leave one of them out" in typed.stderr
