"""Check of `livegan doors`: pass, warn or fail, with a sentence and what to type."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from livegan.studio.finding import Finding

Verdict = Literal["pass", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class DoorCheck:
    """One line of `livegan doors`."""

    group: str  # heading: "Scenes", "Sound", "Controls", "Screen", "Recording", "Computer"
    what: str
    verdict: Verdict
    detail: str
    repair: str = ""  # what to type or to do


def from_finding(group: str, finding: Finding, wrong: Verdict = "fail") -> DoorCheck:
    """A finding of the diagnosis as a check; `wrong`: what it is if it is not well."""
    verdict = "pass" if finding.well else wrong
    return DoorCheck(group, finding.what, verdict, finding.detail, "" if finding.well else finding.repair)


def worst(checks: Iterable[DoorCheck]) -> Verdict:
    """The worst verdict of them; of none, pass."""
    verdicts = {check.verdict for check in checks}
    return "fail" if "fail" in verdicts else "warn" if "warn" in verdicts else "pass"
