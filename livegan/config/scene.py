"""Schema of a scene file (presets/scenes/*.toml): one look, never a device."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, field_validator

from livegan.config.transition import TransitionTable
from livegan.core.binding_field import BindingField
from livegan.core.layers import BlendMode, LayerKind
from livegan.core.parameters import BENDS, LAYERS, MOTIONS
from livegan.core.tempo_range import TempoRange, parse_tempo_range
from livegan.core.text import CONTROL_CHARACTERS
from livegan.core.toml import StrictModel

MAX_NETWORKS = 1000  # in one bank
MAX_TITLE, MAX_ABOUT = 200, 2000  # characters: the HUD draws them while it plays
MAX_NAME_BYTES = 255  # of a file or a folder
NO_CODE = (
    "a scene cannot name Python code, as scenes are handed on; if you trust it, the player names it: "
    "livegan play --effect MODULE:FUNCTION, or [[effects]] in the venue"
)

MAX_LEAD_S = 0.5
MAX_ROUTES = 64  # of a scene
MAX_PROMPTS, MAX_WORDS = 32, 200  # of a scene; characters of each

Number = Annotated[float, Field(strict=True)]
Bounded = Annotated[float, Field(strict=True, ge=-1e6, le=1e6)]  # so that no sum of them is infinite


class Motion(StrictModel):
    """Motion: the motion model and its own keys, which are checked when the scene is bound."""

    model_config = ConfigDict(extra="allow")

    model: str = Field("lucid", description="a motion model, e.g. 'lucid' or 'path' (see `livegan parameters`)")


class RouteTable(StrictModel):
    """Route: a feature, or an expression of features, pushes a parameter."""

    source: str = Field(
        description="a feature, e.g. 'onset' (see `livegan parameters`), or an expression: '0.6*bass + max(onset, mid)'"
    )
    target: str = Field(description="a parameter, e.g. 'effect.flash'")
    amount: Bounded = Field(description="push at full source, in the target's unit; may be negative")
    range: tuple[Bounded, Bounded] = Field(
        (0.0, 1.0), description="values of the source that count as nothing and full"
    )
    threshold: float = Field(0.0, ge=0, le=1, description="below this share of the range nothing pushes")
    hysteresis: float = Field(0.05, ge=0, le=1, description="how far below the threshold it stays open")
    curve: str = Field("linear", description="linear, square, cube, root, smooth, gate or invert")
    polarity: Literal["up", "down", "both"] = Field("up", description="'both': the lower half of the range pushes down")
    attack_s: float = Field(0.01, ge=0, le=10, description="rise time constant [s]")
    hold_s: float = Field(0.0, ge=0, le=30, description="how long a peak is held before it falls [s]")
    release_s: float = Field(0.2, ge=0, le=30, description="fall time constant [s]")
    every: int = Field(1, ge=1, le=1024, description="only at the first of every so many beats, until the next one")
    count: str = Field("beat", description="the pulse that `every` and `probability` count: 'downbeat', 'onset.bass'")
    probability: float = Field(1.0, ge=0, le=1, description="how likely it takes part at each of those (seeded)")

    lead: Literal["auto"] | float = Field(
        0.0, description="how early the beat is read [s]; 'auto': by the measured time from sound to screen"
    )
    mute: bool = Field(False, description="true: it is kept, and pushes nothing")

    @field_validator("lead", mode="before")
    @classmethod
    def _can_be_early(cls, lead: object) -> object:
        if lead == "auto" or (isinstance(lead, int | float) and not isinstance(lead, bool) and 0 <= lead <= MAX_LEAD_S):
            return lead
        raise ValueError(f'write lead = "auto", or seconds from 0 to {MAX_LEAD_S}')

    @field_validator("range")
    @classmethod
    def _is_no_point(cls, range: tuple[float, float]) -> tuple[float, float]:
        if abs(range[1] - range[0]) < 1e-6:
            raise ValueError("two different numbers are needed, for example [0, 0.5]")
        return range

    @property
    def is_gated(self) -> bool:
        """Whether it counts beats, or other pulses."""
        return self.every > 1 or self.probability < 1


class BankTable(StrictModel):
    """Bank: how several networks are shown, by network.position."""

    mode: Literal["switch", "blend", "fade"] = Field(
        "switch", description="'switch': one at a time; 'blend': weights between neighbours; 'fade': pictures"
    )
    hysteresis: float = Field(0.15, ge=0, le=0.45, description="how far past the middle a switch is [networks]")
    hold_s: float = Field(0.12, ge=0, le=60, description="how long a network stays at least when switching [s]")


class BendTable(StrictModel):
    """Network bend; the amount of the k-th one is the parameter bend.k."""

    operation: str = Field(description="what is done to the layer, e.g. 'rotate'")
    layer: str = Field("all", description="'coarse', 'middle', 'fine', 'all', or the side of a layer in px, '32'")
    cluster: int = Field(0, ge=0, le=4, description="which group of like channels, 1..4; 0: all")


Words = Annotated[str, Field(min_length=1, max_length=MAX_WORDS)]


class PromptsTable(StrictModel):
    """Prompts: words that the picture may drift to, called by the controls prompt.1, prompt.next ..."""

    words: tuple[Words, ...] = Field(
        (), max_length=MAX_PROMPTS, description='what prompt.1, prompt.2 ... ask for: "slow violet smoke over black"'
    )
    bars: float = Field(8.0, ge=0, le=256, description="how long the picture drifts from one to the next [bars]")
    first: str = Field("", max_length=MAX_WORDS, description="words that it begins with; '' is the scene's own look")

    @field_validator("words", "first")
    @classmethod
    def _are_printable(cls, words: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if any(map(CONTROL_CHARACTERS.search, (words,) if isinstance(words, str) else words)):
            raise ValueError("words with control characters in them")
        return words


Share = Annotated[float, Field(ge=0, le=1)]


class LayerTable(StrictModel):
    """Layer over the network's picture; the numbers of the k-th one are the parameters layer.k.NAME."""

    kind: LayerKind = Field(
        description="oscilloscope, spectrum, starfield, falling-notes, roll, image, logo, video or text"
    )
    blend: BlendMode | None = Field(
        None, description="add, screen, over, multiply or mask; drawings add, all others lie over"
    )
    source: str = Field("", max_length=255, description="file of an image, a logo or a video, beside the scene")
    text: str = Field("", max_length=200, description="what a text says")
    font: str = Field("", max_length=255, description="font file beside the scene, .ttf or .otf; '' is livegan's own")
    fit: Literal["", "cover", "contain"] = Field(
        "", description="cover: fills the picture, what does not fit is cut off; contain: is seen whole"
    )
    key: Literal["", "luminance"] = Field("", description="luminance: dark parts of it are transparent")
    mask: str = Field("", max_length=255, description="image beside the scene: where it is dark the layer is not seen")
    box: tuple[Share, Share, Share, Share] | None = Field(
        None, description="the part of it that is seen: left, top, right, bottom, in shares of it"
    )
    feather: Share = Field(0.05, description="how soft the edge of that part is")
    gate_from: str = Field("", description="feature that shows and hides it, e.g. 'complexity'")
    gate: Literal["below", "above"] = Field("below", description="on which side of layer.K.threshold it is seen")
    gate_on: Literal["change", "value"] = Field(
        "change", description="change: how much the feature has changed in the last second; value: the feature itself"
    )
    after_effects: Annotated[bool, Field(strict=True)] = Field(
        False, description="draw it after the effects, which leave it as it is"
    )


class Scene(StrictModel):
    """Scene: one look, and what it answers to."""

    dotted_tables = ("parameters", "knobs")

    title: str = Field(max_length=MAX_TITLE, description="what the user reads")
    about: str = Field("", max_length=MAX_ABOUT, description="what it looks like and answers to")
    network: str | tuple[str, ...] = Field(
        "house-256", description="a network's name or path, a folder, or a list: a bank"
    )
    bank: BankTable = Field(BankTable(), description="how several networks are shown")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="seed of everything random in this scene")
    classes: tuple[int, ...] = Field(
        (), max_length=12, description="classes the notes choose from; empty: a seeded choice"
    )
    fade_s: float = Field(1.5, ge=0, le=60, description="length of the transition, where [transition] says none [s]")
    transition: TransitionTable | None = Field(None, description="how this scene comes in; without it, a morph")
    tempo: Annotated[TempoRange, BeforeValidator(parse_tempo_range)] | None = Field(
        None, description="slowest and fastest tempo to expect while it plays [beats a minute]; none: the venue's"
    )
    motion: tuple[Motion, ...] = Field(
        (Motion(),),
        min_length=1,
        max_length=MOTIONS,
        description="what moves the latent: one table, or several, summed",
    )
    chain: tuple[str, ...] = Field(
        (), max_length=64, description="effects in the order in which they are applied; others follow as listed"
    )
    parameters: Mapping[str, Number] = Field(
        {}, max_length=256, description="values where nothing pushes, by parameter name"
    )
    bends: tuple[BendTable, ...] = Field(
        (), max_length=BENDS, description=f"layers that parameters bend.1 .. bend.{BENDS} bend"
    )
    layers: tuple[LayerTable, ...] = Field(
        (), max_length=LAYERS, description=f"drawings, images, videos and text over the picture, at most {LAYERS}"
    )
    routes: tuple[RouteTable, ...] = Field((), max_length=MAX_ROUTES, description="features that push parameters")
    prompts: PromptsTable = Field(PromptsTable(), description="words that the picture may drift to")
    knobs: Mapping[str, BindingField] = Field(
        {}, max_length=256, description="knob name -> parameter it turns, or a table: { to = ..., mode = 'toggle' }"
    )

    @field_validator("motion", mode="before")
    @classmethod
    def _one_or_several(cls, motion: Any) -> Any:
        return motion if isinstance(motion, list | tuple) else (motion,)

    @field_validator("network", mode="before")
    @classmethod
    def _is_text(cls, network: object) -> object:
        names = network if isinstance(network, list | tuple) else (network,)
        if not all(isinstance(name, str) for name in names):
            raise ValueError(f'no name, {network!r}; write network = "house-256", or a list of names')
        return network

    @field_validator("network")
    @classmethod
    def _can_be_paths(cls, network: str | tuple[str, ...]) -> str | tuple[str, ...]:
        names = (network,) if isinstance(network, str) else network
        if len(names) > MAX_NETWORKS:
            raise ValueError(f"more than {MAX_NETWORKS} networks")
        if not all(name.strip() for name in names):
            raise ValueError("a name that is empty")
        if any(CONTROL_CHARACTERS.search(name) for name in names):
            raise ValueError("a name with control characters in it")
        if any(len(part.encode()) > MAX_NAME_BYTES for name in names for part in re.split(r"[\\/]", name)):
            raise ValueError("a name longer than that of any file")
        return network

    @property
    def networks(self) -> tuple[str, ...]:
        """As written: one name, path or folder, or several, in the order of `network.position`."""
        return (self.network,) if isinstance(self.network, str) else self.network
