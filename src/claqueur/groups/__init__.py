"""From pairs to groups: the network, its communities, and what each of them did."""
