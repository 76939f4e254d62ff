"""Strobe safety in a show: on unless the venue says otherwise, last in the line, logged every five seconds at most."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from livegan.config.load import load_venue
from livegan.config.scene import Scene
from livegan.config.venue import Venue
from livegan.core.clock import ManualClock
from livegan.core.types import FramePlan
from livegan.engine.assemble import shown_by, strobe_limiter
from livegan.engine.bank import Bank
from livegan.engine.guard import StrictGuard
from livegan.engine.loader import Loader
from livegan.engine.performer import Performer
from livegan.engine.report import report
from livegan.engine.show_log import ShowLog
from livegan.engine.strobe_log import NOTE_EVERY_S, StrobeLog
from livegan.errors import VenueError
from livegan.rendering.gradient import Gradient
from livegan.rendering.strobe_limiter import StrobeLimiter
from tests import wcag
from tests.building import LAYOUT, PLAIN, patch_of
from tests.show_logs import notes
from tests.shows import plain_show


def flickering(limiter: StrobeLimiter | None) -> list[float]:
    """Mean brightness of a show whose effects are a strobe of 10 Hz."""
    clock = ManualClock()
    bank = Bank(Loader(lambda info, options: Gradient(info, "cpu")), 100.0, [Gradient(PLAIN, "cpu")])
    drawn = iter(range(1000))

    def strobe(picture: object, amounts: object, dt_s: float) -> torch.Tensor:
        return torch.full((36, 64, 3), 255 * (next(drawn) // 3 % 2), dtype=torch.uint8)

    performer = Performer(
        [patch_of(Scene(title="T", network="plain"), [PLAIN], "t")],
        0,
        bank,
        strobe,  # type: ignore[arg-type]
        LAYOUT,
        clock,
        StrictGuard(clock.now),
        limiter=limiter,
    )
    return [float(np.mean(performer.step(k, k / 60, 1 / 60, None, ()).pixels)) for k in range(90)]


def test_the_limiter_has_the_last_word_whatever_made_the_picture() -> None:
    wild, calm = np.array(flickering(None)), np.array(flickering(StrobeLimiter()))
    assert np.abs(np.diff(wild)).max() == np.abs(np.diff(wild)[40:]).max() == 255
    assert np.array_equal(wild[:20], calm[:20])
    assert np.abs(np.diff(calm)[40:]).max() < 60


def test_what_was_shown_is_not_forgotten_when_pictures_are_begun_anew() -> None:
    """As after a network that failed or hung: at most three flashes in any second all the same."""
    clock, times_s = ManualClock(), [k / 60 for k in range(120)]

    def strobe(picture: object, amounts: object, dt_s: float) -> torch.Tensor:
        return torch.full((36, 64, 3), 255 * (len(shown) // 3 % 2), dtype=torch.uint8)

    shown: list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]] = []
    performer = Performer(
        [patch_of(Scene(title="T", network="plain"), [PLAIN], "t")],
        0,
        Bank(Loader(lambda info, options: Gradient(info, "cpu")), 100.0, [Gradient(PLAIN, "cpu")]),
        strobe,  # type: ignore[arg-type]
        LAYOUT,
        clock,
        StrictGuard(clock.now),
        limiter=StrobeLimiter(),
        stages=lambda: ([strobe], None, StrobeLimiter()),  # type: ignore[list-item, return-value]
    )
    for k, time_s in enumerate(times_s):
        if k in (15, 24, 36, 45, 66, 90):
            performer._renew()
        shown.append(np.asarray(performer.step(k, time_s, 1 / 60, None, ()).pixels).copy())
    assert max(wcag.flashes(shown, times_s)) <= 3
    assert performer.limiter is not None
    assert performer.limiter.limiting


def test_a_window_that_shows_a_slice_lets_less_flash() -> None:
    whole, half = Venue(), {"slice": [0, 0, 0.5, 0.5], "size": [64, 36]}
    for venue, share in (
        (whole, 1.0),
        (Venue.model_validate({"windows": [half]}), 0.25),
        (Venue.model_validate({"windows": [half | {"scene": "tide"}]}), 1.0),  # which has a limiter of its own
        (Venue.model_validate({"window": {"slice": [0, 0, 0.4, 1]}}), 0.4),
    ):
        limiter = strobe_limiter(venue, shown_by(venue))
        assert limiter is not None
        assert limiter.seen == pytest.approx(share)


def test_flashes_are_limited_unless_the_venue_says_off(tmp_path: Path) -> None:
    assert load_venue().safety.flashes == "limit"
    path = tmp_path / "club.toml"
    path.write_text('[safety]\nflashes = "off"\n')
    assert load_venue(path).safety.flashes == "off"
    path.write_text('[safety]\nflashes = "sometimes"\n')
    with pytest.raises(VenueError, match=r"safety\.flashes"):
        load_venue(path)


def test_a_scene_cannot_switch_it_off() -> None:
    assert "safety" not in Scene.model_fields


def test_the_log_notes_at_most_once_in_five_seconds_and_forgets_nothing() -> None:
    log = StrobeLog()
    notes = []
    for k in range(66 * 60):
        time_s = k / 60
        limiting = time_s < 60 and (2 <= time_s % 4 < 3 or 30 <= time_s < 48)
        note = log.step(time_s, limiting=limiting)
        if note is not None:
            notes.append((time_s, note))
    whens = [when_s for when_s, _ in notes]
    assert all(later - earlier >= NOTE_EVERY_S for earlier, later in pairwise(whens))
    assert whens[0] == pytest.approx(3.0, abs=0.05)
    assert sum(note.count for _, note in notes) == log.count == len(log.began_s)
    assert sum(note.seconds for _, note in notes) == pytest.approx(log.seconds)
    assert log.seconds == pytest.approx(
        sum(2 <= s % 4 < 3 or 30 <= s < 48 for s in np.arange(0, 60, 1 / 60)) / 60, abs=0.5
    )
    assert all(note.time_s <= when_s for when_s, note in notes)


class Strobe(Gradient):
    """Network that strobes by itself."""

    def render(self, plan: FramePlan, step: int = 0) -> torch.Tensor:
        return torch.full((36, 64, 3), 255 * (plan.index // 3 % 2), dtype=torch.uint8)


def test_telemetry_log_and_report_say_when_it_acted(tmp_path: Path) -> None:
    path = tmp_path / "show.log"
    log = ShowLog(path)
    log.open()
    show = plain_show(log=log, generator=Strobe(PLAIN, "cpu"))
    assert report(show)["strobe"]["limiter"] == "off"
    show.performer.limiter = StrobeLimiter()
    for k in range(360):
        show._frame(k, k / 60)
    telemetry = show.telemetry.peek()
    log.close()
    assert telemetry is not None
    assert telemetry.limiting
    assert telemetry.flashes == (4, 0)
    assert telemetry.flash_area == 1
    (note,) = [line for line in notes(path) if line["kind"] == "strobe"]
    facts = report(show)["strobe"]
    assert facts["limiter"] == "on"
    assert (facts["limited"], note["count"]) == (1, 1)
    assert facts["began_s"][0] == pytest.approx(note["time_s"], abs=0.01)
    assert facts["seconds"] >= note["seconds"] > 4
