"""Exit hook for a display that dies: Qt and Xlib then call C's exit(), and no other Python code would run any more.

Without it the film of a show would stay without its end and its name, and there would be no report.
"""

import ctypes
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

ERROR = 2  # exit code
_Hook = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


@contextmanager
def on_display_loss(finish: Callable[[], int]) -> Iterator[None]:
    """Within the block, if the X server or the compositor dies, `finish` is called; the process ends with its code.

    It is called on the thread of the event loop, which has no way back: nothing of Qt or OpenGL may be touched. Only
    with glibc; elsewhere the block runs as it is.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if libc is None or not hasattr(libc, "gnu_get_libc_version"):
        yield
        return
    armed = True

    def died(_: object) -> None:
        if not armed:
            return
        code = ERROR
        try:
            code = finish()
        finally:
            if sys.exception() is not None:  # nobody is left to raise it to
                traceback.print_exc()
            os._exit(code)

    hook = _Hook(died)  # kept while it is registered
    owner = ctypes.create_string_buffer(1)  # its address names the hook, as that of a library would
    name = ctypes.c_void_p(ctypes.addressof(owner))
    libc.__cxa_atexit(hook, None, name)
    try:
        yield
    finally:
        armed = False
        libc.__cxa_finalize(name)  # calls and forgets it: a hook of Python must not outlive the interpreter
