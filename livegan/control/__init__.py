"""Control sources in, `ControlEvent`s out: MIDI and the keyboard table."""
