"""Checks as values: what a table must be, asked of all of it at once and answered in counts, never in records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from zorgstat.tables import Table


@dataclass(frozen=True)
class Finding:
    """One check and its answer. An error keeps a run from being published."""

    rule: str
    severity: str
    count: int
    detail: str

    @property
    def is_error(self) -> bool:
        return self.severity == "error" and self.count > 0


def schema_faults(schema: StructType, table: Table) -> list[str]:
    """Missing columns and other types, one line each. More columns than declared are fine."""
    delivered = {field.name: field.dataType.simpleString() for field in schema.fields}
    faults = []
    for column in table.columns:
        if column.name not in delivered:
            faults.append(f"{table.name}: column {column.name} is missing; expected {column.type} ({column.meaning}).")
        elif delivered[column.name] != column.type:
            faults.append(f"{table.name}: column {column.name} is {delivered[column.name]}, expected {column.type}.")
    return faults


def count_faults(frame: DataFrame, table: Table) -> DataFrame:
    """How often the rows break the declaration.

    Out: table, column, kind (`rows` for all rows; `null`, `value`, `duplicate` for faults), count. Rows that miss part of
    a key are not compared. Keys are compared by a hash: `find_duplicates` tells whether they really are the same.
    """
    counts: list[tuple[str, str, Column]] = [("", "rows", F.count(F.lit(1)))]
    for column in table.columns:
        value = F.col(column.name)
        if not column.nullable:
            counts.append((column.name, "null", F.count_if(value.isNull())))
        if column.values:
            counts.append((column.name, "value", F.count_if(~value.isin(list(column.values)))))
    rows = [
        F.struct(F.lit(column).alias("column"), F.lit(kind).alias("kind"), count.alias("count"))
        for column, kind, count in counts
    ]
    answers = frame.agg(F.array(*rows).alias("answers")).select(F.explode("answers").alias("answer")).select("answer.*")
    if table.key:
        same = _hashed(frame, table).groupBy("key_hash").agg(F.count(F.lit(1)).alias("count")).where(F.col("count") > 1)
        answers = answers.unionByName(
            same.agg(F.coalesce(F.sum("count"), F.lit(0)).alias("count")).select(
                F.lit(", ".join(table.key)).alias("column"), F.lit("duplicate").alias("kind"), "count"
            )
        )
    return answers.select(F.lit(table.name).alias("table"), "column", "kind", "count")


def find_duplicates(frame: DataFrame, table: Table) -> int:
    """The number of rows that share their key with another row, compared in full. For after a suspicion: it is slow."""
    hashed = _hashed(frame, table)
    suspects = hashed.groupBy("key_hash").agg(F.count(F.lit(1)).alias("count")).where(F.col("count") > 1)
    same = hashed.join(suspects.select("key_hash"), "key_hash").groupBy(*table.key).agg(F.count(F.lit(1)).alias("count"))
    found = same.where(F.col("count") > 1).agg(F.sum("count").alias("count")).first()
    return int(found["count"] or 0) if found else 0


def _hashed(frame: DataFrame, table: Table) -> DataFrame:
    whole = reduce(Column.__and__, [F.col(name).isNotNull() for name in table.key])
    return frame.where(whole).select(*table.key, F.xxhash64(*table.key).alias("key_hash"))


def count_all_faults(frames: Iterable[tuple[DataFrame, Table]]) -> DataFrame:
    """`count_faults` of several tables in one frame, so that one job answers for all."""
    return reduce(DataFrame.unionByName, [count_faults(frame, table) for frame, table in frames])


def describe_fault(table: Table, column: str, kind: str, count: int) -> str:
    """One line: what is wrong, where, how often, what to do."""
    if kind == "null":
        return f"{table.name}: column {column} is null in {count:,} rows; it must have a value in every row."
    if kind == "value":
        values = ", ".join(table.column(column).values)
        return f"{table.name}: column {column} is something else than {values} in {count:,} rows."
    return f"{table.name}: {count:,} rows share their key ({column}) with another row; it must be unique."


def checksum(frame: DataFrame, table: Table, leave_out: tuple[str, ...] = ("run_id",)) -> DataFrame:
    """One row, column `checksum`: equal for equal rows, whatever their order or layout.

    The run is left out, so that a second run on the same inputs has the same checksum. Whether a value is null is hashed
    too, since the hash of a row passes over nulls.
    """
    names = [name for name in table.names if name not in leave_out]
    row_hash = F.xxhash64(*names, *[F.col(name).isNull() for name in names])
    high, low = F.shiftright(row_hash, 32), row_hash.bitwiseAND(F.lit(0xFFFFFFFF).cast("bigint"))
    parts = [F.count(F.lit(1)), F.coalesce(F.sum(high), F.lit(0)), F.coalesce(F.sum(low), F.lit(0))]
    return frame.agg(F.concat_ws(":", *[part.cast("string") for part in parts]).alias("checksum"))
