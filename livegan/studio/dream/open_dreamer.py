"""Dreamer factory: which model makes the picture, from what was asked for and what is there."""

from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from livegan.core.registry import unknown
from livegan.core.types import Pixels
from livegan.errors import DreamError
from livegan.networks.device import choose_device
from livegan.networks.library import find_network, open_network
from livegan.networks.model_files import find_model, models_here
from livegan.studio.dream.clip_style_dreamer import ClipStyleDreamer
from livegan.studio.dream.dreamer import Dreamer
from livegan.studio.dream.motif_network import KIND, MotifNetwork
from livegan.studio.dream.open_vqgan import open_clip_style_dreamer, open_vqgan_dreamer
from livegan.studio.dream.style_dreamer import StyleDreamer
from livegan.studio.dream.style_start import has_words
from livegan.studio.dream.vqgan_options import VqganOptions
from livegan.studio.projector_network import ProjectorNetwork

Model = Literal["auto", "embedded", "clip", "vqgan"]
ADD_WAV2CLIP = "type: livegan networks add wav2clip"
MODELS: tuple[str, ...] = get_args(Model)
MOTIFS_SIZE = 1344, 768  # width, height [px] of pictures of motifs, where no size is asked for


@dataclass(frozen=True, slots=True, eq=False)
class DreamOptions:
    """How a dream is made, whatever it is of."""

    model: str = "auto"  # one of MODELS; auto: see `chosen_model`
    network: str = "house-256"  # a name or a file; of "embedded" and "clip"
    size: tuple[int, int] | None = None  # width, height [px]; None: what suits the network
    seed: int = 0
    learning_rate: float | None = None  # None: the model's own
    init_image: Pixels | None = None  # what the picture begins with
    device: str = "auto"
    vqgan: VqganOptions = field(default_factory=VqganOptions)  # of "vqgan"; of "clip" CLIP, cuts, noise


def open_dreamer(options: DreamOptions) -> Dreamer:
    """The dreamer of these options, ready for its first aim; DreamError or NetworkError if it cannot be opened."""
    if options.model not in MODELS:
        raise DreamError(unknown("model", options.model, MODELS))
    model = chosen_model(options)
    if model == "vqgan":
        return open_vqgan_dreamer(
            _vqgan_options(options), seed=options.seed, device=options.device, init_image=options.init_image
        )
    info = find_network(options.network)
    if info.kind == KIND and model == "embedded":
        size = options.size or MOTIFS_SIZE
        motifs = MotifNetwork(info, size, options.seed, choose_device(options.device).device)
        return _begun(StyleDreamer(motifs, info, size, options.seed, options.learning_rate), options)
    net = open_network(info)
    if net is None:
        raise DreamError(
            f"{info.name} is of the kind '{info.kind}', which has no w to search in; choose another network"
        )
    network = ProjectorNetwork(net, choose_device(options.device).device)
    dreamer: StyleDreamer | ClipStyleDreamer
    if model == "clip":
        dreamer = open_clip_style_dreamer(
            network, info, options.vqgan, size=options.size, seed=options.seed, learning_rate=options.learning_rate
        )
    else:
        dreamer = StyleDreamer(network, info, options.size, options.seed, options.learning_rate)
    return _begun(dreamer, options)


def _begun(dreamer: StyleDreamer | ClipStyleDreamer, options: DreamOptions) -> StyleDreamer | ClipStyleDreamer:
    if options.init_image is not None:
        dreamer.begin_with(options.init_image)
    return dreamer


def still_network(model: str) -> str:
    """The network of a still, where none is asked for: the motifs themselves, or of a model that searches in w ours."""
    return "patterns" if model in ("auto", "embedded") else "house-256"


def chosen_model(options: DreamOptions) -> str:
    """The model that is meant: of "auto" CLIP, where one is here, for networks whose pictures livegan has no words for.

    NetworkError if there is no such network.
    """
    if options.model != "auto":
        return options.model
    return "clip" if models_here("clip") and not has_words(find_network(options.network)) else "embedded"


def choose_model(options: DreamOptions, *, words: bool, song: bool) -> tuple[DreamOptions, bool, str]:
    """The options with the model that is meant, whether it goes by the song, and a remark for people, or "".

    CLIP hears songs by Wav2CLIP only. Without one it goes by the words alone; of a song without words "auto" is the
    embedded model then. NetworkError, with what to add, where another model was asked for, or is not here.
    """
    chosen = replace(options, model=chosen_model(options))
    if not song or chosen.model == "embedded" or models_here("wav2clip"):
        return chosen, song, ""
    if words:
        return chosen, False, f"The words alone say what is seen: CLIP does not hear the song; {ADD_WAV2CLIP}."
    if options.model == "auto":
        remark = f"CLIP does not hear the song: it is dreamt by the embedded model; {ADD_WAV2CLIP}."
        return replace(options, model="embedded"), True, remark
    find_model("wav2clip")
    return chosen, True, ""


def _vqgan_options(options: DreamOptions) -> VqganOptions:
    """VQGAN-CLIP's options, with what was said for any dreamer laid over them."""
    rate = options.learning_rate
    given = options.vqgan
    return replace(given, size=options.size or given.size, step_size=given.step_size if rate is None else rate)
