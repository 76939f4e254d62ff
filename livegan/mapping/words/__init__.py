"""Words for pictures: a sentence becomes a dream target (its motifs, colours, and how wild, bright or sharp it is)."""

from livegan.mapping.words.reading import NOT_UNDERSTOOD, UNSURE, sentence, suggestions, understand

__all__ = ["NOT_UNDERSTOOD", "UNSURE", "sentence", "suggestions", "understand"]
