"""Rendering backends: the ways to draw one network architecture."""
