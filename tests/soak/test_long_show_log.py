"""Fifteen minutes of a show on a clock that does not wait: it does not grow, and its log, broken off, gives it again.

LIVEGAN_LOG_S: another length [s]; LIVEGAN_LOG_FPS: another rate; LIVEGAN_LOG_SCENES: other scenes; LIVEGAN_LOG_RAY=1:
the two workers are Ray's.
"""

import os
import re
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from livegan.cli import app
from tests.soak.long_run import sample
from tests.soak.slopes import Sample, rows
from tests.stepped_shows import stepped_show

pytestmark = pytest.mark.slow

SECONDS = float(os.environ.get("LIVEGAN_LOG_S", "900"))
FPS = float(os.environ.get("LIVEGAN_LOG_FPS", "30"))
SCENES = os.environ.get("LIVEGAN_LOG_SCENES", "default,patterns,heartbeat,tide,lucid,mandala")
WORKERS = ["--ray", "--workers", "2"] if os.environ.get("LIVEGAN_LOG_RAY") else ["--workers", "2"]
MOST_MB_AN_HOUR = 20
MOST_GROWTH_MB = 20.0  # an hour; a real one is held to 1 MB by eight_hours.sh, fifteen minutes are too few for that
SAMPLE_S = 10.0


def play(path: Path) -> tuple[int, list[Sample]]:
    """Play a show by hand, frame after frame, with a player who is never still; frames, and a sample every 10 s."""
    rng, samples = Random(19), list[Sample]()
    with stepped_show(path, SCENES.split(","), fps=FPS) as stepped:
        show = stepped.runtime
        for k in range(round(SECONDS * FPS)):
            stepped.step()
            if k % round(FPS / 2) == 0:
                stepped.move(rng)
            if k % round(FPS * SAMPLE_S) == 0:
                samples.append(sample(os.getpid(), k / FPS))
    assert show.performer.guard.faults == 0, show.performer.guard.newest
    assert show._log is not None
    assert show._log.dropped == 0
    return show.published, samples


def check_growth(samples: list[Sample]) -> None:
    """It does not grow: files and threads not at all, memory by no more than what a whole night has room for."""
    figures = {row.what: row.value for row in rows(samples, 0)}
    print(figures)
    assert figures["file descriptors"] == 0
    assert figures["threads"] == 0
    assert figures["memory"] < MOST_GROWTH_MB


def test_fifteen_minutes_do_not_grow_and_are_planned_again_equal_twice_and_on_two_workers(tmp_path: Path) -> None:
    path, runner = tmp_path / "show.log", CliRunner()
    frames, samples = play(path)
    check_growth(samples)
    megabytes = path.stat().st_size / 1e6 * 3600 / SECONDS
    print(f"{frames} frames, {path.stat().st_size} bytes, {megabytes:.1f} MB an hour")
    assert megabytes < MOST_MB_AN_HOUR
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - len(whole) // 200])  # the machine died
    told = []
    for number, more in enumerate(([], [], WORKERS)):
        words = ["render", str(path), "-o", str(tmp_path / f"{number}.mp4"), "--device", "cpu", *more]
        done = runner.invoke(app, words, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        told.append(re.findall(r"(all \d+|\d+ of \d+) plans are equal", done.stderr))
        print(told[-1])
    assert told[0] == told[1] == told[2]
    assert told[0][0].startswith("all ")
    assert frames * 0.98 < int(told[0][0].split()[1]) < frames
