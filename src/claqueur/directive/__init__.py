"""Tests of what a directive named: hypotheses declared beforehand, never derived from suspects.

- ``targets``: declared target posts, or a page; what is checked before anything is tested
- ``participation``: the test of every account, and of pseudo-targets on control pages
- ``population``: what that says about the population: bounds, curves, the table
"""
