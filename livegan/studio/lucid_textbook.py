"""lucid-sonic-dreams 0.4's published loop as a textbook, for `livegan bench studio` to be compared with.

Written from its formulae: features of the whole song first, then picture after picture in batches of one through a
plain float32 forward and a PIL image into a PNG file, then all of them read back and encoded. Librosa is replaced by
NumPy and SciPy, NVIDIA's forward by the reference of the package, moviepy's pipe by PyAV.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import scipy.ndimage
import scipy.signal
import torch
from numpy.typing import NDArray
from PIL import Image

from livegan.audio.song import open_song
from livegan.core.clock import WallClock
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.architectures.stylegan2 import to_pixels
from livegan.networks.synthesis_options import SynthesisOptions

Signal = NDArray[np.floating]
RATE = 22050  # [Hz], librosa's default
WINDOW = 2048  # n_fft, librosa's default
MEDIAN = 31  # width of the filters that separate harmonic from percussive
SMOOTH = 0.75  # of pulse and motion
NOTES = 12


@dataclass(frozen=True, slots=True)
class Timing:
    """What a film took [s], part by part."""

    frames: int
    listening_s: float
    latents_s: float
    pictures_s: float
    encoding_s: float

    @property
    def seconds(self) -> float:
        return self.listening_s + self.latents_s + self.pictures_s + self.encoding_s


def hop_length(fps: float) -> int:
    """Samples of a frame: a multiple of 64, so that the real rate is RATE / hop."""
    return int(RATE / fps - (RATE / fps) % 64)


@torch.inference_mode()
def film(song: Path, net: StyleNet, output: Path, folder: Path, seconds: float, fps: float = 43) -> Timing:
    """Make a film of the first `seconds` of a song with its defaults; `folder` takes the frames."""
    clock, hop = WallClock(), hop_length(fps)
    began_s = clock.now()
    sound = open_song(song, RATE, seconds).read(round(seconds * RATE)).mean(axis=1)
    harmonic, percussive = separated(sound)
    pulse, motion = (amplitude(part, hop, net.z_dim) for part in (percussive, harmonic))
    notes = chroma(sound, hop)
    heard_s = clock.now()
    rate = RATE / hop
    latents = list(noise_vectors(pulse, motion, rate, net.z_dim))
    classes = list(class_vectors(notes, rate, net.c_dim))
    planned_s = clock.now()
    for index, (z, c) in enumerate(zip(latents, classes, strict=True)):
        w = net.map(torch.from_numpy(z[None]), torch.from_numpy(c[None]))
        picture = net.synthesize(w[:, None].expand(-1, net.num_ws, -1), SynthesisOptions())
        pixels = to_pixels(picture[0], net.span).numpy()
        Image.fromarray(pixels).save(folder / f"{index:06d}.png")
    drawn_s = clock.now()
    encode(sorted(folder.glob("*.png")), sound, output, rate)
    return Timing(len(latents), heard_s - began_s, planned_s - heard_s, drawn_s - planned_s, clock.now() - drawn_s)


def separated(sound: Signal) -> tuple[Signal, Signal]:
    """Harmonic and percussive parts: medians over time and over frequency as soft masks (Fitzgerald 2010)."""
    overlap = WINDOW - 512
    _, _, bins = scipy.signal.stft(sound, nperseg=WINDOW, noverlap=overlap)
    power = np.abs(bins)
    lasting = scipy.ndimage.median_filter(power, (1, MEDIAN)) ** 2
    spread = scipy.ndimage.median_filter(power, (MEDIAN, 1)) ** 2
    share = lasting / np.maximum(lasting + spread, 1e-20)
    parts = (scipy.signal.istft(bins * mask, nperseg=WINDOW, noverlap=overlap)[1] for mask in (share, 1 - share))
    harmonic, percussive = (np.asarray(part[: len(sound)], np.float32) for part in parts)
    return harmonic, percussive


def powers(sound: Signal, hop: int) -> Signal:
    """Power spectrogram (bins, frames), a frame at every `hop` samples."""
    padded = np.pad(sound, WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::hop]
    spectrum = np.fft.rfft(frames * np.hanning(WINDOW + 1)[:-1])
    return np.asarray(np.abs(spectrum).T ** 2)


def amplitude(sound: Signal, hop: int, bands: int) -> Signal:
    """Power of the loudest mel band of each frame, from 0 to 1 over the whole song (frames,)."""
    hz = np.fft.rfftfreq(WINDOW, 1 / RATE)
    edges = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + RATE / 2 / 700), bands + 2) / 2595) - 1)
    rise = (hz - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - hz) / np.diff(edges)[1:, None]
    loudest = (np.maximum(0, np.minimum(rise, fall)) @ powers(sound, hop)).max(axis=0)
    return np.asarray((loudest - loudest.min()) / max(float(np.ptp(loudest)), 1e-20))


def chroma(sound: Signal, hop: int) -> Signal:
    """Strength of the twelve notes (12, frames), by the FFT where librosa has a constant-Q transform."""
    hz = np.fft.rfftfreq(WINDOW, 1 / RATE)[1:]
    note = np.rint(NOTES * np.log2(hz / 440.0) + 9).astype(int) % NOTES
    strength = np.zeros((NOTES, 1 + len(sound) // hop))
    power = powers(sound, hop)[1:]
    for each in range(NOTES):
        strength[each] = power[note == each].sum(axis=0)
    return np.asarray(strength / np.maximum(strength.max(axis=0), 1e-20))


def noise_vectors(pulse: Signal, motion: Signal, fps: float, size: int) -> Iterator[NDArray[np.float32]]:
    """The latent of every frame, by its formulae with the defaults: base, pulse, and the sum of motion."""
    rng = np.random.default_rng(0)
    react, randomness = 0.5, 0.5
    count = len(pulse)
    base = bases(count, round(count / fps / 60 * 12), size, rng)
    signs, pace = rng.choice([-1.0, 1.0], size), np.ones(size)
    pulsed, moved, total = 0.0, np.zeros(size), np.zeros(size)
    for index in range(count):
        if index % round(4 * fps) == 0:
            pace = np.where(rng.random(size) < 0.5, 1.0, 1 - randomness)
        pulsed = SMOOTH * pulsed + (1 - SMOOTH) * react * pulse[index]
        moved = SMOOTH * moved + (1 - SMOOTH) * react * 20 / fps * motion[index] * signs * pace
        total = total + moved
        z = base[index] + pulsed + total
        signs = np.where(z - react < -2, 1.0, np.where(z + react >= 2, -1.0, signs))
        yield z.astype(np.float32)


def bases(frames: int, count: int, size: int, rng: np.random.Generator) -> Signal:
    """Base latents (frames, size): straight from one to the next, the last one held; fewer than two: one for all."""
    corners = np.clip(rng.standard_normal((max(count, 1), size)), -2, 2)
    if count < 2:
        return np.repeat(corners, frames, axis=0)
    steps = frames // count - 1
    ways = [np.linspace(a, b, steps) for a, b in pairwise(corners)]
    path = np.concatenate(ways)
    return np.concatenate((path, np.repeat(path[-1:], frames - len(path), axis=0)))


def class_vectors(notes: Signal, fps: float, classes: int) -> Iterator[NDArray[np.float32]]:
    """The class vector of every frame: the sum of the notes so far, brought to 0..1."""
    vector = np.zeros(classes)
    table = np.arange(NOTES) % max(classes, 1)
    for now in notes.T:
        if classes:
            vector = vector.copy()
            vector[table] += 0.5 * 43 / fps * now
            low, high = vector.min(), vector.max()
            vector = (vector - low) / (high - low) if high > low else vector
        yield vector.astype(np.float32)


def encode(pictures: list[Path], sound: Signal, output: Path, fps: float) -> None:
    """Read the PNGs back and write the film: x264 at its default preset, the sound as AAC of 22.05 kHz mono."""
    with av.open(str(output), "w") as container:
        rate = Fraction(fps).limit_denominator(100000)
        first = np.asarray(Image.open(pictures[0]))
        video = container.add_stream("libx264", rate=rate, options={"preset": "medium"})
        video.height, video.width, video.pix_fmt = first.shape[0], first.shape[1], "yuv420p"
        audio = container.add_stream("aac", rate=RATE, layout="mono")
        for path in pictures:
            frame = av.VideoFrame.from_ndarray(np.asarray(Image.open(path)), "rgb24")
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        block = av.AudioFrame.from_ndarray(np.asarray(sound[None], np.float32), "fltp", "mono")
        block.sample_rate = RATE
        for packet in (*audio.encode(block), *audio.encode(None)):
            container.mux(packet)
