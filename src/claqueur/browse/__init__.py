"""A finished run, prepared for looking at: quick tables, pictures' data, the network's layout.

- ``index``: tables of a run in the order in which they are looked at, kept beside the case's runs
- ``covered``: how much of what a group shares its members acted on, beside everybody else
- ``pictures``: what the pictures of one group are drawn from
- ``network``: groups and what they have in common; accounts and edges, laid out
- ``layout``: places for nodes, the same each time
- ``compare``: several runs side by side
"""
