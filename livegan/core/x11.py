"""X11 requests that say or change when a screen goes dark: core protocol, MIT-SCREEN-SAVER and DPMS, by libxcb.

libxcb reports a lost server where Xlib would end the process. What a connection asks for ends with it, even if the
process is killed (X Screen Saver Extension 1.1, section 3: ScreenSaverSuspend).
"""

import ctypes
import struct
from dataclasses import dataclass
from typing import Any

GET_SCREEN_SAVER = 108  # opcode of the core protocol
SUSPEND = 5  # minor opcodes of MIT-SCREEN-SAVER
DPMS_TIMEOUTS, DPMS_INFO = 2, 7  # ... and of DPMS
CHECKED = 1  # an error comes in the place of the reply


class _Part(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Extension(ctypes.Structure):
    _fields_ = (("name", ctypes.c_char_p), ("number", ctypes.c_int))


class _Request(ctypes.Structure):
    _fields_ = (
        ("parts", ctypes.c_size_t),
        ("extension", ctypes.POINTER(_Extension)),
        ("opcode", ctypes.c_uint8),
        ("is_void", ctypes.c_uint8),
    )


_EXTENSIONS = {name: _Extension(name.encode(), 0) for name in ("MIT-SCREEN-SAVER", "DPMS")}  # libxcb numbers them


@dataclass(frozen=True, slots=True)
class Blanking:
    """Times without a key or the mouse after which a screen goes dark [s]; 0: never."""

    saver_s: int  # screen saver of the X server
    power_s: int  # standby of the monitor (DPMS), whichever of its steps comes first

    @property
    def first_s(self) -> int:
        """The sooner of the two; 0: never."""
        return min((value for value in (self.saver_s, self.power_s) if value), default=0)


class XConnection:
    """Connection to the X server of DISPLAY. OSError where there is no libxcb or no server."""

    def __init__(self) -> None:
        self._xcb = _library()
        self._connection = self._xcb.xcb_connect(None, None)
        if self._broken():
            self.close()
            raise OSError("the X server does not answer")

    def suspend_blanking(self) -> bool:
        """Keep screen saver and DPMS away until the connection is closed; False where the server cannot."""
        self._send("MIT-SCREEN-SAVER", SUSPEND, struct.pack("=I", 1))
        self._xcb.xcb_flush(self._connection)
        return self._ask("", GET_SCREEN_SAVER) is not None  # libxcb breaks a connection without that extension

    def blanking(self) -> Blanking | None:
        """When the screen goes dark; None where the server does not say."""
        saver = self._ask("", GET_SCREEN_SAVER)
        if saver is None:
            return None
        (saver_s,) = struct.unpack_from("=H", saver, 8)
        power_s, info = 0, self._ask("DPMS", DPMS_INFO)
        if info is not None and info[10]:  # enabled
            times = self._ask("DPMS", DPMS_TIMEOUTS)
            steps_s = struct.unpack_from("=3H", times, 8) if times is not None else ()
            power_s = min((value for value in steps_s if value), default=0)
        return Blanking(saver_s, power_s)

    def close(self) -> None:
        """End it, and what it asked for. Idempotent."""
        if self._connection:
            self._xcb.xcb_disconnect(self._connection)
        self._connection = None

    def _broken(self) -> bool:
        return not self._connection or bool(self._xcb.xcb_connection_has_error(self._connection))

    def _send(self, extension: str, opcode: int, body: bytes = b"", *, replies: bool = False) -> int:
        """Send one request; its number. libxcb writes opcode and length into the first four bytes."""
        text = ctypes.create_string_buffer(bytes(4) + body, 4 + len(body))
        parts = (_Part * 3)()  # libxcb needs two of its own before the first
        parts[2] = _Part(ctypes.cast(text, ctypes.c_void_p), len(text))
        known = ctypes.pointer(_EXTENSIONS[extension]) if extension else None
        request = _Request(1, known, opcode, int(not replies))
        first = ctypes.byref(parts, 2 * ctypes.sizeof(_Part))
        return int(
            self._xcb.xcb_send_request(self._connection, CHECKED if replies else 0, first, ctypes.byref(request))
        )

    def _ask(self, extension: str, opcode: int) -> bytes | None:
        """The first 32 bytes of the reply to a request without a body; None: an error came, or the server went."""
        if self._broken():
            return None
        number = self._send(extension, opcode, replies=True)
        error = ctypes.c_void_p()
        reply = self._xcb.xcb_wait_for_reply(self._connection, number, ctypes.byref(error))
        kept = ctypes.string_at(reply, 32) if reply else None
        for pointer in (reply, error.value):
            ctypes.CDLL(None).free(ctypes.c_void_p(pointer))
        return kept


def _library() -> Any:
    """libxcb with the types of what is called here; OSError where there is none."""
    xcb = ctypes.CDLL("libxcb.so.1")
    for name in ("xcb_connect", "xcb_wait_for_reply"):
        getattr(xcb, name).restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = (ctypes.c_char_p, ctypes.c_void_p)
    xcb.xcb_send_request.restype = ctypes.c_uint
    xcb.xcb_send_request.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
    xcb.xcb_wait_for_reply.argtypes = (ctypes.c_void_p, ctypes.c_uint, ctypes.c_void_p)
    for name in ("xcb_disconnect", "xcb_flush", "xcb_connection_has_error"):
        getattr(xcb, name).argtypes = (ctypes.c_void_p,)
    return xcb


def screen_blanking() -> Blanking | None:
    """When the screen of DISPLAY goes dark; None without an X server."""
    try:
        connection = XConnection()
    except OSError:
        return None
    try:
        return connection.blanking()
    finally:
        connection.close()
