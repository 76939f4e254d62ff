"""Procedural motifs, twelve, one per pitch class: pictures from eight knobs and a seed. `draw.draw` draws them."""
