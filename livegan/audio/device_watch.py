"""Watch for a sound input that is away, without touching the one that is heard.

PortAudio lists devices once, and listing them again ends every stream of the process. So another process lists them.
"""

from typing import Protocol

from livegan.audio.subprocess_query import SubprocessQuery
from livegan.core.own_process import module_command

EVERY_S = 2.0
SEARCH = "livegan.audio.input_search"


class Watch(Protocol):
    """Interface of the watch; tests have their own."""

    def is_there(self, name: str, host_api: str, now_s: float) -> bool:
        """Whether an input of that name has been found just now. Never waits."""
        ...

    def stop(self) -> None:
        """Idempotent."""
        ...


class DeviceWatch:
    """Watch by a process that lists the devices every two seconds while it is asked."""

    def __init__(self) -> None:
        self._asked = ("", "")
        self._query: SubprocessQuery | None = None

    def is_there(self, name: str, host_api: str, now_s: float) -> bool:
        """Whether an input of that name was listed, and can be opened, since the last call."""
        if self._query is None or (name, host_api) != self._asked:
            self.stop()
            self._asked = (name, host_api)
            self._query = SubprocessQuery(module_command(SEARCH, name, host_api), EVERY_S)
        return bool(self._query.poll(now_s))

    def stop(self) -> None:
        """End the process that lists."""
        if self._query is not None:
            self._query.stop()
        self._query = None
