"""What is no network livegan plays is called by its name, where its names tell that."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from livegan.errors import NetworkError
from tests import foreign
from tests.foreign import read_network, written


def state(*names: str) -> dict[str, torch.Tensor]:
    return {name: torch.zeros(2, 2) for name in names}


TOLD: dict[str, tuple[Any, str]] = {
    "stable diffusion": (
        {"state_dict": state("model.diffusion_model.input_blocks.0.0.weight"), "global_step": 3},
        "a checkpoint of a diffusion model",
    ),
    "a unet": (state("down_blocks.0.resnets.0.conv1.weight", "conv_in.weight"), "a part of a diffusion model"),
    "a lora": (state("lora_unet_mid.lora_up.weight", "lora_unet_mid.alpha"), "a LoRA"),
    "a controlnet": (state("control_model.input_blocks.0.0.weight"), "a ControlNet"),
    "resnet": (state("conv1.weight", "layer1.0.conv1.weight", "fc.weight"), "names what is in a picture"),
    "vgg": ({"model": state("features.0.weight", "classifier.0.weight"), "epoch": 3}, "names what is in a picture"),
    "a vision transformer": (state("cls_token", "blocks.0.attn.qkv.weight"), "a vision transformer"),
    "yolo": (state("model.0.conv.weight", "model.2.cv1.conv.weight"), "a YOLO network"),
    "swagan": ({"g_ema": state("input.input", "to_rgbs.0.iwt.ll", "to_rgb1.conv.weight")}, "SWAGAN"),
    "esrgan": ({"params_ema": state("conv_first.weight", "body.0.rdb1.conv1.weight")}, "an upscaler"),
    "a discriminator": (state("convs.0.0.weight", "final_linear.0.weight"), "a discriminator of rosinality's"),
    "nvidia's discriminator": (state("b32.fromrgb.weight", "b4.fc.weight"), "a discriminator of NVIDIA's"),
    "a training without generator": ({"d": state("x"), "d_optim": {"state": {}}}, "without its generator"),
    "an optimiser": ({"state": {0: {"step": 1}}, "param_groups": [{"lr": 0.1}]}, "the state of an optimiser"),
    "a language model": (state("model.layers.0.self_attn.q_proj.weight"), "a language model"),
    "cyclegan": (state("model.10.conv_block.1.weight"), "CycleGAN"),
    "latents": (torch.zeros(1, 18, 512), "is a tensor of 1x18x512"),
    "something else": ({"hello": 1, "x" * 3000: 2}, "holds a dictionary of 'hello', 'xxx"),
}


@pytest.mark.parametrize("what", TOLD)
def test_files_are_called_by_their_name(what: str, tmp_path: Path) -> None:
    value, says = TOLD[what]
    with pytest.raises(NetworkError) as caught:
        read_network(written(tmp_path, "x.pt", foreign.saved(value)))
    assert says in str(caught.value)
    assert len(str(caught.value)) < 500


def test_safetensors_are_called_by_their_name(tmp_path: Path) -> None:
    for names, says in (("lora_te.lora_down.weight", "is a LoRA"), ("hello", "x.json must lie beside it")):
        save_file(state(names), tmp_path / "x.safetensors")
        with pytest.raises(NetworkError, match=says):
            read_network(tmp_path / "x.safetensors")


def test_objects_are_called_by_their_class(tmp_path: Path) -> None:
    for module, says in (("ultralytics.nn.tasks", "is a YOLO network"), ("somewhere.else", "an object of 'somewhere")):
        data = f"\x80\x02c{module}\nThing\n)\x81.".encode("latin-1")
        with pytest.raises(NetworkError, match=says):
            read_network(written(tmp_path, "x.pkl", data))
    with pytest.raises(NetworkError, match="is a tensor of 3x4"):
        read_network(written(tmp_path, "x.pkl", pickle.dumps(np.zeros((3, 4)))))
