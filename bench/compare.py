"""Do two roots hold the same figures? Every row and column of the outputs of a pipeline, doubles to the last bit.

    python -m bench.compare ROOT_A ROOT_B [--pipeline wlz] [--report 2023 3]

Of a root with a table `runs` the current run of each report counts; of a root without one all rows do.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb

from bench import stored
from zorgstat.io.names import PIPELINES
from zorgstat.pipelines import Pipeline
from zorgstat.tables import RUNS, Table

# The columns of an output that tell which report it is.
REPORT = {"behandelindex": ("report_year", "report_version"), "wlz": ("year", "quarter")}
CURRENT_RUNS = """
    SELECT arg_max(run_id, sequence) AS run_id
    FROM runs AS published
    WHERE pipeline = '{}' AND status = 'published'
        AND run_id NOT IN (SELECT run_id FROM runs WHERE status = 'withdrawn')
    GROUP BY report_year, report_version
"""


def differences(
    pipeline: Pipeline, root_a: str | Path, root_b: str | Path, report: tuple[int, int] | None = None
) -> list[str]:
    """A line for whatever is not the same; none when everything is. `report`: only this year and version or quarter."""
    lines, rows = [], 0
    for table in pipeline.outputs:
        with duckdb.connect() as connection:
            for side, root in (("a", Path(root_a)), ("b", Path(root_b))):
                which = _which_count(connection, pipeline, root, report)
                connection.execute(f"CREATE TEMP TABLE {side} AS FROM {stored.rows(root, table)} WHERE {which}")
                rows += connection.sql(f"SELECT count(*) FROM {side}").fetchall()[0][0]
            # Who made the row is of no account.
            key = [name for name in table.key if name != "run_id"] + [*REPORT[pipeline.name]]
            lines += [f"{table.name}: {line}" for line in _table_differences(connection, table, key)]
    return lines if rows else ["there are no rows to compare"]


def _which_count(
    connection: duckdb.DuckDBPyConnection, pipeline: Pipeline, root: Path, report: tuple[int, int] | None
) -> str:
    """SQL: does a row of the root count?"""
    conditions = ["TRUE"]
    if (root / "runs").exists():
        connection.execute(f"CREATE OR REPLACE TEMP VIEW runs AS FROM {stored.rows(root, RUNS)}")
        conditions.append(f"run_id IN ({CURRENT_RUNS.format(pipeline.name)})")
    if report is not None:
        conditions += [f"{name} = {number}" for name, number in zip(REPORT[pipeline.name], report, strict=True)]
    return " AND ".join(conditions)


def _table_differences(connection: duckdb.DuckDBPyConnection, table: Table, key: Sequence[str]) -> list[str]:
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
        if n != distinct:
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
    parser = argparse.ArgumentParser(description="Compare the outputs of a pipeline in two roots.")
    parser.add_argument("root_a", type=Path)
    parser.add_argument("root_b", type=Path)
    parser.add_argument("--pipeline", choices=PIPELINES, default="behandelindex")
    parser.add_argument("--report", type=int, nargs=2, metavar=("YEAR", "VERSION"))
    asked = parser.parse_args()
    report = asked.report and tuple(asked.report)
    found = differences(PIPELINES[asked.pipeline], asked.root_a, asked.root_b, report)
    print("\n".join(found) or "The same, to the last bit.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
