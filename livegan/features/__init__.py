"""Samples in, numbers out, hop by hop."""
