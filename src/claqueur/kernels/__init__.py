"""Compiled loops: arrays in, arrays out; they import nothing of ours."""
