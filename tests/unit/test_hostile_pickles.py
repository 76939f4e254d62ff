"""Pickles made to be slow or large end soon, need little memory, and are refused in one true sentence."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import livegan
from tests.hostile_pickles import RECIPES

SECONDS, MEGABYTES = 5.0, 500.0  # of the processor; of memory at the most
RUNNER = """
import gc, json, os, sys
from livegan.networks.importers import convert, sandbox, sniff, worker
from pathlib import Path
gc.disable()
for name in sys.argv[1:]:
    path = Path(name)
    size, (there, here) = path.stat().st_size, os.pipe()
    child = os.fork()
    if not child:
        sandbox.set_limits(convert.BASE_MEMORY_BYTES + 6 * size, 60, 1 << 26)
        job = worker.Job(name, sniff.sniff_file(path), str(path.parent), "out", 1, 1, 1)
        os.write(here, json.dumps(worker.answer(job)).encode())
        os._exit(0)
    os.close(here)
    said = os.read(there, 1 << 16).decode()
    _, status, used = os.wait4(child, 0)
    print(json.dumps([said, status, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000]), flush=True)
"""


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, int, float, float]]:
    """How each ends: the worker's answer, its exit status, seconds of the processor, the most megabytes it had.

    They are read as the worker reads them, in a child of one process each, which saves starting Python for each.
    """
    folder = tmp_path_factory.mktemp("hostile")
    paths = []
    for index, (write, _) in enumerate(RECIPES.values()):
        paths.append(folder / str(index))
        write(paths[-1])
    environment = {"PYTHONPATH": str(Path(livegan.__file__).parents[1]), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, *map(str, paths)], env=environment, capture_output=True, text=True, check=True
    )
    for path in paths:
        path.unlink()
    return dict(zip(RECIPES, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="children are measured as Linux does")
@pytest.mark.parametrize("name", RECIPES)
def test_it_ends_soon_in_one_sentence(name: str, ends: dict[str, tuple[str, int, float, float]]) -> None:
    said, status, seconds, megabytes = ends[name]
    assert status == 0, said
    sentence = json.loads(said)["error"]
    assert RECIPES[name][1] in sentence
    assert sentence.isprintable()
    assert len(sentence) < 500
    assert seconds < SECONDS
    assert megabytes < MEGABYTES
