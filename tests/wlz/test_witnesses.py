"""Witnesses for the figures, on either engine: cases worked by hand, a second implementation, and any layout.

pytest tests/wlz/test_witnesses.py --engine sail
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.oracle import wlz_cases
from tests.oracle.wlz_duckdb import compute
from tests.support import ARROW, parse, shuffled
from tests.wlz.support import frames
from zorgstat import checks
from zorgstat.conf import changed
from zorgstat.io.engine import Engine
from zorgstat.tables import Table
from zorgstat.wlz import pipeline
from zorgstat.wlz.settings import resolve
from zorgstat.wlz.tables import INPUTS, OUTPUTS, STATEMENT_COLUMNS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Rows = Counter[tuple[Any, ...]]
GOLDEN = sorted((Path(__file__).parents[1] / "golden" / "wlz").iterdir())
STAMPS = tuple(column.name for column in STATEMENT_COLUMNS)
IN_WORDS = "detail"  # of wlz_findings: each witness has its own words


def figures(engine: Engine, tables: Mapping[str, pa.Table], raw: Mapping[str, Any]) -> dict[str, Rows]:
    """The five outputs of the pipeline: every row, and how often it is there."""
    try:
        built = pipeline.build(frames(engine.spark, tables), resolve(raw), engine.keep)
        return {
            table.name: Counter(tuple(row) for row in built[table.name].select(own_names(table)).collect())
            for table in OUTPUTS
        }
    finally:
        engine.release()


def own_names(table: Table) -> list[str]:
    return [name for name in table.names if name not in (*STAMPS, IN_WORDS)]


def as_rows(table: Table, rows: list[dict[str, Any]]) -> Rows:
    return Counter(tuple(row[name] for name in own_names(table)) for row in rows)


def assert_same(actual: Mapping[str, Rows], expected: Mapping[str, Rows], case: object) -> None:
    for table in OUTPUTS:
        found, wanted = actual[table.name], expected[table.name]
        assert (found - wanted, wanted - found) == (Counter(), Counter()), (case, table.name)


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case.name)
def test_golden_case_worked_by_hand(case: Path, engine: Engine) -> None:
    """By the pipeline, and by the witness in DuckDB too."""
    raw = tomllib.loads((case / "settings.toml").read_text(encoding="utf-8"))
    tables = {table.name: read_csv(case / f"{table.name}.csv", table) for table in INPUTS}
    told = {table.name: read_csv(case / f"expected_{table.name}.csv", table).to_pylist() for table in OUTPUTS}
    stamps = resolve(raw).stamps
    assert all({name: row[name] for name in stamps} == stamps for rows in told.values() for row in rows)
    expected = {table.name: as_rows(table, told[table.name]) for table in OUTPUTS}
    assert_same(figures(engine, tables, raw), expected, "pipeline")
    witness = compute(tables, raw)
    assert_same({table.name: as_rows(table, witness[table.name]) for table in OUTPUTS}, expected, "witness")


def test_agrees_with_duckdb(engine: Engine) -> None:
    """Every column of every output, over cases dense in ties, dirt and borders; 20 seeds where that is quick."""
    for seed in range(20 if engine.name == "sail" else 2):
        tables, raw = wlz_cases.generate(seed)
        witness = compute(tables, raw)
        expected = {table.name: as_rows(table, witness[table.name]) for table in OUTPUTS}
        assert_same(figures(engine, tables, raw), expected, (seed, raw))


def test_same_bits_in_any_layout(engine: Engine) -> None:
    """Shuffled rows in 1, 3 and 7 partitions; the words of the findings too."""
    tables, raw = wlz_cases.generate(20, size=150)
    found = set()
    for partitions in (1, 3, 7):
        with changed(engine.spark, {"spark.sql.shuffle.partitions": str(partitions)}, must=True):
            given = frames(engine.spark, shuffled(tables, seed=partitions), partitions)
            built = pipeline.build(given, resolve(raw), engine.keep)
            sums = [built[table.name].agg(checks.checksum(table, leave_out=STAMPS)) for table in OUTPUTS]
            found.add(tuple(str(of_table.collect()[0][0]) for of_table in sums))
        engine.release()
    assert len(found) == 1


def read_csv(path: Path, table: Table) -> pa.Table:
    with path.open(encoding="utf-8") as file:
        reader = csv.DictReader(file)
        rows, header = list(reader), reader.fieldnames or []
    columns = [column for column in table.columns if column.name in header]
    return pa.table({c.name: pa.array([parse(row[c.name], c.type) for row in rows], ARROW[c.type]) for c in columns})
