"""Training of the MuseGAN-style network: WGAN-GP, several updates of the critic for one of the generator.

Adam of 1e-3 (.5, .9), gradient penalty 10, 5 updates of the critic a step; the learning rate falls to 0 in the last
tenth of the run, and the slope of the binary neurons rises over all of it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from livegan.composer.binary_neurons import annealed_slope
from livegan.composer.gan_losses import CRITIC_LOSSES, GENERATOR_LOSSES, gradient_penalty
from livegan.composer.learner import State, batch_indices, copied, seeded
from livegan.composer.musegan import SEMITONES, Generator, MuseGanShape
from livegan.composer.musegan_critic import Critic
from livegan.composer.network_file import save_network
from livegan.composer.network_info import SUFFIX, ComposerInfo
from livegan.composer.train_settings import ComposerSettings
from livegan.errors import TrainingError

DECAY_FROM = 0.9  # of the run: the learning rate falls from here on


@dataclass(frozen=True, slots=True, eq=False)
class PhraseSet:
    """Phrases to learn from, packed: of one note at a time its pitch, otherwise the roll."""

    phrases: NDArray[np.int8]  # one note: int8 (n, tracks, steps), pitch from the lowest, -1: rest; else as below
    programs: tuple[int, ...]  # of the tracks; phrase_rolls.DRUMS: drums
    lowest: int
    octaves: int
    steps_per_beat: int
    beats_per_bar: int

    @property
    def one_note(self) -> bool:
        """Whether a track has one note at a time; if not, phrases are 0 or 1 (n, tracks, steps, pitches)."""
        return self.phrases.ndim == 3

    def rolls(self, indices: NDArray[np.int64], device: torch.device) -> Tensor:
        """Rolls (len(indices), tracks, steps, pitches) of 0 and 1."""
        packed = torch.from_numpy(self.phrases[indices]).to(device)
        if not self.one_note:
            return packed.float()
        pitches = torch.arange(self.octaves * SEMITONES, device=device, dtype=packed.dtype)
        return (packed[..., None] == pitches).float()


def shape_of(settings: ComposerSettings, data: PhraseSet) -> MuseGanShape:
    """Shape of the networks that `settings` train on phrases like those; TrainingError if there is none."""
    usual = MuseGanShape((0,))

    def scaled(channels: Sequence[int]) -> list[int]:
        return [max(4, round(count * settings.width)) for count in channels]

    bar, beat, octave = scaled(usual.shared)
    half, fully = scaled(usual.private)
    try:
        return MuseGanShape(
            programs=data.programs,
            bars=settings.bars,
            beats=data.beats_per_bar,
            steps=data.steps_per_beat,
            octaves=data.octaves,
            lowest=data.lowest,
            one_note=data.one_note,
            given=settings.given,
            stochastic=settings.stochastic,
            shared=(bar, beat, octave),
            private=(half, fully),
        )
    except ValueError as error:
        raise TrainingError(f"no network is made for this corpus and these options: {error}") from error


class MuseGanLearner:
    """Generator and critic in training."""

    def __init__(self, settings: ComposerSettings, data: PhraseSet, device: torch.device) -> None:
        """TrainingError if there are no phrases, or if the options do not fit them."""
        if not len(data.phrases):
            raise TrainingError("the corpus has no whole phrases, so there is nothing to learn from")
        if not -1 <= settings.given < len(data.programs):
            raise TrainingError(
                f"--given {settings.given}: there are {len(data.programs)} tracks; type 0 to {len(data.programs) - 1}"
            )
        self.settings, self.data, self.device = settings, data, device
        self.shape = shape_of(settings, data)
        with seeded(settings.seed, -1, torch.device("cpu")):
            self.generator, self.critic = Generator(self.shape), Critic(self.shape)
        self.generator.start_at(data.rolls(np.arange(min(len(data.phrases), 512)), torch.device("cpu")))
        self.generator.to(device)
        self.critic.to(device)
        betas = (settings.beta1, settings.beta2)
        self._adam = torch.optim.Adam(self.generator.parameters(), settings.lr, betas)
        self._d_adam = torch.optim.Adam(self.critic.parameters(), settings.lr, betas)

    def step(self, step: int) -> dict[str, float]:
        """Several batches for the critic, one for the generator."""
        settings = self.settings
        progress = step / settings.steps
        slope = annealed_slope(progress)
        rate = settings.lr * min(1.0, max(0.0, 1 - progress) / (1 - DECAY_FROM))
        for adam in (self._adam, self._d_adam):
            for group in adam.param_groups:
                group["lr"] = rate
        for number in range(settings.d_steps):
            real = self._real(step * (settings.d_steps + 1) + number)
            with torch.no_grad():
                fake = self._made(real, slope)
            real_scores, fake_scores = self.critic(real), self.critic(fake)
            distance = CRITIC_LOSSES[settings.loss](real_scores, fake_scores)
            penalty = gradient_penalty(self.critic, real, fake)
            self._d_adam.zero_grad(set_to_none=True)
            torch.autograd.backward([distance + settings.penalty * penalty])
            self._d_adam.step()
        self.critic.requires_grad_(False)
        made = self._made(self._real(step * (settings.d_steps + 1) + settings.d_steps), slope)
        loss = GENERATOR_LOSSES[settings.loss](self.critic(made))
        self._adam.zero_grad(set_to_none=True)
        torch.autograd.backward([loss])
        self._adam.step()
        self.critic.requires_grad_(True)
        return {
            "loss_d": distance.item(),
            "penalty": penalty.item(),
            "loss_g": loss.item(),
            "sounding": made.detach().mean().item() * self.shape.pitches,
        }

    def _real(self, number: int) -> Tensor:
        indices = batch_indices(number, self.settings.batch, len(self.data.phrases), self.settings.seed)
        return self.data.rolls(indices, self.device)

    def _made(self, real: Tensor, slope: float) -> Tensor:
        z = torch.randn(len(real), self.shape.latent).to(self.device)
        given = real[:, self.shape.given] if self.shape.given >= 0 else None
        made: Tensor = self.generator(z, given, slope)
        return made

    def state(self) -> State:
        """A copy of all weights and moments."""
        return {
            "g": copied(self.generator.state_dict()),
            "d": copied(self.critic.state_dict()),
            "adam": copied(self._adam.state_dict()),
            "d_adam": copied(self._d_adam.state_dict()),
        }

    def restore(self, state: State) -> None:
        """Continue from `state`."""
        self.generator.load_state_dict(state["g"])
        self.critic.load_state_dict(state["d"])
        self._adam.load_state_dict(state["adam"])
        self._d_adam.load_state_dict(state["d_adam"])

    def figures(self) -> dict[str, float]:
        """Nothing: a GAN has no likelihood."""
        return {}

    def save(self, path: Path, info: ComposerInfo) -> Path:
        """Write the generator."""
        file = path.with_name(f"{path.name}{SUFFIX}")
        save_network(file, replace(info, kind="musegan", shape=asdict(self.shape)), self.generator.state_dict())
        return file
