"""Supervisor: the small parent process of a show, which starts it again where the interpreter dies or hangs.

It loads nothing but the standard library, owns no device and no window, and passes signals and the exit code on. Once
the show plays, a spare process loads the libraries and waits, so that the next start need not.
"""

import json
import os
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

import platformdirs

from livegan.core.clock import wall_time
from livegan.core.files import reason_of
from livegan.core.machine import cores, free_memory_mb
from livegan.core.own_process import module_command, module_environment
from livegan.core.signals import handle_ending_signals
from livegan.engine.crash_file import crash_path, finish_crash_file, how_it_ended
from livegan.engine.lifeline import OVER, VARIABLE, SignsOnDisk, over_path
from livegan.engine.restart import Restart, RestartPolicy, Stillness, starts_again

LOOK_S = 0.2
SPARE_AFTER_S = 10.0  # of playing: until then the show loads what it still needs
SPARE_MB = 1500.0  # free memory from which there is a spare
AGAIN_S = 60.0  # until it is tried once more, after the system had no process or no memory for a spare or a film
START_TRIES_S = 60.0  # so long a show is tried to be started again
TRY_S = 1.0  # between two such tries
RESCUE_AFTER_S = 5.0  # of playing: films are made whole when the show has its pace again
ABORT_S = 2.0  # for the stacks of one that hangs to be written
SAME_PRESS_S = 2.0  # a closed terminal sends its signal twice
KILLING_PRESS = 3  # of Ctrl-C
ENDS_WRONG = 2  # exit code of a show that died and is not started again
MAKE_ROOM = "close other programs, then type the command again"
STALE_S = 7 * 86400.0  # states of supervisors that were killed

Tell = Callable[[str], None]
SEES_HANGS = sys.platform != "win32"  # where a process can be given an open socket


@dataclass(slots=True)
class Child:
    """A process of the show, or its spare."""

    process: "subprocess.Popen[bytes]"
    stillness: Stillness
    crash: Path
    line: socket.socket | None  # its lifeline; None on Windows
    disk: SignsOnDisk | None  # in its place
    restarted: bool
    played_s: float | None = None  # since when it plays
    hung: bool = False

    def read_signs(self, now_s: float) -> None:
        """Take the signs of life that have come."""
        signs = b""
        if self.line is not None:
            with suppress(OSError):
                signs = self.line.recv(4096)
        elif self.disk is not None:
            signs = self.disk.read()
        if signs:
            self.stillness.sign()
            self.played_s = now_s if self.played_s is None else self.played_s
            self.stillness.over = self.stillness.over or OVER in signs

    def close(self) -> None:
        """Close the lifeline; a spare ends by that."""
        if self.line is not None:
            self.line.close()
            self.line = None


class Supervisor:
    """Supervisor of one show. ``run`` plays it to its end. Main thread only."""

    def __init__(
        self,
        command: Sequence[str],
        tell: Tell,
        *,
        environment: Mapping[str, str] | None = None,
        spares: bool = True,
    ) -> None:
        """`command` starts the show; `tell` prints a line. `spares`: a spare process is kept where there is room."""
        self._command, self._tell = list(command), tell
        self._environment = dict(os.environ if environment is None else environment)
        self._policy = RestartPolicy()
        self._spares = spares and SEES_HANGS and cores() > 1
        self._show: Child | None = None
        self._spare: Child | None = None
        self._starts = 0
        self._asked = 0  # presses of Ctrl-C, SIGTERM, SIGHUP
        self._asked_s = float("-inf")
        self._began_s = wall_time()
        self._folder = _state_folder()
        self._state = self._folder / f"{os.getpid()}-{os.urandom(4).hex()}.json"
        self._films: dict[str, Mapping[str, Any]] = {}  # by their parts: films that are still to be made whole
        self._rescued: set[str] = set()  # parts for which that has begun
        self._rescues: list[tuple[Mapping[str, Any], subprocess.Popen[bytes]]] = []
        self._again_s = float("-inf")  # no spare and no rescue is begun before
        self._memory_kills = _memory_kills()

    def run(self) -> int:
        """Play; the exit code of the show, or ENDS_WRONG if it died, or cannot be started, and is not tried again."""
        with handle_ending_signals(self._signalled):
            try:
                return self._play()
            finally:
                self._end_spare()
                plays_on = self._show is not None and self._show.process.poll() is None  # what ended us did not end it
                if not plays_on:
                    self._note_films()
                self._rescue(wait=True)
                for path in () if plays_on else (self._state, picture_path(self._state), over_path(self._state)):
                    with suppress(OSError):
                        path.unlink()

    def _play(self) -> int:
        try:
            self._show = self._start(None)
        except OSError as error:
            self._tell(f"livegan: no process can be started for the show: {reason_of(error)}; {MAKE_ROOM}.")
            return ENDS_WRONG
        while True:
            code = self._wait(self._show)
            restart = self._after(self._show, code)
            following = self._start_again(restart) if restart is not None else None
            if following is None:
                return self._exit_code(code)
            self._show = following

    def _wait(self, show: Child) -> int:
        """Wait for the end of the show; its exit code."""
        while (code := show.process.poll()) is None:
            lines = [child.line for child in (show, self._spare) if child is not None and child.line is not None]
            if lines:
                select.select(lines, [], [], LOOK_S)
            else:
                time.sleep(LOOK_S)
            now_s = wall_time()
            for child in (show, self._spare):
                if child is not None:
                    child.read_signs(now_s)
            if show.line is not None and _is_ending(show.line):
                self._wait_for_exit(show)
            elif show.stillness.hangs(now_s, stopped=_is_stopped(show.process.pid)):
                self._abort(show)
            elif show.played_s is not None:
                self._while_it_plays(now_s - show.played_s)
        return code

    def _wait_for_exit(self, show: Child) -> None:
        """Its end of the lifeline is closed: it is ending now, or has been killed."""
        with suppress(subprocess.TimeoutExpired):
            show.process.wait(LOOK_S)

    def _while_it_plays(self, played_s: float) -> None:
        may_begin = wall_time() >= self._again_s
        if self._films and (played_s > RESCUE_AFTER_S or self._asked) and may_begin:
            self._rescue()
        if self._spare is not None:
            if self._spare.process.poll() is not None:  # the system needed its memory: no other one
                self._end_spare()
                self._spares = False
        elif self._spares and played_s > SPARE_AFTER_S and may_begin and not self._asked:
            try:
                self._spare = self._start(None, spare=True) if free_memory_mb() >= SPARE_MB else None
            except OSError:  # no process, no memory, no open file left
                self._spare = None
            if self._spare is None:
                self._again_s = wall_time() + AGAIN_S

    def _after(self, show: Child, code: int) -> Restart | None:
        """Say how a show ended that has died; how it is started again, None: it is not."""
        show.read_signs(wall_time())
        show.close()
        still = show.stillness
        again = starts_again(
            code, asked_to_end=self._asked > 0, playing=still.playing, over=still.over, restarted=show.restarted
        )
        died = again or (code not in (0, 1, 2, 130) and not self._asked)
        if not died:
            with suppress(OSError):
                if not show.crash.stat().st_size:
                    show.crash.unlink()
            return None
        kills = _memory_kills()
        reason = how_it_ended(code, hung=show.hung, killed_for_memory=code == -9 and kills > self._memory_kills)
        self._memory_kills = kills
        kept = finish_crash_file(show.crash, reason, shlex.join(self._command))
        known = f" What is known: {kept}" if kept is not None else ""
        self._note_films()
        if not again:
            self._tell(f"livegan: the show died while it was ending: {reason}.{known}")
            return None
        restart = self._policy.died(still.played_s, reason)
        if restart is None:
            self._tell(
                f"livegan: the show died ({reason}), for the {self._policy.deaths}. time, and is not started again; "
                f"type: livegan doctor.{known}"
            )
            return None
        care = "" if not restart.careful else ", with the safe scene and on the processor"
        self._tell(f"livegan: the show died: {reason}. It is started again{care}.{known}")
        return restart

    def _exit_code(self, code: int) -> int:
        if self._asked:
            return code if code >= 0 else 128 - code
        return code if code in (0, 1, 2, 130) else ENDS_WRONG

    def _start_again(self, restart: Restart) -> Child | None:
        """The next process: the spare, if there is one that is alive and has loaded its libraries.

        None if none can be started for START_TRIES_S, or somebody ends the show meanwhile.
        """
        spare = self._spare
        if spare is not None and spare.line is not None and spare.process.poll() is None:
            spare.read_signs(wall_time())
            with suppress(OSError):
                if spare.stillness.playing:
                    spare.line.setblocking(True)
                    spare.line.sendall(restart.to_json().encode() + b"\n")
                    spare.line.setblocking(False)
                    self._spare = None
                    return replace(spare, stillness=Stillness(restarted=True), restarted=True, played_s=None)
        until_s = wall_time() + START_TRIES_S
        while not self._asked:
            try:
                return self._start(restart)
            except OSError as error:
                if wall_time() > until_s:
                    self._tell(f"livegan: the show cannot be started again: {reason_of(error)}; {MAKE_ROOM}.")
                    return None
            finally:
                self._end_spare()  # it holds what may be missing
            time.sleep(TRY_S)
        return None

    def _start(self, restart: Restart | None, *, spare: bool = False) -> Child:
        self._starts += 1
        crash = crash_path(datetime.now(), os.getpid(), self._starts)
        given: dict[str, Any] = {"state": str(self._state), "crash": str(crash), "spare": spare}
        given |= {"restart": restart.to_json() if restart is not None else "", "began_s": self._began_s}
        line = end = disk = None
        if not SEES_HANGS:
            disk = SignsOnDisk(self._state)
        else:
            line, end = socket.socketpair()
            line.setblocking(False)
            given["fd"] = end.fileno()
        environment = {**self._environment, VARIABLE: json.dumps(given)}
        handed_down: dict[str, Any] = {"pass_fds": (end.fileno(),)} if end is not None else {}
        if spare:  # Ctrl-C in the terminal is for the show
            handed_down["preexec_fn"] = _ignore_interrupt
        try:
            process = subprocess.Popen(self._command, env=environment, **handed_down)
        except BaseException:
            if line is not None:
                line.close()
            raise
        finally:
            if end is not None:
                end.close()
        restarted = restart is not None
        stillness = Stillness(restarted=restarted, watched=line is not None)
        return Child(process, stillness, crash, line, disk, restarted)

    def _end_spare(self) -> None:
        spare, self._spare = self._spare, None
        if spare is not None:
            spare.close()
            spare.process.kill()  # it has nothing to keep
            spare.process.wait()
            with suppress(OSError):
                spare.crash.unlink()

    def _abort(self, show: Child) -> None:
        """End a show that hangs: first so that it leaves its stacks, then so that it ends."""
        show.hung = True
        show.process.send_signal(signal.SIGABRT)  # never on Windows, which has no such signal: `watched`
        with suppress(subprocess.TimeoutExpired):
            show.process.wait(ABORT_S)
            return
        show.process.kill()

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        """Pass a signal on that ends the show; who presses Ctrl-C for the third time wants it to end at once."""
        now_s = wall_time()
        if now_s - self._asked_s > SAME_PRESS_S:
            self._asked, self._asked_s = self._asked + 1, now_s
        if self._show is not None and self._show.process.poll() is None:
            with suppress(OSError, ValueError):  # Windows has its own Ctrl-C, which the show gets by itself
                if self._asked >= KILLING_PRESS:
                    self._show.process.kill()
                else:
                    self._show.process.send_signal(number)

    def _note_films(self) -> None:
        """Remember what the show that has ended has left of its films."""
        self._films |= {film["part"]: film for film in films_in(self._state) if film["part"] not in self._rescued}

    def _rescue(self, *, wait: bool = False) -> None:
        """Make the films whole that dead shows have left, each in a process of its own, which has time.

        In a session of its own too: Ctrl-C, and whatever else ends all processes of a terminal, breaks it off nowhere.
        One for which there is no process is tried again while the show plays; at the end (`wait`) that is told.
        """
        for part, film in list(self._films.items()):
            words = ["--overwrite"] if film["overwrite"] else []
            module = module_command("livegan.outputs.rescue", *words, part, film["path"])
            where = module_environment(self._environment)
            try:
                process = subprocess.Popen(module, env=where, stdout=subprocess.PIPE, start_new_session=True)
            except OSError as error:
                self._again_s = wall_time() + AGAIN_S
                if wait:
                    why = f"as no process can be started ({reason_of(error)}); what there is of it: {part}"
                    self._tell(f"livegan: {film['path']} cannot be made whole, {why}; players show it up to there.")
                continue
            del self._films[part]
            self._rescued.add(part)
            self._rescues.append((film, process))
        for film, process in self._rescues if wait else ():
            self._tell_of(film, process)

    def _tell_of(self, film: Mapping[str, Any], process: "subprocess.Popen[bytes]") -> None:
        """Wait until a film is whole, and say where it is; who presses Ctrl-C for the third time does not wait."""
        while self._asked < KILLING_PRESS:
            with suppress(subprocess.TimeoutExpired):
                out, _ = process.communicate(timeout=LOOK_S)
                left = f"livegan: what was recorded before the show died is {film['part']}; players show it."
                self._tell(out.decode(errors="replace").strip() or left)
                return
        if process.stdout is not None:
            process.stdout.close()
        self._tell(f"livegan: {film['path']} is still being made of {film['part']}; that goes on by itself.")


def picture_path(state: Path) -> Path:
    """Where the last picture is kept beside a state."""
    return state.with_suffix(".ppm")


def films_in(state: Path) -> list[Mapping[str, Any]]:
    """Films that a state names and of which there is a part on disk; none of what is no state."""
    try:
        values = json.loads(state.read_text(encoding="utf-8"))
        films = values["films"]
        texts = [film for film in films if isinstance(film["part"], str) and isinstance(film["path"], str)]
        return [
            {"part": film["part"], "path": film["path"], "overwrite": film.get("overwrite") is True}
            for film in texts
            if ".part-" in Path(film["part"]).name and Path(film["part"]).is_file()
        ]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []


def _state_folder() -> Path:
    """The folder of the states of shows that play: in the user's cache, or a new one where that cannot be written."""
    folder = platformdirs.user_cache_path("livegan") / "shows"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = folder / f".{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError:
        return Path(tempfile.mkdtemp(prefix="livegan-"))
    for path in folder.iterdir():
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > STALE_S:
                path.unlink()
    return folder


def _is_ending(line: socket.socket) -> bool:
    """Whether the other end of a lifeline is closed."""
    try:
        return line.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _is_stopped(pid: int) -> bool:
    """Whether somebody has suspended a process (Linux: man 5 proc); False where the system does not say."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return text.rpartition(")")[2].split()[:1] in (["T"], ["t"])


def _memory_kills() -> int:
    """How often the system has killed a process for its memory (Linux: man 5 proc_vmstat); 0 where it does not say."""
    for path, word in (("/sys/fs/cgroup/memory.events", "oom_kill "), ("/proc/vmstat", "oom_kill ")):
        with suppress(OSError, ValueError):
            for line in Path(path).read_text(encoding="ascii").splitlines():
                if line.startswith(word):
                    return int(line.split()[1])
    return 0


def _ignore_interrupt() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
