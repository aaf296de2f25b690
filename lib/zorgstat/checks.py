"""Checks as values: what a table must be, asked of all of it at once and answered in counts, never in records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from zorgstat.partitions import gather_lists
from zorgstat.tables import Table

BIGINT, HALF = 62, 32  # bits: of sums that surely fit in a bigint, and of its lower half


@dataclass(frozen=True)
class Finding:
    """One check and its answer. An error keeps a run from being published."""

    rule: str
    severity: str
    count: int
    detail: str

    @classmethod
    def error(cls, rule: str, count: int, detail: str) -> Finding:
        """Of a check without which nothing is published."""
        return cls(rule, "error", int(count), detail)

    @classmethod
    def warning(cls, rule: str, count: int, detail: str) -> Finding:
        """Of what may be as it should be."""
        return cls(rule, "warning", int(count), detail)

    @property
    def is_error(self) -> bool:
        return self.severity == "error" and self.count > 0


def remark(rule: str, about: str, names: Sequence[Column]) -> list[Column]:
    """The columns of a `Finding` that is a warning about as many of these names as are not null."""
    listed = F.concat_ws(", ", *names)
    return [
        F.lit(rule).alias("rule"),
        F.lit("warning").alias("severity"),
        F.size(F.array_compact(F.array(*names))).cast("bigint").alias("count"),
        F.concat(F.lit(f"{about}: "), F.when(listed == "", F.lit("none")).otherwise(listed)).alias("detail"),
    ]


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


def as_declared(frame: DataFrame, table: Table) -> DataFrame:
    """The declared columns in their order and types."""
    return frame.select(*[F.col(column.name).cast(column.type).alias(column.name) for column in table.columns])


def count_broken(frame: DataFrame, table: Table) -> DataFrame:
    """Is every row as the declaration says? One pass over the table, which tells whether one may not be, and not why.

    Out: one row: rows; broken (above zero: there may be a fault, and `count_faults` tells which); repeated (rows whose
         key was there before). Keys are told apart by a hash, so that is a suspicion: `find_duplicates` tells for
         certain.
    """
    rows = F.count(F.lit(1)).alias("rows")
    if not table.key:
        # Sail knows from the statistics of files how many values a column has, and does not read it for that.
        nulls = [F.count(F.lit(1)) - F.count(column.name) for column in table.columns if not column.nullable]
        values = F.count_if(_any(broken for _, broken in _values(table)))
        too_large = [_may_be_too_large(name).cast("int") for name in _added_up(table)]
        broken = reduce(Column.__add__, [*nulls, *too_large], values)
        return frame.agg(rows, broken.alias("broken"), F.lit(0).alias("repeated"))
    is_broken = _any(broken for _, broken in _rules(table)).alias("is_broken")
    key_hash = F.when(_has_key(table), _key_hash(table)).alias("key_hash")
    # What is in a list twice was there before: a count by hash of every key would take twice the time on Spark.
    lists = (
        gather_lists(frame.select(is_broken, key_hash), "key_hash")
        .groupBy("list")
        .agg(rows, F.count_if("is_broken").alias("broken"), F.collect_list("key_hash").alias("hashes"))
        .select("rows", "broken", (F.size("hashes") - F.size(F.array_distinct("hashes"))).alias("repeated"))
    )
    return lists.agg(*[F.coalesce(F.sum(name), F.lit(0)).alias(name) for name in lists.columns])


def count_faults(frame: DataFrame, table: Table) -> DataFrame:
    """How often the rows break the declaration, leaving out its key: one row, one count per kind of fault and column.

    Out: `null:<column>` where null is not allowed; `value:<column>` outside a closed list; `sum:<column>` all of its
    numbers, where they cannot be added up.
    """
    sums = [F.when(_too_large(name), F.count(name)).otherwise(0).alias(f"sum:{name}") for name in _added_up(table)]
    return frame.agg(*[F.count_if(broken).alias(name) for name, broken in _rules(table)], *sums)


def find_duplicates(frame: DataFrame, table: Table) -> int:
    """The number of rows that share their key with another row. For after a suspicion: it is slow.

    Keys are compared by a digest that no two share: a key may hold a bsn, which must not move between partitions.
    """
    hashed = frame.where(_has_key(table)).select(
        F.sha2(F.to_json(F.struct(*table.key)), 256).alias("digest"), _key_hash(table).alias("key_hash")
    )
    suspects = hashed.groupBy("key_hash").agg(F.count(F.lit(1)).alias("n")).where(F.col("n") > 1)
    same = hashed.join(suspects.select("key_hash"), "key_hash").groupBy("digest").agg(F.count(F.lit(1)).alias("n"))
    found = same.where(F.col("n") > 1).agg(F.sum("n").alias("n")).first()
    return int(found["n"] or 0) if found else 0


def _rules(table: Table) -> list[tuple[str, Column]]:
    nulls = [(f"null:{column.name}", F.col(column.name).isNull()) for column in table.columns if not column.nullable]
    return nulls + _values(table)


def _values(table: Table) -> list[tuple[str, Column]]:
    return [
        (f"value:{column.name}", ~F.col(column.name).isin(list(column.values)))
        for column in table.columns
        if column.values
    ]


def _added_up(table: Table) -> list[str]:
    return [column.name for column in table.columns if column.adds_up]


def _too_large(name: str) -> Column:
    """Aggregate: might a sum of some of these numbers leave the range of a bigint?

    On overflow Spark raises an error, and Sail wraps around. The upper and the lower halves are added up apart, which
    has room for two billion rows: while this bound stays below 2^62, no sum of some of them can overflow.
    """
    high, low = _halves(F.col(name))
    upper, lower = (F.coalesce(F.sum(half), F.lit(0)) for half in (F.abs(high), low))
    too_large: Column = upper + F.shiftright(lower, HALF) + 1 >= 2 ** (BIGINT - HALF)
    return too_large


def _may_be_too_large(name: str) -> Column:
    """Aggregate: might it be? As many numbers as there are rows, each as large as the largest, in doubles."""
    largest = F.greatest(*[F.abs(end(name).cast("double")) for end in (F.min, F.max)])
    return F.coalesce(largest * F.count(F.lit(1)) >= float(2 ** (BIGINT - 1)), F.lit(False))


def _halves(number: Column) -> tuple[Column, Column]:
    """The upper half of a bigint, with its sign, and the lower one: numbers of 32 bits, with room to be added up."""
    return F.shiftright(number, HALF), number.bitwiseAND(F.lit(2**HALF - 1).cast("bigint"))


def _any(conditions: Iterable[Column]) -> Column:
    return reduce(Column.__or__, conditions, F.lit(False))


def _has_key(table: Table) -> Column:
    return reduce(Column.__and__, [F.col(name).isNotNull() for name in table.key])


def _key_hash(table: Table) -> Column:
    """A bigint that is equal for equal keys, and hardly ever for others.

    Sail 0.7 fails on a hash of columns that have one value each, as it knows from the statistics of a file; of a
    choice, be it between a value and itself, it asks row by row.
    """
    first, *others = table.key
    return F.xxhash64(F.coalesce(first, first), *others)


def describe_fault(table: Table, fault: str, count: int) -> str:
    """One line for a fault of `count_faults`, or duplicate:<key>: what is wrong, where, how often, what to do."""
    kind, column = fault.split(":")
    if kind == "null":
        return f"{table.name}: column {column} is null in {count:,} rows; it must have a value in every row."
    if kind == "value":
        values = ", ".join(table.column(column).values)
        return f"{table.name}: column {column} must be one of {values}; {count:,} rows hold something else."
    if kind == "sum":
        together = f"its {count:,} numbers may come to more than 2^{BIGINT}"
        return f"{table.name}: column {column} cannot be added up: {together}; correct the largest."
    return f"{table.name}: {count:,} rows share their key ({column}) with another row; it must be unique."


def null_counts(table: Table) -> list[Column]:
    """Aggregates, named as those of `count_faults`: nulls where none may be."""
    return [F.count_if(broken).alias(name) for name, broken in _rules(table) if name.startswith("null:")]


def row_hash(table: Table, leave_out: tuple[str, ...] = ("run_id",)) -> Column:
    """The run is left out, so that a second run on the same inputs has the same checksum. Whether a value is null is
    hashed too, since the hash of a row passes over nulls.
    """
    names = [name for name in table.names if name not in leave_out]
    return F.xxhash64(*names, *[F.col(name).isNull() for name in names])


def checksum(table: Table, leave_out: tuple[str, ...] = ("run_id",)) -> Column:
    """Aggregate: equal for equal rows, whatever their order or layout. Sums of half hashes have room for two billion
    rows.
    """
    high, low = _halves(row_hash(table, leave_out))
    parts = [F.count(F.lit(1)), F.coalesce(F.sum(high), F.lit(0)), F.coalesce(F.sum(low), F.lit(0))]
    return F.concat_ws(":", *[part.cast("string") for part in parts]).alias("checksum")


def sums(table: Table) -> list[Column]:
    """Aggregates: how many rows, and their checksum."""
    return [F.count(F.lit(1)).alias("rows"), checksum(table)]
