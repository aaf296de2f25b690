"""The outputs of a run in a country of a few practices, from a table of who treated how many people in which basket."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from tests.support import frame
from zorgstat.behandelindex import baskets, intervals, practice_index
from zorgstat.behandelindex.settings import Settings
from zorgstat.behandelindex.tables import OUTPUTS
from zorgstat.tables import RUNS

OUTCOMES = """
    uzovi | concern | outcome                   | records
    0101  | CZ      | counted                   | 700
    0101  | CZ      | invalid_sex               | 60
    0102  | VGZ     | counted                   | 800
    0102  | VGZ     | invalid_sex               | 80
    0999  | reserve | reserved_uzovi            | 40
"""


def outputs(
    spark: SparkSession, people: str, run_id: str = "run-1", version: int = 3, outcomes: str = OUTCOMES
) -> dict[str, DataFrame]:
    """The five outputs, made by the rules themselves.

    In: people: practice_agb, basket_id, combinations, treatments; every patient is in one basket.
    """
    types = "practice_agb string, basket_id int, combinations bigint, treatments bigint"
    counted = frame(spark, types, people).withColumn("practice", F.col("practice_agb"))
    patients = counted.groupBy("practice").agg(F.sum("combinations").alias("patients"))
    national = baskets.national_baskets(counted)
    compared = practice_index.compare_baskets(counted, national)
    indices = practice_index.index_practices(compared, patients)
    factors = intervals.correction_factors(intervals.spread(indices), Settings())
    made = {
        "outcomes": frame(spark, "uzovi string, concern string, outcome string, records bigint", outcomes),
        "national_baskets": national,
        "practice_baskets": compared,
        "practice_index": intervals.add_intervals(indices, factors),
        "correction_factors": factors,
    }
    stamps = {"report_year": F.lit(2023), "report_version": F.lit(version), "run_id": F.lit(run_id)}
    return {table.name: made[table.name].withColumns(stamps).select(*table.names) for table in OUTPUTS}


def store(made: dict[str, DataFrame], row: dict[str, Any], root: Path) -> None:
    """Adds the outputs and the row in `runs` to the Delta tables of a root, as another program would."""
    for table in OUTPUTS:
        write_deltalake(str(root / table.name), made[table.name].toArrow(), mode="append")
    write_deltalake(str(root / RUNS.name), pa.Table.from_pylist([row]), mode="append")


def published(run_id: str, day: int, version: int = 3) -> dict[str, Any]:
    """The row in `runs` that publishes it, as far as others need it."""
    told = {
        "run_id": run_id,
        "pipeline": "behandelindex",
        "report_year": 2023,
        "report_version": version,
        "sequence": day,
        "status": "published",
        "at": datetime(2024, 3, day, 12, 30, tzinfo=timezone.utc),
        "software": "0.1.0",
        "checksums": run_id,
    }
    return {column.name: "" if column.type == "string" else 0 for column in RUNS.columns} | told
