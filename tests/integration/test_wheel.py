"""A wheel, built from the tree and installed elsewhere, brings its scenes, configs, networks and demo track."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST_MB = 60  # of networks: the wheel of a few megabytes of code must stay one that is fetched in a moment

PROGRAM = """
import livegan
from livegan.audio.demo import demo_track
from livegan.networks.catalogue import load_catalogue
from livegan.networks.library import find_network, find_networks, list_networks
from livegan.core.resources import bundled
from livegan.config.load import load_controllers, load_venue, scene_paths
from pathlib import Path
here = Path(livegan.__file__).parent
trained = [find_network("house-256"), *find_networks("house")]
files = [path for info in trained for path in (info.path, info.weights, info.path.with_suffix(".md"))]
film = bundled("presets") / "latents" / "house-film.hdf5"
found = [demo_track(), *files, *scene_paths().values(), film]
assert all(path.is_file() and path.is_relative_to(here) for path in found), found
assert len(scene_paths()) >= 4 and load_venue() and load_controllers() and list_networks()
assert load_catalogue().networks
print(here)
"""


def test_a_wheel_finds_everything_it_ships(tmp_path: Path) -> None:
    wheels, elsewhere = tmp_path / "wheels", tmp_path / "elsewhere"
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(wheels), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = wheels.glob("*.whl")
    with zipfile.ZipFile(wheel) as inside:
        sizes = [one.file_size for one in inside.infolist() if one.filename.startswith("livegan/networks/bundled/")]
    assert 0 < sum(sizes) < MOST_MB * 1e6
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
