"""Panel: a second window for the laptop, beside the output on the projector."""
