"""How quickly a song becomes a film, against lucid-sonic-dreams' way (livegan/studio/lucid_textbook.py): [song]."""

import sys

from livegan.studio.bench_studio import measure, table


def main(song: str) -> None:
    print(table(measure(song, echo=print)))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "demo")
