"""Sound card input: a callback that copies and counts, and reconnection after a device was lost.

PortAudio calls can block forever if the sound server hangs (a stopped PulseAudio). All calls are serialised by `_lock`:
- `start`, on the main thread, waits for it at most two seconds;
- `poll`, on its own thread, skips its turn if the lock is held, and may hang;
- `stop`, on the main thread, leaves the closing to a daemon thread and returns after two seconds.
The callback runs on PortAudio's thread and never takes the lock.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livegan.audio.devices import HINT, InputDevice, find_input, list_inputs
from livegan.audio.portaudio import (
    DRIVER_HANGS,
    DRIVER_TIMEOUT_S,
    Driver,
    close_stream,
    portaudio,
    rescan_devices,
    run_within,
)
from livegan.core.clock import wall_time
from livegan.core.rings import SampleRing
from livegan.core.types import Samples
from livegan.errors import DeviceError

RATES = (44100, 48000, 96000)  # [Hz]
POLL_S = 0.1  # interval at which a running card is checked
STALL_S = 0.5  # no callback for so long: lost
FIRST_BLOCK_S = 3.0  # ... but the first one may take so long
RETRY_S, MAX_RETRY_S = 0.25, 2.0  # pause between two attempts to reopen, doubling


class SoundCard:
    """Sound card source: a PortAudio input by name, reopened when an unplugged device comes back."""

    def __init__(
        self,
        name: str = "",
        host_api: str = "",
        channels: int = 0,
        sample_rate: int = 48000,
        block: int = 256,
        latency: str | float = "low",
        *,
        driver: Driver | None = None,
        now: Callable[[], float] = wall_time,
    ) -> None:
        """Nothing is opened yet.

        `name`: part of the device's name, any case, "" the default input; `host_api` likewise, "" any. `channels`: 0
        for all it has, at most 2. `block`: samples per callback, 1 or more. `latency`: "low", "high" or seconds.
        `now`: the show's clock.
        """
        if block < 1:
            raise DeviceError(f"a block of {block} samples cannot be played live; write 256 (or 64 to 4096) as block")
        if channels < 0 or sample_rate < 8000:
            raise DeviceError(f"cannot listen to {channels} channels at {sample_rate} Hz; write 2 and 48000")
        self.name = name or "default input"
        self.ring = SampleRing(channels or 2, sample_rate)
        self.overruns = 0
        self.losses = 0  # how often the card went away
        self.notice = ""
        self.refused = ""  # why the device that was chosen last is not the one that is heard
        self.ended = False
        self._wanted: str | None = None  # to be opened in place of the present one
        self._query = (name, host_api)
        self._channels, self._block, self._latency = channels, block, latency
        self._driver, self._now = driver, now
        self._lock = threading.Lock()  # serialises the calls to PortAudio
        self._stopped = False
        self._stream: Any = None
        self._channel_map: NDArray[np.intp] | None = None  # ring column -> device channel, where they differ in number
        self._mapped: Samples = np.zeros((block, self.ring.channels), np.float32)  # block in the ring's channel layout
        self._host_api = ""
        self._opened_s = 0.0
        self._heard_s: float | None = None  # when the callback last ran
        self._retry_s: float | None = None  # when to try to reopen next; None while the card runs
        self._pause_s = RETRY_S

    def start(self, now_s: float) -> None:
        """Open the card. DeviceError: what is there instead, and what to type. On the main thread."""
        driver = self._driver = self._driver or portaudio()
        if not self._lock.acquire(timeout=DRIVER_TIMEOUT_S):
            raise DeviceError(
                f"{DRIVER_HANGS}; start livegan again - or play the demo track: livegan play --input demo"
            )
        try:
            self._stopped, self._retry_s = False, None
            device = find_input(*self._query, list_inputs(driver))
            try:
                self._open(driver, device, now_s)
            except (driver.PortAudioError, ValueError, OSError) as error:
                raise DeviceError(self._why_refused(driver, device, error)) from error
            self.name = device.name
        finally:
            self._lock.release()

    def choose(self, name: str) -> None:
        """Listen to another input, found by name as the first one was. Any thread; `poll` does it.

        One that does not open is told in `refused`, and the present one goes on. Sound is lost for as long as it takes.
        """
        self._wanted = name

    def inputs(self) -> list[InputDevice]:
        """The inputs there are, as PortAudio last looked; none while the driver hangs. Any thread."""
        if self._driver is None or not self._lock.acquire(timeout=DRIVER_TIMEOUT_S):
            return []
        try:
            return list_inputs(self._driver)
        finally:
            self._lock.release()

    def poll(self, now_s: float) -> float:
        """Check that the card still delivers; if not, try to reopen it. Never raises; hangs if the driver does."""
        if self._driver is not None and self._lock.acquire(blocking=False):
            try:
                if not self._stopped:
                    self._check(self._driver, now_s)
            finally:
                self._lock.release()
        return POLL_S

    def stop(self) -> None:
        """Close the card, within two seconds: if the driver hangs, `notice` says so. On the main thread. Idempotent.

        Then a thread "livegan-audio-stop" (or the polling one) stays in PortAudio for ever, which would keep the end
        of the process too: leave it with ``os._exit``.
        """
        self._stopped = True  # a poll in progress finishes and does nothing more
        if self._driver is not None and not run_within(DRIVER_TIMEOUT_S, self._close_locked):
            self.notice = f"{DRIVER_HANGS}: '{self.name}' was not closed"

    def _close_locked(self) -> None:
        with self._lock:
            self._close()

    def _check(self, driver: Driver, now_s: float) -> None:
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            self._change(driver, wanted, now_s)
        if self._retry_s is None and self._stream is not None and self._lost(now_s):
            self._disconnected(now_s)
        if self._retry_s is not None and now_s >= self._retry_s and not self._stopped:
            self._reopen(driver, now_s)

    def _open(self, driver: Driver, device: InputDevice, now_s: float) -> None:
        channels = min(self._channels or 2, device.channels)
        if self._retry_s is None and channels < self._channels:
            raise DeviceError(f"'{device.name}' has {device.channels} channels, not {self._channels}; write 0 - {HINT}")
        columns = self.ring.channels
        self._channel_map = None if channels == columns else np.arange(columns) % channels
        self._heard_s, self._opened_s, self._host_api = None, now_s, device.host_api
        stream = driver.InputStream(
            device=device.index,
            channels=channels,
            samplerate=self.ring.sample_rate,
            blocksize=self._block,
            latency=self._latency,
            dtype="float32",
            callback=self._callback,
        )
        self._stream = stream
        try:
            stream.start()
        except driver.PortAudioError:
            self._close()
            raise

    def _callback(self, block: Samples, frames: int, times: Any, status: Any) -> None:
        """PortAudio calls this on its own thread: copy and count, nothing else."""
        now_s = self._now()
        self._heard_s = now_s
        self.overruns += bool(status.input_overflow)
        age_s = times.currentTime - times.inputBufferAdcTime - frames / self.ring.sample_rate  # of the last sample
        age_s = min(age_s, 1.0) if 0.0 < age_s < 60.0 else 0.0  # some drivers make it up
        if self._channel_map is None:
            self.ring.write(block, now_s - age_s)
            return
        for start in range(0, frames, len(self._mapped)):  # once, unless the driver hands over more than was asked for
            part = block[start : start + len(self._mapped)]
            mapped = self._mapped[: len(part)]
            np.take(part, self._channel_map, axis=1, out=mapped, mode="clip")  # "raise" would make a copy first
            self.ring.write(mapped, now_s - age_s - (frames - start - len(part)) / self.ring.sample_rate)

    def _lost(self, now_s: float) -> bool:
        patience_s = max(STALL_S, 4 * self._block / self.ring.sample_rate)
        since_s = self._heard_s
        if since_s is None:
            since_s, patience_s = self._opened_s, max(FIRST_BLOCK_S, patience_s)
        return now_s - since_s > patience_s or not self._active()

    def _active(self) -> bool:
        """PortAudio's own opinion; it may refuse to give one about a stream that is dead."""
        with suppress(self._driver.PortAudioError if self._driver else OSError):
            return bool(self._stream.active)
        return False

    def _disconnected(self, now_s: float) -> None:
        self.losses += 1
        self.notice = f"sound card lost: looking for '{self.name}'"
        if "JACK" in self._host_api:  # PortAudio hangs or aborts when it disconnects from a dead JACK server
            self.notice = "sound card lost: JACK stopped; start JACK and then livegan again"
            self._stream = None
            return
        self._close()
        self._retry_s, self._pause_s = now_s, RETRY_S

    def _reopen(self, driver: Driver, now_s: float) -> None:
        rescan_devices(driver)
        self.notice = f"sound card lost: looking for '{self.name}'"
        try:
            device = find_input(*self._query, list_inputs(driver))
            self.notice = f"sound card '{device.name}' is back, but does not open at {self.ring.sample_rate} Hz"
            self._open(driver, device, now_s)
        except (DeviceError, driver.PortAudioError, ValueError, OSError):
            self._close()
        else:
            self.name, self.notice, self._retry_s = device.name, "", None
            return
        self._retry_s = now_s + self._pause_s
        self._pause_s = min(2 * self._pause_s, MAX_RETRY_S)

    def _change(self, driver: Driver, name: str, now_s: float) -> None:
        """Open another device in place of the present one, or that one again."""
        if "JACK" in self._host_api and self._stream is None:
            self.refused = "JACK stopped; start JACK and then livegan again"
            return
        self.refused = ""
        self._close()
        rescan_devices(driver)
        try:
            device = find_input(name, "", list_inputs(driver))
            self._open(driver, device, now_s)
        except (DeviceError, driver.PortAudioError, ValueError, OSError) as error:
            self._close()
            reason = str(error).partition(";")[0].strip()
            self.refused = f"'{name}' does not open: {reason}" if reason else f"'{name}' does not open"
            self._retry_s, self._pause_s = now_s, RETRY_S
        else:
            self._query = (device.name, device.host_api)
            self.name, self.notice, self._retry_s = device.name, "", None

    def _close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None and self._driver is not None:
            close_stream(self._driver, stream)

    def _why_refused(self, driver: Driver, device: InputDevice, error: Exception) -> str:
        """Why `device` did not open, as far as one can tell, and what to type."""
        opens = []
        for rate in RATES:
            try:
                driver.check_input_settings(device=device.index, channels=1, samplerate=rate, dtype="float32")
            except (driver.PortAudioError, ValueError, OSError):
                continue
            opens.append(rate)
        if opens and self.ring.sample_rate not in opens:
            rates = ", ".join(str(rate) for rate in opens)
            there = f"'{device.name}' does not open at {self.ring.sample_rate} Hz, but at: {rates}"
            return f"{there}; write one of them as sample_rate - {HINT}"
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        return f"'{device.name}' does not open: {reason}; is another program using it? - {HINT}"
