"""``python -m livegan``."""

from livegan.cli import program

program()
