"""`livegan check` finds in a venue what `livegan play` would refuse."""

from pathlib import Path

import pytest

from livegan.config.venue import AudioTable, OutputTable, Venue
from livegan.engine.check import check
from livegan.engine.outputs import check_outputs
from livegan.errors import MediaError


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nosuch.wav", ["no file called 'nosuch.wav'"]),
        ("nosuch.mid", ["nosuch.mid"]),
        ("compose:nosuch", ["nosuch"]),
        ("a sound card", []),
        ("demo", []),
        ("", []),
    ],
)
def test_an_input_that_is_a_file_is_looked_for(name: str, said: list[str]) -> None:
    lines = check(Venue(audio=AudioTable(input=name)), ["default"])
    assert len(lines) == len(said)
    assert all(line.startswith("venue: audio.input: ") and text in line for line, text in zip(lines, said, strict=True))


def test_an_output_that_play_refuses_is_a_mistake_and_each_is_told(tmp_path: Path) -> None:
    film = OutputTable.model_validate({"kind": "film", "path": "x.xyz"})
    good = OutputTable.model_validate({"kind": "film", "path": str(tmp_path / "x.mp4")})
    lines = check(Venue(outputs=(film, good, film)), ["default"])
    assert [line.partition(" a film")[0] for line in lines] == [f"venue: outputs.{i}: cannot write" for i in (0, 2)]
    with pytest.raises(MediaError) as error:
        check_outputs([film])
    assert str(error.value) in lines[0]
    assert not list(tmp_path.iterdir())
