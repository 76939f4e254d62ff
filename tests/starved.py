"""A system that has no process left, in tests: in place of what starts one."""

import errno
import os
from typing import Any, NoReturn


def no_process(*_: Any, **__: Any) -> NoReturn:
    """Raise what fork(2) gives where there are too many processes."""
    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
