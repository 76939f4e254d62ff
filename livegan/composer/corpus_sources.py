"""Sources of corpora: Bach's chorales and Palestrina's masses of music21's wheel, or a folder of MIDI and scores."""

from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from livegan.composer import kern, musicxml
from livegan.composer.corpus import MIDI_SUFFIXES
from livegan.composer.midi_file import read_midi
from livegan.composer.source_piece import SourcePiece
from livegan.core.files import expanded
from livegan.core.text import printable
from livegan.errors import ComposeError

KERN_SUFFIX = ".krn"
SUFFIXES = (*MIDI_SUFFIXES, *musicxml.SUFFIXES, KERN_SUFFIX)
MUSIC21_NOTICE = (
    "music21 distributes the encodings with the permission of the encoders; some may not be used commercially or have "
    "other restrictions (music21/corpus/license.txt)."
)
NOTICES = {
    "bach": (
        f"Works: Johann Sebastian Bach (1685-1750), public domain. {MUSIC21_NOTICE} Most files of the chorales say "
        "nothing of rights; three (bwv277, bwv281, bwv366) say: copyright 1994, Center for Computer Assisted Research "
        "in the Humanities; rights to all derivative electronic formats reserved."
    ),
    "palestrina": (
        f"Works: Giovanni Pierluigi da Palestrina (about 1525-1594), public domain. {MUSIC21_NOTICE} The files say: "
        "copyright 2000, John Miller; rights to all derivative electronic formats reserved. Learn from them at home; "
        "do not pass on this corpus, or networks trained on it, without asking."
    ),
}
DIMINUTIONS = {"palestrina": 2}  # its half note is the beat: read as a quarter


@dataclass(frozen=True, slots=True)
class Source:
    """Where the pieces of a corpus come from."""

    name: str
    folder: Path
    files: tuple[str, ...]  # in the folder, in order
    notice: str = ""
    diminution: int = 1  # note values are divided by it

    def read(self, file: str, steps_per_beat: int) -> SourcePiece:
        """One piece; MidiError or ComposeError if it cannot be read."""
        path = self.folder / file
        if path.suffix.lower() == KERN_SUFFIX:
            piece = kern.read_kern(path, steps_per_beat, self.diminution)
            return piece if self.name == "palestrina" else replace(piece, group="")
        if path.suffix.lower() in MIDI_SUFFIXES:
            return SourcePiece(read_midi(path, steps_per_beat))
        return musicxml.read_musicxml(path, steps_per_beat)


def open_source(name: str) -> Source:
    """The source called bach or palestrina, or a folder; ComposeError if there is none."""
    if name in NOTICES:
        folder = musicxml.music21_folder() / "corpus" / name
        files = _files(folder) if folder.is_dir() else ()
        if not files:
            raise ComposeError(f"music21 is installed without its {name}; type: {musicxml.INSTALL} --force-reinstall")
        return Source(name, folder, files, NOTICES[name], DIMINUTIONS.get(name, 1))
    folder = expanded(name)
    if not folder.is_dir():
        raise ComposeError(
            f"there is no folder {printable(name)}; give bach, palestrina, or a folder of MIDI or MusicXML"
        )
    files = _files(folder)
    if not files:
        raise ComposeError(f"{printable(name)} has no {', '.join(SUFFIXES)}; give another folder, bach or palestrina")
    if any(file.lower().endswith(musicxml.SUFFIXES) for file in files):
        musicxml.music21_folder()
    return Source(str(folder), folder, files)


def source_title(source: Source) -> str:
    """The source in words, with music21's version."""
    if source.name not in NOTICES:
        return f"the folder {printable(Path(source.name).name)}"
    try:
        return f"music21 {version('music21')}, corpus/{source.name}"
    except PackageNotFoundError:
        return f"music21, corpus/{source.name}"


def _files(folder: Path) -> tuple[str, ...]:
    """Files that may be music, in the folder and its folders. Analyses of music21 (.rntxt) hold no score."""
    names = (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file())
    return tuple(
        name
        for name in names
        if name.lower().endswith(SUFFIXES) and not any(part.startswith(".") for part in name.split("/"))
    )
