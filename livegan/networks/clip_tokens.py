"""Tokeniser of CLIP: byte-pair encoding of lower-case text (Sennrich et al. 2016, 1508.07909). No torch here.

The merges are those of OpenAI's bpe_simple_vocab_16e6.txt (MIT licence: clip_merges.LICENSE). Text is cleaned as ftfy
cleans it by default, except that no mojibake is mended.
"""

import gzip
import html
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

MERGES = Path(__file__).with_name("clip_merges.txt.gz")
VOCABULARY = 49408
START, END = VOCABULARY - 2, VOCABULARY - 1
CONTEXT = 77  # tokens of a text
MAX_CHARACTERS = 4000  # of a text that are looked at: ten times what fits into the context
MAX_WORD_BYTES = 400  # of a word that are looked at: merging takes the square of that
CONTRACTIONS = ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")
WORD_END = "</w>"

_TWO_IN_ONE = "ĲĳŉǄǅǆǇǈǉǊǋǌǱǲǳﬀﬁﬂﬃﬄﬆ"  # ligatures
_CLEANED = {
    **{code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFF01, 0xFFF0)},  # full and half width
    **{ord(character): unicodedata.normalize("NFKC", character) for character in _TWO_IN_ONE},
    **dict.fromkeys(map(ord, "ʼ‘’‚‛"), "'"),
    **dict.fromkeys(map(ord, "“”„‟"), '"'),
    **dict.fromkeys([*range(9), 11, *range(14, 32), 127, *range(0x206A, 0x2070), 0xFEFF, *range(0xFFF9, 0xFFFD)]),
    0x3000: " ",
    ord("ﬅ"): "ſt",
}


def tokenize(texts: Sequence[str], context: int = CONTEXT) -> list[list[int]]:
    """Tokens of each text, START first, END last, zeros up to `context`; what does not fit is cut off."""
    rows = []
    for text in texts:
        tokens = [START, *encode(text)][: context - 1]
        rows.append([*tokens, END] + [0] * (context - 1 - len(tokens)))
    return rows


def encode(text: str) -> list[int]:
    """Tokens of a text of any length, without START and END."""
    numbers, _ = _tables()
    return [numbers[token] for word in split_words(clean(text)) for token in _merged(word)]


def clean(text: str) -> str:
    """Text in lower case, without HTML entities, ligatures, curly quotes and control characters, single-spaced."""
    text = text[:MAX_CHARACTERS].encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = text if "<" in text else html.unescape(text)
    text = unicodedata.normalize("NFC", text.translate(_CLEANED))
    return " ".join(html.unescape(html.unescape(text)).split()).lower()


def split_words(text: str) -> Iterator[str]:
    """Runs of letters, single digits, runs of other signs, and the endings of contractions."""
    at = 0
    while at < len(text):
        sort, end = _sort(text[at]), at + 1
        contraction = next((each for each in CONTRACTIONS if text[at : at + 3].replace("ſ", "s").startswith(each)), "")
        if contraction:
            end = at + len(contraction)
        elif sort != "N":
            while end < len(text) and _sort(text[end]) == sort:
                end += 1
        if sort != " ":
            yield text[at:end]
        at = end


def _sort(character: str) -> str:
    """L: a letter, N: a digit or number, " ": a space, S: any other."""
    if character.isspace():
        return " "
    category = unicodedata.category(character)[0]
    return category if category in "LN" else "S"


@lru_cache(maxsize=4096)
def _merged(word: str) -> tuple[str, ...]:
    """Tokens of a word: of its bytes, the pair whose merge is the oldest becomes one, until no pair has a merge."""
    _, ranks = _tables()
    parts = [_LETTERS[byte] for byte in word.encode("utf-8")[:MAX_WORD_BYTES]]
    parts[-1] += WORD_END
    while len(parts) > 1:
        pairs = list(pairwise(parts))
        first, second = best = min(pairs, key=lambda pair: ranks.get(pair, len(ranks)))
        if best not in ranks:
            break
        joined, at = [], 0
        while at < len(parts):
            both = parts[at : at + 2] == [first, second]
            joined.append(first + second if both else parts[at])
            at += 2 if both else 1
        parts = joined
    return tuple(parts)


def _letters() -> list[str]:
    """A printable letter for each byte: itself where it is one, else one after U+0100."""
    printed = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printed]
    return [chr(byte) if byte in printed else chr(256 + others.index(byte)) for byte in range(256)]


_LETTERS = _letters()


@lru_cache(maxsize=1)
def _tables() -> tuple[dict[str, int], dict[tuple[str, str], int]]:
    """The number of each token, and the rank of each merge."""
    with gzip.open(MERGES, "rt", encoding="utf-8") as file:
        merges = [(first, second) for first, second in map(str.split, file)]
    printed = sorted(_LETTERS, key=lambda letter: (ord(letter) > 255, letter))
    tokens = [*printed, *(letter + WORD_END for letter in printed), *(first + second for first, second in merges)]
    return {token: number for number, token in enumerate(tokens)}, {merge: rank for rank, merge in enumerate(merges)}
