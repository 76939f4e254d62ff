"""Everything that can go wrong in a way a person should read.

    LiveganError                what was wrong, with the value, and what to type next
    ├── VenueError              a file in configs/, a key or a value in it
    ├── SceneError              a scene that cannot be read or bound
    ├── DeviceError             a sound card, a MIDI port
    ├── DisplayError            no screen, no OpenGL
    ├── MediaError              a song or film that cannot be read or written
    ├── NetworkError            a weights file that is not one, or is not for us
    ├── DatasetError            a training set that cannot be read or written
    └── TrainingError           a training run that cannot begin or go on

Setup raises these and the command line prints them, one sentence, exit code 2 (all exit codes: `livegan.cli`).
During a show nothing is raised to the top: see `livegan.engine.guard`.
"""


class LiveganError(Exception):
    """A sentence for the player: what was wrong, with the value, and what to type next."""


class VenueError(LiveganError):
    """A venue file (configs/) has mistakes."""


class SceneError(LiveganError):
    """A scene (presets/scenes/) has mistakes."""


class DeviceError(LiveganError):
    """A sound card or a MIDI port is not there or does not open."""


class DisplayError(LiveganError):
    """There is no screen, or it cannot draw with OpenGL."""


class MediaError(LiveganError):
    """A song or a film cannot be read or written."""


class NetworkError(LiveganError):
    """A weights file is missing, broken, or of a kind livegan cannot play."""

    def __init__(self, reason: str, source: object = None) -> None:
        """`source`: the file or address that `reason` is about; the message is "SOURCE: REASON"."""
        super().__init__(reason if source is None else f"{source}: {reason}")
        self.reason = reason
        self.source = source

    def about(self, source: object) -> "NetworkError":
        """The same reason, about another file or address."""
        return NetworkError(self.reason, source)


class DatasetError(LiveganError):
    """A training set, or a picture or film it is made from, cannot be read or written."""


class TrainingError(LiveganError):
    """A training run cannot begin or go on."""
