"""Where kernels run: the same block plan on one machine or many."""
