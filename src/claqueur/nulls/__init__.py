"""What would be seen without lockstep: null models, and error rates over many tests.

- ``timeline``: actions with sittings, publication times and each account's habits
- ``habits``: bets that an account keeps step with a group beyond its own delays and hours
- ``exchange``: who acted when is exchanged among the actors of an object, locally
- ``fdr``: false discovery rates from e-values and p-values
"""
