"""Search for a sound input in a process of its own, which lists the devices anew: NAME and HOST_API are its words.

It prints the name of the input that was found and can be opened; else it ends with an error.
"""

import sys

from livegan.audio.devices import find_input, list_inputs
from livegan.audio.portaudio import portaudio


def main() -> None:
    """Search for the input of the command line."""
    name, host_api = sys.argv[1:]
    driver = portaudio()
    found = find_input(name, host_api, list_inputs(driver))
    driver.check_input_settings(device=found.index, channels=1, dtype="float32")
    print(found.name)


if __name__ == "__main__":
    main()
