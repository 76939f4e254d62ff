"""Files made to harm: each is refused with one clear sentence, and nothing in them ever runs."""

import ast
import builtins
import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import livegan
from livegan.errors import NetworkError
from livegan.networks.api import load_network
from livegan.networks.architectures.stylegan2_shape import StyleGAN2Shape, tensor_shapes
from livegan.networks.cache import cache_folder, file_hash
from livegan.networks.importers import convert
from livegan.networks.importers.sniff import looks_like_one
from livegan.networks.info import NetworkInfo, read_info, write_info
from livegan.networks.library import find_network, find_networks
from livegan.studio import network_add, network_convert, network_list
from tests import foreign
from tests.foreign import SG2, Kept, read_network, written


@pytest.fixture(autouse=True)
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file that every payload would create, in the folder it would be created in."""
    monkeypatch.chdir(tmp_path)
    yield tmp_path / "canary"
    assert not (tmp_path / "canary").exists()
    assert not list(tmp_path.rglob("canary"))


class Payload:
    """What a pickle of it would run."""

    def __init__(self, function: Callable[..., Any] = os.system, *arguments: Any) -> None:
        self.made = function, arguments or ("touch canary",)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.made


def text(word: str) -> bytes:
    data = word.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def call(module: str, name: str, *arguments: bytes) -> bytes:
    return text(module) + text(name) + b"\x93(" + b"".join(arguments) + b"tR"


def refused(data: bytes, tmp_path: Path, name: str = "network.pkl") -> str:
    """The sentence that reading it gives."""
    with pytest.raises(NetworkError) as caught:
        read_network(written(tmp_path, name, data))
    sentence = str(caught.value)
    assert sentence
    assert "\n" not in sentence
    assert len(sentence) < 500
    return sentence


SYSTEM = f"{os.system.__module__}.system"


@pytest.mark.parametrize("protocol", range(2, 6))
@pytest.mark.parametrize("around", [lambda it: it, lambda it: {"G_ema": it}, lambda it: (it, it, it)])
def test_a_call_is_refused_by_its_name(protocol: int, around: Callable[[Any], Any], tmp_path: Path) -> None:
    sentence = refused(pickle.dumps(around(Payload()), protocol), tmp_path)
    assert "nothing in it was run" in sentence
    assert SYSTEM in sentence


@pytest.mark.parametrize("protocol", [0, 1])
def test_the_oldest_pickles_are_refused(protocol: int, tmp_path: Path) -> None:
    refused(pickle.dumps({"G_ema": Payload()}, protocol), tmp_path)
    refused(pickle.dumps(Payload(), protocol), tmp_path)


def test_messages_of_refused_files(tmp_path: Path) -> None:
    path = written(tmp_path, "lynx.pkl", pickle.dumps(Payload()))
    with pytest.raises(NetworkError) as caught:
        find_network(path)
    assert str(caught.value) == f"{path}: refused, and nothing in it was run: it wants to run '{SYSTEM}'"


@pytest.mark.parametrize(
    "payload",
    [
        Payload(builtins.eval, "open('canary','w')"),
        Payload(builtins.exec, "open('canary','w')"),
        Payload(builtins.setattr, Payload, "made", 1),
        Payload(subprocess.check_call, ["touch", "canary"]),
        Payload(pickle.loads, pickle.dumps(Payload())),
        Payload(open, "canary", "w"),
        Payload(torch.load, "canary"),
    ],
    ids=lambda payload: payload.made[0].__name__,
)
def test_other_calls(payload: Payload, tmp_path: Path) -> None:
    assert "it wants to run" in refused(pickle.dumps({"G_ema": payload}), tmp_path)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("collections", "OrderedDict.__init__.__globals__"),
        ("numpy", "dtype.__class__"),
        ("numpy", "load"),
        ("torch.storage", "_load_from_bytes.__globals__"),
        ("torch._utils", "_rebuild_tensor_v2.__class__"),
        ("builtins", "__import__"),
        ("dnnlib.util", "EasyDict.__setattr__"),
        ("os", "system"),
        ("", ""),
        ("\n", "x"),
    ],
)
def test_names_with_dots_lead_nowhere(module: str, name: str, tmp_path: Path) -> None:
    sentence = refused(b"\x80\x04" + call(module, name, text("touch canary")) + b".", tmp_path)
    assert sentence.startswith("refused, and nothing in it was run: it wants to run")


@pytest.mark.parametrize(
    "name",
    [
        *("collections.OrderedDict.fromkeys", "numpy.ndarray.tofile", "numpy.core.multiarray.fromfile"),
        *("builtins.getattr", "dnnlib.util.call_func_by_name", "functools.partial", "operator.attrgetter"),
    ],
)
def test_other_names_are_inert(name: str, tmp_path: Path) -> None:
    """Honest pickles mention some of them; what would be called, changed or filled is data, and no network."""
    module, _, last = name.rpartition(".")
    made = call(module, last, text("touch canary"))
    data = b"\x80\x04" + made + b"}b" + made + b"a" + made + made + b"s" + b"(" + made + b"\x90" + b")R" + b")\x81."
    assert refused(data, tmp_path).startswith(f"holds an object of '{name}'")


@pytest.mark.parametrize("tail", [b"", b"garbage", b"\xff" * 50, b"("])
def test_a_payload_before_a_broken_end(tail: bytes, tmp_path: Path) -> None:
    """A pickle that is read to its end before it is judged has run by then."""
    assert SYSTEM in refused(pickle.dumps(Payload())[:-1] + tail, tmp_path)
    whole = foreign.nvidia(foreign.stylegan2(), SG2)
    assert "it wants to run" in refused(whole[:-1] + call("os", "system", text("touch canary")) + tail, tmp_path)


def test_a_pickle_in_the_bytes_of_a_tensor(tmp_path: Path) -> None:
    inner = {
        "a payload": pickle.dumps(Payload()),
        "a payload after the magic": foreign.saved(torch.zeros(1), legacy=True)[:14] + pickle.dumps(Payload()),
        "a payload among the storages": foreign.saved({"x": Payload()}, legacy=True),
        "no storage": foreign.saved({"x": 1}, legacy=True),
        "nothing": b"",
        "a zip": foreign.saved(torch.zeros(4)),
    }
    for what, data in inner.items():
        bytes_ = b"B" + struct.pack("<I", len(data)) + data
        storage = call("torch.storage", "_load_from_bytes", bytes_)
        tensor = call("torch._utils", "_rebuild_tensor_v2", storage, b"K\x00", b"(K\x06t", b"(K\x01t", b"\x89", b"N")
        path = written(tmp_path, "network.pkl", with_w_avg(tensor))
        with pytest.raises(NetworkError) as caught:
            read_network(path)
        assert ("run" in str(caught.value)) == ("payload" in what), what


def with_w_avg(node: bytes) -> bytes:
    """The pickle of a generator whose average w is what these instructions make."""
    whole = foreign.nvidia(foreign.stylegan2(), SG2, attributes={"mapping": {"_buffers": {"w_avg": "HERE"}}})
    before, here, after = whole.partition(b"\x8c\x04HERE")
    assert here
    return before + node + after


def numbers(count: int) -> bytes:
    """The instructions of a storage of so many zeros."""
    storage = torch.storage.TypedStorage(
        wrap_storage=torch.zeros(count).untyped_storage(), dtype=torch.float32, _internal=True
    )
    data = foreign.saved(storage, legacy=True)
    return call("torch.storage", "_load_from_bytes", b"B" + struct.pack("<I", len(data)) + data)


@pytest.mark.parametrize(
    ("shape", "strides", "offset"),
    [
        ((10**9, 10**9), (1, 1), 0),
        ((10**6,), (0,), 0),
        ((6,), (10**8,), 0),
        ((6,), (-1,), 5),
        ((6,), (1,), 1),
        ((6,), (1,), 10**8),
        ((6,), (1,), -1),
        ((6, 1), (1,), 0),
        ((-6,), (1,), 0),
        ((2,) * 60, (1,) * 60, 0),
        ((True,), (1,), 0),
        (("6",), (1,), 0),
        (6, 1, 0),
    ],
)
def test_tensors_that_reach_outside_their_numbers(shape: Any, strides: Any, offset: int, tmp_path: Path) -> None:
    storage = numbers(6)
    plain = [pickle.dumps(value, 4)[2:-1] for value in (offset, shape, strides)]
    tensor = call("torch._utils", "_rebuild_tensor_v2", storage, *plain, b"\x89", b"N")
    assert "tensor" in refused(with_w_avg(tensor), tmp_path)


def test_arrays_that_lie(tmp_path: Path) -> None:
    def array(dtype: bytes, state: bytes) -> bytes:
        made = call(
            "numpy.core.multiarray", "_reconstruct", text("numpy") + text("ndarray") + b"\x93", b"(K\x00t", b"C\x01b"
        )
        return made + b"(K\x01" + b"(K\x06t" + dtype + b"\x89" + state + b"tb"

    def dtype(letters: str) -> bytes:
        return call("numpy", "dtype", text(letters), b"\x89", b"\x88")

    names = b"(K\x03" + text("<") + b"N" + b"(" + text("x") + b"t" + b"}" + b"J\xff\xff\xff\xff" * 2 + b"K\x00tb"
    six = b"C\x18" + bytes(24)
    for made in (
        array(dtype("O"), b"]"),
        array(dtype("O8"), six),
        array(dtype("f4"), b"C\x02ab"),
        array(dtype("f4"), b"]N" + b"a"),
        array(dtype("V4"), six),
        array(dtype("f4") + names, six),
        array(text("f4"), six),
        call("numpy.core.multiarray", "scalar", dtype("f4"), b"C\x02ab"),
        call("numpy.core.multiarray", "scalar", dtype("O"), b"N"),
        call("torch._utils", "_rebuild_parameter"),
        call("torch._utils", "_rebuild_tensor_v2"),
        array(call("numpy", "dtype"), six),
        array(dtype("f4"), text("\u0100" * 24)),
        array(dtype("f4"), text("\u0100" * 5000)),
    ):
        refused(with_w_avg(made), tmp_path)
    for fine in (array(dtype("f4"), six), array(dtype("f8"), b"C\x30" + bytes(48))):
        assert not read_network(written(tmp_path, "fine.pkl", with_w_avg(fine))).tensors["mapping.w_avg"].any()


@pytest.mark.parametrize(
    "code", [b"\x82\x01", b"\x83\x01\x00", b"\x84\x01\x00\x00\x00", b"(ios\nsystem\n", b"(cos\nsystem\no"]
)
def test_instructions_that_no_network_needs(code: bytes, tmp_path: Path) -> None:
    assert "nothing in it was run" in refused(b"\x80\x02" + code + b".", tmp_path)


@pytest.mark.parametrize("code", [b"Pcanary\n", b"K\x01Q", b"\x97", b"F1\n", b"S'x'\n", b"Vx\n"])
def test_other_instructions_that_no_network_needs(code: bytes, tmp_path: Path) -> None:
    assert "refused" in refused(b"\x80\x02" + code + b".", tmp_path)


BOMBS = {
    "a million lists": b"]" * 1_100_000 + b".",
    "lists in lists": b"]" * 100 + b"a" * 99 + b".",
    "a deep tuple": b")" + b"\x85" * 300_000 + b".",
    "tuples of themselves": b")" + b"2\x86" * 100_000 + b".",
    "a tuple of tuples as a key": b"}" + b")" + b"2\x86" * 90 + b"N" + b"s.",
    "a set of them": b"\x8f(" + b")" + b"2\x86" * 90 + b"\x90.",
    "a type of them": text("numpy") + text("dtype") + b"\x93" + b")" + b"2\x86" * 90 + b"\x89\x88\x87R.",
    "a long number": b"\x8b\xff\xff\xff\x7f" + b"\x00" * 100 + b".",
    "a number of minus bytes": b"\x8b\xff\xff\xff\xff.",
    "bytes without end": b"\x8e" + b"\xff" * 8 + b"x.",
    "a buffer without end": b"\x96" + b"\x00" * 6 + b"\x01\x00" + b"x.",
    "text without end": b"\x8d" + b"\xff" * 8 + b"x.",
    "a place far away": b"Nr\xff\xff\xff\xff" + b"0" + b"j\xff\xff\xff\xff.",
    "a place that is not": b"j\xff\xff\xff\x7f.",
    "a place in words": b"Np" + b"9" * 400 + b"\n.",
    "marks": b"(" * 50_000 + b".",
    "a dictionary into itself": b"}q\x00" + text("G_ema") + b"h\x00s.",
    "nothing at all": b".",
    "an empty stack": b"0.",
    "below a mark": b"N(0" * 3 + b"R.",
    "a change to a list": b"]}b.",
    "a change to a number": b"K\x01}b.",
    "named arguments": text("collections") + text("OrderedDict") + b"\x93)}" + text("x") + b"Ns\x92.",
    "a call of a number": b"K\x01)R.",
    "a call of a call": call("collections", "OrderedDict") + b")R.",
}


@pytest.mark.parametrize("what", BOMBS)
def test_bombs(what: str, tmp_path: Path) -> None:
    refused(b"\x80\x04" + BOMBS[what], tmp_path)


def test_states_that_are_none(tmp_path: Path) -> None:
    for state in (Payload, 1, {"_modules": 1}, {"_modules": {"x": 1}}, {"_parameters": {"x": "y"}}, {}):
        with foreign.foreign_modules():
            kept = Kept("Generator")
            kept.state = state  # type: ignore[assignment]
            try:
                data = pickle.dumps({"G_ema": kept})
            except (pickle.PicklingError, AttributeError):
                continue
        refused(data, tmp_path)
    with foreign.foreign_modules():
        for state in (
            None,
            5,
            [],
            {"version": Payload()},
            {"version": 4},
            {"version": 4, "components": {"mapping": 1}},
        ):
            network = foreign.Network()
            network.state = state  # type: ignore[assignment]
            refused(pickle.dumps((network,) * 3), tmp_path)


def test_a_dictionary_with_a_state_of_its_own(tmp_path: Path) -> None:
    """What would be written into its inside is dropped."""
    odd = b"\x80\x04" + text("dnnlib.util") + text("EasyDict") + b"\x93)\x81}" + text("__class__") + b"Nsb."
    assert "no network livegan knows" in refused(odd, tmp_path)


def test_modules_within_modules_without_end(tmp_path: Path) -> None:
    meta = b"}q\x00" + text("state") + b"}" + text("_modules") + b"}" + text("x")
    object_ = call("torch_utils.persistence", "_reconstruct_persistent_obj", b"h\x00")
    data = b"\x80\x02" + meta + object_ + b"sss0" + b"}" + text("G_ema") + object_ + b"s."
    assert "module" in refused(data, tmp_path)


def test_a_network_cut_anywhere(tmp_path: Path) -> None:
    tensors = foreign.stylegan2()
    plain = foreign.stylegan2({**SG2, "c_dim": 0})
    for data in (
        foreign.nvidia(tensors, SG2),
        foreign.tensorflow(tensors, SG2),
        foreign.rosinality(plain),
        foreign.rosinality(plain, legacy=True),
        foreign.lucidrains(),
    ):
        for share in np.linspace(0, 0.99, 23):
            refused(data[: int(len(data) * share)], tmp_path)
        if data[:2] != b"PK":
            refused(data[:-1], tmp_path)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite(bad: float, tmp_path: Path) -> None:
    tensors = foreign.stylegan2()
    tensors["synthesis.b8.conv0.weight"][0, 0, 0, 0] = bad
    assert "not finite in 'synthesis.b8.conv0.weight'" in refused(foreign.nvidia(tensors, SG2), tmp_path)


def test_shapes_that_contradict_each_other(tmp_path: Path) -> None:
    for name, shape in (
        ("synthesis.b8.conv1.noise_const", (9, 9)),
        ("synthesis.b16.conv0.weight", (4, 5, 3, 3)),
        ("synthesis.b16.conv0.weight", (4, 6, 5, 5)),
        ("mapping.fc1.weight", (6, 7)),
        ("mapping.embed.bias", (7,)),
        ("synthesis.b4.torgb.bias", (4,)),
    ):
        tensors = foreign.stylegan2() | {name: np.zeros(shape, np.float32)}
        assert name in refused(foreign.nvidia(tensors, SG2), tmp_path)
    said = foreign.nvidia(foreign.stylegan2(), SG2, attributes={"": {"z_dim": 512}})
    assert "contradicts itself: it says z_dim is 512, its tensors say 8" in refused(said, tmp_path)
    tensors = foreign.stylegan2()
    tensors.pop("synthesis.b8.conv1.weight")
    refused(foreign.nvidia(tensors, SG2), tmp_path)


@pytest.mark.parametrize(
    ("where", "what"),
    [
        ("synthesis.b8.conv0", {"activation": "relu"}),
        ("mapping.fc0", {"activation": "tanh"}),
        ("synthesis.b8.conv0", {"conv_clamp": 1}),
        ("synthesis.b8.conv0", {"conv_clamp": float("nan")}),
        ("mapping.fc0", {"bias_gain": 0}),
        ("mapping.fc0", {"bias_gain": float("nan")}),
        ("mapping.fc0", {"bias_gain": "x"}),
    ],
)
def test_networks_that_would_be_drawn_wrong(where: str, what: dict[str, Any], tmp_path: Path) -> None:
    name = next(iter(what)).replace("bias_gain", "learning rate")
    assert name in refused(foreign.nvidia(foreign.stylegan2(), SG2, attributes={where: what}), tmp_path)


def archive(tmp_path: Path, change: Callable[[zipfile.ZipFile, zipfile.ZipInfo, bytes], None]) -> bytes:
    """A checkpoint with each file in it written by `change`."""
    source = written(tmp_path, "fine.pt", foreign.rosinality(foreign.stylegan2({**SG2, "c_dim": 0})))
    odd = tmp_path / "odd.pt"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(odd, "w") as new:
        for member in old.infolist():
            change(new, member, old.read(member))
    return odd.read_bytes()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_tricks_with_zips(tmp_path: Path) -> None:
    def copy(new: zipfile.ZipFile, member: zipfile.ZipInfo, data: bytes) -> None:
        new.writestr(member.filename, data)

    read_network(written(tmp_path, "same.pt", archive(tmp_path, copy)))

    def packed(new: zipfile.ZipFile, member: zipfile.ZipInfo, data: bytes) -> None:
        new.writestr(member.filename, data, zipfile.ZIP_DEFLATED)

    assert "packed" in refused(archive(tmp_path, packed), tmp_path)

    def outside(new: zipfile.ZipFile, member: zipfile.ZipInfo, data: bytes) -> None:
        copy(new, member, data)
        new.writestr(f"{member.filename.partition('/')[0]}/../../canary", b"x")

    assert "called" in refused(archive(tmp_path, outside), tmp_path)

    def absolute(new: zipfile.ZipFile, member: zipfile.ZipInfo, data: bytes) -> None:
        copy(new, member, data)
        new.writestr(str(tmp_path / "canary"), b"x")

    assert "called" in refused(archive(tmp_path, absolute), tmp_path)

    def twice(new: zipfile.ZipFile, member: zipfile.ZipInfo, data: bytes) -> None:
        copy(new, member, data)
        if member.filename.endswith("/0"):
            copy(new, member, data)

    assert "two files" in refused(archive(tmp_path, twice), tmp_path)

    def short(new: zipfile.ZipFile, member: zipfile.ZipInfo, data: bytes) -> None:
        new.writestr(member.filename, data[:-4] if "/data/" in member.filename else data)

    assert "not as long" in refused(archive(tmp_path, short), tmp_path)

    def payload(new: zipfile.ZipFile, member: zipfile.ZipInfo, data: bytes) -> None:
        new.writestr(member.filename, pickle.dumps(Payload(), 2) if member.filename.endswith("data.pkl") else data)

    assert SYSTEM in refused(archive(tmp_path, payload), tmp_path)

    def turned(new: zipfile.ZipFile, member: zipfile.ZipInfo, data: bytes) -> None:
        new.writestr(member.filename, b"big" if member.filename.endswith("byteorder") else data)

    assert "byte order" in refused(archive(tmp_path, turned), tmp_path)

    data = bytearray(archive(tmp_path, copy))
    for at in range(len(data) - 4):
        if data[at : at + 4] == b"PK\x01\x02":  # sizes in the table at its end
            data[at + 20 : at + 28] = struct.pack("<II", 2**31, 2**31)
    refused(bytes(data), tmp_path)
    flagged = bytearray(archive(tmp_path, copy))
    for at in range(len(flagged) - 4):
        if flagged[at : at + 4] == b"PK\x01\x02":
            flagged[at + 8] |= 1
    assert "encrypted" in refused(bytes(flagged), tmp_path)
    with zipfile.ZipFile(tmp_path / "pictures.zip", "w") as new:
        new.writestr("00000/img.png", b"x")
        new.writestr("network.pkl", b"x")
    sentence = refused((tmp_path / "pictures.zip").read_bytes(), tmp_path)
    assert "unpack it and give 'network.pkl'" in sentence


def test_bytes_of_a_tensor_of_no_type(tmp_path: Path) -> None:
    state = {"g_ema": {"style.1.weight": torch.zeros(3, 3, dtype=torch.complex64)}}
    assert "complex numbers" in refused(foreign.saved(state), tmp_path)
    assert "'g_ema'" in refused(foreign.saved({"g_ema": OrderedDict(x=torch.zeros(3))}), tmp_path)


def test_a_broken_config_beside_a_checkpoint(tmp_path: Path) -> None:
    path = written(tmp_path, "model_1.pt", foreign.lucidrains())
    read_network(path)
    for says in (b"{", b"[" * 60_000, b"[1]", b'{"lr_mlp": "x"}', b'{"lr_mlp": 1e999}', b'{"image_size": 64}'):
        (tmp_path / ".config.json").write_bytes(says)
        with pytest.raises(NetworkError) as caught:
            read_network(path)
        assert "\n" not in str(caught.value)


def test_code_is_accepted_only_from_the_users_own_folder(tmp_path: Path) -> None:
    info = NetworkInfo("evil", tmp_path / "evil.json", "custom", (8, 8), 4, shape={"function": "os:system"})
    write_info(info)
    for find in (find_network, find_networks):
        with pytest.raises(NetworkError, match="names code to run"):
            find(info.path)
    with pytest.raises(NetworkError, match="names code to run"):
        find_networks(tmp_path)


def test_safetensors_that_lie(tmp_path: Path) -> None:
    from livegan.rendering.load import load_generator

    shape = {"channels": [4], "mapping_layers": 1}
    info = NetworkInfo("lie", tmp_path / "lie.json", "stylegan2", (4, 4), 4, w_dim=4, shape=shape)
    write_info(info)
    entry = {"x": {"dtype": "F32", "shape": [10**6, 10**6], "data_offsets": [0, 4]}}
    for header in (json.dumps(entry).encode(), b'{"x":1}', b"{", b"[" * 1000, b"{}"):
        info.weights.write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))
        with pytest.raises(NetworkError) as caught:
            load_generator(find_network(info.path), "cpu")
        assert "\n" not in str(caught.value)
    info.weights.write_bytes(struct.pack("<Q", 2**62) + b"{}")
    with pytest.raises(NetworkError):
        load_generator(find_network(info.path), "cpu")


def test_links(tmp_path: Path) -> None:
    whole = written(tmp_path, "whole.pkl", foreign.nvidia(foreign.stylegan2(), SG2))
    (tmp_path / "link.pkl").symlink_to(whole)
    assert find_network(tmp_path / "link.pkl").name == "link"
    (tmp_path / "loop.pkl").symlink_to(tmp_path / "loop.pkl")
    (tmp_path / "nowhere.pkl").symlink_to(tmp_path / "gone")
    os.mkfifo(tmp_path / "pipe.pkl")
    for name in ("loop.pkl", "nowhere.pkl", "pipe.pkl", "."):
        with pytest.raises(NetworkError):
            find_network(tmp_path / name)
    with pytest.raises(NetworkError):
        find_network("/dev/zero")


def test_limits_of_memory_and_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "bomb.pkl", b"\x80\x04" + b"(" + b"\x8f" * 999_000 + b"t.")
    monkeypatch.setattr(convert, "BASE_MEMORY_BYTES", 220_000_000)
    with pytest.raises(NetworkError, match="needs more than 226 MB of memory"):
        find_network(path)
    monkeypatch.setattr(convert, "BASE_MEMORY_BYTES", 10_000_000_000)
    monkeypatch.setattr(convert, "BASE_SECONDS", 0)
    with pytest.raises(NetworkError, match="took longer than 0 s"):
        find_network(path)


SANDBOXED = """
import sys, os, socket, subprocess, ctypes, shutil
from pathlib import Path
from livegan.networks.importers import sandbox
folder = Path(sys.argv[1])
(folder / "writable").mkdir()
(folder / "readable").write_text("x")
sandbox.drop_network()
sandbox.install_audit_hook(folder / "writable", [folder / "readable"])
(folder / "writable" / "fine").write_text("x")
(folder / "readable").read_text()
try:
    ATTEMPT
except sandbox.SandboxViolation as error:
    print(error)
"""


@pytest.mark.parametrize(
    "attempt",
    [
        "os.system('touch canary')",
        "subprocess.run(['touch', 'canary'])",
        "os.execv('/bin/true', ['true'])",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "os.fork()",
        "open('canary', 'w')",
        "open(folder / 'canary', 'w')",
        "open(folder / 'readable', 'a')",
        "open('/etc/hostname')",
        "open(folder / 'writable' / '..' / 'canary', 'w')",
        "os.open('canary', os.O_CREAT | os.O_WRONLY)",
        "os.remove(folder / 'readable')",
        "os.rename(folder / 'readable', folder / 'canary')",
        "os.symlink('/etc', folder / 'writable' / 'link')",
        "os.mkdir('canary')",
        "shutil.rmtree(folder)",
        "os.listdir('/')",
        "import antigravity",
        "__import__('http.server')",
        "ctypes.CDLL(None)",
        "ctypes.string_at(0)",
        "socket.create_connection(('127.0.0.1', 9))",
        "socket.socket().bind(('127.0.0.1', 0))",
        "sys.setprofile(print)",
        "compile('1', 'x', 'exec')",
    ],
)
def test_nothing_leaves_the_sandbox(attempt: str, tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", SANDBOXED.replace("ATTEMPT", attempt), str(room)],
        cwd=room,
        env={"PYTHONPATH": str(Path(livegan.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("refused: reading it led to"), done
    assert (room / "readable").read_text() == "x"


def test_no_module_can_load_the_unsafe_way() -> None:
    """pickle, marshal, shelve, numpy.load with pickles: nowhere, whatever they are called.

    torch.load only of weights, spelt out, and only of a run's own checkpoint.
    """
    root = Path(livegan.__file__).parent
    forbidden = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
    for path in root.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        harmless = [
            node.func
            for node in nodes
            if isinstance(node, ast.Call)
            and path == root / "training/checkpoint.py"
            and any(word.arg == "weights_only" and getattr(word.value, "value", 0) is True for word in node.keywords)
        ]
        for node in nodes:
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name.partition(".")[0] for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [(node.module or "").partition(".")[0]]
                assert not (node.module == "torch" and any(alias.name == "load" for alias in node.names)), path
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                whole = f"{node.value.id}.{node.attr}"
                assert node in harmless or whole not in ("torch.load", "torch.jit.load", "jit.load", "hub.load"), path
            elif isinstance(node, ast.Call):
                assert not any(
                    word.arg == "allow_pickle" and getattr(word.value, "value", 1) for word in node.keywords
                ), path
                assert not (isinstance(node.func, ast.Name) and node.func.id in ("eval", "exec")), path
            assert not forbidden & set(names), path


PLAYABLE: dict[str, Any] = {
    "format": "livegan-network-1",
    "kind": "stylegan2",
    "resolution": [16, 16],
    "z_dim": 8,
    "w_dim": 6,
    "shape": {"channels": [4, 4, 4], "mapping_layers": 1},
}


def described(tmp_path: Path, said: Any, **shape: Any) -> Path:
    path = tmp_path / "said.json"
    values = {**PLAYABLE, **said, "shape": {**PLAYABLE["shape"], **shape}} if isinstance(said, dict) else said
    path.write_text(values if isinstance(values, str) else json.dumps(values), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("said", "shape"),
    [
        ({"title": "\x1b[2Jgone"}, {}),
        ({"licence": "\ud800"}, {}),
        ({"kind": "two\nlines"}, {}),
        ({"resolution": [16384, 16384]}, {}),
        ({f"\x1b[2J{index}": 1 for index in range(9999)}, {}),
        ({}, {f"key {index}": 1 for index in range(9999)}),
        ({}, {"\x1b[2J": 1}),
        ({}, {"conv_clamp": 10**400}),
        ({}, {"filter": [1, 10**4000]}),
        ({}, {"colours": 3.0}),
        ({}, {"colours": True}),
        ({}, {"tiles": [0, 0]}),
        ({"kind": "lightweight", "z_dim": 6}, {"initial_channels": 4, "lr_multiplier": 10**400}),
        ("[" * 100_000, {}),
    ],
)
def test_descriptions_that_lie(said: Any, shape: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(NetworkError) as caught:
        load_network(described(tmp_path, said, **shape))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 900


@pytest.mark.parametrize("number", [torch.int8, torch.bool, torch.complex64, torch.float8_e4m3fn])
def test_weights_of_another_type(number: torch.dtype, tmp_path: Path) -> None:
    path = described(tmp_path, {})
    wanted = tensor_shapes(StyleGAN2Shape.of(read_info(path)))
    save_file({name: torch.zeros(size).to(number) for name, size in wanted.items()}, path.with_suffix(".safetensors"))
    with pytest.raises(NetworkError, match=r"holds (I8|BOOL), not numbers|of type '(C64|F8_E4M3)'"):
        load_network(path)


def test_files_that_are_larger_than_any_network(tmp_path: Path) -> None:
    """They have holes, so they are quickly made; nothing may read them to their end."""
    path = described(tmp_path, {})
    for beside, start in ((".safetensors", struct.pack("<Q", 2) + b"{}"), (".pkl", b"\x80\x04.")):
        with path.with_suffix(beside).open("wb") as file:
            file.write(start)
            try:
                file.truncate(1 << 38)
            except OSError:
                pytest.skip("this disk takes no file with holes")
    for one, words in ((path, "larger than 9 GB"), (path.with_suffix(".pkl"), "larger than 16 GB")):
        with pytest.raises(NetworkError, match=words):
            load_network(one)


@pytest.mark.parametrize("name", ["~nobody-of-that-name/x.pkl", "a" * 5000, "a" * 300 + ".pkl", "a\0b.pkl", "a\x1b[2J"])
def test_names_that_no_file_can_have(name: str) -> None:
    for find in (find_network, find_networks, network_add.add):
        with pytest.raises(NetworkError) as caught:
            find(name)
        assert len(str(caught.value)) < 900


def test_pipes_in_a_folder_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.json")
    os.mkfifo(tmp_path / "noend")
    with pytest.raises(NetworkError, match="no networks in this folder"):
        find_networks(tmp_path)
    path = described(tmp_path, {})
    os.mkfifo(path.with_suffix(".safetensors"))
    convert_it = partial(network_convert.convert, output=tmp_path / "out", tiles=None, overwrite=False)
    for use in (load_network, network_list.describe, convert_it):
        with pytest.raises(NetworkError, match="is no file"):
            use(str(path))


def test_numbers_that_no_float_holds(tmp_path: Path) -> None:
    layers = ("b4.conv1", "b4.torgb", "b8.conv0", "b8.conv1", "b8.torgb", "b16.conv0", "b16.conv1", "b16.torgb")
    clamps = {f"synthesis.{layer}": {"conv_clamp": 10**400} for layer in layers}
    data = foreign.nvidia(foreign.stylegan2(), SG2, attributes=clamps)
    assert "it has a number of 167 bytes" in refused(data, tmp_path)
    path = written(tmp_path, "model_1.pt", foreign.lucidrains())
    (tmp_path / ".config.json").write_text(f'{{"lr_mlp": {10**400}}}')
    with pytest.raises(NetworkError, match="a number of 401 digits"):
        read_network(path)


def test_a_file_that_changes_while_it_is_read_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "growing.pkl", foreign.nvidia(foreign.stylegan2(), SG2))
    run = convert._run

    def slow(*job: Any) -> None:
        run(*job)
        path.write_bytes(path.read_bytes() + b"more")

    monkeypatch.setattr(convert, "_run", slow)
    with pytest.raises(NetworkError, match="was changed while it was read"):
        find_network(path)


def test_a_damaged_cache_is_made_anew(tmp_path: Path) -> None:
    path = written(tmp_path, "once.pkl", foreign.nvidia(foreign.stylegan2(seed=77), SG2))
    weights = find_network(path).weights
    whole = weights.read_bytes()
    for header in (
        b"[]",
        b"[" * 50_000,
        b'{"a": []}',
        b'{"a": {"data_offsets": []}}',
        b'{"a": {"data_offsets": "xx"}}',
    ):
        weights.write_bytes(struct.pack("<Q", len(header)) + header)
        assert find_network(path).weights.read_bytes() == whole


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff\x1b[2J.pkl")
    try:
        path.write_bytes(foreign.nvidia(foreign.stylegan2(), SG2))
    except OSError:
        pytest.skip("this system has no such names")
    assert all(line.isprintable() for line in network_list.describe(str(path)))
    done = network_convert.convert(str(path), tmp_path / "out.safetensors", None, False)
    assert find_network(done.path).source.isprintable()


def test_an_archive_in_a_folder_is_recognised_by_its_start(tmp_path: Path) -> None:
    """The table at a zip's end may be made to be huge."""
    assert looks_like_one(written(tmp_path, "checkpoint", foreign.lucidrains()))
    with zipfile.ZipFile(tmp_path / "pictures", "w") as new:
        new.writestr("00000/img.png", b"x")
    assert not looks_like_one(tmp_path / "pictures")


def test_what_a_killed_conversion_left_is_taken_away(tmp_path: Path) -> None:
    path = written(tmp_path, "again.pkl", foreign.nvidia(foreign.stylegan2(seed=78), SG2))
    folder = cache_folder(file_hash(path))
    for name in ("converting-old", "converting-now"):
        (folder / name / convert.FOLDER).mkdir(parents=True)
    os.utime(folder / "converting-old", (0, 0))
    find_network(path)
    assert sorted(left.name for left in folder.iterdir()) == ["converting-now", convert.FOLDER]
