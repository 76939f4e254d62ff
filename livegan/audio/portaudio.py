"""Access to PortAudio through sounddevice, imported on first use."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from livegan.audio.pulse_client import share_no_memory
from livegan.errors import DeviceError

DRIVER_TIMEOUT_S = 2.0  # how long a call to PortAudio may take; a healthy driver needs a tenth of it
BLOCK = 512  # samples that an output asks for at a time
DRIVER_HANGS = "the sound driver does not answer"


class Driver(Protocol):
    """Driver interface: the part of the module `sounddevice` that livegan uses; tests pass a fake."""

    PortAudioError: type[Exception]
    InputStream: Any
    OutputStream: Any

    def query_devices(self) -> Any:
        """Every device: a sequence of dicts."""
        ...

    def query_hostapis(self) -> Any:
        """Every host API: a sequence of dicts."""
        ...

    def check_input_settings(self, **settings: Any) -> None:
        """Raises if an input does not open like this."""
        ...

    def _initialize(self) -> None: ...

    def _terminate(self) -> None: ...


def portaudio() -> Driver:
    """sounddevice, loaded now. DeviceError with the command to type if PortAudio is not on this machine."""
    share_no_memory()
    try:
        import sounddevice  # late on purpose: this loads PortAudio and asks every driver for its devices
    except OSError as error:
        raise DeviceError(
            "PortAudio is missing, so no sound card can be opened; type: sudo apt install libportaudio2 "
            "(macOS: brew install portaudio) - or play the demo track: livegan play --input demo"
        ) from error
    driver: Driver = sounddevice
    return driver


def output_stream(driver: Driver, channels: int, sample_rate: int, callback: Callable[..., None]) -> Any:
    """Stream to the default output, not started; raises as the driver does."""
    return driver.OutputStream(
        channels=channels, samplerate=sample_rate, blocksize=BLOCK, dtype="float32", callback=callback
    )


def close_stream(driver: Driver, stream: Any) -> None:
    """Abort and close `stream`; errors of a dead stream are ignored.

    Never returns while the sound server hangs (a stopped PulseAudio): give it to `run_within`, or to a thread to spare.
    """
    for step in (stream.abort, stream.close):
        with suppress(driver.PortAudioError):
            step()


def run_within(limit_s: float, task: Callable[[], None]) -> bool:
    """Run `task` on a daemon thread "livegan-audio-stop" and wait for it at most `limit_s`; False if it still runs."""
    thread = threading.Thread(target=task, name="livegan-audio-stop", daemon=True)
    thread.start()
    thread.join(limit_s)
    return not thread.is_alive()


def rescan_devices(driver: Driver) -> None:
    """Make PortAudio enumerate the devices again. Ends every stream of the process."""
    for step in (driver._terminate, driver._initialize):
        with suppress(driver.PortAudioError):  # then the list of devices is empty
            step()
