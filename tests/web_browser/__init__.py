"""Tests of the case room in a real browser."""
