"""Voice network: a causal transformer over four-voice steps (Vaswani et al. 2017, pre-norm), in torch, for training.

One pass of the trunk writes one 16th for all four voices; a chained head chooses soprano, bass, tenor and alto, each
knowing those before it. Positions are relative (a learned bias for each distance, Raffel et al. 2020, 2.1) and steps
of the bar. Voices that are given (a tune to harmonise) come through an encoder that sees all of them, also what is yet
to come. `voice_inference` computes the same in numpy.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from livegan.composer.voice_features import AGE_ROWS, KINDS, PITCH_ROWS
from livegan.composer.voices import STEPS_PER_BAR, TOKENS, VOICES

SHIFTS = 12  # transpositions by -5..6 semitones; row 5 is none
NO_SHIFT = 5
ORDER = (0, 3, 2, 1)  # soprano, bass, tenor, alto: the order in which a step is chosen
EPSILON = 1e-5


@dataclass(frozen=True, slots=True)
class VoiceShape:
    """Sizes of a voice network."""

    width: int = 160
    blocks: int = 4
    heads: int = 5
    hidden: int = 480
    given_width: int = 96
    given_blocks: int = 2
    given_heads: int = 3
    choice: int = 24  # numbers per voice that the head sees of pitches
    head: int = 192
    window: int = 64  # steps it looks back over


class Block(nn.Module):
    """Transformer block, pre-norm."""

    def __init__(self, width: int, heads: int, hidden: int, window: int, causal: bool) -> None:
        super().__init__()
        self.heads, self.window, self.causal = heads, window, causal
        self.norm1, self.norm2 = nn.LayerNorm(width, EPSILON), nn.LayerNorm(width, EPSILON)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.bias = nn.Parameter(torch.zeros(heads, window if causal else 2 * window - 1))  # by distance back

    def forward(self, x: Tensor, dropout: float) -> Tensor:
        n, steps, width = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(n, steps, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        place = torch.arange(steps, device=x.device)
        distance = place[:, None] - place[None]
        bias = self.bias[:, distance.clamp(min=0) if self.causal else distance + self.window - 1]
        if self.causal:
            bias = bias.masked_fill(distance < 0, -torch.inf)
        scores = torch.softmax(q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5 + bias, -1)
        mixed = self.out((scores @ v).transpose(1, 2).reshape(n, steps, width))
        x = x + functional.dropout(mixed, dropout, self.training)
        hidden = self.down(functional.gelu(self.up(self.norm2(x)), approximate="tanh"))
        return x + functional.dropout(hidden, dropout, self.training)


def _table(rows: int, width: int, std: float = 0.02) -> nn.Parameter:
    return nn.Parameter(torch.randn(VOICES, rows, width) * std)


def _look_up(table: Tensor, rows: Tensor) -> Tensor:
    """Sum over voices of table[voice, rows[..., voice]]."""
    return torch.stack([functional.embedding(rows[..., v], table[v]) for v in range(VOICES)]).sum(0)


class Given(nn.Module):
    """Encoder of the voices that are given: bidirectional, over the whole phrase."""

    def __init__(self, shape: VoiceShape) -> None:
        super().__init__()
        width = shape.given_width
        self.pitch, self.kind = _table(PITCH_ROWS, width), _table(KINDS + 1, width)
        self.step = nn.Parameter(torch.randn(STEPS_PER_BAR, width) * 0.02)
        self.blocks = nn.ModuleList(
            Block(width, shape.given_heads, 3 * width, shape.window, causal=False) for _ in range(shape.given_blocks)
        )
        self.norm, self.out = nn.LayerNorm(width, EPSILON), nn.Linear(width, shape.width)

    def forward(self, pitch: Tensor, kind: Tensor, dropout: float) -> Tensor:
        """(n, steps, VOICES) rows, UNKNOWN and KINDS where a voice is to be written -> (n, steps, width)."""
        x = _look_up(self.pitch, pitch) + _look_up(self.kind, kind)
        x = x + self.step[torch.arange(x.shape[1], device=x.device) % STEPS_PER_BAR]
        for block in self.blocks:
            x = block(x, dropout)
        encoded: Tensor = self.out(self.norm(x))
        return encoded


class VoiceNetwork(nn.Module):
    """Logits of each voice's next token, given what came before and the voices chosen in this step."""

    def __init__(self, shape: VoiceShape = VoiceShape()) -> None:
        super().__init__()
        self.shape = shape
        width = shape.width
        self.pitch, self.age = _table(PITCH_ROWS, width), _table(AGE_ROWS, width)
        self.step = nn.Parameter(torch.randn(STEPS_PER_BAR, width) * 0.02)
        self.shift = nn.Parameter(torch.randn(SHIFTS, width) * 0.02)
        self.given = Given(shape)
        self.blocks = nn.ModuleList(
            Block(width, shape.heads, shape.hidden, shape.window, causal=True) for _ in range(shape.blocks)
        )
        self.norm = nn.LayerNorm(width, EPSILON)
        self.before, self.now = _table(PITCH_ROWS, shape.choice, 0.1), _table(PITCH_ROWS, shape.choice, 0.1)
        self.how = _table(KINDS, shape.choice, 0.1)
        sizes = [width + (VOICES + place) * shape.choice for place in range(VOICES)]
        self.head_in = nn.ModuleList(nn.Linear(size, shape.head) for size in sizes)
        self.head_out = nn.ModuleList(nn.Linear(shape.head, TOKENS) for _ in ORDER)

    def forward(
        self,
        before: Tensor,  # pitch rows of the step before, START at first: (n, steps, VOICES)
        age: Tensor,  # age rows of the step before
        shift: Tensor,  # (n,)
        pitch: Tensor,  # pitch rows of this step: what the voices chosen earlier in the step do
        kind: Tensor,
        given: tuple[Tensor, Tensor, Tensor] | None = None,  # pitch rows, kinds; which phrases have any (n,)
        dropout: float = 0.0,
    ) -> Tensor:
        """Logits (n, steps, VOICES, TOKENS), voices in the order soprano, alto, tenor, bass."""
        steps = torch.arange(before.shape[1], device=before.device) % STEPS_PER_BAR
        x = _look_up(self.pitch, before) + _look_up(self.age, age) + self.step[steps] + self.shift[shift][:, None]
        if given is not None:
            x = x + self.given(given[0], given[1], dropout) * given[2][:, None, None]
        x = functional.dropout(x, dropout, self.training)
        for block in self.blocks:
            x = block(x, dropout)
        seen = [self.norm(x)]
        seen += [functional.embedding(before[..., voice], self.before[voice]) for voice in range(VOICES)]
        logits: list[Tensor] = [x] * VOICES
        for place, voice in enumerate(ORDER):
            hidden = functional.gelu(self.head_in[place](torch.cat(seen, -1)), approximate="tanh")
            logits[voice] = self.head_out[place](hidden)
            chosen = functional.embedding(pitch[..., voice], self.now[voice])
            seen.append(chosen + functional.embedding(kind[..., voice], self.how[voice]))
        return torch.stack(logits, 2)
