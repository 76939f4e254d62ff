"""Music tags of a song in words, for `livegan listen --tags`: what it is, its mood, the picture it asks for."""

from math import ceil
from pathlib import Path

from livegan.audio.demo import demo_track
from livegan.core.progress import progress_bar
from livegan.core.signals import end_at_once
from livegan.core.target import Target
from livegan.engine.input_names import DEMO, is_music, is_song
from livegan.errors import MediaError
from livegan.studio.dream.meaning import Meaning, meaning_of_song

PARTS, PART_S = 12, 10.0  # at most so many, none shorter [s]


def tag_lines(input_: str) -> list[str]:
    """Lines about a song; MediaError for what is none."""
    if input_ != DEMO and (is_music(input_) or not is_song(input_)):
        raise MediaError("--tags names the music of a song: give a sound file, or 'demo'")
    path = demo_track() if input_ == DEMO else Path(input_)
    with end_at_once(), progress_bar(path.name, 100, "%") as report:
        meaning = meaning_of_song(path, lambda share: report(round(100 * share)))
    return described(path.name, meaning)


def described(name: str, meaning: Meaning) -> list[str]:
    """What a song means, in lines."""
    if not meaning.music.any():
        return [f"{name}: {meaning.seconds:.1f} s, silence"]
    mood = ", ".join(f"{key} {value:.2f}" for key, value in meaning.mood().items())
    lines = [
        f"{name}: {meaning.seconds:.1f} s",
        f"  tags     {_tags(meaning, 0.0, meaning.seconds, 8)}",
        f"  mood     {mood}",
        f"  picture  {picture_text(meaning.target())}",
    ]
    part_s = max(PART_S, ceil(meaning.seconds / PARTS))
    count = round(meaning.seconds / part_s)
    for k in range(count if count > 1 else 0):
        start_s, end_s = k * part_s, (k + 1) * part_s
        classes = " ".join(list(meaning.target(start_s, end_s).classes)[:2])
        lines.append(f"  {start_s:5.0f} s  {_tags(meaning, start_s, end_s, 4) or 'silence'}: {classes or 'nothing'}")
    return lines


def picture_text(target: Target) -> str:
    """What a target asks for: "neon 74 %, topo 10 %; ff33b9 00e0f8"."""
    classes = ", ".join(f"{name} {100 * share:.0f} %" for name, share in target.classes.items())
    colours = " ".join("".join(f"{round(255 * part):02x}" for part in colour) for _, colour in target.colours)
    return f"{classes}; {colours}"


def _tags(meaning: Meaning, start_s: float, end_s: float, count: int) -> str:
    return ", ".join(f"{tag} {share:.2f}" for tag, share in meaning.top(count, start_s, end_s))
