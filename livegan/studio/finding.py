"""Finding of the diagnosis: one line of `livegan doctor`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """Finding: one line of `livegan doctor`."""

    what: str
    well: bool
    detail: str
    repair: str = ""
    needed: bool = False  # no show can run without it
