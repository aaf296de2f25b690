"""Made-up data: the same for a seed whatever the layout, plausible, and with everything that a finding can be about."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from tests.support import person_key
from tests.wlz.support import TABLES, build, settings
from zorgstat import codes, privacy
from zorgstat.io.engine import Engine
from zorgstat.privacy import PERSON_KEY
from zorgstat.tables import Table
from zorgstat.wlz import synth
from zorgstat.wlz.findings import RULES, SUCCESSOR_CYCLE
from zorgstat.wlz.synth import claims, people

LINES, SEED, YEAR = 50_000, 1, 2023


@pytest.fixture(scope="module")
def made(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[str, DataFrame]:
    return stored(spark, SEED, tmp_path_factory.mktemp("synth"))


def stored(spark: SparkSession, seed: int, folder: Path) -> dict[str, DataFrame]:
    """Made once, and read as often as anybody likes."""
    frames = {}
    for name, frame in synth.tables(spark, LINES, seed, YEAR).items():
        frame.write.parquet(str(folder / name))
        frames[name] = spark.read.parquet(str(folder / name))
    return frames


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_columns_and_values_are_those_declared(made: dict[str, DataFrame], table: Table) -> None:
    frame = made[table.name]
    assert dict(frame.dtypes) == {column.name: column.type for column in table.columns}
    rows = [row.asDict() for row in frame.collect()]
    assert rows
    for column in table.columns:
        values = {row[column.name] for row in rows}
        assert "" not in values
        assert column.nullable or None not in values, column.name
        assert not column.values or values <= {*column.values}, column.name
    if table.key:
        assert len({tuple(row[name] for name in table.key) for row in rows}) == len(rows)


def test_same_rows_in_every_layout(
    spark: SparkSession, made: dict[str, DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "LINES_PER_FILE", 7_000)
    monkeypatch.setattr(people, "PEOPLE_PER_FILE", 3_000)
    for name, frame in synth.tables(spark, LINES, SEED, YEAR).items():
        assert Counter(frame.collect()) == Counter(made[name].collect()), name


def test_number_of_claims(made: dict[str, DataFrame]) -> None:
    assert made["wlz_claims"].count() == pytest.approx(LINES, rel=0.03)


def test_the_country_is_the_real_one_and_nobody_in_it_is(made: dict[str, DataFrame]) -> None:
    """31 regions, codes of the list; citizen numbers are valid and not given out."""
    kinds = Counter(row["kind"] for row in made["wlz_organisations"].collect())
    assert kinds == {"zorgkantoor": 31, "uitvoerder": 3}
    assert made["wlz_providers"].count() > 2000
    listed = {row["performance_code"] for row in codes.rows("synth_wlz_performances")}
    assert {row[0] for row in made["wlz_claims"].select("performance_code").distinct().collect()} <= listed
    number = privacy.digits(made["wlz_insured"]["bsn"], privacy.BSN_LENGTH)
    assert made["wlz_insured"].where(~privacy.passes_eleven_test(number) | ~(number >= 900_000_000)).count() == 0


@pytest.mark.parametrize("seed", [SEED, 2])
def test_every_finding_occurs_and_most_statements_are_final(
    engine: Engine, spark: SparkSession, made: dict[str, DataFrame], seed: int, tmp_path: Path
) -> None:
    given = made if seed == SEED else stored(spark, seed, tmp_path)
    found: Counter[str] = Counter()
    for quarter in (1, 2, 3, 4):
        rows = build(engine, {**given, PERSON_KEY.name: person_key(spark)}, settings(quarter, YEAR))
        found.update({rule: count for _, rule, _, count, _ in rows["wlz_findings"]})
        errors = {row[0] for row in rows["wlz_findings"] if row[2] == "error"}
        assert None not in errors
        assert len(errors) < 12
        assert rows["wlz_missing_providers"], quarter
        assert rows["wlz_missing_estimates"], quarter
        lines: dict[Any, int] = {row[:3]: row[3] for row in rows["wlz_statement_lines"]}
        assert sum(value > 0 for value in lines.values()) > len(lines) / 2
    assert set(found) == {rule.name for rule in RULES} - {SUCCESSOR_CYCLE.name}
