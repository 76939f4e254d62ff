"""Start livegan from a checkout: ``python main.py play``."""

from livegan.cli import main

if __name__ == "__main__":
    main()
