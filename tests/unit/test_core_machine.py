"""The machine: memory that is kept."""

import subprocess
import sys

import pytest

from livegan.core.machine import keep_memory

TOUCH = """
import threading
from livegan.core.machine import reserve_memory, rss_mb

def work(reserved: int) -> None:
    reserve_memory(reserved)
    before = rss_mb()
    for megabytes in (1, 4, 16, 24):
        blocks = [b"x" * (megabytes << 19) for _ in range(2)]
        del blocks
    print(rss_mb() - before)

for reserved in (0, 32):
    thread = threading.Thread(target=work, args=(reserved,))
    thread.start()
    thread.join()
"""


def test_a_thread_that_reserved_memory_takes_no_more_of_the_system() -> None:
    if not keep_memory():
        pytest.skip("no glibc here")
    said = subprocess.run([sys.executable, "-c", TOUCH], capture_output=True, text=True, check=True).stdout
    fresh_mb, reserved_mb = map(float, said.split())
    assert fresh_mb > 16, "what it is for"
    assert reserved_mb < 2
