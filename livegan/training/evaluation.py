"""Evaluation of a trained generator: class accuracy, diversity, Fréchet distance, smoothness.

    accuracy        share of its pictures that a classifier trained on the data (`classify`) assigns to their class
    diversity       mean absolute difference of pairs of pictures of a class, -1..1, at 64 px
    brightness      mean luma of a picture, 0..1; a class with a least near 0 has black pictures
    colourfulness   of Hasler and Süsstrunk 2003, colours 0..1: 0 is grey, from 0.3 on a picture is called colourful
    jump            largest step over mean step along an arc of latents in 16 steps, at 64 px: 1 is even motion
    distance        Fréchet distance from the data (`distance`), beside that of as many other real pictures
    error           only for the motifs: mean absolute difference, -1..1, from what the motif draws for the same latent

Each is measured on the network and on the data. Nothing is truncated.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from livegan.datasets.dataset import open_dataset
from livegan.errors import TrainingError
from livegan.motifs.draw import NAMES, Z_DIM
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.device import choose_device
from livegan.networks.info import NetworkInfo
from livegan.networks.library import find_network, open_network
from livegan.training.classify import SIDE, STEPS, Classifier, LabelledImages, Motifs, learn, to_signed
from livegan.training.distance import FrechetDistance, features, generate_images, resized
from livegan.training.image_stats import ImageStats, arc, brightness, colourfulness, diversity, unevenness
from livegan.training.pairs import Pairs, draw_motif
from livegan.training.prefetch import TensorDataset
from livegan.training.settings import PATTERNS

MAX_TRAINING_PICTURES = 500  # of a class, for the classifier
DIVERSITY_PICTURES = 16  # of a class, at most
ERROR_PICTURES = 4  # of a class whose motifs are drawn for comparison
HELD_OUT = 0.3  # share of a class that the classifier is not trained on, at most
RELIABLE_ACCURACY = 0.95  # of the classifier on held-out data
READ_BATCH = 16  # pictures read at a time

MessageCallback = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of a network beside those of its data."""

    network: str
    data: str
    samples: int
    size: tuple[int, int]  # at which distances were taken: height, width [px]
    classes: tuple[str, ...]  # one for each of the rows; a network without classes has one row
    made: tuple[ImageStats, ...]
    real: tuple[ImageStats, ...]
    distance: float
    floor: float  # of as many other real pictures
    error: float | None

    @property
    def accuracy(self) -> float | None:
        """Accuracy over all classes, 0..1; None without classes."""
        return _over([row.accuracy for row in self.made])

    @property
    def real_accuracy(self) -> float | None:
        """Accuracy of the classifier on held-out data, 0..1."""
        return _over([row.accuracy for row in self.real])

    @property
    def diversity(self) -> float:
        """Diversity relative to the data's, mean over the classes: 1 is as diverse, 0 is one picture a class."""
        return _mean(
            made.diversity / max(real.diversity, 1e-6) for made, real in zip(self.made, self.real, strict=True)
        )

    def numbers(self) -> dict[str, float]:
        """The main figures by name, for the log of a run and the model card."""
        figures = {
            "accuracy": self.accuracy,
            "accuracy of the worst class": min(
                (row.accuracy for row in self.made if row.accuracy is not None), default=None
            ),
            "diversity beside the data": self.diversity,
            "distance": self.distance,
            "distance of other data": self.floor,
            "error": self.error,
            "largest jump": max((row.jump for row in self.made if row.jump is not None), default=None),
        }
        return {name: value for name, value in figures.items() if value is not None}

    def json(self) -> dict[str, Any]:
        """All figures as JSON values."""
        rows = [
            {"class": name, "network": asdict(made), "data": asdict(real)}
            for name, made, real in zip(self.classes, self.made, self.real, strict=True)
        ]
        whole = {"network": self.network, "data": self.data, "samples": self.samples, "size": list(self.size)}
        table: dict[str, Any] = _rounded(
            {**whole, **self.numbers(), "accuracy on the data": self.real_accuracy, "classes": rows}
        )
        return table

    def table(self) -> str:
        """A table for people: the network's figures, and after a slash those of the data."""
        lines = [
            f"{self.network} beside {self.data}: {self.samples} pictures of each, {self.size[1]}x{self.size[0]} px",
            "",
        ]
        wide = max(9, *map(len, self.classes))
        lines.append(
            f"{'class':{wide}} {'accuracy':>13} {'diversity':>11} {'least light':>11} {'light':>9}"
            f" {'least colour':>12} {'colour':>9} {'jump':>9}"
        )
        for name, made, real in zip(self.classes, self.made, self.real, strict=True):
            confused = f"  taken for {made.taken_for}" if made.taken_for and made.accuracy != 1 else ""
            cells = (
                f"{_both(made.accuracy, real.accuracy, '.1%'):>13}",
                f"{_both(made.diversity, real.diversity):>11}",
                f"{_both(made.darkest, real.darkest):>11}",
                f"{_both(made.brightness, real.brightness):>9}",
                f"{_both(made.greyest, real.greyest):>12}",
                f"{_both(made.colourfulness, real.colourfulness):>9}",
                f"{_both(made.jump, real.jump, '.1f'):>9}",
            )
            lines.append(f"{name:{wide}} {' '.join(cells)}{confused}")
        lines.append("")
        if self.accuracy is not None:
            lines.append(f"accuracy   {_both(self.accuracy, self.real_accuracy, '.1%')} of held-out data")
            if (self.real_accuracy or 0) < RELIABLE_ACCURACY:
                lines.append(
                    "           the classifier hardly distinguishes the data's own classes: its accuracy counts little"
                )
        lines.append(f"diversity  {self.diversity:.0%} of the data's")
        lines.append(f"distance   {self.distance:.4f}; as many other real pictures have {self.floor:.4f}")
        if self.error is not None:
            lines.append(f"error      {self.error:.4f} from the motif of the same latent, of pictures -1..1")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Analysed:
    """Features and thumbnails of pictures."""

    features: Tensor  # (n, d)
    small: Tensor  # uint8 (n, 3, SIDE, SIDE)


class Evaluator:
    """Evaluator of networks: statistics of the data and a classifier trained on it."""

    def __init__(
        self,
        data: LabelledImages,
        name: str,
        samples: int = 600,
        seed: int = 0,
        steps: int = STEPS,
        device: str | torch.device = "cpu",
        notify: MessageCallback = lambda _: None,
    ) -> None:
        """Uses `samples` pictures, equally many of each class; the classifier is trained for `steps` on others."""
        self.data, self.name, self.seed, self.device, self.notify = data, name, seed, device, notify
        labels = torch.tensor([data.label(index) for index in range(len(data))])
        self.labelled = bool(data.c_dim) and int(labels.min()) >= 0
        self.classes = _names(data) if self.labelled else ("all",)
        if not self.labelled:
            labels = torch.zeros(len(data), dtype=torch.int64)
        each = max(2, samples // len(self.classes))
        generator = torch.Generator().manual_seed(seed)
        held, learnt = [], []
        for row, named in enumerate(self.classes):
            own = (labels == row).nonzero().flatten()
            if len(own) < 4:
                raise TrainingError(f"{name} has {len(own)} pictures of '{named}'; to measure there must be 4 and more")
            own = own[torch.randperm(len(own), generator=generator)]
            kept = min(each, max(2, int(HELD_OUT * len(own)))) if self.labelled else min(each, len(own))
            held.append(own[:kept])
            learnt.append(own[kept : kept + MAX_TRAINING_PICTURES])
        notify(f"looking at {sum(map(len, held))} pictures of {name}")
        self.each = tuple(map(len, held))  # pictures of each class
        self.labels = torch.arange(len(self.classes)).repeat_interleave(torch.tensor(self.each))
        self.indices: list[int] = torch.cat(held).tolist()
        self.size, self.one_hot, real = self._read()
        self.distance = FrechetDistance(real.features, self.one_hot, self.size)
        self.classifier = self._train_classifier(learnt, steps) if self.labelled and len(self.classes) > 1 else None
        jumps = [self._motif_jump(row) for row in range(len(self.classes))]
        self.real = self._image_stats(real.small, jumps)

    def of(self, network: StyleNet, name: str = "the network") -> Evaluation:
        """Evaluate `network`; TrainingError if its classes are not those of the data."""
        _check_classes(network, name, self.data, self.name)
        self.notify(f"drawing {len(self.labels)} pictures")
        generator = torch.Generator().manual_seed(self.seed + 1)
        z = torch.randn(len(self.labels), network.z_dim, generator=generator)
        classes = self.one_hot if network.c_dim else torch.zeros(len(z), 0)
        made = self._analyse(resized(part, self.size) for part in generate_images(network, z, classes))
        firsts = [sum(self.each[:row]) for row in range(len(self.classes))]
        jumps: list[float | None] = [self._jump(network, classes[first], row) for row, first in enumerate(firsts)]
        return Evaluation(
            network=name,
            data=self.name,
            samples=len(self.labels),
            size=self.size,
            classes=self.classes,
            made=self._image_stats(made.small, jumps, classify=bool(network.c_dim)),
            real=self.real,
            distance=self.distance.to(made.features),
            floor=self.distance.floor,
            error=self._error(network),
        )

    def __call__(self, network: StyleNet) -> dict[str, float]:
        """The main figures by name, for snapshots."""
        return self.of(network).numbers()

    def _read(self) -> tuple[tuple[int, int], Tensor, Analysed]:
        """Size, classes (n, c_dim) and analysis of the data's pictures."""
        one_hot = []

        def parts() -> Iterable[Tensor]:
            for first in range(0, len(self.indices), READ_BATCH):
                pictures, classes = self.data.batch(self.indices[first : first + READ_BATCH])
                one_hot.append(classes)
                yield pictures

        height, width = self.data.size
        analysed = self._analyse(parts())
        return (height, width), torch.cat(one_hot), analysed

    def _analyse(self, parts: Iterable[Tensor]) -> Analysed:
        rows, small = [], []
        for part in parts:
            pictures = part.to(self.device)
            rows.append(features(pictures).cpu())
            small.append(resized(pictures, (SIDE, SIDE)).cpu())
        return Analysed(torch.cat(rows), torch.cat(small))

    def _train_classifier(self, learnt: Sequence[Tensor], steps: int) -> Classifier:
        self.notify("teaching a classifier")
        labels = torch.arange(len(learnt)).repeat_interleave(torch.tensor([len(own) for own in learnt]))
        indices: list[int] = torch.cat(list(learnt)).tolist()
        source = self.data.smaller(SIDE) if isinstance(self.data, Motifs) else self.data
        small = [
            resized(source.batch(indices[first : first + READ_BATCH])[0], (SIDE, SIDE))
            for first in range(0, len(indices), READ_BATCH)
        ]
        return learn(torch.cat(small), labels, len(learnt), self.seed, steps, device=self.device)

    def _image_stats(
        self, small: Tensor, jumps: Sequence[float | None], classify: bool = True
    ) -> tuple[ImageStats, ...]:
        rows = []
        for row, (own, jump) in enumerate(zip(torch.split(small, list(self.each)), jumps, strict=True)):
            accuracy, confused = None, ""
            if self.classifier is not None and classify:
                counts = self.classifier.predict(own).bincount(minlength=len(self.classes))
                accuracy = float(counts[row]) / len(own)
                counts[row] = 0
                confused = self.classes[int(counts.argmax())] if int(counts.max()) else ""
            light, colour = brightness(own), colourfulness(own)
            rows.append(
                ImageStats(
                    accuracy=accuracy,
                    taken_for=confused,
                    diversity=diversity(own[:DIVERSITY_PICTURES]),
                    darkest=float(light.min()),
                    brightness=float(light.mean()),
                    greyest=float(colour.min()),
                    colourfulness=float(colour.mean()),
                    jump=jump,
                )
            )
        return tuple(rows)

    def _jump(self, network: StyleNet, classes: Tensor, row: int) -> float:
        """Unevenness along an arc of latents of one class (c_dim,)."""
        z = arc(network.z_dim, self.seed, row)
        made = generate_images(network, z, classes.expand(len(z), -1))
        return unevenness(torch.cat([resized(part, (SIDE, SIDE)).cpu() for part in made]))

    def _motif_jump(self, row: int) -> float | None:
        if not isinstance(self.data, Motifs):
            return None
        height, width = self.data.smaller(SIDE).size
        return unevenness(resized(draw_motif(row, arc(Z_DIM, self.seed, row), (height, width)), (SIDE, SIDE)))

    def _error(self, network: StyleNet) -> float | None:
        """Mean absolute difference from the motifs of the same latents; None for a network not trained on them."""
        if not isinstance(self.data, Motifs) or network.z_dim != Z_DIM or network.c_dim != len(NAMES):
            return None
        indices: list[int] = []
        for own in torch.split(torch.tensor(self.indices), list(self.each)):
            indices += own[:ERROR_PICTURES].tolist()
        real, classes = self.data.batch(indices)
        made = generate_images(network, self.data.z(indices), classes)
        return float(
            (to_signed(torch.cat([resized(part, self.size).cpu() for part in made])) - to_signed(real)).abs().mean()
        )


def measure(
    network: StyleNet | NetworkInfo | Path | str,
    data: LabelledImages | Pairs | Path | str = PATTERNS,
    samples: int = 600,
    seed: int = 0,
    steps: int = STEPS,
    device: str | torch.device = "cpu",
    notify: MessageCallback = lambda _: None,
) -> Evaluation:
    """Evaluate a network, given by value, name or file, beside a training set or the motifs.

    PATTERNS are the motifs in their three layouts, which paired training uses; adversarial training uses those of the
    zip in the run's folder. `device` as in `choose_device`. NetworkError, DatasetError or TrainingError if one of them
    cannot be read, or if they do not belong together.
    """
    device = choose_device(device).device if isinstance(device, str) else device
    name, net = _open(network, device)
    if isinstance(data, Pairs):
        source: LabelledImages = Motifs(data.size, data.each, 0, data)
        evaluator = Evaluator(source, "the motifs", samples, seed, steps, device, notify)
    elif isinstance(data, Path | str) and str(data) == PATTERNS:
        if net.c_dim != len(NAMES):
            raise TrainingError(
                f"{name} has {net.c_dim} classes and there are {len(NAMES)} motifs; give the data it was trained on"
            )
        source = Motifs(net.resolution, MAX_TRAINING_PICTURES + math.ceil(samples / len(NAMES)), seed)
        evaluator = Evaluator(source, "the motifs", samples, seed, steps, device, notify)
    elif isinstance(data, Path | str):
        with open_dataset(Path(data)) as images:
            dataset = TensorDataset(images)
            _check_classes(net, name, dataset, Path(data).name)  # before minutes of training a classifier
            return Evaluator(dataset, Path(data).name, samples, seed, steps, device, notify).of(net, name)
    else:
        _check_classes(net, name, data, "the data")
        evaluator = Evaluator(data, "the data", samples, seed, steps, device, notify)
    return evaluator.of(net, name)


def _check_classes(network: StyleNet, name: str, data: LabelledImages, called: str) -> None:
    """TrainingError if a network has other classes than its data."""
    if network.c_dim and network.c_dim != data.c_dim:
        raise TrainingError(
            f"{name} has {network.c_dim} classes and {called} has {data.c_dim}; "
            "measure a network beside the data it was trained on"
        )


def _open(network: StyleNet | NetworkInfo | Path | str, device: str | torch.device) -> tuple[str, StyleNet]:
    """Name and network; it is moved to `device` if it is opened here."""
    if isinstance(network, Path | str):
        network = find_network(network)
    if not isinstance(network, NetworkInfo):
        return "the network", network
    net = open_network(network)
    if net is None:
        raise TrainingError(f"{network.name} is of kind '{network.kind}'; only single networks can be measured")
    net.to(device)
    return network.name, net


def _names(data: LabelledImages) -> tuple[str, ...]:
    return data.classes or tuple(map(str, range(data.c_dim)))


def _mean(values: Iterable[float]) -> float:
    numbers = list(values)
    return sum(numbers) / max(len(numbers), 1)


def _over(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return _mean(known) if known else None


def _both(made: float | None, real: float | None, form: str = ".2f") -> str:
    return "/".join("-" if value is None else format(value, form) for value in (made, real))


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return round(value, 5) if isinstance(value, float) else value
