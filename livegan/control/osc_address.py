"""OSC addresses: the names of parameters and controls with slashes, and OSC address patterns (OSC 1.0).

``motion.pulse`` is ``/motion/pulse``. Brackets are no part of an address, so ``w[4:10].1`` is ``/w/4:10/1``.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import product

MAX_ADDRESS = 128  # characters, of an address or a pattern
MAX_ALTERNATIVES = 32  # that the braces of one pattern may stand for

_ADDRESS = re.compile(r"(?:/[!\"$-)+.0-<>@-Z\\^-z|~-]+)+|/")  # OSC 1.0: printable ASCII without ' # * , / ? [ ] { }
_SLICE = re.compile(r"w\[([^\]]*)\]((?:\.\d)?)")
_SLICE_ADDRESS = re.compile(r"/w/(-?\d*:-?\d*)((?:/\d)?)")
_WILD = re.compile(r"[*?\[{]")


def address_of(name: str) -> str:
    """The address of a parameter or a control; "" for a name that no address can hold."""
    slice_ = _SLICE.fullmatch(name)
    written = f"w.{slice_[1]}{slice_[2]}" if slice_ else name
    address = "/" + written.replace(".", "/")
    return address if is_address(address) else ""


def name_of(address: str) -> str:
    """The name that `address` stands for, whether there is such a thing or not."""
    slice_ = _SLICE_ADDRESS.fullmatch(address)
    return f"w[{slice_[1]}]{slice_[2]}".replace("/", ".") if slice_ else address[1:].replace("/", ".")


def is_address(address: str) -> bool:
    """Whether it is an address, and no pattern."""
    return len(address) <= MAX_ADDRESS and _ADDRESS.fullmatch(address) is not None


def is_pattern(address: str) -> bool:
    """Whether it has a character that only patterns have."""
    return _WILD.search(address) is not None


@lru_cache(maxsize=256)
def matcher(pattern: str) -> Callable[[str], bool] | None:
    """A function that says whether an address matches; None for what is no pattern (OSC 1.0, "Message Dispatching").

    ``?`` is one character and ``*`` any number, within one part; ``[a-z]`` one of these and ``[!a-z]`` none of them;
    ``{a,bc}`` one of these words. Takes time in proportion to the length of an address, whatever the pattern.
    """
    if len(pattern) > MAX_ADDRESS or not pattern.startswith("/"):
        return None
    written = _written_out(pattern)
    expressions = [_expression(each) for each in written or ()]
    if not expressions or None in expressions:
        return None
    compiled = re.compile("|".join(f"(?:{each})" for each in expressions))
    return lambda address: compiled.fullmatch(address) is not None


def matching(pattern: str, addresses: Iterable[str]) -> list[str]:
    """Those of the addresses that match a pattern, in their order."""
    matches = matcher(pattern)
    return [address for address in addresses if matches(address)] if matches is not None else []


def _written_out(pattern: str) -> list[str] | None:
    """The pattern once for each choice of what its braces hold; None if they are wrong or stand for too many."""
    parts = re.split(r"\{([^{}]*)\}", pattern)
    if any(character in part for part in parts[::2] for character in "{}"):
        return None
    choices = [part.split(",") if i % 2 else [part] for i, part in enumerate(parts)]
    count = 1
    for choice in choices:
        count *= len(choice)
        if count > MAX_ALTERNATIVES:
            return None
    return ["".join(each) for each in product(*choices)]


def _expression(pattern: str) -> str | None:
    """A pattern without braces as a regular expression that never goes back further than its last star."""
    pieces, at = [""], 0  # between the stars
    while at < len(pattern):
        character = pattern[at]
        if character == "*":
            if pieces[-1] or len(pieces) == 1:  # two stars in a row are one
                pieces.append("")
        elif character == "?":
            pieces[-1] += "[^/]"
        elif character == "[":
            end = pattern.find("]", at)
            if end < 0:
                return None
            pieces[-1] += _characters(pattern[at + 1 : end])
            at = end
        else:
            pieces[-1] += re.escape(character)
        at += 1
    first, *others = pieces
    if not others:
        return first
    *middle, last = others
    return first + "".join(f"(?>[^/]*?{piece})" for piece in middle) + f"[^/]*{last}"


def _characters(inner: str) -> str:
    """What stands between brackets, as a regular expression of one character."""
    negated, inner = inner.startswith("!"), inner.removeprefix("!")
    found: list[str] = []
    at = 0
    while at < len(inner):
        if at + 2 < len(inner) and inner[at + 1] == "-":
            low, high = sorted((inner[at], inner[at + 2]))
            found.append(f"{re.escape(low)}-{re.escape(high)}")
            at += 3
        else:
            found.append(re.escape(inner[at]))
            at += 1
    if not found:
        return "[^/]" if negated else "(?!)"
    return f"(?!/)[{'^' if negated else ''}{''.join(found)}]"
