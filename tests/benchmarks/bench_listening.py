"""Microseconds per hop of the listening stage, beside a textbook's; processor time of `livegan listen`.

    python -m tests.benchmarks.bench_listening

Both run in one process on the same sound, a few times in turn; the smallest time of each counts, so the ratio holds on
a busy machine too. The textbook version does one thing after another on the newest window, each with its own
spectrum, in double precision, with nothing kept from hop to hop but the last band energies.

`listen_start_s` is the processor time of `livegan listen` with `--json` and `--events` for a second of sound less what
that second costs; `listen_s_per_s` what each further second of sound costs, decoding and writing included.
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import scipy.fft
import scipy.signal
import soundfile

from livegan.features import Listening
from livegan.features.mel import triangles

RATE, WINDOW, HOP, HOPS = 48000, 2048, 256, 1500
SILENT = 1e-12


def music() -> np.ndarray:
    """A drum, a chord and some noise: (n, 2) float32."""
    time_s = np.arange(HOP * HOPS) / RATE
    rng = np.random.default_rng(0)
    drum = np.exp(-(time_s % 0.5) * 25) * rng.standard_normal(len(time_s))
    chord = sum(np.sin(2 * np.pi * hz * time_s) for hz in (220.0, 277.2, 329.6))
    return np.repeat((0.3 * drum + 0.05 * chord)[:, None], 2, axis=1).astype(np.float32)


def one_group() -> Listening:
    """Every feature of one stereo group."""
    return Listening(RATE, 2)


def ours(listening: Listening, sound: np.ndarray) -> None:
    """Hop by hop, as the show hears it."""
    for start in range(0, len(sound), HOP):
        listening.process(sound[start : start + HOP], (start + HOP) / RATE)


def four_groups() -> Listening:
    """Every feature of four stereo groups, and none of all channels together."""
    names = Listening(RATE, 2).layout.names
    groups = {name: (2 * i + 1, 2 * i + 2) for i, name in enumerate("abcd")}
    asked = [f"{group}:{name}" for group in groups for name in names]
    return Listening(RATE, 8, groups=groups, asked=asked, everything=False)


def textbook(sound: np.ndarray) -> None:
    """The same numbers, straightforwardly."""
    mels = triangles(40, WINDOW, RATE).astype(float)
    hz = scipy.fft.rfftfreq(WINDOW, 1 / RATE)
    led = np.concatenate((np.zeros((WINDOW - HOP, 2)), sound))
    before, fluxes = np.zeros(40), [0.0] * 112

    def spectrum(window: np.ndarray) -> np.ndarray:
        return np.abs(scipy.fft.rfft(window * scipy.signal.get_window("hann", WINDOW))) ** 2

    for start in range(0, len(sound), HOP):
        window = np.nan_to_num(led[start : start + WINDOW]).mean(axis=1)
        power = spectrum(window)
        bands = np.array([10 * np.log10((power * row).sum() + SILENT) for row in mels])
        for low, high in ((20, 150), (150, 2000), (2000, 16000)):
            10 * np.log10(spectrum(window)[(hz >= low) & (hz < high)].sum() + SILENT)
        20 * np.log10(np.sqrt(np.mean(window**2)) + SILENT)
        fluxes.append(float(np.maximum(bands - before, 0).mean()))
        assert np.median(fluxes[-112:]) >= 0
        before = bands
        power, chroma = spectrum(window), np.zeros(12)
        for k in np.flatnonzero((hz >= 55) & (hz <= 2000)):
            chroma[round(12 * np.log2(hz[k] / 440)) % 12] += power[k]
        chroma /= chroma.max() + SILENT


def best_us(work: Callable[[np.ndarray], None], sound: np.ndarray, times: int) -> float:
    """Smallest time per hop [us]."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work(sound)
        found.append((time.perf_counter() - start) / HOPS * 1e6)
    return min(found)


def listen_s(folder: Path, seconds: int) -> float:
    """Processor time of `livegan listen` to so much of the music, in a process of its own [s]."""
    song = folder / f"{seconds}.wav"
    soundfile.write(song, np.resize(music(), (seconds * RATE, 2)), RATE)
    outputs = [f"--{name}={folder / name}" for name in ("json", "events")]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "livegan", "listen", str(song), *outputs]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def command_costs(times: int, seconds: int = 31) -> dict[str, float]:
    """Start of the command [s], and each second of sound [s]; of the smallest times."""
    with tempfile.TemporaryDirectory() as folder:
        short, long = (min(listen_s(Path(folder), length) for _ in range(times)) for length in (1, seconds))
    each_s = (long - short) / (seconds - 1)
    return {"listen_start_s": short - each_s, "listen_s_per_s": each_s}


def measure(times: int = 3) -> dict[str, float]:
    """The figures, by name."""
    sound = music()
    ours_us, textbook_us = best_us(partial(ours, one_group()), sound, times), best_us(textbook, sound, times)
    groups_us = best_us(partial(ours, four_groups()), np.tile(sound, (1, 4)), times)
    return {
        "ours_us_per_hop": ours_us,
        "four_groups_us_per_hop": groups_us,
        "textbook_us_per_hop": textbook_us,
        "ratio": textbook_us / ours_us,
        "share_of_real_time": ours_us * 1e-6 * RATE / HOP,
        **command_costs(times),
    }


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name:22} {value:10.3f}")
