"""Spark: the same work on the executors of a cluster, or in processes of this machine.

The one home of pyspark, which is loaded on first use: everything else works without it.
"""

from claqueur.engines.spark.engine import SparkEngine, spark_engine

__all__ = ["SparkEngine", "spark_engine"]
