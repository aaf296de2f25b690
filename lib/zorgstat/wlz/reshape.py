"""Columns of numbers as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


def as_rows(
    frame: DataFrame, keep: Sequence[Column], name: str, numbers: Mapping[str, Column], value: str
) -> DataFrame:
    """A row for each of the numbers. Out: what is kept, name (of the number), value (bigint).

    Through an array of numbers: of `unpivot`, and of structs, Sail 0.7 fails when some of the numbers may be null and
    others may not.
    """
    listed = F.array(*[number.cast("bigint") for number in numbers.values()])
    names = F.array(*[F.lit(of) for of in numbers])
    exploded = frame.select(*keep, F.posexplode(listed).alias("place", value))
    return exploded.select("*", F.get(names, F.col("place")).alias(name)).drop("place")


def counts_as_rows(rows: DataFrame, code: str, counts: Mapping[str, Column]) -> DataFrame:
    """What was counted, a row per organisation, as rows of their own: for the statement and for findings alike.

    In:  rows, code (its column), counts (by name: `statement_lines.cells` and `cost_cells`, or of `findings.COUNTS`).
    Out: code, name, count.
    """
    return as_rows(rows, [F.col(code).alias("code")], "name", counts, "count")
