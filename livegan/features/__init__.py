"""Audio features: samples in, numbers out, hop by hop."""

from livegan.features import (  # noqa: F401  (each fills the table)
    bands,
    beat_features,
    change,
    chroma,
    energy,
    gate,
    inputs,
    level,
    loudness,
    onset,
    pitch,
    spectral_shape,
    web_audio_spectrum,
)
from livegan.features.listening import Listening
from livegan.features.registry import FEATURES, Feature, Setup

__all__ = ["FEATURES", "Feature", "Listening", "Setup"]
