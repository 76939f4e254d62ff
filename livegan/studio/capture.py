"""Capture of a dataset from a camera: preview, countdown, pictures at an interval, and waiting for a lost camera."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from math import floor
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from livegan.core.channels import Inbox, Latest
from livegan.core.clock import Clock, WallClock
from livegan.core.files import check_writable, reason_of
from livegan.core.text import printable
from livegan.core.types import Pixels
from livegan.datasets.cameras import Camera, CameraLostError, CameraPicture
from livegan.datasets.captured import PictureKind, captured, check_dataset_name, remove_unfinished, save_captured
from livegan.datasets.filters import sharpness
from livegan.errors import DatasetError, DeviceError

READ_S = 0.1  # how long a key may wait
SILENT_S = 10.0  # a camera that gives nothing for so long is opened again
REOPEN_S = 1.0  # between two tries to open a lost camera
SETTLE_S = 1.0  # a camera that came back finds its exposure
PREVIEW_S = 0.03  # between two pictures that are shown
FOCUS_PX = 512  # side of the middle that is measured
SHOWN_PX = 1280  # longest side of what is shown
DARK = 4.0  # mean of 0..255: a lens cap
COUNT_HZ, TAKE_HZ = 660.0, 1320.0  # beeps

Phase = Literal["preview", "asking", "countdown", "taking", "lost", "done"]
Beep = Callable[[float], object]


@dataclass(frozen=True, slots=True)
class CaptureJob:
    """What is to be captured, and how."""

    folder: Path  # of the dataset
    dataset: str = "faces"
    count: int = 10  # pictures of the whole dataset; of this run with `append`
    append: bool = False
    preview_s: float = 10.0
    prompt: bool = True  # ask after the preview whether the settings look good
    countdown_s: float = 5.0
    interval_s: float = 0.0  # 0: every picture that the camera gives
    manual: bool = False  # only when a key is pressed
    square: bool = False  # cut out the middle
    lock: bool = True  # hold exposure and white balance from the end of the preview on
    kind: PictureKind = "jpeg"


@dataclass(frozen=True, slots=True)
class CaptureState:
    """What a capture shows now."""

    phase: Phase
    hint: str  # what happens, and which keys there are
    measures: str  # how many pictures, their size, brightness and sharpness; "" while there is no camera
    taken: int
    total: int
    pixels: Pixels | None = None  # of the preview, at most SHOWN_PX

    @property
    def line(self) -> str:
        """Everything in one line, for a terminal."""
        return " · ".join(filter(None, (self.measures, self.hint)))


class Capture:
    """A capture, run by one thread; `states` is read and `keys` written by others.

    Keys: "Space" ends the preview, says yes, takes a picture now; "Esc" ends everything; "Yes" and "No" answer.
    """

    def __init__(
        self,
        job: CaptureJob,
        opened: Callable[[], Camera],
        *,
        echo: Callable[[str], object],
        beep: Beep = lambda hz: None,
        saved: Callable[[Path], object] = lambda path: None,
        clock: Clock | None = None,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        """`opened` opens the camera, `saved` is told each finished picture. DatasetError if `job` cannot be done."""
        check_dataset_name(job.dataset)
        try:
            check_writable(job.folder / "picture.jpeg")
            job.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatasetError(
                f"{job.folder} cannot be written ({reason_of(error)}); choose another --datasets-location"
            ) from error
        remove_unfinished(job.folder)
        self.job = job
        self.states: Latest[CaptureState] = Latest()
        self.keys: Inbox[str] = Inbox(64)
        self.there = len(captured(job.folder, job.dataset))
        self.total = job.count + self.there if job.append else job.count
        self.taken = self.there
        self._opened, self._echo, self._beep, self._saved = opened, echo, beep, saved
        self._clock, self._now = clock or WallClock(), now
        self._phase: Phase = "preview"
        self._due_s = 0.0  # end of the preview or the countdown, or when the next picture is due
        self._beeped = -1
        self._shown_s = -1.0
        self._wanted = 0  # pictures that keys have asked for
        self._began_s: float | None = None  # the first picture of this run
        self._noted: set[str] = set()

    @property
    def complete(self) -> bool:
        """Whether the dataset has as many pictures as were asked for."""
        return self.taken >= self.total

    @property
    def rate(self) -> float:
        """Pictures a second since the first of this run, 0 before the second."""
        pictures = self.taken - self.there - 1
        elapsed_s = self._clock.now() - self._began_s if self._began_s is not None else 0.0
        return pictures / elapsed_s if pictures > 0 and elapsed_s > 0 else 0.0

    def run(self) -> None:
        """Capture until all pictures are there or a key ends it.

        DeviceError if the camera does not open at first; DatasetError, with what is kept, if the disk is full.
        """
        if self.complete:
            return
        camera = self._opened()
        try:
            self._greet(camera)
            self._begin("preview", self.job.preview_s)
            heard_s = self._clock.now()
            while self._phase != "done":
                self._handle_keys()
                try:
                    picture = camera.read(READ_S)
                    if picture is None and self._clock.now() - heard_s > SILENT_S:
                        raise CameraLostError(f"{camera.name} gives no picture for {SILENT_S:g} s; is it plugged in?")
                except CameraLostError as error:
                    camera.close()
                    back = self._wait_for_camera(error)
                    if back is None:
                        return
                    camera, heard_s = back, self._clock.now()
                    continue
                if picture is not None:
                    heard_s = self._clock.now()
                    self._step(camera, picture)
        finally:
            camera.close()
            self._phase = "done"
            self._show(None, "done")

    def _greet(self, camera: Camera) -> None:
        width, height = camera.size
        self._echo(f"{camera.name}: {width}x{height}; pictures go into {self.job.folder}")
        if self.there:
            todo = f"{self.total - self.there} more are taken"
            self._echo(f"{self.job.folder} has {self.there} pictures of '{self.job.dataset}' already; {todo}")
        if camera.ignored:
            names = ", ".join(name.removesuffix("_us").replace("_", " ") for name in camera.ignored)
            self._echo(f"{camera.name} has no setting for {names}: ignored")

    def _begin(self, phase: Phase, seconds: float) -> None:
        self._phase, self._due_s, self._beeped = phase, self._clock.now() + seconds, -1

    def _handle_keys(self) -> None:
        for key in self.keys.drain():
            if key in ("Esc", "No"):
                self._phase = "done"
            elif self._phase == "preview":
                self._due_s = self._clock.now()
            elif self._phase == "asking":
                self._begin("countdown", self.job.countdown_s)
            elif self._phase in ("countdown", "taking"):
                self._wanted += 1

    def _step(self, camera: Camera, picture: CameraPicture) -> None:
        """Do what this picture is due for."""
        pixels = centre_square(picture.pixels) if self.job.square else picture.pixels
        left_s = self._due_s - self._clock.now()
        if self._phase == "preview":
            self._show(pixels, f"preview, {max(left_s, 0):.0f} s · Space: go on · Esc: end")
            if left_s <= 0:
                self._end_preview(camera)
        elif self._phase == "asking":
            self._show(pixels, "Did the settings look good? Space: yes · Esc: no, end")
        elif self._phase == "countdown":
            self._count_down(left_s)
            self._show(pixels, f"the first picture in {max(left_s, 0):.0f} s")
            if left_s <= 0:
                self._begin("taking", 0.0)
        if self._phase == "taking" or (self._phase == "countdown" and self._wanted):
            due = not self.job.manual and self._phase == "taking" and picture.time_s + 1e-6 >= self._due_s
            if due or self._wanted:
                self._take(pixels, by_key=not due)
            self._show(pixels, "Space: a picture now · Esc: end")

    def _end_preview(self, camera: Camera) -> None:
        if self.job.lock:
            self._lock(camera)
        if self.job.prompt:
            self._phase = "asking"
        else:
            self._begin("countdown", self.job.countdown_s)

    def _lock(self, camera: Camera) -> None:
        free = camera.lock()
        if free:
            self._note(f"{camera.name} cannot hold its {' and '.join(free)}: pictures may differ in light")

    def _count_down(self, left_s: float) -> None:
        second = floor(max(left_s, 0))
        if second != self._beeped and left_s > 0:
            self._beeped = second
            self._beep(COUNT_HZ)

    def _take(self, pixels: Pixels, *, by_key: bool) -> None:
        job = self.job
        if by_key:
            self._wanted -= 1
        else:
            late_s = self._clock.now() - self._due_s
            steps = floor(late_s / job.interval_s) + 1 if job.interval_s else 0
            self._due_s += steps * job.interval_s
        self._beep(TAKE_HZ)
        try:
            path = save_captured(pixels, job.folder, job.dataset, self._now(), job.kind)
        except OSError as error:
            kept = f"{self.taken} of {self.total} pictures are in {job.folder}"
            raise DatasetError(
                f"a picture cannot be written ({reason_of(error)}); {kept}; make room and type the same again"
            ) from error
        self._began_s = self._clock.now() if self._began_s is None else self._began_s
        self.taken += 1
        self._saved(path)
        if self.complete:
            self._phase = "done"

    def _wait_for_camera(self, error: DeviceError) -> Camera | None:
        """Open the camera again, until it is there or a key ends the capture."""
        phase, self._phase = self._phase, "lost"
        self._echo(f"{error}. {self.taken} of {self.total} pictures are kept; it goes on when the camera is back")
        since_s = self._clock.now()
        while True:
            self._show(None, f"waiting for the camera ({self._clock.now() - since_s:.0f} s) · Esc: end")
            self._clock.wait_until(self._clock.now() + REOPEN_S)
            if any(key in ("Esc", "No") for key in self.keys.drain()):
                return None
            try:
                camera = self._opened()
            except DeviceError:
                continue
            self._echo(f"{camera.name} is back")
            until_s = self._clock.now() + SETTLE_S
            try:
                while phase not in ("preview", "asking") and self._clock.now() < until_s:
                    camera.read(READ_S)
                if self.job.lock and phase not in ("preview", "asking"):
                    self._lock(camera)
            except CameraLostError:
                camera.close()
                continue
            self._phase = phase
            if phase in ("preview", "countdown"):
                self._due_s += self._clock.now() - since_s
            return camera

    def _show(self, pixels: Pixels | None, what: str) -> None:
        """Publish the state, a few times a second, with the measures that help to set a camera up."""
        now_s = self._clock.now()
        if pixels is None:
            self.states.put(CaptureState(self._phase, what, "", self.taken, self.total))
            return
        if now_s - self._shown_s < PREVIEW_S:
            return
        self._shown_s = now_s
        middle = np.ascontiguousarray(centre_square(pixels, FOCUS_PX))
        light, sharp = float(pixels[::8, ::8].mean()), sharpness(middle)
        if light < DARK:
            self._note("the pictures are black; is the lens cap on, or the shutter too short?")
        size = f"{pixels.shape[1]}x{pixels.shape[0]}"
        measures = f"{self.taken}/{self.total} · {size} · brightness {light:.0f} · sharpness {sharp:.0f}"
        self.states.put(CaptureState(self._phase, what, measures, self.taken, self.total, reduced(pixels)))

    def _note(self, sentence: str) -> None:
        if sentence not in self._noted:
            self._noted.add(sentence)
            self._echo(printable(sentence))


def centre_square(pixels: Pixels, most: int | None = None) -> Pixels:
    """The largest square of the middle, of `most` pixels a side at most."""
    height, width = pixels.shape[:2]
    side = min(height, width, most or height)
    top, left = (height - side) // 2, (width - side) // 2
    return pixels[top : top + side, left : left + side]


def reduced(pixels: Pixels) -> Pixels:
    """A picture for the screen, by whole factors, SHOWN_PX at its longest side."""
    factor = -(-max(pixels.shape[:2]) // SHOWN_PX)
    image = Image.fromarray(np.ascontiguousarray(pixels))
    shown: Pixels = np.asarray(image.reduce(factor) if factor > 1 else image)
    return shown
