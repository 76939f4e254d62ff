"""livegan: an instrument that turns live music into pictures on a stage."""

__version__ = "0.1.0"
