"""Reading networks that others made, without running a word of theirs. No torch here."""
