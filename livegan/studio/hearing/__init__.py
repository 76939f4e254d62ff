"""Sounds to learn hearing from: songs, recordings, voices, noises, and what rooms and microphones do to them."""
