"""Choice of the sound input while the show runs: the service between panel and sound card."""

from collections.abc import Iterable

from livegan.audio.device import SoundCard
from livegan.audio.devices import InputDevice, InputList, list_inputs
from livegan.audio.source import Source
from livegan.core.text import printable
from livegan.engine.router import Router
from livegan.engine.sound_runtime import Service
from livegan.errors import DeviceError

POLL_S = 0.2
SILENT_S = 5.0  # of digital silence, after which it is told
HEARD = 1024  # samples that are looked at in each poll
TOLD_S = 10.0  # for so long it is told why an input was not changed


class InputChoice:
    """Service that lists the inputs when it is asked ("" is such a request) and changes the one that is heard."""

    def __init__(self, controls: Router, source: Source) -> None:
        """It reads `input_choices` of the router, and writes `inputs` there."""
        self._controls, self._source = controls, source
        self._heard: str | None = None  # when the inputs were listed last; None: nobody has asked
        self._silent_s: float | None = None  # since when nothing but zeros comes
        self._written = 0
        self._remark, self._told_s, self._now_s = "", float("-inf"), 0.0

    def service(self) -> Service:
        """The service of it."""
        return Service("inputs", poll=self.poll, notice=lambda: self.notice)

    @property
    def notice(self) -> str:
        """For a while, why the input that was chosen is not heard or that it is again; that nothing comes from it."""
        remark = self._remark if self._now_s - self._told_s < TOLD_S else ""
        silent = self._silent_s is not None and self._now_s - self._silent_s >= SILENT_S
        none = f"no sound from {printable(self._source.name, 60)}" if silent else ""
        return "; ".join(filter(None, (remark, none)))

    def _listen(self, now_s: float) -> None:
        """Look at the newest samples of a sound card: an open input without a cable sends noise, a muted one zeros."""
        source = self._source
        if not isinstance(source, SoundCard) or source.notice:
            self._silent_s = None
            return
        written = source.ring.written
        if written == self._written:
            return
        self._written = written
        _, sound = source.ring.read(max(0, written - HEARD), written)
        if sound.any():
            self._silent_s = None
        elif self._silent_s is None:
            self._silent_s = now_s

    def poll(self, now_s: float) -> float:
        """Do what was asked; seconds until the next look."""
        self._now_s, source = now_s, self._source
        self._listen(now_s)
        asked = self._controls.input_choices.drain()
        for name in filter(None, asked[-1:]):
            if isinstance(source, SoundCard):
                source.choose(name)
            else:
                again = f"to hear '{name}', start again: livegan play --input '{name}'"
                self._remark, self._told_s = f"{source.name} plays; {again}", now_s
        if isinstance(source, SoundCard) and source.remark:
            self._remark, self._told_s = source.remark, now_s
            source.remark = ""
        if asked or self._heard not in (None, source.name):
            self._heard = source.name
            self._controls.inputs.put(InputList(_names(source), source.name))
        return POLL_S


def _names(source: Source) -> tuple[str, ...]:
    """Names of the sound inputs there are, each once; none where PortAudio is missing or hangs."""
    try:
        devices: Iterable[InputDevice] = source.inputs() if isinstance(source, SoundCard) else list_inputs()
    except DeviceError:
        return ()
    return tuple(dict.fromkeys(device.name for device in devices))
