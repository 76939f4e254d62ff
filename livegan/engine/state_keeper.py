"""State keeper: the service that writes the state of a supervised show once a second and gives signs of life."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from livegan.audio.file import FileSource
from livegan.core.clock import Clock
from livegan.core.events import find_control
from livegan.core.files import reason_of, write_atomic
from livegan.core.types import ControlEvent, Frame
from livegan.engine.lifeline import Lifeline
from livegan.engine.music import PlayedMusic
from livegan.engine.patch import Patch
from livegan.engine.runtime import Runtime
from livegan.engine.show_state import FilmPart, SceneHands, ShowState, TappedTempo
from livegan.engine.sound_runtime import Service
from livegan.engine.supervisor import picture_path
from livegan.outputs.film import Film
from livegan.outputs.queue import OutputQueue

BEAT_S = 0.5  # between two signs of life
STATE_S = 1.0  # between two states
MAIN_HANGS_S = 5.0  # the main thread, which owns the window, has not been seen for so long
TOLD_S = 10.0
PICTURE_PX = 640  # the last picture is kept in so many columns, at most


def is_kept(name: str) -> bool:
    """Whether a state of the window is kept. A freeze is none: the picture that was held is gone."""
    spec = find_control(name)
    return spec is not None and spec.kept


class StateKeeper:
    """Keeper of one show's state. `service` is polled on a thread of its own; it only reads what others own."""

    def __init__(
        self,
        lifeline: Lifeline,
        clock: Clock,
        outputs: Sequence[OutputQueue],
        sound: str,
        before: ShowState | None,
        *,
        keeps_picture: bool = False,
    ) -> None:
        """`sound`: the input's name; `before`: the state that this show goes on from. `keep` must follow."""
        self._lifeline, self._clock, self._outputs, self._sound = lifeline, clock, outputs, sound
        self._before, self._keeps_picture = before, keeps_picture
        self._runtime: Runtime | None = None
        self._main_s = clock.now()
        self._began_s = clock.now()
        self._state_s = float("-inf")
        self._place: tuple[int, int, int, int] | None = None
        self._tapped = before is None or before.tempo is None  # there is nothing to tap again
        self._unwritten = ""
        self._shown: Frame | None = None

    def keep(self, runtime: Runtime) -> None:
        """Keep the state of this show."""
        self._runtime = runtime
        runtime.add(Service("state", start=self._begin, poll=self.poll, notice=lambda: self.notice))

    @property
    def notice(self) -> str:
        """That the show was started again, for a while, or that its state cannot be written; or ""."""
        restart = self._lifeline.restart
        if restart is not None and self._clock.now() - self._began_s < TOLD_S:
            return f"started again: {restart.reason}"
        return self._unwritten

    def main_is_alive(self, place: tuple[int, int, int, int] | None = None) -> None:
        """The main thread calls this twice a second, at least; `place`: of the window (x, y, width, height)."""
        self._main_s, self._place = self._clock.now(), place

    @contextmanager
    def playing(self) -> Iterator[None]:
        """Within the block the show plays; what dies after it is not started again."""
        try:
            yield
        finally:
            self.over()

    def over(self) -> None:
        """It is closing."""
        self._lifeline.over()

    def poll(self, now_s: float) -> float:
        """Do what is due; seconds until the next time."""
        runtime = self._runtime
        if runtime is None or not runtime.published:
            return BEAT_S / 5
        if now_s - self._main_s < MAIN_HANGS_S:
            self._lifeline.beat()
        if not self._tapped and runtime.chosen_clock is not None:
            self._tap_again(runtime, now_s)
        if now_s - self._state_s >= STATE_S:
            self._state_s = now_s
            self._write(runtime, now_s)
        return BEAT_S

    def _begin(self) -> None:
        self._began_s = self._main_s = self._clock.now()

    def _tap_again(self, runtime: Runtime, now_s: float) -> None:
        """Tap the tempo that was tapped before, once the listening hears."""
        self._tapped = True
        if self._before is not None and self._before.tempo is not None:
            for time_s in self._before.tempo.taps(now_s):
                runtime.controls.put(ControlEvent(time_s, "beat.tap"))

    def _write(self, runtime: Runtime, now_s: float) -> None:
        path = self._lifeline.state_path
        try:
            self.state(runtime, now_s).write(path)
            if self._keeps_picture:
                self._write_picture(runtime.frames.peek(), picture_path(path))
            self._unwritten = ""
        except OSError as error:
            self._unwritten = f"the state of the show cannot be kept ({reason_of(error)})"

    def _write_picture(self, frame: Frame | None, path: Path) -> None:
        if frame is None or frame is self._shown:
            return
        self._shown = frame
        pixels = np.asarray(frame.pixels)
        step = -(-pixels.shape[1] // PICTURE_PX)
        pixels = np.ascontiguousarray(pixels[::step, ::step])
        header = b"P6 %d %d 255\n" % (pixels.shape[1], pixels.shape[0])
        write_atomic(path, header + pixels.tobytes(), durable=False)

    def state(self, runtime: Runtime, now_s: float) -> ShowState:
        """The state now. What the engine owns is read while it plays: each value is whole, all are of about one time.

        (Copying a dict of texts and numbers is one step of the interpreter.)
        """
        scenes = runtime.performer.scenes
        patches = list(scenes.patches)
        playing, safe = scenes.patch, scenes.safe
        number = scenes.number_of(playing)
        hands = {str(i): _hands(patch) for i, patch in enumerate(patches)}
        if safe not in patches:
            hands["-1"] = _hands(safe)
        decks = scenes.decks
        end = 0.0 if decks[0] == number else 1.0
        program, source = scenes.program, runtime.source
        music = source if isinstance(source, PlayedMusic) else None
        return ShowState(
            time_s=now_s,
            began_s=self._lifeline.began_s or runtime.start_s,
            input=self._sound,
            scene=number,
            name=playing.name,
            cued=decks[1 - int(end)],
            crossfade=end,
            hands={key: each for key, each in hands.items() if each.moved or each.words is not None},
            set_bars=program.played[0] if program is not None else 0.0,
            set_s=program.played[1] if program is not None else 0.0,
            window={name: value for name, value in runtime.controls.states.items() if is_kept(name)},
            place=self._place,
            tempo=_tempo(runtime),
            song_s=source.position_s if isinstance(source, FileSource) else None,
            bar=music.bar if music is not None else None,
            bar_s=music.conductor.bar_s if music is not None else 0.0,
            films=tuple(
                FilmPart(path=str(film.path), part=str(film.part), overwrite=film.overwrites)
                for film in (queue.output for queue in self._outputs)
                if isinstance(film, Film)
            ),
        )


def _hands(patch: Patch) -> SceneHands:
    words = None
    if patch.prompt != patch.first_prompt:
        words = patch.prompt.words if patch.prompt is not None else ""
    return SceneHands(name=patch.name, moved=dict(patch.controls.moved), words=words)


def _tempo(runtime: Runtime) -> TappedTempo | None:
    chosen = runtime.chosen_clock
    if chosen is None or chosen.kind != "tap":
        return None
    line = chosen.line
    return TappedTempo(bpm=line.bpm, beat_s=line.time_s - (line.beats % 1.0) * 60.0 / line.bpm)
