"""Commands that compare names or listen load no torch: they start in a moment, and on machines without it."""

import subprocess
import sys
from pathlib import Path

import livegan

CODE = """
import sys
from livegan.cli import app
listen = ["listen", "demo", "--duration", "0.5", "--json", sys.argv[1]]
for command in (["check"], ["parameters"], ["scenes"], ["routes", "default"], listen):
    app(command, standalone_mode=False)
    print("modules after", command[0], *sys.modules)
"""


def test_check_parameters_scenes_and_listen_load_no_torch(tmp_path: Path) -> None:
    heard = tmp_path / "heard.jsonl"
    command = [sys.executable, "-c", CODE, str(heard)]
    root = Path(livegan.__file__).parents[1]  # the code under test, whatever else is installed
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, timeout=120)
    assert done.returncode == 0, done.stderr
    assert heard.read_text().startswith('{"time_s"')
    after = [line.split()[2:] for line in done.stdout.splitlines() if line.startswith("modules after")]
    assert [modules[0] for modules in after] == ["check", "parameters", "scenes", "routes", "listen"]
    assert [modules[0] for modules in after if "torch" in modules] == []
    assert all("livegan.engine.bind" in modules for modules in after)
