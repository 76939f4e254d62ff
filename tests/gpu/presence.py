"""Presence of a device of torch: prints its name, or why it is missing; exit code 1 if it is."""

import sys

import torch

from livegan.errors import LiveganError
from livegan.networks.device import choose_device


def main() -> int:
    """Of the device on the command line."""
    try:
        device = choose_device(sys.argv[1]).device
    except LiveganError as error:
        print(error)
        return 1
    print(torch.cuda.get_device_name() if device == "cuda" else device)
    return 0


if __name__ == "__main__":
    sys.exit(main())
