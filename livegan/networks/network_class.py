"""Classes of networks and models by kind, and the tensors that a network of a description has."""

from importlib import import_module
from typing import Any

import torch

from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.info import NetworkInfo
from livegan.networks.models import MODELS
from livegan.networks.weights_file import Shapes


def network_class(kind: str) -> type[StyleNet]:
    """The class of the networks of an architecture, a key of ARCHITECTURES."""
    network: type[StyleNet] = _class(ARCHITECTURES[kind].network)
    return network


def model_class(kind: str) -> Any:
    """The class of a public model, a key of MODELS; its `from_info` loads one."""
    return _class(MODELS[kind].network)


def expected_shapes(info: NetworkInfo) -> Shapes:
    """Names and shapes of the tensors of the network that `info` describes; NetworkError if there can be none."""
    with torch.device("meta"):
        network = network_class(info.kind).from_info(info)
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def _class(text: str) -> Any:
    """The class that "module:Class" names."""
    module, _, name = text.partition(":")
    return getattr(import_module(module), name)
