"""Projection of a moving picture against 1000 plain steps a frame (livegan/studio/bench_projection.py)."""

import argparse

from livegan.core.progress import progress_bar
from livegan.studio.bench_projection import measure, table
from livegan.studio.projector import ORIGINAL_STEPS, WARM_STEPS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frame", type=int, default=10)
    parser.add_argument("--space", choices=("w", "w+"), default="w")
    parser.add_argument("--warm-steps", type=int, default=WARM_STEPS)
    parser.add_argument("--plain-steps", type=int, default=ORIGINAL_STEPS)
    options = parser.parse_args()
    with progress_bar("plain projector", options.plain_steps, "steps") as report:
        row = measure(options.frame, options.space, options.warm_steps, options.plain_steps, report)
    print(table(row))


if __name__ == "__main__":
    main()
