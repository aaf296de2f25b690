"""A Delta table as DuckDB reads it: the files of its present version."""

from __future__ import annotations

from pathlib import Path

from deltalake import DeltaTable

from zorgstat.tables import Table


def rows(root: Path, table: Table) -> str:
    """SQL: the declared columns of a table, in their stored types."""
    files = DeltaTable(root / table.name).file_uris()
    if not files:  # a table without rows may have none
        return "(SELECT {} WHERE FALSE)".format(", ".join(f'NULL::{c.type} AS "{c.name}"' for c in table.columns))
    columns = ", ".join(f'"{name}"' for name in table.names)
    return f"(SELECT {columns} FROM read_parquet({files}, union_by_name := true))"
