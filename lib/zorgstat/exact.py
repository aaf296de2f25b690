"""Sums and spread that give the same bits in any order, on any engine.

A sum of doubles depends on the order of its terms, and that order on the layout of the data. `total` splits every term
into whole units and trillionths, both bigints, whose sums have one answer; the double is made once, at the end.
See docs/decisions/0002-fixed-point.md for what was measured.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

TRILLION = 1e12
HAIR = 1e-9  # more than a sum of trillionths is off


def total(term: Column) -> Column:
    """Aggregate: the sum of doubles (nulls left out), to within half a trillionth per term; null of nothing.

    Room: terms below 2^53 in size, whole parts that add up to less than 2^63, and nine million terms per group.
    """
    whole = F.floor(term)
    trillionths = F.floor((term - whole) * TRILLION + 0.5)
    return F.sum(whole).cast("double") + F.sum(trillionths).cast("double") / TRILLION


def sample_standard_deviation(frame: DataFrame, column: str) -> DataFrame:
    """One row, one column `sd`: spread with n - 1 below the line; 0 when there are fewer than two values."""
    value = F.col(column)
    mean = frame.agg(F.count(value).alias("n"), total(value).alias("sum")).select(
        "n", (F.col("sum") / F.nullif("n", F.lit(0))).alias("mean")
    )
    squares = frame.crossJoin(F.broadcast(mean)).agg(
        F.max("n").alias("n"), total((value - F.col("mean")) * (value - F.col("mean"))).alias("squares")
    )
    return squares.select(
        F.when(F.col("n") > 1, F.sqrt(F.col("squares") / F.nullif(F.col("n") - 1, F.lit(0)))).otherwise(0.0).alias("sd")
    )


def half_up(value: Column) -> Column:
    """A whole number (int): an exact half goes up, also when its double lies a hair below it."""
    return F.floor(value + 0.5 + HAIR).cast("int")


def ceiling(value: Column) -> Column:
    """A whole number (int): what is one stays as it is, also when its double lies a hair above it."""
    return F.ceil(value - HAIR).cast("int")
