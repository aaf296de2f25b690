"""Do two roots hold the same Behandelindex? Every row and column of the five outputs, doubles to the last bit.

    python bench/compare.py ROOT_A ROOT_B [--report 2023 3]

Of a root with a table `runs` the current run of each reporting version counts; of a root without one all rows do.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import duckdb
from deltalake import DeltaTable

from zorgstat.behandelindex.tables import OUTPUTS
from zorgstat.tables import Table

CURRENT_RUNS = """
    SELECT arg_max(run_id, sequence) AS run_id
    FROM runs AS published
    WHERE pipeline = 'behandelindex' AND status = 'published'
        AND run_id NOT IN (SELECT run_id FROM runs WHERE status = 'withdrawn')
    GROUP BY report_year, report_version
"""


def differences(root_a: str | Path, root_b: str | Path, report: tuple[int, int] | None = None) -> list[str]:
    """A line for whatever is not the same; none when everything is. `report`: only this year and version."""
    lines = []
    for table in OUTPUTS:
        with duckdb.connect() as connection:
            for side, root in (("a", Path(root_a)), ("b", Path(root_b))):
                _read(connection, side, root, table, report)
            lines += [f"{table.name}: {line}" for line in _table_differences(connection, table)]
    return lines


def _read(
    connection: duckdb.DuckDBPyConnection, side: str, root: Path, table: Table, report: tuple[int, int] | None
) -> None:
    """A table named by its side, with the rows that count and the declared columns in their types."""
    conditions = []
    if (root / "runs").exists():
        connection.execute(f"CREATE OR REPLACE TEMP VIEW runs AS FROM {_files(root / 'runs')}")
        conditions.append(f"run_id IN ({CURRENT_RUNS})")
    if report is not None:
        conditions.append("report_year = {} AND report_version = {}".format(*report))
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    where = " AND ".join(conditions) or "TRUE"
    connection.execute(f"CREATE TEMP TABLE {side} AS SELECT {columns} FROM {_files(root / table.name)} WHERE {where}")


def _files(path: Path) -> str:
    return f"read_parquet({DeltaTable(path).file_uris()}, union_by_name := true)"


def _table_differences(connection: duckdb.DuckDBPyConnection, table: Table) -> list[str]:
    # Both kinds of column are compared for what they are; who made the row is of no account.
    key = [name for name in table.key if name != "run_id"] + ["report_year", "report_version"]
    values = [column for column in table.columns if column.name not in (*key, "run_id")]
    asked = ["count(*) FILTER (WHERE b.there IS NULL)", "count(*) FILTER (WHERE a.there IS NULL)"]
    for column in values:
        ours, theirs = f'a."{column.name}"', f'b."{column.name}"'
        differs = f"a.there AND b.there AND {ours} IS DISTINCT FROM {theirs}"
        size = f"greatest(abs({ours}), abs({theirs}))"
        by_how_much = f"abs({ours} - {theirs}) / {size}" if column.type == "double" else "NULL"
        asked += [f"count(*) FILTER (WHERE {differs})", f"max({by_how_much}) FILTER (WHERE {differs})"]
    on = " AND ".join(f'a."{name}" IS NOT DISTINCT FROM b."{name}"' for name in key)
    rows = "(SELECT *, TRUE AS there FROM {0}) AS {0}"
    answer = connection.execute(
        f"SELECT {', '.join(asked)} FROM {rows.format('a')} FULL JOIN {rows.format('b')} ON {on}"
    ).fetchone()
    assert answer is not None
    lines = _type_differences(connection, table)
    lines += [
        f"{count:,} of {side}'s rows are not in the other"
        for side, count in zip("ab", answer[:2], strict=True)
        if count
    ]
    for column, count, by_how_much in zip(values, answer[2::2], answer[3::2], strict=True):
        if count:
            relative = f", relatively at most {by_how_much:.1e}" if by_how_much is not None else ""
            lines.append(f"{column.name} differs in {count:,} rows{relative}")
    for side in "ab":
        n, distinct = connection.execute(
            f"SELECT count(*), (SELECT count(*) FROM (SELECT DISTINCT {', '.join(key)} FROM {side})) FROM {side}"
        ).fetchone() or (0, 0)
        if n == 0 or n != distinct:
            lines.append(f"{side} has {n:,} rows with {distinct:,} different keys")
    return lines


def _type_differences(connection: duckdb.DuckDBPyConnection, table: Table) -> list[str]:
    lines = []
    for side in "ab":
        types = connection.sql(f"FROM {side}").types
        for column, given in zip(table.columns, types, strict=True):
            if given != duckdb.type(column.type):
                lines.append(f"{column.name} is {given} in {side}, declared {column.type}")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare the five outputs in two roots.")
    parser.add_argument("root_a", type=Path)
    parser.add_argument("root_b", type=Path)
    parser.add_argument("--report", type=int, nargs=2, metavar=("YEAR", "VERSION"))
    arguments = parser.parse_args()
    found = differences(arguments.root_a, arguments.root_b, arguments.report and tuple(arguments.report))
    print("\n".join(found) or "The same, to the last bit.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
