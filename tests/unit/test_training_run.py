"""Laws of a training run: it goes on exactly, loses nothing when it ends, and says what to type."""

import errno
import io
import json
import math
import re
import signal
import subprocess
import sys
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console
from safetensors import SafetensorError

from livegan.core.clock import Clock, ManualClock
from livegan.core.text import duration_text, quoted
from livegan.errors import NetworkError, TrainingError
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.networks.info import read_info
from livegan.networks.library import find_network, find_networks, open_network
from livegan.training import run as run_module
from livegan.training.checkpoint import Checkpoint, Origins, load_checkpoint, save_checkpoint
from livegan.training.distributed import ProcessGroup
from livegan.training.generator import init_generator
from livegan.training.log import RunLog
from livegan.training.progress import ProgressBar, RunStats, status_line
from livegan.training.run import MAX_BROKEN_STEPS, RunOptions, RunResult, enough_memory, run
from livegan.training.run_folder import NAME, lock_folder
from livegan.training.settings import PRESETS, Settings, to_json_table
from livegan.training.snapshots import (
    COLUMNS,
    ModelCard,
    draw_sheet,
    latents,
    snapshot_name,
    snapshot_schedule,
    to_half,
    write_snapshot,
)
from livegan.training.tensorboard import tensorboard

torch.set_num_threads(1)
SETTINGS = Settings("tiny-64", (4, 4), (4, 4), 6, 8, 2, batch=10, kimg=1)
CARD = ModelCard("A title", "Some pictures", ("ember", "moss", "ice"), command="livegan train x", licence="CC0-1.0")
ALONE = ProcessGroup()


class Restless:
    """A method whose network is moved a little by every step, by generator of (seed, step)."""

    def __init__(self, settings: Settings, c_dim: int = 3, clock: ManualClock | None = None) -> None:
        self.settings, self.clock = settings, clock
        self.network = init_generator(settings.shape(c_dim), settings.seed)
        self.average = init_generator(settings.shape(c_dim), settings.seed)
        self.shown = 0
        self.hook: Callable[[int], float | None] = lambda shown: None

    def step(self) -> dict[str, float]:
        generator = torch.Generator().manual_seed(self.shown)
        with torch.no_grad():
            for ours, kept in zip(self.network.parameters(), self.average.parameters(), strict=True):
                ours += 0.01 * torch.randn(ours.shape, generator=generator)
                kept.lerp_(ours, 0.5)
        self.shown += self.settings.batch
        if self.clock is not None:
            self.clock.wait_until(self.clock.now() + 1.0)
        loss = self.hook(self.shown)
        return {"loss_g": 1.0 / self.shown if loss is None else loss, "p": 0.25}

    def state(self) -> dict[str, Any]:
        return {
            "shown": self.shown,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
        }

    def close(self) -> None:
        pass

    def restore(self, state: dict[str, Any]) -> None:
        self.shown = state["shown"]
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])


def go(
    folder: Path,
    trainer: Restless,
    options: RunOptions | None = None,
    messages: list[str] | None = None,
    process_group: ProcessGroup = ALONE,
) -> RunResult:
    notify = (messages if messages is not None else []).append
    options = options or RunOptions(snapshots=())
    return run(trainer, folder, trainer.settings, CARD, options, process_group, notify, clock=trainer.clock)


def same(one: StyleGAN2, other: StyleGAN2) -> bool:
    expected = other.state_dict()
    return all(torch.equal(tensor, expected[name]) for name, tensor in one.state_dict().items())


def log_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(text) for text in (folder / "log.jsonl").read_text().splitlines()]


def test_a_run_ends_when_enough_is_shown_and_keeps_everything(tmp_path: Path) -> None:
    trainer = Restless(SETTINGS, clock=ManualClock())
    messages: list[str] = []
    outcome = go(tmp_path, trainer, RunOptions(), messages)
    assert (outcome.kimg, outcome.stopped, outcome.seconds) == (1.0, False, 100.0)
    assert outcome.numbers["p"] == 0.25
    kept = load_checkpoint(tmp_path)
    assert kept.settings == SETTINGS
    assert kept.state["shown"] == 1000
    again = Restless(SETTINGS)
    again.restore(kept.state)
    assert same(again.network, trainer.network)
    assert "livegan train --resume" in messages[-1]
    assert json.loads((tmp_path / "settings.json").read_text())["batch"] == 10
    assert not list(tmp_path.glob(".*"))


def test_stopped_and_resumed_is_the_same_as_never_stopped(tmp_path: Path) -> None:
    whole = Restless(SETTINGS, clock=ManualClock())
    go(tmp_path / "whole", whole)
    first = Restless(SETTINGS, clock=ManualClock())
    first.hook = lambda shown: signal.raise_signal(signal.SIGINT) if shown == 370 else None
    messages: list[str] = []
    stopped = go(tmp_path / "parts", first, messages=messages)
    assert (stopped.stopped, stopped.kimg) == (True, 0.37)  # the step is finished, no other is begun
    assert f"livegan train --resume {tmp_path / 'parts'}" in messages[-1]
    kept = load_checkpoint(tmp_path / "parts")
    second = Restless(SETTINGS, clock=ManualClock())
    second.restore(kept.state)
    ended = go(tmp_path / "parts", second, RunOptions(snapshots=(), seconds=kept.seconds))
    assert (ended.stopped, ended.seconds) == (False, 100.0)
    assert same(second.average, whole.average)
    moments = [entry["kimg"] for entry in log_of(tmp_path / "parts")]
    assert moments == sorted(set(moments))
    assert (moments[:4], moments[-1]) == ([0.1, 0.2, 0.3, 0.37], 1.0)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_every_polite_signal_stops_cleanly_and_handlers_come_back(name: str, tmp_path: Path) -> None:
    if not hasattr(signal, name):
        pytest.skip("not on this system")
    number = getattr(signal, name)
    before = signal.getsignal(number)
    trainer = Restless(SETTINGS, clock=ManualClock())
    trainer.hook = lambda shown: signal.raise_signal(number) if shown == 50 else None
    assert go(tmp_path, trainer).stopped
    assert load_checkpoint(tmp_path).state["shown"] == 50
    assert signal.getsignal(number) is before


def test_one_press_that_comes_twice_is_one_and_a_second_press_does_not_wait(tmp_path: Path) -> None:
    trainer = Restless(SETTINGS, clock=ManualClock())

    def twice(shown: int) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)

    trainer.hook = twice
    assert go(tmp_path / "one", trainer).kimg == 0.01
    clock = ManualClock()
    trainer = Restless(SETTINGS, clock=clock)

    def later(shown: int) -> None:
        signal.raise_signal(signal.SIGINT)
        clock.wait_until(clock.now() + 10)
        signal.raise_signal(signal.SIGINT)

    trainer.hook = later
    with pytest.raises(KeyboardInterrupt):
        go(tmp_path / "two", trainer)


def test_a_run_in_another_thread_hears_no_signals_but_runs(tmp_path: Path) -> None:
    results: list[RunResult] = []
    thread = threading.Thread(target=lambda: results.append(go(tmp_path, Restless(SETTINGS))))
    thread.start()
    thread.join()
    assert results[0].kimg == 1.0


def test_checkpoints_come_by_time_and_the_log_by_ticks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    save = run_module.save_checkpoint
    monkeypatch.setattr(
        run_module, "save_checkpoint", lambda folder, kept: (written.append(kept.state["shown"]), save(folder, kept))
    )
    trainer = Restless(SETTINGS, clock=ManualClock())  # a step takes a second
    go(tmp_path, trainer, RunOptions(snapshots=(), checkpoint_s=30))
    assert written == [300, 600, 900, 1000]
    log = log_of(tmp_path)
    assert [entry["kimg"] for entry in log] == [index / 10 for index in range(1, 11)]
    assert log[0]["loss_g"] == pytest.approx(
        sum(1 / (10 * step) for step in range(1, 11)) / 10
    )  # the mean of its steps
    assert log[-1]["pictures_per_s"] == 10.0


def test_a_full_disk_does_not_end_the_training_before_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def full(folder: Path, kept: Checkpoint) -> None:
        tried.append(kept.state["shown"])
        raise TrainingError("the disk is full")

    monkeypatch.setattr(run_module, "save_checkpoint", full)
    messages: list[str] = []
    with pytest.raises(TrainingError, match="full"):
        go(tmp_path, Restless(SETTINGS, clock=ManualClock()), RunOptions(snapshots=(), checkpoint_s=40), messages)
    assert tried == [400, 800, 1000]
    assert sum("training goes on" in sentence for sentence in messages) == 2


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory: you tried"),
        MemoryError(),
    ],
)
def test_where_memory_ends_half_the_batch_is_advised(error: BaseException, tmp_path: Path) -> None:
    trainer = Restless(SETTINGS)

    def end(shown: int) -> float | None:
        raise error

    trainer.hook = end
    with pytest.raises(TrainingError, match=r"--batch 10; type the same with: --batch 5"):
        go(tmp_path, trainer)
    save_checkpoint(tmp_path, Checkpoint(SETTINGS, {}))
    with pytest.raises(TrainingError, match=r"--resume .* --batch 5"):
        go(tmp_path, trainer)


@pytest.mark.parametrize(
    ("batch", "processes", "advice"),
    [
        (32, 1, "--batch 16"),
        (10, 1, "--batch 5"),
        (48, 2, "--batch 24"),
        (24, 2, "--batch 8"),  # 12 leave six to each, and groups are of four
        (9, 3, "--batch 3"),
        (8, 2, "--preset house-256"),
        (2, 1, "--preset house-256"),
    ],
)
def test_the_batch_that_is_advised_can_be_shared(batch: int, processes: int, advice: str, tmp_path: Path) -> None:
    settings = replace(PRESETS["house-512"], batch=batch)
    with pytest.raises(TrainingError, match=advice), enough_memory(settings, tmp_path, processes):
        raise MemoryError
    smallest = replace(PRESETS["tiny-64"], batch=2)
    with pytest.raises(TrainingError, match=r"close other programs$"), enough_memory(smallest, tmp_path):
        raise MemoryError


def test_other_errors_are_not_taken_for_a_lack_of_memory(tmp_path: Path) -> None:
    trainer = Restless(SETTINGS)

    def end(shown: int) -> float | None:
        raise RuntimeError("size mismatch")

    trainer.hook = end
    with pytest.raises(RuntimeError, match="mismatch"):
        go(tmp_path, trainer)


def test_losses_that_stay_broken_end_the_run_and_are_never_kept(tmp_path: Path) -> None:
    trainer = Restless(SETTINGS, clock=ManualClock())
    trainer.hook = lambda shown: math.nan if shown > 400 else None
    with pytest.raises(TrainingError, match=r"--resume .* --lr 0.00125"):
        go(tmp_path, trainer, RunOptions(snapshots=(0.5,), checkpoint_s=20))
    assert trainer.shown == 400 + 10 * MAX_BROKEN_STEPS
    assert load_checkpoint(tmp_path).state["shown"] == 400
    assert not (tmp_path / "snapshots").exists()
    assert log_of(tmp_path)[-1]["loss_g"] is None  # JSON knows no NaN


def test_losses_that_recover_do_not_end_it(tmp_path: Path) -> None:
    trainer = Restless(SETTINGS, clock=ManualClock())
    trainer.hook = lambda shown: math.inf if shown % 100 else None
    assert not go(tmp_path, trainer).stopped


def test_only_the_first_process_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[float]] = []
    monkeypatch.setattr(ProcessGroup, "mean", lambda self, numbers: asked.append(list(numbers)) or list(numbers))
    outcome = go(tmp_path / "none", Restless(SETTINGS), RunOptions(), process_group=ProcessGroup(1, 2))
    assert outcome.kimg == 1.0
    assert len(asked) == 100  # after every step all agree on whether to stop
    assert not (tmp_path / "none").exists()


def test_when_one_process_is_stopped_all_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ProcessGroup, "mean", lambda self, numbers: [0.5])
    assert go(tmp_path, Restless(SETTINGS), process_group=ProcessGroup(0, 2)).kimg == 0.01


def test_snapshots_are_networks_that_livegan_plays_with_all_that_belongs_to_them(tmp_path: Path) -> None:
    trainer = Restless(SETTINGS, clock=ManualClock())
    trainer.settings = replace(SETTINGS, kimg=4, batch=100)
    asked: list[StyleGAN2] = []

    def measure(network: StyleGAN2) -> dict[str, float]:
        asked.append(network)
        return {"distance": 12.5}

    go(tmp_path, trainer, RunOptions(measure=measure))
    folder = tmp_path / "snapshots"
    assert [info.name for info in find_networks(folder)] == ["000001", "000002", "000004"]
    assert asked == [trainer.average] * 3
    last = find_network(folder / "000004.json")
    assert (last.classes, last.licence, last.made_by) == (CARD.classes, "CC0-1.0", "livegan train x")
    played = open_network(last).state_dict()
    for name, tensor in trainer.average.state_dict().items():
        assert torch.allclose(played[name], tensor.float(), rtol=1e-3, atol=1e-4)
    for name in ("000004.png", "000004-sheet.png"):
        assert (folder / name).read_bytes()[:4] == b"\x89PNG"
    text = (folder / "000004.md").read_text()
    for word in ("Some pictures", "ember", "4 thousand", "Seed", "Machine", "livegan train x", "distance**: 12.5"):
        assert word in text
    assert [entry["distance"] for entry in log_of(tmp_path) if "snapshot" in entry] == [12.5] * 3


def test_a_run_that_goes_on_takes_only_the_snapshots_that_are_left(tmp_path: Path) -> None:
    trainer = Restless(SETTINGS)
    trainer.shown = 500
    go(tmp_path, trainer, RunOptions(snapshots=(0.2, 0.5, 1.0)))
    assert [path.stem for path in (tmp_path / "snapshots").glob("*.json")] == ["000001"]
    assert read_info(tmp_path / "snapshots" / "000001.json").title == "A title, 1 kimg"


def test_a_network_without_classes_and_one_of_large_numbers_can_be_kept(tmp_path: Path) -> None:
    network = init_generator(SETTINGS.shape(0), 1)
    with torch.no_grad():
        network.mapping.w_avg.fill_(1e6)  # more than float16 holds
    assert to_half(network)["mapping.w_avg"].dtype == torch.float32
    pictures, rows = draw_sheet(network)
    assert (len(pictures), rows) == (4 * COLUMNS, ())
    path = write_snapshot(network, tmp_path, 3.2, SETTINGS, ModelCard("T", "D"), 60.0, {})
    assert open_network(read_info(path)).w_avg.max() == 1e6


def test_rows_of_a_sheet_are_classes_and_columns_the_same_latents() -> None:
    network = init_generator(SETTINGS.shape(3), 1)
    pictures, rows = draw_sheet(network)
    assert (len(pictures), rows) == (3 * COLUMNS, (0, 1, 2))
    w = network.map(latents(6)[2:3], torch.eye(3)[1:2])
    with torch.no_grad():
        alone = network.synthesize(w[:, None].expand(-1, network.num_ws, -1))[0]
    shown = torch.from_numpy(pictures[COLUMNS + 2]).float()
    assert (shown - (alone * 127.5 + 128).clamp(0, 255).permute(1, 2, 0)).abs().max() <= 1.1


def test_snapshots_come_whole_and_anybody_who_may_read_the_folder_reads_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = init_generator(SETTINGS.shape(0), 1)
    path = write_snapshot(network, tmp_path, 1.0, SETTINGS, ModelCard("T", "D"), 0.0, {})
    weights = path.with_suffix(".safetensors")
    assert weights.stat().st_mode == path.stat().st_mode
    before, names = [one.read_bytes() for one in (weights, path)], sorted(tmp_path.iterdir())

    def half(tensors: object, where: Path) -> None:
        where.write_bytes(b"half of it")
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr("livegan.networks.weights.save_file", half)
    with pytest.raises(TrainingError, match="No space left"):
        write_snapshot(network, tmp_path, 1.0, SETTINGS, ModelCard("T", "D"), 0.0, {})
    assert [one.read_bytes() for one in (weights, path)] == before
    assert sorted(tmp_path.iterdir()) == names


def test_names_of_close_moments_differ_and_lie_in_their_order(tmp_path: Path) -> None:
    moments = (0.25, 0.5, 1.0, 1.25, 1.5, 2.0, 9.6, 10.0, 19.6, 20.0)
    names = [snapshot_name(moment) for moment in moments]
    assert (names[2], names[4], names[-1]) == ("000001", "000001_500", "000020")
    network = init_generator(SETTINGS.shape(0), 1)
    for moment in reversed(moments[1:5]):
        write_snapshot(network, tmp_path, moment, SETTINGS, ModelCard("T", "D"), 0.0, {})
    assert [info.name for info in find_networks(tmp_path)] == names[1:5]


def test_a_snapshot_of_another_moment_is_not_overwritten(tmp_path: Path) -> None:
    trainer = Restless(SETTINGS)
    trainer.settings = replace(SETTINGS, kimg=0.8)
    go(tmp_path, trainer, RunOptions(snapshots=(0.6,)))
    before = (tmp_path / "snapshots" / "000000_600.safetensors").read_bytes()
    trainer.settings = SETTINGS
    go(tmp_path, trainer, RunOptions(snapshots=(0.6, 1.0, 1.0)))
    assert [path.stem for path in sorted((tmp_path / "snapshots").glob("*.json"))] == [
        "000000_600",
        "000000_800",
        "000001",
    ]
    assert (tmp_path / "snapshots" / "000000_600.safetensors").read_bytes() == before


@pytest.mark.parametrize("kimg", [0.3, 1, 2.8, 300, 2500, 25000])
def test_moments_double_to_the_end_under_different_names(kimg: float) -> None:
    moments = snapshot_schedule(kimg)
    assert moments[-1] == kimg
    assert len({snapshot_name(moment) for moment in moments}) == len(moments) <= 8
    assert list(moments) == sorted(moments)
    assert len(moments) == 8 or kimg < 128


def test_a_checkpoint_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_checkpoint(tmp_path, Checkpoint(SETTINGS, {"shown": 1}, 5.0, Origins("a", 3, ("x", "y"), 2, True, "z")))
    assert load_checkpoint(tmp_path).origins == Origins("a", 3, ("x", "y"), 2, True, "z")

    def half(table: object, file: Any) -> None:
        file.write(b"half of it")
        raise RuntimeError("PytorchStreamWriter failed writing file")

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(TrainingError, match="cannot be written"):
        save_checkpoint(tmp_path, Checkpoint(SETTINGS, {"shown": 2}))
    assert load_checkpoint(tmp_path).state == {"shown": 1}
    assert not list(tmp_path.glob(".*"))


def test_a_checkpoint_that_knew_no_title_goes_on_and_one_that_does_keeps_it(tmp_path: Path) -> None:
    origins = Origins("a", 3, ("x", "y"), 2, title="T", licence="CC0-1.0", snapshots=(0.5, 20.0))
    save_checkpoint(tmp_path, Checkpoint(SETTINGS, {}, origins=origins))
    assert load_checkpoint(tmp_path).origins == origins
    table = torch.load(tmp_path / NAME, weights_only=True)
    for key in ("title", "licence", "snapshots"):
        del table["origins"][key]
    del table["settings"]["conv_clamp"]
    torch.save(table, tmp_path / NAME)
    assert load_checkpoint(tmp_path).origins == replace(origins, title="", licence="", snapshots=None)
    assert load_checkpoint(tmp_path).settings == SETTINGS


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("batch", "many"), ("batch", True), ("batch", 2.5), ("channels", 4), ("channels", [4, "4"]), ("kimg", "x")),
        *(("kimg", math.nan), ("noise", 1), ("augment", "wild"), ("augment", []), ("conv_clamp", "x"), ("preset", 3)),
    ],
)
def test_a_damaged_setting_is_named(key: str, value: object) -> None:
    assert Settings.read(to_json_table(SETTINGS)) == SETTINGS
    with pytest.raises(TrainingError, match=f"{key} is {re.escape(repr(value))}, not"):
        Settings.read(to_json_table(SETTINGS) | {key: value})


@pytest.mark.parametrize("origins", [[], 3, {"classes": 3}, {"classes": [], "c_dim": "x"}, {"colour": 1}])
def test_damaged_origins_are_reported(origins: object, tmp_path: Path) -> None:
    table = {"format": "livegan-checkpoint-1", "settings": to_json_table(SETTINGS), "state": {}, "seconds": 0}
    torch.save(table | {"origins": origins}, tmp_path / NAME)
    with pytest.raises(TrainingError):
        load_checkpoint(tmp_path)


def test_a_paired_run_does_not_go_back_to_smaller_pictures(tmp_path: Path) -> None:
    messages: list[str] = []
    go(tmp_path, Restless(SETTINGS), RunOptions(snapshots=(), origins=Origins(paired=True)), messages)
    assert messages == [f"{tmp_path}: 1 kimg are shown"]


@pytest.mark.parametrize(("platform", "typed"), [("win32", '"my run"'), ("linux", "'my run'")])
def test_a_hint_is_quoted_as_the_shell_here_wants_it(
    platform: str, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livegan.core.text.sys", types.SimpleNamespace(platform=platform))
    assert quoted(Path("my run")) == typed
    assert quoted("run") == "run"


class Trap:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return print, ("code was run",)


@pytest.mark.parametrize("case", ["none", "text", "cut", "code", "other", "half", "newer"])
def test_what_is_no_checkpoint_is_an_error_of_one_sentence(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / NAME
    save_checkpoint(tmp_path, Checkpoint(SETTINGS, {"shown": 1}))
    if case == "none":
        path.unlink()
    elif case == "text":
        path.write_text("hello")
    elif case == "cut":
        path.write_bytes(path.read_bytes()[:-300])
    elif case == "code":
        torch.save({"format": "livegan-checkpoint-1", "state": Trap()}, path)
    elif case == "other":
        torch.save({"a": 1}, path)
    elif case == "half":
        torch.save({"format": "livegan-checkpoint-1", "settings": to_json_table(SETTINGS), "state": 3}, path)
    else:
        table = to_json_table(SETTINGS) | {"colour": 1}
        torch.save({"format": "livegan-checkpoint-1", "settings": table, "state": {}}, path)
    with pytest.raises(TrainingError) as told:
        load_checkpoint(tmp_path)
    assert "\n" not in str(told.value)
    assert "code was run" not in capsys.readouterr().out


def test_two_runs_in_one_folder_are_refused_and_a_dead_one_does_not_block(tmp_path: Path) -> None:
    with (
        lock_folder(tmp_path),
        pytest.raises(TrainingError, match=r"at work in it \(process \d+\)"),
        lock_folder(tmp_path),
    ):
        pass
    with lock_folder(tmp_path):  # released
        pass
    code = (
        "import os, sys; from pathlib import Path; from livegan.training.checkpoint import only_one\n"
        "with only_one(Path(sys.argv[1])): os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, timeout=120)
    assert (tmp_path / "run.lock").read_text().strip().isdigit()
    with lock_folder(tmp_path):
        pass


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match="choose another"), lock_folder(tmp_path / "file" / "run"):
        pass
    with pytest.raises(TrainingError, match="choose another"):
        go(tmp_path / "file" / "run", Restless(SETTINGS))


def test_the_log_drops_what_comes_after_the_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"kimg": 1}\n{"kimg": 2}\n{"kimg": 3}\n{"ki')
    RunLog(path, 2.0).add(2.5, loss=1.0)
    assert [entry["kimg"] for entry in log_of(tmp_path)] == [1, 2, 2.5]
    RunLog(path, 0.0)
    assert log_of(tmp_path) == []


def test_the_pace_is_the_same_however_the_pictures_come() -> None:
    fine, coarse = RunStats(), RunStats()
    for _ in range(100):
        fine.step(10, 0.2, {"loss": 2.0})
    for _ in range(10):
        coarse.step(100, 2.0, {"loss": 2.0})
    assert fine.pictures_per_s == pytest.approx(coarse.pictures_per_s) == pytest.approx(50)
    fine.step(10, 0.1, {"loss": math.nan})
    assert fine.numbers["loss"] == pytest.approx(2.0)
    assert fine.tick()["loss"] == pytest.approx(2.0)
    assert fine.tick() == {}
    assert coarse.remaining_s(1000) == pytest.approx(20)
    assert RunStats().remaining_s(1) is None


def test_a_running_mean_that_passes_zero_is_no_new_one() -> None:
    stats = RunStats()
    stats.step(100, 1.0, {"p": 0.0})
    stats.step(100, 1.0, {"p": 1.0})
    assert 0 < stats.numbers["p"] < 0.2


def test_a_line_says_how_far_how_fast_and_how_long() -> None:
    stats = RunStats()
    stats.step(100, 2.0, {"loss_g": 0.7123, "p": 0.1})
    assert status_line(12.34, 300, stats) == "12.3 of 300 kimg  50 img/s  1:35:53 left  loss_g 0.712  p 0.1"
    assert (duration_text(None), duration_text(59.6), duration_text(3661)) == ("-:--", "1:00", "1:01:01")


def test_a_bar_is_drawn_on_a_terminal_and_lines_elsewhere() -> None:
    for terminal in (True, False):
        file = io.StringIO()
        bar = ProgressBar(300, Console(file=file, force_terminal=terminal, width=120))
        stats = RunStats()
        stats.step(100, 2.0, {"loss_g": 0.7})
        bar.show(150, stats)
        assert ("150.0 of 300 kimg" in file.getvalue()) == terminal
        bar.tick(150, stats)
        bar.close()
        assert "150.0 of 300 kimg" in file.getvalue()
        assert ("50%" in file.getvalue()) == terminal


def test_curves_are_written_where_tensorboard_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[str, float, int]] = []

    class SummaryWriter:
        def __init__(self, folder: str) -> None:
            self.folder = folder

        def add_scalar(self, name: str, value: float, step: int) -> None:
            written.append((name, value, step))

        def close(self) -> None:
            written.append(("closed", 0.0, 0))

    fake = types.ModuleType("torch.utils.tensorboard")
    fake.SummaryWriter = SummaryWriter  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", fake)
    with tensorboard(tmp_path) as scalars:
        go(tmp_path / "run", Restless(SETTINGS, clock=ManualClock()), RunOptions(snapshots=(), scalars=scalars))
    assert ("p", 0.25, 1000) in written
    assert written[-1][0] == "closed"
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(TrainingError, match="pip install tensorboard"), tensorboard(tmp_path):
        pass


def test_a_broken_network_is_not_played(tmp_path: Path) -> None:
    network = init_generator(SETTINGS.shape(0), 1)
    with torch.no_grad():
        network.mapping.w_avg.fill_(math.nan)
    path = write_snapshot(network, tmp_path, 1.0, SETTINGS, ModelCard("T", "D"), 0.0, {})
    with pytest.raises(NetworkError, match="not finite"):
        open_network(read_info(path))


class Closed(io.StringIO):
    """A terminal that nobody looks at any more."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error, self.tried = error, 0

    def write(self, text: str) -> int:
        self.tried += 1
        raise self.error

    def flush(self) -> None:
        raise self.error


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), BrokenPipeError(32, "Broken pipe")])
@pytest.mark.parametrize("terminal", [True, False])
def test_a_bar_that_nobody_reads_goes_silent(error: OSError, terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    file = Closed(error)
    monkeypatch.setattr(sys, "stderr", file)
    monkeypatch.setenv("FORCE_COLOR" if terminal else "NO_COLOR", "1")
    bar = ProgressBar(300)
    assert bar.live == terminal
    for _ in range(2):
        bar.show(150, RunStats())
        bar.tick(150, RunStats())
        tried, file.tried = file.tried, 0
    assert tried == 0  # once was enough
    bar.close()
    assert sys.stderr is file


def test_a_closed_terminal_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Closed(OSError(5, "Input/output error")))
    trainer = Restless(SETTINGS, clock=ManualClock())

    def notify(sentence: str) -> None:
        raise OSError(5, "Input/output error")

    options = RunOptions(snapshots=(0.3,))
    assert run(trainer, tmp_path, SETTINGS, CARD, options, ALONE, notify, clock=trainer.clock).kimg == 1.0
    assert load_checkpoint(tmp_path).state["shown"] == 1000


def test_the_checkpoint_comes_before_all_that_is_shown_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(self: ProgressBar, *_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ProgressBar, "tick", end)
    with pytest.raises(KeyboardInterrupt):
        go(tmp_path, Restless(SETTINGS))
    assert load_checkpoint(tmp_path).state["shown"] == 1000


def test_a_run_that_ends_broken_is_no_success(tmp_path: Path) -> None:
    trainer = Restless(SETTINGS, clock=ManualClock())
    trainer.hook = lambda shown: math.nan if shown > 970 else None
    with pytest.raises(TrainingError, match=r"not been finite for 3 steps.*type: the same with --lr 0.00125"):
        go(tmp_path / "none", trainer)
    trainer = Restless(SETTINGS, clock=ManualClock())
    trainer.hook = lambda shown: math.nan if shown > 990 else None
    messages: list[str] = []
    go(tmp_path / "some", trainer, RunOptions(snapshots=(), checkpoint_s=95), messages)
    assert re.search(r"0.95 kimg are kept; .* finite for 1 step, .*--resume .* --lr 0.00125", messages[-1])
    assert load_checkpoint(tmp_path / "some").state["shown"] == 950


def test_the_network_at_the_end_is_kept_whatever_moments_are_asked_for(tmp_path: Path) -> None:
    go(tmp_path / "beyond", Restless(SETTINGS), RunOptions(snapshots=(20.0, 40.0)))
    assert [info.name for info in find_networks(tmp_path / "beyond" / "snapshots")] == ["000001"]
    go(tmp_path / "none", Restless(SETTINGS), RunOptions(snapshots=()))
    assert not (tmp_path / "none" / "snapshots").exists()


def test_a_compiler_that_ctrl_c_has_ended_is_not_to_blame(tmp_path: Path) -> None:
    trainer = Restless(SETTINGS)

    def end(shown: int) -> float | None:
        signal.raise_signal(signal.SIGINT)
        raise TrainingError("torch.compile does not work here")

    trainer.hook = end
    messages: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        go(tmp_path, trainer, messages=messages)
    assert messages == ["stopped in the middle of a step"]


def test_an_interrupted_compiler_is_an_interruption() -> None:
    from torch._dynamo.exc import TorchDynamoException

    from livegan.training.adversarial import _compiler_errors

    error = TorchDynamoException("a worker ended")
    error.inner_exception = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt), _compiler_errors(True):
        raise error


@pytest.mark.parametrize(
    ("number", "free", "words"),
    [
        (errno.ENOSPC, 900_000, r"the disk is full \(about 4.0 MB are needed, 900 kB are free\); make room there"),
        (errno.ENOSPC, 10**9, r"No space left on device; about 4.0 MB are needed\); make room there"),
        (errno.EFBIG, 10**9, r"cannot be written \(File too large; about 4.0 MB are needed\)"),
        (0, 2_000_000, r"the disk is full \(about 4.0 MB are needed, 2.0 MB are free\); make room there"),
        (0, 10**9, r"cannot be written \(the system does not say why; about 4.0 MB are needed\)"),
    ],
)
def test_why_a_checkpoint_cannot_be_written_is_told_in_the_systems_words(
    number: int, free: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(table: object, file: Any) -> None:
        try:
            if number:
                raise OSError(number, "as the system says")
        finally:  # so torch does: its own error takes the place of the system's
            raise RuntimeError("[enforce fail at inline_container.cc:664] . unexpected pos 64 vs 0")

    monkeypatch.setattr(torch, "save", full)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: types.SimpleNamespace(free=free))
    with pytest.raises(TrainingError, match=words) as told:
        save_checkpoint(tmp_path, Checkpoint(SETTINGS, {"net": [torch.zeros(1_000_000)]}))
    assert "inline_container" not in str(told.value)


def test_a_run_whose_checkpoint_is_broken_or_lost_names_its_newest_whole_snapshot(tmp_path: Path) -> None:
    folder = tmp_path / "my run"
    origins = Origins(dataset="/sets/photos.zip")
    go(folder, Restless(SETTINGS), RunOptions(snapshots=(0.5, 0.75), origins=origins))
    newest = folder / "snapshots" / "000001.json"
    words = f"type: livegan train /sets/photos.zip --preset tiny-64 --transfer {quoted(newest)} -o NEW"
    (folder / NAME).write_bytes((folder / NAME).read_bytes()[:300])
    with pytest.raises(TrainingError, match=f"not a whole checkpoint of a run; .*{re.escape(words)}"):
        load_checkpoint(folder)
    (folder / NAME).unlink()
    with pytest.raises(TrainingError, match=f"no checkpoint.pt in it.*{re.escape(words)}"):
        load_checkpoint(folder)
    newest.with_suffix(".safetensors").write_bytes(newest.with_suffix(".safetensors").read_bytes()[:-9])
    (folder / "settings.json").write_text("{")
    before = re.escape(quoted(folder / "snapshots" / "000000_750.json"))
    with pytest.raises(TrainingError, match=f"livegan train SET --transfer {before} -o NEW"):
        load_checkpoint(folder)


def test_a_last_network_that_could_not_be_written_is_written_when_the_run_is_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    abandon: list[Callable[[], bool]] = []
    messages: list[str] = []

    @contextmanager
    def signals(clock: Clock, of_run: Callable[[], bool]) -> Iterator[Callable[[], bool]]:
        abandon.append(of_run)
        yield lambda: False

    def full(*_: object) -> Path:
        assert abandon[-1](), "it need not be waited for"
        raise TrainingError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(run_module, "stop_signals", signals)
        patch.setattr(run_module, "write_snapshot", full)
        with pytest.raises(TrainingError, match="the disk is full; then type: livegan train --resume"):
            go(tmp_path, Restless(SETTINGS), RunOptions(snapshots=(1.0,)), messages)
    words = f"all is trained, the last network is not written; for it, type: livegan train --resume {tmp_path}"
    assert words in messages[-1]
    again = Restless(SETTINGS)
    again.restore(load_checkpoint(tmp_path).state)
    assert again.shown == 1000
    go(tmp_path, again, RunOptions(snapshots=(1.0,)))
    assert [info.name for info in find_networks(tmp_path)] == ["000001"]


def test_the_folder_of_a_run_stands_for_its_snapshots(tmp_path: Path) -> None:
    go(tmp_path, Restless(SETTINGS), RunOptions(snapshots=(0.5,)))
    assert [info.name for info in find_networks(tmp_path)] == ["000000_500", "000001"]


def test_what_a_network_is_measured_beside_is_checked_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from livegan.datasets.writer import DatasetWriter
    from livegan.training import evaluation as measure

    def taught(*_: object) -> None:
        raise AssertionError("taught a classifier first")

    monkeypatch.setattr(measure, "Evaluator", taught)
    with DatasetWriter(tmp_path / "two.zip", (8, 8), ("a", "b")) as writer:
        writer.add(np.zeros((8, 8, 3), np.uint8), 0)
    with pytest.raises(TrainingError, match=r"has 3 classes and two\.zip has 2"):
        measure.measure(init_generator(SETTINGS.shape(3), 0), tmp_path / "two.zip")


STUCK = """
import os, signal, sys, threading
sys.path.insert(0, {tests!r})
from pathlib import Path
from test_training_run import ALONE, CARD, SETTINGS, Restless
from livegan.core.clock import ManualClock
from livegan.training import run as module, stopping
module.SLOW_STEP_S = 0.0
stopping.GRACE_S = 0.05

class Stuck(Restless):
    def state(self):
        return {{**super().state(), "step": self.shown // 10}}

def hook(shown):
    if shown == {at}:
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(120)  # a step that does not end

trainer = Stuck(SETTINGS, clock=ManualClock())
trainer.hook = hook
module.run(trainer, Path(sys.argv[1]), SETTINGS, CARD, module.RunOptions(snapshots=()), ALONE, print, trainer.clock)
"""


@pytest.mark.parametrize(("at", "saved"), [(50, 40), (10, None)])
@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
def test_a_step_that_does_not_end_is_abandoned_and_the_state_before_it_saved(
    at: int, saved: int | None, tmp_path: Path
) -> None:
    code = STUCK.format(tests=str(Path(__file__).parent), at=at)
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    if saved is None:
        assert "stopped before the first step ended" in done.stdout
        assert not (tmp_path / NAME).exists()
    else:
        assert "to go on, type: livegan train --resume" in done.stdout
        assert load_checkpoint(tmp_path).state["shown"] == saved


def test_a_state_is_copied_only_before_slow_steps_and_where_that_is_cheap(tmp_path: Path) -> None:
    copies: list[int] = []

    class Copied(Restless):
        def state(self) -> dict[str, Any]:
            copies.append(self.shown)
            if self.clock is not None:
                self.clock.wait_until(self.clock.now() + copy_s)
            return super().state()

    for copy_s, expected in ((0.01, 99), (0.5, 1)):  # a step takes a second
        copies.clear()
        trainer = Copied(SETTINGS, clock=ManualClock())
        go(tmp_path / str(copy_s), trainer, RunOptions(snapshots=(), checkpoint_s=1e6))
        assert len(copies) == expected + 1  # the last is the checkpoint


def test_a_run_of_version_0_1_goes_on(tmp_path: Path) -> None:
    """The keys of its checkpoint, and of its settings, as they were written then."""
    settings = {
        "preset": "tiny-64", "channels": [4, 4], "d_channels": [4, 4], "z_dim": 6, "w_dim": 8, "mapping_layers": 2,
        "batch": 10, "kimg": 1, "lr": 0.0025, "d_lr": 0.0025, "beta1": 0.0, "beta2": 0.99, "gamma": 1.0, "r1_every": 16,
        "pl_weight": 0.0, "pl_every": 4, "mixing": 0.9, "ema_kimg": 10.0, "ema_rampup": 0.05, "augment": "ada",
        "augment_p": 0.0, "ada_target": 0.6, "ada_kimg": 500.0, "flips": False, "freeze_d": 0, "noise": True,
        "precision": "f32", "compile": False, "seed": 0, "conv_clamp": None,
    }  # fmt: skip
    origins = {
        "dataset": "patterns", "pictures": 3, "classes": ["a"], "c_dim": 1, "paired": False, "transfer": "",
        "title": "", "licence": "", "snapshots": [0.5],
    }  # fmt: skip
    table = {"format": "livegan-checkpoint-1", "settings": settings, "state": {"shown": 10}, "seconds": 2.0}
    torch.save(table | {"origins": origins}, tmp_path / NAME)
    checkpoint = load_checkpoint(tmp_path)
    assert checkpoint.settings == SETTINGS
    assert checkpoint.origins == Origins("patterns", 3, ("a",), 1, snapshots=(0.5,))
    assert to_json_table(checkpoint.settings) == settings | {"const": [4, 4]}  # later versions' own
    assert to_json_table(checkpoint.origins) == origins | {"teacher": "", "encoder_of": ""}
