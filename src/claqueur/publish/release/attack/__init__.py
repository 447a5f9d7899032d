"""Attacks on a release before it is published, by somebody who holds everything that is public.

- ``adversary``: what they know without the release, and whom they would name
- ``knowledge``: what the release tells them, as bounds on sums over its members
- ``conditioning``: the chances of every account, given those bounds; and by likeness of profile
- ``naming``: accounts that follow from bounds and sizes alone
- ``linkage``: rows of single accounts, matched to the public lists
- ``measure``: how much better they name members than before
"""
