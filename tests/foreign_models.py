"""Checkpoints of the public models as other programs write them, of random numbers: OpenAI, open_clip, Hugging Face,
Wav2CLIP, taming-transformers. None of their code is here."""

import io
import json
import re
import sys
import types
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from livegan.networks import clip_shape, vqgan_shape, wav2clip_shape
from tests import tiny_models
from tests.tiny_models import random_arrays

Tensors = dict[str, Tensor]


def tensors(shapes: Mapping[str, tuple[int, ...]], seed: int = 5) -> Tensors:
    """The random tensors of `tiny_models`."""
    return {name: torch.from_numpy(np.array(array)) for name, array in random_arrays(shapes, seed).items()}


def clip_tensors(shape: clip_shape.ClipShape = tiny_models.CLIP) -> Tensors:
    """Of a CLIP, with the numbers that PyTorch keeps of its normalisations."""
    state = tensors(clip_shape.tensor_shapes(shape))
    norms = [name.removesuffix("running_var") for name in state if name.endswith("running_var")]
    return state | {f"{name}num_batches_tracked": torch.tensor(7) for name in norms}


def vqgan_tensors(shape: vqgan_shape.VqganShape = tiny_models.VQGAN, prefix: str = "") -> Tensors:
    """Of a VQGAN, with the names of taming-transformers, and the losses that it was trained by."""
    state = tensors(vqgan_shape.tensor_shapes(shape))
    book = "quantize.embed.weight" if shape.gumbel else "quantize.embedding.weight"
    named = {
        name.replace("quantizer.embedding.weight", book).replace("quantizer.proj", "quantize.proj"): tensor
        for name, tensor in state.items()
    }
    losses = {"loss.discriminator.main.0.weight": torch.zeros(4, 3, 4, 4), "loss.perceptual_loss.lin0.w": torch.ones(3)}
    return {f"{prefix}{name}": tensor for name, tensor in (named | losses).items()}


def wav2clip_tensors() -> Tensors:
    """Of a Wav2CLIP, with what else is in its checkpoint."""
    state = tensors(wav2clip_shape.tensor_shapes(tiny_models.WAV2CLIP))
    norms = [name.removesuffix("running_var") for name in state if name.endswith("running_var")]
    state |= {f"{name}num_batches_tracked": torch.tensor(7) for name in norms}
    return state | {"audio_encoder.spectrogram.window": torch.hann_window(512)}


class _Module(nn.Module):
    """A module that has what a checkpoint has, and does nothing."""

    def forward(self, x: Tensor) -> Tensor:
        return x + 1


def torch_script(path: Path, state: Tensors) -> Path:
    """A TorchScript archive, as OpenAI publishes CLIP: in float16, but for a few."""
    root = _Module()
    for name, tensor in state.items():
        *homes, leaf = name.split(".")
        module: nn.Module = root
        for home in homes:
            if not hasattr(module, home):
                module.add_module(home, _Module())
            module = getattr(module, home)
        if tensor.is_floating_point():
            module.register_parameter(leaf, nn.Parameter(tensor.half(), requires_grad=False))
        else:
            module.register_buffer(leaf, tensor)
    for name, number in (("input_resolution", 32), ("context_length", 77), ("vocab_size", 49408)):
        root.register_buffer(name, torch.tensor(number))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is going out of use
        torch.jit.save(torch.jit.trace(root.eval(), torch.zeros(1)), path)
    return path


@contextmanager
def lightning_module() -> Iterator[type]:
    """The class that PyTorch Lightning puts into its checkpoints as a key, importable in this block."""
    names = ["pytorch_lightning", "pytorch_lightning.callbacks", "pytorch_lightning.callbacks.model_checkpoint"]
    made = [name for name in names if name not in sys.modules]
    for name in made:
        sys.modules[name] = types.ModuleType(name)
    kept = type("ModelCheckpoint", (), {"__module__": names[-1]})
    sys.modules[names[-1]].ModelCheckpoint = kept  # type: ignore[attr-defined]
    try:
        yield kept
    finally:
        for name in made:
            del sys.modules[name]


def lightning(path: Path, state: Tensors, **others: Any) -> Path:
    """A checkpoint of PyTorch Lightning, as taming-transformers writes it."""
    with lightning_module() as callback:
        whole = {
            "epoch": 12,
            "global_step": 345,
            "pytorch-lightning_version": "1.0.8",
            "callbacks": {callback: {"best_model_score": torch.tensor(0.5), "best_model_path": "logs/x.ckpt"}},
            "optimizer_states": [{"state": {0: {"step": 3, "exp_avg": torch.zeros(3)}}, "param_groups": []}],
            "lr_schedulers": [],
            "state_dict": state,
            **others,
        }
        torch.save(whole, path)
    return path


HUGGING = (  # native, Hugging Face's
    (r"visual\.transformer\.resblocks\.(\d+)\.", r"vision_model.encoder.layers.\1."),
    (r"^transformer\.resblocks\.(\d+)\.", r"text_model.encoder.layers.\1."),
    (r"attn\.out_proj", "self_attn.out_proj"),
    (r"\.ln_(\d)\.", r".layer_norm\1."),
    (r"mlp\.c_fc", "mlp.fc1"),
    (r"mlp\.c_proj", "mlp.fc2"),
    (r"^ln_final", "text_model.final_layer_norm"),
    (r"^visual\.ln_pre", "vision_model.pre_layrnorm"),
    (r"^visual\.ln_post", "vision_model.post_layernorm"),
    (r"^token_embedding", "text_model.embeddings.token_embedding"),
    (r"^positional_embedding", "text_model.embeddings.position_embedding.weight"),
    (r"^visual\.class_embedding", "vision_model.embeddings.class_embedding"),
    (r"^visual\.positional_embedding", "vision_model.embeddings.position_embedding.weight"),
    (r"^visual\.conv1", "vision_model.embeddings.patch_embedding"),
)


def hugging_face(path: Path, state: Tensors, activation: str | None = "gelu", heads: int = 2) -> Path:
    """model.safetensors with the names of Hugging Face's CLIPModel, and config.json beside it."""
    renamed: Tensors = {}
    for name, tensor in state.items():
        if name in ("text_projection", "visual.proj"):
            new = "text_projection.weight" if name == "text_projection" else "visual_projection.weight"
            renamed[new] = tensor.T.contiguous()
            continue
        for pattern, replacement in HUGGING:
            name = re.sub(pattern, replacement, name)
        if ".attn.in_proj_" in name:
            for letter, part in zip("qkv", tensor.chunk(3), strict=True):
                renamed[re.sub(r"attn\.in_proj_", f"self_attn.{letter}_proj.", name)] = part.clone()
        else:
            renamed[name] = tensor
    renamed["text_model.embeddings.position_ids"] = torch.arange(77)[None]
    save_file(renamed, path)
    if activation is not None:
        vision = {"hidden_act": activation, "num_attention_heads": heads}
        path.with_name("config.json").write_text(json.dumps({"model_type": "clip", "vision_config": vision}))
    return path


def saved(path: Path, value: Any) -> Path:
    """What torch.save writes."""
    data = io.BytesIO()
    torch.save(value, data)
    path.write_bytes(data.getvalue())
    return path
