"""Options of VQGAN-CLIP, by its own names, and what of them was typed wrong. No torch."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from livegan.core.registry import unknown
from livegan.core.text import printable
from livegan.errors import DreamError
from livegan.studio.dream.prompts import Story, parse_images, parse_noise, parse_story

CUT_METHODS = ("latest", "original", "updated", "nrupdated", "updatedpooling")
AUGMENTS = ("Ji", "Sh", "Gn", "Pe", "Ro", "Af", "Et", "Ts", "Cr", "Er", "Re")
DEFAULT_AUGMENTS = ("Af", "Pe", "Ji", "Er")
OPTIMIZERS = ("Adam", "AdamW", "Adagrad", "Adamax", "DiffGrad", "AdamP", "RAdam", "RMSprop")
INIT_NOISES = ("", "pixels", "gradient")

MOST_CUTS, MOST_ITERATIONS, LARGEST_PX = 1024, 1_000_000, 8192


@dataclass(frozen=True, slots=True)
class VqganOptions:
    """Options of VQGAN-CLIP's generate.py, with its defaults, and MetaMusic's. DreamError if one is wrong."""

    prompts: str = ""  # -p: "text:weight:stop | text ^ next phrase"
    image_prompts: str = ""  # -ip: "photo.jpg:weight:stop | other.png"
    iterations: int = 500  # -i
    save_every: int = 50  # -se: check-in image, of 0 none
    size: tuple[int, int] | None = None  # -s: width, height [px]; None: 512, 304 where memory is short, 256 on a CPU
    init_image: Path | None = None  # -ii
    init_noise: str = ""  # -in: pixels, gradient, or nothing for random codes
    init_weight: float = 0.0  # -iw
    clip_model: str = ""  # -m: a name or a file; nothing: ViT-B/32 where it is here, else the one that is
    vqgan_config: str = ""  # -conf: not needed, as all that it says is in the checkpoint
    vqgan_checkpoint: str = (
        ""  # -ckpt: a name or a file; nothing: that of ImageNet with 16384 codes where it is here, else the one that is
    )
    noise_prompt_seeds: tuple[int, ...] = ()  # -nps
    noise_prompt_weights: tuple[float, ...] = ()  # -npw
    step_size: float = 0.1  # -lr
    cut_method: str = "latest"  # -cutm
    num_cuts: int = 32  # -cuts
    cut_power: float = 1.0  # -cutp
    seed: int | None = None  # -sd; None: one of the moment, which is told
    optimiser: str = "Adam"  # -opt
    output: Path = Path("output.png")  # -o
    make_video: bool = False  # -vid: a film of every iteration
    make_zoom_video: bool = False  # -zvid: a film that zooms
    zoom_start: int = 0  # -zs: first iteration that zooms
    zoom_frequency: int = 10  # -zse: iterations between two zooms
    zoom_scale: float = 0.99  # -zsc: below 1: out of the picture
    zoom_shift_x: int = 0  # -zsx [px], wrapped around
    zoom_shift_y: int = 0  # -zsy [px]
    prompt_frequency: int = 0  # -cpe: iterations of a phrase of the story; 0: the first one only
    video_length: float = 10.0  # -vl [s]: the rate follows, 10..60 frames a second
    output_video_fps: float = 0.0  # -ofps: above 9: frames in between are added up to this rate
    input_video_fps: float = 15.0  # -ifps: the rate that the frames count as then
    cudnn_determinism: bool = False  # -d
    augments: tuple[str, ...] = DEFAULT_AUGMENTS  # -aug, in this order
    video_style_dir: Path | None = None  # -vsd: a folder of frames, each of which is made anew
    cuda_device: str = ""  # -cd: "cuda:0", "cpu"; nothing: the best there is
    audio_prompt: Path | None = None  # -ap: a song (Wav2CLIP)
    transfer_image: Path | None = None  # MetaMusic's transimg
    transfer_rate: float = 0.0  # MetaMusic's transrate

    def __post_init__(self) -> None:
        parse_story(self.prompts)
        parse_images(self.image_prompts)
        parse_noise(self.noise_prompt_seeds, self.noise_prompt_weights)
        _known("cut method", self.cut_method, CUT_METHODS, "--cut_method")
        _known("optimiser", self.optimiser, OPTIMIZERS, "--optimiser")
        _known("initial noise", self.init_noise, INIT_NOISES, "--init_noise")
        for name in self.augments:
            _known("augment", name, AUGMENTS, "--augments")
        for name, low, high in _RANGES:
            value = getattr(self, name)
            if not low <= value <= high:
                raise DreamError(f"{name} = {value} is not within {low:g}..{high:g}; the default is {_DEFAULTS[name]}")
        if self.size is not None and not all(16 <= side <= LARGEST_PX for side in self.size):
            raise DreamError(
                f"a size of {self.size[0]}x{self.size[1]} px is not within 16..{LARGEST_PX}; type: -s 256 256"
            )
        if self.make_video and self.make_zoom_video:
            raise DreamError("-vid and -zvid are two different films; leave one of them out")
        for option, path in (("--init_image", self.init_image), ("--video_style_dir", self.video_style_dir)):
            if path is not None and re.match(r"https?:/", str(path)):
                raise DreamError(
                    f"{option} {printable(path)} is an address; download it first, then give its file name"
                )

    @property
    def story(self) -> Story:
        """The text prompts."""
        return parse_story(self.prompts)


_RANGES = (  # name, lowest, highest
    ("iterations", 0, MOST_ITERATIONS),
    ("save_every", 0, MOST_ITERATIONS),
    ("init_weight", 0, 1e6),
    ("step_size", 1e-6, 10),
    ("num_cuts", 1, MOST_CUTS),
    ("cut_power", 0, 100),
    ("zoom_start", 0, MOST_ITERATIONS),
    ("zoom_frequency", 1, MOST_ITERATIONS),
    ("zoom_scale", 0.1, 10),
    ("zoom_shift_x", -LARGEST_PX, LARGEST_PX),
    ("zoom_shift_y", -LARGEST_PX, LARGEST_PX),
    ("prompt_frequency", 0, MOST_ITERATIONS),
    ("video_length", 0.1, 86_400),
    ("output_video_fps", 0, 240),
    ("input_video_fps", 1, 240),
    ("transfer_rate", 0, 1000),
)
_DEFAULTS = {each.name: each.default for each in fields(VqganOptions)}


def _known(kind: str, name: str, names: Iterable[str], option: str) -> None:
    known = [each for each in names if each]
    if name not in names:
        matching = [each for each in known if each.lower() == name.lower()]
        hint = f"type: {option} {matching[0]}" if matching else unknown(kind, printable(name, 40), known)
        raise DreamError(f"no {kind} called '{printable(name, 40)}'; {hint}" if matching else hint)
