"""Five minutes of the show: it neither grows nor stumbles. LIVEGAN_SOAK_S makes it shorter or longer [s]."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.deadline import until
from tests.screen import ROOT

pytestmark = pytest.mark.slow

DURATION_S = float(os.environ.get("LIVEGAN_SOAK_S", "300"))
GROWTH_MB = 10.0


def rss_mb(process: "subprocess.Popen[str]") -> float:
    """Memory in use [MiB] (man 5 proc: statm counts pages)."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def play_on(process: "subprocess.Popen[str]", seconds: float) -> None:
    with suppress(subprocess.TimeoutExpired):
        code = process.wait(timeout=seconds)
        raise AssertionError(f"the show ended early, with {code}")


def test_a_long_show_does_not_grow(tmp_path: Path) -> None:
    log, journal, report = tmp_path / "show.log", tmp_path / "show.jsonl", tmp_path / "report.json"
    command = [sys.executable, "main.py", "play", "--headless", "--input", "demo", "--duration", str(DURATION_S)]
    command += ["--journal", str(journal), "--report", str(report)]
    with log.open("w") as out, subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, text=True) as process:
        try:
            until(lambda: process.poll() is not None or (journal.exists() and journal.stat().st_size), "the show")
            play_on(process, DURATION_S * 0.2)
            early_mb = rss_mb(process)
            play_on(process, DURATION_S * 0.75)
            late_mb = rss_mb(process)
            assert process.wait(timeout=DURATION_S * 0.1 + 60) == 0, log.read_text()
        finally:
            process.kill()
    facts = json.loads(report.read_text())
    assert facts["faults"] == 0
    assert facts["frames"] > DURATION_S
    assert late_mb - early_mb < GROWTH_MB, f"from {early_mb:.1f} to {late_mb:.1f} MB"
