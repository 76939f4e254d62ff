"""setup.sh on machines of several kinds: apt-get, dpkg-query, sudo and Python are stand-ins that note their calls."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("sh", "env", "cat", "cksum", "sed", "grep", "tr", "cut", "head", "tail", "printenv", "mktemp", "rm", "sleep")
HAVE_ALL = """for name in "$@"; do case $name in lib*|fonts*|python3*) echo "$name install ok installed";; esac; done"""

PYTHON = """#!/bin/sh
case "$*" in
    *"config list"*) echo "$PIP_SAYS"; exit ;;
    *"import pip"*) [ -e "$(dirname "$0")/pip" ]; exit ;;
    *version_info.minor*) echo python3.11-venv; exit ;;
    *ensurepip*) exit "${NO_ENSUREPIP:-0}" ;;
    *importlib.metadata*) [ -n "${TORCH:-}" ] && echo "$TORCH"; exit ;;
    *"-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python && : >.venv/bin/pip ;;
    *"-m pip install"*) echo "Downloading things" ;;
    *) exit 0 ;;
esac
echo "$* HTTPS_PROXY=${HTTPS_PROXY:-}" | sed 's/^/python /' >>"$CALLS"
case "$*" in *"-m pip install"*) [ -z "${PIP_FAILS:-}" ] || { echo "ERROR: $PIP_FAILS"; exit 1; } ;; esac
"""
NOTED = """#!/bin/sh
echo "$(basename "$0") $*" >>"$CALLS"
"""


@dataclass
class Machine:
    """A machine on which set-up is typed: its folder, its PATH, its environment."""

    folder: Path
    environment: dict[str, str]

    def put(self, name: str, script: str) -> None:
        """Put a program into the PATH."""
        path = self.folder / "bin" / name
        path.write_text(script if script.startswith("#!") else f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def setup(self, kind: str = "run", **environment: str) -> "subprocess.CompletedProcess[str]":
        """Type `sh setup.sh KIND`."""
        return subprocess.run(
            ["sh", "setup.sh", kind],
            cwd=self.folder,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )

    def calls(self) -> list[str]:
        """What was called since the last time this was asked."""
        log = Path(self.environment["CALLS"])
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return lines


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Nothing but a new Python, every library, no sudo; the person is no administrator."""
    for name in ("setup.sh", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "bin").mkdir()
    for name in (*TOOLS, "mkdir", "cp", "dirname", "basename"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or name)
    made = Machine(tmp_path, {"PATH": str(tmp_path / "bin"), "CALLS": str(tmp_path / "calls"), "PIP_SAYS": ""})
    made.put("python3", PYTHON)
    made.put("id", "echo 1000")
    made.put("uname", "[ $1 = -s ] && echo Linux || echo x86_64")
    made.put("dpkg-query", 'shift 3; for name in "$@"; do echo "$name install ok installed"; done')
    return made


def torch_of(calls: list[str]) -> list[str]:
    return [call for call in calls if "torch==" in call]


def test_a_machine_with_all_libraries_gets_a_venv(machine: Machine) -> None:
    done = machine.setup()
    assert done.returncode == 0, done.stderr
    venv, torch, rest = machine.calls()
    assert "-m venv --clear .venv" in venv
    assert "--no-deps --index-url https://download.pytorch.org/whl/cpu torch==" in torch, "no NVIDIA driver: no CUDA"
    assert "-e .[openvino]" in rest
    assert "up to 440 MB" in done.stdout
    assert len(done.stdout.splitlines()) <= 3
    assert done.stderr == ""


def test_typed_again_it_does_nothing_and_says_nothing(machine: Machine) -> None:
    machine.setup("dev")
    machine.calls()
    for kind in ("dev", "run"):  # who can test can play
        done = machine.setup(kind)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert machine.calls() == []
    with (machine.folder / "constraints.txt").open("a") as file:
        file.write("# another version\n")
    (machine.folder / ".venv" / "bin" / "livegan").touch()
    assert "up to 250 MB" in machine.setup(TORCH="2.13.0+cpu").stdout
    (call,) = machine.calls()
    assert "-e .[openvino]" in call, "and PyTorch, which is there, is not fetched again"


def test_playing_does_not_stand_for_testing(machine: Machine) -> None:
    machine.setup("run")
    machine.calls()
    assert machine.setup("dev").returncode == 0
    assert any("-e .[dev]" in call for call in machine.calls())


def test_without_rights_it_says_what_to_type_and_goes_on(machine: Machine) -> None:
    machine.put("dpkg-query", 'echo "libgl1 install ok installed"; echo "libglib2.0-0t64 install ok installed"; exit 1')
    done = machine.setup()
    assert done.returncode == 0, done.stderr
    (typed,) = [line for line in done.stdout.splitlines() if "apt-get install" in line]
    assert typed.startswith("  sudo apt-get install libportaudio2 ")
    assert "libgl1 " not in typed
    assert "libglib2.0-0" not in typed, "t64 is its name since Debian 13"
    assert any("-e .[openvino]" in call for call in machine.calls())
    assert machine.setup("dev").returncode == 2, "the tests need every one"


def test_without_rights_and_without_venv_it_ends_there(machine: Machine) -> None:
    machine.put("dpkg-query", "exit 1")
    done = machine.setup(NO_ENSUREPIP="1")
    assert done.returncode == 2
    assert "python3.11-venv" in done.stderr
    assert machine.calls() == []


def test_with_sudo_only_what_is_missing_is_installed_and_the_proxy_reaches_apt(machine: Machine) -> None:
    machine.put("dpkg-query", f"shift 3; {HAVE_ALL}")
    machine.put(
        "apt-get",
        NOTED + 'echo "   with $http_proxy $https_proxy $DEBIAN_FRONTEND" >>"$CALLS"; echo noise; echo W: noise >&2',
    )
    machine.put("debconf-set-selections", "cat >/dev/null")
    machine.put("sudo", '[ "$1" = -n ] && shift; unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY; exec "$@"')
    machine.put("true", "exit 0")
    done = machine.setup("dev", HTTP_PROXY="http://p:1", https_proxy="http://p:2")
    assert done.returncode == 0, done.stderr
    update, with_proxy, install, _, *pip = machine.calls()
    assert update == "apt-get update -qq"
    assert with_proxy.split() == ["with", "http://p:1", "http://p:2", "noninteractive"]
    packages = install.split("--no-install-recommends ")[1].split()
    assert "xvfb" in packages
    assert not [name for name in packages if name.startswith("lib")]
    assert pip
    assert "noise" not in done.stdout + done.stderr


def test_apt_that_fails_is_reported_with_its_reason(machine: Machine) -> None:
    machine.put("id", "echo 0")
    machine.put("dpkg-query", "exit 1")
    machine.put("apt-get", 'echo "E: Could not resolve the host" >&2; exit 100')
    done = machine.setup()
    assert done.returncode == 0, "it goes on with what can work"
    assert "E: Could not resolve the host" in done.stderr
    assert "  sudo apt-get update && sudo apt-get install libportaudio2" in done.stdout


def test_a_download_that_fails_says_what_to_type(machine: Machine) -> None:
    done = machine.setup(PIP_FAILS="no network", PIP_SAYS="global.index-url='https://mirror'")
    assert done.returncode == 2
    assert "ERROR: no network" in done.stderr
    assert "type the same again" in done.stderr
    assert "export HTTPS_PROXY=" in done.stderr
    machine.calls()
    done = machine.setup(PIP_SAYS="global.index-url='https://mirror'")
    assert done.returncode == 0, done.stderr
    assert machine.calls(), "half a set-up is not taken for a whole one"


def test_an_index_of_pytorch_out_of_reach_is_not_replaced_by_gigabytes(machine: Machine) -> None:
    done = machine.setup(PIP_FAILS="403")
    assert done.returncode == 2
    assert "LIVEGAN_TORCH=pip make run" in done.stderr
    assert len(torch_of(machine.calls())) == 1
    done = machine.setup(LIVEGAN_TORCH="pip")
    assert "up to 2980 MB" in done.stdout
    assert not torch_of(machine.calls()), "pip chooses"


@pytest.mark.parametrize(
    "says", [":env:.index-url='https://mirror'", "global.find-links='/wheels'", "install.no-index='1'"]
)
def test_pips_own_settings_are_kept_to(machine: Machine, says: str) -> None:
    assert machine.setup(PIP_SAYS=says, HTTPS_PROXY="http://p:1").returncode == 0
    calls = machine.calls()
    assert not torch_of(calls)
    assert calls[-1].endswith("HTTPS_PROXY=http://p:1")


def test_with_an_nvidia_driver_pip_takes_the_build_for_it(machine: Machine) -> None:
    machine.put("nvidia-smi", "exit 0")
    machine.setup()
    assert not torch_of(machine.calls())


def test_an_old_python_is_replaced_by_a_newer_one_or_named(machine: Machine) -> None:
    machine.put("python3", '[ "$1" = -V ] && echo Python 3.9.2; exit 1')
    done = machine.setup()
    assert done.returncode == 2
    assert "python3 is Python 3.9.2" in done.stderr
    assert "sudo apt-get install python3.11" in done.stderr
    machine.put("python3.12", PYTHON)
    assert machine.setup().returncode == 0


def test_a_venv_whose_python_is_gone_is_made_anew(machine: Machine) -> None:
    machine.setup()
    machine.calls()
    (machine.folder / ".venv" / "bin" / "python").unlink()
    assert machine.setup().returncode == 0
    assert "-m venv --clear" in machine.calls()[0]
