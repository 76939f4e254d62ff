"""Twelve motifs, one per pitch: pictures from eight knobs and a seed, without files. `draw.draw` makes them."""
