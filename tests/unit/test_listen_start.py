"""`livegan listen SONG` starts in a moment: what it does not need, it does not load."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import livegan

CODE = """
import sys
from livegan.cli import app
app(["listen", *sys.argv[1:]], standalone_mode=False)
print("modules", *sys.modules)
"""
NEEDLESS = {
    *("torch", "scipy", "matplotlib", "pandas", "h5py", "onnxruntime", "openvino", "music21", "gradio"),
    *("sounddevice", "soxr", "rtmidi", "mido", "pythonosc", "aalink", "vispy", "PyQt5", "aiohttp", "segno"),
    *("livegan.engine.bind", "livegan.engine.music", "livegan.engine.show", "livegan.engine.sound"),
    *("livegan.composer", "livegan.training", "livegan.datasets", "livegan.ui", "livegan.web", "livegan.effects"),
    *("livegan.studio.listen_live", "livegan.studio.listen_tags", "livegan.networks.musicnn"),
}
MOST_MODULES = 900  # in all, those of Python included; numpy, pydantic, rich, typer and PyAV make up most


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of the modules that are loaded once half a second has been heard, written and drawn."""
    folder = tmp_path_factory.mktemp("start")
    noise = np.random.default_rng(0).standard_normal((24000, 2)).astype(np.float32) * 0.1
    soundfile.write(folder / "song.wav", noise, 48000)
    outputs = [f"--{name}={folder / name}.out" for name in ("json", "events")]
    command = [sys.executable, "-c", CODE, str(folder / "song.wav"), *outputs, f"--plot={folder / 'plot.png'}"]
    root = Path(livegan.__file__).parents[1]  # the code under test, whatever else is installed
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, timeout=120)
    assert done.returncode == 0, done.stderr
    assert all((folder / name).stat().st_size for name in ("json.out", "events.out", "plot.png"))
    return set(done.stdout.split("modules", 1)[1].split())


def test_listening_to_a_song_loads_no_library_that_it_does_not_need(loaded: set[str]) -> None:
    assert sorted(loaded & NEEDLESS) == []


def test_listening_to_a_song_loads_few_modules(loaded: set[str]) -> None:
    count = len({name for name in loaded if not name.startswith("scipy")})
    assert count <= MOST_MODULES, f"{count} modules"
