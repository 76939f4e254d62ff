"""Make `untrained-256`: a StyleGAN2 whose weights follow a rule and a seed. Nothing in it was trained.

``python -m livegan.generators.untrained [folder]`` writes untrained-256.safetensors and .json, always the same bytes.

The rule, from 4 px up. The constant holds smooth fields over the picture (slopes, bowls, saddles, waves), and a class
chooses some of them. Channels come in pairs (f, -f): their difference after the leaky ReLU is f again, their sum a fold
|f|. Mixing a few fields, folded or straight, over and over, each time at twice the size, draws ever finer contours; the
latent turns the mixing, most at the small sizes, so forms flow. No biases: offsets come from a channel that carries a
constant, so that everything fades alike towards the border, where zero padding would otherwise draw a frame.
The second convolution of each size makes lamps, constant - |f|, and ToRGB takes max(0, lamp) of each pair: light on
black. A lamp has a colour, and a class lights those that are near its own. Offsets and gains are measured on sampled
latents, layer by layer, so that every class is as bright as the next.
"""

import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.generators.controls import Controls
from livegan.generators.info import NetworkInfo
from livegan.generators.stylegan2 import GAIN, SLOPE, Convolution, Dense, Network, Shape, ToRGB, upsample
from livegan.generators.weights import save_weights

NAME = "untrained-256"
SEED = 256
SAMPLES = 24  # latents looked at for the offsets
W_DIM = 128
CLASS_PART = 48  # the first numbers of w tell of the class, the rest of z
FIELDS = ("slope", "bowl", "saddle", "wave", "star", "rough")

# a class: its name, the fields it mixes, its three colours (light, middle, deep)
CLASSES = (
    ("ember", ("slope", "bowl", "wave"), ("ff2a00", "ff8c00", "5a0010")),
    ("lagoon", ("wave", "saddle"), ("00e5c8", "0060ff", "001a60")),
    ("violet", ("bowl", "star"), ("9a20ff", "ff30c0", "20008a")),
    ("moss", ("rough", "slope"), ("50ff30", "00a060", "083010")),
    ("gold", ("bowl", "saddle"), ("ffc020", "ff6a00", "402000")),
    ("ice", ("slope", "saddle", "wave"), ("a0e8ff", "2080ff", "102050")),
    ("blood", ("rough", "bowl"), ("ff0038", "b00050", "380008")),
    ("neon", ("star", "saddle"), ("ff20e0", "00f0ff", "3000a0")),
    ("acid", ("wave", "rough"), ("c8ff00", "20ff80", "203800")),
    ("dusk", ("slope", "star"), ("ff5a60", "8040ff", "101848")),
    ("copper", ("rough", "saddle", "wave"), ("ff7a30", "00b0a0", "301008")),
    ("moon", ("bowl", "wave", "star"), ("c0c8ff", "6070ff", "181830")),
)
SHAPE = Shape(z_dim=128, w_dim=W_DIM, channels=(256, 256, 256, 128, 64, 32, 16), c_dim=len(CLASSES), mapping_layers=2)

# per convolution, from 4 px up
FOLDS = (0, 0, 0.2, 0.5, 0.4, 0.4, 0.4, 0.3, 0.3, 0.3, 0.3, 0.3, 0.4)  # how many of the mixed fields are folded
SPREAD = (
    0,
    0.15,
    0.15,
    0.25,
    0.25,
    0.25,
    0.25,
    0.25,
    0.25,
    0.25,
    0.25,
    0.15,
    0,
)  # of the offsets, in standard deviations
Z_GAIN = (0.1, 1.0, 0.7, 0.4, 0.3, 0.2, 0.15, 0.1, 0.08, 0.05, 0.04, 0.03, 0.0)  # how much z turns the style
CLASS_GAIN = (0, 0.6, 0.6, 0.5, 0.4, 0.3, 0.2, 0.2, 0.15, 0.15, 0.1, 0.1, 0.0)  # how much the class does
NOISE = (0, 0, 0, 0.01, 0.01, 0.01, 0.01)  # of the fields; none from 64 px up, for speed
STEADY_Z, STEADY_CLASS = 0.25, 0.2  # the style of the constant channel moves this much of what the others do
SCALE = 64.0  # of the constant: demodulation halves the fields at every layer, and float16 must hold the last
CONSTANT = 2.0  # the constant channel, in standard deviations of the fields

LAMPS_FROM = 6  # the first convolution that makes lamps (every second one from there)
COVER, COVER_FINEST = (0.22, 0.5), (0.18, 0.42)  # share of the picture that a lamp lights
LIGHT = (0, 0, 0, 0.15, 0.3, 0.6, 0.8)  # of each size in the picture
USES = ((), (), (), (2, 1), (1, 2), (0, 1), (0, 1))  # which colours of a class each size has
FINEST = ("ff1a0d", "ff800d", "4dff33", "1ae6ff", "1a4dff", "cc1aff", "ffffff")  # the lamps at 256 px
SHARP = 20.0  # how strictly a class keeps to its colours
COLOUR_Z = 0.05  # how much z changes the colours
QUIET = Controls(noise=(0.0, 0.0, 0.0))
FULL = (0.965, 0.45)  # this share of the pixels, in this share of the pictures, is not at full brightness


class Rule:
    """A network in the making."""

    def __init__(self, seed: int = SEED, samples: int = SAMPLES) -> None:
        """`samples` latents, spread over the classes, are looked at to set offsets."""
        self.chance = np.random.default_rng(seed)
        self.samples = samples
        self.network = Network(SHAPE)
        self._map()

    def make(self) -> Network:
        """The finished network; every number fits float16."""
        synthesis = self.network.synthesis
        x = self._fields()
        index, shown = 0, []
        for level in range(len(SHAPE.channels)):
            block = synthesis.block(level)
            for layer in [block.conv1] if level == 0 else [block.conv0, block.conv1]:
                x = self._convolution(layer, x, index)
                index += 1
            shown.append(x)
        self._colour(shown)
        for tensor in self.network.state_dict().values():
            tensor.copy_(tensor.half())
        return self.network

    def _normal(self, *size: int) -> Tensor:
        return torch.from_numpy(self.chance.standard_normal(size, np.float32))

    def _map(self) -> None:
        """The mapping network: the class in the first numbers of w, z in the others."""
        mapping = self.network.mapping
        rest = W_DIM - CLASS_PART
        basis, _ = np.linalg.qr(self.chance.standard_normal((W_DIM, SHAPE.c_dim)))
        mapping.embed.weight.copy_(torch.from_numpy(basis.astype(np.float32)) * 10)
        first, second = torch.zeros(W_DIM, SHAPE.z_dim + W_DIM), torch.zeros(W_DIM, W_DIM)
        first[:CLASS_PART, SHAPE.z_dim :] = self._normal(CLASS_PART, W_DIM) / W_DIM**0.5
        first[CLASS_PART:, : SHAPE.z_dim] = self._normal(rest, SHAPE.z_dim) / SHAPE.z_dim**0.5
        second[:CLASS_PART, :CLASS_PART] = self._normal(CLASS_PART, CLASS_PART) / CLASS_PART**0.5
        second[CLASS_PART:, CLASS_PART:] = self._normal(rest, rest) / rest**0.5
        for name, weight in (("fc0", first), ("fc1", second)):
            layer = mapping.get_submodule(name)
            assert isinstance(layer, Dense)
            layer.weight.copy_(weight / layer.weight_gain)
        classes = torch.eye(SHAPE.c_dim)[torch.arange(4096) % SHAPE.c_dim]
        self.w = self.network.map(self._normal(4096, SHAPE.z_dim), classes)
        mapping.w_avg.copy_(self.w.mean(dim=0).half())
        centred = self.w - mapping.w_avg
        self.z_scale = centred[:, CLASS_PART:].std(dim=0) * rest**0.5
        self.class_of = torch.linalg.pinv(centred[: SHAPE.c_dim, :CLASS_PART])  # (CLASS_PART, c_dim)

    def _affine(self, layer: Dense, base: float, z_gain: float, targets: Tensor, steady: float = 1.0) -> None:
        """Make a style: base + z_gain x (chance that turns with z) + targets (outputs, c_dim) of the class."""
        outputs = len(targets)
        weight = torch.zeros(outputs, W_DIM)
        weight[:, CLASS_PART:] = self._normal(outputs, W_DIM - CLASS_PART) * z_gain / self.z_scale
        weight[0] *= steady
        weight[1] = weight[0]
        middle = targets.mean(dim=1, keepdim=True)
        weight[:, :CLASS_PART] = (targets - middle) @ self.class_of.T
        layer.weight.copy_(weight / layer.weight_gain)
        layer.bias.copy_(base + middle[:, 0] - weight @ self.network.mapping.w_avg)

    def _fields(self) -> Tensor:
        """Fill the constant: channel 0 is constant, channel 1 silent, the others smooth fields of unit power."""
        steps = torch.tensor([-0.75, -0.25, 0.25, 0.75])
        across, down = steps[None].expand(4, 4), steps[:, None].expand(4, 4)
        turn, far = torch.atan2(down, across), (across**2 + down**2).sqrt()
        fields = {
            "slope": [across, down, across + down, across - down],
            "bowl": [far**2 - 0.6, far - 0.7, 0.6 - far**2],
            "saddle": [across * down, across**2 - down**2],
            "wave": [torch.sin(3 * across), torch.sin(3 * down), torch.cos(4 * across), torch.cos(4 * down)],
            "star": [far * torch.cos(3 * turn), far * torch.cos(4 * turn), far * torch.cos(2 * turn), far - 0.7],
            "rough": [self._normal(4, 4) for _ in range(8)],
        }
        const = self.network.synthesis.block(0).const
        for channel in range(2, len(const)):
            group = fields[FIELDS[channel % len(FIELDS)]]
            field = group[int(self.chance.integers(len(group)))]
            const[channel] = field / field.square().mean().sqrt() * SCALE
        const[0] = SCALE
        return const.expand(self.samples, -1, -1, -1)

    def _convolution(self, layer: Convolution, x: Tensor, index: int) -> Tensor:
        """Set the weights of one convolution (only the middle of each kernel); gives what comes out of it."""
        outputs, inputs = layer.weight.shape[:2]
        lamps = _lamps(index, outputs // 2)
        if index == 0:
            targets = torch.tensor(
                [[0.02 + (FIELDS[i % len(FIELDS)] in fields) for _, fields, _ in CLASSES] for i in range(inputs)]
            )
            targets[:2] = 1.0
            self._affine(layer.affine, 0.0, Z_GAIN[0], targets)
            half = self._normal(outputs // 2, inputs)
            mix = torch.stack([half, -half], dim=1).flatten(0, 1)
        else:
            targets = CLASS_GAIN[index] * self._normal(inputs, SHAPE.c_dim)
            targets[:2] = targets[0] * STEADY_CLASS
            self._affine(layer.affine, 1.0, Z_GAIN[index], targets, STEADY_Z)
            mix = self._mix(outputs, inputs // 2 - _lamps(index - 1, inputs // 2), FOLDS[index], lamps, inputs)
        size = x.square().mean(dim=(0, 2, 3)).sqrt().clamp(min=1e-9)
        mix = mix / size
        mix[:, :2] = 0
        style = layer.affine(self.w[: self.samples])
        y = torch.einsum("noi,nihw->nohw", mix * style[:, None], x)
        constant = x[:, 0].mean()
        mix[:, 0] = self._offsets(y, index, lamps) / constant
        # the constant channel keeps pace with the others: a weight on the silent channel lets demodulation shorten it
        lengths = (mix * style.mean(dim=0)).norm(dim=1).clamp(min=1e-9)
        pace = (y.std(dim=(0, 2, 3)) / lengths)[2:].mean()
        keep = float((CONSTANT * pace / constant).clamp(max=0.99))
        mix[:2] = 0
        mix[0, 0], mix[0, 1] = keep, (1 - keep**2) ** 0.5
        mix = mix / mix.square().mean(dim=1, keepdim=True).sqrt().clamp(min=1e-9)
        layer.weight[:, :, 1, 1] = mix.bfloat16()  # so that drawing in bfloat16 does not round them again
        weight = layer.weight[:, :, 1, 1] * style[:, None]
        weight = weight * (weight.square().sum(dim=2, keepdim=True) + 1e-8).rsqrt()
        y = torch.einsum("noi,nihw->nohw", weight, x)
        if index < len(NOISE):
            layer.noise_const.copy_(self._normal(*layer.noise_const.shape))
            layer.noise_strength.fill_(NOISE[index] * float(y[:, 2:].std()))
        return F.leaky_relu(upsample(y) if layer.up else y, SLOPE) * GAIN

    def _mix(self, outputs: int, pairs: int, share: float, lamps: int, inputs: int) -> Tensor:
        """Rows in pairs (f, -f), each a sum of three of the first `pairs` fields, folded or straight.

        The last `lamps` are lamps: everything folded, with a minus.
        """
        mix = torch.zeros(outputs, inputs)
        for row in range(0, outputs, 2):
            lamp = row >= outputs - 2 * lamps
            chosen = 1 + self.chance.choice(pairs - 1, 3, replace=False)
            for pair, size in zip(chosen, (1.0, 0.3, 0.15) if lamp else (1.0, 0.7, 0.4), strict=True):
                sign = float(self.chance.choice([-1.0, 1.0]))
                fold = self.chance.random() < share
                if lamp:
                    sign, fold = -1.0, True
                mix[row, 2 * pair] = sign * size
                mix[row, 2 * pair + 1] = sign * size * (1.0 if fold else -1.0)
            mix[row + 1] = -mix[row]
        return mix

    def _offsets(self, y: Tensor, index: int, lamps: int) -> Tensor:
        """What to add to each row: a field crosses zero somewhere, a lamp is lit over a share of the picture."""
        rows = y.shape[1] // 2
        middle, spread = y.mean(dim=(0, 2, 3))[::2], y.std(dim=(0, 2, 3))[::2]
        half = -middle + SPREAD[index] * spread * self._normal(rows)
        if lamps:
            flat = y[:, -2 * lamps :: 2].transpose(0, 1).flatten(1)
            flat = flat[:, :: max(1, flat.shape[1] // 50000)].sort(dim=1).values
            cover = torch.from_numpy(self.chance.uniform(*(COVER_FINEST if lamps == rows - 1 else COVER), lamps))
            half[-lamps:] = -flat[torch.arange(lamps), ((1 - cover) * (flat.shape[1] - 1)).long()]
        return torch.stack([half, -half], dim=1).flatten()

    def _colour(self, shown: list[Tensor]) -> None:
        """Give every lamp a colour, every class its lamps, and all classes the same brightness."""
        palettes = torch.tensor([[_colour_of(word) for word in colours] for _, _, colours in CLASSES])
        wanted = []
        for level, x in enumerate(shown):
            inputs = x.shape[1]
            targets = torch.zeros(inputs, SHAPE.c_dim)
            if LIGHT[level]:
                own = palettes[:, list(USES[level])]  # (c_dim, uses, 3)
                finest = level == len(shown) - 1
                all_colours = torch.tensor([_colour_of(word) for word in FINEST]) if finest else own.flatten(0, 1)
                lamps = _lamps(2 * level, inputs // 2)
                order = np.arange(lamps) % len(all_colours)
                colours = all_colours[torch.from_numpy(order if finest else self.chance.permutation(order))]
                alike = torch.einsum("nk,cuk->ncu", F.normalize(colours, dim=1), F.normalize(own, dim=2)).amax(dim=2)
                lit = (SHARP * (alike - 1)).exp()
                first = inputs - 2 * lamps
                targets[first:] = (lit / lit.norm(dim=0)).repeat_interleave(2, dim=0)
                power = (x[:, first::2] + SLOPE * x[:, first + 1 :: 2]).square().mean(dim=(0, 2, 3)).sqrt()
                weight = (colours / power[:, None]).T * LIGHT[level]
                rgb = self._torgb(level).weight[:, :, 0, 0]
                rgb[:, first::2], rgb[:, first + 1 :: 2] = weight, weight * SLOPE  # together max(0, lamp)
            wanted.append(targets * inputs**0.5)
        chance = self.chance.bit_generator.state
        self._styles(wanted)
        self._torgb(len(shown) - 1).bias.fill_(-1)  # black
        count = max(self.samples // SHAPE.c_dim, 1) * SHAPE.c_dim
        bright = []
        for w in torch.split(self.w[: 2 * count], SHAPE.c_dim):
            picture = self.network.synthesize(w[:, None].expand(-1, SHAPE.num_ws, -1), QUIET)
            bright.append((picture.amax(dim=1) + 1)[:, ::3, ::3].flatten(1).quantile(FULL[0], dim=1))
        gain = 1.9 / torch.stack(bright).quantile(FULL[1], dim=0)  # (c_dim,)
        self.chance.bit_generator.state = chance  # the same turns again, only brighter or darker
        self._styles([targets * gain for targets in wanted])

    def _torgb(self, level: int) -> ToRGB:
        layer = self.network.synthesis.block(level).torgb
        assert layer is not None  # "skip" has one at every size
        return layer

    def _styles(self, wanted: list[Tensor]) -> None:
        """Set the styles of ToRGB: which lamps each class lights."""
        for level, targets in enumerate(wanted):
            affine = self._torgb(level).affine
            self._affine(affine, 0.0, COLOUR_Z if LIGHT[level] else 0.0, targets)
            affine.weight[1::2] = affine.weight[::2]  # a pair is one lamp
            affine.bias[1::2] = affine.bias[::2]


def _lamps(index: int, pairs: int) -> int:
    """How many of the pairs of a convolution are lamps: half where it ends a size, at the last all but the constant."""
    if index < LAMPS_FROM or index % 2:
        return 0
    return pairs - 1 if index == len(FOLDS) - 1 else pairs // 2


def _colour_of(word: str) -> list[float]:
    """Red, green, blue in 0..1 of a word like "ff8000"."""
    return [int(word[at : at + 2], 16) / 255 for at in (0, 2, 4)]


def write(folder: Path, samples: int = SAMPLES) -> NetworkInfo:
    """Make the network and write its two files into `folder`."""
    info = NetworkInfo(
        name=NAME,
        path=folder / f"{NAME}.json",
        kind="stylegan2",
        resolution=(256, 256),
        z_dim=SHAPE.z_dim,
        c_dim=SHAPE.c_dim,
        w_dim=SHAPE.w_dim,
        title="Untrained: weights from a rule and a seed, twelve classes of light on black",
        licence="CC0-1.0",
        made_by="python -m livegan.generators.untrained",
        classes=tuple(name for name, _, _ in CLASSES),
        shape={"architecture": "skip", "channels": list(SHAPE.channels), "mapping_layers": SHAPE.mapping_layers},
    )
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the order of sums, and so the last bit, depends on the number of threads
    try:
        with torch.no_grad():
            network = Rule(samples=samples).make()
    finally:
        torch.set_num_threads(threads)
    save_weights(info, {key: tensor.half() for key, tensor in network.state_dict().items()})
    return info


if __name__ == "__main__":
    made = write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent / "networks")
    print(f"wrote {made.weights}")
