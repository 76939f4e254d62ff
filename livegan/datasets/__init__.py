"""Training sets of pictures: make, read, filter."""
