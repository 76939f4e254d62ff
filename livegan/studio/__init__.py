"""Before and after the show: render, doctor, bench."""
