"""Films drawn by worker processes are those of one process, to the byte, whatever happens to the workers."""

import os
import signal
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from livegan.cli import app
from livegan.config.load import load_venue
from livegan.engine.drawing import Drawn
from livegan.errors import LiveganError
from livegan.studio import render
from livegan.studio.distributed.frames import draw_plans
from livegan.studio.distributed.local_pool import LocalPool
from livegan.studio.distributed.pools import HERE, WorkerOptions
from livegan.studio.film_job import RenderJob
from tests.tiny_networks import tiny

SCENE = """title = "Tiny"
network = ["{0}", "{1}"]
chain = ["trails"]
[bank]
mode = "fade"
[parameters]
"network.position" = 0.5
"effect.trails" = 0.5
"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two networks, a scene that fades between them, and five seconds of a song."""
    folder = tmp_path_factory.mktemp("stage")
    for seed, name in enumerate(("one", "two")):
        tiny(folder, "stylegan2", name, seed, c_dim=0)
    (folder / "tiny.toml").write_text(SCENE.format(folder / "one.json", folder / "two.json"))
    rng = np.random.default_rng(0)
    soundfile.write(folder / "song.wav", rng.standard_normal((120000, 1)).astype(np.float32) * 0.1, 24000)
    return folder


def film(stage: Path, name: str, workers: WorkerOptions, said: list[str] | None = None) -> bytes:
    """The bytes of a film."""
    job = RenderJob(
        stage / "song.wav",
        stage / f"{name}.mkv",
        str(stage / "tiny.toml"),
        Fraction(20),
        (64, 64),
        codec="ffv1",
        workers=workers,
    )
    result = render.render_film(job, load_venue(), (said if said is not None else []).append)
    assert (result.frames, result.stopped) == (100, False)
    return result.path.read_bytes()


@pytest.fixture(scope="module")
def plain(stage: Path) -> bytes:
    return film(stage, "plain", HERE)


def killing(at: int) -> Any:
    """`draw_plans`, with a worker that is ready killed before that frame."""

    def draw(scheduler: Any, plans: Any) -> Iterator[tuple[Any, Drawn]]:
        for number, pair in enumerate(draw_plans(scheduler, plans)):
            if number == at:
                pool = scheduler._carrier
                assert isinstance(pool, LocalPool)
                ready = next(number for number, worker in scheduler._workers.items() if worker.ready)
                os.kill(pool._processes[ready].process.pid, signal.SIGKILL)
            yield pair

    return draw


def test_a_film_of_two_workers_one_of_them_killed_is_that_of_one_process(
    stage: Path, plain: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(render, "draw_plans", killing(30))
    said: list[str] = []
    assert film(stage, "two", WorkerOptions(2), said) == plain
    assert any("1 worker ended early" in line and "nothing is missing" in line for line in said)


def test_what_ctrl_c_stopped_leaves_no_worker_and_this_process_finishes_it(
    stage: Path, plain: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids: list[int] = []

    def interrupted(scheduler: Any, plans: Any) -> Iterator[tuple[Any, Drawn]]:
        for pair in draw_plans(scheduler, plans):
            if pair[0].index == 90:
                pids.extend(each.process.pid for each in scheduler._carrier._processes.values())
                os.kill(os.getpid(), signal.SIGINT)
            yield pair

    monkeypatch.setattr(render, "draw_plans", interrupted)
    with pytest.raises(AssertionError):
        film(stage, "resumed", WorkerOptions(1))
    assert len(pids) == 1
    assert not Path(f"/proc/{pids[0]}").exists()
    assert [path.name for path in stage.glob("resumed.parts-*/*.mkv")] == ["000000.mkv"]
    said: list[str] = []
    assert film(stage, "resumed", HERE, said) == plain
    assert any("Going on at 0:04" in line for line in said)


@pytest.mark.parametrize("words", [["--ray", "song.wav"], ["song.wav", "--ray", "elsewhere"]])
def test_an_address_that_is_none_is_refused(words: list[str]) -> None:
    result = CliRunner().invoke(app, ["render", *words])
    assert isinstance(result.exception, LiveganError | SystemExit)
    assert "--ray" in str(result.exception) or "song" in result.output
