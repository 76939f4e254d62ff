"""Rendering: a FramePlan in, pixels out. Generators, backends, autotuning, morphing."""
