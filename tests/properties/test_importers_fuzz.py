"""Whatever is done to a network's file: it is read, or refused in one sentence. Nothing else happens."""

import pickletools
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from livegan.errors import NetworkError
from livegan.networks.importers.unpickle import Unpickler
from tests import foreign
from tests.foreign import read_network

NAMES = (
    "stylegan2-ada.pkl",
    "tensorflow.pkl",
    "rosinality.pt",
    "rosinality-training.pt",
    "stylegan3.pkl",
    "lucidrains.pt",
)
PAYLOAD = b"cos\nsystem\nX\x0c\x00\x00\x00touch canary\x85R"  # what would run
CODES = bytes(sorted({ord(code.code) for code in pickletools.opcodes}))


@cache
def files() -> dict[str, bytes]:
    return foreign.everyone()


def asked(data: bytes, folder: Path) -> None:
    """Read it as the worker does, outside its sandbox."""
    path = folder / "network"
    path.write_bytes(data)
    try:
        found = read_network(path)
    except NetworkError as error:
        sentence = str(error)
    else:
        sentence = "fine"
        assert all(np.isfinite(array).all() for array in found.tensors.values())
    assert sentence
    assert "\n" not in sentence
    assert sorted(each.name for each in folder.iterdir()) == ["network"]


quick = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(name=st.sampled_from(NAMES), data=st.data())
def test_bytes_flipped(name: str, data: st.DataObject, tmp_path_factory: object) -> None:
    whole = bytearray(files()[name])
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    asked(bytes(whole), folder_of(tmp_path_factory))


@quick
@given(name=st.sampled_from(NAMES), start=st.floats(0, 1), length=st.integers(0, 3000), again=st.booleans())
def test_pieces_removed_or_doubled(name: str, start: float, length: int, again: bool, tmp_path_factory: object) -> None:
    whole = files()[name]
    at = int(start * len(whole))
    piece = whole[at : at + length]
    asked(whole[:at] + piece * (2 if again else 0) + whole[at + length :], folder_of(tmp_path_factory))


@quick
@given(one=st.sampled_from(NAMES), two=st.sampled_from(NAMES), cut=st.floats(0, 1), seam=st.floats(0, 1))
def test_two_files_spliced(one: str, two: str, cut: float, seam: float, tmp_path_factory: object) -> None:
    first, second = files()[one], files()[two]
    asked(first[: int(cut * len(first))] + second[int(seam * len(second)) :], folder_of(tmp_path_factory))


@quick
@given(name=st.sampled_from(NAMES), place=st.floats(0, 1))
@example(name="stylegan2-ada.pkl", place=0.0)
def test_a_payload_put_anywhere(name: str, place: float, tmp_path_factory: object) -> None:
    whole = files()[name]
    at = 2 + int(place * (len(whole) - 2))
    asked(whole[:at] + PAYLOAD + whole[at:], folder_of(tmp_path_factory))


@settings(max_examples=400, deadline=None)
@given(st.lists(st.one_of(st.sampled_from([bytes([code]) for code in CODES]), st.binary(max_size=6)), max_size=60))
def test_instructions_at_random(pieces: list[bytes]) -> None:
    data = b"\x80\x04" + b"".join(pieces) + b"."
    with suppress(NetworkError):
        Unpickler(memoryview(data)).load()


def folder_of(factory: object) -> Path:
    """One folder for all examples of a test."""
    base: Path = factory.getbasetemp() / "fuzz"  # type: ignore[attr-defined]
    base.mkdir(exist_ok=True)
    return base
