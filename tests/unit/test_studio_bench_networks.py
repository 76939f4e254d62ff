"""Benchmark of network backends: the textbook is right, candidates take turns, the table has what was measured."""

import json
import threading
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import pytest
import torch

from livegan.rendering.accuracy import psnr_db
from livegan.studio import bench_networks
from livegan.studio.bench_networks import (
    HALF,
    KEPT,
    OPENVINO,
    PLAIN,
    SHAPES,
    SINGLE,
    TORCH,
    plain,
    random_network,
    table,
)
from tests.benchmarks.textbook import textbook

CANDIDATES = (PLAIN, KEPT, TORCH, OPENVINO)


def test_the_textbook_draws_the_pictures_of_the_plain_forward() -> None:
    torch.set_num_threads(1)
    network = random_network("house")
    ws = torch.randn(network.num_ws, network.w_dim, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        ours, theirs = plain(network)(ws), textbook(network)(ws)
    assert ours.float().std() > 16
    assert psnr_db(ours, theirs) > 70


@pytest.mark.parametrize("candidate", [PLAIN, TORCH, OPENVINO])
def test_a_worker_draws_its_network_as_often_as_asked(candidate: str) -> None:
    pipe, child_end = Pipe()
    worker = threading.Thread(target=bench_networks._work, args=(child_end, candidate, 1, textbook))
    worker.start()
    try:
        text, pictures = bench_networks._ask(pipe, "make", "house")
        times_ms = bench_networks._ask(pipe, "draw", 2)
    finally:
        pipe.close()
        worker.join()
    assert "1 thread" in text
    assert [picture.shape for picture in pictures] == [(256, 256, 3)] * bench_networks.COMPARED_FRAMES
    assert not np.array_equal(pictures[0], pictures[1])
    assert len(times_ms) == 2
    assert min(times_ms) > 0


@pytest.mark.parametrize("candidate", [PLAIN, HALF, SINGLE])
def test_candidates_of_a_gpu_draw_the_same_on_any_device_of_torch(candidate: str) -> None:
    network = random_network("house")
    with torch.inference_mode():
        draw, text, _, ws = bench_networks._candidate(candidate, 1, plain, network, "cpu")
        if candidate == HALF:  # too slow on a CPU to be drawn
            assert "fp16" in text
        else:
            assert psnr_db(draw(ws[0]), plain(network)(ws[0])) > 60


def test_a_worker_that_fails_is_noticed_instead_of_waited_for() -> None:
    def broken(network: object) -> bench_networks.Draw:
        raise RuntimeError("cannot be drawn here")

    def work() -> None:
        with suppress(RuntimeError):
            bench_networks._work(child_end, PLAIN, 1, broken)

    pipe, child_end = Pipe()
    worker = threading.Thread(target=work)
    worker.start()
    with pytest.raises(EOFError):
        bench_networks._ask(pipe, "make", "house")
    worker.join()
    pipe.close()


class Fake:
    """A worker whose pictures take a known time."""

    def __init__(self, ms: float, level: int, requests: list[tuple[str, Any]]) -> None:
        self.ms, self.level, self.requests = ms, level, requests
        self.answer: Any = None

    def send(self, message: tuple[str, Any]) -> None:
        self.requests.append(message)
        request, argument = message
        picture = np.full((8, 8, 3), self.level, np.uint8)
        self.answer = ("a text", [picture, picture]) if request == "make" else [self.ms] * argument

    def recv(self) -> Any:
        return self.answer


def test_candidates_take_turns_and_ratios_are_those_of_their_times() -> None:
    requests: list[tuple[str, Any]] = []
    costs_ms = dict(zip(CANDIDATES, (40.0, 30.0, 10.0, 5.0), strict=True))
    workers: dict[str, Connection] = {
        name: Fake(ms, 100 if name == PLAIN else 101, requests)  # type: ignore[misc]
        for name, ms in costs_ms.items()
    }
    rows = bench_networks._compare(workers, "house", 2, 7)
    turns = [argument for request, argument in requests if request == "draw"]
    assert turns == [bench_networks.TURN_FRAMES] * 4 + [7 - bench_networks.TURN_FRAMES] * 4
    assert [row["ms"] for row in rows] == [40, 30, 10, 5]
    assert [row["times_plain"] for row in rows] == [1, 1.33, 4, 8]
    assert [row["times_kept"] for row in rows] == [0.75, 1, 3, 6]
    assert rows[3]["fps"] == 200
    assert [row["db"] for row in rows] == [99, 48.1, 48.1, 48.1]


def test_the_table_has_every_row_and_the_figures_are_json() -> None:
    row = {"shape": "house", "pixels": [8, 8], "threads": 1, "text": "x", "ms": 12.344, "least_ms": 11.5, "fps": 81.0}
    rows = [row | {"way": name, "times_plain": 3.21, "times_kept": 2.5, "db": 50.1} for name in CANDIDATES]
    figures = {"machine": "a machine", "forward": "textbook.textbook", "rows": rows}
    text = table(json.loads(json.dumps(figures)))
    assert "a machine" in text
    assert "textbook.textbook" in text
    for name in CANDIDATES:
        line = next(line for line in text.splitlines() if line.startswith("house") and f" {name:19} " in line)
        assert line.split()[-6:] == ["12.34", "11.50", "81.0", "3.21", "2.50", "50.1"]


def test_every_shape_is_a_whole_network() -> None:
    for name, (channels, w_dim, frames) in SHAPES.items():
        assert len(channels) >= 3
        assert min(*channels, w_dim, frames) > 0
        if name.split("-")[0].isdigit():
            assert 4 << (len(channels) - 1) == int(name.split("-")[0])
