"""What fell between two measurements of the hearing benchmarks: `... hearing_compare BEFORE.json NOW.json`.

    python -m tests.benchmarks.hearing_compare before.json now.json [--by 0.01] [--ms 1] [--a-minute 2]

Both files are as `--json` of `bench_hearing` and `bench_hearing_real` writes them. Printed is each cell that became
worse: shares by more than 0.01, times by 1 ms (`_ms`) or 0.1 s (`_s`), counts by any, events a minute by two where
there is no music. It ends with 1 if there is such a cell, so that it can stand in a check.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

LESS_IS_BETTER = {"_ms": "ms", "lock_s": "seconds", "cost_s": "cost", "_count": "count", "_a_minute": "a_minute"}


@dataclass(frozen=True)
class Fall:
    """A cell that became worse."""

    cell: str
    before: float
    now: float | None  # None: no longer there

    def __str__(self) -> str:
        now = "gone" if self.now is None else f"{self.now:.4g} ({self.now - self.before:+.4g})"
        return f"{self.cell}: {self.before:.4g} -> {now}"


def falls(before: dict[str, float], now: dict[str, float], limits: dict[str, float]) -> list[Fall]:
    """Cells of `before` that are worse in `now` by more than `limits` (by kind), the worst first; those gone last."""
    found: list[tuple[float, Fall]] = []
    for cell, was in before.items():
        if cell not in now:
            found.append((0.0, Fall(cell, was, None)))
            continue
        kind = next((kind for end, kind in LESS_IS_BETTER.items() if cell.endswith(end)), "share")
        if cell.endswith("ece_error"):
            worse, kind = now[cell] - was, "share"
        else:
            worse = was - now[cell] if kind == "share" else now[cell] - was
        if worse > limits[kind] + 1e-9:
            found.append((worse / max(limits[kind], 1e-3), Fall(cell, was, now[cell])))
    return [fall for _, fall in sorted(found, key=lambda one: -one[0])]


def read_cells(path: Path) -> dict[str, float]:
    """Cells of a measurement, or of a folder of them."""
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    cells: dict[str, float] = {}
    for file in files:
        cells |= json.loads(file.read_text(encoding="utf-8"))["cells"]
    return cells


def main() -> int:
    """Compare, print, 1 if something fell."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("before", type=Path, help="JSON of a measurement, or a folder of such files")
    words.add_argument("now", type=Path)
    words.add_argument("--only", default="", help="cells whose name contains this")
    words.add_argument("--by", type=float, default=0.01, help="how far a share may fall")
    words.add_argument("--ms", type=float, default=1.0, help="how much a time may rise [ms]")
    words.add_argument("--seconds", type=float, default=0.1, help="how much the lock may rise [s]")
    words.add_argument("--cost", type=float, default=0.01, help="how much the CPU time per second may rise [s]")
    words.add_argument("--count", type=float, default=0.0, help="how much a number of items may rise")
    words.add_argument("--a-minute", type=float, default=2.0, help="how much events a minute may rise")
    asked = words.parse_args()
    before, now = (
        {name: value for name, value in read_cells(path).items() if asked.only in name}
        for path in (asked.before, asked.now)
    )
    limits = {"share": asked.by, "ms": asked.ms, "seconds": asked.seconds, "cost": asked.cost}
    limits |= {"count": asked.count, "a_minute": asked.a_minute}
    found = falls(before, now, limits)
    print(f"{len(before)} cells; {len(found)} are worse" + (":" if found else "."))
    for fall in found:
        print(f"- {fall}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
