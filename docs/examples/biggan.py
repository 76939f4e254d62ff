"""BigGAN (1809.11096) as a network of livegan's: needs `pip install pytorch-pretrained-biggan`.

    livegan networks add biggan:Pictures --name biggan --input 128 --classes 1000 --size 128 --folder docs/examples

Without weights it draws with random ones: patterns, no animals. With them (biggan-deep-128, -256 or -512, or a folder
with config.json and pytorch_model.bin; the package fetches the named ones itself):

    export BIGGAN=biggan-deep-256     # and --size 256
"""

import os

import numpy as np
import torch
from pytorch_pretrained_biggan import BigGAN, BigGANConfig


class Pictures:
    """Made once, then called for every picture."""

    config = BigGANConfig()  # of 128 px; only where there are no weights
    truncation = 0.4  # which of the 51 sets of statistics is used; livegan scales the latents itself

    def __init__(self, device: str = "cpu") -> None:
        """Load the weights BIGGAN names, or make some up; the same ones each time."""
        torch.manual_seed(0)
        weights = os.environ.get("BIGGAN", "")
        self.network = BigGAN.from_pretrained(weights) if weights else self.untrained()
        self.device = device
        self.network = self.network.eval().to(device)

    def untrained(self) -> BigGAN:
        """Random weights, and the numbers the package leaves to training."""
        network = BigGAN(self.config)
        torch.nn.init.ones_(network.generator.bn.weight)
        torch.nn.init.zeros_(network.generator.bn.bias)
        with torch.no_grad():
            for _ in range(5):  # each picture in training mode sharpens the spectral norms
                network(torch.randn(1, self.config.z_dim), torch.rand(1, self.config.num_classes), self.truncation)
        return network

    def __call__(self, noise_batch: np.ndarray, class_batch: np.ndarray) -> torch.Tensor:
        """noise_batch (n, 128) and class_batch (n, 1000) to pictures (n, 3, side, side) in -1..1."""
        z, classes = (torch.from_numpy(batch).to(self.device) for batch in (noise_batch, class_batch))
        pictures: torch.Tensor = self.network(z, classes, self.truncation)
        return pictures
