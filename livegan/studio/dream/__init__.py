"""Dreams: pictures and films of what words and music mean."""
