"""Rendering backends, and for each architecture the list to choose from."""
