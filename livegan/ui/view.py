"""Show view: the canvas, the HUD on it, and what controls change without the engine: blackout, freeze, master, HUD."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from livegan.config.venue import WindowTable
from livegan.control.keys import key_groups
from livegan.core.channels import Signal
from livegan.core.dimmer import OutputDimmer
from livegan.core.types import ControlEvent, Frame, Pixels
from livegan.engine.master import MasterSection
from livegan.ui.canvas import ShowCanvas
from livegan.ui.exception_hook import ExceptionHook
from livegan.ui.feed import ShowFeed, WindowExtras
from livegan.ui.hud import Hud, scale_for
from livegan.ui.hud_data import HudData
from livegan.ui.key_list import paint_keys
from livegan.ui.learn_line import LearnView
from livegan.ui.learn_panel import paint_learn
from livegan.ui.picture_choice import PictureChoice
from livegan.ui.remote_code import paint_code
from livegan.ui.stats import Drawing, WindowStats

HUD_S = 0.11  # between two paintings of the HUD
ALIVE_S = 0.033  # between two drawings of what moves while no frame comes
WAITING_S = 0.07  # the same before the first frame, and of what stands still
STILL_S = 0.05  # a panel waits so long to be drawn together with a frame


class ShowView:
    """View of the show: the canvas and everything on it; main thread only."""

    def __init__(
        self,
        feed: ShowFeed,
        table: WindowTable,
        extras: WindowExtras,
        stats: WindowStats,
        hook: ExceptionHook,
        began_s: float,
    ) -> None:
        """Reads `feed`, writes `stats`; durations until the first picture count from `began_s`."""
        self._telemetry, self._clock = feed.telemetry, feed.clock
        self._recording, self._stats, self._hook, self._began_s = extras.recording, stats, hook, began_s
        self.ready: Signal[[]] = Signal()  # the first picture stands
        self.shown: Signal[[Frame, float]] = Signal()  # a new frame, and when its buffers were swapped
        self.dimmer = OutputDimmer(table.fade_out_s)
        self.dimmer.begin(extras.begins)
        self.master = MasterSection(self.dimmer, hud=table.hud, takeover=extras.takeover)
        self.canvas = ShowCanvas(self.dimmer, vsync=table.vsync, scaling=extras.scaling, view=table)
        events = self.canvas.canvas.events
        events.draw.connect(self._draw)
        events.draw.connect(self._after_draw, position="last")  # after VisPy has sent the commands
        events.ignore_callback_errors = False  # they go to ExceptionHook, which counts them
        self.canvas.native.frameSwapped.connect(self._swapped)
        self.choice = PictureChoice(feed.frames, self.dimmer, feed.heard, self._safe_still)
        self._hud = Hud()
        self._panel, self._hint, self._list, self._code = self.canvas.panels
        self._hint.place, self._list.place, self._code.place = "bottom", "middle", "top right"
        self._remote = extras.remote
        self._coded: tuple[str, float] | None = None  # the address, and the scale, that the code was painted for
        self._keys = key_groups(extras.keys)
        self._listed: tuple[int, int] | None = None  # the size of the window that the list of keys was painted for
        self._fresh_panel: NDArray[np.uint8] | None = None  # painted, not uploaded yet
        self._fresh_hint: NDArray[np.uint8] | None = None
        self._hint_until_s = 0.0
        self._hud_due_s = 0.0
        self._drawn_s = 0.0
        self._draw_began_s = 0.0
        self._seen: Frame | None = None  # newest one drawn here
        self._drawn: Frame | None = None  # in the back buffer, not swapped yet
        self._drawing: Drawing = "same"  # what is in the back buffer
        self._draw_cost_s = 0.0  # of the newest draw, until its buffers were swapped

    def frame_came(self) -> None:
        """Draw again, because the engine has put a new frame."""
        if not self.dimmer.frozen:
            self.canvas.refresh()

    def handle(self, event: ControlEvent) -> list[ControlEvent]:
        """Do what a control event asks; the states that it leaves, none if the view does nothing of that name.

        ``scene.safe`` also shows the still of the safe scene, until there is a frame made after it: the engine has that
        event too.
        """
        now_s = self._clock.now()
        states = self.master.handle(event, now_s)
        if event.name == "scene.safe" and states:
            self.choice.ask_safe(now_s)
        if states:
            self._hud_due_s = 0.0  # show it at once
            self.canvas.refresh()
        return states

    def hint(self, text: str, seconds: float) -> None:
        """Show one line at the bottom of the screen for a while."""
        window = self.canvas.size_px
        self._show_hint(self._hud.paint_hint(text, scale_for(window), window[0]), seconds)

    def show_learning(self, learning: LearnView, seconds: float) -> None:
        """Show the panel of the learner there."""
        window = self.canvas.size_px
        self._show_hint(paint_learn(self._hud, learning, scale_for(window), window), seconds)

    def _show_hint(self, image: NDArray[np.uint8], seconds: float) -> None:
        self._fresh_hint = image
        self._hint_until_s = self._clock.now() + seconds
        self.canvas.refresh()

    def hint_off(self) -> None:
        """Take the line at the bottom away."""
        self._fresh_hint, self._hint_until_s = None, 0.0
        self.canvas.refresh()

    def pulse(self, now_s: float) -> None:
        """Some fifty times a second: paint what is due, and draw again where no new frame causes it."""
        self._hook.now_s = now_s
        if self.master.hud_on and now_s >= self._hud_due_s:
            self._hud_due_s = now_s + HUD_S
            self._fresh_panel = self._hud.paint(self.hud_data(), scale_for(self.canvas.size_px))
        since_s = now_s - self._drawn_s
        stale = (self._fresh_panel is not None or self._hint_wrong(now_s)) and since_s > STILL_S
        self.choice.step(now_s)
        waiting = self.choice.waiting or self.dimmer.frozen
        due_s = max(WAITING_S if waiting else ALIVE_S, 2 * self._draw_cost_s)
        alive = (self.choice.moving or self.dimmer.frozen) and since_s > due_s
        if stale or self.dimmer.moving or alive:
            self.canvas.refresh()

    def hud_data(self) -> HudData:
        """What the HUD shows now."""
        stats, dimmer = self._stats, self.dimmer
        return HudData(
            engine=self._telemetry.peek(),
            fps=stats.fps(self._clock.now()),
            interval_ms=stats.interval.percentiles(),
            latency_ms=stats.latency.percentiles() if stats.latency.count else None,
            recent_s=tuple(stats.recent),
            skipped=stats.skipped,
            faults=self._hook.count,
            blackout=dimmer.blackout,
            frozen=dimmer.frozen,
            master=dimmer.master,
            fade=dimmer.fade,
            recording=self._recording,
        )

    @property
    def delay_s(self) -> float:
        """Median time from a finished picture to its light."""
        return self._stats.showing.percentiles()["p50"] / 1e3

    def close(self) -> None:
        """Close the canvas. Idempotent."""
        self._stats.end(self._clock.now())
        self._stats.renderer = self.canvas.renderer or self._stats.renderer
        self.canvas.close()

    def _hint_wrong(self, now_s: float) -> bool:
        return self._fresh_hint is not None or (self._hint.visible and now_s > self._hint_until_s)

    def _draw(self, _event: Any) -> None:
        now_s = self._drawn_s = self._draw_began_s = self._clock.now()
        chosen = self.choice.choose(now_s)
        frozen = self.dimmer.frozen
        new = chosen.frame is not None and chosen.frame is not self._seen
        self.canvas.show_slots(chosen.slots)
        if new:
            self._seen = self._drawn = chosen.frame
            self._draw_began_s = self._clock.now()
            self._stats.uploading.add(self._draw_began_s - now_s)
        self._drawing = "frozen" if frozen else "frame" if new else "same" if chosen.state == "live" else chosen.state
        self._update_panels(now_s)
        self.canvas.draw(now_s, chosen.layers, chosen.idle)
        self._stats.draws += 1

    def _safe_still(self) -> Pixels | None:
        telemetry = self._telemetry.peek()
        return telemetry.still if telemetry is not None else None

    def _update_panels(self, now_s: float) -> None:
        if self._fresh_panel is not None:
            self._panel.set_image(self._fresh_panel)
            self._fresh_panel = None
        if self._fresh_hint is not None:
            self._hint.set_image(self._fresh_hint)
            self._fresh_hint = None
        listed = self.master.keys_on and not self.dimmer.blackout
        if listed and self._listed != self.canvas.size_px:
            self._listed = self.canvas.size_px
            self._list.set_image(paint_keys(self._keys, self._listed, self._hud.font))
        self._list.visible = listed
        address, scale = self._remote(), scale_for(self.canvas.size_px)
        if self.master.remote_on and self._coded != (address, scale):
            self._coded = address, scale
            self._code.set_image(paint_code(address, scale, self._hud.font))
        self._code.visible = self.master.remote_on
        self._panel.visible = self.master.hud_on and self._panel.program is not None and not self.dimmer.blackout
        self._hint.visible = self._hint.program is not None and now_s <= self._hint_until_s

    def _after_draw(self, _event: Any) -> None:
        self._stats.drawing.add(self._clock.now() - self._draw_began_s)

    def _swapped(self) -> None:
        now_s = self._clock.now()
        self._draw_cost_s = now_s - self._drawn_s
        self._stats.drew(self._drawing, now_s)
        if self._stats.ready_s is None and self._stats.draws:
            self._stats.ready_s = now_s - self._began_s
            self.ready.emit()
        frame, self._drawn = self._drawn, None
        if frame is None or not self._stats.swapped(frame, now_s):
            return
        if self._stats.first_frame_s is None:
            self._stats.first_frame_s = now_s - self._began_s
        self.shown.emit(frame, now_s)
