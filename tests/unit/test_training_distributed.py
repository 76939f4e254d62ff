import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from livegan.errors import TrainingError
from livegan.training.distributed import ProcessGroup, init

ROOT = Path(__file__).parents[2]
MEET = """
import torch
from torch import nn
from livegan.training.distributed import init
process_group = init("cpu")
weights = [nn.Parameter(torch.zeros(2, 3)), nn.Parameter(torch.zeros(5)), nn.Parameter(torch.zeros(1))]
weights[0].grad = torch.full((2, 3), float(process_group.rank))
weights[1].grad = torch.arange(5.0) * (process_group.rank + 1)
process_group.average_gradients(weights)
assert torch.equal(weights[0].grad, torch.full((2, 3), 0.5)), weights[0].grad
assert torch.equal(weights[1].grad, torch.arange(5.0) * 1.5)
assert weights[2].grad is None
assert process_group.mean([process_group.rank, 4.0]) == [0.5, 4.0]
assert process_group.share(8) == (slice(0, 4) if process_group.is_main else slice(4, 8))
process_group.destroy()
print("met", process_group.rank, process_group.size)
"""


def together(code: list[str], size: int = 2) -> list[str]:
    """What `size` processes print that torchrun's environment joins."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common = {**os.environ, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(size)}
    common |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    runs = [
        subprocess.Popen(
            [sys.executable, *code],
            env={**common, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(size)
    ]
    told = []
    try:
        for run in runs:
            said, complaint = run.communicate(timeout=120)
            assert run.returncode == 0, complaint
            told.append(said)
    finally:
        for run in runs:
            run.kill()
    return told


@pytest.fixture(autouse=True)
def no_torchrun(monkeypatch):
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)


def test_without_torchrun_a_process_is_alone_and_nothing_changes():
    process_group = init("cpu")
    assert (process_group.rank, process_group.size, process_group.device.type, process_group.is_main) == (
        0,
        1,
        "cpu",
        True,
    )
    weight = nn.Parameter(torch.zeros(2))
    weight.grad = torch.tensor([1.0, 2.0])
    process_group.average_gradients([weight])
    assert weight.grad.tolist() == [1.0, 2.0]
    assert process_group.mean([1.0, 2.5]) == [1.0, 2.5]
    assert process_group.share(5) == slice(0, 5)
    process_group.destroy()


@pytest.mark.skipif(sys.platform != "linux", reason="the loopback has another name")
def test_two_processes_meet_and_agree():
    assert together(["-c", MEET]) == ["met 0 2\n", "met 1 2\n"]


def test_what_cannot_be_shared_is_an_error():
    with pytest.raises(TrainingError, match="batch of 9 cannot be shared by 2"):
        ProcessGroup(0, 2).share(9)


def test_an_invalid_environment_is_an_error(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "many")
    with pytest.raises(TrainingError, match="WORLD_SIZE is 'many'"):
        init("cpu")


def test_a_missing_gpu_is_an_error(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(TrainingError, match="try --device cpu"):
        init("cuda")
