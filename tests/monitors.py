"""Two monitors that can be pulled and plugged: Xorg with its dummy driver, on a free display."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.screen import Screen, x_server

CONFIG = """Section "ServerLayout"
  Identifier "L"
  Screen 0 "S0"
EndSection
Section "ServerFlags"
  Option "AutoAddDevices" "false"
  Option "AutoEnableDevices" "false"
EndSection
Section "Device"
  Identifier "D0"
  Driver "dummy"
  VideoRam 64000
EndSection
Section "Monitor"
  Identifier "M0"
  HorizSync 5.0-1000.0
  VertRefresh 5.0-200.0
EndSection
Section "Screen"
  Identifier "S0"
  Device "D0"
  Monitor "M0"
  DefaultDepth 24
  SubSection "Display"
    Depth 24
    Modes "640x480"
    Virtual 2048 1536
  EndSubSection
EndSection
"""


MAIN, SECOND = "DUMMY0", "DUMMY1"
SIZE = (2048, 768)  # of the desktop, whatever is plugged in


class Monitors(Screen):
    """DUMMY0, the main one, of 1024x768, and to the right of it DUMMY1, of 800x600 at first."""

    def plug(self, name: str = SECOND, mode: str = "800x600") -> None:
        """Plug a monitor in, or change its resolution; the second one is to the right of the main one."""
        self._xrandr("--addmode", name, mode)
        words = ["--output", name, "--mode", mode]
        if name == MAIN:
            words += ["--primary", "--pos", "0x0", "--output", SECOND, "--pos", f"{mode.partition('x')[0]}x0"]
        self._xrandr(*words, *([] if name == MAIN else ["--right-of", MAIN]))

    def pull(self, name: str = SECOND) -> None:
        """Pull its plug; the one that is left begins at 0, 0."""
        self._xrandr("--output", name, "--off")

    def _xrandr(self, *words: str) -> None:
        desktop = ["xrandr", "--fb", f"{SIZE[0]}x{SIZE[1]}"]
        for command in ([*desktop, *words], ["xrandr", "--query"]):  # the driver notices its monitors when it is asked
            subprocess.run(command, env=self.environment, timeout=30, check=True, capture_output=True)


@contextmanager
def two_monitors() -> Iterator[Monitors]:
    """Start Xorg; it is stopped afterwards. It needs root, or the right to start an X server."""
    with tempfile.TemporaryDirectory(prefix="livegan-monitors-") as place:
        config = Path(place) / "xorg.conf"
        config.write_text(CONFIG)
        command = ["Xorg", "-config", str(config), "-logfile", f"{place}/log", "-novtswitch", "-sharevts"]
        with x_server(command) as (display, folder, server):
            monitors = Monitors(display, folder, SIZE)
            monitors.server = server
            monitors.plug(MAIN, "1024x768")
            monitors.plug()
            yield monitors
