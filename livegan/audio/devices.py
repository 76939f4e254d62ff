"""Sound input devices: enumeration and lookup by name."""

import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livegan.audio.portaudio import Driver, portaudio
from livegan.core.file_kind import FOLDER, file_kind, folder_for_song
from livegan.core.registry import nearest
from livegan.core.text import printable
from livegan.errors import DeviceError

NUMBERS = re.compile(
    r"\(?hw:\d+,\d+\)?|\b\d+- "
)  # ALSA's and Windows's, which change when a device is plugged in again
OWN_MUSIC = ("demo", "compose")  # inputs that need no device
HINT = "see what is there with: livegan devices - or play the demo track: livegan play --input demo"


@dataclass(frozen=True, slots=True)
class InputDevice:
    """A sound input as the system names it."""

    name: str
    host_api: str
    channels: int
    sample_rate: int  # the one it prefers [Hz]
    is_default: bool
    index: int  # PortAudio's number, good until PortAudio looks again; never kept


@dataclass(frozen=True, slots=True)
class InputList:
    """Names of the sound inputs there are, and of what is heard."""

    names: tuple[str, ...]
    heard: str


def list_inputs(driver: Driver | None = None) -> list[InputDevice]:
    """Every sound input there is now; devices that the driver describes wrongly are left out.

    DeviceError where PortAudio is missing, or has no list at all.
    """
    driver = driver or portaudio()
    try:
        apis, devices = list(driver.query_hostapis()), list(driver.query_devices())
        default = _default(apis)
    except (driver.PortAudioError, LookupError, TypeError, ValueError, OSError) as error:
        reason = str(error).strip() or type(error).__name__
        raise DeviceError(
            f"the list of sound devices cannot be read ({reason}); restart the sound server - {HINT}"
        ) from error
    inputs = []
    for index, device in enumerate(devices):
        with suppress(LookupError, TypeError, ValueError, OverflowError):
            inputs.append(_input(device, str(apis[device["hostapi"]]["name"]), index, default))
    return [device for device in inputs if device.channels > 0]


def _input(device: Mapping[str, Any], host_api: str, index: int, default: int) -> InputDevice:
    return InputDevice(
        name=str(device["name"]),
        host_api=host_api,
        channels=int(device["max_input_channels"]),
        sample_rate=int(device["default_samplerate"]),
        is_default=index == default,
        index=index,
    )


def _default(apis: Sequence[dict[str, object]]) -> int:
    """Number of the default input: that of the first host API that has one; -1 if none has."""
    candidate = [int(str(api["default_input_device"])) for api in apis]
    return next((index for index in candidate if index >= 0), -1)


def find_input(name: str, host_api: str, inputs: Sequence[InputDevice]) -> InputDevice:
    """The input called `name` (all of it, else part of it, any case), "" the default one; DeviceError if none is."""
    if not inputs:
        raise _no_such_input(name, [])
    here = [device for device in inputs if host_api.lower() in device.host_api.lower()]
    if not here:
        apis = sorted({device.host_api for device in inputs})
        close = nearest(host_api, apis)
        hint = f"did you mean '{close}'?" if close else f"there are: {', '.join(apis)}"
        raise DeviceError(f"no host API called '{host_api}' has a sound input; {hint} - {HINT}")
    if not name:
        return next((device for device in here if device.is_default), here[0])
    query = name.lower()
    for fits in (
        lambda candidate: candidate == query,
        lambda candidate: query in candidate,
        lambda candidate: bool(_bare(query)) and _bare(query) in _bare(candidate),
    ):
        for device in here:
            if fits(device.name.lower()):
                return device
    names = list(dict.fromkeys(device.name for device in here))
    raise _no_such_input(name, names)


def _no_such_input(name: str, names: Sequence[str]) -> DeviceError:
    """The error where no input fits; a folder is told as one, with a song in it."""
    if name and file_kind(Path(name)) == FOLDER:
        return DeviceError(f"{folder_for_song(Path(name))} - or play the demo track: livegan play --input demo")
    return DeviceError(f"{_unlike(name, names)} - {HINT}")


def _unlike(name: str, names: Sequence[str]) -> str:
    """Why no input fits: what was typed is like one of `names` or livegan's own music, or nothing is."""
    listed = ", ".join(f"'{each}'" for each in names)
    there = f"there are: {listed}" if names else "this machine has no sound input; plug one in"
    if not name:
        return there
    known = [*names, *OWN_MUSIC]
    close = nearest(name.lower(), [each.lower() for each in known])
    hint = next((f"did you mean '{each}'? " for each in known if each.lower() == close), "")
    return f"no sound input called '{printable(name)}'; {hint}{there}"


def other_inputs(name: str, inputs: Sequence[InputDevice], left_out: Collection[str] = ()) -> list[InputDevice]:
    """The inputs that may stand in for the one called `name`, the default first; none of the names `left_out`."""
    others = [device for device in inputs if _bare(device.name) != _bare(name) and device.name not in left_out]
    return sorted(others, key=lambda device: not device.is_default)


def _bare(name: str) -> str:
    """A name in small letters without the numbers that change when a device is plugged in again."""
    return NUMBERS.sub("", name.lower()).strip()
