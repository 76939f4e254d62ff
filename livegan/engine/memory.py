"""How much memory this process holds."""

import os
import sys
from pathlib import Path

_STATM = Path("/proc/self/statm")


def rss_mb() -> float:
    """Resident memory [MB = 2**20 bytes]; where only the peak is known (macOS, Windows), the peak or 0."""
    if _STATM.exists():
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    if sys.platform == "win32":
        return 0.0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
