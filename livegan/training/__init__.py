"""Training of networks: adversarial on a dataset, or paired on the motifs. Entry point: `livegan.training.train`."""
