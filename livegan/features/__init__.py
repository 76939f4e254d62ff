"""Audio features: samples in, numbers out, hop by hop. To add one: a file here with its `@FEATURES` line."""

from livegan.features.listening import Listening
from livegan.features.registry import FEATURES, Feature, Setup

__all__ = ["FEATURES", "Feature", "Listening", "Setup"]
