"""Configuration of libpulse in this process: no memory shared with the sound server.

libpulse hangs for ever where its server dies while a block of shared memory is being read (`pa_memimport_free` waits
for the block, with the lock that its reader needs; PulseAudio 16), and with it PortAudio. Through the socket nothing
hangs.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

import platformdirs

from livegan.core.files import write_atomic

VARIABLE = "PULSE_CLIENTCONFIG"


def share_no_memory() -> None:
    """Let libpulse read what it would have read, and ``enable-shm = no``; before its first connection."""
    if not sys.platform.startswith("linux") or VARIABLE in os.environ:
        return
    path = platformdirs.user_cache_path("livegan") / "pulse-client.conf"
    with suppress(OSError):
        text = client_config(platformdirs.user_config_path("pulse"), Path("/etc/pulse"))
        write_atomic(path, text, durable=False)  # every show makes it anew
        os.environ[VARIABLE] = str(path)


def client_config(own: Path, common: Path) -> str:
    """Text of a client.conf on top of the player's `own`, or of the `common` one where there is none."""
    found = [own / "client.conf"]
    if not found[0].exists():
        found = [common / "client.conf", *sorted((common / "client.conf.d").glob("*.conf"))]
    lines = [f".include {path}" for path in found if path.exists()]
    return "\n".join([*lines, "enable-shm = no", ""])
