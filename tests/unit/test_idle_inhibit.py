"""Idle inhibition: each system's way by a stand-in; the real X server; nothing of it stops a show or outlives it."""

import ctypes
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from livegan.core import idle_inhibit
from livegan.core.idle_inhibit import (
    Inhibitor,
    hold_caffeinate,
    hold_logind,
    hold_windows,
    hold_x11,
    idle_inhibited,
    inhibitors,
)
from livegan.core.x11 import Blanking, XConnection, screen_blanking
from tests.deadline import until
from tests.screen import Screen, private_screen


def stand_in(folder: Path, name: str, body: str) -> Path:
    """A program of that name before all others; what it was called with goes to the file that is returned."""
    log = folder / f"{name}.log"
    program = folder / name
    program.write_text(f'#!/bin/sh\necho "$@" >> "{log}"\n{body}\n')
    program.chmod(0o755)
    return log


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose programs are found before the machine's own."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_every_system_has_an_inhibitor_and_all_that_work_are_held_together() -> None:
    assert {platform: [each.name for each in inhibitors(platform)] for platform in ("linux", "darwin", "win32")} == {
        "linux": ["X11", "systemd"],
        "darwin": ["caffeinate"],
        "win32": ["Windows"],
    }
    told: list[str] = []

    def broken() -> None:
        raise OSError("no bus")

    ways = [
        Inhibitor("broken", broken),
        Inhibitor("absent", lambda: None),
        Inhibitor("one", lambda: lambda: told.append("one")),
        Inhibitor("other", lambda: broken),
        Inhibitor("two", lambda: lambda: told.append("two")),
    ]
    with idle_inhibited(ways) as names:
        assert names == ("one", "other", "two")
        assert told == []
    assert told == ["two", "one"]


def test_systemd_holds_as_long_as_its_pipe_and_ends_with_us(programs: Path) -> None:
    ids = programs / "ids"
    log = stand_in(programs, "systemd-inhibit", f'shift 3; echo $$ >> "{ids}"; exec "$@"')
    release = hold_logind()
    assert release is not None
    held = until(lambda: ids.exists() and len(ids.read_text().split()) == 2 and ids.read_text().split()[1], "a child")
    assert alive(int(held))
    release()
    assert not alive(int(held))
    assert all("--what=idle" in line for line in log.read_text().splitlines())
    script = "from livegan.core.idle_inhibit import hold_logind; hold_logind(); print('held', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        child = int(until(lambda: ids.read_text().split()[3:] and ids.read_text().split()[3], "its child"))
        process.send_signal(signal.SIGKILL)
        process.wait()
    until(lambda: not alive(child), "the child of a killed show to end")


def test_systemd_that_refuses_or_is_absent_holds_nothing(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(programs, "systemd-inhibit", "exit 1")
    assert hold_logind() is None
    monkeypatch.setenv("PATH", str(programs / "nowhere"))
    assert hold_logind() is None
    assert hold_caffeinate() is None


def test_caffeinate_is_told_our_process_and_ended(programs: Path) -> None:
    log = stand_in(programs, "caffeinate", "exec sleep 60")
    release = hold_caffeinate()
    assert release is not None
    until(log.exists, "caffeinate")
    assert log.read_text().split() == ["-d", "-i", "-w", str(os.getpid())]
    release()


def test_windows_is_asked_for_display_and_system_and_told_the_end() -> None:
    class Kernel:
        answer = 1

        def __init__(self) -> None:
            self.asked: list[int] = []

        def SetThreadExecutionState(self, state: ctypes.c_uint32) -> int:  # noqa: N802
            self.asked.append(state.value)
            return self.answer

    kernel = Kernel()
    release = hold_windows(kernel)
    assert release is not None
    release()
    assert kernel.asked == [0x80000003, 0x80000000]
    kernel.answer = 0
    assert hold_windows(kernel) is None


def test_without_a_display_there_is_no_x_server_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    assert hold_x11() is None
    assert screen_blanking() is None
    monkeypatch.setenv("DISPLAY", ":98765")
    assert screen_blanking() is None
    with idle_inhibited([Inhibitor("X11", hold_x11)]) as names:
        assert names == ()


@pytest.fixture(scope="module")
def screen() -> Iterator[Screen]:
    with private_screen(320, 240) as screen:
        yield screen


WATCH = """
import sys
from ctypes import *
x, ss = CDLL("libX11.so.6"), CDLL("libXss.so.1")
class Info(Structure):
    _fields_ = [("window", c_ulong), ("state", c_int), ("kind", c_int), *((name, c_ulong) for name in "tim")]
x.XOpenDisplay.restype = c_void_p
x.XDefaultRootWindow.argtypes = (c_void_p,)
x.XDefaultRootWindow.restype = c_ulong
ss.XScreenSaverQueryInfo.argtypes = (c_void_p, c_ulong, POINTER(Info))
display, info = x.XOpenDisplay(None), Info()
for line in sys.stdin:
    ss.XScreenSaverQueryInfo(display, x.XDefaultRootWindow(display), byref(info))
    print(["off", "on", "cycle", "disabled"][info.state], info.i, flush=True)
"""


@pytest.mark.virtual
def test_an_x_server_does_not_go_dark_while_it_is_held_and_does_again_after_a_kill(screen: Screen) -> None:
    """Whoever knows XScreenSaverQueryInfo tells us: another program, by another library."""
    assert subprocess.run(["xset", "s", "1", "1"], env=screen.environment, check=False).returncode == 0

    def run(script: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-c", script], env=screen.environment, stdin=-1, stdout=-1, text=True, bufsize=1
        )

    def ask(process: "subprocess.Popen[str]") -> tuple[str, int]:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n")
        state, idle_ms = process.stdout.readline().split()
        return state, int(idle_ms)

    hold = "from livegan.core.idle_inhibit import hold_x11; kept = hold_x11(); print(kept and 1, flush=True); input()"
    with run(WATCH) as watcher:
        until(lambda: ask(watcher)[0] == "on", "the screen to go dark")
        with run(hold) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "1\n"
            subprocess.run(["xset", "s", "reset"], env=screen.environment, check=True)
            idle_ms = ask(watcher)[1]
            until(lambda: ask(watcher)[1] > idle_ms + 2500, "2.5 s without a key")
            assert ask(watcher)[0] == "off"
            holder.kill()
        until(lambda: ask(watcher)[0] == "on", "the screen to go dark after the show")
        watcher.stdin.close()  # type: ignore[union-attr]


@pytest.mark.virtual
def test_the_times_of_an_x_server_are_read(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", screen.display)
    subprocess.run(["xset", "s", "420"], env=screen.environment, check=True)
    assert screen_blanking() == Blanking(420, 0)
    subprocess.run(["xset", "s", "off"], env=screen.environment, check=True)
    found = screen_blanking()
    assert found is not None
    assert found.first_s == 0


def test_the_sooner_of_saver_and_monitor_counts() -> None:
    assert [Blanking(*pair).first_s for pair in ((600, 300), (0, 300), (600, 0), (0, 0))] == [300, 300, 600, 0]


class Monitor(XConnection):
    """An X server with DPMS, which no virtual one has; replies as dpmsproto.h and Xproto.h lay them out."""

    def __init__(self, enabled: bool, *steps_s: int) -> None:
        self.replies = {
            ("", 108): struct.pack("=BxHIHHBB18x", 1, 0, 0, 600, 600, 1, 1),
            ("DPMS", 2): struct.pack("=BxHIHHH18x", 1, 0, 0, *steps_s),
            ("DPMS", 7): struct.pack("=BxHIHB21x", 1, 0, 0, 0, enabled),
        }

    def _ask(self, extension: str, opcode: int) -> bytes | None:
        return self.replies.get((extension, opcode))


def test_the_first_step_of_a_monitor_that_saves_power_counts() -> None:
    assert Monitor(True, 900, 0, 300).blanking() == Blanking(600, 300)
    assert Monitor(True, 0, 0, 0).blanking() == Blanking(600, 0)
    assert Monitor(False, 900, 0, 300).blanking() == Blanking(600, 0)


def test_a_show_in_a_window_is_held_awake_before_it_begins_and_until_it_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from livegan.ui import play

    told: list[str] = []

    @contextmanager
    def block(name: str) -> Iterator[MagicMock]:
        told.append(f"{name} begins")
        yield MagicMock()
        told.append(f"{name} ends")

    awake = Inhibitor("stand-in", lambda: told.append("held") or partial(told.append, "released"))  # type: ignore[func-returns-value]
    monkeypatch.setattr(play, "window_inhibitors", lambda: [awake])
    monkeypatch.setattr(play, "open_window", lambda *_: block("window"))
    for name in ("WindowExtras", "on_display_loss", "session_report"):
        monkeypatch.setattr(play, name, MagicMock())
    show = MagicMock(runtime=block("show"), recording="")
    play.play_in_window(show, MagicMock(windows=()), None)
    assert told == ["held", "show begins", "window begins", "window ends", "show ends", "released"]


DESKTOP = """
from PyQt5.QtCore import QCoreApplication, QObject, Q_CLASSINFO, pyqtSlot
from PyQt5.QtDBus import QDBusConnection

class Saver(QObject):
    Q_CLASSINFO("D-Bus Interface", "org.freedesktop.ScreenSaver")

    @pyqtSlot(str, str, result="uint")
    def Inhibit(self, program, reason):
        print(program, reason, flush=True)
        return 7

application, bus, saver = QCoreApplication([]), QDBusConnection.sessionBus(), Saver()
assert bus.registerObject("/org/freedesktop/ScreenSaver", saver, QDBusConnection.ExportAllSlots)
assert bus.registerService("org.freedesktop.ScreenSaver")
print("ready", flush=True)
application.exec_()
"""

SHOW = """
from PyQt5.QtCore import QCoreApplication
application = QCoreApplication([])
from livegan.core.idle_inhibit import idle_inhibited
from livegan.ui.screen_saver import window_inhibitors
with idle_inhibited(window_inhibitors()) as names:
    print(*names, flush=True)
    input()
"""


@pytest.mark.virtual
def test_a_desktop_is_asked_over_its_bus() -> None:
    """A bus and a screen saver as a desktop has them; no display, no systemd."""
    bus = ["dbus-daemon", "--session", "--nofork", "--print-address"]
    with subprocess.Popen(bus, stdout=-1, stderr=-3, text=True) as daemon:
        try:
            assert daemon.stdout is not None
            environment = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": daemon.stdout.readline().strip(), "DISPLAY": ""}
            programs = {"stdin": -1, "stdout": -1, "text": True, "env": environment}
            with subprocess.Popen([sys.executable, "-c", DESKTOP], **programs) as desktop:  # type: ignore[call-overload]
                assert desktop.stdout.readline() == "ready\n"
                show = subprocess.run(
                    [sys.executable, "-c", SHOW], input="\n", stdout=-1, text=True, env=environment, check=True
                )
                assert "desktop" in show.stdout.split()
                assert desktop.stdout.readline() == f"livegan {idle_inhibit.REASON}\n"
                desktop.kill()
            show = subprocess.run(
                [sys.executable, "-c", SHOW], input="\n", stdout=-1, text=True, env=environment, check=True
            )
            assert "desktop" not in show.stdout.split(), "nobody answers for a bare window manager"
        finally:
            daemon.terminate()


def test_no_desktop_is_looked_for_where_there_is_no_bus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from livegan.ui.screen_saver import hold_desktop, window_inhibitors

    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert hold_desktop() is None
    assert [each.name for each in window_inhibitors()][-1] == "desktop"
