"""Frames in: film, memory."""
