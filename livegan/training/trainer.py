"""What a way of training is, for the run that drives it."""

from typing import Any, Protocol

from livegan.networks.architectures.stylegan2 import StyleGAN2


class Method(Protocol):
    """A network in training. All chance of step i comes from (seed, i), so that a restored method goes on as it was."""

    network: StyleGAN2
    average: StyleGAN2  # the running average of `network`: what is shown and kept
    shown: int  # pictures shown so far, over all processes

    def step(self) -> dict[str, float]:
        """Train on one batch; what it found, by name ("loss_g" ...): always the same names, the same on all ranks."""
        ...

    def state(self) -> dict[str, Any]:
        """Everything `restore` needs: tensors, numbers, words, lists and dicts of them (`torch.save`, weights only)."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there: on the same CPU bit for bit, on a GPU up to rounding."""
        ...

    def close(self) -> None:
        """Let go of threads and files; twice is fine."""
        ...
