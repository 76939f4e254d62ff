"""Voice network in numpy: the trunk with a key and value cache, one new position a step, and the chained head.

The same network as `voice_network`, for writing: at one phrase a time a numpy product has less overhead than a torch
one, and no command that composes has to import torch.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livegan.composer.voice_features import KINDS, Rows
from livegan.composer.voices import VOICES

Floats = NDArray[np.float32]
ORDER = (0, 3, 2, 1)  # soprano, bass, tenor, alto: the order in which a step is chosen
EPSILON = np.float32(1e-5)
_VOICE = np.arange(VOICES)


def _norm(x: Floats, weight: Floats, bias: Floats) -> Floats:
    x = x - x.mean(-1, keepdims=True)
    scale = (x * x).mean(-1, keepdims=True) + EPSILON
    normed: Floats = x / np.sqrt(scale) * weight + bias
    return normed


def _gelu(x: Floats) -> Floats:
    """GELU, tanh approximation."""
    activated: Floats = (
        np.float32(0.5) * x * (1 + np.tanh(np.float32(0.79788456) * (x + np.float32(0.044715) * x * x * x)))
    )
    return activated


class _Block:
    """Transformer block; `prefix` names its tensors."""

    def __init__(self, tensors: Mapping[str, Floats], prefix: str, heads: int, causal: bool) -> None:
        self.norm1 = tensors[f"{prefix}.norm1.weight"], tensors[f"{prefix}.norm1.bias"]
        self.norm2 = tensors[f"{prefix}.norm2.weight"], tensors[f"{prefix}.norm2.bias"]
        names = ("qkv", "out", "up", "down")
        self.linear = {name: np.ascontiguousarray(tensors[f"{prefix}.{name}.weight"].T) for name in names}
        self.add = {name: tensors[f"{prefix}.{name}.bias"] for name in names}
        self.bias = tensors[f"{prefix}.bias"]
        self.heads, self.causal = heads, causal

    def attend(self, x: Floats, cache: "list[Floats] | None") -> Floats:
        """Attention of x (n, steps, width); with a cache, also to the positions before, which it then holds as well."""
        n, steps, width = x.shape
        qkv = _norm(x, *self.norm1) @ self.linear["qkv"] + self.add["qkv"]
        q, k, v = qkv.reshape(n, steps, 3, self.heads, -1).transpose(2, 0, 3, 1, 4)
        if cache is not None:
            if cache:
                k, v = np.concatenate([cache[0], k], 2), np.concatenate([cache[1], v], 2)
            cache[:] = [k, v]
        total = k.shape[2]
        if steps == 1:
            bias = self.bias[:, total - 1 :: -1][:, None]
        else:
            distance = np.arange(total - steps, total)[:, None] - np.arange(total)[None]
            if self.causal:
                bias = np.where(distance < 0, -np.inf, self.bias[:, np.maximum(distance, 0)])
            else:
                bias = self.bias[:, distance + (self.bias.shape[1] // 2)]
        scores = q @ k.swapaxes(-1, -2) * np.float32(q.shape[-1] ** -0.5) + bias.astype(np.float32, copy=False)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (scores @ v) / scores.sum(-1, keepdims=True)
        mixed = mixed.swapaxes(1, 2).reshape(n, steps, width)
        attended: Floats = x + mixed @ self.linear["out"] + self.add["out"]
        return attended

    def forward(self, x: Floats, cache: "list[Floats] | None" = None) -> Floats:
        x = self.attend(x, cache)
        hidden = _gelu(_norm(x, *self.norm2) @ self.linear["up"] + self.add["up"])
        out: Floats = x + hidden @ self.linear["down"] + self.add["down"]
        return out


class VoiceInference:
    """Voice network, read-only: any number of phrases may be written with it at once."""

    def __init__(self, tensors: Mapping[str, Floats], shape: Mapping[str, Any]) -> None:
        """`tensors`: as in the state of `VoiceNetwork`, float32; `shape`: the fields of `VoiceShape`."""
        self.window = int(shape["window"])
        self.pitch, self.age = tensors["pitch"], tensors["age"]
        self.step, self.shift = tensors["step"], tensors["shift"]
        blocks, heads = int(shape["blocks"]), int(shape["heads"])
        self.blocks = [_Block(tensors, f"blocks.{i}", heads, causal=True) for i in range(blocks)]
        self.norm = tensors["norm.weight"], tensors["norm.bias"]
        self.given_pitch, self.given_kind = tensors["given.pitch"], tensors["given.kind"]
        self.given_step = tensors["given.step"]
        blocks, heads = int(shape["given_blocks"]), int(shape["given_heads"])
        self.given_blocks = [_Block(tensors, f"given.blocks.{i}", heads, causal=False) for i in range(blocks)]
        self.given_norm = tensors["given.norm.weight"], tensors["given.norm.bias"]
        self.given_out = np.ascontiguousarray(tensors["given.out.weight"].T), tensors["given.out.bias"]
        self._fold_head(tensors, int(shape["width"]), int(shape["choice"]))

    def _fold_head(self, tensors: Mapping[str, Floats], width: int, choice: int) -> None:
        """Products of the head's first layer with its tables, which never change."""
        first = [tensors[f"head_in.{place}.weight"].T for place in range(VOICES)]
        self.head_state = np.concatenate([weight[:width] for weight in first], 1)  # (width, VOICES * head)
        self.head_bias = np.concatenate([tensors[f"head_in.{place}.bias"] for place in range(VOICES)])
        parts = [
            [weight[width + i * choice : width + (i + 1) * choice] for i in range(VOICES + place)]
            for place, weight in enumerate(first)
        ]
        self.head_before = [  # of a voice: (PITCH_ROWS, VOICES * head)
            np.concatenate([tensors["before"][voice] @ parts[place][voice] for place in range(VOICES)], 1)
            for voice in range(VOICES)
        ]
        self.head_now, self.head_how = [], []  # of a place: for each earlier place (PITCH_ROWS, head), (KINDS, head)
        for place in range(VOICES):
            earlier = list(enumerate(ORDER[:place]))
            self.head_now.append([tensors["now"][voice] @ parts[place][VOICES + i] for i, voice in earlier])
            self.head_how.append([tensors["how"][voice] @ parts[place][VOICES + i] for i, voice in earlier])
        self.head_out = [
            (np.ascontiguousarray(tensors[f"head_out.{place}.weight"].T), tensors[f"head_out.{place}.bias"])
            for place in range(VOICES)
        ]

    def encode_given(self, pitch: Rows, kind: Rows, places: Rows) -> Floats:
        """What the trunk is told of given voices: (n, steps, VOICES) rows -> (n, steps, width); `places` as there."""
        x = self.given_pitch[_VOICE, pitch].sum(-2) + self.given_kind[_VOICE, np.minimum(kind, KINDS)].sum(-2)
        x = x + self.given_step[places]
        for block in self.given_blocks:
            x = block.forward(x)
        encoded: Floats = _norm(x, *self.given_norm) @ self.given_out[0] + self.given_out[1]
        return encoded

    def trunk(
        self, before: Rows, age: Rows, places: Rows, shift: int, cache: list[list[Floats]], given: Floats | None
    ) -> Floats:
        """State of new positions: (n, steps, VOICES) rows of the steps before them -> (n, steps, width).

        `places`: of the steps in their bar, 0..15: (steps,); `cache`: a list for each block, `window` steps at most.
        """
        x = self.pitch[_VOICE, before].sum(-2) + self.age[_VOICE, age].sum(-2) + self.step[places] + self.shift[shift]
        if given is not None:
            x = x + given
        for block, kept in zip(self.blocks, cache, strict=True):
            x = block.forward(x, kept)
        return _norm(x, *self.norm)

    def head(self, state: Floats, before: Rows) -> Floats:
        """Part of the head's hidden layers that is known before a step is chosen: (n, VOICES, head)."""
        hidden = state @ self.head_state + self.head_bias
        for voice in range(VOICES):
            hidden = hidden + self.head_before[voice][before[:, voice]]
        apart: Floats = hidden.reshape(len(state), VOICES, -1)
        return apart

    def logits(self, hidden: Floats, place: int, now: Rows, kind: Rows) -> Floats:
        """Logits of the voice ORDER[place], those of earlier places chosen: (n, TOKENS)."""
        x = hidden[:, place]
        for index, voice in enumerate(ORDER[:place]):
            x = x + self.head_now[place][index][now[:, voice]] + self.head_how[place][index][kind[:, voice]]
        weight, bias = self.head_out[place]
        out: Floats = _gelu(x) @ weight + bias
        return out
