"""Whatever is done to a network's file: it is read, or refused in one sentence. Nothing else happens."""

import io
import pickletools
import random
import struct
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from livegan.errors import NetworkError
from livegan.networks.architectures.stylegan_t_shape import StyleGANTShape
from livegan.networks.importers.unpickle import Unpickler
from tests import early_gans, fastgan_textbook, foreign
from tests import foreign_stylegan3 as family
from tests.foreign import read_network
from tests.foreign_stylegan_t import SHAPE, stylegan_t

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "networks"
MADE: dict[str, Callable[[], bytes]] = {  # of the readers that have no golden file
    "fastgan.pth": lambda: foreign.saved(fastgan_textbook.checkpoint(fastgan_textbook.tensors("own", 256))),
    "projected-gan.pkl": lambda: fastgan_textbook.projected(fastgan_textbook.tensors("light", 128), 128),
    "stylegan1.pkl": lambda: early_gans.stylegan1_pickle(early_gans.stylegan1([8, 6, 4], 3)),
    "progressive.pkl": lambda: early_gans.progressive_pickle(early_gans.progressive([8, 6, 4], 3)),
    "stylegan-xl.pkl": lambda: family.pickled(family.network(family.headed(16, 7, 32, 4), "xl classes")),
    "stylegan-t.pkl": lambda: stylegan_t(StyleGANTShape.of_table(4, 5, SHAPE)),
    "statedict.pt": lambda: foreign.saved({"G_ema": OrderedDict(fastgan_textbook.torched(foreign.stylegan2()))}),
    "protocol-1.pkl": lambda: foreign.nvidia(foreign.stylegan2(), foreign.SG2, protocol=1),
}
GOLDENS = {path.name for path in GOLDEN.glob("*.p*") if path.suffix in (".pkl", ".pt", ".pth")}
NAMES = sorted(GOLDENS | MADE.keys())  # of every reader
LONG = 200  # bytes: what is longer than this in a pickle is numbers or text, not what it says of them
PAYLOAD = b"cos\nsystem\nX\x0c\x00\x00\x00touch canary\x85R"  # what would run
CODES = bytes(sorted({ord(code.code) for code in pickletools.opcodes}))


@cache
def files() -> dict[str, bytes]:
    return {name: MADE[name]() if name in MADE else (GOLDEN / name).read_bytes() for name in NAMES}


@cache
def places(name: str) -> list[int]:
    """The bytes of a file that say what is in it, as against the numbers themselves."""
    whole = files()[name]
    if not whole.startswith(b"PK"):
        return _places(whole, 0)
    at, length = inside(whole)
    return _places(whole[: at + length], at)


def _places(data: bytes, start: int) -> list[int]:
    """Of a pickle that begins at `start`, and of those behind it."""
    found: list[int] = []
    stream = io.BytesIO(data)
    stream.seek(start)
    while stream.read(1) in (b"\x80", b"}", b"]", b"(", b"c"):
        stream.seek(-1, 1)
        before = stream.tell()
        for _, _, at in pickletools.genops(stream):
            assert at is not None
            found += range(before, at) if at - before < LONG else ()
            before = at
        found.append(before)
    return found


def inside(whole: bytes) -> tuple[int, int]:
    """Where the pickle of an archive lies, and how long it is."""
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        (member,) = (each for each in archive.infolist() if each.filename.endswith("/data.pkl"))
    at = member.header_offset
    return at + 30 + sum(struct.unpack("<HH", whole[at + 26 : at + 30])), member.file_size


def with_checksum(whole: bytes, changed: bytearray) -> bytes:
    """The changed file, with the checksum of its pickle if it is an archive: else that is all that is looked at."""
    if whole.startswith(b"PK"):
        at, length = inside(whole)
        old, new = (struct.pack("<I", zlib.crc32(data[at : at + length])) for data in (whole, changed))
        return bytes(changed).replace(old, new)
    return bytes(changed)


def mutated(name: str, rng: random.Random) -> bytes:
    """The file with one to three bytes, or pieces, of what it says replaced."""
    whole, where, changed = files()[name], places(name), bytearray(files()[name])
    for _ in range(rng.randint(1, 3)):
        at, length = rng.choice(where), rng.randint(1, 40)
        match rng.randrange(4):
            case 0 | 1:
                changed[at] = rng.randrange(256)
            case 2:
                changed[at] = (changed[at] + rng.choice((1, 255, 128))) % 256
            case 3:
                other = rng.choice(where)
                changed[at : at + length] = changed[other : other + length]
    return with_checksum(whole, changed)


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


quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


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


@pytest.mark.parametrize("name", NAMES)
def test_a_few_mutations(name: str, tmp_path: Path) -> None:
    rng = random.Random(name)
    for _ in range(10):
        asked(mutated(name, rng), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_twenty_thousand_mutations(name: str, tmp_path: Path) -> None:
    rng = random.Random(name)
    for _ in range(20_000):
        asked(mutated(name, rng), tmp_path)
