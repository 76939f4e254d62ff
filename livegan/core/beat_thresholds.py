"""Thresholds of beat confidence: a share c of the beats told with confidence c is right; which use takes which."""

GUESS = 0.05  # no more than this is no beat at all: a clock that runs on by itself
MOVES = 0.25  # pictures move with it in full, its tempo is shown, scenes wait for it: one that is wrong costs little
BELIEVED = 0.5  # more right than wrong: it is the tempo of a piece, and goes out as a MIDI clock
LEADS = 0.7  # other musicians follow it, on Ableton Link
