"""Writes what other programs' networks make of the random weights of `tests.tiny_models`: `tests/golden/models`.

To be run in an environment of its own, with open_clip_torch 3.3, taming-transformers-rom1504 0.0.6 (and einops),
wav2clip 0.1 and torch as here: `python -m tests.golden.make_models`. Beside a CPU build of torch, torchvision needs
three operators to be named. Recorded on torch 2.13.0+cpu.
"""

import json
import sys
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from livegan.networks import clip_shape, vqgan_shape, wav2clip_shape
from livegan.networks.clip import DEVIATION, MEAN
from tests import tiny_models

FOLDER = Path(__file__).resolve().parent / "models"
TEXTS = ["a violet spiral of stars", "ripples on water, rings", "a"]
OPERATORS = torch.library.Library("torchvision", "DEF")
for _name in ("nms", "qnms", "roi_align"):
    OPERATORS.define(f"{_name}(Tensor a, Tensor b, float c) -> Tensor")


def tensors(shapes):
    return {name: torch.from_numpy(array) for name, array in tiny_models.random_arrays(shapes).items()}


def uniform(*shape):
    return torch.from_numpy(np.random.default_rng(1).random(shape, np.float32))


def clip(shape, quick):
    """Embeddings of open_clip's CLIP."""
    import open_clip
    from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg

    vit = bool(shape.hidden)
    vision = CLIPVisionCfg(
        layers=shape.blocks[0] if vit else list(shape.blocks),
        width=shape.width,
        patch_size=shape.patch,
        image_size=shape.size,
        head_width=shape.width // shape.heads if vit else 64,
        mlp_ratio=shape.hidden / shape.width if vit else 4,
    )
    text = CLIPTextCfg(
        vocab_size=shape.vocabulary,
        width=shape.text_width,
        heads=shape.text_heads,
        layers=shape.text_blocks,
        mlp_ratio=shape.text_hidden / shape.text_width,
    )
    model = CLIP(shape.embed, vision, text, quick_gelu=quick).eval()
    model.load_state_dict(tensors(clip_shape.tensor_shapes(shape)))
    mean, deviation = (torch.tensor(each).view(3, 1, 1) for each in (MEAN, DEVIATION))
    pictures = (uniform(2, 3, shape.size, shape.size) - mean) / deviation
    return {"image": model.encode_image(pictures), "text": model.encode_text(open_clip.tokenize(TEXTS))}


def vqgan(shape):
    """Codes and a picture of taming-transformers' modules."""
    from taming.modules.diffusionmodules.model import Decoder, Encoder
    from taming.modules.vqvae.quantize import GumbelQuantize, VectorQuantizer2

    state = tensors(vqgan_shape.tensor_shapes(shape))

    def loaded(module, prefix):
        module.load_state_dict({k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)})
        return module.eval()

    sizes = {"ch": 32, "out_ch": 3, "ch_mult": [width // 32 for width in shape.widths], "num_res_blocks": shape.blocks}
    sizes |= {"attn_resolutions": [32 >> level for level in shape.attention], "in_channels": 3, "resolution": 32}
    sizes |= {"z_channels": shape.hidden, "double_z": False}
    encoder, decoder = loaded(Encoder(**sizes), "encoder."), loaded(Decoder(**sizes), "decoder.")
    before = loaded(torch.nn.Conv2d(shape.hidden, shape.embed, 1), "quant_conv.")
    after = loaded(torch.nn.Conv2d(shape.embed, shape.hidden, 1), "post_quant_conv.")
    features = before(encoder(uniform(2, 3, 32, 48) * 2 - 1))
    if shape.gumbel:
        quantizer = GumbelQuantize(shape.hidden, shape.embed, shape.codes)
        quantizer.embed.weight.data = state["quantizer.embedding.weight"]
        loaded(quantizer.proj, "quantizer.proj.")
        codes = quantizer.proj(features).argmax(1)
        z = quantizer.get_codebook_entry(codes.flatten(), (*codes.shape, shape.embed))
    else:
        quantizer = loaded(VectorQuantizer2(shape.codes, shape.embed, beta=0.25), "quantizer.")
        z, _, (_, _, codes) = quantizer(features)
        codes = codes.reshape(2, *z.shape[2:])
    return {"codes": codes.byte(), "picture": decoder(after(z))[:1, :, ::4, ::4]}


def wav2clip():
    """Embeddings of wav2clip's network of its one size."""

    class Spectrogram(torch.nn.Module):  # torchaudio's, by NumPy
        def __init__(self, n_fft, hop_length):
            super().__init__()
            self.register_buffer("window", torch.hann_window(n_fft))
            self.sizes = n_fft, hop_length

        def forward(self, x):  # (n, 1, samples)
            size, hop = self.sizes
            padded = np.pad(x.numpy(), ((0, 0), (0, 0), (size // 2, size // 2)), mode="reflect")
            frames = np.lib.stride_tricks.sliding_window_view(padded, size, axis=2)[:, :, ::hop]
            power = np.abs(np.fft.rfft(frames * self.window.numpy())) ** 2
            return torch.from_numpy(power.astype(np.float32)).transpose(2, 3)

    fake = types.ModuleType("torchaudio")
    fake.transforms = types.SimpleNamespace(Spectrogram=Spectrogram)
    sys.modules |= {"torchaudio": fake, "librosa": types.ModuleType("librosa")}
    from wav2clip.model.encoder import ResNetExtractor

    state = tensors(wav2clip_shape.tensor_shapes(tiny_models.PUBLIC_WAV2CLIP))
    state["audio_encoder.spectrogram.window"] = torch.hann_window(512)
    model = ResNetExtractor(checkpoint=state, scenario="frozen", transform=True).eval()
    return {name: model(sound[None]) for name, sound in tiny_models.sounds().items()}


@torch.no_grad()
def write() -> None:
    import open_clip

    outputs = {
        "clip_vit": clip(tiny_models.CLIP, True),
        "clip_gelu": clip(replace(tiny_models.CLIP, activation="gelu"), False),
        "clip_resnet": clip(tiny_models.RESNET_CLIP, False),
        "vqgan_vq": vqgan(tiny_models.VQGAN),
        "vqgan_gumbel": vqgan(tiny_models.GUMBEL),
        "wav2clip": wav2clip(),
    }
    flat = {f"{kind}_{name}": value.numpy() for kind, values in outputs.items() for name, value in values.items()}
    np.savez_compressed(FOLDER / "outputs.npz", **flat)
    path = FOLDER / "tokens.json"
    tokenizer = open_clip.get_tokenizer("ViT-B-32")
    rows = [[text, tokenizer.encode(text)] for text, _ in json.loads(path.read_text())]
    path.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


if __name__ == "__main__":
    write()
