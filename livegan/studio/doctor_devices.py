"""Diagnosis of drawing devices: which are there, what their trials said, and what to type so that they can be used."""

from collections.abc import Iterator

from livegan.networks.cache import forget_all
from livegan.networks.device import DRAWING_DEVICES, TORCH_DEVICES
from livegan.networks.drivers import PROBES, Presence, presence
from livegan.rendering.trial import RETRY, Verdict, forget, remembered
from livegan.studio.finding import Finding


def forget_trials() -> None:
    """Forget the verdicts about all devices and every benchmark, so that the next loading of a network tries them."""
    for device in (*TORCH_DEVICES, *DRAWING_DEVICES):
        forget(device)
    forget_all("backend-")


def device_findings() -> Iterator[Finding]:
    """One finding for each device but the CPU."""
    for device in PROBES:
        found = presence(device)
        yield _finding(found, remembered("cuda" if device == "rocm" else device) if found.there else [])


def _finding(found: Presence, verdicts: list[Verdict]) -> Finding:
    what = f"--device {found.device}"
    if not found.there:
        return Finding(what, False, found.reason, found.install)
    if not verdicts:
        return Finding(what, False, f"{found.reason}; not tried yet", RETRY)
    tried = "; ".join(f"{verdict.backend} {verdict.outcome}: {verdict.reason}" for verdict in verdicts)
    return Finding(what, any(verdict.safe for verdict in verdicts), f"{found.reason}; {tried}", RETRY)
