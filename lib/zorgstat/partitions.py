"""Rows that belong together in one partition: they move once, whatever is then asked of them."""

from __future__ import annotations

from pyspark.sql import DataFrame

# Of a session: how many. Left out, the engine decides, which Spark does well. Sail would take one, and split it again;
# from four on it also knows that what is asked by more columns than these needs no other move (docs/engines.md).
PARTITIONS = "zorgstat.partitions"


def gather(rows: DataFrame, *columns: str) -> DataFrame:
    """The rows, with those that agree in these columns in one partition."""
    partitions = rows.sparkSession.conf.get(PARTITIONS, None)
    return rows.repartition(int(partitions), *columns) if partitions else rows.repartition(*columns)
