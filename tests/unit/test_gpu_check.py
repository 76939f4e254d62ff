"""tests/gpu/check.sh: every part is run whatever the others do, and all is gathered in two files."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gpu.summary import gather, markdown

ROOT = Path(__file__).parents[2]
PYTHON = """#!/bin/sh
case "$*" in
    *summary*) exec {python} "$@" ;;
    *presence*) echo "{presence}"; exit {missing} ;;
    *"bench networks"*) echo '{{"rows": [{{"way": "plain", "ms": 1.5}}, {{"way": "ours", "ms": 0.5}}]}}' ;;
    *"bench line"*) kill -9 $$ ;;
    *doctor*) echo "a line of it"; echo "and an error" >&2; exit 3 ;;
    *--report*) for file; do :; done; echo '{{"frames": 1800}}' >"$file" ;;
esac
"""


@pytest.mark.parametrize(("missing", "presence"), [(0, "A card"), (1, "no GPU: buy one")])
def test_a_part_that_fails_stops_no_other_and_both_files_say_what_came(
    missing: int, presence: str, tmp_path: Path
) -> None:
    python = tmp_path / "python"
    python.write_text(PYTHON.format(python=sys.executable, presence=presence, missing=missing))
    python.chmod(0o755)
    folder = tmp_path / "check"
    command = ["sh", str(ROOT / "tests/gpu/check.sh"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, env={"PYTHON": str(python), "PATH": "/usr/bin:/bin"})
    assert done.returncode == 1  # not all went well
    assert "check.json are written" in done.stdout
    facts = json.loads((folder / "check.json").read_text())
    parts = facts["parts"]
    gpu_parts = ["tests", "networks", "train"] if not missing else ["networks"]
    assert sorted(parts) == sorted(["driver", "doctor", *gpu_parts, "line", "show"])
    assert (facts["there"], facts["reason"]) == (not missing, presence)
    assert (parts["doctor"]["result"], parts["doctor"]["out"]) == ("failed with code 3", ["a line of it"])
    assert parts["line"]["result"].startswith(("killed", "failed"))
    assert parts["show"]["figures"] == {"frames": 1800}
    text = (folder / "check.md").read_text()
    for words in ("| way | ms |", "| ours | 0.5 |", "| frames | 1800 |", "and an error", presence):
        assert words in text


def test_a_part_that_took_too_long_is_said_and_what_it_printed_is_kept(tmp_path: Path) -> None:
    parts = tmp_path / "parts"
    parts.mkdir()
    for name, words in {
        "presence": "yes cuda A card",
        "train.end": "124 36 35 python main.py bench train",
        "train.out": "tiny-64\n",
        "train.err": "",
    }.items():
        (parts / name).write_text(words)
    facts = gather(tmp_path)
    assert facts["parts"]["train"]["result"] == "not done within 35 s"
    assert "| train | not done within 35 s | 36 |" in markdown(facts)
    assert "tiny-64" in markdown(facts)


def test_the_limits_of_all_parts_are_less_than_4_minutes() -> None:
    script = (ROOT / "tests/gpu/check.sh").read_text()
    before, gpu, cpu = (part for part in script.replace("\nelse\n", "\nif [").split("\nif ["))
    limits_s = {
        name: sum(int(line.split()[2]) for line in text.splitlines() if line.split()[:1] == ["part"])
        for name, text in (("before", before), ("gpu", gpu), ("cpu", cpu))
    }
    assert (
        0 < limits_s["before"] + max(limits_s["gpu"], limits_s["cpu"]) <= 220
    )  # 20 s are for the question what is there
