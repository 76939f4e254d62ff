"""A virtual environment with livegan's own code and libraries, into which tests install packages without a network."""

import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class PluginVenv:
    """`run` runs shell lines in which `livegan`, `python` and `pip` are those of the environment."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> "PluginVenv":
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
        python = folder / "venv" / "bin" / "python"
        site = subprocess.run(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        (Path(site) / "livegan.pth").write_text(f"{ROOT}\n{sysconfig.get_path('purelib')}\n")
        commands = folder / "commands"
        commands.mkdir()
        for name, words in {
            "livegan": f"{python} {ROOT / 'main.py'}",
            "python": str(python),
            "pip": f"{sys.executable} -m pip --python {python} --quiet --disable-pip-version-check",
        }.items():
            script = commands / name
            script.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
            script.chmod(0o755)
        return cls(folder)

    def run(self, lines: str, cwd: Path, *, timeout_s: float = 300.0) -> str:
        """Run shell lines, the first failing one ends it with an AssertionError; returns what they printed."""
        environment = os.environ | {
            "PATH": f"{self.folder / 'commands'}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "OMP_NUM_THREADS": "1",
            "PIP_NO_INDEX": "1",
            "PIP_NO_DEPS": "1",
            "PIP_NO_BUILD_ISOLATION": "0",  # pip reads it as --no-build-isolation
        }
        done = subprocess.run(
            ["sh", "-euc", lines],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
        )
        assert not done.returncode, f"{lines}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr
