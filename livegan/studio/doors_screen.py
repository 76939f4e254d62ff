"""Checks of `livegan doors` on the screen: the one that the venue names, its refresh rate, OpenGL and blanking."""

import re
from collections.abc import Iterator, Sequence

from livegan.config.venue import Venue
from livegan.studio.doctor import display_findings
from livegan.studio.door_check import DoorCheck, from_finding
from livegan.studio.finding import Finding

GROUP = "Screen"
SCREEN = re.compile(r"(?P<name>.+?), (?P<width>\d+)x(?P<height>\d+), (?P<rate>\d+) Hz")
"""As `ui.display.ScreenInfo` is printed."""
WANTED = ("display", "OpenGL", "screen blanking")


def screen_checks(program: str, venue: Venue) -> Iterator[DoorCheck]:
    """What the display probe `program` finds, and whether it is what the venue asks for."""
    findings = [finding for finding in display_findings(program) if finding.what in WANTED]
    yield from judged_screens(findings, venue)


def judged_screens(findings: Sequence[Finding], venue: Venue) -> Iterator[DoorCheck]:
    """The verdicts on those findings."""
    for finding in findings:
        yield from_finding(GROUP, finding, "warn" if finding.what == "screen blanking" else "fail")
    display = next((finding for finding in findings if finding.what == "display" and finding.well), None)
    if display is None:
        return
    screens = display.detail.split("; ")
    wanted = venue.window.screen
    named = [text for text in screens if wanted.lower() in text.lower()] if wanted else screens[:1]
    if not named:
        detail = f"no screen is called '{wanted}'; there are: {display.detail}"
        yield DoorCheck(GROUP, "screen of the venue", "fail", detail, "plug it in; livegan devices")
        return
    for number, window in enumerate(venue.windows, 2):
        if not any(window.screen.lower() in text.lower() for text in screens):
            detail = f"no screen is called '{window.screen}'; there are: {display.detail}"
            yield DoorCheck(GROUP, f"window {number}", "fail", detail, "plug it in; livegan devices")
    found = SCREEN.match(named[0])
    if found is None:
        return
    rate_hz, fps = int(found["rate"]), venue.picture.fps
    width, height = venue.window.size
    if rate_hz and fps > rate_hz + 1:
        detail = f"{found['name']} shows {rate_hz} pictures a second, the venue asks for {fps:g}"
        yield DoorCheck(GROUP, "refresh rate", "warn", detail, f"livegan play --fps {rate_hz}")
    elif rate_hz and not venue.window.vsync:
        yield DoorCheck(GROUP, "refresh rate", "warn", "vsync is off: pictures tear", "[window] vsync = true")
    elif rate_hz:
        yield DoorCheck(GROUP, "refresh rate", "pass", f"{found['name']}: {rate_hz} Hz for {fps:g} fps")
    if not venue.window.fullscreen and (width > int(found["width"]) or height > int(found["height"])):
        detail = f"a window of {width}x{height} px is larger than {found['name']}"
        yield DoorCheck(GROUP, "window", "warn", detail, "livegan play --fullscreen")
