"""The floor: read the table and sort it by object and time, nothing more."""

import sys

import polars as pl

pl.read_parquet(sys.argv[1]).sort("object_id", "timestamp")
