"""The self-join as an expert writes it: equal time buckets first, the window after."""

import sys

import duckdb

table, out, window, least = sys.argv[1:]
duckdb.sql(
    f"""COPY (
      WITH events AS (
        SELECT account_id, object_id, timestamp, timestamp // ({window} + 1) AS bucket
        FROM '{table}'
      ), near AS (
        SELECT account_id, object_id, timestamp, unnest([bucket - 1, bucket, bucket + 1]) AS bucket
        FROM events
      )
      SELECT a.account_id AS account_a, b.account_id AS account_b,
             count(DISTINCT a.object_id) AS weight
      FROM events a JOIN near b
        ON a.object_id = b.object_id AND a.bucket = b.bucket AND a.account_id < b.account_id
       AND abs(a.timestamp - b.timestamp) <= {window}
      GROUP BY ALL HAVING weight >= {least}
    ) TO '{out}' (FORMAT parquet)"""
)
