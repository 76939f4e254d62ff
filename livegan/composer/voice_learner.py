"""Learner of the voice network, for `livegan compose train --model voices`: resumes exactly, keeps averaged weights."""

import copy
from dataclasses import asdict, fields, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from livegan.composer.learner import State, batch_indices, copied, seeded
from livegan.composer.network_file import save_network
from livegan.composer.network_info import SUFFIX, ComposerInfo
from livegan.composer.phrase_latent import PhraseLatent
from livegan.composer.steering import LATENTS
from livegan.composer.train_settings import ComposerSettings
from livegan.composer.voice_network import VoiceNetwork, VoiceShape
from livegan.composer.voice_training import (
    Batch,
    VoiceHyperparameters,
    held_out_loss,
    optimizer_of,
    random_batch,
    train_step,
)
from livegan.errors import TrainingError

Phrases = NDArray[np.int8]  # (n, steps, VOICES)


class VoiceLearner:
    """A voice network in training."""

    def __init__(
        self,
        settings: ComposerSettings,
        phrases: Phrases,
        held_out: Phrases,
        device: torch.device,
        shape: VoiceShape | None = None,
    ) -> None:
        """TrainingError if there are too few phrases."""
        if len(phrases) <= LATENTS:
            raise TrainingError(
                f"there are {len(phrases)} phrases of four one-note voices in the corpus, and more than {LATENTS} are "
                "needed; add pieces, or choose --model musegan --tracks families"
            )
        self.settings, self.phrases, self.held_out, self.device = settings, phrases, held_out, device
        self.shape = shape or VoiceShape()
        self.options = replace(
            VoiceHyperparameters(), updates=settings.steps, batch=settings.batch, learning_rate=settings.lr
        )
        with seeded(settings.seed, -1, torch.device("cpu")):
            self.network = VoiceNetwork(self.shape)
        self.network.to(device)
        self.averaged = copy.deepcopy(self.network).requires_grad_(False)
        self._optimizer = optimizer_of(self.network, self.options)

    def step(self, step: int) -> dict[str, float]:
        """Train on one batch."""
        settings = self.settings
        indices = batch_indices(step, settings.batch, len(self.phrases), settings.seed)
        batch = random_batch(self.phrases[indices], np.random.default_rng([settings.seed, step]), self.options)
        with torch.device(self.device):
            moved = _moved(batch, self.device)
            loss = train_step(self.network, self.averaged, self._optimizer, moved, step, self.options)
        return {"loss": loss}

    def state(self) -> State:
        """A copy of all weights and moments."""
        return {
            "network": copied(self.network.state_dict()),
            "averaged": copied(self.averaged.state_dict()),
            "optimizer": copied(self._optimizer.state_dict()),
        }

    def restore(self, state: State) -> None:
        """Continue from `state`."""
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self._optimizer.load_state_dict(state["optimizer"])

    def figures(self) -> dict[str, float]:
        """Loss of the averaged weights on phrases that are held out [nats per step of four voices]."""
        if not len(self.held_out):
            return {}
        cpu = copy.deepcopy(self.averaged).cpu()
        return {"held_out": float(f"{held_out_loss(cpu, self.held_out):.4g}")}

    def save(self, path: Path, info: ComposerInfo) -> Path:
        """Write the averaged weights, and the latent of the phrases."""
        latent = PhraseLatent.fit(self.phrases)
        tensors: dict[str, Tensor] = dict(self.averaged.state_dict())
        tensors["latent.mean"] = torch.from_numpy(latent.mean)
        tensors["latent.components"] = torch.from_numpy(latent.components)
        file = path.with_name(f"{path.name}{SUFFIX}")
        save_network(file, replace(info, kind="voices", shape=asdict(self.shape)), tensors)
        return file


def _moved(batch: Batch, device: torch.device) -> Batch:
    return Batch(*(getattr(batch, entry.name).to(device) for entry in fields(batch)))
