"""Training networks: adversarially on a dataset, or paired on the motifs. `livegan.studio.train` is the way in."""
