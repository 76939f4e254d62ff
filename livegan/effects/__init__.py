"""Pixels in, pixels out; amount 0 is the identity. The order of the lines below is the order of the table."""

# ruff: noqa: F401, I001
from livegan.effects import mirror
from livegan.effects import zoom
from livegan.effects import trails
from livegan.effects import glow
from livegan.effects import hue
from livegan.effects import saturation
from livegan.effects import invert
from livegan.effects import posterize
from livegan.effects import contrast
from livegan.effects import flash
from livegan.effects import scanlines
from livegan.effects import vignette
from livegan.effects import dim
