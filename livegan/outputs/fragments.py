"""Fragments of an unfinished MP4 or MOV file: where the last whole one ends (ISO/IEC 14496-12, 4.2 and 8.8)."""

from pathlib import Path

HEADER = 8  # bytes of a box: its length and its kind


def whole_fragments(path: Path) -> int:
    """Bytes up to the end of the last fragment, a box "mdat" after a "moof", that is all there; 0: none is.

    Raises OSError.
    """
    size = path.stat().st_size
    at = end = 0
    with path.open("rb") as file:
        while at + HEADER <= size:
            file.seek(at)
            head = file.read(2 * HEADER)
            length, kind = int.from_bytes(head[:4]), head[4:8]
            if length == 1:  # the length is too large for 32 bits
                length = int.from_bytes(head[8:])
            at += length
            if length < HEADER or at > size:
                break
            if kind == b"mdat":
                end = at
    return end
