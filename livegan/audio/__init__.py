"""Audio sources: sound cards, files, test signals."""
