"""Sound input devices: enumeration and lookup by name."""

from collections.abc import Sequence
from dataclasses import dataclass

from livegan.audio.portaudio import Driver, portaudio
from livegan.core.registry import nearest
from livegan.errors import DeviceError

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
    """Every sound input there is now. DeviceError only where PortAudio itself is missing."""
    driver = driver or portaudio()
    apis = list(driver.query_hostapis())
    default = _default(apis)
    return [
        InputDevice(
            name=str(device["name"]),
            host_api=str(apis[device["hostapi"]]["name"]),
            channels=int(device["max_input_channels"]),
            sample_rate=int(device["default_samplerate"]),
            is_default=index == default,
            index=index,
        )
        for index, device in enumerate(driver.query_devices())
        if device["max_input_channels"] > 0
    ]


def _default(apis: Sequence[dict[str, object]]) -> int:
    """Number of the default input: that of the first host API that has one; -1 if none has."""
    candidate = [int(str(api["default_input_device"])) for api in apis]
    return next((index for index in candidate if index >= 0), -1)


def find_input(name: str, host_api: str, inputs: Sequence[InputDevice]) -> InputDevice:
    """The input called `name` (all of it, else part of it, any case), "" the default one; DeviceError if none is."""
    if not inputs:
        raise DeviceError(f"this machine has no sound input; plug one in - {HINT}")
    here = [device for device in inputs if host_api.lower() in device.host_api.lower()]
    if not here:
        apis = sorted({device.host_api for device in inputs})
        close = nearest(host_api, apis)
        hint = f"did you mean '{close}'?" if close else f"there are: {', '.join(apis)}"
        raise DeviceError(f"no host API called '{host_api}' has a sound input; {hint} - {HINT}")
    if not name:
        return next((device for device in here if device.is_default), here[0])
    query = name.lower()
    for fits in (lambda candidate: candidate == query, lambda candidate: query in candidate):
        for device in here:
            if fits(device.name.lower()):
                return device
    names = list(dict.fromkeys(device.name for device in here))
    close = nearest(query, [known.lower() for known in names])
    hint = next((f"did you mean '{known}'? " for known in names if known.lower() == close), "")
    there = ", ".join(f"'{known}'" for known in names)
    raise DeviceError(f"no sound input called '{name}'; {hint}there are: {there} - {HINT}")
