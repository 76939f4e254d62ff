"""Example plugin: one feature, motion model, effect, generator and output."""
