"""Files of latents: z, w, w+ and projections."""
