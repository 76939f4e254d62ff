"""Check: every mistake in scenes and setlists, and in what the venue names, without a show. Needs no torch."""

from collections.abc import Iterable
from pathlib import Path

from livegan.config.load import LoadedSetlist, load_scenes, scene_paths, set_paths
from livegan.config.setlist_mistakes import valid_setlist
from livegan.config.venue import Venue
from livegan.core.file_kind import SETLIST, file_kind
from livegan.core.files import read_text
from livegan.engine.bind import absent_mistakes, check_scene, entry_scenes, knob_mistakes, listen, safe_mistakes
from livegan.engine.custom_effects import effect_mistakes
from livegan.engine.layers import boxed_letters, layer_mistakes
from livegan.engine.listening_stage import hearing_mistakes
from livegan.engine.networks import find_bank
from livegan.engine.outputs import output_mistakes, refused_outputs
from livegan.engine.own_controllers import controller_mistakes
from livegan.engine.prompts import lacking_lines, prompts_of, unclear_lines
from livegan.engine.rehearsed import load_song
from livegan.engine.sound import input_mistakes
from livegan.engine.vocabulary import Vocabulary
from livegan.errors import SceneError


def check(venue: Venue, names: Iterable[str]) -> list[str]:
    """Every mistake in these scenes and setlists and in what the venue names, one line each."""
    given = list(dict.fromkeys([*names, *(table.scene for table in venue.windows if table.scene)]))
    sets = [name for name in given if is_setlist(name)]
    scenes = load_scenes(name for name in given if name not in sets)
    listening = venue.listening.model_copy(update={"hearing": ""})  # the names are the same, and its file may be wrong
    usual = venue.model_copy(update={"listening": listening})
    vocabulary = Vocabulary.of(listen(usual, 48000, 2, scenes).layout)
    shown = [*venue.show.scenes, *([venue.show.start] if venue.show.start else [])]
    absent = [loaded for loaded in load_scenes(shown) if loaded.path is None] if shown else []
    return [
        *(mistake for loaded in scenes for mistake in check_scene(loaded, vocabulary).mistakes),
        *knob_mistakes(venue, vocabulary),
        *hearing_mistakes(venue),
        *controller_mistakes(vocabulary.parameters),
        *(f"venue: {mistake}" for mistake in input_mistakes(venue.audio.input)),
        *(f"venue: {mistake}" for mistake in output_mistakes(venue.outputs)),
        *(f"venue: {mistake}" for mistake in refused_outputs(venue.outputs)),
        *(f"venue: {mistake}" for mistake in effect_mistakes(venue.effects, vocabulary.layout.index)),
        *(f"venue: show: {mistake}" for loaded in absent for mistake in loaded.mistakes),
        *(mistake for name in sets for mistake in _set_mistakes(name, usual)),
        *(_set_mistakes(venue.show.set, usual) if venue.show.set else []),
    ]


def remarks(names: Iterable[str]) -> list[str]:
    """A line for all words of these scenes that move nothing, and for letters that no font has.

    What is no scene, or a wrong one, has none.
    """
    lines: list[str] = []
    for loaded in load_scenes(name for name in dict.fromkeys(names) if not is_setlist(name)):
        if loaded.scene is not None:
            prompts, first = prompts_of(loaded.scene)
            prompts = (*prompts, *([first] if first else []))
            networks = (loaded.networks or find_bank(loaded.scene)[0]) if prompts else ()
            lines += [*unclear_lines(loaded.name, prompts, networks), *lacking_lines(networks)]
            if not layer_mistakes(loaded.scene, loaded.folder):
                lines += boxed_letters(loaded.name, loaded.scene, loaded.folder)
    return list(dict.fromkeys(lines))


def is_setlist(name: str) -> bool:
    """Whether a name or a path is that of a setlist: a file with entries, or a name that no scene has."""
    if not name.endswith(".toml"):
        return name in set_paths() and name not in scene_paths()
    path = Path(name)
    try:
        return "\n[[entries]]" in f"\n{read_text(path)}" or file_kind(path) == SETLIST
    except (OSError, UnicodeDecodeError):
        return False


def _set_mistakes(name: str, venue: Venue) -> list[str]:
    """Every mistake in a setlist and in its scenes as it plays them."""
    file, wrong = valid_setlist(name)
    lines = [*wrong]
    if file is not None:
        own, safe = entry_scenes(file, venue.show.safe)
        lines += [*absent_mistakes(file, own), *safe_mistakes(safe), *_song_mistakes(file)]
        scenes = [loaded for loaded in (*own, *([safe] if safe else [])) if loaded.scene is not None]
        vocabulary = Vocabulary.of(listen(venue, 48000, 2, scenes).layout)
        lines += [line for loaded in scenes for line in check_scene(loaded, vocabulary).mistakes]
    lines = [line.removeprefix(f"{name}: ") for line in dict.fromkeys(lines)]
    return [f"setlist '{name}': {line}" for line in lines]


def _song_mistakes(file: LoadedSetlist) -> list[str]:
    try:
        if file.table.song:
            load_song(file.path.parent / file.table.song)
    except SceneError as error:
        return str(error).splitlines()
    return []
