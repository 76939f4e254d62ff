"""Zip archive of torch.save since 1.6, or of TorchScript: a pickle and one uncompressed file per tensor storage."""

import zipfile
import zlib
from typing import Any, BinaryIO

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.importers.storages import Storage, storage_of
from livegan.networks.importers.unpickle import Unpickler
from livegan.networks.importers.values import Refused

MAX_FILES = 50_000
MAX_TABLE_BYTES = 1 << 23  # bytes of the table at the end: Python needs some ten times that to read it
MAX_PICKLE_BYTES = 1 << 27  # bytes of the pickle: it holds names, the numbers lie beside it
HEADER_BYTES = 30  # bytes before the name of a file in a zip
END_BYTES, END_64_BYTES, LOCATOR_BYTES = 22, 56, 20  # bytes of what ends a zip


def read_archive(file: BinaryIO, data: memoryview) -> Any:
    """What the archive's pickle holds; `data` is all of the file. Nothing is unpacked to disk."""
    if _table_bytes(data) > MAX_TABLE_BYTES:
        raise NetworkError("refused: it is a zip archive with a table of more files than any network has")
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, UnicodeError) as error:
        raise NetworkError("is a broken or truncated zip archive; download or copy it again") from error
    if len(members) > MAX_FILES:
        raise NetworkError(f"refused: it is a zip archive of {len(members)} files")
    pickles = [member.filename for member in members if member.filename.endswith("/data.pkl")]
    if len(pickles) != 1 or pickles[0].count("/") != 1:
        inside = sorted(member.filename for member in members if member.filename.endswith((".pkl", ".pt", ".pth")))
        hint = f": unpack it and give '{printable(inside[0], 80)}'" if inside and not pickles else ""
        raise NetworkError(f"is a zip archive that torch did not write{hint}")
    prefix = pickles[0].removesuffix("data.pkl")
    files: dict[str, zipfile.ZipInfo] = {}
    for member in members:
        name = member.filename
        if not name.startswith(prefix) or ".." in name.split("/") or "\\" in name:
            raise NetworkError(f"refused: it is a zip archive with a file called {name[:80]!a}")
        if name in files:
            raise NetworkError(f"refused: it is a zip archive with two files called {name[:80]!a}")
        if name.startswith((f"{prefix}code/", f"{prefix}extra/")):  # the program of a TorchScript archive: never read
            continue
        if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1:
            raise NetworkError("refused: it is a packed or encrypted zip archive; torch packs nothing")
        if member.compress_size != member.file_size or member.file_size > len(data):
            raise NetworkError(f"refused: it is a zip archive whose {name[:80]!a} says it is larger than the file")
        files[name] = member
    order = files.get(f"{prefix}byteorder")
    if order is not None and bytes(_content(order, data)) != b"little":
        raise NetworkError("was written on a machine with another byte order")
    storages: dict[str, Storage] = {}

    def persistent(named: Any) -> Storage:
        storage, key = storage_of(named)
        if key in storages:
            if (storages[key].code, storages[key].count) != (storage.code, storage.count):
                raise Refused("it says two things of one tensor")
            return storages[key]
        member = files.get(f"{prefix}data/{key}")
        if member is None or member.file_size != storage.size:
            raise NetworkError(f"is truncated, or a tensor in it ('{printable(key, 40)}') is not as long as it says")
        storages[key] = storage
        storage.data = _content(member, data)
        return storage

    pickle = files[pickles[0]]
    if pickle.file_size > MAX_PICKLE_BYTES:
        raise NetworkError(f"refused: it is a zip archive with a pickle of {pickle.file_size / 1e6:.0f} MB")
    return Unpickler(_content(pickle, data), 0, persistent).load()


def _table_bytes(data: memoryview) -> int:
    """The length that a zip gives of its table, the largest where it gives two; 0 if it has no end."""
    tail = bytes(data[-(1 << 16) - END_BYTES - LOCATOR_BYTES - END_64_BYTES :])
    lengths = [0]
    at = tail.rfind(b"PK\x05\x06")
    while at >= 0:
        locator, length = at - LOCATOR_BYTES, int.from_bytes(tail[at + 12 : at + 16], "little")
        lengths.append(0 if length == 0xFFFFFFFF else length)
        if locator >= END_64_BYTES and tail[locator : locator + 4] == b"PK\x06\x07":
            lengths.append(int.from_bytes(tail[locator - 16 : locator - 8], "little"))
        at = tail.rfind(b"PK\x05\x06", 0, at)
    return max(lengths)


def _content(member: zipfile.ZipInfo, data: memoryview) -> memoryview:
    """The bytes of a file in the archive, where they lie. A zip names each file twice: both must say the same."""
    at = member.header_offset
    head = bytes(data[at : at + HEADER_BYTES])
    if len(head) != HEADER_BYTES or head[:4] != b"PK\x03\x04":
        raise NetworkError("is a broken or truncated zip archive; download or copy it again")
    start = at + HEADER_BYTES + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
    content = data[start : start + member.file_size]
    if len(content) != member.file_size:
        raise NetworkError("is a broken or truncated zip archive; download or copy it again")
    if member.filename.endswith(("data.pkl", "byteorder")) and zlib.crc32(content) != member.CRC:
        raise NetworkError("is a damaged zip archive (its checksum is wrong); download or copy it again")
    return content
