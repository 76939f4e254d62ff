"""Capture: names, countdown, intervals, keys, resumption, lost cameras, full disks, programs that are killed."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from livegan.cli import app
from livegan.core.clock import ManualClock
from livegan.datasets.cameras import Camera, CameraPicture, CameraSettings, open_camera
from livegan.datasets.captured import captured, check_dataset_name, remove_unfinished, save_captured
from livegan.datasets.sources import read_picture
from livegan.errors import DatasetError, DeviceError
from livegan.studio.capture import Capture, CaptureJob, CaptureState
from tests.deadline import until

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"faces_\d\d-\d\d-\d{4}_\d\d-\d\d-\d\d-\d{6}\.jpeg")


class Run:
    """A capture on fakes and a clock that only waiting moves."""

    def __init__(
        self, folder: Path, camera: str = "fake", opened: Callable[[], Camera] | None = None, **job: Any
    ) -> None:
        self.clock = ManualClock()
        self.lines: list[str] = []
        self.beeps: list[tuple[float, float]] = []
        self.saved: list[tuple[float, Path]] = []
        self.states: list[CaptureState] = []
        defaults: dict[str, Any] = {"prompt": False, "preview_s": 1.0, "countdown_s": 0.0, "count": 4}
        self.capture = Capture(
            CaptureJob(folder, **(defaults | job)),
            opened or (lambda: open_camera(camera, size=(64, 48), clock=self.clock)),
            echo=self.lines.append,
            beep=lambda hz: self.beeps.append((self.clock.now(), hz)),
            saved=lambda path: self.saved.append((self.clock.now(), path)),
            clock=self.clock,
        )
        self.capture.states.subscribe(self.note)

    def note(self) -> None:
        state = self.capture.states.peek()
        assert state is not None
        self.states.append(state)
        self.on_state(state)

    def on_state(self, state: CaptureState) -> None:
        """For tests that press keys."""

    @property
    def times(self) -> list[float]:
        return [round(time_s, 3) for time_s, _ in self.saved]


def test_pictures_have_the_names_that_ganceselector_parses(tmp_path: Path) -> None:
    run = Run(tmp_path / "a" / "faces")
    run.capture.run()
    names = [path.name for path in captured(tmp_path / "a" / "faces", "faces")]
    assert len(names) == 4
    assert all(NAME.fullmatch(name) for name in names)
    stamp = names[0].removeprefix("faces_").removesuffix(".jpeg")
    assert datetime.strptime(stamp, "%m-%d-%Y_%H-%M-%S-%f").year == datetime.now().year
    assert read_picture(run.saved[0][1]).size == (64, 48)
    assert {path.name for path in (tmp_path / "a" / "faces").iterdir()} == set(names)
    assert [state.phase for state in run.states[:1] + run.states[-1:]] == ["preview", "done"]


def test_two_pictures_of_one_moment_keep_both(tmp_path: Path) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678)
    pixels = np.zeros((8, 8, 3), np.uint8)
    first, second = (save_captured(pixels, tmp_path, "faces", moment, "jpeg") for _ in range(2))
    assert first.name == "faces_01-02-2026_03-04-05-000678.jpeg"
    assert second.name == "faces_01-02-2026_03-04-05-000679.jpeg"


def test_preview_countdown_and_interval_are_kept(tmp_path: Path) -> None:
    run = Run(tmp_path, preview_s=2.0, countdown_s=3.0, interval_s=0.5)
    run.capture.run()
    assert run.times == pytest.approx([5.0, 5.5, 6.0, 6.5], abs=0.04)
    low = [time_s for time_s, hz in run.beeps if hz < 1000]
    assert low == pytest.approx([2.0, 3.0, 4.0], abs=0.1)
    assert len(run.beeps) == 3 + 4
    assert run.capture.rate == pytest.approx(2.0, abs=0.1)


def test_the_prompt_waits_for_a_key_and_no_ends(tmp_path: Path) -> None:
    class Asked(Run):
        answer = "Yes"

        def on_state(self, state: CaptureState) -> None:
            if state.phase == "asking" and self.clock.now() > 8:
                self.capture.keys.put(self.answer)

    run = Asked(tmp_path / "yes", prompt=True)
    run.capture.run()
    assert run.capture.complete
    assert min(run.times) > 8
    assert any("Did the settings look good?" in state.hint for state in run.states)
    run = Asked(tmp_path / "no", prompt=True)
    run.answer = "No"
    run.capture.run()
    assert run.saved == []


def test_space_takes_a_picture_now_and_escape_ends(tmp_path: Path) -> None:
    class Keys(Run):
        def on_state(self, state: CaptureState) -> None:
            if state.phase == "taking":
                self.capture.keys.put("Space" if len(self.saved) < 2 else "Esc")

    run = Keys(tmp_path, manual=True)
    run.capture.run()
    assert len(run.saved) == 2
    assert not run.capture.complete
    run = Keys(tmp_path / "b", interval_s=1000.0)
    run.capture.run()
    assert len(run.saved) == 2  # one that was due, one by the key


def test_a_dataset_is_gone_on_with_or_appended_to(tmp_path: Path) -> None:
    Run(tmp_path, count=3).capture.run()
    (tmp_path / "other_01-01-2026_00-00-00-000000.jpeg").touch()
    more = Run(tmp_path, count=5)
    more.capture.run()
    assert (more.capture.there, len(more.saved), len(captured(tmp_path, "faces"))) == (3, 2, 5)
    assert any("3 pictures of 'faces' already" in line for line in more.lines)
    full = Run(tmp_path, count=5, opened=lambda: pytest.fail("the camera was opened"))
    full.capture.run()
    assert full.saved == []
    appended = Run(tmp_path, count=5, append=True)
    appended.capture.run()
    assert len(captured(tmp_path, "faces")) == 10


def test_the_middle_is_cut_out_and_png_is_exact(tmp_path: Path) -> None:
    run = Run(tmp_path, square=True, kind="png", count=1)
    run.capture.run()
    picture = read_picture(run.saved[0][1])
    assert (picture.size, run.saved[0][1].suffix) == ((48, 48), ".png")
    with open_camera("fake", size=(64, 48), clock=ManualClock()) as camera:
        first = camera.read(1.0)
    assert first is not None
    np.testing.assert_array_equal(np.asarray(picture)[:5], first.pixels[:5, 8:56])


def test_exposure_is_locked_after_the_preview_and_what_cannot_be_is_said(tmp_path: Path) -> None:
    run = Run(tmp_path, camera="fake:plain", count=1)
    run.capture.run()
    assert any("cannot hold its exposure and white balance" in line for line in run.lines)
    run = Run(tmp_path / "b", camera="fake:plain", count=1, lock=False)
    run.capture.run()
    assert not any("hold" in line for line in run.lines)

    def opened() -> Camera:
        return open_camera("fake:plain", settings=CameraSettings(shutter_us=5), clock=run.clock)

    run = Run(tmp_path / "c", opened=opened, count=1)
    run.capture.run()
    assert any("no setting for shutter: ignored" in line for line in run.lines)
    run = Run(tmp_path / "d", camera="fake:black", count=1)
    run.capture.run()
    assert any("lens cap" in line for line in run.lines)


class Silent(Camera):
    """A camera that gives nothing."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__("silent", (64, 48))
        self.clock = clock

    def read(self, timeout_s: float) -> CameraPicture | None:
        self.clock.wait_until(self.clock.now() + timeout_s)
        return None

    def close(self) -> None:
        pass


def test_an_unplugged_camera_is_waited_for_and_nothing_is_lost(tmp_path: Path) -> None:
    tries: list[float] = []

    def opened() -> Camera:
        tries.append(run.clock.now())
        if len(tries) in (2, 3):
            raise DeviceError("there is no camera:0")
        return open_camera("fake:unplugs", size=(64, 48), clock=run.clock)  # for two seconds

    run = Run(tmp_path, opened=opened, preview_s=0.1, count=100)
    run.capture.run()
    assert run.capture.complete
    assert len(captured(tmp_path, "faces")) == 100
    assert sum("gives no more pictures" in line for line in run.lines) >= 2
    assert any("is back" in line for line in run.lines)
    assert any(state.phase == "lost" for state in run.states)
    assert tries[3] - tries[2] == pytest.approx(1.0)


def test_a_camera_that_falls_silent_is_opened_again(tmp_path: Path) -> None:
    cameras = [lambda: Silent(run.clock), lambda: open_camera("fake", size=(64, 48), clock=run.clock)]
    run = Run(tmp_path, opened=lambda: cameras.pop(0)())
    run.capture.run()
    assert run.capture.complete
    assert any("no picture for 10 s" in line for line in run.lines)


def test_escape_ends_the_wait_for_a_camera(tmp_path: Path) -> None:
    class Impatient(Run):
        def on_state(self, state: CaptureState) -> None:
            if state.phase == "lost" and self.clock.now() > 100:
                self.capture.keys.put("Esc")

    cameras: list[Callable[[], Camera]] = [lambda: Silent(run.clock)]

    def opened() -> Camera:
        if not cameras:
            raise DeviceError("there is no camera:0")
        return cameras.pop()()

    run = Impatient(tmp_path, opened=opened)
    run.capture.run()
    assert 100 < run.clock.now() < 103


def test_a_full_disk_keeps_what_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tmp_path)
    save = Image.Image.save

    def full(self: Image.Image, file: Any, *args: Any, **options: Any) -> None:
        if len(run.saved) == 2:
            file.write(b"half")
            raise OSError(28, "No space left on device")
        save(self, file, *args, **options)

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(DatasetError, match=r"No space left on device.*2 of 4 pictures are in.*type the same again"):
        run.capture.run()
    assert len(list(tmp_path.iterdir())) == 2
    monkeypatch.undo()
    Run(tmp_path).capture.run()
    assert len(captured(tmp_path, "faces")) == 4


def test_half_written_files_of_a_killed_program_are_removed_once_they_are_old(tmp_path: Path) -> None:
    old, new = tmp_path / ".faces_01-02.0123abcd.jpeg", tmp_path / ".faces_01-03.0123abcd.jpeg"
    for path in (old, new, tmp_path / ".mine.jpeg"):
        path.write_bytes(b"half")
    os.utime(old, (1, 1))
    assert remove_unfinished(tmp_path) == 1
    assert not old.exists()
    assert new.exists()
    assert remove_unfinished(tmp_path / "none") == 0


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "-n", " faces", "a:b", "a\nb"])
def test_names_that_cannot_be_a_folder_are_refused(name: str) -> None:
    with pytest.raises(DatasetError, match="--dataset-name"):
        check_dataset_name(name)


def typed(*words: object) -> Any:
    return CliRunner().invoke(app, ["capture", *map(str, words)])


@pytest.mark.parametrize(
    ("words", "error", "sentence"),
    [
        (("--camera", "fake:busy", "--no-prompt"), DeviceError, "in use by another program"),
        (("--camera", "fake"), DatasetError, "--no-prompt"),
        (("--iso", "100", "--gain", "2"), DatasetError, "leave one of them out"),
        (("--dataset-name", "a/b"), DatasetError, "--dataset-name"),
    ],
)
def test_wrong_words_say_what_to_type(
    tmp_path: Path, words: tuple[str, ...], error: type[Exception], sentence: str
) -> None:
    done = typed(*words, "--headless", "--datasets-location", tmp_path)
    assert isinstance(done.exception, error)
    assert sentence in str(done.exception)


def test_a_location_that_cannot_be_written_is_said_before_the_camera_opens(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = typed("--headless", "--no-prompt", "--datasets-location", tmp_path / "file")
    assert "--datasets-location" in str(done.exception)


COMMAND = "capture --camera fake --headless --no-prompt --silent --preview-time 0 --countdown 0 --resolution 900x900"


def test_a_killed_capture_loses_at_most_the_picture_in_progress(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "livegan", *COMMAND.split(), "--datasets-location", str(tmp_path), "-n", "24"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as running:
        until(lambda: len(captured(tmp_path / "faces", "faces")) >= 3, "three pictures", 60)
        running.send_signal(signal.SIGKILL)
    kept = captured(tmp_path / "faces", "faces")
    before = {path: path.read_bytes() for path in kept}
    assert 3 <= len(kept) < 24
    unfinished = [path for path in (tmp_path / "faces").iterdir() if path not in kept]
    assert len(unfinished) <= 1
    done = typed(*COMMAND.split()[1:], "--datasets-location", tmp_path, "-n", "24")
    assert done.exit_code == 0, done.stderr
    assert "24 pictures" in done.stderr
    pictures = captured(tmp_path / "faces", "faces")
    assert len(pictures) == 24
    for path in pictures:
        assert read_picture(path).size == (900, 900)  # all of it can be decoded
        assert path.read_bytes() == before.get(path, path.read_bytes())
    assert "all 24 are there already" in typed(*COMMAND.split()[1:], "--datasets-location", tmp_path, "-n", "24").stderr


def test_the_terminal_gets_a_line_with_size_brightness_and_sharpness(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.capture.run()
    assert re.search(r"0/4 · 64x48 · brightness \d+ · sharpness \d+ · preview", run.states[0].line)
    sharpest = [state.pixels for state in run.states if state.pixels is not None]
    assert sharpest[0].shape == (48, 64, 3)


PAGE = (ROOT / "docs" / "studio.md").read_text(encoding="utf-8").split("## Capture")[1].split("\n## ")[0]
LINES = [line for line in PAGE.splitlines() if line.startswith(("livegan capture", "livegan upload"))]


def test_the_commands_of_the_page_exist_and_those_that_capture_run(tmp_path: Path) -> None:
    assert len(LINES) >= 8
    commands: Any = typer.main.get_command(app)
    for line in LINES:
        _, name, *words = line.split()
        commands.commands[name].make_context(name, words)  # parses, and raises for an option that is not there
        if name == "capture" and "--upload" not in words:
            more = "--camera fake --headless --no-prompt --silent --preview-time 0 --countdown 0 --interval 0 --count 1"
            more += " --resolution 64x64"
            words = [word for word in words if word != "--manual"]
            done = typed(*words, *more.split(), "--datasets-location", tmp_path / str(len(words)))
            assert done.exit_code == 0, (line, done.exception)
