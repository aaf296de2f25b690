"""Three witnesses for the figures, on either engine: cases worked by hand, a second implementation, and properties.

pytest tests/behandelindex/test_witnesses.py --engine sail
"""

from __future__ import annotations

import csv
import math
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F

from tests.oracle import cases
from tests.oracle.behandelindex_duckdb import compute
from tests.support import ARROW, frames, parse, shuffled
from zorgstat import checks
from zorgstat.behandelindex import pipeline
from zorgstat.behandelindex.settings import resolve
from zorgstat.behandelindex.tables import INPUTS, OUTPUTS
from zorgstat.conf import changed
from zorgstat.io.engine import Engine
from zorgstat.tables import Table

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Tables = dict[str, pa.Table]
Rows = dict[tuple[Any, ...], dict[str, Any]]
GOLDEN = sorted((Path(__file__).parents[1] / "golden" / "behandelindex").iterdir())
RUN = ("report_year", "report_version", "run_id")


@pytest.fixture(scope="module")
def figures(engine: Engine) -> Callable[[Tables, dict[str, Any]], dict[str, Rows]]:
    """The five outputs of the pipeline, by key."""

    def compute_figures(tables: Tables, raw: dict[str, Any]) -> dict[str, Rows]:
        try:
            built = pipeline.build(frames(engine.spark, tables), resolve(raw), engine.keep)
            return {
                table.name: by_key(
                    table, [row.asDict() for row in built[table.name].select(own_names(table)).collect()]
                )
                for table in OUTPUTS
            }
        finally:
            engine.release()

    return compute_figures


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case.name)
def test_golden_case_worked_by_hand(case: Path, figures: Callable[..., dict[str, Rows]]) -> None:
    raw = tomllib.loads((case / "settings.toml").read_text(encoding="utf-8"))
    actual = figures({table.name: read_csv(case / f"{table.name}.csv", table) for table in INPUTS}, raw)
    for table in OUTPUTS:
        expected = read_csv(case / f"expected_{table.name}.csv", table).to_pylist()
        assert_same(table, actual[table.name], by_key(table, expected))


def test_agrees_with_duckdb(figures: Callable[..., dict[str, Rows]], engine: Engine) -> None:
    """Every column of every output, over cases dense in ties, dirt and borders; 20 seeds where that is quick."""
    for seed in range(20 if engine.name == "sail" else 3):
        tables, raw = cases.generate(seed)
        expected = compute(tables, raw)
        actual = figures(tables, raw)
        for table in OUTPUTS:
            assert_same(table, actual[table.name], by_key(table, expected[table.name].to_pylist()))


@pytest.fixture
def examples(engine: Engine) -> int:
    return 8 if engine.name == "sail" else 1


def test_properties(figures: Callable[..., dict[str, Rows]], examples: int) -> None:
    """What holds for any input: outcomes add up, names do not matter, a claim and its credit leave no trace, and twice
    as many like patients get the same index."""

    @settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.integers(100, 10_000))
    def hold(seed: int) -> None:
        tables, raw = cases.generate(seed, claims=600)
        base = figures(tables, raw)
        assert sum(row["records"] for row in base["outcomes"].values()) == tables["claims"].num_rows

        renamed = figures(rename_practices(tables), raw)
        assert {other_name(key[0]): value["index"] for key, value in base["practice_index"].items()} == {
            key[0]: value["index"] for key, value in renamed["practice_index"].items()
        }

        with_credit = figures(add_claim_and_credit(tables, raw), raw)
        assert with_credit["practice_index"] == base["practice_index"]

        doubled = figures(double_patients(tables), raw)
        assert {key: row["index"] for key, row in doubled["practice_index"].items()} == pytest.approx(
            {key: row["index"] for key, row in base["practice_index"].items()}, abs=1e-9
        )

    hold()


def test_same_bits_in_any_layout(engine: Engine) -> None:
    """Shuffled rows in 1, 3 and 7 partitions, with and without adaptive execution."""
    tables, raw = cases.generate(7, claims=1500)
    layouts = [(1, True), (3, False), (7, True)] if engine.name == "spark" else [(1, True), (3, True), (7, True)]
    found = set()
    for partitions, adaptive in layouts:
        layout = {"spark.sql.shuffle.partitions": str(partitions)}
        if engine.name == "spark":
            layout["spark.sql.adaptive.enabled"] = str(adaptive).lower()
        with changed(engine.spark, layout, must=True):
            built = pipeline.build(
                frames(engine.spark, shuffled(tables, seed=partitions), partitions), resolve(raw), engine.keep
            )
            found.add(tuple(checksum_of(built[table.name], table) for table in OUTPUTS))
        engine.release()
    assert len(found) == 1


def checksum_of(frame: Any, table: Table) -> str:
    typed = [F.col(name).cast(table.column(name).type).alias(name) for name in own_names(table)]
    return str(frame.select(*typed).agg(checks.checksum(table, leave_out=RUN)).collect()[0][0])


def own_names(table: Table) -> list[str]:
    return [name for name in table.names if name not in RUN]


def by_key(table: Table, rows: list[dict[str, Any]]) -> Rows:
    key = [name for name in table.key if name not in RUN]
    keyed = {tuple(row[name] for name in key): row for row in rows}
    assert len(keyed) == len(rows), f"{table.name}: a key occurs twice"
    return keyed


def assert_same(table: Table, actual: Rows, expected: Rows) -> None:
    """The same keys, and every column equal; doubles to 1e-11 of their size, since the witness rounds otherwise."""
    assert actual.keys() == expected.keys(), table.name
    for key, row in expected.items():
        for name in own_names(table):
            found, wanted = actual[key][name], row[name]
            if isinstance(wanted, float) and isinstance(found, float):
                assert math.isclose(found, wanted, rel_tol=1e-11, abs_tol=1e-11), (table.name, key, name)
            else:
                assert found == wanted, (table.name, key, name)


def read_csv(path: Path, table: Table) -> pa.Table:
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = [column for column in table.columns if not rows or column.name in rows[0]]
    return pa.table({c.name: pa.array([parse(row[c.name], c.type) for row in rows], ARROW[c.type]) for c in columns})


def other_name(agb: str) -> str:
    """Another code for a practice; the order of practices turns round as well."""
    return agb.translate(str.maketrans("0123456789", "9876543210"))


def rename_practices(tables: Tables) -> Tables:
    return {
        **tables,
        "claims": with_column(tables["claims"], "practice_agb", other_name),
        "agb_register": with_column(tables["agb_register"], "agb", other_name),
    }


def with_column(table: pa.Table, name: str, change: Callable[[str], str]) -> pa.Table:
    values = [value if value is None else change(value) for value in table[name].to_pylist()]
    return table.set_column(table.schema.get_field_index(name), name, pa.array(values, pa.string()))


def add_claim_and_credit(tables: Tables, raw: dict[str, Any]) -> Tables:
    """A treatment that was claimed and taken back by reference: what is left is what was there."""
    chosen = resolve(raw)
    label = next(
        row["uzovi"]
        for row in tables["insurers"].to_pylist()
        if row["kind"] == "insurer"
        and row["concern"] in chosen.participating
        and chosen.netting.get(row["concern"], "reference_then_key") in ("reference", "reference_then_key")
    )
    counted = next(
        row for row in tables["claims"].to_pylist() if row["debit_credit"] == "D" and row["practice_agb"] and row["bsn"]
    )
    debit = {
        **counted,
        "uzovi": label,
        "claim_reference": "added debit",
        "prior_reference": None,
        "treatment_date": chosen.report.period_start,
        "claim_date": chosen.report.period_end,
        "status": "approved",
        "channel": "vecozo",
        "care_setting": "practice",
        "amount_cents": 987_654_321,
    }
    credit = {**debit, "claim_reference": "added credit", "prior_reference": "added debit", "debit_credit": "C"}
    added = pa.Table.from_pylist([debit, credit], schema=tables["claims"].schema)
    return {**tables, "claims": pa.concat_tables([tables["claims"], added])}


def double_patients(tables: Tables) -> Tables:
    """Everybody twice, the second time under another valid number."""
    known = {bsn for name in ("claims", "enrolments") for bsn in tables[name]["bsn"].to_pylist() if is_bsn(bsn)}
    unused = (f"{n:09d}" for n in range(100_000_000, 200_000_000) if is_bsn(f"{n:09d}"))
    twin = {bsn: next(number for number in unused if number not in known) for bsn in sorted(known)}
    doubled = dict(tables)
    for name in ("claims", "enrolments", "av_packages", "av_classes"):
        copy = with_column(tables[name], "bsn", lambda bsn: twin.get(bsn, bsn))
        if name == "claims":
            copy = with_column(copy, "claim_reference", lambda reference: f"twin of {reference}")
            copy = with_column(copy, "prior_reference", lambda reference: f"twin of {reference}")
        if name == "av_classes":  # the label of a number that is no bsn would stand there twice
            copy = copy.filter(pa.array([bsn in twin.values() for bsn in copy["bsn"].to_pylist()], pa.bool_()))
        doubled[name] = pa.concat_tables([tables[name], copy])
    return doubled


def is_bsn(text: str | None) -> bool:
    if text is None or len(text) != 9 or not (text.isascii() and text.isdigit()) or text == "0" * 9:
        return False
    return sum(int(digit) * weight for digit, weight in zip(text, (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=True)) % 11 == 0


def test_is_bsn_asks_for_nine_digits() -> None:
    chance = random.Random(1)
    assert is_bsn("111222333")
    assert not any(is_bsn(f"{chance.randrange(10**8):08d}") for _ in range(10))
