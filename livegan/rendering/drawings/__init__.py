"""Drawings of the sound: oscilloscope, spectrum and starfield as planes of light, at any size on any device."""
