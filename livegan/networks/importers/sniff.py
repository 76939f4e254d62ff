"""File type detection of weights files, from their first bytes (magic numbers), never from the name."""

import re
from pathlib import Path

from livegan.errors import NetworkError

READABLE_FORMATS = (
    "livegan plays its own .safetensors with their .json, .pkl of StyleGAN 1 to 3, StyleGAN-XL, StyleGAN-T, Projected "
    "GAN and Progressive GAN, and .pt of rosinality, lucidrains, FastGAN, pSp and e4e; dreams use CLIP, Wav2CLIP and "
    "VQGAN checkpoints"
)
_PROTOCOL_1 = re.compile(  # it has no number at its start: an empty dictionary or list in its first place, or a name
    rb"[}\]]q\x00|\({0,3}c[A-Za-z_][\w.]{0,200}\n[A-Za-z_][\w.]{0,200}\n[q(]", re.DOTALL
)
TORCH_START = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # torch.save before 1.6: the pickle of its magic number
HEAD_BYTES = 4096  # bytes that are enough for detection
_OTHER_TYPES = (
    (b"\x89PNG", 0, "a picture (PNG)"),
    (b"\xff\xd8\xff", 0, "a picture (JPEG)"),
    (b"GIF8", 0, "a picture (GIF)"),
    (b"WEBP", 8, "a picture (WebP)"),
    (b"WAVE", 8, "a song (WAV)"),
    (b"ID3", 0, "a song (MP3)"),
    (b"\xff\xfb", 0, "a song (MP3)"),
    (b"OggS", 0, "a song (Ogg)"),
    (b"fLaC", 0, "a song (FLAC)"),
    (b"ftyp", 4, "a film or a song (MP4)"),
    (b"\x1aE\xdf\xa3", 0, "a film (Matroska)"),
    (b"%PDF", 0, "a PDF"),
    (b"\x89HDF", 0, "an HDF5 file: a projection is for the path of a scene, and Keras networks cannot be played"),
    (b"\x1f\x8b", 0, "a gzip archive: unpack it and give what is in it"),
    (b"BZh", 0, "a bzip2 archive: unpack it and give what is in it"),
    (b"\xfd7zXZ", 0, "an xz archive: unpack it and give what is in it"),
    (b"7z\xbc\xaf", 0, "a 7z archive: unpack it and give what is in it"),
    (b"Rar!", 0, "a RAR archive: unpack it and give what is in it"),
    (b"ustar", 257, "a tar archive: unpack it and give what is in it"),
    (b"\x7fELF", 0, "a program"),
    (b"MZ", 0, "a program"),
    (b"GGUF", 0, "a language model (GGUF)"),
)


def sniff(head: bytes, size: int) -> str:
    """One of "json", "safetensors", "zip", "legacy" (torch before 1.6), "pickle"; any other type is a NetworkError.

    `head` is the first HEAD bytes of a file, `size` the length of all of it.
    """
    if not head:
        raise NetworkError("is empty; download or copy it again")
    if head.startswith(b"PK\x03\x04"):
        return "zip"
    if head.startswith(TORCH_START):
        return "legacy"
    if (head[0] == 0x80 and len(head) > 1 and 2 <= head[1] <= 5) or _PROTOCOL_1.match(head):
        return "pickle"
    if len(head) > 8 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= size:
        return "safetensors"
    for magic, at, what in _OTHER_TYPES:
        if head[at : at + len(magic)] == magic:
            raise NetworkError(f"is {what}; {READABLE_FORMATS}")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        raise NetworkError("is a web page, not what was to be downloaded from it; open the link in a browser and save")
    if start.startswith(b"version https://git-lfs"):
        raise NetworkError("is only the pointer of Git LFS to the file; type: git lfs pull")
    if start.startswith(b"{"):
        return "json"
    if start[:1] in (b"(", b"c", b"}") and b"\n" in head and (b"\np" in head or b"\nR" in head or b"\nS" in head):
        raise NetworkError("refused, and nothing in it was run: it is a pickle of the oldest kind (protocol 0)")
    raise NetworkError(f"is not a network, or not a whole one; {READABLE_FORMATS}")


def sniff_file(path: Path) -> str:
    """`sniff` of a file; NetworkError if it is none, or cannot be read."""
    if path.is_dir():
        raise NetworkError("is a folder; give one of the files in it", path)
    if not path.is_file():
        raise NetworkError("is no file" if path.exists() else "no such file", path)
    try:
        with path.open("rb") as file:
            return sniff(file.read(HEAD_BYTES), path.stat().st_size)
    except OSError as error:
        raise NetworkError(f"cannot be read ({error.strerror})", path) from error
    except NetworkError as error:
        raise error.about(path) from error


def looks_like_one(path: Path) -> bool:
    """Whether a file in a folder of snapshots is meant to be a network: by its content, or else by its ending."""
    if path.suffix.lower() in (".pkl", ".pt", ".pth", ".safetensors"):
        return True
    try:
        kind = sniff_file(path)
        return kind in ("pickle", "legacy", "safetensors") or (kind == "zip" and _holds_pickle(path))
    except (NetworkError, OSError):
        return False


def _holds_pickle(path: Path) -> bool:
    """Whether the first file in a zip is the pickle of torch.save: the table at its end may be made to be huge."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    return head[30 : 30 + int.from_bytes(head[26:28], "little")].endswith(b"/data.pkl")
