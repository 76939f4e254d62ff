"""What a network has learnt: does it know its classes, is no class dead or always the same, do pictures flow?

    accuracy        how many of its pictures a classifier trained on the data (`classify`) takes for their class
    diversity       how different the pictures of a class are: mean absolute difference of pairs, -1..1, at 64 px
    brightness      mean light of a picture, 0 black to 1 white; a class whose least is near 0 has dead pictures
    colourfulness   of Hasler and Süsstrunk 2003, colours 0..1: 0 is grey, from 0.3 on a picture is called colourful
    jump            the largest step beside the mean one along an arc of latents in 16 steps, at 64 px: 1 is even motion
    distance        Fréchet distance from the data by formulas (`distance`), beside that of as many other real pictures
    error           only for the motifs: mean absolute difference, -1..1, from what the motif draws for the same latent

All are those of the data beside those of the network. Nothing is truncated.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from livegan.datasets.dataset import open_pictures
from livegan.errors import TrainingError
from livegan.motifs.draw import NAMES
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.device import choose_device
from livegan.networks.info import NetworkInfo
from livegan.networks.library import find_network, open_network
from livegan.training.classify import SIDE, STEPS, Classifier, Labelled, Motifs, drawn, learn, signed
from livegan.training.distance import Distance, features, fitted, pictures_of
from livegan.training.image_stats import Looks, arc, brightness, colourfulness, diversity, unevenness
from livegan.training.pairs import Pairs
from livegan.training.settings import PATTERNS

EACH = 500  # pictures of a class that the classifier learns from, at most
COMPARED = 16  # pictures of a class whose differences are taken, at most
PAIRED = 4  # pictures of a class whose motifs are drawn for comparison
HELD_OUT = 0.3  # share of a class that is kept from the classifier, at most
SURE = 0.95  # accuracy on held-out data below which the classifier's word counts little
TOGETHER = 16  # pictures read at a time

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Measured:
    """All that was found, of a network beside its data."""

    network: str
    data: str
    samples: int
    size: tuple[int, int]  # at which distances were taken: height, width [px]
    classes: tuple[str, ...]  # one for each of the rows; a network without classes has one row
    made: tuple[Looks, ...]
    real: tuple[Looks, ...]
    distance: float
    floor: float  # of as many other real pictures
    error: float | None

    @property
    def accuracy(self) -> float | None:
        """Over all classes, 0..1."""
        return _over([row.accuracy for row in self.made])

    @property
    def real_accuracy(self) -> float | None:
        """Of the classifier on held-out data: how far its word can be trusted."""
        return _over([row.accuracy for row in self.real])

    @property
    def diversity(self) -> float:
        """Beside the data's, mean over the classes: 1 is as diverse, 0 is one picture a class."""
        return _mean(
            made.diversity / max(real.diversity, 1e-6) for made, real in zip(self.made, self.real, strict=True)
        )

    def numbers(self) -> dict[str, float]:
        """In a few words, as the log of a run and a model card hold them."""
        found = {
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
        return {name: value for name, value in found.items() if value is not None}

    def json(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        rows = [
            {"class": name, "network": asdict(made), "data": asdict(real)}
            for name, made, real in zip(self.classes, self.made, self.real, strict=True)
        ]
        whole = {"network": self.network, "data": self.data, "samples": self.samples, "size": list(self.size)}
        found: dict[str, Any] = _rounded(
            {**whole, **self.numbers(), "accuracy on the data": self.real_accuracy, "classes": rows}
        )
        return found

    def table(self) -> str:
        """As people read it: the network's numbers, and after a stroke those of the data."""
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
            mistaken = f"  taken for {made.taken_for}" if made.taken_for and made.accuracy != 1 else ""
            cells = (
                f"{_both(made.accuracy, real.accuracy, '.1%'):>13}",
                f"{_both(made.diversity, real.diversity):>11}",
                f"{_both(made.darkest, real.darkest):>11}",
                f"{_both(made.brightness, real.brightness):>9}",
                f"{_both(made.greyest, real.greyest):>12}",
                f"{_both(made.colourfulness, real.colourfulness):>9}",
                f"{_both(made.jump, real.jump, '.1f'):>9}",
            )
            lines.append(f"{name:{wide}} {' '.join(cells)}{mistaken}")
        lines.append("")
        if self.accuracy is not None:
            lines.append(f"accuracy   {_both(self.accuracy, self.real_accuracy, '.1%')} of held-out data")
            if (self.real_accuracy or 0) < SURE:
                lines.append(
                    "           the classifier hardly tells the data's own classes apart: its word counts little"
                )
        lines.append(f"diversity  {self.diversity:.0%} of the data's")
        lines.append(f"distance   {self.distance:.4f}; as many other real pictures have {self.floor:.4f}")
        if self.error is not None:
            lines.append(f"error      {self.error:.4f} from the motif of the same latent, of pictures -1..1")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Lot:
    """Pictures looked at: what of them is kept."""

    found: Tensor  # features (n, d)
    small: Tensor  # uint8 (n, 3, SIDE, SIDE)


class Gauge:
    """The data looked at once, and a classifier trained on it: then networks are measured, one after the other."""

    def __init__(
        self,
        data: Labelled,
        name: str,
        samples: int = 600,
        seed: int = 0,
        steps: int = STEPS,
        device: str | torch.device = "cpu",
        tell: Tell = lambda _: None,
    ) -> None:
        """`samples` pictures over all classes, equally many of each; the classifier learns for `steps` from others."""
        self.data, self.name, self.seed, self.device, self.tell = data, name, seed, device, tell
        labels = torch.tensor([data.label(index) for index in range(len(data))])
        self.labelled = bool(data.c_dim) and int(labels.min()) >= 0
        self.classes = _names(data) if self.labelled else ("all",)
        if not self.labelled:
            labels = torch.zeros(len(data), dtype=torch.int64)
        each = max(2, samples // len(self.classes))
        chance = torch.Generator().manual_seed(seed)
        held, learnt = [], []
        for row, named in enumerate(self.classes):
            own = (labels == row).nonzero().flatten()
            if len(own) < 4:
                raise TrainingError(f"{name} has {len(own)} pictures of '{named}'; to measure there must be 4 and more")
            own = own[torch.randperm(len(own), generator=chance)]
            kept = min(each, max(2, int(HELD_OUT * len(own)))) if self.labelled else min(each, len(own))
            held.append(own[:kept])
            learnt.append(own[kept : kept + EACH])
        tell(f"looking at {sum(map(len, held))} pictures of {name}")
        self.each = tuple(map(len, held))  # pictures of each class
        self.labels = torch.arange(len(self.classes)).repeat_interleave(torch.tensor(self.each))
        self.indices: list[int] = torch.cat(held).tolist()
        self.size, self.wanted, lot = self._read()
        self.distance = Distance(lot.found, self.wanted, self.size)
        self.classifier = self._taught(learnt, steps) if self.labelled and len(self.classes) > 1 else None
        jumps = [self._motif_jump(row) for row in range(len(self.classes))]
        self.real = self._looks(lot.small, jumps)

    def of(self, network: StyleNet, name: str = "the network") -> Measured:
        """What `network` has learnt of the data; TrainingError if its classes are not those of the data."""
        _check_classes(network, name, self.data, self.name)
        self.tell(f"drawing {len(self.labels)} pictures")
        chance = torch.Generator().manual_seed(self.seed + 1)
        z = torch.randn(len(self.labels), network.z_dim, generator=chance)
        classes = self.wanted if network.c_dim else torch.zeros(len(z), 0)
        lot = self._seen(fitted(made, self.size) for made in pictures_of(network, z, classes))
        firsts = [sum(self.each[:row]) for row in range(len(self.classes))]
        jumps: list[float | None] = [self._jump(network, classes[first], row) for row, first in enumerate(firsts)]
        return Measured(
            network=name,
            data=self.name,
            samples=len(self.labels),
            size=self.size,
            classes=self.classes,
            made=self._looks(lot.small, jumps, judge=bool(network.c_dim)),
            real=self.real,
            distance=self.distance.to(lot.found),
            floor=self.distance.floor,
            error=self._error(network),
        )

    def __call__(self, network: StyleNet) -> dict[str, float]:
        """As the snapshots of a run ask for it."""
        return self.of(network).numbers()

    def _read(self) -> tuple[tuple[int, int], Tensor, Lot]:
        """The size of the pictures, what they are, and they themselves."""
        wanted = []

        def parts() -> Iterable[Tensor]:
            for first in range(0, len(self.indices), TOGETHER):
                pictures, classes = self.data.batch(self.indices[first : first + TOGETHER])
                wanted.append(classes)
                yield pictures

        height, width = self.data.size
        lot = self._seen(parts())
        return (height, width), torch.cat(wanted), lot

    def _seen(self, parts: Iterable[Tensor]) -> Lot:
        found, small = [], []
        for part in parts:
            pictures = part.to(self.device)
            found.append(features(pictures).cpu())
            small.append(fitted(pictures, (SIDE, SIDE)).cpu())
        return Lot(torch.cat(found), torch.cat(small))

    def _taught(self, learnt: Sequence[Tensor], steps: int) -> Classifier:
        self.tell("teaching a classifier")
        labels = torch.arange(len(learnt)).repeat_interleave(torch.tensor([len(own) for own in learnt]))
        indices: list[int] = torch.cat(list(learnt)).tolist()
        source = self.data.smaller(SIDE) if isinstance(self.data, Motifs) else self.data
        small = [
            fitted(source.batch(indices[first : first + TOGETHER])[0], (SIDE, SIDE))
            for first in range(0, len(indices), TOGETHER)
        ]
        return learn(torch.cat(small), labels, len(learnt), self.seed, steps, device=self.device)

    def _looks(self, small: Tensor, jumps: Sequence[float | None], judge: bool = True) -> tuple[Looks, ...]:
        rows = []
        for row, (own, jump) in enumerate(zip(torch.split(small, list(self.each)), jumps, strict=True)):
            right, mistaken = None, ""
            if self.classifier is not None and judge:
                counts = self.classifier.judged(own).bincount(minlength=len(self.classes))
                right = float(counts[row]) / len(own)
                counts[row] = 0
                mistaken = self.classes[int(counts.argmax())] if int(counts.max()) else ""
            light, colour = brightness(own), colourfulness(own)
            rows.append(
                Looks(
                    accuracy=right,
                    taken_for=mistaken,
                    diversity=diversity(own[:COMPARED]),
                    darkest=float(light.min()),
                    brightness=float(light.mean()),
                    greyest=float(colour.min()),
                    colourfulness=float(colour.mean()),
                    jump=jump,
                )
            )
        return tuple(rows)

    def _jump(self, network: StyleNet, classes: Tensor, row: int) -> float:
        """Of one class (c_dim,)."""
        z = arc(network.z_dim, self.seed, row)
        made = pictures_of(network, z, classes.expand(len(z), -1))
        return unevenness(torch.cat([fitted(part, (SIDE, SIDE)).cpu() for part in made]))

    def _motif_jump(self, row: int) -> float | None:
        if not isinstance(self.data, Motifs):
            return None
        return unevenness(drawn(row, arc(8, self.seed, row), (SIDE, SIDE)))

    def _error(self, network: StyleNet) -> float | None:
        """How far its pictures are from those of the motifs; None where it was not made to draw them."""
        if not isinstance(self.data, Motifs) or network.z_dim != 8 or network.c_dim != len(NAMES):
            return None
        indices: list[int] = []
        for own in torch.split(torch.tensor(self.indices), list(self.each)):
            indices += own[:PAIRED].tolist()
        real, classes = self.data.batch(indices)
        made = pictures_of(network, self.data.z(indices), classes)
        return float((signed(torch.cat([fitted(part, self.size).cpu() for part in made])) - signed(real)).abs().mean())


def measure(
    network: StyleNet | NetworkInfo | Path | str,
    data: Labelled | Pairs | Path | str = PATTERNS,
    samples: int = 600,
    seed: int = 0,
    steps: int = STEPS,
    device: str | torch.device = "cpu",
    tell: Tell = lambda _: None,
) -> Measured:
    """What a network, or the one so called or in that file, has learnt of the data: a training set, or the motifs.

    PATTERNS are the motifs in their best layouts, as paired networks learn them; to one trained adversarially they are
    other pictures than its own, and the zip in the folder of its run is what to give. `device` as in `choose_device`.
    NetworkError, DatasetError or TrainingError if the one or the other cannot be had, or they do not belong together.
    """
    device = choose_device(device).device if isinstance(device, str) else device
    name, net = _opened(network, device)
    if isinstance(data, Pairs):
        source: Labelled = Motifs((data.side, data.side), data.each, 0, data)
        gauge = Gauge(source, "the motifs", samples, seed, steps, device, tell)
    elif isinstance(data, Path | str) and str(data) == PATTERNS:
        if net.c_dim != len(NAMES):
            raise TrainingError(
                f"{name} has {net.c_dim} classes and there are {len(NAMES)} motifs; give the data it was trained on"
            )
        source = Motifs(net.resolution, EACH + math.ceil(samples / len(NAMES)), seed)
        gauge = Gauge(source, "the motifs", samples, seed, steps, device, tell)
    elif isinstance(data, Path | str):
        with open_pictures(Path(data)) as opened:
            _check_classes(net, name, opened, Path(data).name)  # before minutes of teaching
            return Gauge(opened, Path(data).name, samples, seed, steps, device, tell).of(net, name)
    else:
        _check_classes(net, name, data, "the data")
        gauge = Gauge(data, "the data", samples, seed, steps, device, tell)
    return gauge.of(net, name)


def _check_classes(network: StyleNet, name: str, data: Labelled, called: str) -> None:
    """TrainingError where a network has other classes than its data."""
    if network.c_dim and network.c_dim != data.c_dim:
        raise TrainingError(
            f"{name} has {network.c_dim} classes and {called} has {data.c_dim}; "
            "measure a network beside the data it was trained on"
        )


def _opened(network: StyleNet | NetworkInfo | Path | str, device: str | torch.device) -> tuple[str, StyleNet]:
    """Its name, and it: on `device` if it is opened here, else where it is."""
    if isinstance(network, Path | str):
        network = find_network(network)
    if not isinstance(network, NetworkInfo):
        return "the network", network
    opened = open_network(network)
    if opened is None:
        raise TrainingError(f"{network.name} is of kind '{network.kind}'; only single networks can be measured")
    opened.to(device)
    return network.name, opened


def _names(data: Labelled) -> tuple[str, ...]:
    return data.classes or tuple(map(str, range(data.c_dim)))


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / max(len(found), 1)


def _over(values: Sequence[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return _mean(found) if found else None


def _both(made: float | None, real: float | None, form: str = ".2f") -> str:
    return "/".join("-" if value is None else format(value, form) for value in (made, real))


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return round(value, 5) if isinstance(value, float) else value
