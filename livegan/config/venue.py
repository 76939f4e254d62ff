"""Schema of a venue file (configs/*.toml): devices, screens, ports. Never a colour."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from livegan.config.picture_view import PictureView
from livegan.core.binding_field import BindingField
from livegan.core.parameters import CUSTOM_EFFECTS
from livegan.core.socket_address import LOOPBACK, parse_host, parse_socket_address
from livegan.core.tempo_range import ANY_TEMPO, TempoRange, parse_tempo_range
from livegan.core.toml import StrictModel
from livegan.core.types import SEPARATED_PARTS

Flag = Annotated[bool, Field(strict=True)]
Word = Annotated[str, Field(min_length=1)]
Takeover = Literal["scale", "pickup", "jump"]


def _not_a_part(name: str) -> str:
    if name in SEPARATED_PARTS:
        raise ValueError(f"'{name}' is a part of every group ({', '.join(SEPARATED_PARTS)}); choose another name")
    return name


def is_group_name(name: str) -> bool:
    """Whether an input group can be called so."""
    return re.fullmatch(GROUP_NAME, name) is not None and name not in SEPARATED_PARTS


GROUP_NAME = r"^[a-z][a-z0-9_-]{0,31}$"
GroupName = Annotated[str, Field(pattern=GROUP_NAME), AfterValidator(_not_a_part)]


class AudioTable(StrictModel):
    """Sound input: device, channels, sample rate."""

    input: str = Field(
        "", description="part of an input's name; '' is the default, or 'demo', 'compose', or a song's path"
    )
    host_api: str = Field("", description="part of a host API's name (ALSA, JACK, CoreAudio, ASIO ...); '' is any")
    channels: int = Field(0, ge=0, le=128, description="how many channels to open; 0 is all, at most 2")
    sample_rate: int = Field(48000, ge=8000, le=192000, description="[Hz]")
    block: int = Field(256, ge=16, le=8192, description="samples the driver hands over at a time; never 0")
    latency: Literal["low", "high"] | float = Field("low", description="'low', 'high' or seconds")
    fallback: Literal["demo", "other", "silence"] = Field(
        "demo",
        description="heard while the input is away: 'demo', another input, else the demo track; 'other', another "
        "input, else silence; 'silence'",
    )
    monitor: Flag = Field(True, description="play songs aloud when they are the input")


class MusicTable(StrictModel):
    """Music that livegan plays itself, composed or from a MIDI file: where its notes go besides the loudspeakers."""

    midi_out: str = Field("", description="part of a MIDI output's name (`livegan devices`); '' is none")
    midi_delay_s: float = Field(0.0, ge=0, le=2, description="how much later its notes are sent [s]")


class TimeTable(StrictModel):
    """Beat clock: where the beat comes from, and where it goes (docs/tempo.md)."""

    clock: Literal["auto", "link", "midi", "tap", "listening"] = Field(
        "auto", description="auto: Link, else MIDI clock, else taps, else what is heard; or one of these alone"
    )
    link: Literal["off", "follow", "lead"] = Field(
        "off", description="Ableton Link on the local network: off, follow its tempo, or lead with the show's"
    )
    midi_out: str = Field("", description="part of a MIDI output's name that gets a MIDI clock; '' is none")
    tempo: Annotated[TempoRange, BeforeValidator(parse_tempo_range)] = Field(
        ANY_TEMPO, description="slowest and fastest tempo to expect in what is heard [beats a minute]: [70, 180]"
    )

    @property
    def follows_link(self) -> bool:
        """Whether a Link session is joined for its beat."""
        return self.link == "follow" or (self.link == "off" and self.clock == "link")

    @model_validator(mode="after")
    def _leads_with_its_own(self) -> "TimeTable":
        if self.link == "lead" and self.clock == "link":
            raise ValueError('a show that leads Link cannot follow it: choose another clock, or link = "follow"')
        return self


class InputTable(StrictModel):
    """Input group: channels that scenes can listen to; [inputs.drums] makes 'drums:onset.bass' a feature."""

    channels: tuple[Annotated[int, Field(ge=1, le=128)], ...] = Field(
        min_length=1, max_length=128, description="channels of the input, counted from 1"
    )


class ListeningTable(StrictModel):
    """Sound analysis: window, hop and bands."""

    window: int = Field(2048, ge=256, le=16384, description="STFT window [samples at 48 kHz]")
    hop: int = Field(256, ge=64, le=4096, description="step between analyses [samples at 48 kHz]")
    bands: int = Field(40, ge=8, le=128, description="mel bands")
    hearing: str = Field(
        "", description="file of a network that hears the beat (`livegan train hearing`); '' is livegan's own"
    )
    process: bool = Field(
        True, strict=True, description="a show hears in a process of its own: more pictures where cores are few"
    )


Quality = Literal["auto", "full", "light"]


class PictureTable(StrictModel):
    """Frame rate, device and memory of the networks."""

    fps: float = Field(60, ge=1, le=240, description="target frame rate")
    device: Literal["auto", "cpu", "cuda", "rocm", "xpu", "mps", "openvino-gpu", "intel", "directml"] = Field(
        "auto", description="auto, cpu, cuda, rocm, xpu, mps, openvino-gpu (or intel), directml"
    )
    quality: Quality = Field(
        "auto", description="auto: as good as the frame rate allows; full: at any rate; light: less work from the start"
    )
    memory_gb: float = Field(0, ge=0, le=4096, description="for networks kept ready [GB]; 0: by what is free")


class CameraTable(StrictModel):
    """Camera that scenes with motion.model = "camera" look through."""

    device: str = Field(
        "", description="camera, camera:1, a part of a camera's name, or a film, picture or folder; '' is none"
    )


class SafetyTable(StrictModel):
    """Strobe safety: whether flashes are limited. No scene can say so."""

    flashes: Literal["limit", "off"] = Field(
        "limit", description="limit: at most three flashes a second are shown (WCAG 2.3.1); off: any number"
    )


class WindowTable(PictureView):
    """Window: screen, size and overlays."""

    screen: str = Field("", description="part of a screen's name; '' is the primary one")
    fullscreen: Flag = Field(False, description="start in full screen")
    size: tuple[int, int] = Field((1024, 576), description="width and height of the window and of films [px]")
    vsync: Flag = Field(True, description="swap with the screen's refresh")
    hud: Flag = Field(False, description="start with the HUD shown")
    zero_copy: Flag = Field(
        True, description="where an NVIDIA card draws the pictures and the window, leave them in its memory"
    )
    panel: Flag | Literal["auto"] = Field(
        "auto", description="open the panel: true, false, 'auto': with a full screen and another screen for it"
    )
    fade_out_s: float = Field(3.0, ge=0, le=120, description="how long fade.out and fade.in take [s]")


class ExtraWindowTable(PictureView):
    """Window besides the first: the show in it again, or a part of it, or a scene of its own (docs/mapping.md)."""

    screen: str = Field("", description="part of a screen's name; '' is the primary one")
    fullscreen: Flag = Field(False, description="start in full screen")
    size: tuple[int, int] = Field((640, 360), description="width and height of the window [px]")
    scene: str = Field("", description="scene of its own, by name or path; '' is the show")


class ControlsTable(StrictModel):
    """Controls: the MIDI port, and what knobs and pads are bound to."""

    port: str | tuple[str, ...] = Field(
        "", description="part of a MIDI port's name, or a list of parts; '' listens to all, 'none' to none"
    )
    knobs: Mapping[str, BindingField] = Field(
        {},
        description="knob -> parameter, or a table with `to`, where the scene does not say otherwise; those that are "
        "not named stay as in configs/default.toml, '' takes one away",
    )
    takeover: Takeover = Field(
        "scale", description="what a knob does to a value that it does not stand at: scale, pickup or jump"
    )
    keys: Mapping[str, BindingField] = Field(
        {}, max_length=128, description="key -> control or parameter instead of the usual; '' takes the key away"
    )


def _osc_host(text: str) -> str:
    return parse_host(text)


def _osc_target(text: str) -> str:
    host, port = parse_socket_address(text)
    return f"{host}:{port}"


class OscTable(StrictModel):
    """OSC: where messages come in, and who is told of changes (docs/osc.md)."""

    enabled: Flag = Field(True, description="listen to OSC messages")
    host: Annotated[str, AfterValidator(_osc_host)] = Field(
        LOOPBACK, description="address to listen on; '127.0.0.1' is this machine alone, '0.0.0.0' everybody"
    )
    port: int = Field(
        9000, ge=1, le=65535, description="UDP port of messages, TCP port of their description (OSCQuery)"
    )
    send: tuple[Annotated[str, AfterValidator(_osc_target)], ...] = Field(
        (), max_length=8, description='addresses that are sent changes, e.g. "192.168.1.20:9001"'
    )


class ShowTable(StrictModel):
    """Setlist: scenes in order, and the first."""

    scenes: tuple[str, ...] = Field((), description="scenes on keys 1-9, in order; empty: all that are shipped")
    start: str = Field("", description="scene to begin with; '' is the first")
    set: str = Field("", description="setlist to play instead of these scenes (`livegan sets`)")
    snapshots: Word = Field("out/snapshots", description="folder of snapshots (the key K)")
    safe: str = Field("", description="scene to go back to with one key (Home); '' is the first to play")


class RemoteTable(StrictModel):
    """Phone page: a page for phones on the local network, which shows and controls the show (docs/phone.md)."""

    enabled: Flag = Field(False, description="serve it (`livegan play --remote`)")
    host: Word = Field("0.0.0.0", description="address to serve it at; 0.0.0.0: wherever this computer is reached")
    port: int = Field(8160, ge=0, le=65535, description="its port, if that is free; 0: any")


class EffectTable(StrictModel):
    """Custom effect: a Python function of yours, applied before the effects of the scene (docs/custom-effects.md)."""

    function: str = Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$", description="module:function, e.g. 'my_fx:swirl'")
    amplitude_from: str = Field(
        "onset", description="feature that is its amplitude, e.g. 'onset' (see `livegan parameters`)"
    )
    strength: float = Field(0.5, ge=0, le=4, description="its strength; the parameter custom.1 .. custom.4")


class OutputTable(StrictModel):
    """Output besides the window; the keys after `kind` are its options."""

    model_config = ConfigDict(extra="allow")

    kind: Word = Field(description="film, ndi, stream, artnet ... (docs/outputs.md), or an output of a package")

    @property
    def options(self) -> Mapping[str, Any]:
        """Every key but `kind`."""
        return self.model_extra or {}


class Venue(StrictModel):
    """Venue: configs/NAME.toml."""

    dotted_tables = ("hands.knobs",)
    check_option = "--venue "

    audio: AudioTable = Field(AudioTable(), description="where the sound comes from")
    music: MusicTable = Field(MusicTable(), description="music that livegan plays itself")
    time: TimeTable = Field(TimeTable(), description="where the beat comes from, and where it goes")
    inputs: Mapping[GroupName, InputTable] = Field(
        {}, max_length=8, description="groups of channels, e.g. [inputs.drums] channels = [1, 2]"
    )
    listening: ListeningTable = Field(ListeningTable(), description="how the sound is analysed")
    picture: PictureTable = Field(PictureTable(), description="how pictures are made")
    camera: CameraTable = Field(CameraTable(), description="what scenes with a camera look through")
    safety: SafetyTable = Field(SafetyTable(), description="what no scene may do to an audience")
    window: WindowTable = Field(WindowTable(), description="where pictures are shown")
    windows: tuple[ExtraWindowTable, ...] = Field(
        (), max_length=8, description='further windows, e.g. [[windows]] screen = "HDMI-2"'
    )
    hands: ControlsTable = Field(ControlsTable(), description="controls: ports and bindings")
    osc: OscTable = Field(OscTable(), description="control by other programs and tablets")
    show: ShowTable = Field(ShowTable(), description="what is played")
    remote: RemoteTable = Field(RemoteTable(), description="the phone page")
    effects: tuple[EffectTable, ...] = Field(
        (), max_length=CUSTOM_EFFECTS, description='effects of your own, e.g. [[effects]] function = "my_fx:swirl"'
    )
    outputs: tuple[OutputTable, ...] = Field(
        (), max_length=8, description='where frames go besides the window, e.g. [[outputs]] kind = "film"'
    )
