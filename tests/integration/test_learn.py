"""MIDI learn on a real virtual port, and with keys pressed in the real window."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.deadline import until
from tests.jack import private_jack
from tests.screen import ROOT, private_screen

pytestmark = pytest.mark.virtual

WINDOW = """
import sys, threading
import numpy as np
from pathlib import Path
from types import SimpleNamespace
from livegan.config.venue import WindowTable
from livegan.control.midi import MidiInput
from livegan.control.ports import FakePorts
from livegan.core.binding import Binding
from livegan.core.channels import Latest
from livegan.core.clock import WallClock
from livegan.engine.learning import Learning
from livegan.core.rings import FeatureRing
from livegan.core.types import Layout
from livegan.engine.router import Router
from livegan.ui import learn_overlay
from livegan.ui.app import open_window

class Overlay(learn_overlay.LearnOverlay):
    def changed(self):
        message = controls.learning.peek().message
        super().changed()
        print("shown:", message, flush=True)

learn_overlay.TOLD_S = 300.0  # Z takes back what was learnt, however slow this machine is
learn_overlay.LearnOverlay = Overlay
clock, controls, ports = WallClock(), Router(), FakePorts("Foo 8:ctl")
learning = Learning(controls, {"knob.5": Binding("effect.hue")}.get, [], Path(sys.argv[1]))
midi = MidiInput(controls.put, learning.controllers, now=clock.now, ports=ports, tap=learning.hear)
learning.changed.subscribe(midi.use)
learning.ports = lambda: midi.open_ports
feed = SimpleNamespace(frames=Latest(), telemetry=Latest(), board=Latest(), heard=FeatureRing(Layout((), ())),
                       controls=controls, clock=clock)
ended = threading.Event()

def serve():
    midi.start(clock.now())
    while not ended.wait(0.01):
        midi.poll(clock.now())
        learning.poll(clock.now())

def listen():
    for line in sys.stdin:
        ports.play("Foo 8:ctl", *map(int, line.split()))

def tell():
    state = controls.learning.peek()
    print(f"{state.phase}: {state.message}", flush=True)

controls.learning.subscribe(tell)
def told():
    for event in controls.engine_events.drain():
        print("event", event.name, event.binding.to if event.binding else "", flush=True)

controls.engine_events.subscribe(told)
controls.subscribe(lambda event: print("recorded", event.name, flush=True))
threads = [threading.Thread(target=work, daemon=True) for work in (serve, listen)]
for thread in threads:
    thread.start()
with open_window(feed, WindowTable(size=(640, 360))) as window:
    window.ready.subscribe(lambda: print("ready", flush=True))
    window.run(300)  # the test ends it
ended.set()
"""


def test_in_the_window_a_knob_learns_by_four_keys_and_z_takes_it_back(tmp_path: Path) -> None:
    with private_screen(800, 600) as screen:
        show = screen.start(WINDOW, str(tmp_path))
        assert show.stdin is not None
        assert show.stdout is not None
        lines = iter(show.stdout.readline, "")

        def wait_for(words: str) -> None:
            assert any(words in line for line in lines), f"no '{words}'"

        def turn(*values: int) -> None:
            assert show.stdin is not None
            for value in values:
                show.stdin.write(f"{0xB0} 81 {value}\n")
            show.stdin.flush()

        try:
            wait_for("ready")
            screen.press("l")
            wait_for("choosing: Learn")
            until(lambda: (screen.picture() > 60).any(), "a panel on the black window")
            screen.press("p", "u", "l", "h", "BackSpace", "Return")
            wait_for("armed: now move a knob or press a pad for motion.pulse")
            turn(20, 24, 30)
            wait_for("off: cc 81 of Foo 8 turns motion.pulse")
            wait_for("shown: cc 81 of Foo 8 turns motion.pulse")
            turn(64)
            wait_for("event cc.81 motion.pulse")
            screen.press("z")
            wait_for("off: undone: cc 81 of Foo 8 does nothing yet")
            assert list(tmp_path.glob("*.toml")) == []
            screen.press("l", "Escape", "b")
            wait_for("recorded blackout")
        finally:
            show.kill()
            show.wait()
            show.stdin.close()
            show.stdout.close()


def test_at_a_shell_a_knob_of_a_real_port_learns(tmp_path: Path) -> None:
    with private_jack() as jack, jack.controller("Foo 8", "ctl") as box:
        process = subprocess.Popen(
            [sys.executable, "main.py", "learn", "motion.pulse"],
            cwd=ROOT,
            env=os.environ | jack.env | {"XDG_CONFIG_HOME": str(tmp_path)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        values = iter(np.arange(20, 100_000) % 100)

        def ended() -> bool:
            box.send((0xB0, 81, int(next(values))))
            return process.poll() is not None

        until(ended, "a lesson", pause_s=0.05)
        said = process.communicate()[0]
    assert process.returncode == 0, said
    assert "MIDI inputs: Foo 8:ctl" in said
    assert "cc 81 of Foo 8 turns motion.pulse" in said
    assert '"cc.81" = "motion.pulse"' in (tmp_path / "livegan" / "controllers" / "foo-8.toml").read_text()
