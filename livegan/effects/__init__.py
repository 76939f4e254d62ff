"""Pixels in, pixels out; amount 0 is the identity. torch lives here too."""
