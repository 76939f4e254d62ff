"""Mapping from features to a FramePlan: curves, followers, routes, motion models."""
