"""Story of a show from its log: what happened when, as lines for people; and the curves of how it went."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeGuard

from livegan.core.text import duration_text, printable
from livegan.engine.show_log_reader import ShowLogFile

KEPT = 20_000  # lines and points of a story: no log makes an endless page
STEADY = 1.03  # of tempi that are the same
HANDS_S = 1.0  # moves of one control within that are told as one
RESET = "release"  # how a parameter is moved that gets the scene's value back
CURVES = {
    "bpm": "tempo [beats a minute]",
    "level": "level [0-1]",
    "fps": "pictures a second",
    "frame_ms": "a frame takes [ms]",
    "latency_ms": "from sound to picture [ms]",
}


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One thing that happened."""

    time_s: float  # from the first frame, as in the film
    kind: str  # "scene", "hand", "fault" ...
    text: str


@dataclass(slots=True)
class Story:
    """Story of a show."""

    title: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    lines: list[StoryLine] = field(default_factory=list)
    curves: dict[str, list[tuple[float, float]]] = field(
        default_factory=dict
    )  # name -> time from the first frame [s], value
    scenes: list[tuple[float, str]] = field(default_factory=list)  # when each began
    seconds: float = 0.0  # to the last thing that was noted
    played_s: float = 0.0  # to the end of the last frame; 0: there is none
    tempo: float = 0.0  # that was told last


def read_story(log: ShowLogFile) -> Story:
    """The story of a log, as far as that goes."""
    story, frames, bytes_, counts = Story(), 0, 0, dict[str, int]()
    first_s: float | None = None  # when the first frame was due
    hands: dict[str, float] = {}
    scenes, start = log.header.get("scenes"), 0
    if isinstance(scenes, dict) and isinstance(scenes.get("scenes"), list) and isinstance(scenes.get("start"), int):
        start = scenes["start"]
        tables = [each.get("scene") if isinstance(each, dict) else None for each in scenes["scenes"]]
        names = [str(each.get("title", "?")) if isinstance(each, dict) else "?" for each in tables]
        if 0 <= start < len(names):
            story.scenes.append((0.0, printable(names[start], 60)))
    for block in log.blocks():
        frames += len(block.frames)
        if block.frames:
            first_s = block.frames[0].time_s if first_s is None else first_s
            story.played_s = _played_s(block.frames[-1].time_s - first_s, log.header.get("fps"))
        for note in block.notes:
            time_s, kind = note.get("time_s"), printable(note.get("kind"), 20)
            if not _is_number(time_s):
                continue
            counts[kind] = counts.get(kind, 0) + int(note.get("count", 1)) if _is_count(note.get("count", 1)) else 0
            story.seconds = max(story.seconds, min(time_s, 1e7))
            if kind == "vitals":
                _add_curves(story, time_s, note)
                _tell_tempo(story, time_s)
            elif (kind != "hand" or _is_news(note, time_s, hands)) and len(story.lines) < KEPT:
                story.lines.append(_line(time_s, kind, note))
            if kind == "scene" and len(story.scenes) < KEPT:
                story.scenes.append((time_s, printable(note.get("title", "?"), 60)))
    story.lines.sort(key=lambda line: line.time_s)
    if first_s is not None:
        _count_from(story, first_s, log.header.get("start_s"))
    bytes_ = sum(path.stat().st_size for path in log.paths)
    began = printable(log.header.get("began", ""), 16).removesuffix("...").replace("T", " ")
    story.title = f"{printable(log.path.name, 80)}, {began}".rstrip(", ")
    story.facts = _facts(log, story, frames, bytes_, counts)
    return story


def story_lines(story: Story) -> Iterator[str]:
    """The story as text."""
    yield story.title
    width = max((len(name) for name in story.facts), default=0)
    yield from (f"  {name:<{width}}  {value}" for name, value in story.facts.items())
    for line in story.lines:
        yield f"{clock_text(line.time_s):>8}  {line.kind:<8} {line.text}"


def clock_text(seconds: float) -> str:
    """`0:03.5`, `1:02:09.0`."""
    whole, tenth = divmod(round(max(seconds, 0.0) * 10), 10)
    return f"{duration_text(whole)}.{tenth}"


def _facts(log: ShowLogFile, story: Story, frames: int, bytes_: int, counts: Mapping[str, int]) -> dict[str, str]:
    hours = story.seconds / 3600
    size = f"{bytes_ / 1e6:.2f} MB" + (f", {bytes_ / 1e6 / hours:.1f} MB an hour" if story.seconds >= 60 else "")
    ending = "closed by the show"
    if log.lost:
        ending = log.lost
    elif log.wrong:
        ending = f"cannot be read further: {log.wrong}"
    elif not log.ended:
        ending = "open: the show plays on, or was broken off"
    heard = sorted(bpm for _, bpm in story.curves.get("bpm", ()) if bpm > 0)
    slow, fast = (heard[len(heard) // 20], heard[-1 - len(heard) // 20]) if heard else (0.0, 0.0)
    facts = {
        "length": duration_text(story.played_s or story.seconds),
        "planned": f"{frames} frames" if frames else f"no frame: {log.no_frame}",
        "rate asked": f"{printable(log.header.get('fps', '?'), 20)} frames a second",
        "sound": printable(log.header.get("input", "") or "the usual input", 80),
        "tempo": f"{slow:.0f} to {fast:.0f} beats a minute" if heard else "no beat was heard",
        "livegan": printable(log.header.get("livegan", "?"), 20),
        "faults": str(counts.get("fault", 0)),
        "flashes limited": _times(counts.get("strobe", 0)),
        "quality changed": _times(counts.get("quality", 0)),
        "scenes changed": _times(max(len(story.scenes) - 1, 0)),
        "log": f"{size}, in {len(log.paths)} files" if len(log.paths) > 1 else size,
        "its end": ending,
    }
    if log.dropped:
        facts["missing"] = f"{log.dropped} frames: the disk was too slow; it can be rendered up to there"
    return facts


def _count_from(story: Story, first_s: float, start_s: Any) -> None:
    """Count the times of a story from the first frame, as its film does; what was before that was at 0.

    Notes count from `start_s`, the show's start by its clock, by which the first frame was due at `first_s`.
    """
    before_s = first_s - start_s if _is_number(start_s) and _is_number(first_s) else 0.0
    if not 0 < before_s <= 1e7:
        return

    def from_first(time_s: float) -> float:
        return max(time_s - before_s, 0.0)

    story.lines = [replace(line, time_s=from_first(line.time_s)) for line in story.lines]
    story.scenes = [(from_first(time_s), title) for time_s, title in story.scenes]
    for curve in story.curves.values():
        curve[:] = [(from_first(time_s), value) for time_s, value in curve]
    story.seconds = from_first(story.seconds)


def _played_s(span_s: float, fps: Any) -> float:
    """How long frames lasted of which the last was due `span_s` after the first; 0 for what no show lasts."""
    seconds = span_s + (1 / fps if _is_number(fps) and fps >= 1 else 0.0)
    return seconds if 0 <= seconds <= 1e7 else 0.0


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1_000_000


def _is_number(value: Any) -> TypeGuard[float]:
    """Whether it is a number of a usual size: JSON has infinite ones too, as 1e999, and integers beyond all floats."""
    return isinstance(value, int | float) and abs(value) < 1e9


def _add_curves(story: Story, time_s: float, note: Mapping[str, Any]) -> None:
    for name in CURVES:
        value, curve = note.get(name), story.curves.setdefault(name, [])
        if _is_number(value) and len(curve) < KEPT:
            curve.append((time_s, float(value)))


def _tell_tempo(story: Story, time_s: float) -> None:
    """A line where the tempo is another one than was told last, and has been for three values."""
    newest = [bpm for _, bpm in story.curves.get("bpm", ())[-3:]]
    if len(newest) < 3 or max(newest) > min(newest) * STEADY or len(story.lines) >= KEPT:
        return
    told, bpm = story.tempo, newest[-1]
    if bpm > 0 and not told / STEADY <= bpm <= told * STEADY:
        story.tempo = bpm
        story.lines.append(StoryLine(time_s, "tempo", f"{bpm:.1f} beats a minute"))


def _is_news(note: Mapping[str, Any], time_s: float, hands: dict[str, float]) -> bool:
    """Whether a move is the first of its control for a while: a fader sends many, and the window measures its delay."""
    name = str(note.get("name"))
    if name == "screen.delay":
        return False
    if note.get("how") == RESET:  # one that follows the moves that it takes back is news
        name = f"{RESET} {name}"
    is_news = time_s - hands.get(name, float("-inf")) >= HANDS_S
    if len(hands) < KEPT:
        hands[name] = time_s
    return is_news


def _line(time_s: float, kind: str, note: Mapping[str, Any]) -> StoryLine:
    if kind == "hand" and note.get("name") == "quit" and not note.get("source"):  # at the end of --duration, too
        return StoryLine(time_s, "window", "closed")
    return StoryLine(time_s, kind, _text(kind, note))


def _text(kind: str, note: Mapping[str, Any]) -> str:
    """One note in words."""

    def of(name: str, most: int = 120) -> str:
        return printable(note.get(name, ""), most)

    if kind == "hand":
        value, source = note.get("value"), of("source", 40)
        by = f" ({source})" if source else ""
        if note.get("how") == RESET:
            return f"{of('name', 60)} back to the scene{by}"
        if note.get("how") == "turn" and _is_number(value):
            return f"{of('name', 60)} turned {'up' if value > 0 else 'down'}{by}"
        return f"{of('name', 60)} {value:.3g}{by}" if _is_number(value) else f"{of('name', 60)}{by}"
    if kind == "quality":
        return f"{of('before')} -> {of('after')}: {of('reason')}"
    if kind == "strobe":
        count: Any = note.get("count")
        return f"flashes were limited {_times(count) if _is_count(count) else of('count')}, for {of('seconds')} s"
    if kind == "fault":
        return f"{of('count')}: {of('text', 200)}"
    if kind == "clock":
        return f"the beat comes from {of('reason')}, {of('bpm')} bpm"
    if kind == "network":
        return f"{of('name')} is ready ({of('digest', 8)})"
    if kind == "prompt":
        return of("words") or "no words"
    if kind == "sound":
        return " - ".join(part for part in (of("heard"), of("notice")) if part)
    for name in ("title", "text", "change"):
        if note.get(name):
            return of(name, 200)
    lists = {key: ", ".join(map(str, value)) for key, value in note.items() if isinstance(value, list)}
    rest = [f"{printable(key, 20)} {printable(value, 60)}" for key, value in {**note, **lists}.items()]
    return ", ".join(rest[2:14])  # after its time and its kind
