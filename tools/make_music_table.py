"""Table of docs/dreaming.md: tags, mood and picture of songs, as Markdown. `python -m tools.make_music_table *.wav`.

With `tests/golden/style_tags.json` as the first argument it writes the songs' mean tags there instead.
"""

import json
import sys
from pathlib import Path

from livegan.studio.dream.meaning import meaning_of_song

NUMBERS = ("energy", "valence", "warmth", "brightness", "motion", "sharpness")


def row(path: Path) -> str:
    """A line of the table."""
    meaning = meaning_of_song(path)
    mood, target = meaning.mood(), meaning.target()
    tags = ", ".join(f"{tag} {share:.2f}".replace("0.", ".") for tag, share in meaning.top(4))
    numbers = " | ".join(f"{mood[name]:.2f}".replace("0.", ".") for name in NUMBERS)
    classes = ", ".join(f"{name} {100 * share:.0f}" for name, share in list(target.classes.items())[:2])
    colours = " ".join("".join(f"{round(255 * part):02x}" for part in colour) for _, colour in target.colours[:2])
    return f"| {path.stem} | {tags} | {numbers} | {classes} | {colours} |"


if __name__ == "__main__":
    first, *rest = sys.argv[1:]
    if first.endswith(".json"):
        tags = {Path(name).stem: meaning_of_song(Path(name)).mean_tags() for name in sorted(rest)}
        short = {name: {tag: round(share, 5) for tag, share in mean.items()} for name, mean in tags.items()}
        Path(first).write_text(json.dumps(short, separators=(",", ":")).replace("},", "},\n") + "\n", encoding="utf-8")
    else:
        print(f"| song | tags | {' | '.join(NUMBERS)} | motifs (%) | colours |")
        print("|---" * (len(NUMBERS) + 4) + "|")
        for name in sorted((first, *rest)):
            print(row(Path(name)))
