"""SoundFont files: the one that was asked for, or the one that this system has in its usual places."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from livegan.core.files import is_file, user_path
from livegan.core.text import printable
from livegan.errors import DeviceError

VARIABLE = "LIVEGAN_SOUNDFONT"  # environment
ENDINGS = (".sf2", ".sf3")
FIRST = ("default-gm", "default", "fluidr3_gm", "generaluser", "musescore_general", "timgm6mb")  # then by name
INSTALL = "sudo apt-get install timgm6mb-soundfont (6 MB), or fluid-soundfont-gm (130 MB, better)"


def find_soundfont(asked: str | Path | None = None) -> Path:
    """The SoundFont to play with: `asked`, else $LIVEGAN_SOUNDFONT, else the system's best. DeviceError if none."""
    for name, typed in ((asked, "--soundfont"), (os.environ.get(VARIABLE), VARIABLE)):
        if name:
            return _checked(name, typed)
    found = [path for folder in folders() for path in _fonts(folder)]
    if not found:
        raise DeviceError(
            f"there is no SoundFont here, whose instruments would play the notes; type: {INSTALL}; "
            f"or put any .sf2 or .sf3 file into {own_folder()}, or name it: --soundfont FILE.sf2"
        )
    return min(found, key=_rank)


def own_folder() -> Path:
    """Where a person may put SoundFonts; may not exist yet."""
    return platformdirs.user_data_path("livegan") / "soundfonts"


def folders() -> list[Path]:
    """Where SoundFonts lie on Debian, Fedora, Arch, macOS and Windows; one's own first. Few of them exist."""
    home = Path.home()
    if sys.platform == "win32":
        system = [Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData")) / "soundfonts", Path(r"C:\soundfonts")]
    elif sys.platform == "darwin":
        system = [home / "Library/Audio/Sounds/Banks", Path("/Library/Audio/Sounds/Banks")]
        brewed = [Path(prefix) / "share" for prefix in ("/opt/homebrew", "/usr/local")]
        system += [share / name for share in brewed for name in ("soundfonts", "sounds/sf2", "fluid-synth/sf2")]
    else:
        shares = (home / ".local/share", Path("/usr/local/share"), Path("/usr/share"))
        system = [share / name for share in shares for name in ("sounds/sf2", "sounds/sf3", "soundfonts")]
    return [own_folder(), *system]


def _fonts(folder: Path) -> Iterator[Path]:
    try:
        inside = sorted(folder.iterdir())
    except OSError:  # most are not there
        return
    yield from (path for path in inside if path.suffix.lower() in ENDINGS and _is_soundfont(path))


def _rank(path: Path) -> tuple[bool, int, str]:
    """One's own before the system's, then those that are known to be good, then by name."""
    known = [number for number, name in enumerate(FIRST) if path.stem.lower().startswith(name)]
    return path.parent != own_folder(), known[0] if known else len(FIRST), path.name


def _checked(name: str | Path, typed: str) -> Path:
    try:
        path = user_path(name)
    except ValueError as error:
        raise DeviceError(f"{typed} '{printable(name)}' is no SoundFont: {error}") from error
    if not is_file(path):
        raise DeviceError(
            f"{typed}: there is no file '{printable(path)}'; give a .sf2 or .sf3 file, or type: {INSTALL}"
        )
    if not _is_soundfont(path):
        raise DeviceError(
            f"{typed}: '{printable(path)}' is no SoundFont, or cannot be read; give a .sf2 or .sf3 file, or leave it "
            "away and the system's is taken"
        )
    return path


def _is_soundfont(path: Path) -> bool:
    """Whether the file can be read and has a SoundFont's three lists, each of them whole (SoundFont 2.04, section 4).

    What is not would make libraries below FluidSynth print to the terminal.
    """
    lists: list[bytes] = []
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            head, at = file.read(12), 12
            while head[:4] == b"RIFF" and head[8:] == b"sfbk" and len(lists) < 3:
                file.seek(at)
                chunk = file.read(12)
                at += 8 + int.from_bytes(chunk[4:8], "little")
                if len(chunk) < 12 or at > size:
                    return False
                lists.append(chunk[:4] + chunk[8:])
    except OSError:
        return False
    return lists == [b"LISTINFO", b"LISTsdta", b"LISTpdta"]
