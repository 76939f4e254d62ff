"""Training of the voice network: batches, loss, optimizer, averaged weights. The run is `livegan compose train`."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from livegan.composer.voice_features import (
    AGE_START,
    KINDS,
    START,
    UNKNOWN,
    age_rows,
    canonical,
    kind_rows,
    pitch_rows,
)
from livegan.composer.voice_network import NO_SHIFT, VoiceNetwork
from livegan.composer.voices import PITCHES, VOICES
from livegan.networks.device import has_bf16
from livegan.training.muon import Muon

_MATRIX = re.compile(r"(blocks\.\d+\.\w+|head_in\.\d+)\.weight$")


@dataclass(frozen=True, slots=True)
class VoiceHyperparameters:
    """How a voice network is trained."""

    updates: int = 4000
    batch: int = 16  # phrases
    learning_rate: float = 1e-3  # of AdamW
    muon: float = 0.6  # learning rate of Muon, as a share of AdamW's
    warm_up: int = 100  # updates
    last_rate: float = 0.03  # of the learning rate, at the end of the cosine
    beta2: float = 0.98
    weight_decay: float = 0.05
    clip: float = 1.0  # norm of the gradient
    ema: float = 0.998  # of the weights, per update
    dropout: float = 0.15
    unshifted: float = 0.35  # share of phrases that stay in their key
    given: float = 0.4  # share of phrases of which voices are given
    soprano: float = 0.7  # of those, the share of which the soprano alone is given
    bfloat16: bool = field(default_factory=has_bf16)  # products; 1.5 times as fast where the processor has them

    @property
    def muon_rate(self) -> float:
        """Learning rate of Muon: change of a weight in a step, in the root mean square."""
        return self.muon * self.learning_rate


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Phrases as tensors; int64, (n, steps, VOICES) where nothing else is said."""

    tokens: Tensor
    before: Tensor
    age: Tensor
    pitch: Tensor
    kind: Tensor
    shift: Tensor  # (n,)
    given_pitch: Tensor
    given_kind: Tensor
    has_given: Tensor  # (n,) float32
    loss: Tensor  # float32, 1 where the token counts: not given


Phrases = NDArray[np.int8]  # (n, steps, VOICES)


def batches(phrases: Phrases, rng: np.random.Generator, options: VoiceHyperparameters) -> Iterator[Batch]:
    """Endless batches: each phrase once in an order, then in another; transposed, and with voices given, at random.

    Resumable: the state of `rng` before an epoch and the number of batches since then say where it stands.
    """
    while True:
        order = rng.permutation(len(phrases))
        for start in range(0, max(len(order) - options.batch, 0) + 1, options.batch):
            yield random_batch(phrases[order[start : start + options.batch]], rng, options)


def random_batch(phrases: Phrases, rng: np.random.Generator, options: VoiceHyperparameters) -> Batch:
    """Batch of these phrases, augmented."""
    phrases = canonical(phrases)
    shifts = np.zeros(len(phrases), np.int64)
    for index, phrase in enumerate(phrases):
        pitches = phrase[phrase < PITCHES]
        if len(pitches) == 0 or rng.random() < options.unshifted:
            continue
        low, high = max(-NO_SHIFT, -int(pitches.min())), min(6, PITCHES - 1 - int(pitches.max()))
        shifts[index] = rng.integers(low, high + 1)
    phrases = np.where(phrases < PITCHES, phrases + shifts[:, None, None], phrases).astype(np.int8)
    given = np.zeros((len(phrases), VOICES), bool)
    for index in range(len(phrases)):
        if rng.random() < options.given:
            given[index, 0] = True
            if rng.random() >= options.soprano:
                given[index] = rng.random(VOICES) < 0.4
    return batch_of(phrases, shifts + NO_SHIFT, given)


def batch_of(phrases: Phrases, shifts: NDArray[np.int64], given: NDArray[np.bool_]) -> Batch:
    """Batch of phrases as they are. `shifts`: rows of the shift table; `given`: (n, VOICES)."""
    phrases = canonical(phrases)
    pitch, age, kind = pitch_rows(phrases), age_rows(phrases), kind_rows(phrases)
    before, age_before = np.full_like(pitch, START), np.full_like(age, AGE_START)
    before[:, 1:], age_before[:, 1:] = pitch[:, :-1], age[:, :-1]
    here = given[:, None, :]
    return Batch(
        torch.from_numpy(phrases.astype(np.int64)),
        torch.from_numpy(before),
        torch.from_numpy(age_before),
        torch.from_numpy(pitch),
        torch.from_numpy(kind),
        torch.from_numpy(shifts),
        torch.from_numpy(np.where(here, pitch, UNKNOWN)),
        torch.from_numpy(np.where(here, kind, KINDS)),
        torch.from_numpy(given.any(1).astype(np.float32)),
        torch.from_numpy(np.broadcast_to(~here, pitch.shape).astype(np.float32)),
    )


def voice_loss(network: VoiceNetwork, batch: Batch, dropout: float = 0.0) -> Tensor:
    """Cross entropy of the tokens that are not given [nats per step of four voices]."""
    given = (batch.given_pitch, batch.given_kind, batch.has_given) if bool(batch.has_given.any()) else None
    logits = network(batch.before, batch.age, batch.shift, batch.pitch, batch.kind, given, dropout)
    each = functional.cross_entropy(logits.flatten(0, 2), batch.tokens.flatten(), reduction="none")
    return (each * batch.loss.flatten()).sum() / batch.loss.sum() * VOICES


class VoiceOptimizer:
    """Muon for the matrices of blocks and heads, which also decay; AdamW for tables, norms and biases."""

    def __init__(self, network: VoiceNetwork, options: VoiceHyperparameters) -> None:
        named = list(network.named_parameters())
        self.matrices: list[Tensor] = [p for name, p in named if p.ndim == 2 and _MATRIX.search(name)]
        self.others: list[Tensor] = [p for name, p in named if not (p.ndim == 2 and _MATRIX.search(name))]
        self.options = options
        self._muon = Muon(self.matrices, options.muon_rate)
        self._adam = torch.optim.AdamW(
            self.others, lr=options.learning_rate, betas=(0.9, options.beta2), weight_decay=0.0
        )

    def step(self, rate: float) -> None:
        """One step along the gradients at a share of the learning rates; a gradient that is not finite is left out."""
        norm = torch.nn.utils.clip_grad_norm_(self.others, self.options.clip)
        if not bool(torch.isfinite(norm)):
            return
        self._adam.param_groups[0]["lr"] = rate * self.options.learning_rate
        self._muon.param_groups[0]["lr"] = rate * self.options.muon_rate
        with torch.no_grad():
            torch._foreach_mul_(self.matrices, 1 - rate * self.options.learning_rate * self.options.weight_decay)
        self._adam.step()
        self._muon.step()

    def state_dict(self) -> dict[str, Any]:
        return {"muon": self._muon.state_dict(), "adam": self._adam.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._muon.load_state_dict(state["muon"])
        self._adam.load_state_dict(state["adam"])


def optimizer_of(network: VoiceNetwork, options: VoiceHyperparameters) -> VoiceOptimizer:
    """The optimizer of a network."""
    return VoiceOptimizer(network, options)


def rate_of(update: int, options: VoiceHyperparameters) -> float:
    """Share of the learning rates at an update, counted from 0: a linear rise, then a cosine."""
    if update < options.warm_up:
        return (update + 1) / options.warm_up
    share = min(1.0, (update - options.warm_up) / max(1, options.updates - options.warm_up))
    return options.last_rate + (1 - options.last_rate) * (1 + math.cos(math.pi * share)) / 2


def train_step(
    network: VoiceNetwork,
    averaged: VoiceNetwork,
    optimizer: VoiceOptimizer,
    batch: Batch,
    update: int,
    options: VoiceHyperparameters,
) -> float:
    """One update of the network and of its averaged weights; returns the loss."""
    network.train()
    network.zero_grad()
    with torch.autocast(batch.tokens.device.type, torch.bfloat16, enabled=options.bfloat16):
        loss = voice_loss(network, batch, options.dropout)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step(rate_of(update, options))
    keep = min(options.ema, (update + 1) / (update + 10))
    with torch.no_grad():
        torch._foreach_lerp_(list(averaged.parameters()), list(network.parameters()), 1 - keep)
    return float(loss.detach())


def held_out_loss(network: VoiceNetwork, phrases: Phrases, soprano: bool = False) -> float:
    """Loss on phrases as they are, nothing given, or the soprano [nats per step of four voices]."""
    given = np.zeros((len(phrases), VOICES), bool)
    given[:, 0] = soprano
    network.eval()
    losses, counts = [], []
    with torch.no_grad():
        for start in range(0, len(phrases), 32):
            part = phrases[start : start + 32]
            batch = batch_of(part, np.full(len(part), NO_SHIFT), given[start : start + 32])
            losses.append(float(voice_loss(network, batch)) * len(part))
            counts.append(len(part))
    return sum(losses) / max(1, sum(counts))
