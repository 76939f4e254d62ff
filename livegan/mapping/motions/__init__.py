"""Motion models: what moves the latent. To add one: one file here with its `@MOTIONS` line."""
