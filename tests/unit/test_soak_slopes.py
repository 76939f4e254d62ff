"""Slopes of long runs, and what a player does in one."""

import os
import random
from math import isnan
from pathlib import Path

import numpy as np
import pytest

from livegan.config.load import load_setlist
from livegan.control.osc_packet import messages_of
from tests.osc_shows import Hands
from tests.soak.long_run import message, sample, write_setlist
from tests.soak.slopes import Row, Sample, rows, settled, slope_an_hour, table, thinned


def run(hours: float = 2, mb: float = 0.0, files: float = 0.0, late: float = 0.0) -> list[Sample]:
    """A run that grows by so much an hour after it has settled, with some noise."""
    rng, made = np.random.default_rng(1), []
    for time_s in np.arange(0, hours * 3600, 10.0):
        warm = 200 * min(time_s / 500, 1)
        grown = max(time_s - 600, 0) / 3600
        rss = 400 + warm + mb * grown + rng.normal() * 0.5
        frames = int(time_s * 60)
        made.append(Sample(time_s, rss, 40 + int(files * grown), 20, 9.0 + rng.normal(), frames, int(frames * late)))
    return made


def test_what_grows_is_told_from_what_is_noise() -> None:
    figures = {row.what: row for row in rows(run(), 0)}
    assert all(row.kept for row in figures.values()), figures
    assert abs(figures["memory"].value) < 0.5
    grown = {row.what: row for row in rows(run(mb=3.0, files=5.0, late=0.002), 1)}
    assert grown["memory"].value == pytest.approx(3.0, abs=0.5)
    over = {name for name, row in grown.items() if not row.kept}
    assert over == {"memory", "file descriptors", "late pictures", "faults"}


def test_a_peak_is_no_growth_and_too_little_is_no_proof() -> None:
    times = np.arange(100.0)
    peak = np.where(times == 50, 900.0, 1.0)
    assert slope_an_hour(times, peak) == 0
    assert slope_an_hour(times, 2 * times) == pytest.approx(7200)
    assert isnan(slope_an_hour([1.0], [1.0]))
    assert not Row("memory", float("nan"), 1.0, "").kept
    assert not any(row.kept for row in rows([], 0) if row.what != "faults")


def test_the_beginning_does_not_count() -> None:
    assert settled(run())[0].time_s == 600
    assert settled(run(hours=0.1))[0].time_s == pytest.approx(120, abs=10)
    assert len(thinned(run())) <= 1001
    assert thinned(run())[-1] == run()[-1]
    assert "| memory | 0.5 MB an hour | 1 MB an hour | ok |" in table([Row("memory", 0.5, 1.0, "MB an hour")])


def test_its_setlist_and_its_messages_are_understood(tmp_path: Path) -> None:
    write_setlist(tmp_path / "set.toml")
    assert len(load_setlist(str(tmp_path / "set.toml")).table.entries) > 5
    hands, rng = Hands(), random.Random(1)
    server = hands.server()
    for number in range(240):
        datagram = message(rng, number)
        assert len(messages_of(datagram)[0]) == 1
        if not datagram.startswith(b"/cue"):  # its scenes are not those of this board
            server.receive(datagram, None, 1.0 + number)
            server.flush()
    assert server.refused == 0
    assert hands.events
    assert hands.words


def test_a_process_is_sampled() -> None:
    found = sample(os.getpid(), 3.0)
    assert found.rss_mb > 10
    assert found.files > 2
    assert found.threads >= 1
    with pytest.raises(OSError, match="No such"):
        sample(2**22 + 1, 0.0)
