"""Image effects; amount 0 is the identity. To add an effect: one file here with its `@EFFECTS` line.

The table is sorted by each member's `order`: geometry (100), memory and light (200), colour (300), screen (400).
"""
