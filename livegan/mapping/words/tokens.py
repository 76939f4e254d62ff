"""Tokens of a sentence: lower-case words and punctuation, hyphens opened, and word stems."""

import re
import unicodedata

_PARTS = re.compile(r"[^\W_]+|[^\w\s]")
_ENDINGS = ("ically", "ingly", "edly", "iness", "ness", "ing", "ies", "ied", "est", "ed", "es", "ly", "s", "y", "e")


def tokens(text: str) -> list[str]:
    """Words and punctuation marks: "Blood-red, the SEA's foam" is blood red , the sea foam."""
    plain = unicodedata.normalize("NFKC", text).lower().replace("’", "'").replace("'s ", " ")
    return [part for part in _PARTS.findall(plain) if part not in "-'"]


def stem(word: str) -> str:
    """The beginning that the forms of a word share: ripple, ripples, rippling, rippled. At least three letters stay."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "ls":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


def word_set(*text: str) -> frozenset[str]:
    """The words of a text, for tables."""
    return frozenset(" ".join(text).split())
