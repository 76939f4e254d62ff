"""Python API: load a network, map z to w, synthesize pictures. Small and stable; `livegan play` does not use it.

>>> from livegan import load_network
>>> net = load_network("house-256")
>>> net
<Network house-256: stylegan2, 448x256 px, z 10, c 12, w 14x128>
>>> import numpy as np
>>> z = np.random.RandomState(0).randn(2, net.z_dim)
>>> w = net.map(z, c=[3, 3], psi=0.7)
>>> w.shape
(2, 14, 128)
>>> picture = net.synthesize(w, noise="none")
>>> picture.shape, picture.dtype
((2, 3, 256, 448), dtype('float32'))
>>> net.render(w[0]).shape
(256, 448, 3)
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from livegan.errors import NetworkError
from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.architectures.stylegan2 import to_pixels
from livegan.networks.device import choose_device
from livegan.networks.info import NetworkInfo
from livegan.networks.latents.truncation import truncated
from livegan.networks.library import find_network
from livegan.networks.rim import cover_rim
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.networks.weights import load_style_net

Numbers = NDArray[Any] | Tensor | Sequence[Any]
Noise = Literal["const", "none", "random"]
DTYPES = {name: getattr(torch, name) for name in ("float32", "float64", "float16", "bfloat16")}
GAINS = {"const": 1.0, "none": 0.0, "random": 1.0}


def load_network(path: str | Path, device: str = "cpu", dtype: str = "float32") -> "Network":
    """The network of that name or in that file, of any format livegan reads, on "cpu", "cuda", "mps" or "auto".

    `dtype` is what it computes in: "float32", "float64", "float16" or "bfloat16". NetworkError if there is no such
    network, or it is broken, unsafe, or has no w (kinds "plain" and "custom").

    >>> load_network("house-257")
    Traceback (most recent call last):
    livegan.errors.NetworkError: no network called 'house-257'; did you mean 'house-256'? (or give ...)
    """
    if dtype not in DTYPES:
        raise NetworkError(f"no dtype called '{dtype}'; there are: {', '.join(DTYPES)}")
    info = find_network(path)
    if info.kind not in ARCHITECTURES:
        raise NetworkError(
            f"{info.name} is of the kind '{info.kind}', which has no w; these have: {', '.join(ARCHITECTURES)}"
        )
    place = choose_device(device).device
    net = load_style_net(info)
    return Network(info, net.to(place, DTYPES[dtype]), place, DTYPES[dtype])


class Network:
    """Style-based network, made by `load_network`. NumPy and lists give NumPy, torch gives torch on its device.

    >>> net = load_network("house-256")
    >>> net.kind, net.resolution, net.channels, net.span
    ('stylegan2', (256, 448), 3, (-1.0, 1.0))
    >>> net.z_dim, net.c_dim, net.w_dim, net.num_ws
    (10, 12, 128, 14)
    """

    def __init__(self, info: NetworkInfo, net: StyleNet, device: str, dtype: torch.dtype) -> None:
        self.name = info.name
        self.kind = info.kind
        self.z_dim = net.z_dim
        self.c_dim = net.c_dim  # classes, 0: none
        self.w_dim = net.w_dim
        self.num_ws = net.num_ws  # rows of w
        self.resolution = net.resolution  # height, width [px]
        self.channels = net.colours  # of its pictures: 1, 3 or 4
        self.span = net.span  # the values of black and white in its pictures
        self.device = device
        self.dtype = dtype
        self._net: Any = net
        self._info = info
        self._rng = np.random.default_rng(0)  # of random noise without a seed

    def __repr__(self) -> str:
        height, width = self.resolution
        numbers = f"z {self.z_dim}, c {self.c_dim}, w {self.num_ws}x{self.w_dim}"
        return f"<Network {self.name}: {self.kind}, {width}x{height} px, {numbers}>"

    @property
    def w_avg(self) -> NDArray[np.float32]:
        """The average w, (w_dim,): where psi 0 leads."""
        average: NDArray[np.float32] = self._net.w_avg.detach().float().cpu().numpy()
        return average.copy()

    @torch.inference_mode()
    def map(self, z: Numbers, c: Numbers | None = None, psi: float = 1.0, cutoff: int | None = None) -> Any:
        """z (n, z_dim) or (z_dim,) to w (n, num_ws, w_dim).

        `c` says the class of each: numbers of classes (n,), or rows of weights (n, c_dim), one-hot or any mixture; None
        only where a network has no classes. psi pulls w towards the average, in the first `cutoff` rows or in all.

        >>> net = load_network("house-256")
        >>> z = np.zeros((1, 10)); z[0, 0] = 1
        >>> bool(np.allclose(net.map(z, c=[0], psi=0.0)[0, 0], net.w_avg))
        True
        """
        latents = self._take(z, "z", self.z_dim)
        classes = self._classes(c, len(latents))
        w = self._net.map(latents, classes)  # (n, w_dim)
        ws = w[:, None].expand(-1, self.num_ws, -1)
        averages = self._net.averages(classes).to(w)
        return self._give(truncated(ws, averages, psi, None if cutoff is None else int(cutoff)), z)

    @torch.inference_mode()
    def synthesize(
        self, w: Numbers, noise: Noise | Numbers = "const", transform: Numbers | None = None, seed: int | None = None
    ) -> Any:
        """w (n, num_ws, w_dim), or one row for all layers (n, w_dim), to pictures (n, channels, height, width).

        They are in the network's own range (`span`). `noise`: the network's own planes, none, or other noise for each
        picture, the same again with the same `seed`; of a lightweight network also its noise picture (side, side),
        0..1. `transform` is StyleGAN3's: a 3x3 matrix from places in the picture to places of its input.
        """
        rows = self._rows(w)
        plane: Tensor | None = None
        if isinstance(noise, str):
            if noise not in GAINS:
                raise NetworkError(f"no noise called '{noise}'; there are: {', '.join(GAINS)}")
            gain, kind = GAINS[noise], noise
        elif self._net.noise_picture:
            plane, gain, kind = self._take(noise, "noise", self.resolution[1], (self.resolution[0],)), 1.0, "given"
        else:
            raise NetworkError(f"{self.name} takes no noise picture; give 'const', 'none' or 'random'")
        rng = self._rng if seed is None else np.random.default_rng(seed)
        given = () if plane is None else (plane,)
        pictures = []
        with self._moved(transform):
            for index in range(len(rows)):
                noise_seed = int(rng.integers(1, 2**31)) if kind == "random" else 0
                options = SynthesisOptions(noise=(gain,) * 3, noise_seed=noise_seed)
                pictures.append(self._net.synthesize(rows[index : index + 1], options, *given))
        height, width = self.resolution
        drawn = torch.cat(pictures) if pictures else rows.new_zeros(0, self.channels, height, width)
        return self._give(drawn, w)

    def render(self, w: Numbers, noise: Noise | Numbers = "const", transform: Numbers | None = None) -> Any:
        """One w, (num_ws, w_dim), (w_dim,) or (1, num_ws, w_dim), to a picture to show: uint8 (height, width, 3)."""
        rows = self._rows(w if np.ndim(w) != 2 or len(w) != self.num_ws else self._one(w))
        if len(rows) != 1:
            raise NetworkError(f"render draws one picture, w has {len(rows)}; call it for each")
        picture = self.synthesize(rows, noise, transform)[0]
        pixels = cover_rim(to_pixels(picture.float(), self.span), self._info)
        return pixels if isinstance(w, Tensor) else pixels.cpu().numpy()

    def _one(self, w: Any) -> Any:
        return w[None] if isinstance(w, Tensor) else np.asarray(w)[None]

    def _rows(self, w: Numbers) -> Tensor:
        """w as (n, num_ws, w_dim)."""
        if np.ndim(w) == 3:
            return self._take(w, "w", self.w_dim, (self.num_ws,))
        return self._take(w, "w", self.w_dim)[:, None].expand(-1, self.num_ws, -1)

    def _classes(self, c: Numbers | None, count: int) -> Tensor:
        """Class weights (count, c_dim)."""
        if c is None:
            if self.c_dim:
                raise NetworkError(
                    f"{self.name} has {self.c_dim} classes; give c: a class number for each z, e.g. c=[0]"
                )
            return torch.zeros(count, 0, device=self.device, dtype=self.dtype)
        whole = c.cpu().numpy() if isinstance(c, Tensor) else np.asarray(c)
        if whole.ndim <= 1 and whole.dtype.kind in "iu" and not (whole.ndim == 1 and len(whole) == self.c_dim != count):
            numbers = np.atleast_1d(whole)
            if len(numbers) and not (min(numbers) >= 0 and max(numbers) < self.c_dim):
                raise NetworkError(f"{self.name} has {self.c_dim} classes, from 0; there is no {int(numbers.max())}")
            whole = np.eye(self.c_dim)[numbers]
        classes = self._take(whole, "c", self.c_dim)
        if len(classes) not in (1, count):
            raise NetworkError(f"c has {len(classes)} rows for {count} of z; give one for all, or one for each")
        return classes.expand(count, -1)

    def _take(self, given: Numbers, what: str, width: int, before: tuple[int, ...] = ()) -> Tensor:
        """(n, *before, width) on the device, from that or one of them; NetworkError with both shapes otherwise."""
        try:
            taken = given if isinstance(given, Tensor) else torch.from_numpy(np.asarray(given, np.float64))
        except (TypeError, ValueError) as error:
            raise NetworkError(f"{what} must be numbers, not {type(given).__name__} ({error})") from error
        axes = (*before, width)
        if taken.ndim == len(axes):
            taken = taken[None]
        if tuple(taken.shape[1:]) != axes:
            need = ", ".join(["n", *map(str, axes)])
            raise NetworkError(f"{what} must be ({need}) for {self.name}, not {tuple(np.shape(given))}")
        return taken.to(self.device, self.dtype)

    def _give(self, made: Tensor, like: Numbers) -> Any:
        """As what was given: torch for torch; else NumPy, float64 only if the network computes in it."""
        if isinstance(like, Tensor):
            return made
        return (made if self.dtype == torch.float64 else made.float()).cpu().numpy()

    @contextmanager
    def _moved(self, transform: Numbers | None) -> Iterator[None]:
        """The input of a StyleGAN3 moved by a matrix, in this block."""
        if transform is None:
            yield
            return
        place = self._net.input_transform
        if place is None:
            raise NetworkError(f"{self.name} takes no transform: it is a {self.kind}")
        matrix = self._take(transform, "transform", 3, (3,))
        if len(matrix) != 1:
            raise NetworkError(f"transform is one matrix (3, 3), not {len(matrix)}")
        before = place.clone()
        place.copy_(matrix[0])
        try:
            yield
        finally:
            place.copy_(before)
