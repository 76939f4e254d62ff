"""Motion models: what moves the latent."""
