"""A windowed self-join, as one writes it in SQL."""

import sys

import duckdb

table, out, window, least = sys.argv[1:]
duckdb.sql(
    f"""COPY (
      SELECT a.account_id AS account_a, b.account_id AS account_b,
             count(DISTINCT a.object_id) AS weight
      FROM '{table}' a JOIN '{table}' b
        ON a.object_id = b.object_id AND a.account_id < b.account_id
       AND b.timestamp BETWEEN a.timestamp - {window} AND a.timestamp + {window}
      GROUP BY ALL HAVING weight >= {least}
    ) TO '{out}' (FORMAT parquet)"""
)
