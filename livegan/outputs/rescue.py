"""Rescue of a broken-off recording: its packets are copied into a whole file, which gets the film's name.

A process of its own does it after the recording one has died (`python -m livegan.outputs.rescue PART FILM`): it has
time, and whatever a damaged file does to FFmpeg, it does not to the show.
"""

import argparse
import os
import sys
from contextlib import suppress
from pathlib import Path

import av

from livegan.core.files import new_file_beside, reason_of
from livegan.errors import MediaError
from livegan.outputs.formats import film_format
from livegan.outputs.join import named

LOW = 10  # niceness


def rescue(part: Path, film: Path, *, overwrite: bool = False) -> Path:
    """Make a film of the part of one, and remove the part; where the film is.

    MediaError if there is no picture in it or it cannot be written; the part stays as it is.
    """
    kind = film_format(film)
    try:
        whole = new_file_beside(film)
    except OSError as error:
        raise MediaError(f"{film} cannot be written ({reason_of(error)}); what there is of it: {part}") from error
    try:
        pictures = _copy(part, whole, kind.muxer)
        if not pictures:
            raise MediaError(f"there is no whole picture in {part} yet")
        path, _ = named(whole, film, overwrite)
        with suppress(OSError):
            part.unlink()
    except av.InvalidDataError as error:  # it was broken off in its first second
        raise MediaError(f"there is no whole picture in {part} yet") from error
    except (av.FFmpegError, OSError, ValueError) as error:
        raise MediaError(f"{part} cannot be made a whole film: {error}; players show it up to there") from error
    finally:
        whole.unlink(missing_ok=True)
    return path


def _copy(part: Path, whole: Path, muxer: str) -> int:
    """Copy every packet that can be read; how many pictures they are."""
    pictures = 0
    with av.open(f"file:{part}") as broken, av.open(f"file:{whole}", "w", format=muxer) as out:
        streams = {
            stream.index: out.add_stream_from_template(stream, opaque=True)
            for stream in (*broken.streams.video, *broken.streams.audio)
        }
        last: dict[int, int] = {}
        with suppress(av.FFmpegError):  # where it was broken off
            for packet in broken.demux(list(broken.streams.video) + list(broken.streams.audio)):
                index, dts = packet.stream.index, packet.dts
                if dts is None or packet.pts is None or dts <= last.get(index, dts - 1):
                    continue  # the last one is empty
                last[index] = dts
                pictures += packet.stream.type == "video"
                packet.stream = streams[index]
                out.mux(packet)
    return pictures


def main() -> int:
    """The process: prints in a sentence what became of the film; the exit code."""
    words = argparse.ArgumentParser()
    words.add_argument("--overwrite", action="store_true")
    words.add_argument("part", type=Path)
    words.add_argument("film", type=Path)
    typed = words.parse_args()
    if hasattr(os, "nice"):
        os.nice(LOW)
    try:
        path = rescue(typed.part, typed.film, overwrite=typed.overwrite)
        told, code = f"What was recorded before the show died is {path}.", 0
    except MediaError as error:
        told, code = f"livegan: {error}.", 2
    try:
        print(told, flush=True)
    except OSError:  # nobody waits for it any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


if __name__ == "__main__":
    sys.exit(main())
