"""Words of a film, told before it begins: what is understood of its text, and what is not of text and lyrics."""

from collections.abc import Callable, Iterator, Sequence

from livegan.core.text import printable
from livegan.mapping.words import understand
from livegan.studio.dream.aims import not_understood
from livegan.studio.dream.dreamer import Aim
from livegan.studio.dream.film_aims import FilmAims
from livegan.studio.dream.prompts import parse_story

Read = Callable[[Sequence[Aim]], tuple[bool, str]]  # as `StyleDreamer.read`
LONGEST = 60  # characters of words that are told


def words_told(read: Read, aims: FilmAims) -> Iterator[str]:
    """Lines for people. DreamError if nothing is understood and no music says what to draw."""
    prompts = [_aim(prompt.text) for phrase in parse_story(aims.text).phrases for prompt in phrase]
    sung = [_aim(text) for text in dict.fromkeys(lyric.text for lyric in aims.lyrics)]
    known = [aim for aim in prompts if read([aim])[0]]
    strange = [aim.text for aim in prompts if aim not in known]
    odd = [aim.text for aim in sung if not read([aim])[0]]
    is_heard = aims.sound_weight != 0 and not aims.meaning.target().is_empty
    if not is_heard and prompts + sung and not known and len(odd) == len(sung):
        raise not_understood(prompts or sung)
    if known:
        yield f"understood: {read(known)[1]}"
    if strange:
        names = ", ".join(f"'{printable(text, LONGEST)}'" for text in strange)
        followed = "the rest" if known or len(odd) < len(sung) else "the music alone"
        yield f"not understood: {names}; the film follows {followed}"
    if odd:
        lines = f"{len(odd)} of {len(sung)} lines of the lyrics"
        followed = "the text" if known else "the music" if is_heard else "nothing new"
        yield f"not understood: {lines}, first '{printable(odd[0], LONGEST)}'; there the film follows {followed}"


def _aim(text: str) -> Aim:
    return Aim(text, target=understand(text))
