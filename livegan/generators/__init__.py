"""A FramePlan in, pixels out. torch lives here."""
