"""Fault table of docs/reliability.md: replaces it by the figures that `make faults` measured.

Called by `make faults`: `python tools/make_fault_table.py build/faults.jsonl docs/reliability.md`.
"""

import json
import sys
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"
HEAD = """| what happens | what is seen | longest without a picture [ms] | ordinary show again after [s] | lost |
|---|---|---|---|---|"""


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown table, one heading line for each group, the newest figures of each fault."""
    newest = {(row["group"], row["fault"]): row for row in rows}
    lines = [HEAD]
    for group in dict.fromkeys(row["group"] for row in rows):
        lines.append(f"| **{group}** | | | | |")
        for row in [row for (its_group, _), row in newest.items() if its_group == group]:
            again = "" if row["recovered_s"] is None else f"{row['recovered_s']:.1f}"
            lines.append(f"| {row['fault']} | {row['shown']} | {1e3 * row['gap_s']:.0f} | {again} | {row['lost']} |")
    return "\n".join(lines)


def main() -> None:
    """Write the table into the page."""
    figures, page = map(Path, sys.argv[1:])
    rows = [json.loads(line) for line in figures.read_text().splitlines()]
    text = page.read_text()
    before, after = text[: text.index(BEGIN) + len(BEGIN)], text[text.index(END) :]
    page.write_text(f"{before}\n{table(rows)}\n{after}")


if __name__ == "__main__":
    main()
