"""Identification of checkpoints that livegan does not play, from the names in them, for a refusal that helps."""

import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from livegan.core.text import printable
from livegan.errors import NetworkError
from livegan.networks.importers.storages import is_array, shape_of, shape_text
from livegan.networks.importers.values import TORCH_SCRIPT, PickledObject

MAX_NAMES = 5000  # names that are looked at
MAX_TABLES = 200  # tables that are looked into
_KINDS = tuple(  # the first whose pattern is in one of the names
    (re.compile(pattern), what)
    for pattern, what in (
        (r"lora_|\.lora\.", "a LoRA, a change to another network, mostly to a diffusion model"),
        (r"^control_model\.|^controlnet_", "a ControlNet, a part of a diffusion model"),
        (
            r"^model\.diffusion_model\.|^diffusion_model\.",
            "a checkpoint of a diffusion model, such as Stable Diffusion",
        ),
        (r"^(double|joint_transformer)_blocks\.\d+\.|^down_blocks\.\d+\.resnets\.", "a part of a diffusion model"),
        (r"^string_to_param$|^emb_params$", "a textual inversion, a word of a diffusion model"),
        (r"(^|\.)(dwt|iwt)\.(ll|lh|hl|hh)$", "rosinality's SWAGAN, a StyleGAN2 that draws wavelets"),
        (r"^stylegan_decoder\.|^generator\.stylegan_decoder", "GFPGAN, which restores faces"),
        (r"^(module\.)?(RRDB_trunk\.|body\.\d+\.rdb1\.|model\.1\.sub\.0\.RDB1)", "an upscaler (ESRGAN)"),
        (r"^(module\.)?(convs\.0\.0\.weight|final_linear\.0\.)", "a discriminator of rosinality's StyleGAN2 alone"),
        (r"^b4\.(mbstd|fc|out|conv)\b|^b\d+\.fromrgb\.", "a discriminator of NVIDIA's StyleGAN2 alone"),
        (r"^model\.\d+\.conv_block\.\d+\.weight", "a generator of CycleGAN or pix2pix, which draws over pictures"),
        (r"^model\.(model\.)?\d+\.cv1\.(conv\.)?weight$", "a YOLO network, which finds things in pictures"),
        (r"^(module\.)?layer1\.0\.(conv1|bn1)\.", "a network that names what is in a picture (ResNet)"),
        (r"^(module\.)?features\.0\.(0\.)?(weight|bias)$", "a network that names what is in a picture (VGG and alike)"),
        (
            r"^(module\.)?(cls_token|patch_embed\.proj\.weight)$",
            "a network that looks at pictures (a vision transformer)",
        ),
        (r"^(model\.)?decoder\.token_embedding\.weight$", "a network that listens to speech (Whisper)"),
        (
            r"^(model\.)?(layers|h)\.0\.(self_attn|attn)\.|^(model\.|transformer\.)?(embed_tokens|wte)\.",
            "a language model",
        ),
        (r"^(bert|roberta)\.|^embeddings\.word_embeddings", "a language model (BERT)"),
        (r"^(dec|generator)\.ups\.0\.|^enc_p\.|^ups\.0\.", "a network that makes voices"),
        (r"^(module\.)?blocks\.\d+\.\d+\.bn1\.(gain|bias)\.weight", "BigGAN"),
        (r"^(module\.)?main\.\d+\.weight$", "a network of the DCGAN tutorial or of its kind"),
    )
)
_CLASSES = (
    (("models.yolo.", "ultralytics."), "a YOLO network, which finds things in pictures"),
    (("transformers.", "diffusers."), "a model of Hugging Face's libraries"),
    (("sklearn.",), "a model of scikit-learn"),
    (("pandas.",), "a table of pandas"),
    (("torchvision.models.",), "a network that names what is in a picture"),
)
_OPTIMISER = {"param_groups", "optimizer", "optim", "optimizer_states", "optimizer_state_dict", "g_optim", "d_optim"}
_DISCRIMINATOR = {"d", "D", "discriminator"}
_PROGRESS = {"epoch", "step", "steps", "iter", "iteration", "global_step", "lr_scheduler", "scheduler", "state", "args"}


def sentence(value: Any) -> str:
    """What a file is, where its names tell that, or what its first names are: "is a LoRA, ..., which ..."."""
    known = kind_of(value)
    return f"is {known}, which livegan cannot play" if known else f"holds {_content(value)}, no network livegan knows"


def kind_of(value: Any) -> str:
    """What a file is, in a few words with an article; "" if its names do not tell."""
    if is_array(value):
        return _tensor(value)
    if isinstance(value, PickledObject):
        return _class(value.name)
    names = list(islice(_names(value), MAX_NAMES))
    for pattern, what in _KINDS:
        if any(pattern.search(name) for name in names):
            return what
    if not isinstance(value, dict):
        return ""
    for inner in islice(value.values(), MAX_TABLES):
        if isinstance(inner, PickledObject) and not is_array(inner) and _class(inner.name):
            return _class(inner.name)
    keys = {key for key in value if isinstance(key, str)}
    if keys & _OPTIMISER and keys <= _OPTIMISER | _PROGRESS:
        return "the state of an optimiser, a part of a training without its networks"
    if keys & _DISCRIMINATOR and keys <= _DISCRIMINATOR | _OPTIMISER | _PROGRESS:
        return "a discriminator, a part of a training without its generator"
    return ""


def _content(value: Any) -> str:
    if isinstance(value, PickledObject):
        return f"an object of {printable(value.name, 100)!r}"
    if not isinstance(value, dict):
        return "a list" if isinstance(value, list | tuple) else "a single value"
    words = [repr(printable(key, 40)) for key in islice((key for key in value if isinstance(key, str)), 4)]
    return f"a dictionary of {', '.join(words)}" if words else "a dictionary"


def _names(value: Any) -> Iterator[str]:
    """Names of tensors in a file: of its outermost table and of the tables in it."""
    if not isinstance(value, dict):
        return
    tables = [value, *(inner for inner in islice(value.values(), MAX_TABLES) if isinstance(inner, dict))]
    for key, inner in chain.from_iterable(islice(table.items(), MAX_NAMES) for table in tables):
        if isinstance(key, str) and (is_array(inner) or key == "string_to_param"):
            yield key[:200]


def _tensor(value: Any) -> str:
    try:
        return f"a tensor of {shape_text(shape_of(value))}"
    except NetworkError:
        return "a tensor"


def _class(name: str) -> str:
    if name.startswith(TORCH_SCRIPT):
        return f"a TorchScript program ({printable(name.rpartition('.')[2], 60)!r})"
    return next((what for starts, what in _CLASSES if name.startswith(starts)), "")
