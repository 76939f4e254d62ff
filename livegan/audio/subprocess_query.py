"""Non-blocking query of another program: started now, answered at a later poll, killed if it takes too long."""

import subprocess
import tempfile
from collections.abc import Sequence
from typing import IO

from livegan.core.own_process import module_environment

LIMIT_S = 10.0  # a program that takes longer is killed: a sound server may hang


class SubprocessQuery:
    """One program that is asked again and again. For one thread; nothing ever waits."""

    def __init__(self, command: Sequence[str], every_s: float) -> None:
        """`every_s`: between two questions."""
        self._command, self._every_s = list(command), every_s
        self._process: subprocess.Popen[bytes] | None = None
        self._out: IO[bytes] | None = None
        self._asked_s = float("-inf")

    def poll(self, now_s: float) -> str | None:
        """An answer that has just come, else None; asks again when it is time."""
        if self._process is None:
            if now_s - self._asked_s >= self._every_s:
                self._ask(now_s)
            return None
        code = self._process.poll()
        if code is None:
            if now_s - self._asked_s > LIMIT_S:
                self._process.kill()
            return None
        answer, self._process = self._answer(), None
        return answer if code == 0 else None

    def stop(self) -> None:
        """Forget the question that is open. Idempotent."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
        self._answer()

    def _ask(self, now_s: float) -> None:
        self._asked_s = now_s
        try:
            self._out = tempfile.TemporaryFile()  # noqa: SIM115 - a pipe holds 64 kB, and nobody reads while it runs
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=self._out,
                stderr=subprocess.DEVNULL,
                env=module_environment(),
            )
        except OSError:
            self._answer()

    def _answer(self) -> str | None:
        out, self._out = self._out, None
        if out is None:
            return None
        with out:
            out.seek(0)
            return out.read().decode(errors="replace")
