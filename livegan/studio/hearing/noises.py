"""Environmental noise: weather, water, fire, crackle, machines, crowds, whose clicks and claps count as no onsets.

`NOISES` is the table of them all: maker(seconds, sample_rate, rng) -> (n,) float64 with RMS 1.
"""

from collections.abc import Callable, Mapping

import numpy as np
import scipy.signal

from livegan.studio.hearing.crowds import applause, babble, cheer, put, unit, whistle
from livegan.studio.hearing.formants import Mono
from livegan.studio.hearing.rooms import Room

Noise = Callable[[float, int, np.random.Generator], Mono]


def coloured(count: int, sample_rate: int, rng: np.random.Generator, db_per_octave: float) -> Mono:
    """Noise, (count,), RMS 1, whose power rises by so much above 20 Hz: 0 is white, -3 pink, -6 brown."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    hertz = np.maximum(np.fft.rfftfreq(count, 1 / sample_rate), 20.0) if count else np.ones(1)
    return unit(np.fft.irfft(spectrum * hertz ** (db_per_octave / 6.0206), count))


def wander(count: int, sample_rate: int, rng: np.random.Generator, per_s: float, low: float, high: float) -> Mono:
    """A value that wanders smoothly, (count,), low..high, with `per_s` turns a second."""
    points = max(4, round(count / sample_rate * per_s) + 2)
    smooth = scipy.signal.resample(rng.uniform(0, 1, points), 4 * points)
    return np.asarray(np.interp(np.linspace(0, len(smooth) - 1, count), np.arange(len(smooth)),
                                low + (high - low) * np.clip(smooth, 0, 1)))  # fmt: skip


def band(sound: Mono, sample_rate: int, low: float, high: float, order: int = 1) -> Mono:
    """What lies between two frequencies [Hz] of a sound, (n,)."""
    edges = (low, min(high, 0.45 * sample_rate))
    return np.asarray(
        scipy.signal.sosfilt(scipy.signal.butter(order, edges, "bandpass", fs=sample_rate, output="sos"), sound)
    )


def crackle(
    count: int, sample_rate: int, rng: np.random.Generator, per_s: float, ring_hz: tuple[float, float], ring_s: float
) -> Mono:
    """Clicks at random moments, (count,): each rings at some frequency of a range and dies away; few are loud.

    Loudness falls off as a Pareto law of exponent 1.6, as that of crackling fire and paper does (Sethna and others,
    "Crackling noise", Nature 410, 2001).
    """
    sound = np.zeros(count)
    bank = []
    for _ in range(24):
        length_s = ring_s * rng.uniform(0.3, 2.0)
        time_s = np.arange(max(4, round(6 * length_s * sample_rate))) / sample_rate
        hertz = np.exp(rng.uniform(*np.log(ring_hz)))
        tone = np.sin(2 * np.pi * hertz * time_s + rng.uniform(0, 6)) + 0.7 * rng.standard_normal(len(time_s))
        bank.append(tone * np.exp(-time_s / length_s))
    number = rng.poisson(per_s * count / sample_rate)
    levels = np.minimum(rng.pareto(1.6, number) + 0.2, 6.0)
    for moment, level, kind in zip(
        rng.uniform(0, count / sample_rate, number), levels, rng.integers(len(bank), size=number), strict=True
    ):
        put(sound, level * bank[kind], float(moment), sample_rate)
    return sound


def _of_count(maker: Callable[[int, int, np.random.Generator], Mono]) -> Noise:
    def noise(seconds: float, sample_rate: int, rng: np.random.Generator) -> Mono:
        return unit(maker(round(seconds * sample_rate), sample_rate, rng))

    return noise


def _white(count: int, sample_rate: int, rng: np.random.Generator) -> Mono:
    return coloured(count, sample_rate, rng, rng.uniform(-1, 1))


def _pink(count: int, sample_rate: int, rng: np.random.Generator) -> Mono:
    return coloured(count, sample_rate, rng, rng.uniform(-3.5, -2.5))


def _brown(count: int, sample_rate: int, rng: np.random.Generator) -> Mono:
    return coloured(count, sample_rate, rng, rng.uniform(-7, -5))


def _rain(count: int, sample_rate: int, rng: np.random.Generator) -> Mono:
    """The hiss of far drops, and near ones that fall on leaves, stone or tin."""
    hiss = band(coloured(count, sample_rate, rng, -2), sample_rate, rng.uniform(300, 1500), 12000)
    surface = np.exp(rng.uniform(np.log(300), np.log(5000)))
    ring_s = float(np.exp(rng.uniform(np.log(0.001), np.log(0.01))))
    drops = crackle(count, sample_rate, rng, rng.uniform(20, 250), (surface, surface * 3), ring_s)
    return unit(hiss) * wander(count, sample_rate, rng, 0.3, 0.6, 1.0) + unit(drops) * rng.uniform(0.1, 0.8)


def _wind(count: int, sample_rate: int, rng: np.random.Generator) -> Mono:
    """Gusts: brown noise, and bands of it that whistle, all by one slow force."""
    force = wander(count, sample_rate, rng, rng.uniform(0.2, 1.0), 0.15, 1.0)
    sound = coloured(count, sample_rate, rng, -6) * force
    for _ in range(rng.integers(1, 4)):
        centre = rng.uniform(250, 1200)
        howl = band(rng.standard_normal(count), sample_rate, centre, centre * rng.uniform(1.1, 1.5), 2)
        sound = sound + unit(howl) * force ** rng.uniform(1.5, 3) * rng.uniform(0.1, 0.6)
    return sound


def _sea(count: int, sample_rate: int, rng: np.random.Generator) -> Mono:
    """Waves every 5-12 s: each rises, breaks brightly, and draws back."""
    sound = 0.15 * coloured(count, sample_rate, rng, -4)
    at = -rng.uniform(0, 6)
    while at < count / sample_rate:
        length = rng.uniform(4, 9)
        size = round(length * sample_rate)
        shape = np.interp(np.linspace(0, 1, size), (0, rng.uniform(0.25, 0.5), 1), (0, 1, 0)) ** 2
        dark, bright = (coloured(size, sample_rate, rng, slope) for slope in (-5, -1.5))
        put(sound, rng.uniform(0.4, 1) * (dark * shape + bright * shape**3 * rng.uniform(0.3, 1)), at, sample_rate)
        at += rng.uniform(5, 12)
    return sound


def _fire(count: int, sample_rate: int, rng: np.random.Generator) -> Mono:
    """A hearth: snaps by the dozen every second, a hiss, and a soft roar that flutters."""
    snaps = crackle(count, sample_rate, rng, rng.uniform(8, 60), (500, 9000), float(rng.uniform(0.0005, 0.004)))
    roar = coloured(count, sample_rate, rng, -6) * wander(count, sample_rate, rng, 8, 0.5, 1)
    hiss = band(rng.standard_normal(count), sample_rate, 2000, 11000) * wander(count, sample_rate, rng, 1, 0.2, 1)
    return unit(snaps) + unit(roar) * rng.uniform(0.1, 1) + unit(hiss) * rng.uniform(0.02, 0.3)


def _vinyl(count: int, sample_rate: int, rng: np.random.Generator) -> Mono:
    """A worn record's groove without music: ticks, surface noise and rumble."""
    ticks = crackle(count, sample_rate, rng, rng.uniform(10, 80), (1500, 9000), 0.0003)
    surface = band(rng.standard_normal(count), sample_rate, 800, 9000)
    rumble = band(rng.standard_normal(count), sample_rate, 20, 80, 2)
    return unit(ticks) + unit(surface) * rng.uniform(0.1, 0.6) + unit(rumble) * rng.uniform(0.0, 0.6)


def _hum(count: int, sample_rate: int, rng: np.random.Generator) -> Mono:
    """Mains hum of 50 or 60 Hz with its overtones, and the hiss of an amplifier."""
    mains = rng.choice((50.0, 60.0)) + rng.normal(0, 0.05)
    time_s = np.arange(count) / sample_rate
    sound = np.zeros(count)
    for number in range(1, 16):
        sound += rng.uniform(0.1, 1) / number * np.sin(2 * np.pi * mains * number * time_s + rng.uniform(0, 6))
    return unit(sound) + rng.uniform(0.02, 0.3) * coloured(count, sample_rate, rng, -1)


def _fan(count: int, sample_rate: int, rng: np.random.Generator) -> Mono:
    """A fan or air conditioner: wind of its own through a duct, with the tone of its blades."""
    blades = rng.uniform(40, 300)
    phase = 2 * np.pi * np.cumsum(blades * wander(count, sample_rate, rng, 0.3, 0.995, 1.005)) / sample_rate
    tone = sum(np.sin(number * phase + number) / number**1.5 for number in range(1, 6))
    duct = coloured(count, sample_rate, rng, rng.uniform(-5, -2))
    return duct + rng.uniform(0.0, 0.5) * np.asarray(tone)


def _traffic(count: int, sample_rate: int, rng: np.random.Generator) -> Mono:
    """A street: tyres and engines that come near and go, over a distant rumble."""
    sound = 0.5 * coloured(count, sample_rate, rng, -5)
    for _ in range(rng.poisson(count / sample_rate / 4) + 1):
        size = round(rng.uniform(3, 10) * sample_rate)
        near = 1 / (1 + (np.linspace(-1, 1, size) * rng.uniform(3, 8)) ** 2)
        tyres = band(rng.standard_normal(size), sample_rate, 300, rng.uniform(1200, 4000))
        turn = rng.uniform(25, 90) * np.interp(np.linspace(-1, 1, size), (-0.2, 0.2), (1.05, 0.95))
        phase = 2 * np.pi * np.cumsum(turn) / sample_rate
        engine = sum(rng.uniform(0.2, 1) * np.sin(k * phase + rng.uniform(0, 6)) for k in range(1, 12))
        moving = unit(tyres) + rng.uniform(0.1, 1.0) * unit(np.asarray(engine))
        put(sound, rng.uniform(0.3, 1.5) * near * moving, rng.uniform(-4, count / sample_rate), sample_rate)
    return sound


def _brook(count: int, sample_rate: int, rng: np.random.Generator) -> Mono:
    """Running water: bubbles of 400-3000 Hz whose pitch rises as they die away (van den Doel 2005)."""
    sound = np.zeros(count)
    for _ in range(round(count / sample_rate * rng.uniform(60, 250))):
        hertz, length_s = np.exp(rng.uniform(np.log(400), np.log(3000))), rng.uniform(0.004, 0.03)
        time_s = np.arange(round(4 * length_s * sample_rate)) / sample_rate
        tone = np.sin(2 * np.pi * hertz * (time_s + rng.uniform(0, 8) * time_s**2)) * np.exp(-time_s / length_s)
        put(sound, rng.uniform(0, 1) ** 3 * tone, rng.uniform(0, count / sample_rate), sample_rate)
    return unit(sound) + rng.uniform(0.1, 0.6) * unit(band(rng.standard_normal(count), sample_rate, 300, 6000))


def _insects(count: int, sample_rate: int, rng: np.random.Generator) -> Mono:
    """Crickets and cicadas of a summer's night: tones of 2-7 kHz, each pulsed at a pace of its own."""
    time_s = np.arange(count) / sample_rate
    sound = 0.1 * coloured(count, sample_rate, rng, -4)
    for _ in range(rng.integers(5, 14)):
        pace, tone = rng.uniform(15, 60), rng.uniform(2000, 7000)
        pulses = np.clip(np.sin(2 * np.pi * pace * time_s + rng.uniform(0, 6)), 0, 1) ** 2
        sound += rng.uniform(0.05, 0.5) * wander(count, sample_rate, rng, 0.8, -0.5, 1).clip(0) * pulses * np.sin(
            2 * np.pi * tone * time_s
        )  # fmt: skip
    return sound


def _static(count: int, sample_rate: int, rng: np.random.Generator) -> Mono:
    """A radio between stations: hiss that fades, whistles of carriers, bursts of crackle."""
    hiss = band(rng.standard_normal(count), sample_rate, 200, rng.uniform(3000, 6000))
    hiss = unit(hiss) * wander(count, sample_rate, rng, 1.0, 0.3, 1.0)
    carrier = np.cumsum(wander(count, sample_rate, rng, 0.4, 300, 3000)) / sample_rate
    bursts = crackle(count, sample_rate, rng, rng.uniform(5, 50), (800, 5000), 0.0008)
    return hiss + rng.uniform(0, 0.3) * np.sin(2 * np.pi * carrier) + rng.uniform(0.1, 0.5) * unit(bursts)


def _silence(count: int, sample_rate: int, rng: np.random.Generator) -> Mono:
    """An open microphone in a quiet room: its hiss and a little hum."""
    return coloured(count, sample_rate, rng, -1.5) + 0.3 * _hum(count, sample_rate, rng)


def _applause(seconds: float, sample_rate: int, rng: np.random.Generator) -> Mono:
    """15-800 claps a second, in a room of any size, with or without cheers."""
    claps = float(np.exp(rng.uniform(np.log(15), np.log(800))))
    hall = Room(rng.uniform(0.3, 2.0), rng.uniform(0.1, 1.5), rng.uniform(5, 30))
    sound = applause(seconds, sample_rate, rng, claps, hall)
    return (
        unit(sound + rng.uniform(0, 0.7) * cheer(seconds, sample_rate, rng, 6, hall)) if rng.random() < 0.4 else sound
    )


def _crowd(seconds: float, sample_rate: int, rng: np.random.Generator) -> Mono:
    hall = Room(rng.uniform(0.3, 2.0), rng.uniform(0.2, 2.0), rng.uniform(5, 40))
    return cheer(seconds, sample_rate, rng, int(rng.integers(8, 45)), hall)


def _babble(seconds: float, sample_rate: int, rng: np.random.Generator) -> Mono:
    hall = Room(rng.uniform(0.3, 1.2), rng.uniform(0.2, 1.5), rng.uniform(4, 20))
    return babble(seconds, sample_rate, rng, int(rng.integers(8, 30)), hall)


def _whistles(seconds: float, sample_rate: int, rng: np.random.Generator) -> Mono:
    """Whistles and calls over the murmur of a crowd."""
    sound = 0.3 * _babble(seconds, sample_rate, rng)
    for _ in range(round(seconds * rng.uniform(0.5, 2.5))):
        put(sound, rng.uniform(0.2, 1) * whistle(sample_rate, rng), rng.uniform(-0.5, seconds), sample_rate)
    return unit(sound)


NOISES: Mapping[str, Noise] = {
    "applause": _applause,
    "crowd": _crowd,
    "babble": _babble,
    "whistles": _whistles,
    **{
        maker.__name__[1:]: _of_count(maker)
        for maker in (
            _white,
            _pink,
            _brown,
            _rain,
            _wind,
            _sea,
            _fire,
            _vinyl,
            _hum,
            _fan,
            _traffic,
            _brook,
            _insects,
            _static,
            _silence,
        )
    },
}
