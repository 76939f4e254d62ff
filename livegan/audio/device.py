"""Sound card input, reconnection after a device was lost, and another device until it is back.

PortAudio calls can block forever if the sound server hangs (a stopped PulseAudio). All calls are serialised by `_lock`:
- `start`, on the main thread, waits for it at most two seconds;
- `poll`, on its own thread, skips its turn if the lock is held, and may hang;
- `stop`, on the main thread, leaves the closing to a daemon thread and returns after two seconds.
The callback (`capture`) runs on PortAudio's thread and never takes the lock.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from livegan.audio.capture import MOVE_S, Capture, RingOwner
from livegan.audio.device_watch import DeviceWatch, Watch
from livegan.audio.devices import HINT, InputDevice, find_input, list_inputs, other_inputs
from livegan.audio.lateness import Lateness
from livegan.audio.portaudio import (
    DRIVER_HANGS,
    DRIVER_TIMEOUT_S,
    Driver,
    close_stream,
    portaudio,
    rescan_devices,
    run_within,
)
from livegan.audio.pulse import PulseRouting, Route
from livegan.core.clock import wall_time
from livegan.core.rings import SampleRing
from livegan.errors import DeviceError

RATES = (44100, 48000, 96000)  # [Hz]
POLL_S = 0.1  # interval at which a running card is checked
STALL_S = 0.5  # no callback for so long: lost
FIRST_BLOCK_S = 3.0  # ... but the first one may take so long
RETRY_S, MAX_RETRY_S = 0.25, 2.0  # pause between two attempts to reopen, doubling
OTHER_S = 2.0  # away for so long: another device is heard
RETURN_S, MAX_RETURN_S = 2.0, 60.0  # from one vain attempt to go back to the next, doubling
SILENT_S = 3.0  # of digital zeros, after which another device is no help
HEARD = 1024  # samples that are looked at


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
        others: bool = False,
        waits: bool = False,
        driver: Driver | None = None,
        now: Callable[[], float] = wall_time,
        watch: Watch | None = None,
    ) -> None:
        """Nothing is opened yet.

        `name`: part of the device's name, any case, "" the default input; `host_api` likewise, "" any. `channels`: 0
        for all it has, at most 2. `block`: samples per callback, 1 or more. `latency`: "low", "high" or seconds.
        `others`: while the device is away, hear another one. `waits`: one that is not there at the start is away, which
        else is refused. `now`: the show's clock; `watch` looks for the device while it is away.
        """
        if block < 1:
            raise DeviceError(f"a block of {block} samples cannot be played live; write 256 (or 64 to 4096) as block")
        if channels < 0 or sample_rate < 8000:
            raise DeviceError(f"cannot listen to {channels} channels at {sample_rate} Hz; write 2 and 48000")
        self.name = name or "default input"
        self.ring = SampleRing(channels or 2, sample_rate)
        self.owner = RingOwner()
        self.overruns = 0
        self.losses = 0  # how often the card went away
        self.notice = ""
        self.remark = ""  # to be told once: why the device that was chosen last is not heard, or that it is again
        self.ended = False
        self.away_s: float | None = None  # since when nothing is heard; None while something is
        self.busy_s: float | None = None  # since when the driver is asked something; None while it is not
        self._wanted: str | None = None  # to be opened in place of the present one
        self._query = (name, host_api)
        self._channels, self._block, self._latency = channels, block, latency
        self._others, self._waits, self._driver, self._now = others, waits, driver, now
        self._watch: Watch = watch or DeviceWatch()
        self._routing: PulseRouting | None = None
        self._lock = threading.Lock()  # serialises the calls to PortAudio
        self._stopped = False
        self._stream: Any = None
        self._capture: Capture | None = None  # the callback of the stream
        self._late = Lateness()
        self._host_api = ""
        self._opened_s = 0.0
        self._retry_s: float | None = None  # when to try to reopen next; None while the card runs
        self._pause_s = RETRY_S
        self._chosen = ""  # name of the device that was chosen, as the system writes it
        self._lost_s: float | None = None  # since when that one is not heard; None while it is
        self._return_s, self._return_pause_s = 0.0, RETURN_S  # when to try to go back to it at the earliest
        self._cause = ""  # why it was opened again, where it was not away
        self._silent: set[str] = set()  # other devices that sent nothing but zeros
        self._sounded_s = 0.0  # when something else came last
        self._source = ""  # of the sound server, that it gave us at first; "" while none is known
        self._moved = False  # whether it gives us another one, as that one is away

    def start(self, now_s: float) -> None:
        """Open the card. DeviceError: what is there instead, and what to type. On the main thread."""
        if self._driver is None:
            self._routing = PulseRouting()
        driver = self._driver = self._driver or portaudio()
        if not self._lock.acquire(timeout=DRIVER_TIMEOUT_S):
            raise DeviceError(
                f"{DRIVER_HANGS}; start livegan again - or play the demo track: livegan play --input demo"
            )
        try:
            self._stopped, self._retry_s, self.away_s = False, None, None
            device = find_input(*self._query, list_inputs(driver))
            try:
                self._open(driver, device, now_s)
            except (driver.PortAudioError, ValueError, OSError) as error:
                raise DeviceError(self._why_refused(driver, device, error)) from error
            self._hears_chosen(device)
        except DeviceError:
            if not self._waits:
                raise
            self._chosen = self.name
            self._disconnected(now_s)
        finally:
            self._lock.release()

    def choose(self, name: str) -> None:
        """Listen to another input, found by name as the first one was. Any thread; `poll` does it.

        One that does not open is told in `remark`, and the present one goes on. Sound is lost for as long as it takes.
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

    @property
    def delivers(self) -> bool:
        """Whether the driver hands over sound. Any thread."""
        capture = self._capture
        return capture is not None and capture.heard_s is not None and not capture.closed

    def poll(self, now_s: float) -> float:
        """Check that the card still delivers; if not, try to reopen it. Never raises; hangs if the driver does."""
        if self._driver is not None and self._lock.acquire(blocking=False):
            self.busy_s = now_s
            try:
                if not self._stopped:
                    self._check(self._driver, now_s)
            finally:
                self.busy_s = None
                self._lock.release()
        capture = self._capture
        if capture is None or not capture.resamples:
            return POLL_S
        capture.move()
        return MOVE_S

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
            self._watch.stop()
            if self._routing is not None:
                self._routing.stop()
            self._close()

    def _check(self, driver: Driver, now_s: float) -> None:
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            self._change(driver, wanted, now_s)
        capture = self._capture
        if self._retry_s is None and capture is not None:
            if self._lost(capture, now_s):
                self._disconnected(now_s)
            elif self._late.step(now_s, capture.age_s if capture.heard_s is not None else None):
                self._disconnected(now_s)
                self._cause = ": its sound came ever later, and what was late is left out"
            else:
                self._look_around(driver, now_s)
        if self._retry_s is not None and now_s >= self._retry_s and not self._stopped:
            self._reopen(driver, now_s)

    def _look_around(self, driver: Driver, now_s: float) -> None:
        """While a stream runs: whether it is another than the one that was chosen, and whether that one is back."""
        if self.away_s is not None and self.delivers:
            self.away_s = None
        if self._routing is not None and (route := self._routing.poll(now_s)) is not None:
            self._follow_server(driver, route, now_s)
        if not self._is_other:
            return
        if self._watch.is_there(self._chosen, self._query[1], now_s) and now_s >= self._return_s:
            self._go_back(driver, now_s)
        elif self._is_silent(now_s):
            self._silent.add(self.name)
            self._close()
            self.away_s = now_s
            self._retry_s, self._pause_s = now_s, RETRY_S

    @property
    def _is_other(self) -> bool:
        """Whether the stream that runs is another device's than the one that was chosen."""
        return self._lost_s is not None and not self._moved and self._retry_s is None

    def _is_silent(self, now_s: float) -> bool:
        """Whether nothing but zeros has come for a while."""
        written = self.ring.written
        _, sound = self.ring.read(written - HEARD, written)
        if self.owner.lent or sound.any():
            self._sounded_s = now_s
        return now_s - self._sounded_s > SILENT_S

    def _follow_server(self, driver: Driver, route: Route, now_s: float) -> None:
        """The sound server said what it gives us: the source that it gave us at first, or another in its place."""
        if route.source == self._source or not self._source or (not self._moved and self._source in route.sources):
            if self._moved:
                self._hears_again()
            self._source = route.source  # what somebody chose in the server's own settings is right, too
        elif not self._moved:
            self.losses += 1
            self._moved, self._lost_s = True, now_s
            self.notice = f"'{self._source}' is away: the sound server gives us '{route.source}' until it is back"
            if not self._others:
                self._disconnected(now_s)
        elif self._source in route.sources and now_s >= self._return_s:
            self._go_back(driver, now_s)

    def _go_back(self, driver: Driver, now_s: float) -> None:
        """Leave the device that is heard for the one that was chosen; if that does not open, hear another again."""
        self._close()
        self._moved, self._source = False, ""
        self._return_s = now_s + self._return_pause_s
        self._return_pause_s = min(2 * self._return_pause_s, MAX_RETURN_S)
        self._retry_s, self._pause_s = now_s, RETRY_S

    def _open(self, driver: Driver, device: InputDevice, now_s: float) -> None:
        """Open and start a stream; at the rate of the ring, or, later on, at the card's."""
        channels = min(self._channels or 2, device.channels)
        if self._lost_s is None and self._retry_s is None and channels < self._channels:
            raise DeviceError(f"'{device.name}' has {device.channels} channels, not {self._channels}; write 0 - {HINT}")
        rates = [self.ring.sample_rate, device.sample_rate] if self._chosen else [self.ring.sample_rate]
        self._opened_s, self._host_api, self._sounded_s = now_s, device.host_api, now_s
        for rate in dict.fromkeys(rates):
            try:
                self._open_at(driver, device, channels, rate)
            except (driver.PortAudioError, ValueError, OSError):
                self._close()
                if rate == rates[-1]:
                    raise
            else:
                return

    def _open_at(self, driver: Driver, device: InputDevice, channels: int, rate: int) -> None:
        capture = Capture(self.ring, self.owner, channels, rate, self._block, self._now, self._count_overrun)
        self._stream = driver.InputStream(
            device=device.index,
            channels=channels,
            samplerate=rate,
            blocksize=self._block,
            latency=self._latency,
            dtype="float32",
            callback=capture,
        )
        self._capture = capture
        self._late.restart()
        self._stream.start()

    def _count_overrun(self) -> None:
        self.overruns += 1

    def _lost(self, capture: Capture, now_s: float) -> bool:
        patience_s = max(STALL_S, 4 * self._block / capture.sample_rate)
        since_s = capture.heard_s
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
        self._lost_s = self._lost_s if self._lost_s is not None else now_s
        self.away_s = self.away_s if self.away_s is not None else now_s
        self._moved, self._source = False, ""
        self.notice = f"sound card lost: looking for '{self._chosen}'"
        if self._capture is not None:
            self._capture.closed = True  # before the driver is asked, which may hang
        if "JACK" in self._host_api:  # PortAudio hangs or aborts when it disconnects from a dead JACK server
            self.notice = "sound card lost: JACK stopped; start JACK and then livegan again"
            self._stream = self._capture = None
            return
        self._close()
        self._retry_s, self._pause_s = now_s, RETRY_S

    def _reopen(self, driver: Driver, now_s: float) -> None:
        """Open the device that was chosen; if it is not there for a while, another."""
        rescan_devices(driver)
        self.notice = f"sound card lost: looking for '{self._chosen}'"
        try:
            inputs = list_inputs(driver)
            device = find_input(*self._query, inputs)
            self.notice = f"sound card '{device.name}' is back, but does not open"
            self._open(driver, device, now_s)
        except (DeviceError, driver.PortAudioError, ValueError, OSError):
            self._close()
        else:
            self._hears_chosen(device)
            self._hears_again()
            return
        lost_s = self._lost_s if self._lost_s is not None else now_s
        if self._others and now_s - lost_s >= OTHER_S and self._open_other(driver, now_s):
            return
        self._retry_s = now_s + self._pause_s
        self._pause_s = min(2 * self._pause_s, MAX_RETRY_S)

    def _open_other(self, driver: Driver, now_s: float) -> bool:
        """Open the first other device that opens; whether one did."""
        with suppress(DeviceError):
            for device in other_inputs(self._chosen, list_inputs(driver), self._silent):
                with suppress(DeviceError, driver.PortAudioError, ValueError, OSError):
                    self._open(driver, device, now_s)
                    self.name, self._retry_s = device.name, None
                    self.notice = f"'{self._chosen}' is away: hearing '{device.name}' until it is back"
                    return True
        return False

    def _hears_chosen(self, device: InputDevice) -> None:
        """The device that was chosen is open."""
        self._query = (self._query[0] or device.name, self._query[1])
        self._chosen = self.name = device.name
        self.notice, self._retry_s, self._moved, self._source = "", None, False, ""

    def _hears_again(self) -> None:
        """It was away, and is heard again."""
        if self._lost_s is not None:
            self.remark = f"'{self._chosen}' is heard again{self._cause}"
        self._cause = ""
        self.notice, self._lost_s, self._moved, self._return_pause_s = "", None, False, RETURN_S
        self._silent.clear()

    def _change(self, driver: Driver, name: str, now_s: float) -> None:
        """Open another device in place of the present one, or that one again."""
        if "JACK" in self._host_api and self._stream is None:
            self.remark = "JACK stopped; start JACK and then livegan again"
            return
        self.remark = ""
        self._close()
        rescan_devices(driver)
        try:
            device = find_input(name, "", list_inputs(driver))
            self._open(driver, device, now_s)
        except (DeviceError, driver.PortAudioError, ValueError, OSError) as error:
            self._close()
            reason = str(error).partition(";")[0].strip()
            self.remark = f"'{name}' does not open: {reason}" if reason else f"'{name}' does not open"
            self._retry_s, self._pause_s = now_s, RETRY_S
        else:
            self._query, self._lost_s = (device.name, device.host_api), None
            self._hears_chosen(device)
            self._hears_again()

    def _close(self) -> None:
        stream, self._stream = self._stream, None
        if self._capture is not None:
            self._capture.closed = True
        self._capture = None
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
