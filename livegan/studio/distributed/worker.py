"""Worker process of this machine: reads messages from standard input, answers on standard output.

It ends with the coordinator, however that ends: standard input is closed then. Started by `local_pool`.
"""

import os
import queue
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from livegan.studio.distributed import message
from livegan.studio.distributed.body import Body
from livegan.studio.distributed.protocol import Arrays, Message
from livegan.studio.distributed.shared import Slots, opened

PR_SET_PDEATHSIG, SIGKILL = 1, 9  # prctl(2)


def main() -> None:
    """Work until standard input is closed."""
    _die_with_parent()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    orders: queue.SimpleQueue[Message] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, orders), name="livegan-orders", daemon=True).start()
    body, slots = Body(), opened(sys.argv[1:])
    message.write(answers, body.hello())
    while True:
        order = orders.get()
        if order["kind"] == "make":
            files = {key: Path(path) for key, path in order["files"].items()}
            message.write(answers, body.make(order["make"], order["arguments"], files, order["report"]))
        else:
            answer, arrays = body.do(order["key"], order["payload"])
            message.write(answers, {**answer, **_delivered(arrays, slots, order["slot"])})


def _delivered(arrays: Arrays, slots: Slots | None, slot: int) -> Message:
    """Where the arrays are: in a slot of the shared memory, or in the message where they are too large for it."""
    if slots is None or sum(array.nbytes for array in arrays) > slots.size:
        return {"arrays": arrays}
    return {"slot": slot, "layout": slots.put(slot, arrays)}


def _listen(orders: BinaryIO, queue_: "queue.SimpleQueue[Message]") -> None:
    for order in message.read(orders):
        queue_.put(order)
    os._exit(0)  # the coordinator is gone; a driver may hang or crash while it is unloaded


def _die_with_parent() -> None:
    """On Linux even where a library holds Python's lock, so that nothing hears of the closed input."""
    if sys.platform.startswith("linux"):
        import ctypes

        with suppress(OSError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)


if __name__ == "__main__":
    main()
