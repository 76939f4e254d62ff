"""Names of CLIP's tensors in the files of OpenAI, open_clip and Hugging Face; and what those files say beside them.

Native names are OpenAI's, which open_clip keeps.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from livegan.errors import NetworkError
from livegan.networks.importers.storages import Array

CONFIG_NAMES = ("open_clip_config.json", "config.json")  # beside the file, the first that there is
_IGNORED = re.compile(r"(.*\.)?(num_batches_tracked|attn_mask|input_resolution|context_length|vocab_size|position_ids)")
_NAMES = {  # Hugging Face's: native
    "text_model.embeddings.token_embedding.weight": "token_embedding.weight",
    "text_model.embeddings.position_embedding.weight": "positional_embedding",
    "text_projection.weight": "text_projection",
    "vision_model.embeddings.class_embedding": "visual.class_embedding",
    "vision_model.embeddings.patch_embedding.weight": "visual.conv1.weight",
    "vision_model.embeddings.position_embedding.weight": "visual.positional_embedding",
    "visual_projection.weight": "visual.proj",
    "logit_scale": "logit_scale",
}
_NORMS = {
    "text_model.final_layer_norm": "ln_final",
    "vision_model.pre_layrnorm": "visual.ln_pre",  # so spelled
    "vision_model.post_layernorm": "visual.ln_post",
}
_PARTS = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
    **{f"self_attn.{letter}_proj": f"attn.{letter}" for letter in "qkv"},
}
_LAYER = re.compile(r"(text|vision)_model\.encoder\.layers\.(\d{1,3})\.(.+)\.(weight|bias)")
_THIRD = re.compile(r"(.+\.attn)\.q\.(weight|bias)")


@dataclass(frozen=True, slots=True)
class ClipOptions:
    """What the tensors of a CLIP do not tell."""

    activation: str
    reason: str  # where that is known from, for people
    heads: int = 0  # of the ViT; 0: as usual


def native_name(name: str) -> str | None:
    """The native name of a tensor, None if it is not needed; what is unknown keeps its own, and is refused later.

    Hugging Face's q, k and v are called attn.q ..., until they are `joined`.
    """
    if _IGNORED.fullmatch(name):
        return None
    if name in _NAMES:
        return _NAMES[name]
    head, _, part = name.rpartition(".")
    if head in _NORMS:
        return f"{_NORMS[head]}.{part}"
    match = _LAYER.fullmatch(name)
    if match and match[3] in _PARTS:
        tower = "" if match[1] == "text" else "visual."
        return f"{tower}transformer.resblocks.{match[2]}.{_PARTS[match[3]]}.{match[4]}"
    return name


def joined(tensors: Mapping[str, Array]) -> dict[str, Array]:
    """Hugging Face's tensors with q, k and v in one, and projections the other way round."""
    native = dict(tensors)
    for name in tensors:
        match = _THIRD.fullmatch(name)
        if match is None:
            continue
        try:
            parts = [native.pop(f"{match[1]}.{letter}.{match[2]}") for letter in "qkv"]
            native[f"{match[1]}.in_proj_{match[2]}"] = np.concatenate(parts)
        except (KeyError, ValueError) as error:
            raise NetworkError(f"has attention layers whose q, k and v do not belong together: '{name}'") from error
    for name in ("text_projection", "visual.proj"):
        if name in native:
            native[name] = np.ascontiguousarray(native[name].T)
    return native


def options(
    names: Collection[str], file_name: str, config: Callable[[str], Mapping[str, Any]], of_openai: bool
) -> ClipOptions:
    """Activation and heads of a CLIP, by what its files say; the activation is guessed where nothing says it.

    `config` is asked for the files beside it; `of_openai`: it is one of OpenAI's TorchScript archives.
    """
    for beside in CONFIG_NAMES:
        found = _from_config(config(beside), beside)
        if found is not None:
            return found
    if of_openai or {"input_resolution", "context_length", "vocab_size"} <= set(names):
        return ClipOptions("quick_gelu", "it is OpenAI's")
    lower = file_name.lower()
    if "quickgelu" in lower or "openai" in lower:
        return ClipOptions("quick_gelu", "the file's name")
    if "text_model.embeddings.token_embedding.weight" in names:
        return ClipOptions("quick_gelu", "guessed, as there is no config.json beside the file")
    return ClipOptions("gelu", "guessed, as there is no open_clip_config.json beside the file")


def _from_config(config: Mapping[str, Any], name: str) -> ClipOptions | None:
    """What open_clip's or Hugging Face's configuration says; None if it is of something else."""
    model = config.get("model_cfg")
    if isinstance(model, dict) and isinstance(vision := model.get("vision_cfg"), dict):
        width, head = vision.get("width"), vision.get("head_width", 64)
        fine = type(width) is int and type(head) is int and 0 < head <= width <= 1 << 14
        return ClipOptions(
            "quick_gelu" if model.get("quick_gelu") is True else "gelu", name, width // head if fine else 0
        )
    vision = config.get("vision_config")
    if config.get("model_type") == "clip" and isinstance(vision, dict):
        heads, activation = vision.get("num_attention_heads", 12), vision.get("hidden_act", "quick_gelu")
        if activation not in ("quick_gelu", "gelu"):
            raise NetworkError(f"has a {name} beside it with an activation that livegan does not know")
        return ClipOptions(activation, name, heads if type(heads) is int and 0 < heads <= 1 << 10 else 0)
    return None
