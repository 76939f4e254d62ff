"""Training networks: adversarially on a dataset, or paired on the motifs. `livegan.training.train` is the way in."""
