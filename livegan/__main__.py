"""``python -m livegan``."""

from livegan.cli import main

main()
