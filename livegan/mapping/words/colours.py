"""Colours of a sentence by a table of colour names: which, how much of each, and which of them is the ground.

The names are those of the xkcd colour survey and of CSS Color 4, and things that have a colour ("honey", "ash"). Words
that are colours only now and then ("coral", "stone", "sea") count where the sentence says so: "coral red", "in coral".
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from livegan.core.oklab import oklab_to_srgb, parse_hex, srgb_to_oklab
from livegan.core.target import Rgb, Target
from livegan.mapping.words.tokens import word_set

HUES = (
    "red", "orange", "gold", "yellow", "green", "turquoise", "blue", "indigo", "violet", "magenta", "pink", "brown",
    "black", "white", "grey",
)  # fmt: skip
NEIGHBOURS = frozenset(  # pairs that people mix up
    frozenset(pair)
    for name, others in {
        "red": ("orange", "pink", "brown", "magenta"),
        "gold": ("orange", "yellow", "brown"),
        "orange": ("yellow", "brown"),
        "green": ("yellow", "turquoise"),
        "blue": ("turquoise", "indigo"),
        "violet": ("indigo", "magenta", "pink"),
        "magenta": ("pink",),
        "grey": ("white", "black"),
    }.items()
    for pair in ((name, other) for other in others)
)
_LONGEST = 3  # words of a name, at most
_CHANGES: dict[str, tuple[float, float, float]] = {  # OKLab lightness: added, factor of chroma, lightness at least
    "dark": (-0.18, 0.85, 0.0),
    "darkest": (-0.3, 0.7, 0.0),
    "darker": (-0.2, 0.85, 0.0),
    "deep": (-0.12, 1.0, 0.0),
    "dim": (-0.15, 0.7, 0.0),
    "midnight": (-0.3, 0.7, 0.0),
    "nocturnal": (-0.25, 0.7, 0.0),
    "dull": (-0.05, 0.55, 0.0),
    "dusky": (-0.1, 0.6, 0.0),
    "dirty": (-0.1, 0.6, 0.0),
    "muddy": (-0.15, 0.5, 0.0),
    "muted": (0.0, 0.55, 0.0),
    "faded": (0.08, 0.5, 0.0),
    "washed": (0.1, 0.45, 0.0),
    "dusty": (0.03, 0.5, 0.0),
    "smoky": (-0.05, 0.5, 0.0),
    "light": (0.16, 0.7, 0.6),
    "lighter": (0.16, 0.7, 0.6),
    "pale": (0.18, 0.45, 0.75),
    "palest": (0.25, 0.3, 0.85),
    "pastel": (0.15, 0.5, 0.8),
    "soft": (0.06, 0.75, 0.0),
    "baby": (0.2, 0.5, 0.8),
    "powdery": (0.15, 0.5, 0.75),
    "icy": (0.18, 0.5, 0.8),
    "milky": (0.2, 0.4, 0.8),
    "bright": (0.06, 1.15, 0.5),
    "brilliant": (0.06, 1.2, 0.5),
    "luminous": (0.1, 1.15, 0.6),
    "glowing": (0.06, 1.15, 0.5),
    "neon": (0.1, 1.3, 0.6),
    "electric": (0.05, 1.3, 0.5),
    "fluorescent": (0.12, 1.3, 0.6),
    "acid": (0.08, 1.3, 0.6),
    "toxic": (0.05, 1.2, 0.55),
    "hot": (0.0, 1.25, 0.5),
    "vivid": (0.0, 1.25, 0.0),
    "intense": (0.0, 1.25, 0.0),
    "rich": (-0.05, 1.15, 0.0),
    "saturated": (0.0, 1.25, 0.0),
    "royal": (-0.05, 1.1, 0.0),
}
_KEEPS = word_set("very so quite really rather a an the of in pure all deep bright pale dark light and soft")
_GROUND_BEFORE = word_set("over on upon against across before above under beneath onto behind through")
_GROUND = word_set("background backdrop ground")
_GROUND_AFTER = word_set("sky night darkness void wall canvas underground base")
_ACCENT_AFTER = word_set(
    "vein veins seam seams crack cracks edge edges rim rims hem hems border borders outline outlines highlight"
    " highlights spark sparks speck specks dots lines joints accent accents stripe glint glints tip tips lead leading"
)
_ACCENT_BEFORE = word_set("with touch touches hint hints trace dash bit tinge some few by")
_SAID = word_set("coloured colored colour color tinted toned tinged hued tones shades hues hue dyed painted lacquer")
_STRESS = word_set("mostly mainly nearly almost all entirely completely totally only purely predominantly everywhere")
_LIGHT_AFTER = word_set("of the in with by and")
_RAINBOW = word_set("rainbow rainbows multicoloured multicolored colourful colorful iridescent prismatic motley")
_NOT = word_set("no not without never nor")


@dataclass(frozen=True, slots=True)
class Found:
    """A colour that a sentence names."""

    name: str  # as it stands there: "dark violet"
    srgb: Rgb
    hue: str  # one of HUES
    role: str  # "main", "accent" or "ground"
    start: int  # its tokens: start..end
    end: int
    is_thing: bool = False  # "honey", "lava": no colour word


@cache
def table() -> dict[str, tuple[Rgb, str, str]]:
    """Name -> sRGB, hue (one of HUES), kind (c colour, t thing that has one, w only where it is said)."""
    rows = {}
    for line in (files(__package__) / "colours.tsv").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            name, code, hue, kind = line.split("\t")
            rows[name] = (parse_hex(code), hue, kind)
    return rows


@cache
def _measured() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """OKLab of every name of the table (names, 3), and the place of its hue in HUES."""
    rows = [row for row in table().values() if row[2] == "c"]
    return srgb_to_oklab([row[0] for row in rows]), np.array([HUES.index(row[1]) for row in rows])


@cache
def _hues() -> dict[tuple[int, ...], str]:
    """Colour in 8 bits -> its hue, for what has a name."""
    return {_eighth(colour): hue for colour, hue, kind in table().values() if kind != "w"}


def _eighth(srgb: Rgb) -> tuple[int, ...]:
    return tuple(round(255 * value) for value in srgb)


def hue_of(srgb: Rgb) -> str:
    """Which of the fifteen HUES a colour is called: as its nearest named colours are (OKLab); a named one as it is."""
    named = _hues().get(_eighth(srgb))
    if named is not None:
        return named
    lab, hues = _measured()
    distance = np.linalg.norm(lab - srgb_to_oklab(srgb), axis=1)
    near = np.argsort(distance)[:7]
    votes = np.bincount(hues[near], 1 / (distance[near] + 0.02), len(HUES))
    return HUES[int(votes.argmax())]


def name_of(srgb: Rgb) -> str:
    """The name of the nearest colour of the table."""
    names = [name for name, row in table().items() if row[2] == "c"]
    return names[int(np.linalg.norm(_measured()[0] - srgb_to_oklab(srgb), axis=1).argmin())]


def main_colour_name(target: Target) -> str | None:
    """Which of the fifteen HUES the largest colour of a target is; None where it has none."""
    return hue_of(target.colours[0][1]) if target.colours else None


def find_colours(words: Sequence[str]) -> list[Found]:
    """The colours that the tokens of a sentence name, in their order. Things count only where no colour is named."""
    named: list[Found] = []
    things: list[Found] = []
    at = 0
    while at < len(words):
        length = next(
            (n for n in range(min(_LONGEST, len(words) - at), 0, -1) if " ".join(words[at : at + n]) in table()), 0
        )
        if not length:
            at += 1
            continue
        name = " ".join(words[at : at + length])
        kind = table()[name][2]
        if kind != "c" and (_is_said(words, at, at + length) or _hue_follows(words, at + length)):
            kind = "c"
        elif kind == "w" and _stands_in(words, at, at + length):
            kind = "t"
        elif kind == "t" and words[at + length : at + length + 1] == ["of"]:
            kind = "w"  # "a honey of a tune", "ashes of time"
        if kind != "w" and not (set(words[max(0, at - 2) : at]) & _NOT):
            colour = _changed(words, at, at + length)
            (named if kind == "c" else things).append(replace(colour, is_thing=kind == "t"))
        at += length
    return _merged(named, words) or things[:2] or _rainbow(words)


def _rainbow(words: Sequence[str]) -> list[Found]:
    """Six colours, all alike, where the sentence asks for many."""
    at = next((at for at, word in enumerate(words) if word in _RAINBOW), None)
    if at is None:
        return []
    hues = ("red", "orange", "yellow", "green", "blue", "violet")
    return [Found(f"{words[at]}, {hue}", table()[hue][0], hue, "accent", at, at + 1) for hue in hues]


def shares(found: Sequence[Found], words: Sequence[str]) -> tuple[tuple[float, Rgb], ...]:
    """How much of the picture each colour gets, the largest first; the sum is 1."""
    if not found:
        return ()
    weights: dict[Rgb, float] = {}
    only_ground = all(colour.role == "ground" for colour in found)
    first_main = next((colour for colour in found if colour.role == "main"), None)
    for colour in found:
        weight = {"main": 0.7, "accent": 0.3, "ground": 1.0 if only_ground else 0.75}[colour.role]
        weight = 1.0 if colour is first_main else weight
        before, after = words[max(0, colour.start - 2) : colour.start], words[colour.end : colour.end + 2]
        if set(before) & _STRESS or after == ["all", "over"]:
            weight *= 1.6
        weights[colour.srgb] = max(weight, weights.get(colour.srgb, 0.0))
    total = sum(weights.values())
    mixed = [(weight / total, colour) for colour, weight in weights.items()]
    return tuple(sorted(mixed, key=lambda pair: -pair[0]))


def _is_said(words: Sequence[str], start: int, end: int) -> bool:
    """Whether the sentence says that a word is a colour: "coral coloured", "the colour of stone"."""
    behind, before = set(words[end : end + 1]), set(words[max(0, start - 4) : start])
    return bool(behind & _SAID or (words[start - 1 : start] == ["of"] and before & _SAID))


def _stands_in(words: Sequence[str], start: int, end: int) -> bool:
    """Whether something is in it, and nothing follows: "silk in coral"."""
    return words[start - 1 : start] in (["in"], ["all"]) and (end == len(words) or not words[end].isalnum())


def _hue_follows(words: Sequence[str], end: int) -> bool:
    """Whether a plain colour stands right behind: "coral red" is a red, "leaf green" a green."""
    return end < len(words) and table().get(words[end], ("", "", ""))[2] == "c"


def _changed(words: Sequence[str], start: int, end: int) -> Found:
    """The colour of a name under the words before it that change it: "very pale dusty pink"."""
    srgb, hue, _ = table()[" ".join(words[start:end])]
    lab = srgb_to_oklab(srgb)
    first = start
    while first > max(0, start - 3) and words[first - 1] in _CHANGES:
        if words[first - 1] == "light" and first > 1 and words[first - 2] in _LIGHT_AFTER:
            break  # "a ribbon of light, blue": what shines
        first -= 1
        added, factor, least = _CHANGES[words[first]]
        if hue in ("black", "brown", "indigo") and added < 0:
            added /= 3  # dark already
        lightest = 0.0 if hue == "black" else least
        lab = np.array([np.clip(max(lab[0] + added, lightest), 0.0, 1.0), lab[1] * factor, lab[2] * factor])
    if first < start:
        srgb = _within(hue, srgb, lab)
    return Found(" ".join(words[first:end]), srgb, hue, _role(words, first, end), first, end)


def _within(hue: str, srgb: Rgb, lab: NDArray[np.float64]) -> Rgb:
    """The colour `lab`, or as much of the way to it from `srgb` as is still called by its hue."""
    start = srgb_to_oklab(srgb)
    for amount in (1.0, 0.75, 0.5, 0.25):
        red, green, blue = np.round(oklab_to_srgb(start + amount * (lab - start)), 4).tolist()
        if hue_of((red, green, blue)) == hue:
            return red, green, blue
    return srgb


def _role(words: Sequence[str], start: int, end: int) -> str:
    after = set(words[end : end + 1])
    if after & _GROUND or (after & _GROUND_AFTER and start > 0):
        return "ground"
    for word in reversed(words[max(0, start - 3) : start]):
        if word in _GROUND_BEFORE:
            return "ground"
        if word in _ACCENT_BEFORE:
            return "accent"
        if word not in _KEEPS and word not in _CHANGES:
            break
    return "accent" if after & _ACCENT_AFTER else "main"


def _merged(found: list[Found], words: Sequence[str]) -> list[Found]:
    """Names side by side make one colour, the last one's: "crimson red", "leaf green"."""
    kept: list[Found] = []
    for colour in found:
        before = kept[-1] if kept else None
        if before and before.end == colour.start and before.role != "ground":
            lab = 0.3 * srgb_to_oklab(before.srgb) + 0.7 * srgb_to_oklab(colour.srgb)
            role = _role(words, before.start, colour.end)
            srgb = _within(colour.hue, colour.srgb, lab)
            kept[-1] = Found(f"{before.name} {colour.name}", srgb, colour.hue, role, before.start, colour.end)
        else:
            kept.append(colour)
    return kept
