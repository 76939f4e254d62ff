"""OSC addresses and address patterns (OSC 1.0)."""

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegan.control.osc_address import address_of, is_address, is_pattern, matching, name_of
from livegan.core.events import SPECS
from livegan.engine.vocabulary import parameter_table

ADDRESSES = ["/motion/pulse", "/motion/speed", "/effect/glow", "/effect/glow/radius", "/layer/1/x", "/layer/2/x"]


def test_every_name_has_an_address_of_its_own() -> None:
    for name in (*parameter_table(), *SPECS, "w[4:10]", "w[4:10].1", "w[10:]", "w[:-4].7", "w[-4:-1]"):
        address = address_of(name)
        assert is_address(address)
        assert not is_pattern(address)
        assert name_of(address) == name


@pytest.mark.parametrize("name", ["a b", "a#b", "w[4", "a/b,c", "ü", "x" * 200])
def test_other_names_have_none(name: str) -> None:
    assert address_of(name) == ""


@pytest.mark.parametrize(
    ("pattern", "reached"),
    [
        ("/motion/*", ADDRESSES[:2]),
        ("/*/*", ADDRESSES[:3]),
        ("/motion/puls?", ADDRESSES[:1]),
        ("/effect/g*", ADDRESSES[2:3]),
        ("/layer/[1-9]/x", ADDRESSES[4:]),
        ("/layer/[9-2]/x", ADDRESSES[5:]),
        ("/layer/[!1]/x", ADDRESSES[5:]),
        ("/{motion,effect}/{pulse,glow}", [ADDRESSES[0], ADDRESSES[2]]),
        ("/m**n/*e*", ADDRESSES[:2]),
        ("/motion*", []),
        ("/*", []),
        ("/motion/[", []),
        ("/{motion", []),
        ("/{a,{b,c}}", []),
        ("/motion/[]*", []),
        ("/" + "{a,b}" * 20, []),
    ],
)
def test_patterns_reach_within_one_part(pattern: str, reached: list[str]) -> None:
    assert is_pattern(pattern)
    assert matching(pattern, ADDRESSES) == reached


WORDS = st.text("ab-", max_size=8)


@given(parts=st.lists(st.sampled_from(["*", "?", "a", "b", "-", "[ab]", "[!a]"]), max_size=8), word=WORDS)
def test_patterns_agree_with_those_of_file_names(parts: list[str], word: str) -> None:
    pattern = "".join(parts)
    assert bool(matching(f"/{pattern}", [f"/{word}"])) == fnmatch.fnmatchcase(word, pattern)


@given(st.text(max_size=140))
def test_no_pattern_raises(pattern: str) -> None:
    matching(pattern, ADDRESSES)


def test_no_pattern_takes_long() -> None:
    """One that goes back at every star would take years."""
    assert matching("/" + "*a" * 60 + "b", ["/" + "a" * 120] * 400) == []
