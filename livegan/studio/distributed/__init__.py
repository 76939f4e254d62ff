"""Distributed work: pictures drawn and projected by many processes, here or on many machines, in order."""
