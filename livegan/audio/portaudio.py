"""The door to PortAudio. Nothing is loaded before somebody knocks."""

from contextlib import suppress
from typing import Any, Protocol

from livegan.errors import DeviceError


class Driver(Protocol):
    """The part of the module `sounddevice` that livegan uses; tests hand in their own."""

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
    try:
        import sounddevice  # late on purpose: this loads PortAudio and asks every driver for its devices
    except OSError as error:
        raise DeviceError(
            "PortAudio is missing, so no sound card can be opened; type: sudo apt install libportaudio2 "
            "(macOS: brew install portaudio) - or play the demo track: livegan play --input demo"
        ) from error
    driver: Driver = sounddevice
    return driver


def look_again(driver: Driver) -> None:
    """Make PortAudio forget its list of devices and look which are there now. Ends every stream of the process."""
    for step in (driver._terminate, driver._initialize):
        with suppress(driver.PortAudioError):  # whoever asks for a device afterwards is told that there is none
            step()
