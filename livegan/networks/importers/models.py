"""Reader of the public models' checkpoints: CLIP, Wav2CLIP, VQGAN, with their tensors renamed to livegan's.

CLIP: OpenAI's TorchScript archives, state dicts of OpenAI and open_clip, Hugging Face's names. Wav2CLIP: its one file.
VQGAN: PyTorch Lightning checkpoints of taming-transformers, alone or as the first stage of a transformer.
"""

from collections.abc import Callable, Mapping
from typing import Any

from livegan.errors import NetworkError
from livegan.networks import clip_shape, vqgan_shape, wav2clip_shape
from livegan.networks.importers import clip_names
from livegan.networks.importers.imported import ImportedNetwork, check_shapes, check_size
from livegan.networks.importers.storages import Array, array_of, is_array, shape_of
from livegan.networks.importers.values import TORCH_SCRIPT, PickledObject

MAX_TENSORS = 20_000
MAX_ENTRIES, MAX_DEPTH = 200_000, 30  # of all modules of a TorchScript archive, one that is shared each time
Nodes = dict[str, Any]  # tensors that are still in the file, by name
Config = Callable[[str], Mapping[str, Any]]  # what the file of that name beside the checkpoint says

_VQGAN_PARTS = ("encoder.", "decoder.", "quant_conv.", "post_quant_conv.")
_QUANTIZER = {
    "quantize.embedding.weight": "quantizer.embedding.weight",
    "quantize.embed.weight": "quantizer.embedding.weight",  # of a Gumbel quantiser
    "quantize.proj.weight": "quantizer.proj.weight",
    "quantize.proj.bias": "quantizer.proj.bias",
}
_FIRST_STAGE = "first_stage_model."  # of a checkpoint of a transformer, or of a latent diffusion


def read(value: Any, file_name: str, config: Config) -> ImportedNetwork | None:
    """The model in a checkpoint, None if it holds none of them; NetworkError if it holds a broken one."""
    nodes = _state_dict(value)
    if "token_embedding.weight" in nodes or "text_model.embeddings.token_embedding.weight" in nodes:
        return _clip(value, nodes, file_name, config)
    for prefix in ("", _FIRST_STAGE):
        if f"{prefix}decoder.conv_in.weight" in nodes and f"{prefix}post_quant_conv.weight" in nodes:
            return _vqgan({name.removeprefix(prefix): nodes[name] for name in nodes if name.startswith(prefix)})
    if "audio_encoder.conv1.weight" in nodes:
        return _wav2clip(nodes)
    return None


def _state_dict(value: Any) -> Nodes:
    """Every tensor of the state dict in a checkpoint, without the prefix of training on many GPUs."""
    if isinstance(value, PickledObject) and value.name.startswith(TORCH_SCRIPT):
        return _script_nodes(value)
    if not isinstance(value, dict):
        return {}
    state = value.get("state_dict", value)
    if not isinstance(state, dict) or len(state) > MAX_TENSORS:
        return {}
    nodes = {name: node for name, node in state.items() if isinstance(name, str) and is_array(node)}
    whole = bool(nodes) and all(name.startswith("module.") for name in nodes)
    return {name.removeprefix("module.") if whole else name: node for name, node in nodes.items()}


def _script_nodes(root: PickledObject) -> Nodes:
    """The tensors of a TorchScript module and of those in it, named as its state dict would."""
    nodes: Nodes = {}
    modules = [("", root)]
    entries = 0
    for prefix, module in modules:  # it grows
        state = module.state if isinstance(module.state, dict) else {}
        entries += 1 + len(state)
        if entries > MAX_ENTRIES or prefix.count(".") > MAX_DEPTH:
            raise NetworkError("is a TorchScript archive of more modules than any model has")
        for name, part in state.items():
            if is_array(part):
                nodes[f"{prefix}{name}"] = part
            elif isinstance(part, PickledObject) and part.name.startswith(TORCH_SCRIPT):
                modules.append((f"{prefix}{name}.", part))
    return nodes


def _clip(value: Any, nodes: Nodes, file_name: str, config: Config) -> ImportedNetwork:
    script, hugging = isinstance(value, PickledObject), "text_model.embeddings.token_embedding.weight" in nodes
    options = clip_names.options(nodes, file_name, config, of_openai=script)
    tensors = _arrays(nodes, clip_names.native_name)
    if hugging:
        tensors = clip_names.joined(tensors)
    shape = clip_shape.shape_from(_shapes(tensors), options.activation, options.heads)
    check_shapes(_shapes(tensors), clip_shape.tensor_shapes(shape))
    what = "a TorchScript archive" if script else "Hugging Face's files" if hugging else "a state dict"
    values = {
        "kind": "clip",
        "title": f"CLIP {shape.name}",
        "resolution": [shape.size, shape.size],
        "z_dim": shape.embed,
        "shape": {"activation": shape.activation, "activation_from": options.reason, "heads": shape.heads},
    }
    return ImportedNetwork(f"{what} of CLIP", values, tensors)


def _vqgan(nodes: Nodes) -> ImportedNetwork:
    if not any(name in nodes for name in ("quantize.embedding.weight", "quantize.embed.weight")):
        raise NetworkError("has an autoencoder without a codebook, as Stable Diffusion has; a VQGAN is needed")
    tensors = _arrays(nodes, lambda name: name if name.startswith(_VQGAN_PARTS) else _QUANTIZER.get(name))
    shape = vqgan_shape.shape_from(_shapes(tensors))
    check_shapes(_shapes(tensors), vqgan_shape.tensor_shapes(shape))
    gumbel = " with a Gumbel quantiser" if shape.gumbel else ""
    values = {
        "kind": "vqgan",
        "title": f"VQGAN f{shape.factor} of {shape.codes} codes{gumbel}",
        "resolution": [shape.factor, shape.factor],
        "z_dim": shape.embed,
        "shape": {"codes": shape.codes, "factor": shape.factor, "gumbel": shape.gumbel},
    }
    return ImportedNetwork("a checkpoint of taming-transformers", values, tensors)


def _wav2clip(nodes: Nodes) -> ImportedNetwork:
    skipped = (".num_batches_tracked", "audio_encoder.spectrogram.window")

    def native(name: str) -> str | None:
        ours = name.startswith(("audio_encoder.", "audio_transform.")) and not name.endswith(skipped)
        return name if ours else None

    tensors = _arrays(nodes, native)
    shape = wav2clip_shape.shape_from(_shapes(tensors))
    check_shapes(_shapes(tensors), wav2clip_shape.tensor_shapes(shape))
    values = {"kind": "wav2clip", "title": "Wav2CLIP", "resolution": [1, 1], "z_dim": shape.embed, "shape": {}}
    return ImportedNetwork("a checkpoint of Wav2CLIP", values, tensors)


def _arrays(nodes: Nodes, native: Callable[[str], str | None]) -> dict[str, Array]:
    """The tensors that `native` names, as float32; NetworkError if they claim to be larger than any model."""
    chosen: Nodes = {}
    for name, node in nodes.items():
        ours = native(name)
        if ours is None:
            continue
        if ours in chosen:
            raise NetworkError(f"has two tensors that are '{ours[:100]}'")
        chosen[ours] = node
    check_size({name: shape_of(node) for name, node in chosen.items()})
    return {name: array_of(node) for name, node in chosen.items()}


def _shapes(tensors: Mapping[str, Array]) -> dict[str, tuple[int, ...]]:
    return {name: array.shape for name, array in tensors.items()}
