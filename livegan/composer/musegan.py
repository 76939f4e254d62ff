"""MuseGAN-style network: phrases of several tracks from one latent, written after its papers.

Dong et al. 2018 (1709.06298) and Dong and Yang 2018 (1804.09399). A shared network makes bars of the latent, beats of
the bars and octaves of the beats; each track has a network of its own with two streams, one that unfolds pitches before
time and one time before pitches, merged at every step and pitch; binary neurons decide. A transposed convolution whose
kernel is its stride is a linear layer and a reshape, which is how it is written here: the same, and quicker on a CPU.

Where a track accompanies another one, an encoder with the same two streams, mirrored, reads the given track.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from livegan.composer.binary_neurons import SLOPES, binary, one_of
from livegan.composer.network_file import NetworkFile
from livegan.composer.network_info import ComposerInfo
from livegan.composer.phrase_latent import slerp
from livegan.composer.phrase_rolls import Rolls, highest_notes, on_grid, song_of_rolls
from livegan.composer.song import Song
from livegan.core.latents import latent_of_seed
from livegan.errors import NetworkError

SEMITONES = 12
BPM = 84.0  # of music where none is given
BATCH = 16  # phrases
TRUNCATION = 2.0  # latents are drawn from a normal distribution within these bounds
LEAK = 0.2
MAX_CELLS = 1 << 22  # tracks x steps x pitches of a phrase
MAX_CHANNELS = 1 << 12


@dataclass(frozen=True, slots=True)
class MuseGanShape:
    """Shape of the network and of its phrases."""

    programs: tuple[int, ...]  # General MIDI number of each track; DRUMS: drums
    bars: int = 4
    beats: int = 4  # of a bar
    steps: int = 4  # of a beat
    octaves: int = 4
    lowest: int = 36  # MIDI number of the lowest pitch
    one_note: bool = True  # a track has one note at a time
    given: int = -1  # the track that the others accompany; -1: none
    stochastic: bool = False  # binary neurons throw coins
    latent: int = 128
    shared: tuple[int, int, int] = (512, 256, 128)  # channels of bars, beats, octaves
    private: tuple[int, int] = (32, 16)  # channels of each stream, half and fully unfolded

    def __post_init__(self) -> None:
        numbers = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        most = {"bars": 64, "beats": 32, "steps": 64, "octaves": 11, "latent": MAX_CHANNELS}
        for name, bound in most.items():
            if not 1 <= numbers[name] <= bound:
                raise ValueError(f"{name} {numbers[name]} is not in 1..{bound}")
        if not 1 <= len(self.programs) <= 32 or not all(-1 <= each <= 127 for each in self.programs):
            raise ValueError("its programs are no 1..32 General MIDI numbers")
        channels = (*self.shared, *self.private)
        if (len(self.shared), len(self.private)) != (3, 2) or not all(1 <= each <= MAX_CHANNELS for each in channels):
            raise ValueError("its channels are no numbers of channels")
        if self.lowest < 0 or self.lowest + self.pitches > 128 + SEMITONES or not -1 <= self.given < self.tracks:
            raise ValueError("its pitches or its given track are out of range")
        if self.tracks * self.length * self.pitches > MAX_CELLS:
            raise ValueError("its phrases are too large")

    @property
    def tracks(self) -> int:
        """How many tracks."""
        return len(self.programs)

    @property
    def bar(self) -> int:
        """Steps of a bar."""
        return self.beats * self.steps

    @property
    def length(self) -> int:
        """Steps of a phrase."""
        return self.bars * self.beats * self.steps

    @property
    def pitches(self) -> int:
        """Pitches from the lowest."""
        return self.octaves * SEMITONES

    @classmethod
    def read(cls, table: Mapping[str, Any]) -> "MuseGanShape":
        """From the table of a file; ValueError or TypeError if it is none."""
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in table.items()
        }
        for entry in fields(cls):
            value = values.get(entry.name, getattr(cls, entry.name, None) if entry.name == "programs" else 0)
            numbers = value if isinstance(value, tuple) else (value,)
            if not all(isinstance(number, int) for number in numbers):
                raise ValueError(f"its {entry.name} is no whole number")
        return cls(**values)


class Spread(nn.Module):
    """Every place becomes `count` places: transposed convolution whose kernel is its stride, normalised, ReLU."""

    def __init__(self, inputs: int, outputs: int, count: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs * count, bias=False)
        self.norm = nn.BatchNorm1d(outputs)
        self.count = count

    def forward(self, x: Tensor) -> Tensor:
        """(..., inputs) to (..., count, outputs)."""
        y = self.linear(x).unflatten(-1, (self.count, -1))
        return F.relu(self.norm(y.flatten(0, -2)).view(y.shape))


class Gather(nn.Module):
    """`count` places become one: convolution whose kernel is its stride, leaky ReLU. No normalisation: for a critic."""

    def __init__(self, inputs: int, outputs: int, count: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs * count, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(..., count, inputs) to (..., outputs)."""
        return F.leaky_relu(self.linear(x.flatten(-2)), LEAK)


class TrackReader(nn.Module):
    """One track in two mirrored streams: time before pitches, and pitches before time."""

    def __init__(self, shape: MuseGanShape) -> None:
        super().__init__()
        half, fully = shape.private
        self.shape = shape
        self.time_first, self.then_pitches = Gather(1, fully, shape.steps), Gather(fully, half, SEMITONES)
        self.pitches_first, self.then_time = Gather(1, fully, SEMITONES), Gather(fully, half, shape.steps)

    def forward(self, roll: Tensor) -> Tensor:
        """(n, steps, pitches) to (n, bars, beats, octaves, channels)."""
        shape = self.shape
        x = roll.reshape(-1, shape.bars, shape.beats, shape.steps, shape.octaves, SEMITONES, 1)
        one = self.then_pitches(self.time_first(x.permute(0, 1, 2, 4, 5, 3, 6)))
        other = self.then_time(self.pitches_first(x).transpose(3, 4))
        return torch.cat((one, other), dim=-1)


class TrackWriter(nn.Module):
    """One track in two streams: pitches before time, and time before pitches; logits of its pitches, and of a rest."""

    def __init__(self, shape: MuseGanShape, inputs: int) -> None:
        super().__init__()
        half, fully = shape.private
        self.shape = shape
        self.pitches_first, self.then_time = Spread(inputs, half, SEMITONES), Spread(half, fully, shape.steps)
        self.time_first, self.then_pitches = Spread(inputs, half, shape.steps), Spread(half, fully, SEMITONES)
        self.merge = nn.Linear(2 * fully, 1, bias=False)
        self.rest = nn.Linear(2 * fully, 1, bias=False) if shape.one_note else None
        self.bias = nn.Parameter(torch.zeros(shape.pitches + shape.one_note))  # at first the logits of the corpus

    def forward(self, x: Tensor) -> Tensor:
        """(n, bars, beats, octaves, inputs) to logits (n, steps, pitches), or, one note at a time, with a rest last."""
        shape = self.shape
        one = self.then_time(self.pitches_first(x)).permute(0, 1, 2, 5, 3, 4, 6)
        other = self.then_pitches(self.time_first(x)).transpose(3, 4)
        features = torch.cat((one, other), dim=-1).reshape(len(x), shape.length, shape.pitches, -1)
        logits: Tensor = self.merge(features)[..., 0]
        if self.rest is not None:
            logits = torch.cat((logits, self.rest(features.mean(dim=2))), dim=-1)
        return logits + self.bias


class Generator(nn.Module):
    """Generator: the shared network, and a network for each track that is not given."""

    def __init__(self, shape: MuseGanShape) -> None:
        super().__init__()
        self.shape = shape
        bar, beat, octave = shape.shared
        read = 2 * shape.private[0] if shape.given >= 0 else 0  # channels of the given track
        self.reader = TrackReader(shape) if read else None
        self.bars = Spread(shape.latent, bar, shape.bars)
        self.beats = Spread(bar + read, beat, shape.beats)
        self.octaves = Spread(beat, octave, shape.octaves)
        own = [track for track in range(shape.tracks) if track != shape.given]
        self.writers = nn.ModuleDict({str(track): TrackWriter(shape, octave + read) for track in own})

    def forward(self, z: Tensor, given: Tensor | None = None, slope: float = SLOPES[1]) -> Tensor:
        """Rolls (n, tracks, steps, pitches) of 0 and 1 for z (n, latent), and the `given` track (n, steps, pitches)."""
        shape = self.shape
        x = self.bars(z)
        read = None
        if self.reader is not None:
            assert given is not None, "this network accompanies a track"
            read = self.reader(given)
            x = torch.cat((x, read.mean(dim=(2, 3))), dim=-1)
        x = self.octaves(self.beats(x))
        if read is not None:
            x = torch.cat((x, read), dim=-1)
        decide = one_of if shape.one_note else binary
        rolls = []
        for track in range(shape.tracks):
            if track == shape.given:
                assert given is not None
                rolls.append(given)
            else:
                decided = decide(self.writers[str(track)](x), slope, shape.stochastic)
                rolls.append(decided[..., : shape.pitches])
        return torch.stack(rolls, dim=1)

    @torch.no_grad()
    def start_at(self, rolls: Tensor) -> None:
        """Begin with the frequency of every pitch of every track in `rolls` (n, tracks, steps, pitches)."""
        shares = rolls.float().mean(dim=(0, 2)).clamp(1e-4, 1 - 1e-4)
        for track, writer in self.writers.items():
            share, bias = shares[int(track)], writer.get_parameter("bias")
            if self.shape.one_note:
                rest = (1 - share.sum()).clamp(min=1e-4)
                bias.copy_(torch.cat((share, rest[None])).log())
            else:
                bias.copy_(share.logit())


class MuseGan:
    """MuseGAN-style composer: phrases one after another, each of its own latent, or beside a given melody."""

    def __init__(self, info: ComposerInfo, net: Generator) -> None:
        self.info, self.net = info, net

    def song(self, bars: int, seed: int) -> Song:
        """Music of so many bars."""
        self._check_alone()
        z = latent_of_seed(seed, -(-bars // self.net.shape.bars) * self.net.shape.latent)
        return self._song(self.rolls(z.reshape(-1, self.net.shape.latent), seed), bars * self.net.shape.bar)

    def between(self, first: int, last: int, bars: int) -> Song:
        """Music of so many bars: from the first phrase of one seed to that of another, by equal steps of latents."""
        self._check_alone()
        shape = self.net.shape
        start, end = latent_of_seed(first, shape.latent), latent_of_seed(last, shape.latent)
        count = -(-bars // shape.bars)
        z = np.stack([slerp(start, end, number / max(1, count - 1)) for number in range(count)])
        return self._song(self.rolls(z, first), bars * shape.bar)

    def _check_alone(self) -> None:
        if self.net.shape.given >= 0:
            raise NetworkError(
                "accompanies a melody and writes nothing alone; type: livegan compose new --harmonise TUNE.mid, or "
                "train one without --given",
                self.info.title or "this network",
            )

    def accompany(self, tune: Song, seed: int, track: int = 0, bars: int | None = None) -> Song:
        """A track of a song with the other tracks written to it, as far as it goes or so many bars.

        NetworkError if the network accompanies none.
        """
        shape = self.net.shape
        if shape.given < 0:
            raise NetworkError(
                "accompanies nothing; train one that does: livegan compose train CORPUS --model musegan --given 0",
                self.info.title or "this network",
            )
        melody = highest_notes(tune, track, shape.steps, shape.lowest, shape.pitches)
        if bars is not None:
            melody = melody[: bars * shape.bar]
        steps = -(-len(melody) // shape.bar) * shape.bar  # whole bars
        padded = np.zeros((-(-steps // shape.length) * shape.length, shape.pitches), np.bool_)
        padded[: len(melody)] = melody
        given = padded.reshape(-1, shape.length, shape.pitches)
        z = latent_of_seed(seed, len(given) * shape.latent).reshape(len(given), -1)
        song = self._song(self.rolls(z, seed, given), steps, tune.tempos[0][1])
        tracks = [*song.tracks]
        tracks[shape.given] = on_grid(tune.tracks[track], shape.steps / tune.steps_per_beat, steps)
        return replace(song, tracks=tuple(tracks))

    @torch.inference_mode()
    def rolls(self, z: NDArray[np.float32], seed: int, given: Rolls | None = None) -> Rolls:
        """Phrases (n, tracks, steps, pitches) of z (n, latent); `seed` is that of coins, if the network throws any.

        `given`: the track that is accompanied, of each phrase (n, steps, pitches).
        """
        made = []
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            for start in range(0, len(z), BATCH):
                part = slice(start, start + BATCH)
                read = None if given is None else torch.from_numpy(given[part]).float()
                made.append(self.net(truncated(torch.from_numpy(z[part])), read).bool().numpy())
        return np.concatenate(made)

    def _song(self, rolls: Rolls, length: int, bpm: float = BPM) -> Song:
        shape = self.net.shape
        return song_of_rolls(rolls, shape.lowest, shape.programs, length, shape.steps, shape.beats, bpm)


def truncated(z: Tensor) -> Tensor:
    """Normal numbers squeezed monotonically into a normal distribution that is cut off at TRUNCATION."""
    low = torch.special.ndtr(torch.tensor(-TRUNCATION, dtype=torch.float64))
    bounded: Tensor = torch.special.ndtri(low + torch.special.ndtr(z.double()) * (1 - 2 * low))
    return bounded.float()


def open_musegan(file: NetworkFile) -> MuseGan:
    """Open the network in a file; NetworkError if it is none."""
    return MuseGan(file.info, file.into(lambda: Generator(MuseGanShape.read(file.info.shape))))
