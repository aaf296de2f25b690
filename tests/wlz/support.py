"""What the tests of the Wlz share: small inputs as text, and one statement built from them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from tests.support import frame, person_key
from zorgstat.io.engine import Engine
from zorgstat.privacy import PERSON_KEY
from zorgstat.tables import Table
from zorgstat.wlz import pipeline
from zorgstat.wlz.calendar import Statement
from zorgstat.wlz.settings import Settings, resolve
from zorgstat.wlz.tables import INPUTS, OUTPUTS

# What a test does not tell is the same for all rows.
USUAL: dict[str, dict[str, Any]] = {
    "wlz_claims": {
        "zorgkantoor": "5505",
        "provider_agb": "12000001",
        "bsn": "111222333",
        "function_code": "H1",
        "zzp_code": "001",
        "performance_code": "Z001",
        "start_date": date(2023, 4, 1),
        "end_date": date(2023, 4, 30),
        "quantity": 1,
        "time_unit": "01",
        "tariff_cents": 100,
        "amount_cents": 100,
        "debit_credit": "D",
        "received_on": date(2023, 5, 1),
    },
    "wlz_organisations": {"name": "Voorbeeld", "concern": "Voorbeeldzorg"},
    "wlz_pgb_grants": {"zorgkantoor": "5505", "recorded_on": date(2023, 1, 1)},
    "wlz_deaths": {"recorded_on": date(2023, 7, 1)},
    "wlz_admissions": {"recorded_on": date(2023, 7, 1)},
    "wlz_home_visits": {
        "zorgkantoor": "5505",
        "physical": True,
        "with_conscious_choice_talk": False,
        "recorded_on": date(2022, 12, 31),
    },
    "wlz_conscious_choice_talks": {"zorgkantoor": "5505", "new_applicant": True},
    "wlz_admin_costs": {"year": 2023, "quarter": 2},
    "wlz_insured": {"registered_from": date(2020, 1, 1), "country": "NL"},
    "wlz_providers": {"name": "Aanbieder"},
}
# Names for the head of a table in text, where the full ones would not fit beside each other.
SHORT = {
    "agb": "provider_agb",
    "code": "performance_code",
    "starts": "start_date",
    "dc": "debit_credit",
    "n": "quantity",
    "cents": "amount_cents",
    "ref": "claim_reference",
    "names": "prior_reference",
    "received": "received_on",
}
TABLES: dict[str, Table] = {table.name: table for table in INPUTS}
ORGANISATIONS = """
    code | kind
    5505 | zorgkantoor
    5506 | zorgkantoor
    0201 | uitvoerder
"""


def rows(spark: SparkSession, name: str, text: str) -> DataFrame:
    """An input table from text; columns that are left out are as usual, or null."""
    table = TABLES[name]
    declared = ", ".join(f"{column.name} {column.type}" for column in table.columns)
    if name == "wlz_claims":
        declared += "".join(f", {short} {table.column(full).type}" for short, full in SHORT.items())
    given = frame(spark, declared + ", case string", text)
    if name == "wlz_claims":
        given = given.withColumnsRenamed(SHORT)
    usual = USUAL[name]
    filled = [
        F.col(column.name)
        if column.name in given.columns
        else F.lit(usual.get(column.name)).cast(column.type).alias(column.name)
        for column in table.columns
    ]
    return given.select(*filled)


def people(rows: DataFrame) -> DataFrame:
    """As the rules see it: a citizen is a person."""
    return rows.withColumnRenamed("bsn", "person").withColumn("person_hash", person_hash())


def person_hash() -> Column:
    return F.xxhash64("person")


def inputs(spark: SparkSession, texts: Mapping[str, str]) -> dict[str, DataFrame]:
    """All inputs; what is not told has no rows, but for the three organisations of every test."""
    told = {"wlz_organisations": ORGANISATIONS, **texts}
    made = {
        name: rows(spark, name, told[name]) if name in told else spark.createDataFrame([], table.schema)
        for name, table in TABLES.items()
    }
    return {**made, PERSON_KEY.name: person_key(spark)}


def settings(quarter: int = 2, year: int = 2023, known_at: date | None = None) -> Settings:
    known = {} if known_at is None else {"known_at": known_at}
    return resolve({"statement": {"year": year, "quarter": quarter}, **known})


def statement(quarter: int = 2, year: int = 2023) -> Statement:
    return Statement(year, quarter)


Rows = dict[str, list[tuple[Any, ...]]]


def build(engine: Engine, given: Mapping[str, DataFrame], asked: Settings) -> Rows:
    """The five outputs as sorted tuples in the order of their declaration, without the columns of the run."""
    try:
        built = pipeline.build(given, asked, engine.keep)
        assert list(built) == [table.name for table in OUTPUTS]
        return {table.name: collect(built[table.name], table, asked) for table in OUTPUTS}
    finally:
        engine.release()


def collect(built: DataFrame, table: Table, asked: Settings) -> list[tuple[Any, ...]]:
    stamps = {*asked.stamps, "run_id"}
    figures = [column for column in table.columns if column.name not in stamps]
    assert dict(built.dtypes) == {column.name: column.type for column in figures}
    found = [tuple(row) for row in built.select([column.name for column in figures]).collect()]
    for row in found:
        assert all(value is not None for value, column in zip(row, figures, strict=True) if not column.nullable)
    return sorted(found, key=lambda row: tuple("" if value is None else value for value in row))


def frames(spark: SparkSession, tables: Mapping[str, pa.Table], partitions: int | None = None) -> dict[str, DataFrame]:
    """The inputs as frames, in so many partitions, with the key of people."""
    made = {
        name: spark.createDataFrame(tables[name].select(table.names), table.schema) for name, table in TABLES.items()
    }
    if partitions:
        made = {name: rows.repartition(partitions) for name, rows in made.items()}
    return {**made, PERSON_KEY.name: person_key(spark)}


def write_inputs(root: Path, tables: Mapping[str, pa.Table]) -> Path:
    """Real Delta tables, written by delta-rs as another program would."""
    for name in TABLES:
        write_deltalake(str(root / name), tables[name], mode="overwrite")
    return root
