"""coordination-network-toolkit: preprocess and compute co_retweet."""

import sys
from pathlib import Path

from coordination_network_toolkit.compute_networks import compute_co_retweet_parallel
from coordination_network_toolkit.preprocess import preprocess_csv_files

if __name__ == "__main__":
    table, out, window, least = sys.argv[1:]
    Path(out).unlink(missing_ok=True)
    preprocess_csv_files(out, [table])
    compute_co_retweet_parallel(out, int(window), n_threads=2, min_edge_weight=int(least))
