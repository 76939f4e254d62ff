"""Where samples come from: sound cards, files, test tones."""
