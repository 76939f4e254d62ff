"""Exception hierarchy: errors with a message for the user.

    LiveganError                what was wrong, with the value, and what to type next
    ├── VenueError              a file in configs/, a key or a value in it
    ├── SceneError              a scene that cannot be read or bound
    ├── DeviceError             a sound card, a MIDI port, a camera
    ├── DisplayError            no screen, no OpenGL
    ├── MediaError              a song or film that cannot be read or written
    │   └── MidiError           a MIDI file that cannot be read or written
    ├── NetworkError            a weights file that is broken or not supported
    ├── DatasetError            a training set that cannot be read or written
    ├── TrainingError           a training run that cannot begin or go on
    ├── ComposeError            music that cannot be composed: a style, a corpus, a tune, a network that writes none
    ├── DreamError              a dream that cannot begin: a prompt, a segment, a model that is not there
    ├── StudioError             a job of the studio page that cannot be queued
    └── WorkerError             workers of distributed work that cannot be started, or all ended

Setup raises these and the command line prints them, one sentence, exit code 2 (all exit codes: `livegan.cli`).
During a show nothing is raised to the top: see `livegan.engine.guard`.
"""


class LiveganError(Exception):
    """Base class; the message says what was wrong, with the value, and what to type next."""


class VenueError(LiveganError):
    """Error in a venue file (configs/)."""


class SceneError(LiveganError):
    """Error in a scene (presets/scenes/)."""


class DeviceError(LiveganError):
    """Device error: a sound card, a MIDI port or a camera is missing or does not open."""


class DisplayError(LiveganError):
    """Display error: no screen, or no OpenGL on it."""


class MediaError(LiveganError):
    """Media error: a song or a film cannot be read or written."""


class MidiError(MediaError):
    """MIDI file error: it is none, is broken, or has more than can be read."""


class NetworkError(LiveganError):
    """Network error: a weights file is missing, broken, or of an unsupported kind."""

    def __init__(self, reason: str, source: object = None) -> None:
        """`source`: the file or address that `reason` is about; the message is "SOURCE: REASON"."""
        super().__init__(reason if source is None else f"{_on_one_line(source)}: {reason}")
        self.reason = reason
        self.source = source

    def about(self, source: object) -> "NetworkError":
        """The same reason, about another file or address."""
        return NetworkError(self.reason, source)


def _on_one_line(source: object) -> str:
    """A path or an address with escapes for characters that a terminal would obey, or that change the order of text."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in str(source))


class DatasetError(LiveganError):
    """Dataset error: a training set, or a picture or film it is made from, cannot be read or written."""


class TrainingError(LiveganError):
    """Training error: a run cannot begin or continue."""


class ComposeError(LiveganError):
    """Composer error: music that cannot be composed, or a style, corpus or tune that cannot be used."""


class DreamError(LiveganError):
    """Dream error: a prompt, a file of lyrics, a model that is missing or does not fit."""


class StudioError(LiveganError):
    """Studio error: a job of the page that cannot be queued, or values that make none."""


class WorkerError(LiveganError):
    """Worker error: workers of a render or projection cannot be started, or all of them have ended."""
