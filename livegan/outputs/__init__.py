"""Outputs: finished frames to films and devices. To add one: a file here with its `@OUTPUTS` line."""
