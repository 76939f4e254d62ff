"""Start livegan from a checkout: ``python main.py play``."""

from livegan.cli import program

if __name__ == "__main__":
    program()
