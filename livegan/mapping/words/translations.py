"""German and Chinese words of a prompt in English, by a small table (translations.toml): MiniLM knows English alone."""

import tomllib
from functools import cache
from importlib.resources import files

from livegan.mapping.words.tokens import tokens

_ENDINGS = ("", "e", "r", "er", "es", "en", "em", "n", "s", "ne", "nen", "ner", "nes")


def in_english(text: str) -> str:
    """The text with the German and Chinese words that the table knows in English; other text as it is."""
    german, unclear, chinese = _tables()
    for word in chinese:  # the longest first
        if word in text:
            text = text.replace(word, f" {chinese[word]} ")
    words = tokens(text)
    keys = [_key(word, german) for word in words]
    clear = any(key and key not in unclear and german[key] != key for key in keys)
    if not clear and len(words) != 1:
        return text
    return " ".join(german.get(key, word) for word, key in zip(words, keys, strict=True))


def _key(word: str, table: dict[str, str]) -> str:
    """The word as the table has it, without its ending; empty where it has none."""
    bare = (word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending))
    return next((key for key in bare if key in table), "")


@cache
def _tables() -> tuple[dict[str, str], frozenset[str], dict[str, str]]:
    rows = tomllib.loads((files(__package__) / "translations.toml").read_text("utf-8"))
    german, chinese = (_pairs(rows[language]["words"]) for language in ("german", "chinese"))
    longest_first = dict(sorted(chinese.items(), key=lambda pair: -len(pair[0])))
    return german, frozenset(rows["german"]["unclear"].split()), longest_first


def _pairs(text: str) -> dict[str, str]:
    parts = (part.split(":") for line in text.splitlines() for part in line.split(";") if part.strip())
    return {word.strip(): english.strip() for word, english in parts}
