"""Hostile network files at the shell: exit 2, one true sentence, within 10 s and 500 MB. Pickles: test_hostile.py."""

import io
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import time
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from livegan.errors import NetworkError
from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.cache import cache_folder, file_hash
from livegan.networks.importers import convert
from livegan.networks.importers.worker import Job, answer
from livegan.networks.info import FORMAT, NetworkInfo
from livegan.networks.library import find_network, installed_folder, open_network
from livegan.networks.weights_file import check_description
from livegan.studio import network_add, network_convert
from tests import foreign
from tests.foreign import SG2, written
from tests.shell import ROOT, Run, runner_here
from tests.tiny_networks import tiny

Recipe = Callable[[Path], Path]  # makes a file in a folder
SECONDS, MEGABYTES = 10, 500
SPARSE = 15_000_000_000  # bytes
CONVERTED = foreign.nvidia(foreign.stylegan2(), SG2)
ZIPPED = foreign.rosinality(foreign.stylegan2({**SG2, "c_dim": 0}))
INSIDE = next(name for name in zipfile.ZipFile(io.BytesIO(ZIPPED)).namelist() if name.endswith("/data.pkl"))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`livegan WORDS...` in this process; the reader of files runs here too, which starts no Python for each."""

    def read_here(path: Path, kind: str, made: Path, name: str) -> None:
        job = Job(str(path), kind, str(made), name, memory=10**9, seconds=60, written=10**9)
        if error := answer(job).get("error"):
            raise NetworkError(error)

    monkeypatch.setattr(convert, "_run", read_here)
    homes = {f"XDG_{name}_HOME": str(tmp_path / name) for name in ("CACHE", "DATA")}
    return runner_here(tmp_path, monkeypatch, capsys, **homes)


def refused(run: Run, says: str, *words: str | Path) -> str:
    """The one sentence with which a command is refused, quickly."""
    start_s = time.process_time()  # others may use this machine too
    typed = run(*map(str, words))
    assert time.process_time() - start_s < SECONDS
    sentence = typed.stderr.removesuffix("\n")
    assert typed.returncode == 2, (typed.stdout, sentence)
    assert sentence.startswith("livegan: ")
    assert sentence.isprintable(), sentence
    assert len(sentence) < 1200, sentence
    assert re.search(says, sentence), sentence
    return sentence


# ---- heads of safetensors


def raw(head: Any, numbers: bytes = b"", length: int | None = None) -> bytes:
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + numbers


def tensor(start: int = 0, end: int = 8, shape: Any = (2,), dtype: Any = "F32", **more: Any) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end], **more}


EIGHT = bytes(8)
HEADS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "0 bytes|is empty"),
    "seven bytes": (bytes(7), "not a whole safetensors"),
    "a head beyond the file": (raw({"a": tensor()}, EIGHT, 1 << 40), "its head alone would have 1099511627784"),
    "a head of 2^64 - 1": (raw({}, b"", 2**64 - 1), "its head alone"),
    "a head of 100 MB": (raw(b"{" + b" " * 100_000_000 + b"}"), "a head of 100000002 bytes"),
    "a head of lists": (raw(b'{"a":[' + b"[]," * 10_000 + b"[]]}"), "'a' is no tensor"),
    "overlapping": (raw({"a": tensor(), "b": tensor()}, EIGHT), "'b' that overlaps"),
    "one inside another": (raw({"a": tensor(0, 16, [4]), "b": tensor(4, 8, [1])}, EIGHT * 2), "'b' that overlaps"),
    "a gap": (raw({"a": tensor(), "b": tensor(16, 24)}, EIGHT * 3), "'b' that does not follow"),
    "a gap at the start": (raw({"a": tensor(8, 16)}, EIGHT * 2), "'a' that does not follow"),
    "negative": (raw({"a": tensor(-8, 0)}, EIGHT), "'a' that lies nowhere"),
    "backwards": (raw({"a": tensor(8, 0)}, EIGHT), "'a' that lies nowhere"),
    "beyond the end": (raw({"a": tensor(0, 16, [4])}, EIGHT), "names 16 bytes of numbers, 8 follow"),
    "more at the end": (raw({"a": tensor()}, EIGHT * 9), "names 8 bytes of numbers, 72 follow"),
    "named twice": (raw(b'{"a":%b,"a":%b}' % ((json.dumps(tensor()).encode(),) * 2), EIGHT), "'a' is named twice"),
    "no such type": (raw({"a": tensor(dtype="F31")}, EIGHT), "of type 'F31'"),
    "a type that is a table": (raw({"a": tensor(dtype={})}, EIGHT), "of no type"),
    "a type to clear the screen": (raw({"a": tensor(dtype="\x1b[2J" * 99)}, EIGHT), r"of type '\?\[2J"),
    "2^60 across": (raw({"a": tensor(0, 0, [2**60, 0])}), "of more than 1000000000 numbers"),
    "2^60 by 2^60": (raw({"a": tensor(shape=[2**60, 2**60])}, EIGHT), "of more than 1000000000 numbers"),
    "20 000 axes": (raw({"a": tensor(shape=[1] * 20_000)}, EIGHT), "8 axes"),
    "a side with a point": (raw({"a": tensor(shape=[2.0])}, EIGHT), "whose shape is none"),
    "a side that is true": (raw({"a": tensor(0, 4, [True])}, bytes(4)), "whose shape is none"),
    "not a number": (raw(b'{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,8]}}', EIGHT), "NaN is no number"),
    "a number of 5000 digits": (
        raw(b'{"a":{"dtype":"F32","shape":[%b],"data_offsets":[0,8]}}' % (b"9" * 5000), EIGHT),
        "a number of 5000 digits",
    ),
    "nested": (raw(b'{"a":' * 200_000 + b"1" + b"}" * 200_000), "nested too deeply"),
    "no JSON": (raw(b"{'a': 1}"), "not a whole safetensors"),
    "no text": (raw(b'{"\xff": 1}'), "not a whole safetensors"),
    "a list": (raw([tensor()], EIGHT), "its head is no table"),
    "more keys": (raw({"a": tensor(sly=1)}, EIGHT), "'a' is no tensor"),
    "metadata of numbers": (raw({"__metadata__": {"a": 1}, "a": tensor()}, EIGHT), "its head is no table"),
    "60 000 tensors": (raw(dict.fromkeys(map(str, range(60_000)))), "60000 tensors"),
    "a name that clears the screen": (raw({"\x1b[2J\n" * 9999: 1}), r"'\?\[2J\?"),
}


@pytest.mark.parametrize("what", HEADS)
def test_wild_heads(what: str, run: Run, tmp_path: Path) -> None:
    """As the weights of a network, in `info` and `convert`; alone, as another program's file."""
    data, says = HEADS[what]
    info = tiny(tmp_path, "stylegan2")
    info.weights.write_bytes(data)
    assert "tiny.safetensors" in refused(run, says, "networks", "info", info.path)
    alone = written(tmp_path, "alone.safetensors", data)
    for place in (info.weights, alone):
        with pytest.raises(NetworkError, match=says):
            network_convert.convert(str(place), tmp_path / "out", None, False)
    assert not (tmp_path / "out").exists()
    assert not installed_folder().exists()


# ---- livegan's own descriptions

LONG = 3_000_000
WIDE: dict[str, Any] = {"channels": [16384] * 13, "tiles": [64, 64]}
SAID: dict[str, tuple[str, dict[str, Any], dict[str, Any], str]] = {  # kind, changes of the table, of the shape
    "billions of numbers": ("stylegan2", {"z_dim": 16384, "w_dim": 16384}, {"channels": [16384] * 3}, "network of .*e"),
    "64 layers of 16384": ("stylegan2", {"w_dim": 16384}, {"mapping_layers": 64}, "numbers"),
    "a picture of 10^9 px": ("stylegan2", {"resolution": [10**9, 10**9]}, {}, "'resolution' must be"),
    "a picture of 0 px": ("stylegan2", {"resolution": [0, 16]}, {}, "'resolution' must be"),
    "200 000 channels": ("stylegan2", {}, {"channels": [4] * 200_000}, "'shape.channels' must be"),
    "channels in words": ("stylegan2", {}, {"channels": ["16", "16", "16"]}, "'shape.channels' must be"),
    "a word for a number": ("stylegan2", {"z_dim": "8"}, {}, "'z_dim' must be"),
    "a long word for a number": ("lightweight", {}, {"mapping_layers": "\x1b[2J" * 1000}, "'mapping_layers' must be"),
    "an unknown key, long": ("stylegan2", {}, {"k" * LONG: 1}, "no .*kkk"),
    "an unknown key in a stylegan3": ("stylegan3", {}, {"k" * LONG: 1}, "no key .*kkk"),
    "bandwidth 1e150": ("stylegan3", {}, {"bandwidth": 1e150}, "a bandwidth of 1e.150 does not fit"),
    "bandwidth 10^99": ("stylegan3", {}, {"bandwidth": 10**99}, "a bandwidth of 1"),
    "bandwidth 10^150": ("stylegan3", {}, {"bandwidth": 10**150}, "a number of 151 digits"),
    "bandwidth NaN": ("stylegan3", {}, {"bandwidth": float("nan")}, "'bandwidth' must be a number above 0"),
    "a long word for a bandwidth": ("stylegan3", {}, {"bandwidth": "9" * LONG}, "'bandwidth' must be a number above 0"),
    "a stylegan3 of 32768 mapping layers": ("stylegan3", {}, {"mapping_layers": 32768}, "'mapping_layers' must be"),
    "sizes that fit nothing": ("stylegan3", {}, {"sizes": [32768] * 4}, "the size of the picture"),
    "a blend of kinds": ("stylegan3", {"kind": "lightweight"}, {}, "no key"),
    "colours 10^9": ("lightweight", {}, {"colours": 10**9}, "'colours' must be 3 or 4"),
    "a long word for colours": ("lightweight", {}, {"colours": "c" * LONG}, "'colours' must be 3 or 4"),
    "tiles that are none": ("stylegan2", {}, {"tiles": [0, "x"]}, "'shape.tiles' must be"),
    "no such kind": ("stylegan2", {"kind": "stylegan\x1b[2J"}, {}, "'kind' must be"),
}


@pytest.mark.parametrize("what", SAID)
def test_descriptions_that_cannot_be(what: str, run: Run, tmp_path: Path) -> None:
    kind, said, shape, says = SAID[what]
    info = tiny(tmp_path, kind)
    table = json.loads(info.path.read_text())
    info.path.write_text(json.dumps({**table, **said, "shape": {**table["shape"], **shape}}))
    assert "convert it again" not in refused(run, says, "networks", "info", info.path)
    with pytest.raises(NetworkError, match=says):
        network_convert.convert(str(info.path), tmp_path / "out", None, False)
    assert not (tmp_path / "out").exists()


TEXTS: dict[str, tuple[bytes, str]] = {
    "nested": (b"[" * 100_000, "recursion|nested"),
    "5 MB": (b" " * 5_000_000 + b"{}", "5000002 bytes of JSON"),
    "no text": (b'{"format": "\xff"}', "utf-8"),
    "another format": (b'{"format": "livegan-network-9"}', "'format' must be"),
    "a list": (b"[1, 2]", "'format' must be"),
    "100 000 unknown keys": (
        json.dumps({"format": FORMAT, **dict.fromkeys(map(str, range(100_000)))}).encode(),
        "more",
    ),
}


@pytest.mark.parametrize("what", TEXTS)
def test_texts_that_are_no_description(what: str, run: Run, tmp_path: Path) -> None:
    data, says = TEXTS[what]
    refused(run, says, "networks", "info", written(tmp_path, "x.json", data))


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_every_architecture_finds_what_cannot_be_without_torch(kind: str, run: Run, tmp_path: Path) -> None:
    info = tiny(tmp_path, kind)
    check_description(info)
    for key in ("k" * LONG, *{**ARCHITECTURES[kind].defaults, **info.shape}):
        for value in ("9" * LONG, [[]] * 1000, {"a": 1}, -1):
            with pytest.raises(NetworkError, match=r"shape|describes|must be") as caught:
                check_description(replace(info, shape={**info.shape, key: value}))
            assert len(str(caught.value)) < 1200, key


def test_weights_of_another_network(run: Run, tmp_path: Path) -> None:
    info, other = tiny(tmp_path, "stylegan2"), tiny(tmp_path, "stylegan3", name="other")
    shutil.copyfile(other.weights, info.weights)
    for command in ("info", "convert -o out", "add", "check"):
        refused(
            run, r"does not fit what tiny.json says: .* is missing.*copy both", "networks", *command.split(), info.path
        )


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_what_the_head_of_a_file_shows_is_refused_at_once(kind: str, run: Run, tmp_path: Path) -> None:
    info = tiny(tmp_path, kind)
    assert run("networks", "info", str(info.path)).returncode == 0
    tensors = load_file(info.weights)
    name, other = sorted(tensors)[:2]
    changes = {
        "is missing": {key: value for key, value in tensors.items() if key != name},
        "'extra' is unknown": {**tensors, "extra": np.zeros(2, np.float32)},
        f"'{re.escape(other)}' is 3x5x7 where": {**tensors, other: np.zeros((3, 5, 7), np.float32)},
    }
    for says, changed in changes.items():
        save_file(changed, info.weights)
        refused(run, says, "networks", "info", info.path)
    shutil.copytree(tmp_path, installed_folder(), dirs_exist_ok=True)
    assert "tiny is broken" in run("networks", "list").stdout


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none(number: float, run: Run, tmp_path: Path) -> None:
    info = tiny(tmp_path, "stylegan2")
    tensors = load_file(info.weights)
    tensors["mapping.w_avg"] = np.full_like(tensors["mapping.w_avg"], number)
    save_file(tensors, info.weights)
    for command in ("convert -o out", "add", "check"):
        refused(run, "not finite in 'mapping.w_avg'", "networks", *command.split(), info.path)
    theirs = foreign.stylegan2()
    theirs["mapping.w_avg"][0] = number
    path = written(tmp_path, "theirs.pkl", foreign.nvidia(theirs, SG2))
    for command in ("info", "convert"):
        refused(run, "not finite in 'mapping.w_avg': its training broke", "networks", command, path)


def test_a_sibling_that_lies_is_told_of(run: Run, tmp_path: Path) -> None:
    info = tiny(tmp_path, "stylegan2")
    (tmp_path / "tiny-light.json").write_text("[" * 100_000)
    (tmp_path / "tiny.encoder").write_bytes(raw({"__metadata__": {"livegan": "[" * 100_000}}))
    typed = run("networks", "info", str(info.path))
    assert typed.returncode == 0
    assert "broken: " in typed.stdout
    assert "other weights" in typed.stdout


# ---- zip archives


def rezipped(change: Callable[[zipfile.ZipFile, str, bytes], None]) -> bytes:
    """rosinality's archive, each of its files written by `change`."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(ZIPPED)) as old, zipfile.ZipFile(out, "w") as new:
        for member in old.infolist():
            change(new, member.filename, old.read(member))
    return out.getvalue()


def also(name: str, data: bytes = b"") -> bytes:
    """rosinality's archive with one more file."""
    out = io.BytesIO(ZIPPED)
    with zipfile.ZipFile(out, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it may be there already
        archive.writestr(name, data)
    return out.getvalue()


def patched(field: int, value: bytes) -> bytes:
    """rosinality's archive; in the entry of its pickle in the table at the end, the bytes at `field` are others."""
    data = bytearray(ZIPPED)
    at = data.rindex(INSIDE.encode()) - 46 + field
    data[at : at + len(value)] = value
    return bytes(data)


def packed(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(name, data, zipfile.ZIP_DEFLATED)


def bomb(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    packed(archive, name, data + bytes(10_000_000) * name.endswith("/0"))


def nested() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("network.pt", ZIPPED)
    return out.getvalue()


HOME = INSIDE.removesuffix("data.pkl")
ZIPS: dict[str, tuple[Callable[[], bytes], str]] = {
    "packed": (lambda: rezipped(packed), "packed or encrypted"),
    "a bomb": (lambda: rezipped(bomb), "packed or encrypted"),
    "encrypted": (lambda: patched(8, b"\x01\x00"), "packed or encrypted"),
    "4 GB, says the table": (lambda: patched(20, b"\xfe\xff\xff\xff" * 2), "says it is larger|broken or truncated"),
    "a start beyond the end": (lambda: patched(42, b"\xff\xff\xff\x7f"), "broken or truncated|larger"),
    "two of one name": (lambda: also(f"{HOME}version", b"3"), "two files called"),
    "out of its folder": (lambda: also("../../evil", b"x"), r"a file called '../../evil'"),
    "up and down": (lambda: also(f"{HOME}../data/0", b"x"), "a file called"),
    "a name to clear the screen": (lambda: also("\x1b[2J\n"), r"a file called '\\x1b\[2J\\n'"),
    "in another": (nested, "give 'network.pt'"),
    "cut": (lambda: ZIPPED[: len(ZIPPED) * 2 // 3], "broken or truncated zip"),
    "only its end": (lambda: b"PK\x03\x04" + ZIPPED[-22:], "broken or truncated zip"),
    "51 000 files": (lambda: many_files(51_000), "zip archive of 51000"),
}  # fmt: skip


def many_files(count: int) -> bytes:
    entry = b"PK\x01\x02" + bytes(24) + struct.pack("<H", 4) + bytes(16)
    table = b"".join(entry + b"%04x" % (n % 65536) for n in range(count))
    start = b"PK\x03\x04" + bytes(26)
    tail = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, count, count, len(table), len(start))
    where = struct.pack("<IIQI", 0x07064B50, 0, len(start) + len(table), 1)
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return start + table + tail + where + end


@pytest.mark.parametrize("what", ZIPS)
def test_hostile_zip_archives(what: str, run: Run, tmp_path: Path) -> None:
    make, says = ZIPS[what]
    refused(run, says, "networks", "info", written(tmp_path, "x.pt", make()))


# ---- places that are no files


def test_what_is_no_file(run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
    (tmp_path / "folder").mkdir()
    for name, says in (("pipe", "is no file"), ("socket", "is no file"), ("folder", "is a folder")):
        for suffix in (".pkl", ".safetensors", ".json"):
            place = tmp_path / f"x-{name}{suffix}"
            place.symlink_to(tmp_path / name)
            refused(run, says, "networks", "info", place)
    for device in ("/dev/zero", "/dev/null", "/dev/urandom"):
        for command in ("info", "add"):
            refused(run, f"{device}: is no file", "networks", command, device)


def test_links_that_lead_nowhere(run: Run, tmp_path: Path) -> None:
    (tmp_path / "broken.pkl").symlink_to(tmp_path / "nothing")
    (tmp_path / "one.pkl").symlink_to(tmp_path / "two.pkl")
    (tmp_path / "two.pkl").symlink_to(tmp_path / "one.pkl")
    for name in ("broken.pkl", "one.pkl"):
        refused(run, "is a link that leads to no file", "networks", "info", tmp_path / name)
    for name in ("pipe", "loop"):
        installed_folder().mkdir(parents=True, exist_ok=True)
        path = installed_folder() / f"{name}.json"
        os.mkfifo(path) if name == "pipe" else path.symlink_to(path)
    typed = run("networks", "list")
    assert typed.returncode == 0
    assert "pipe is broken: " in typed.stdout
    refused(run, "cannot be read as the description of a network", "networks", "info", "pipe")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read(run: Run, tmp_path: Path) -> None:
    for suffix in (".pkl", ".json"):
        path = written(tmp_path, f"x{suffix}", CONVERTED)
        path.chmod(0)
        refused(run, "Permission denied", "networks", "info", path)


NAMES = {
    "a line\nbreak": r"a line\\nbreak",
    "clear \x1b[2J": r"clear \\x1b\[2J",
    "back\u202ewards": r"back\\u202ewards",
    "odd \udce9 byte": r"odd \\udce9 byte",
    "tab\tbell\x07": r"tab\\tbell\\x07",
    "a" * 200: "aaa",
}


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_names_that_play_tricks(name: str, run: Run, tmp_path: Path) -> None:
    """There or not, as a file or the name of one."""
    path = written(tmp_path, f"{name}.pkl", CONVERTED[:500])
    refused(run, NAMES[name] + r".*broken or cut short", "networks", "info", path)
    path.unlink()
    refused(run, "no such file", "networks", "info", path)
    refused(run, "called so|cannot be", "networks", "add", name)
    with pytest.raises(NetworkError, match=r"no network|cannot be"):
        find_network(name)


def test_a_name_that_no_file_can_have(run: Run) -> None:
    for command in ("info", "convert", "add", "check"):
        refused(run, "cannot be the path", "networks", command, "b" * 300 + ".pkl")


def test_a_network_of_an_odd_name_is_played_all_the_same(run: Run, tmp_path: Path) -> None:
    """The name of a file decides nothing, so 62 letters of four bytes do no harm."""
    for name in ("\U00020000" * 62, "a line\nbreak \x1b[2J", "...", "odd \udce9 byte"):
        typed = run("networks", "info", str(written(tmp_path, f"{name}.pkl", CONVERTED)))
        assert typed.returncode == 0, typed.stderr
        assert "stylegan2" in typed.stdout
        assert "\x1b" not in typed.stdout


# ---- other files of livegan


def test_other_files_of_livegan_are_no_networks(run: Run, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "projection.hdf5", "w") as file:
        file["final_latents/final_latents_0"] = np.zeros((1, 4, 8))
    np.save(tmp_path / "latents.npy", np.zeros((3, 8), np.float32))
    np.savez(tmp_path / "latents.npz", w=np.zeros((3, 8), np.float32))
    (tmp_path / "synthesis.json").write_text('{"vector": [1, 2], "version": 2}')
    for name in ("x.encoder", "x.hearing", "x.musicnn"):
        written(tmp_path, name, raw({"a": tensor()}, EIGHT))
    says = {
        "projection.hdf5": "HDF5",
        "latents.npy": "is not a network",
        "latents.npz": "zip archive that torch did not write",
        "synthesis.json": "'format' must be",
        "x.encoder": "is the encoder of a network, no network; give the .safetensors",
        "x.hearing": "hears the beat",
        "x.musicnn": "a tagger of music",
    }
    for name, words in says.items():
        refused(run, words, "networks", "info", tmp_path / name)
    shutil.copyfile(tmp_path / "projection.hdf5", tmp_path / "x.safetensors")
    refused(run, "not a whole safetensors", "networks", "info", tmp_path / "x.safetensors")


# ---- conversions


def test_a_kind_that_there_is_not(run: Run, tmp_path: Path) -> None:
    info = tiny(tmp_path, "stylegan2")
    for kind, says in (("stylegam2", "did you mean 'stylegan2'"), ("k" * LONG, "no generator called 'kkk")):
        info.path.write_text(json.dumps({**json.loads(info.path.read_text()), "kind": kind}))
        refused(run, says, "networks", "info", info.path)
        for command in ("convert -o out", "check"):
            refused(run, "kind|generator", "networks", *command.split(), info.path)


def test_tiles_that_leave_nothing(run: Run, tmp_path: Path) -> None:
    info = tiny(tmp_path, "stylegan2")
    table = json.loads(info.path.read_text())
    info.path.write_text(json.dumps({**table, "shape": {**table["shape"], "tiles": [60, 60]}}))
    refused(run, "channels make", "networks", "convert", info.path, "--tiles", "1x2", "-o", "out")


def test_what_follows_a_pickle_is_not_read(run: Run, tmp_path: Path) -> None:
    """As the programs that wrote it do not: the network is the same."""
    path = written(tmp_path, "x.pkl", CONVERTED + b"cos\nsystem\n(X\x02\x00\x00\x00idtR." * 100)
    assert run("networks", "info", str(path)).returncode == 0
    assert find_network(path).z_dim == SG2["z_dim"]


def test_a_file_that_changes_while_it_is_read(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "x.pkl", CONVERTED)
    read = convert._run

    def slow(*arguments: Any) -> None:
        read(*arguments)
        path.write_bytes(CONVERTED + b"more")

    monkeypatch.setattr(convert, "_run", slow)
    refused(run, "was changed while it was read; try again", "networks", "info", path)
    assert not list((tmp_path / "CACHE").rglob("*.safetensors"))


def test_a_folder_of_nothing_but_harm_is_one_short_list(run: Run, tmp_path: Path) -> None:
    for number in range(30):
        written(tmp_path, f"{number}.pkl", bytes(100))
    typed = run("networks", "add", str(tmp_path))
    assert typed.returncode == 2
    assert len(typed.stderr.splitlines()) < 12
    assert "and 22 more" in typed.stderr


def rotten(path: Path) -> NetworkInfo:
    """The network of a file, its copy in the cache with numbers that are none."""
    info = find_network(path)
    tensors = load_file(info.weights)
    tensors["mapping.w_avg"][:] = np.nan
    save_file(tensors, info.weights)
    return info


def test_a_damaged_copy_in_the_cache_is_converted_anew(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path, "x.pkl", CONVERTED)
    whole = find_network(path).weights.read_bytes()
    info = rotten(path)
    typed = run("networks", "convert", str(path), "-o", "out")
    assert typed.returncode == 0, typed.stderr
    assert info.weights.read_bytes() == whole
    tensors = load_file(info.weights)
    del tensors["mapping.w_avg"]
    save_file(tensors, info.weights)
    assert run("networks", "info", str(path)).returncode == 0
    assert info.weights.read_bytes() == whole
    rotten(written(tmp_path, "same bytes.pkl", CONVERTED))  # its copy has the name of the first
    assert open_network(find_network(tmp_path / "same bytes.pkl")) is not None


def test_a_damaged_copy_in_the_cache_is_told_by_the_name_of_the_file(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The player has never seen the cache, so no advice is about a file in it but to delete it."""
    path = written(tmp_path, "x.pkl", CONVERTED)
    info = rotten(path)
    path.write_bytes(CONVERTED + b"more")  # another file by now
    with pytest.raises(NetworkError, match=r"its copy in the cache .* not finite") as caught:
        open_network(info)
    assert str(caught.value).startswith(f"{path}: ")
    folder = cache_folder(file_hash(written(tmp_path, "y.pkl", CONVERTED))) / convert.FOLDER
    assert f"delete {folder}, then try again" in str(caught.value)

    def broken(*arguments: Any) -> None:
        raise NetworkError("has numbers that are not finite in 'mapping.w_avg': its training broke")

    monkeypatch.setattr(convert, "_run", broken)
    sentence = refused(
        run, "not finite in 'mapping.w_avg': its training broke", "networks", "check", tmp_path / "y.pkl"
    )
    assert sentence.startswith(f"livegan: {tmp_path / 'y.pkl'}: ")
    assert "cache" not in sentence


def test_a_cache_that_cannot_be_written_is_said_by_info(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path, "x.pkl", CONVERTED)
    (tmp_path / "CACHE").write_text("a file where the folder should be")
    typed = run("networks", "info", str(path))
    assert typed.returncode == 0
    place = tmp_path / "CACHE" / "livegan" / "networks"
    assert f"anew each time: the cache {place} cannot be written" in typed.stdout
    assert "livegan-" not in typed.stdout.replace(str(tmp_path), ""), "a folder that is deleted at the end"


def test_a_link_to_itself_is_not_offered_as_what_was_meant(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pk").mkdir()
    (tmp_path / "pk" / "self.pkl").symlink_to("self.pkl")
    (tmp_path / "pk" / "sell.pkl").symlink_to("nowhere.pkl")
    sentence = refused(run, "is a link that leads to no file", "networks", "info", tmp_path / "pk" / "self.pkl")
    assert "did you mean" not in sentence
    written(tmp_path / "pk", "selv.pkl", CONVERTED)
    refused(run, "did you mean '.*selv.pkl'", "networks", "info", tmp_path / "pk" / "self.pkl")


def test_check_says_that_all_pictures_are_the_same(run: Run, tmp_path: Path) -> None:
    info = tiny(tmp_path, "stylegan2")
    typed = run("networks", "check", str(info.path), "-o", "sheet.png")
    assert "are the same" not in typed.stdout
    save_file({key: np.zeros_like(value) for key, value in load_file(info.weights).items()}, info.weights)
    typed = run("networks", "check", str(info.path), "-o", "flat.png")
    assert typed.returncode == 0, typed.stderr
    assert "careful: all pictures of the sheet are the same, whatever the seed" in typed.stdout


def test_what_cannot_be_drawn_is_found_as_it_is_converted(run: Run, tmp_path: Path) -> None:
    """A bandwidth is no tensor: only the network itself finds that it does not fit."""
    odd = {"synthesis.input": {"bandwidth": 10.0**150}}
    data = foreign.nvidia(foreign.stylegan3(), foreign.SG3, attributes=odd)
    sentence = refused(run, "bandwidth", "networks", "info", written(tmp_path, "x.pkl", data))
    assert sentence.startswith(f"livegan: {tmp_path / 'x.pkl'}: ")
    assert not list((tmp_path / "CACHE").rglob("*.safetensors"))


# ---- in processes of their own

MEASURED = """
import json, resource, subprocess, sys
done = subprocess.run([sys.executable, *sys.argv[1:]], capture_output=True, text=True, timeout=60)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([done.returncode, done.stderr, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3]))
"""


def measured(folder: Path, *words: str | Path, **environment: str) -> str:
    """The sentence of a refusal; CPU time and the most memory of the command and of all that it started."""
    homes = {f"XDG_{name}_HOME": str(folder / name) for name in ("CACHE", "DATA")}
    command = [sys.executable, "-c", MEASURED, str(ROOT / "main.py"), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | homes | environment)
    code, stderr, seconds, megabytes = json.loads(done.stdout)
    assert code == 2, stderr
    assert seconds < SECONDS
    assert megabytes < MEGABYTES
    assert stderr.startswith("livegan: ")
    assert stderr.count("\n") == 1
    return str(stderr)


STARTS = {
    ".pkl": b"\x80\x04.",
    ".pt": b"PK\x03\x04",
    ".pth": b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.",
    ".safetensors": raw({"a": tensor(0, SPARSE - 8 - 64, [SPARSE // 8])}),
    ".json": b'{"format": "livegan-network-1"',
    ".ckpt": b"",
    ".bin": b"\x89HDF\r\n\x1a\n",
}


def test_files_with_holes(run: Run, tmp_path: Path) -> None:
    """15 GB that take no room on the disk: sized and sniffed before they are hashed."""
    for suffix, start in STARTS.items():
        path = written(tmp_path, f"x{suffix}", start)
        os.truncate(path, SPARSE)
        says = "holes" if suffix in (".pkl", ".pt", ".pth", ".safetensors") else "is not a network|HDF5|bytes of JSON"
        refused(run, says, "networks", "info", path)
        for use in (find_network, network_add.add):
            with pytest.raises(NetworkError, match=says):
                use(str(path))
        path.unlink()
    info = tiny(tmp_path, "stylegan2")
    os.truncate(info.weights, 8_000_000_000)
    refused(run, "tiny.safetensors: is only .* holes", "networks", "info", info.path)


def test_time_and_memory_of_the_worst(tmp_path: Path) -> None:
    head = b'{"a":[' + b"[]," * 1_300_000 + b"[]]}"
    assert "is no tensor" in measured(tmp_path, "networks", "info", written(tmp_path, "x.safetensors", raw(head)))
    many = written(tmp_path, "y.pt", many_files(51_000))
    assert "zip archive of 51000" in measured(tmp_path, "networks", "info", many)
    path = written(tmp_path, "z.pkl", STARTS[".pkl"])
    os.truncate(path, SPARSE)
    assert "holes" in measured(tmp_path, "networks", "info", path)


def test_two_processes_convert_one_file(tmp_path: Path) -> None:
    """One of the two is kept, whole."""
    path = written(tmp_path, "x.pkl", CONVERTED)
    code = (
        "import sys; from livegan.networks import library; from livegan.networks.importers import convert; "
        "convert._check_drawable = lambda info: None; print(library.find_network(sys.argv[1]).weights.is_file())"
    )  # without torch, which takes longer to come than all the rest
    home = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "CACHE")}
    command = [sys.executable, "-c", code, str(path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, env=home) for _ in range(2)]
    assert [process.communicate()[0] for process in both] == [b"True\n"] * 2
    (folder,) = (tmp_path / "CACHE" / "livegan" / "networks").iterdir()
    assert [entry.name for entry in folder.iterdir()] == [convert.FOLDER]


def test_a_full_disk(tmp_path: Path) -> None:
    """No file may grow: the conversion says so, and leaves nothing behind."""
    path = written(tmp_path, "x.pkl", CONVERTED)
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))"
    code = f"{limit}\nfrom livegan.cli import main\nmain()"
    done = subprocess.run(
        [sys.executable, "-c", code, "networks", "info", str(path)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"XDG_CACHE_HOME": str(tmp_path / "CACHE")},
    )
    assert done.returncode == 2
    assert re.fullmatch(r"livegan: .*x\.pkl: [^\n]*(too large|disk full)[^\n]*\n", done.stderr, re.IGNORECASE), (
        done.stderr
    )
    assert not [file for file in (tmp_path / "CACHE").rglob("*") if file.is_file()]
