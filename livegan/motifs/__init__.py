"""Procedural motifs, twelve, one per pitch class: images from eight latents and a seed. `draw.draw` draws them."""
