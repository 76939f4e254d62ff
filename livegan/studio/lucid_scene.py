"""Arguments of lucid-sonic-dreams' `hallucinate` as a scene, with the tracks and effects of its own that it needs.

Names and meanings: `config/lucid_names.py`, docs/lucid-sonic-dreams.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from pathlib import Path
from typing import Any

from livegan.config.load import LoadedScene
from livegan.config.lucid_names import FLAGS, MOMENTS, NUMBERS, with_own_names
from livegan.config.scene import Scene
from livegan.config.venue import EffectTable
from livegan.core.parameters import CUSTOM_EFFECTS, Parameter
from livegan.effects.custom import Function, checked_effect
from livegan.engine.vocabulary import parameter_table
from livegan.errors import LiveganError
from livegan.networks.info import NetworkInfo

PATH = str | Path
MAX_CLASSES = 12
FUNCTION = "function"  # kind of a network that is a function, which no file can name
A_MOMENT = Parameter(MOMENTS, 0, 1e6, 8, "moment of a film", "s")
ALWAYS = {"effect.flash.range": 1.0}  # to the letter: white where the amplitude is full and the strength 1


@dataclass(frozen=True, slots=True)
class EffectsGenerator:
    """Custom effect: `func` is called for every picture with array=, strength= and amplitude=.

    `audio`: a file whose loudness is the amplitude, None: the song's; `percussive`: of its hits alone.
    """

    func: Function
    audio: PATH | None = None
    strength: float = 0.5
    percussive: bool = True

    def __post_init__(self) -> None:
        """VenueError if `func` takes other arguments, LiveganError for a strength out of range."""
        checked_effect(self.name, self.func)
        number("strength", self.strength, parameter_table()["custom.1"])

    @property
    def name(self) -> str:
        """What the function is called, for messages."""
        return getattr(self.func, "__name__", type(self.func).__name__)


@dataclass(slots=True)
class Tracks:
    """Files of sound beside the song: each is an input group of its own, whatever it drives."""

    song: Path
    files: dict[str, Path] = field(default_factory=dict)  # name of the group -> file

    def group(self, name: str, audio: PATH) -> str:
        """The group that plays `audio`: a new one called `name`, one that has it already, or "", the song itself."""
        path = Path(audio)
        if path.resolve() == self.song.resolve():
            return ""
        for known, file in self.files.items():
            if file.resolve() == path.resolve():
                return known
        self.files[name] = path
        return name


@dataclass(frozen=True, slots=True)
class Dream:
    """What is rendered: a scene in memory, its tracks, and its own effects."""

    scene: LoadedScene
    tracks: Mapping[str, Path]
    effects: tuple[EffectTable, ...]
    functions: Mapping[str, Function]


def number(name: str, value: object, parameter: Parameter) -> float:
    """The value; LiveganError if it is no number or outside the range of `parameter`."""
    if isinstance(value, bool) or not isinstance(value, Real) or not parameter.low <= float(value) <= parameter.high:
        raise LiveganError(
            f"{name}={value!r} is not a number in {parameter.low:g}..{parameter.high:g}; "
            f"type for example: {name}={parameter.default:g}"
        )
    return float(value)


def dream(
    song: Path,
    network: NetworkInfo,
    audio: Mapping[str, PATH | None],
    arguments: Mapping[str, Any],
    custom_effects: Sequence[EffectsGenerator] = (),
    seed: int = 0,
) -> Dream:
    """The scene of these arguments of `hallucinate`, by their names; `audio`: those of the constructor.

    LiveganError, with the argument and its value, for what cannot be played.
    """
    tracks = Tracks(song)
    motion: dict[str, Any] = {"model": "lucid", "original": True}
    table = parameter_table()
    for name, own in NUMBERS.items():
        value = arguments[name]
        if name == MOMENTS:
            motion |= _moments(value)
        else:
            motion[name] = number(name, value, table[own])
    motion |= {name: bool(arguments[name]) for name in FLAGS}
    motion |= _axes(tracks, audio, arguments)
    motion |= _effects(tracks, audio, arguments, table)
    classes = _classes(arguments["classes"], network)
    given = network.kind == FUNCTION
    name = network.name if given else str(network.path)
    raw = {"title": "lucid-sonic-dreams", "network": name, "seed": seed, "motion": motion, "parameters": ALWAYS}
    scene = Scene.model_validate(with_own_names(raw | ({"classes": classes} if classes else {})))
    effects, functions = _custom(tracks, custom_effects)
    loaded = LoadedScene("lucid-sonic-dreams", scene, networks=(network,) if given else ())
    return Dream(loaded, tracks.files, effects, functions)


def _moments(value: object) -> dict[str, Any]:
    """`class_shuffle_seconds`: nothing, every so many seconds, or at these moments."""
    if value is None:
        return {}
    if isinstance(value, list | tuple):
        return {MOMENTS: [number(MOMENTS, moment, A_MOMENT) for moment in value]}
    return {MOMENTS: number(MOMENTS, value, parameter_table()[NUMBERS[MOMENTS]])}


def _axes(tracks: Tracks, audio: Mapping[str, PATH | None], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What drives pulse, motion and classes: a track of its own, or a part of the song."""
    named: dict[str, Any] = {}
    for axis in ("pulse", "motion"):
        parts = {f"{axis}_{part}": bool(arguments[f"{axis}_{part}"]) for part in ("percussive", "harmonic")}
        own = audio[f"{axis}_audio"]
        group = "" if own is None else tracks.group(axis, own)
        if group:
            named[f"{axis}_audio"] = group
        else:  # the song as a track of its own is the whole of it
            named |= parts if own is None else dict.fromkeys(parts, True)
    own = audio["class_audio"]
    if own is not None and (group := tracks.group("class", own)):
        named["class_audio"] = group
    return named


def _effects(
    tracks: Tracks, audio: Mapping[str, PATH | None], arguments: Mapping[str, Any], table: Mapping[str, Parameter]
) -> dict[str, Any]:
    """Contrast and flash: on where any of their three arguments is given."""
    named: dict[str, Any] = {}
    for effect in ("contrast", "flash"):
        own, strength, percussive = (
            audio[f"{effect}_audio"],
            arguments[f"{effect}_strength"],
            arguments[f"{effect}_percussive"],
        )
        if own is None and strength is None and percussive is None:
            continue
        hits = percussive is None or bool(percussive)
        group = "" if own is None else tracks.group(effect, own)
        if group:
            named[f"{effect}_audio"] = f"{group}.percussive" if hits else group
        named[f"{effect}_percussive"] = hits
        named[f"{effect}_strength"] = (
            0.5 if strength is None else number(f"{effect}_strength", strength, table[f"effect.{effect}"])
        )
    return named


def _classes(classes: object, network: NetworkInfo) -> list[int]:
    """The classes that notes choose from, at most twelve; none: a seeded choice."""
    if classes is None:
        return []
    chosen = list(classes) if isinstance(classes, list | tuple) else []
    whole = [isinstance(each, int) and not isinstance(each, bool) and each >= 0 for each in chosen]
    if not chosen or len(chosen) > MAX_CLASSES or not all(whole):
        raise LiveganError(
            f"classes={classes!r} is not a list of 1 to {MAX_CLASSES} numbers of classes; "
            "type for example: classes=[1, 5, 9], or leave it out"
        )
    if network.c_dim and max(chosen) >= network.c_dim:
        raise LiveganError(
            f"classes={classes!r}: {network.name} has the classes 0..{network.c_dim - 1}; leave {max(chosen)} out"
        )
    return chosen


def _custom(tracks: Tracks, effects: Sequence[EffectsGenerator]) -> tuple[tuple[EffectTable, ...], dict[str, Function]]:
    """Tables of the player's own effects for a venue, and their functions by the names in them."""
    wrong = [each for each in effects if not isinstance(each, EffectsGenerator)]
    if wrong:
        raise LiveganError(f"custom_effects holds {wrong[0]!r}; make it an effect: EffectsGenerator(function)")
    if len(effects) > CUSTOM_EFFECTS:
        raise LiveganError(
            f"custom_effects holds {len(effects)} effects; at most {CUSTOM_EFFECTS} can be played: call two in one"
        )
    tables, functions = [], {}
    for i, each in enumerate(effects, 1):
        group = "" if each.audio is None else tracks.group(f"effect-{i}", each.audio)
        part = ".".join(filter(None, (group, "percussive" if each.percussive else "")))
        name = f"own:effect_{i}"
        functions[name] = each.func
        source = f"{part}:amplitude" if part else "amplitude"
        tables.append(EffectTable(function=name, amplitude_from=source, strength=each.strength))
    return tuple(tables), functions
