"""How quickly networks are drawn, against the textbook beside this file. Start it as a program: [shape ...]."""

import sys

from textbook import textbook

from livegan.studio.bench_networks import SHAPES, measure, table


def main(shapes: list[str]) -> None:
    print(table(measure(shapes or list(SHAPES), forward=textbook)))


if __name__ == "__main__":
    main(sys.argv[1:])
