"""Rows of a declared table in this process, as Arrow: on their way to a Delta table of this machine (`delta_rs`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from zorgstat.tables import Table

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]


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


def schema(table: Table) -> pa.Schema:
    import pyarrow as pa

    known = types()
    return pa.schema([(column.name, known[column.type]) for column in table.columns])


def from_rows(rows: Sequence[Sequence[Any]], table: Table) -> pa.Table:
    """In: rows in the order of the declared columns."""
    import pyarrow as pa

    return pa.Table.from_pylist([dict(zip(table.names, row, strict=True)) for row in rows], schema(table))


def as_declared(rows: pa.Table, table: Table) -> pa.Table:
    return rows.select(table.names).cast(schema(table))


def checksum(hashes: pa.ChunkedArray) -> str:
    """What `checks.checksum` comes to, of the hashes of the rows (`checks.row_hash`)."""
    import pyarrow.compute as pc  # type: ignore[import-untyped]

    if not len(hashes):
        return "0:0:0"
    halves = (pc.shift_right(hashes, 32), pc.bit_wise_and(hashes, 0xFFFFFFFF))
    return ":".join(str(number) for number in (len(hashes), *(pc.sum(half).as_py() for half in halves)))
