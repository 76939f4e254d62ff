"""Headless controls: what a window does with its control events, in a show that has none."""

import threading

from livegan.core.channels import Inbox
from livegan.core.clock import Clock
from livegan.core.double_press import DoublePress
from livegan.core.events import stands_somewhere
from livegan.core.types import ControlEvent
from livegan.engine.master import MasterSection
from livegan.engine.router import Router
from livegan.engine.sound_runtime import Service

WAIT_S = 0.1  # for an event, before the thread looks whether the show has ended


class HeadlessControls:
    """Master section and quit of a show without a window: it reads the window's events, on a thread of its own.

    Live outputs follow the states that it records. What only a window has (full screen, panel, map ...) does nothing.
    """

    def __init__(self, controls: Router, master: MasterSection, clock: Clock) -> None:
        self.quits = False  # it was asked to end the show
        self.answers: Inbox[str] = Inbox(16)  # lines for whoever asked, to be printed
        self.notice = ""  # the newest of them, as long as it holds
        self._controls, self._master, self._clock, self._quit = controls, master, clock, DoublePress()
        self._asked_s = float("-inf")
        self._came = threading.Event()
        controls.window_events.subscribe(self._came.set)

    def service(self) -> Service:
        """It works while the engine hangs."""
        return Service("master", poll=self.poll, notice=lambda: self.notice)

    def poll(self, _now_s: float) -> float:
        """Wait for an event, at most `WAIT_S`, and do all that came; returns 0: call again at once."""
        self._came.wait(WAIT_S)
        self._came.clear()
        now_s = self._clock.now()
        if now_s - self._asked_s > self._quit.within_s:
            self.notice = ""
        for event in self._controls.window_events.drain():
            if event.name == "quit":
                self._ask_to_quit(event.source, now_s)
            else:
                for state in self._master.handle(event, now_s):
                    self._controls.record(state)
        return 0.0

    def _ask_to_quit(self, source: str, now_s: float) -> None:
        """End the show: at once where that was asked for by its name, by a pad at the second press."""
        if not stands_somewhere(source) or self._quit.press(now_s):
            self._controls.record(ControlEvent(now_s, "quit"))
            self.quits = True
            return
        self._asked_s = now_s
        self.notice = f"{source}: again to quit"
        self.answers.put(self.notice)
