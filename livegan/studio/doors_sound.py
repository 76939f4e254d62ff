"""Check of `livegan doors` on the sound: its input opens as the venue says, and something is heard."""

from collections.abc import Callable
from math import log10

import numpy as np

from livegan.audio.device import SoundCard
from livegan.config.venue import AudioTable, Venue
from livegan.core.clock import Clock
from livegan.core.text import printable
from livegan.core.types import Samples
from livegan.engine.guard import FaultGuard
from livegan.engine.sound import open_sound
from livegan.engine.sound_runtime import SoundRuntime
from livegan.errors import LiveganError, MediaError
from livegan.studio.door_check import DoorCheck

GROUP = "Sound"
FIRST_S = 4.0  # until the first block: some servers begin late
LISTEN_S, SETTLE_S, LOOK_S = 2.0, 0.5, 0.05
QUIET_DB, LOUD = -60.0, 0.999  # RMS [dBov] below which nothing is heard; peak from which it clips
LATE_S = 0.06  # of a sound card, from which drums are seen to lag


def sound_check(venue: Venue, clock: Clock) -> DoorCheck:
    """Open the venue's input, wait for its first block, and listen to it for two seconds."""
    table = venue.audio
    channels = max((channel for group in venue.inputs.values() for channel in group.channels), default=0)
    name = table.input or "default input"
    try:
        alone = table.model_copy(update={"fallback": "silence"})  # no other input in its place
        source = open_sound(table.input, alone, most=channels)
        if not isinstance(source, SoundCard):
            return DoorCheck(GROUP, "input", "pass", f"{printable(source.name)}: it needs no sound card")
        with SoundRuntime(source, clock, FaultGuard(clock.now)):
            _wait(clock, FIRST_S, until=lambda: source.ring.written > 0 or bool(source.notice))
            _wait(clock, SETTLE_S)
            delays_s = _wait(clock, LISTEN_S, lambda: clock.now() - source.ring.time_at(source.ring.written))
            ring, notice = source.ring, source.notice
            _, samples = ring.read(ring.written - round(LISTEN_S * ring.sample_rate), ring.written)
    except MediaError as error:  # a song
        return DoorCheck(GROUP, "input", "fail", str(error), "name a song that is there: livegan doors --input SONG")
    except LiveganError as error:
        return DoorCheck(GROUP, "input", "fail", str(error), "livegan devices")
    if notice or not len(samples):
        what = notice or f"'{source.name}' opens, but hands nothing over"
        return DoorCheck(GROUP, "input", "fail", what, "unplug it and plug it in again; then: livegan devices")
    return heard_check(source.name or name, samples, table, float(np.median(delays_s)))


def _wait(
    clock: Clock,
    seconds: float,
    measure: Callable[[], float] = lambda: 0.0,
    until: Callable[[], bool] = lambda: False,
) -> list[float]:
    """Wait so long, or `until` something; what was measured meanwhile."""
    end_s, found = clock.now() + seconds, [measure()]
    while clock.now() < end_s and not until():
        clock.wait_until(min(clock.now() + LOOK_S, end_s))
        found.append(measure())
    return found


def heard_check(name: str, samples: Samples, table: AudioTable, delay_s: float) -> DoorCheck:
    """The verdict on what was heard, (n, channels); `delay_s`: from its sound to the samples, half a block included."""
    peak = float(np.abs(samples).max())
    power = float(np.square(samples, dtype=np.float64).mean(axis=0).max())
    level_db = 10 * log10(power) if power > 0 else -120.0
    opened = f"{printable(name)}, {samples.shape[1]} channels at {table.sample_rate} Hz, {1e3 * delay_s:.0f} ms late"
    if peak == 0.0:
        what = f"{opened}: nothing but zeros, it is muted or nothing is plugged in"
        return DoorCheck(GROUP, "input", "warn", what, "play something and type: livegan listen")
    level = f"{opened}, level {level_db:.0f} dB"
    if level_db < QUIET_DB:
        return DoorCheck(GROUP, "input", "warn", f"{level}: silent", "play something and type: livegan listen")
    if peak >= LOUD:
        return DoorCheck(GROUP, "input", "warn", f"{level}: it clips", "turn the input down")
    if delay_s > LATE_S:
        return DoorCheck(GROUP, "input", "warn", f"{level}: pictures will lag", "a smaller block or latency = 'low'")
    return DoorCheck(GROUP, "input", "pass", f"{level}: it is heard")
