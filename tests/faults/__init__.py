"""Fault matrix: what happens on stages, made to happen on virtual hardware. docs/reliability.md has the figures."""
