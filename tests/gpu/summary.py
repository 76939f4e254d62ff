"""Summary of tests/gpu/check.sh: gathers what its parts printed in one JSON and one Markdown file."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from livegan.networks.device import machine

TAIL = 40  # lines kept of what a part printed that is not JSON
TIMED_OUT, KILLED = 124, 137  # exit codes of timeout(1)


def gather(folder: Path) -> dict[str, Any]:
    """All that the parts left in `folder`/parts."""
    parts = folder / "parts"
    there, device, reason = (parts / "presence").read_text(errors="replace").strip().split(" ", 2)
    return {
        "machine": machine(),
        "device": device,
        "there": there == "yes",
        "reason": " ".join(reason.split()),
        "parts": {end.stem: part(parts, end.stem) for end in sorted(parts.glob("*.end"), key=began)},
    }


def began(end: Path) -> float:
    """When a part ended [s], for their order."""
    return end.stat().st_mtime


def part(parts: Path, name: str) -> dict[str, Any]:
    """How a part went and its figures, or the end of what it printed."""
    code, seconds, limit, command = (parts / f"{name}.end").read_text(errors="replace").strip().split(" ", 3)
    words = {"0": "done", str(TIMED_OUT): f"not done within {limit} s", str(KILLED): f"killed after {limit} s"}
    found: dict[str, Any] = {
        "command": command,
        "seconds": int(seconds),
        "result": words.get(code, f"failed with code {code}"),
    }
    for source in (parts / f"{name}.json", parts / f"{name}.out"):
        try:
            found["figures"] = json.loads(source.read_text())
            return found
        except (OSError, ValueError):
            continue
    for stream in ("out", "err"):
        lines = (parts / f"{name}.{stream}").read_text(errors="replace").splitlines()
        if lines:
            found[stream] = lines[-TAIL:]
    return found


def markdown(facts: dict[str, Any]) -> str:
    """The facts as tables for people."""
    return "\n".join(lines(facts)) + "\n"


def lines(facts: dict[str, Any]) -> Iterator[str]:
    """Of the Markdown."""
    yield f"# livegan on {facts['device']}"
    yield ""
    yield f"{'GPU' if facts['there'] else 'No GPU'}: {facts['reason']}. Machine: {facts['machine']}."
    yield from ("", "| part | result | s |", "|---|---|---|")
    for name, found in facts["parts"].items():
        yield f"| {name} | {found['result']} | {found['seconds']} |"
    for name, found in facts["parts"].items():
        figures = found.get("figures")
        yield from ("", f"## {name}", "")
        if isinstance(figures, dict):
            yield from tables(figures)
        else:
            yield from ("```", *found.get("out", [])[-TAIL:], *found.get("err", [])[-5:], "```")


def tables(figures: dict[str, Any]) -> Iterator[str]:
    """A part's figures: single values, then one table for each list of rows."""
    yield from ("| | |", "|---|---|")
    for key, value in figures.items():
        if not (isinstance(value, list) and value and all(isinstance(row, dict) for row in value)):
            yield f"| {key} | {text(value)} |"
    for value in figures.values():
        if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
            columns = list(dict.fromkeys(key for row in value for key in row))
            yield from ("", f"| {' | '.join(columns)} |", "|---" * len(columns) + "|")
            for row in value:
                yield f"| {' | '.join(text(row.get(column, '')) for column in columns)} |"


def text(value: object) -> str:
    """A value in a cell."""
    return " ".join(str(value).replace("|", "/").split())


def main() -> None:
    """Of the folder on the command line; exit code 1 if a part was not done."""
    folder = Path(sys.argv[1])
    facts = gather(folder)
    (folder / "check.json").write_text(json.dumps(facts, indent=1) + "\n")
    (folder / "check.md").write_text(markdown(facts))
    print(f"{folder}/check.md and {folder}/check.json are written: send both")
    sys.exit(not all(found["result"] == "done" for found in facts["parts"].values()))


if __name__ == "__main__":
    main()
