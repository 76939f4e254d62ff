"""What learns to hear: examples of sound with known beats and onsets, their distortions, the network, its training."""
