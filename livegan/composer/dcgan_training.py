"""The article's training: pages of music as dithered pictures of one bit, discriminator then generator.

Up to 200 pages, resized to 106 x 106 and dithered to black and white by Pillow (Floyd and Steinberg), as the article's
`convert("1")` does. A step: the discriminator on half a batch of pages and half a batch of the generator's, then the
generator on a whole batch that is called real. The discriminator judges the generator's batch with the running averages
of its batch normalisation and with dropout, as frozen layers of Keras do.
"""

from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from livegan.composer.dcgan import SIDE, DcganShape, Discriminator, Generator, init_keras
from livegan.composer.learner import State, copied, seeded
from livegan.composer.network_file import save_network
from livegan.composer.network_info import SUFFIX, ComposerInfo
from livegan.composer.roll_image import Page, pages_of
from livegan.composer.song import Song
from livegan.composer.train_settings import ComposerSettings
from livegan.errors import TrainingError

ADAM_EPS = 1e-7  # Keras' default
Pages = NDArray[np.bool_]  # (n, SIDE, SIDE)


def shape_of(settings: ComposerSettings) -> DcganShape:
    """Shape of the networks that `settings` train."""
    whole = DcganShape(article_bug=settings.article_bug)
    widths = {name: max(1, round(getattr(whole, name) * settings.width)) for name in ("filters", "channels")}
    return replace(whole, critic=max(8, round(whole.critic * settings.width**0.5)), **widths)


class DcganLearner:
    """The article's pair of networks in training."""

    def __init__(self, settings: ComposerSettings, pages: Pages, device: torch.device) -> None:
        """TrainingError if there are no pages."""
        if not len(pages):
            raise TrainingError("the corpus has no pages with notes, so there is nothing to learn from")
        self.settings, self.shape, self.device = settings, shape_of(settings), device
        with seeded(settings.seed, -1, torch.device("cpu")):
            self.generator, self.discriminator = Generator(self.shape), Discriminator(self.shape)
            init_keras(self.generator)
            init_keras(self.discriminator)
        self.generator.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.discriminator.to(device)
        betas = (settings.beta1, settings.beta2)
        self._adam = torch.optim.Adam(self.generator.parameters(), settings.lr, betas, ADAM_EPS)
        self._d_adam = torch.optim.Adam(self.discriminator.parameters(), settings.lr, betas, ADAM_EPS)
        self.pages = torch.from_numpy(pages)

    def step(self, step: int) -> dict[str, float]:
        """Train both on one batch."""
        batch = self.settings.batch
        half = max(1, batch // 2)
        self.discriminator.train()
        real = self.pages[torch.randint(len(self.pages), (half,))].to(self.device).float()
        with torch.no_grad():
            fake = self.generator(self._latents(half))
        logits = self.discriminator(torch.cat((real, fake)))
        wanted = torch.cat((torch.ones(half), torch.zeros(half))).to(self.device)
        loss_d = F.binary_cross_entropy_with_logits(logits, wanted)
        _update(self._d_adam, loss_d)

        self.discriminator.norm.eval()
        made = self.generator(self._latents(batch))
        self.discriminator.requires_grad_(False)
        loss_g = F.softplus(-self.discriminator(made)).mean()
        _update(self._adam, loss_g)
        self.discriminator.requires_grad_(True)
        return {
            "loss_d": loss_d.item(),
            "loss_g": loss_g.item(),
            "brightest": made.detach().max().item(),
            "sounding": (made.detach() > 0.5).float().mean().item(),
        }

    def _latents(self, count: int) -> Tensor:
        return torch.randn(count, self.shape.latent).to(self.device)

    def state(self) -> State:
        """A copy of all weights and moments."""
        return {
            "g": copied(self.generator.state_dict()),
            "d": copied(self.discriminator.state_dict()),
            "adam": copied(self._adam.state_dict()),
            "d_adam": copied(self._d_adam.state_dict()),
        }

    def restore(self, state: State) -> None:
        """Continue from `state`."""
        self.generator.load_state_dict(state["g"])
        self.discriminator.load_state_dict(state["d"])
        self._adam.load_state_dict(state["adam"])
        self._d_adam.load_state_dict(state["d_adam"])
        for adam in (self._adam, self._d_adam):  # a learning rate may have been typed
            for group in adam.param_groups:
                group["lr"] = self.settings.lr

    def figures(self) -> dict[str, float]:
        """Nothing: a GAN has no likelihood."""
        return {}

    def save(self, path: Path, info: ComposerInfo) -> Path:
        """Write the generator."""
        file = path.with_name(f"{path.name}{SUFFIX}")
        save_network(file, replace(info, kind="dcgan", shape=asdict(self.shape)), self.generator.state_dict())
        return file


def _update(adam: torch.optim.Optimizer, loss: Tensor) -> None:
    adam.zero_grad(set_to_none=True)
    torch.autograd.backward([loss])
    if all(bool(torch.isfinite(each.grad).all()) for group in adam.param_groups for each in group["params"]):
        adam.step()


def training_pages(songs: Iterable[Song], most: int, seed: int) -> Pages:
    """Pages of songs, one instrument each, as the article sees them; `most` of them drawn at random, 0: all."""
    pages = [page for song in songs for page in song_pages(song)]
    if most and len(pages) > most:
        chosen = np.random.default_rng([seed, 0xBA6E]).choice(len(pages), most, replace=False)
        pages = [pages[index] for index in np.sort(chosen)]
    return np.stack([square(page) for page in pages]) if pages else np.zeros((0, SIDE, SIDE), np.bool_)


def song_pages(song: Song) -> list[Page]:
    """Pages of every track of a song that is no drums; those after an empty one are left out, as in the article."""
    tracks = [track for track in song.tracks if not track.drums]
    return [page for track in tracks for page in pages_of(track.notes, stop_at_empty=True)]


def square(page: Page) -> NDArray[np.bool_]:
    """A page resized to (SIDE, SIDE) with smooth edges, and dithered to black and white."""
    grey = Image.fromarray(page).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    return np.asarray(grey.convert("1"))
