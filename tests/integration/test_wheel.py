"""A wheel, built from the tree and installed elsewhere, brings its scenes, configs, networks and demo track."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import livegan
from livegan.audio.demo import demo_track
from livegan.generators.load import find_network, list_networks
from livegan.scenes.load import load_controllers, load_venue, scene_paths
from pathlib import Path
here = Path(livegan.__file__).parent
found = [demo_track(), find_network("untrained-256").weights, *scene_paths().values()]
assert all(path.is_file() and path.is_relative_to(here) for path in found), found
assert len(scene_paths()) >= 4 and load_venue() and load_controllers() and list_networks()
print(here)
"""


def test_a_wheel_finds_everything_it_ships(tmp_path: Path) -> None:
    wheels, elsewhere = tmp_path / "wheels", tmp_path / "elsewhere"
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(wheels), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = wheels.glob("*.whl")
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(elsewhere), str(wheel)]
    subprocess.run(install, capture_output=True, check=True)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PYTHONPATH": str(elsewhere), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert str(elsewhere) in done.stdout
