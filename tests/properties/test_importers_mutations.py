"""Thousands of damaged files for every reader: each is read, or refused in one line, in little time and memory.

Every mutation has a seed, which a failure names. `make fuzz` does ten times as many as the suite.
"""

import io
import resource
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import save

from livegan.errors import NetworkError
from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.architectures.stylegan_t_shape import StyleGANTShape
from livegan.networks.importers import lucidrains, read, safetensors_file, sniff
from livegan.networks.info import read_info
from livegan.networks.weights_file import check_description
from tests import early_gans, fastgan_textbook, foreign, foreign_models, foreign_stylegan3, foreign_stylegan_t
from tests.mutations import mutated
from tests.reference_networks import FOLDER
from tests.tiny_networks import TINY, tiny

MOST_SECONDS = 10.0  # of this thread's processor time for one file; no file here is larger than a megabyte
MOST_MEGABYTES = 400  # more than before, in a process that does nothing else


def network(path: Path) -> None:
    """As the worker reads a file, outside its sandbox."""
    found = read.read_network(path, sniff.sniff_file(path))
    assert all(np.isfinite(array).all() for array in found.tensors.values())


def description(path: Path) -> None:
    check_description(read_info(path))


def head(path: Path) -> None:
    for entry in safetensors_file.read_header(path).values():
        assert entry.end <= path.stat().st_size


def config(path: Path) -> None:
    lucidrains.read_config(path)


@dataclass(frozen=True)
class Source:
    """A whole file, and who reads it."""

    data: bytes
    reader: Callable[[Path], object]


@cache
def sources() -> dict[str, Source]:
    """A file for each reader and layout, by a name for it."""
    networks = dict(foreign.everyone())
    networks["xl.pkl"] = foreign_stylegan3.pickled(
        foreign_stylegan3.network(foreign_stylegan3.planned(16, 5), "xl classes")
    )
    networks["stylegan1.pkl"] = early_gans.stylegan1_pickle(early_gans.stylegan1([4, 4, 3], 3))
    networks["progressive.pkl"] = early_gans.progressive_pickle(early_gans.progressive([4, 4, 3]))
    shape = StyleGANTShape.of_table(8, 4, {**ARCHITECTURES["stylegan-t"].defaults, **foreign_stylegan_t.SHAPE})
    networks["stylegan-t.pkl"] = foreign_stylegan_t.stylegan_t(shape)
    fast = fastgan_textbook.tensors("own", 256)
    networks["fastgan.pth"] = foreign.saved(fastgan_textbook.checkpoint(fast))
    networks["clip.pt"] = foreign.saved(foreign_models.clip_tensors())
    networks["clip.safetensors"] = save(foreign_models.clip_tensors())
    networks["vqgan.ckpt"] = foreign.saved({"state_dict": foreign_models.vqgan_tensors()}, legacy=True)
    found = {name: Source(data, network) for name, data in networks.items()}
    found["config.json"] = Source(b'{"image_size": 16, "lr_mlp": 0.1, "attn_layers": [], "transparent": false}', config)
    return found


@cache
def own(folder: Path) -> dict[str, Source]:
    """livegan's files of each architecture."""
    found = {}
    for kind in TINY:
        info = tiny(folder, kind, name=f"tiny-{kind}")
        found[info.path.name] = Source(info.path.read_bytes(), description)
        found[info.weights.name] = Source(info.weights.read_bytes(), head)
    return found


def rezipped(rng: np.random.Generator, data: bytes, other: bytes) -> bytes:
    """An archive of torch.save whose pickle is mutated, its checksums right."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, mutated(rng, content, other) if name.endswith("data.pkl") else content)
    return out.getvalue()


def attack(files: dict[str, Source], folder: Path, seeds: range) -> tuple[int, int]:
    """Mutate and read, once for each seed; how many were read all the same, and how many refused."""
    names = sorted(files)
    counts = [0, 0]
    path = folder / "network"
    for seed in seeds:
        rng = np.random.default_rng([2020, seed])
        source, other = files[names[seed % len(names)]], files[names[rng.integers(len(names))]].data
        zipped = source.data.startswith(b"PK") and rng.integers(3)
        data = (rezipped if zipped else mutated)(rng, source.data, other)
        path.write_bytes(data)
        start_s = time.thread_time()
        try:
            source.reader(path)
            counts[0] += 1
        except NetworkError as error:
            sentence = str(error)
            if source.reader is not network:  # whose sentences are made printable as they leave the worker
                assert sentence.isprintable(), f"seed {seed}: {sentence!r}"
            assert 0 < len(sentence) < 1500, f"seed {seed}: {sentence!r}"
            counts[1] += 1
        except Exception as error:
            raise AssertionError(f"seed {seed}, {names[seed % len(names)]}: {error!r}") from error
        assert time.thread_time() - start_s < MOST_SECONDS, f"seed {seed}"
    return counts[0], counts[1]


def test_two_thousand_mutations(tmp_path: Path) -> None:
    files = sources() | own(tmp_path)
    kept, refused = attack(files, tmp_path, range(2000))
    assert refused > 1000
    assert kept > 100  # else they are too coarse to come far


@pytest.mark.slow
def test_twenty_thousand_mutations(tmp_path: Path) -> None:
    """Of the reference networks too, where they lie beside the project."""
    files = sources() | own(tmp_path)
    found = sorted(FOLDER.glob("*.p*")) if FOLDER.is_dir() else []
    files |= {path.name: Source(path.read_bytes(), network) for path in found if path.suffix != ".npz"}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kept, refused = attack(files, tmp_path, range(20_000))
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e3 < MOST_MEGABYTES
    assert refused > 10_000
    assert kept > 1000
