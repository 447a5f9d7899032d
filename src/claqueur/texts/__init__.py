"""What comments say: written alike, near-duplicates, templates, tone, and what fits any post."""
