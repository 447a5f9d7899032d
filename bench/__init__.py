"""Peers and scale, side by side in one run: `make bench`."""
