"""Command `livegan capture`. Heavy imports happen inside, as in `livegan.cli`."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from livegan.cli.options import size_option
from livegan.cli.output import echo
from livegan.cli.upload import opened_target, waited
from livegan.core.text import counted
from livegan.errors import DatasetError

if TYPE_CHECKING:
    from livegan.studio.capture import Capture


def capture(
    camera: Annotated[
        str, typer.Option("--camera", "-c", help="camera:0, a part of its name, a film, a folder, or fake.")
    ] = "camera",
    dataset_name: Annotated[
        str, typer.Option(help="Name of the dataset: a folder, and how its files begin.")
    ] = "faces",
    datasets_location: Annotated[Path, typer.Option(help="The folder that datasets are in.")] = Path("datasets"),
    count: Annotated[
        int, typer.Option("--count", "--num-photos-to-take", "-n", min=1, help="Pictures of the whole dataset.")
    ] = 10,
    append: Annotated[bool, typer.Option("--append", help="So many more than there are already.")] = False,
    resolution: Annotated[str, typer.Option(help="WIDTHxHEIGHT, or the camera's nearest.")] = "2000x2000",
    square: Annotated[bool, typer.Option("--square", help="Cut out the square in the middle.")] = False,
    iso: Annotated[int | None, typer.Option(min=0, max=800, help="ISO; 0: automatic.")] = None,
    gain: Annotated[float | None, typer.Option(min=0, help="Gain in the camera's own units, instead of ISO.")] = None,
    shutter: Annotated[
        int | None,
        typer.Option("--shutter", "--shutter-speed", min=0, max=1_000_000, help="Exposure [µs]; 0: automatic."),
    ] = None,
    red_gain: Annotated[
        float | None, typer.Option("--red-gain", "--awb-red-gain", min=0, max=8, help="White balance by hand: red.")
    ] = None,
    blue_gain: Annotated[
        float | None, typer.Option("--blue-gain", "--awb-blue-gain", min=0, max=8, help="White balance by hand: blue.")
    ] = None,
    lock: Annotated[
        bool, typer.Option("--lock/--no-lock", help="Hold exposure and white balance after the preview.")
    ] = True,
    preview_time: Annotated[float, typer.Option(min=0, help="Preview before the first picture [s].")] = 10.0,
    prompt: Annotated[
        bool, typer.Option("--prompt/--no-prompt", help="Ask after the preview whether the settings look good.")
    ] = True,
    countdown: Annotated[float, typer.Option(min=0, help="Countdown after the preview [s].")] = 5.0,
    interval: Annotated[float, typer.Option(min=0, help="Between two pictures [s]; 0: all that come.")] = 0.0,
    manual: Annotated[bool, typer.Option("--manual", help="Take pictures only when Space is pressed.")] = False,
    sound: Annotated[bool, typer.Option("--sound/--silent", help="Beep for the countdown and each picture.")] = True,
    picture_format: Annotated[Literal["jpeg", "png"], typer.Option("--format", help="jpeg or png.")] = "jpeg",
    fps: Annotated[float | None, typer.Option(min=0.1, max=240, help="Frame rate asked of the camera.")] = None,
    upload: Annotated[
        str, typer.Option(metavar="TARGET", help="Copy each picture: a synchronised folder, https://..., host:folder.")
    ] = "",
    user: Annotated[str, typer.Option(help="--upload: your name on the WebDAV server.")] = "",
    headless: Annotated[bool, typer.Option("--headless", help="No window: a line in the terminal.")] = False,
) -> None:
    """Take pictures with a camera for a dataset: preview, countdown, then one after the other.

    Space: on, or a picture now; Esc: end. The same command again goes on where it was stopped.
    """
    from livegan.audio.beep import Beeper
    from livegan.datasets.cameras import CameraSettings, open_camera
    from livegan.studio.capture import Capture, CaptureJob

    if iso and gain is not None:
        raise DatasetError(f"--iso {iso} and --gain {gain:g} set the same thing; leave one of them out")
    size = size_option(resolution)
    settings = CameraSettings(iso, gain, shutter, red_gain, blue_gain)
    job = CaptureJob(
        folder=datasets_location / dataset_name,
        dataset=dataset_name,
        count=count,
        append=append,
        preview_s=preview_time,
        prompt=prompt,
        countdown_s=countdown,
        interval_s=interval,
        manual=manual,
        square=square,
        lock=lock,
        kind=picture_format,
    )
    line = _Line()
    with ExitStack() as stack:
        beeper = Beeper()
        stack.callback(beeper.close)
        copies = _Copies(job.folder, upload, user, line.echo, stack)
        capturing = Capture(
            job,
            lambda: open_camera(camera, size, fps, settings),
            echo=line.echo,
            beep=beeper.beep if sound else lambda hz: None,
            saved=copies.wake,
        )
        copies.start()
        try:
            _run(capturing, line, headless=headless)
        finally:
            copies.stop()
        _report(capturing)
        copies.finish()


class _Copies:
    """The upload of a capture: beside it, and the rest after it."""

    def __init__(self, folder: Path, target: str, user: str, echo: Callable[[str], object], stack: ExitStack) -> None:
        """No upload where `target` is ""."""
        from livegan.studio.upload import BackgroundUpload
        from livegan.studio.upload_target import TransientUploadError

        self._folder, self._typed, self._user = folder, target, user
        self._target = stack.enter_context(opened_target(target, user)) if target else None
        if self._target is not None:
            try:
                self._target.sizes(folder.resolve().name)  # a wrong password is said before the first picture
            except TransientUploadError as error:
                echo(f"{error}; it is tried again meanwhile")
        self._beside = BackgroundUpload(folder, self._target, echo) if self._target is not None else None

    def start(self) -> None:
        if self._beside is not None:
            self._beside.start()

    def wake(self, path: Path) -> None:
        if self._beside is not None:
            self._beside.wake(path)

    def stop(self) -> None:
        if self._beside is not None:
            self._beside.stop()

    def finish(self) -> None:
        """Upload what is left, with a bar; DatasetError, with what to type, if it cannot be."""
        if self._target is None:
            return
        from livegan.core.progress import progress_bar
        from livegan.core.text import quoted
        from livegan.studio.upload import Uploader

        later = f"later type: livegan upload {quoted(self._folder)} {quoted(self._typed)}"
        later += f" --user {quoted(self._user)}" if self._user else ""
        uploader = Uploader(self._folder, self._target, wait=waited)
        try:
            todo = len(uploader.status().todo)
            if todo:
                with progress_bar("uploading", todo, "pictures") as progress:
                    uploader.run(progress)
        except KeyboardInterrupt:
            echo(f"not all is uploaded; {later}")
            raise
        except DatasetError as error:
            raise DatasetError(f"{error}; all pictures are in {self._folder}; {later}") from error
        echo(str(uploader.status()))


class _Line:
    """Messages on standard error, above a line that may be there."""

    def __init__(self) -> None:
        self.clear: Callable[[], None] = lambda: None

    def echo(self, text: str) -> None:
        self.clear()
        echo(text)


def _run(capturing: "Capture", line: _Line, *, headless: bool) -> None:
    """In a window where there is a display, else in the terminal."""
    from livegan.ui.display import has_display

    if not headless and has_display():
        from livegan.ui.camera_window import capture_in_window

        capture_in_window(capturing.run, capturing.states, capturing.keys)
        return
    from livegan.core.clock import WallClock
    from livegan.core.terminal import StatusLine, TerminalKeys

    with TerminalKeys() as keys:
        if capturing.job.prompt and not keys.there:
            raise DatasetError("nobody can answer whether the settings look good: no terminal; type: --no-prompt")
        status = StatusLine(WallClock())
        line.clear = status.clear

        def update() -> None:
            state = capturing.states.peek()
            if state is not None:
                status.update(state.line)
            for key in keys.pressed():
                capturing.keys.put(key)

        unsubscribe = capturing.states.subscribe(update)
        try:
            capturing.run()
        except KeyboardInterrupt:
            if capturing.taken == capturing.there:
                raise
        finally:
            unsubscribe()
            status.clear()


def _report(capturing: "Capture") -> None:
    """Say what there is, how quick it was, and how to go on."""
    folder, taken = capturing.job.folder, capturing.taken
    new = taken - capturing.there
    rate = f", {capturing.rate:.2g} a second" if capturing.rate else ""
    echo(f"{folder}: {counted(taken, 'picture')}, {new} of them new{rate}")
    if not capturing.complete:
        echo(f"{capturing.total - taken} are missing; the same command goes on")
    elif not new:
        echo(f"all {capturing.total} are there already; for more: --append, or a greater --count")
