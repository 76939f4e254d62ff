"""Feature analysis of a song or a live input (`livegan listen`): meters, JSON of features and events, a plot."""

from math import inf
from pathlib import Path

from livegan.audio.demo import demo_track
from livegan.audio.song import blocks, open_song
from livegan.config.venue import Venue
from livegan.core.files import check_outputs
from livegan.core.progress import progress_bar
from livegan.core.signals import end_at_once
from livegan.engine.input_names import DEMO, is_music, is_song
from livegan.engine.listening_stage import listening_stage
from livegan.studio.listen_events import BLOCK_HOPS, Transcript, hear_blocks
from livegan.studio.listen_files import ENDINGS, ListenJob, ListenResult, summary, writers


def listen(job: ListenJob, venue: Venue) -> ListenResult:
    """Listen until the end, the duration or Ctrl-C; then write the files.

    A song whose features are to be written is heard as fast as this machine can; all else in real time, with meters.
    """
    input_ = job.input or venue.audio.input
    song = (input_ == DEMO or is_song(input_)) and not is_music(input_)
    check_outputs(
        job.outputs, [input_] if is_song(input_) or is_music(input_) else [], replaces=ENDINGS, pictures=["--plot"]
    )
    if song and job.outputs:
        return _analyse_song(job, venue, demo_track() if input_ == DEMO else Path(input_))
    from livegan.studio.listen_live import listen_live  # late: a song needs no devices, no meters and no music of ours

    return listen_live(job, venue, input_)


def _analyse_song(job: ListenJob, venue: Venue, path: Path) -> ListenResult:
    """A whole song, hop after hop, decoded on the way and faster than it sounds."""
    with end_at_once():  # there is nothing to keep yet
        song = open_song(path, venue.audio.sample_rate, inf if job.duration_s is None else job.duration_s)
    listening = listening_stage(venue, song.sample_rate, song.channels)
    notes, seconds, stopped = Transcript(), 0.0, False
    expected = None if song.expected_s is None else round(song.expected_s)
    with writers(job, path.stem, listening, notes) as files:
        try:
            with progress_bar(path.name, expected, "s") as report:
                for hops in hear_blocks(listening, blocks(song, BLOCK_HOPS * listening.setup.hop)):
                    for file in files:
                        file.take(hops)
                    seconds = hops.end_s
                    report(round(seconds))
        except KeyboardInterrupt:
            stopped = True
    lines = (*summary(path.name, seconds, notes, stopped, job), *song.notices)
    return ListenResult(seconds, stopped, notes.table(), lines)
