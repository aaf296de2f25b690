"""Rows of this process as Arrow: on their way to an engine, or to a Delta table of this machine (`io.delta_rs`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame, SparkSession

from zorgstat.tables import Table

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

Rows = Sequence[Sequence[Any]]


def types() -> dict[str, pa.DataType]:
    """By the word that a table declares."""
    import pyarrow as pa

    return {
        "string": pa.string(),
        "int": pa.int32(),
        "bigint": pa.int64(),
        "double": pa.float64(),
        "date": pa.date32(),
        "boolean": pa.bool_(),
        "timestamp": pa.timestamp("us", tz="UTC"),
    }


def schema(ddl: str) -> pa.Schema:
    """Of columns as a DDL string (`Table.schema`): words of `types` and, which Arrow need not know, `not null`."""
    import pyarrow as pa

    known = types()
    columns = [column.split(maxsplit=2) for column in ddl.split(",")]
    return pa.schema([(name.strip("`"), known[type_]) for name, type_, *_ in columns])


def from_rows(rows: Rows, ddl: str) -> pa.Table:
    """In: rows in the order of the columns."""
    import pyarrow as pa

    typed = schema(ddl)
    return pa.Table.from_pylist([dict(zip(typed.names, row, strict=True)) for row in rows], typed)


def frame(spark: SparkSession, rows: Rows, ddl: str) -> DataFrame:
    """The rows as a frame. To read them from a list, Spark starts a Python process, which takes a second."""
    try:
        return spark.createDataFrame(from_rows(rows, ddl), ddl)
    except ImportError:  # a cluster has pyspark and delta only
        return spark.createDataFrame(list(rows), ddl)


def as_declared(rows: pa.Table, table: Table) -> pa.Table:
    return rows.select(table.names).cast(schema(table.schema))


def checksum(hashes: pa.ChunkedArray) -> str:
    """What `checks.checksum` comes to, of the hashes of the rows (`checks.row_hash`)."""
    import pyarrow.compute as pc  # type: ignore[import-untyped]

    if not len(hashes):
        return "0:0:0"
    halves = (pc.shift_right(hashes, 32), pc.bit_wise_and(hashes, 0xFFFFFFFF))
    return ":".join(str(number) for number in (len(hashes), *(pc.sum(half).as_py() for half in halves)))
