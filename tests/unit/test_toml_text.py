"""TOML text: whatever is written is read back equal."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from livegan.core.toml_text import toml_text

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
PLAIN = TEXT | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(TEXT, VALUES, max_size=5))
def test_a_table_comes_back_equal(table: dict[str, object]) -> None:
    assert tomllib.loads(toml_text(table)) == table
