"""livegan's own subprocesses: no file of the current folder is run by them, whatever its name."""

import ast
import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from livegan.audio.device_watch import DeviceWatch
from livegan.core import own_process
from livegan.core.own_process import SAFE_PATH, module_command, module_environment, own_command, safe_spawn
from livegan.engine.supervisor import Supervisor
from livegan.outputs.encoders import proves_itself
from livegan.outputs.stream_address import parse_stream_address
from livegan.outputs.stream_link import Carrier
from livegan.rendering import trial
from livegan.studio.distributed.local_pool import LocalPool
from livegan.studio.distributed.protocol import Job
from livegan.studio.doctor import display_findings
from livegan.web.remote.process import RemoteProcess
from livegan.web.studio import jobs
from tools.bundle import start as bundle

PACKAGE = Path(own_process.__file__).parents[1]
PATIENCE_S = 120.0
PLANTED = (  # what the processes import: the standard library's, others' and livegan itself
    *("argparse", "asyncio", "json", "multiprocessing", "socket", "subprocess", "tempfile", "typing"),
    *("PyQt5", "aiohttp", "av", "numpy", "platformdirs", "pydantic", "sounddevice", "torch", "typer"),
    "livegan",
)
MARK = "import sys; open({folder!r} + '/ran-' + __name__.partition('.')[0], 'w').close(); sys.exit(9)\n"


class NotStartedError(Exception):
    """Raised in place of the process."""


@dataclass
class Started:
    """A process that would have been started."""

    command: Sequence[str]
    environment: Mapping[str, str]


def watch_devices() -> None:
    watch = DeviceWatch()
    watch.is_there("Scarlett", "ALSA", 0.0)
    watch.stop()


def carry_a_stream() -> None:
    with pytest.raises(OSError, match="did not start"):
        Carrier(parse_stream_address("tcp://127.0.0.1:1"))


def rescue_a_film() -> None:
    supervisor = Supervisor(["true"], print)
    supervisor._films = {"a.part-1.mp4": {"part": "a.part-1.mp4", "path": "a.mp4", "overwrite": False}}
    supervisor._rescue(wait=True)


def try_a_backend() -> None:
    job = trial.Job("nowhere.json", "nothing", "cpu", "none", os.devnull, 60.0, 0)
    trial._start(job, subprocess.DEVNULL).wait()


def try_an_encoder() -> None:
    proves_itself("no_such_encoder", (64, 64), Fraction(30))


def look_at_the_display() -> None:
    list(display_findings("livegan.ui.display_probe"))


def start_a_worker() -> None:
    pool = LocalPool(Job("nowhere:nothing", {}), 1)
    pool.start()
    pool.close()


def serve_phones() -> None:
    RemoteProcess({}, print).close()


def run_a_job() -> None:
    job = SimpleNamespace(
        folder=Path(), state="running", order=SimpleNamespace(commands_in=lambda _folder: [["--version"]])
    )
    with pytest.raises(NotStartedError):
        asyncio.run(jobs.JobQueue._commands(SimpleNamespace(), job))  # type: ignore[arg-type]


PLACES: tuple[Callable[[], None], ...] = (
    *(watch_devices, carry_a_stream, rescue_a_film, try_a_backend, try_an_encoder, look_at_the_display),
    *(start_a_worker, serve_phones, run_a_job),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with untrusted files."""
    for name in PLANTED:
        (tmp_path / f"{name}.py").write_text(MARK.format(folder=str(tmp_path)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def started(place: Callable[[], None]) -> Started:
    """The process that a place in livegan starts; in its stead one is started that ends at once."""
    found: list[Started] = []
    popen = subprocess.Popen

    def note(command: Sequence[str], **options: Any) -> Any:
        found.append(Started(command, dict(os.environ if options["env"] is None else options["env"])))
        return popen(["true"], **options)

    async def note_job(command: Sequence[str], _folder: Path, environment: Mapping[str, str], _log: Any) -> Any:
        found.append(Started(command, environment))
        raise NotStartedError

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(subprocess, "Popen", note)
        patched.setattr(jobs, "start", note_job)
        place()
    (only,) = found
    return only


def run(process: Started) -> str:
    """Run it to its end, with nothing to read; what it wrote of errors."""
    return subprocess.run(
        process.command,
        env={**process.environment, "QT_QPA_PLATFORM": "offscreen"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    ).stderr


def ran(folder: Path) -> list[str]:
    """The untrusted files that were run."""
    return sorted(path.name.removeprefix("ran-") for path in folder.glob("ran-*"))


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_no_process_of_livegan_runs_a_file_of_the_current_folder(place: Callable[[], None], folder: Path) -> None:
    said = run(started(place))
    assert ran(folder) == []
    assert "No module named" not in said


def test_the_files_would_run_without_the_safe_path(folder: Path) -> None:
    process = started(watch_devices)
    process.command = [word for word in process.command if word != "-P"]
    process.environment = {name: text for name, text in process.environment.items() if name != SAFE_PATH}
    run(process)
    assert ran(folder)


SPAWN = """
import contextlib, multiprocessing
from livegan.core.own_process import safe_spawn
if __name__ == "__main__":
    process = multiprocessing.get_context("spawn").Process(target=print)
    with {how}:
        process.start()
    process.join()
"""


@pytest.mark.parametrize(("how", "safe"), [("safe_spawn()", True), ("contextlib.nullcontext()", False)])
def test_nor_does_one_that_multiprocessing_starts(
    how: str, safe: bool, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    script = tmp_path_factory.mktemp("elsewhere") / "spawn.py"
    script.write_text(SPAWN.format(how=how))
    environment = {name: text for name, text in module_environment().items() if name != SAFE_PATH}
    run(Started([sys.executable, str(script)], environment))
    assert (ran(folder) == []) == safe


def test_a_spawn_leaves_the_environment_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SAFE_PATH, raising=False)
    with safe_spawn():
        assert os.environ[SAFE_PATH] == "1"
    assert SAFE_PATH not in os.environ
    monkeypatch.setenv(SAFE_PATH, "2")
    with safe_spawn():
        pass
    assert os.environ[SAFE_PATH] == "2"


def test_the_command_of_a_bundle_names_no_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["livegan", "play"])
    monkeypatch.setattr(sys, "orig_argv", ["python", "-X", "dev", "main.py", "play"])
    assert own_command() == [sys.executable, "-X", "dev", "main.py", "play"]
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert own_command() == [sys.executable, "play"]


def test_a_bundle_runs_a_module_as_the_interpreter_would(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, list[str]]] = []
    command = module_command("livegan.outputs.rescue", "a.mp4")
    monkeypatch.setattr(sys, "argv", ["livegan", *command[1:]])
    monkeypatch.setattr("runpy.run_module", lambda name, **_: asked.append((name, sys.argv)))
    bundle.main()
    assert asked == [("livegan.outputs.rescue", ["livegan.outputs.rescue", "a.mp4"])]


def by_hand(tree: ast.AST) -> Iterator[int]:
    """Lines that name the interpreter, to start it, other than isolated (-I); or that hand `sys.path` down."""
    isolated = {
        part
        for command in ast.walk(tree)
        if isinstance(command, ast.List | ast.Tuple)
        and any(isinstance(word, ast.Constant) and word.value == "-I" for word in command.elts)
        for part in command.elts
    }
    for node in ast.walk(tree):
        is_interpreter = isinstance(node, ast.Attribute) and node.attr in ("executable", "orig_argv")
        if (is_interpreter and node not in isolated) or (isinstance(node, ast.Constant) and node.value == "PYTHONPATH"):
            yield node.lineno


def unsafe_spawns(tree: ast.AST) -> Iterator[int]:
    """Lines that start a process by multiprocessing outside of `safe_spawn`: every `.start()` in such a module."""
    if not any(isinstance(node, ast.Import) and node.names[0].name == "multiprocessing" for node in ast.walk(tree)):
        return
    safe = {
        call
        for block in ast.walk(tree)
        if isinstance(block, ast.With) and "safe_spawn()" in map(ast.unparse, block.items)
        for call in ast.walk(block)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "start" and node not in safe:
            yield node.lineno


def test_what_is_started_by_hand_is_found() -> None:
    tree = ast.parse(
        "import sys\na = [sys.executable, '-m', 'b']\nc = [sys.executable, '-I', '-c', 'd']\nos.environ['PYTHONPATH']"
    )
    assert list(by_hand(tree)) == [2, 4]
    spawn = "import multiprocessing\nwith safe_spawn():\n    a.start()\nb.start()"
    assert list(unsafe_spawns(ast.parse(spawn))) == [4]


def test_nobody_starts_the_interpreter_by_hand() -> None:
    found = {
        str(path.relative_to(PACKAGE)): lines
        for path in sorted(PACKAGE.rglob("*.py"))
        if path != Path(own_process.__file__)
        for text in [path.read_text(encoding="utf-8")]
        if any(word in text for word in ("executable", "orig_argv", "PYTHONPATH", "multiprocessing"))
        for tree in [ast.parse(text)]
        if (lines := [*by_hand(tree), *unsafe_spawns(tree)])
    }
    assert not found, "use livegan.core.own_process"
