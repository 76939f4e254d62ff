"""Every test runs on a bare machine: no sound card, MIDI port, screen or settings of the user is seen.

What a test needs it plugs in itself: tests/virtual.py, tests/jack.py, tests/screen.py. This is done at import, because
tests are collected from lists of what there is.
"""

import os
import signal
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
BARE = tempfile.TemporaryDirectory(prefix="livegan-tests-")
ALSA = """# All that ALSA knows here is a PulseAudio server. "hw:0" is no name, so no real card can be opened.
pcm.pulse { type pulse }
ctl.pulse { type pulse }
pcm.!default { type pulse }
ctl.!default { type pulse }
"""
THEIRS = ("QT_", "WAYLAND", "PULSE_", "PIPEWIRE_", "JACK_", "LIVEGAN_MIDI")


def unplug(folder: Path) -> None:
    """Hide this machine's hardware, sound servers and settings from this process and its children."""
    for name in [name for name in os.environ if name.startswith(THEIRS)]:
        del os.environ[name]
    os.environ.pop("DISPLAY", None)
    os.environ.pop("DBUS_SESSION_BUS_ADDRESS", None)
    (folder / "asound.conf").write_text(ALSA)  # PortAudio 19.6 aborts where it names nothing at all
    for name in ("config", "cache", "data"):
        (folder / name).mkdir()
    os.environ |= {
        "ALSA_CONFIG_PATH": str(folder / "asound.conf"),
        "JACK_DEFAULT_SERVER": "livegan-nobody",
        "JACK_NO_START_SERVER": "1",
        "NDI_CONFIG_DIR": str(ROOT / "tests" / "ndi"),  # this machine alone, without the network's name service
        "LIVEGAN_MIDI_API": "jack",  # ALSA's sequencer is in the kernel and cannot be hidden
        "PULSE_SERVER": f"unix:{folder}/nobody",
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "data"),
        "XDG_RUNTIME_DIR": str(folder),
    }


def heed_signals() -> None:
    """Let children heed Ctrl-C and a closed terminal, also where the tests were begun by nohup or in the background."""
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:  # what children would inherit
            signal.signal(number, handler)


heed_signals()
unplug(Path(BARE.name))
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # two workers on two cores: each draws and learns on one


LONGEST = (
    "virtual",
    "tests/integration/test_guides.py",
    "tests/integration/test_readme.py",
    "tests/integration/test_cli.py",
    "tests/integration/test_signals.py",
    "tests/integration/test_plugins.py",
    "tests/integration/test_render_workers.py",
    "tests/integration/test_training_commands.py",
    "tests/unit/test_studio_project.py",
    "tests/unit/test_training_evaluation.py",
)


@cache
def group(file: str) -> str:
    """What runs on one worker: the tests of a file, which make its fixtures once; all that need the virtual hardware.

    `file` is what a node's id begins with.
    """
    text = (ROOT / file).read_text(encoding="utf-8") if (ROOT / file).is_file() else ""
    return "virtual" if "pytest.mark.virtual" in text else file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files run first, the others as they are found."""
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(group(item.nodeid.partition("::")[0]), len(LONGEST)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Groups in the order of their tests; pytest-xdist 3.8 finds no marks of groups in the ids of pytest 9.2."""
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group(nodeid.partition("::")[0])

    config.option.loadscopereorder = False  # or the files of few tests, which may be long, came last
    return Groups(config, log)


@pytest.fixture(scope="session", autouse=True)
def bare_machine() -> Iterator[None]:
    """Remove the folder of the bare machine in the end."""
    yield
    BARE.cleanup()
