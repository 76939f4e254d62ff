"""A list that is too long or too short is told in one line, with the number found and allowed, and without its text."""

from pathlib import Path

import pytest

from livegan.config.scene import Scene
from livegan.config.setlist import SetlistTable
from livegan.config.venue import Venue
from livegan.core.toml import StrictModel, read_table
from livegan.errors import SceneError

ENTRY = '[[entries]]\nscene = "ink"\n'
ROUTE = '[[routes]]\nsource = "level"\ntarget = "effect.flash"\namount = 1\nrange = '
RANGE = "values of the source that count as nothing and full"


@pytest.mark.parametrize(
    ("model", "text", "line"),
    [
        (SetlistTable, 'title = "T"\n' + 600 * ENTRY, "entries: at most 256 are allowed, there are 600"),
        (
            SetlistTable,
            'title = "T"\nentries = []',
            "entries: at least 1 is wanted ([[entries]] in order), there is none",
        ),
        (Scene, 'title = "T"\n' + 9 * '[[layers]]\nkind = "text"\n', "layers: at most 4 are allowed, there are 9"),
        (
            Scene,
            'title = "T"\n[knobs]\n' + "".join(f'"cc.{n}" = "react"\n' for n in range(300)),
            "knobs: at most 256 are allowed, there are 300",
        ),
        (
            Scene,
            f'title = "T"\n{ROUTE}[0.5]',
            f"routes.0.range: at least 2 are wanted ({RANGE}), there is 1",
        ),
        (Scene, f'title = "T"\n{ROUTE}[]', f"routes.0.range: at least 2 are wanted ({RANGE}), there is none"),
        (Scene, f'title = "T"\n{ROUTE}[0, 1, 2]', "routes.0.range: at most 2 are allowed, there are 3"),
        (Venue, 9 * '[[outputs]]\nkind = "film"\n', "outputs: at most 8 are allowed, there are 9"),
    ],
)
def test_a_wrong_length_is_one_plain_line(tmp_path: Path, model: type[StrictModel], text: str, line: str) -> None:
    path = tmp_path / "file.toml"
    path.write_text(text)
    with pytest.raises(SceneError) as error:
        read_table(path, model, SceneError)
    assert str(error.value) == f"{path}: {line}"
