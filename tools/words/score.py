"""Score sentences: `python -m tools.words.score FILE.json ...`.

A file is a list of {"text", "class", "colour"}, or of {"text"} for nonsense. Prints how many classes and colours are
right, by class, and what was mistaken for what; of nonsense how much is told.
"""

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

from livegan.mapping.words import UNSURE, understand
from livegan.mapping.words.colours import NEIGHBOURS, main_colour_name
from livegan.mapping.words.phrases import motif_names
from livegan.mapping.words.reading import what_is_missing


def main() -> None:
    """Score each file and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--quiet", action="store_true", help="the sums alone, not the sentences that went wrong")
    asked = parser.parse_args()
    print(what_is_missing() or "with the sentence model")
    for path in asked.files:
        rows = json.loads(path.read_text("utf-8"))
        print(f"\n{path.name}: {len(rows)} sentences")
        if rows and "class" in rows[0]:
            _score(rows, asked.quiet)
        else:
            _score_nonsense(rows, asked.quiet)


def _score(rows: list[dict[str, Any]], quiet: bool) -> None:
    of, right, best3, unsure = Counter[str](), Counter[str](), Counter[str](), 0
    mistaken: Counter[tuple[str, str]] = Counter()
    colours, strict, near, uncoloured, invented = 0, 0, 0, 0, 0
    understand("warm up")
    start = time.perf_counter()
    targets = [understand(row["text"]) for row in rows]
    seconds = time.perf_counter() - start
    for row, target in zip(rows, targets, strict=True):
        said = next(iter(target.classes), "nothing")
        of[row["class"]] += 1
        right[row["class"]] += said == row["class"]
        best3[row["class"]] += row["class"] in list(target.classes)[:3]
        unsure += target.confidence < UNSURE
        colour = main_colour_name(target)
        if row.get("colour"):
            colours += 1
            strict += colour == row["colour"]
            near += colour == row["colour"] or frozenset((str(colour), row["colour"])) in NEIGHBOURS
        else:
            uncoloured += 1
            invented += colour is not None
        if said != row["class"]:
            mistaken[row["class"], said] += 1
        if not quiet and (said != row["class"] or colour != row.get("colour")):
            print(f"  {row['class']}, {row.get('colour')}: said {said}, {colour}: {row['text']}")
    print(f"class right {right.total()} of {len(rows)}, among the kept {best3.total()}; called nonsense {unsure}")
    print(f"colour right {strict} of {colours}, a neighbour counted {near}; invented {invented} of {uncoloured}")
    print(f"{1000 * seconds / len(rows):.1f} ms a sentence")
    for name in motif_names():
        if of[name]:
            errors = ", ".join(f"{n} {said}" for (true, said), n in mistaken.most_common() if true == name)
            print(f"| {name} | {right[name]} of {of[name]} | {errors or '-'} |")


def _score_nonsense(rows: list[dict[str, Any]], quiet: bool) -> None:
    told = 0
    for row in rows:
        target = understand(row["text"])
        told += target.confidence < UNSURE
        if not quiet and target.confidence >= UNSURE:
            print(f"  taken for sense ({target.confidence:.2f}): {row['text']!r}: {', '.join(target.understood)}")
    print(f"nonsense told {told} of {len(rows)}")


if __name__ == "__main__":
    main()
