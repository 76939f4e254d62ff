"""Image datasets for training: read, make, filter."""
