"""Listening stage of a venue: its groups, its window, and of groups only the features that somebody reads."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from livegan.config.venue import Venue
from livegan.core.files import expanded
from livegan.core.guard import Guard, unguarded
from livegan.core.machine import cores
from livegan.core.timeline import Timeline
from livegan.errors import NetworkError
from livegan.features.clock_choice import ClockChoice
from livegan.features.listening import Listening
from livegan.features.listening_process import ListeningProcess
from livegan.features.music_clock import MusicClock
from livegan.features.names import features_of, names_on_request, on_request
from livegan.networks.hearing_network import HearingWeights, load_hearing


def listening_stage(
    venue: Venue,
    sample_rate: int,
    channels: int,
    sources: Iterable[str] = (),
    guard: Guard = unguarded,
    stems: Mapping[str, Sequence[int]] | None = None,
    timeline: Timeline | None = None,
    clock_choice: ClockChoice | None = None,
    apart: bool = False,
) -> Listening:
    """The listening stage of this venue, for sound of that rate and so many channels.

    Of groups of channels, and of parts that must be separated, it computes what `sources` and the venue's effects name.
    `stems`: groups whose channels lie behind those of the main group; they take the place of the venue's of the same
    name. `timeline`: of music that is known before it sounds; then it is the beat clock. Else `clock_choice` may put
    another in the place of the one that is heard. `apart`: in a process of its own, once it is started, where the venue
    wants that and there is a core for it. NetworkError if the venue's own hearing network cannot be read.
    """
    table = venue.listening
    stems = stems or {}
    main = min((min(numbers) for numbers in stems.values()), default=channels + 1) - 1
    groups = {name: [each for each in group.channels if each <= main] for name, group in venue.inputs.items()}
    groups |= {name: [*numbers] for name, numbers in stems.items()}
    made: Callable[..., Listening]
    if apart and table.process and cores() > 1:
        made = partial(ListeningProcess, hearing_file=expanded(table.hearing) if table.hearing else None)
    else:
        made = partial(Listening, hearing=_own_hearing(venue))
    return made(
        sample_rate,
        channels,
        window=table.window,
        hop=table.hop,
        bands=table.bands,
        groups=groups,
        asked=_asked(venue, groups, sources),
        guard=guard,
        main_channels=main,
        beat_clock=MusicClock(timeline) if timeline is not None else None,
        clock_choice=clock_choice,
        timeline=timeline,
        tempo_range=venue.time.tempo,
    )


def hearing_mistakes(venue: Venue) -> list[str]:
    """What is wrong with the venue's own hearing network, if it has one."""
    try:
        _own_hearing(venue)
    except NetworkError as error:
        return [f"venue: listening.hearing: {error}"]
    return []


def _own_hearing(venue: Venue) -> HearingWeights | None:
    path = venue.listening.hearing
    return load_hearing(expanded(path)) if path else None


def _asked(venue: Venue, groups: Mapping[str, Sequence[int]], sources: Iterable[str]) -> list[str]:
    """The features of groups that are named and exist; those that do not are mistakes of the scenes."""
    names = [*(effect.amplitude_from for effect in venue.effects), *sources]
    costly = on_request(names)
    if costly:
        from livegan.networks.tag_table import tag_table

        tag_table()  # the user's own may have mistakes: now is the time to say so
    names = [name for name in names if ":" in name]
    known = set(features_of(groups, venue.listening.bands)) if names or costly else set()
    return [name for name in dict.fromkeys([*names, *names_on_request(costly)]) if name in known]
