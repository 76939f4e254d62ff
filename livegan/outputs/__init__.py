"""Frames in: a film on disk, a memory for tests, and the recorder that keeps either from holding up the show."""
