"""Laws of latents in files."""

import json
import pickle
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from livegan.core.latents import latent_of_seed
from livegan.errors import MediaError
from livegan.networks.latents.files import Points, read_path, seeds, write_latents
from livegan.networks.latents.projection import read_history, read_projection

Z, W, ROWS = 6, 8, 5
RNG = np.random.default_rng(1)


def numbers(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def read(folder: Path, *specs: str, z_dim: int = Z, w_dim: int = W) -> Points:
    return read_path(specs, z_dim, w_dim, folder)


def refused(folder: Path, *specs: str, z_dim: int = Z, w_dim: int = W) -> str:
    with pytest.raises(MediaError) as caught:
        read(folder, *specs, z_dim=z_dim, w_dim=w_dim)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def projection(path: Path, version: int, latents: np.ndarray, swapped: bool = True) -> None:
    """As GANce wrote it."""
    with h5py.File(path, "w") as file:
        word, old = ("network", "network_md5_hash") if version == 2 else ("model", "model_md5_hash")
        file.attrs.update({"version_number": version, "complete": True, "projection_fps": 15.0})
        file.attrs.update({f"original_{word}_path": "/nets/a.pkl", old: "abc"})
        for index, latent in enumerate(latents):
            file.create_dataset(f"final_latents/final_latents_{index}", data=latent[None], compression="gzip")
            images, noises = ("noises", "images") if swapped else ("images", "noises")
            for step in range(3):
                name = "{0}_histories/{0}_histories_{1}/{0}_histories_{1}_step_{2}"
                file[name.format(images, index, step)] = np.full((4, 4, 3), step, np.uint8)
                file[name.format(noises, index, step)] = np.full(20, step + index, np.float32)
                file[name.format("latents", index, step)] = latent[None] * step


@pytest.mark.parametrize(
    ("shape", "kind", "wanted"),
    [
        ((Z,), "z", (1, Z)),
        ((3, Z), "z", (3, Z)),
        ((W,), "w", (1, 1, W)),
        ((3, W), "w", (3, 1, W)),
        ((3, ROWS, W), "w", (3, ROWS, W)),
        ((1, 3, ROWS, W), "w", (3, ROWS, W)),
    ],
    ids=str,
)
def test_an_array_is_recognised_by_its_shape(
    tmp_path: Path, shape: tuple[int, ...], kind: str, wanted: tuple[int, ...]
) -> None:
    array = numbers(*shape)
    np.save(tmp_path / "a.npy", array)
    points = read(tmp_path, "a.npy")
    assert (points.kind, points.array.shape, points.array.dtype) == (kind, wanted, np.float32)
    assert np.array_equal(points.array.ravel(), array.ravel())
    assert len(points.names) == len(points.array)


def test_where_z_and_w_are_alike_one_must_say_which(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", numbers(2, W))
    assert "w:a.npy" in refused(tmp_path, "a.npy", z_dim=W)
    assert read(tmp_path, "w:a.npy", z_dim=W).array.shape == (2, 1, W)
    assert read(tmp_path, "z:a.npy", z_dim=W).array.shape == (2, W)
    assert read(tmp_path, f"z:{tmp_path}/a.npy", z_dim=W).kind == "z"


@pytest.mark.parametrize("kind", [np.float16, np.float64, np.int32])
def test_other_numbers_become_float32(tmp_path: Path, kind: Any) -> None:
    np.save(tmp_path / "a.npy", np.arange(Z).astype(kind))
    assert read(tmp_path, "a.npy").array.tolist() == [list(range(Z))]


def test_seeds_are_those_of_the_public_tools(tmp_path: Path) -> None:
    points = read(tmp_path, "seeds:1, 5-7,3")
    assert points.kind == "z"
    assert points.names == ("seed 1", "seed 5", "seed 6", "seed 7", "seed 3")
    assert np.array_equal(points.array[3], np.random.RandomState(7).randn(1, Z)[0].astype(np.float32))
    assert np.array_equal(points.array[4], latent_of_seed(3, Z))


@pytest.mark.parametrize("text", ["", "1,,2", "9-5", "-1", "a", "4294967296", "1.5", "1-2-3", "²"])
def test_what_is_no_seed_is_refused(text: str) -> None:
    with pytest.raises(MediaError, match="1,2,5-9"):
        seeds(text)


@pytest.mark.parametrize("text", ["0-4000000000", "0-20000", "1-15000,1-15000"])
def test_too_many_seeds_are_called_that(text: str) -> None:
    with pytest.raises(MediaError, match="more than 20000 seeds; name fewer"):
        seeds(text)


def test_a_projected_w_is_read(tmp_path: Path) -> None:
    w = numbers(1, ROWS, W)
    np.savez(tmp_path / "projected_w.npz", w=w)
    points = read(tmp_path, "projected_w.npz", z_dim=W)
    assert points.kind == "w"
    assert np.array_equal(points.array, w)


@pytest.mark.parametrize("version", [0, 1, 2])
@pytest.mark.parametrize("matrix", [False, True])
def test_a_synthesis_file_of_any_version_is_read(tmp_path: Path, version: int, matrix: bool) -> None:
    vector = numbers(ROWS, W) if matrix else numbers(W)
    word = "network" if version == 2 else "model"
    held = {"vector": (vector[None] if version == 0 else vector).tolist(), f"{word}_path": "a.pkl", "version": version}
    (tmp_path / "a.json").write_text(json.dumps(held))
    points = read(tmp_path, "a.json", z_dim=W) if matrix else read(tmp_path, "z:a.json", z_dim=W)
    assert points.kind == ("w" if matrix else "z")
    assert np.array_equal(points.array[0], vector)


@pytest.mark.parametrize("version", [1, 2])
def test_a_projection_of_either_version_is_read_in_order(tmp_path: Path, version: int) -> None:
    latents = numbers(12, ROWS, W)  # 12: frame 10 must come after frame 9, not after 1
    path = tmp_path / "a.hdf5"
    projection(path, version, latents)
    points = read(tmp_path, "a.hdf5", z_dim=W)
    assert points.kind == "w"
    assert np.array_equal(points.array, latents)
    assert np.array_equal(read_projection(path, latents.size), latents)
    with pytest.raises(MediaError, match="too large"):
        read_projection(path, latents.size - 1)


@pytest.mark.parametrize("swapped", [True, False])
def test_the_swapped_histories_are_put_right(tmp_path: Path, swapped: bool) -> None:
    path = tmp_path / "a.hdf5"
    projection(path, 2, numbers(2, ROWS, W), swapped)
    assert [image.shape for image in read_history(path, 1, "images", 1 << 20)] == [(4, 4, 3)] * 3
    assert [noise.tolist() for noise in read_history(path, 1, "noises", 1 << 20)] == [[s + 1.0] * 20 for s in range(3)]
    assert [latent.shape for latent in read_history(path, 0, "latents", 1 << 20)] == [(1, ROWS, W)] * 3
    assert read_history(path, 7, "images", 1 << 20) == []


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("a.npy", Points("z", numbers(3, Z), ("a", "b", "c"))),
        ("a.npy", Points("w", numbers(3, ROWS, W), ("a", "b", "c"))),
        ("a.npy", Points("w", numbers(3, 1, W), ("a", "b", "c"))),
        ("a.npz", Points("w", numbers(1, ROWS, W), ("a",))),
        ("a.json", Points("z", numbers(1, Z), ("a",))),
        ("a.json", Points("w", numbers(1, ROWS, W), ("a",))),
        ("a.json", Points("w", numbers(1, 1, W), ("a",))),
        ("a.h5", Points("w", numbers(3, ROWS, W), ("a", "b", "c"))),
        ("a.hdf5", Points("w", numbers(3, 1, W), ("a", "b", "c"))),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.kind}{value.array.shape}",
)
def test_what_is_written_is_read_again(tmp_path: Path, name: str, points: Points) -> None:
    write_latents(tmp_path / "new" / name, points)
    again = read(tmp_path / "new", name)
    assert again.kind == points.kind
    assert np.array_equal(again.array, points.array)


def test_a_written_projection_has_what_its_readers_ask_for(tmp_path: Path) -> None:
    path = tmp_path / "a.hdf5"
    write_latents(path, Points("w", numbers(3, ROWS, W), ("a", "b", "c")))
    with h5py.File(path) as file:
        assert (file.attrs["version_number"], bool(file.attrs["complete"])) == (2, True)
        assert file.attrs["projection_frame_count"] == 3
        first = file["final_latents/final_latents_0"]
        assert (first.shape, first.compression, first.shuffle) == ((1, ROWS, W), "gzip", True)
        assert {"target_images", "final_images", "latents_histories"} < set(file)


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("a.npz", Points("z", numbers(1, Z), ("a",))),
        ("a.hdf5", Points("z", numbers(1, Z), ("a",))),
        ("a.json", Points("z", numbers(2, Z), ("a", "b"))),
        ("a.txt", Points("z", numbers(1, Z), ("a",))),
    ],
)
def test_what_a_format_cannot_hold_is_refused(tmp_path: Path, name: str, points: Points) -> None:
    with pytest.raises(MediaError, match=r"\.npy"):
        write_latents(tmp_path / name, points)
    assert not list(tmp_path.iterdir())


def test_a_path_is_a_list_of_specs(tmp_path: Path) -> None:
    one, many = numbers(W), numbers(2, ROWS, W)
    np.save(tmp_path / "one.npy", one)
    np.save(tmp_path / "many.npy", many)
    points = read(tmp_path, "one.npy", "many.npy")
    assert points.array.shape == (3, ROWS, W)
    assert np.array_equal(points.array[0], np.tile(one, (ROWS, 1)))
    assert np.array_equal(points.array[1:], many)
    assert points.names == ("one.npy 0", "many.npy 0", "many.npy 1")


def test_a_path_of_unlike_things_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", numbers(2, ROWS, W))
    np.save(tmp_path / "other.npy", numbers(2, ROWS + 2, W))
    assert "all z or all w" in refused(tmp_path, "seeds:1", "w.npy")
    assert f"{ROWS} and {ROWS + 2} rows" in refused(tmp_path, "w.npy", "other.npy")
    assert "seeds" in refused(tmp_path)


class Canary:
    """Unpickled, it would leave a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self.path,))


def test_pickles_are_not_opened(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    evil = np.array([Canary(canary)], dtype=object)
    np.save(tmp_path / "a.npy", evil, allow_pickle=True)
    np.savez(tmp_path / "a.npz", w=evil)
    (tmp_path / "b.npy").write_bytes(pickle.dumps(Canary(canary)))
    (tmp_path / "b.npz").write_bytes(pickle.dumps(Canary(canary)))
    for name in ("a.npy", "a.npz", "b.npy", "b.npz"):
        assert name in refused(tmp_path, name)
    assert not canary.exists()


def test_each_broken_file_is_one_sentence(tmp_path: Path) -> None:
    np.save(tmp_path / "nan.npy", np.full(Z, np.nan, np.float32))
    np.save(tmp_path / "huge.npy", np.full(Z, 1e300))
    np.save(tmp_path / "words.npy", np.array(["a"] * Z))
    np.save(tmp_path / "bad-size.npy", numbers(3, Z + 7))
    np.save(tmp_path / "none.npy", numbers(0, Z))
    np.save(tmp_path / "flat.npy", np.float32(3))
    np.save(tmp_path / "z3.npy", numbers(2, 3, Z))
    whole = (tmp_path / "bad-size.npy").read_bytes()
    (tmp_path / "short.npy").write_bytes(whole[:-20])
    (tmp_path / "liar.npy").write_bytes(whole.replace(b"(3, ", b"(3000000000000, ")[: len(whole) + 40])
    (tmp_path / "text.npy").write_text("hello")
    (tmp_path / "empty.npy").write_bytes(b"")
    np.savez(tmp_path / "other.npz", v=numbers(Z))
    with zipfile.ZipFile(tmp_path / "plain.npz", "w") as file:
        file.writestr("w", "hello")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "other.npz").read_bytes()[:100])
    (tmp_path / "array.npz").write_bytes(whole)
    (tmp_path / "archive.npy").write_bytes((tmp_path / "other.npz").read_bytes())
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.json").write_text('{"vector": [[1, 2], [3]]}')
    (tmp_path / "c.json").write_text('{"vector": [1], "version": 9}')
    (tmp_path / "d.json").write_text('{"vector": {"a": 1}}')
    (tmp_path / "e.json").write_text("[" * 100_000)
    (tmp_path / "f.json").write_text('{"no": 1}')
    (tmp_path / "g.json").write_bytes(b"\xff\xfe")
    (tmp_path / "text.h5").write_text("hello")
    (tmp_path / "odd.txt").write_text("hello")
    (tmp_path / "dir.npy").mkdir()
    with h5py.File(tmp_path / "empty.h5", "w") as file:
        file.create_group("final_latents")
    with h5py.File(tmp_path / "unlike.h5", "w") as file:
        file["final_latents/final_latents_0"] = numbers(1, ROWS, W)
        file["final_latents/final_latents_1"] = numbers(1, 2, W)
    with h5py.File(tmp_path / "vast.h5", "w") as file:
        file.create_dataset("final_latents/final_latents_0", (1 << 20, 1 << 20, W), np.float32, chunks=(1, 64, W))
    with h5py.File(tmp_path / "version.h5", "w") as file:
        file.attrs["version_number"] = 3
    with h5py.File(tmp_path / "text.hdf5", "w") as file:
        file["final_latents/final_latents_0"] = "hello"
    found = sorted(path.name for path in tmp_path.iterdir())
    assert len(found) == 31
    for name in found:
        assert name in refused(tmp_path, name)


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.json", "a.h5"])
@pytest.mark.filterwarnings("ignore:Reading `.npy` or `.npz` file required additional header parsing")
def test_whatever_the_bytes_it_is_read_or_refused(tmp_path: Path, name: str) -> None:
    rng = np.random.default_rng(7)
    write_latents(tmp_path / name, Points("w", numbers(1, ROWS, W), ("a",)))
    whole = np.frombuffer((tmp_path / name).read_bytes(), np.uint8)
    refusals = 0
    for _ in range(200):
        broken = whole.copy()
        where = rng.integers(0, rng.choice([min(160, len(whole)), len(whole)]), rng.integers(1, 9))
        broken[where] = rng.choice([0, 255, *rng.integers(0, 256, 4)], len(where))
        end = rng.integers(0, len(whole)) if rng.random() < 0.2 else len(whole)
        (tmp_path / name).write_bytes(broken[:end].tobytes())
        try:
            assert np.isfinite(read(tmp_path, name).array).all()
        except MediaError:
            refusals += 1
    assert refusals > 20


def test_a_projection_cannot_point_out_of_its_file(tmp_path: Path) -> None:
    projection(tmp_path / "other.hdf5", 2, numbers(2, ROWS, W))
    with h5py.File(tmp_path / "link.h5", "w") as file:
        file["final_latents"] = h5py.ExternalLink("other.hdf5", "/final_latents")
    with h5py.File(tmp_path / "inner.h5", "w") as file:
        file["final_latents/final_latents_0"] = h5py.ExternalLink("other.hdf5", "/final_latents/final_latents_0")
    (tmp_path / "secret").write_bytes(numbers(ROWS, W).tobytes())
    with h5py.File(tmp_path / "raw.h5", "w") as file:
        outside = [(str(tmp_path / "secret"), 0, ROWS * W * 4)]
        file.create_dataset("final_latents/final_latents_0", (ROWS, W), np.float32, external=outside)
    for name in ("link.h5", "inner.h5", "raw.h5"):
        refused(tmp_path, name)


def test_a_wrong_name_offers_the_nearest(tmp_path: Path) -> None:
    np.save(tmp_path / "walk.npy", numbers(Z))
    assert "did you mean 'walk.npy'" in refused(tmp_path, "wlak.npy")
    assert "did you mean 'walk.npy'" in refused(tmp_path, "z:wlak.npy")


def test_h5py_is_asked_for_only_where_it_is_needed() -> None:
    code = "import sys, livegan.networks.latents.files; sys.exit('h5py' in sys.modules or 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_example_in_the_docs_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (Path(__file__).parents[2] / "docs" / "latents.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "docs/latents.md", "exec"), {})
    assert (tmp_path / "walk.npy").is_file()


def header(shape: str, descr: str = "'<f4'") -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def test_files_made_to_harm_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "sides.npy").write_bytes(header(f"({10**30},)"))
    with zipfile.ZipFile(tmp_path / "sides.npz", "w") as archive:
        archive.writestr("w.npy", header(f"({10**30},)"))
    with zipfile.ZipFile(tmp_path / "names.npz", "w") as archive:
        archive.writestr("\x1b[2J.npy", b"x")
    with zipfile.ZipFile(tmp_path / "lzma.npz", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("w.npy", header("(1, 8)"))
    data = bytearray((tmp_path / "lzma.npz").read_bytes())
    data[50:60] = b"\xff" * 10
    (tmp_path / "lzma.npz").write_bytes(data)
    (tmp_path / "version.json").write_text(json.dumps({"vector": [1], "version": "\x1b[2J" * 2000}))
    with (tmp_path / "long.json").open("wb") as file:
        file.truncate(1 << 27)
    with h5py.File(tmp_path / "version.h5", "w") as file:
        file.attrs["version_number"] = np.zeros(0)
        file["final_latents/final_latents_0"] = numbers(1, W)
    for path in [*tmp_path.iterdir()]:
        sentence = refused(tmp_path, path.name)
        assert sentence.isprintable(), path
        assert len(sentence) < len(str(path)) + 400
    for name in ("~nobody-of-that-name/x.npy", "a" * 5000 + ".npy", "a\0b.npy", "seeds:" + "9" * 5000):
        assert len(refused(tmp_path, name)) < 900


def test_a_path_cannot_be_longer_than_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "seeds:0-99998 has more than 20000 seeds; name fewer" in refused(tmp_path, "seeds:0-99998")
    assert "the path has more than 20000 seeds; name fewer" in refused(tmp_path, *["seeds:0-9998"] * 3)
    monkeypatch.setattr("livegan.networks.latents.files.MAX_NUMBERS", 5 * Z)
    assert "more than" in refused(tmp_path, "seeds:0-5")
    assert "more than" in refused(tmp_path, "seeds:0-3", "seeds:0-3")
