"""Critic of the MuseGAN-style network: how much a phrase looks like one of the corpus, as one number.

Every track is read in two mirrored streams (`musegan.TrackReader`) and the tracks are merged. Beside them are a chroma
stream (which pitch classes each track plays in a beat, so that harmony can be seen across octaves) and an onset stream
(where notes begin and end: the difference along time), as in 1804.09399. No layer normalises over a batch, because the
gradient penalty is of each phrase by itself.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.composer.musegan import SEMITONES, Gather, MuseGanShape, TrackReader

SIDE_STREAM = 64  # channels of the chroma and of the onset stream


class Critic(nn.Module):
    """Critic of phrases (n, tracks, steps, pitches)."""

    def __init__(self, shape: MuseGanShape) -> None:
        super().__init__()
        self.shape = shape
        bar, beat, octave = shape.shared
        tracks = shape.tracks
        self.readers = nn.ModuleList(TrackReader(shape) for _ in range(tracks))
        self.merge = Gather(2 * shape.private[0], octave, tracks)
        self.octaves = Gather(octave, beat, shape.octaves)
        self.chroma = nn.Sequential(Gather(SEMITONES, SIDE_STREAM, tracks), Gather(SIDE_STREAM, SIDE_STREAM, 1))
        self.onsets = Gather(2 * tracks, SIDE_STREAM, shape.steps)
        self.beats = Gather(beat + 2 * SIDE_STREAM, bar, shape.beats)
        self.bars = Gather(bar, bar, shape.bars)
        self.score = nn.Linear(bar, 1)

    def forward(self, rolls: Tensor) -> Tensor:
        """Scores (n,) of rolls (n, tracks, steps, pitches) in 0..1."""
        streams = [reader(rolls[:, track]) for track, reader in enumerate(self.readers)]
        x = self.octaves(self.merge(torch.stack(streams, dim=-2)))  # (n, bars, beats, channels)
        pitch_classes = self.chroma[0](self.chroma_of(rolls))
        x = torch.cat((x, self.chroma[1](pitch_classes[..., None, :]), self.onsets(self.edges_of(rolls))), dim=-1)
        score: Tensor = self.score(self.bars(self.beats(x)))
        return score[:, 0]

    def chroma_of(self, rolls: Tensor) -> Tensor:
        """How much of a beat each pitch class sounds in each track: (n, bars, beats, tracks, 12)."""
        shape = self.shape
        cells = rolls.reshape(-1, shape.tracks, shape.bars, shape.beats, shape.steps, shape.octaves, SEMITONES)
        beats = cells.sum(dim=5).mean(dim=4)
        return beats.permute(0, 2, 3, 1, 4)

    def edges_of(self, rolls: Tensor) -> Tensor:
        """How many notes begin, and end, at each step of each track: (n, bars, beats, steps, 2 x tracks)."""
        shape = self.shape
        change = torch.diff(F.pad(rolls, (0, 0, 1, 0)), dim=2)
        edges = torch.cat((F.relu(change).sum(dim=3), F.relu(-change).sum(dim=3)), dim=1)  # (n, 2 x tracks, steps)
        beats = edges.reshape(-1, 2 * shape.tracks, shape.bars, shape.beats, shape.steps)
        return beats.permute(0, 2, 3, 4, 1)
