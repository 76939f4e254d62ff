"""Measured figures of one row of the fault matrix.

A test judges what must be true at any speed, with patience. The figures are kept, and held to their limits, only where
LIVEGAN_FAULTS names a file: `make faults`, on a machine that does nothing else.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

GAP_S = 0.25  # longest time without a new picture, a held or an idle one
RECOVERY_S = 3.0  # from the end of the cause to the ordinary show


@dataclass(frozen=True, slots=True)
class FaultFigures:
    """Figures of one fault."""

    group: str  # heading in the table: "Sound", "Controllers", "Screen", "Disk", "Files", "Machine", "Engine"
    fault: str  # what happened: "sound server killed"
    shown: str  # what the audience and the player saw meanwhile
    gap_s: float  # longest time without a picture
    recovered_s: float | None = None  # from the end of the cause; None: it does not end
    lost: str = "nothing"  # of a recording


def record(figures: FaultFigures) -> None:
    """Keep the figures where that is asked for; AssertionError there if they are over their limits."""
    if path := os.environ.get("LIVEGAN_FAULTS"):
        with Path(path).open("a") as file:
            file.write(json.dumps(asdict(figures)) + "\n")
        assert figures.gap_s <= GAP_S, figures
        assert figures.recovered_s is None or figures.recovered_s <= RECOVERY_S, figures
