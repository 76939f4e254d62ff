"""Hands in, ControlEvents out: MIDI, keys."""
