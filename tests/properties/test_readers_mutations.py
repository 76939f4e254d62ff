"""Mutation fuzzing of every reader of untrusted files and messages: a value, or one refusal in plain sentences.

Every mutation has a seed, which a failure names. `make fuzz` does 20 000 for each reader.
"""

from pathlib import Path

import pytest

from tests.mutations import Reader, attack
from tests.readers_files import FILES
from tests.readers_messages import MESSAGES
from tests.readers_shows import LEFT

READERS = {**FILES, **MESSAGES, **LEFT}
MANY = 20_000


@pytest.mark.parametrize("name", READERS)
def test_damaged_files_are_read_or_refused_in_a_sentence(name: str, tmp_path: Path) -> None:
    reader = READERS[name]
    kept, _ = attack(reader, tmp_path, range(reader.in_suite))
    assert kept >= reader.kept * reader.in_suite


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_many_more(name: str, tmp_path: Path) -> None:
    attack(READERS[name], tmp_path, range(MANY * READERS[name].in_suite // Reader.in_suite))
