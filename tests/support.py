"""What tests share: literal frames typed by their table, exact comparison, shuffles in a plan, inputs on disk."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyspark
from chispa import assert_df_equality
from deltalake import write_deltalake
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from zorgstat import arrow, privacy
from zorgstat.behandelindex.tables import INPUTS
from zorgstat.privacy import PERSON_KEY
from zorgstat.tables import Table

OWN_CHOICES = ("ZORGSTAT", "SPARK", "PYSPARK")
KEY = privacy.draw_key()

ARROW = arrow.types()


def frame(spark: SparkSession, types: Table | str, text: str) -> DataFrame:
    """A frame from a table in text: a line of column names, a line a row, cells between |, an empty cell is null.

    `types` is the table that declares the columns, or a DDL string ("person int, sex_code int").
    """
    header, *lines = [line for line in text.strip().splitlines() if line.strip()]
    names = [name.strip() for name in header.split("|")]
    if isinstance(types, Table):
        declared = {column.name: column.type for column in types.columns}
    else:
        declared = dict(part.strip().split(" ") for part in types.split(","))
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    columns = {
        name: pa.array([parse(row[place], declared[name]) for row in cells], ARROW[declared[name]])
        for place, name in enumerate(names)
    }
    return spark.createDataFrame(pa.table(columns))


def parse(cell: str, type_: str) -> Any:
    if cell == "":
        return None
    if cell == "''":
        return ""
    if type_ in ("int", "bigint"):
        return int(cell)
    if type_ == "double":
        numerator, _, denominator = cell.partition("/")
        return float(numerator) / float(denominator or 1)
    if type_ == "date":
        return date.fromisoformat(cell)
    return cell == "true" if type_ == "boolean" else cell


def assert_rows(actual: DataFrame, expected: DataFrame, key: Sequence[str]) -> None:
    """The same rows, in the columns of `expected`; chispa's exact comparison, sorted by key."""
    assert_df_equality(actual.select(expected.columns).orderBy(*key), expected.orderBy(*key), ignore_nullable=True)


def shuffles(frame: DataFrame) -> int:
    """Exchanges in the physical plan that move rows between partitions (broadcasts are not counted)."""
    plan = frame._jdf.queryExecution().executedPlan().toString()
    return sum("Exchange " in line and "BroadcastExchange" not in line for line in plan.splitlines())


def shuffled(tables: Mapping[str, pa.Table], seed: int) -> dict[str, pa.Table]:
    """The same rows in another order."""
    chance = random.Random(seed)
    return {name: table.take(chance.sample(range(len(table)), len(table))) for name, table in tables.items()}


def write_inputs(root: Path, tables: Mapping[str, pa.Table], bsn_in_log: bool = True) -> Path:
    """Real Delta tables, written by delta-rs as another program would; its log has statistics unless told otherwise."""
    for table in INPUTS:
        rows = tables[table.name]
        others = ",".join(name for name in rows.column_names if name != "bsn")
        configuration = None if bsn_in_log else {"delta.dataSkippingStatsColumns": others}
        write_deltalake(str(root / table.name), rows, mode="overwrite", configuration=configuration)
    return root


def frames(spark: SparkSession, tables: Mapping[str, pa.Table], partitions: int | None = None) -> dict[str, DataFrame]:
    """The inputs as frames, in so many partitions."""
    made = {table.name: spark.createDataFrame(tables[table.name].select(table.names), table.schema) for table in INPUTS}
    if partitions:
        made = {name: frame.repartition(partitions) for name, frame in made.items()}
    return {**made, PERSON_KEY.name: person_key(spark)}


def person_key(spark: SparkSession) -> DataFrame:
    return arrow.frame(spark, [KEY], PERSON_KEY.schema)


def with_key(rows: DataFrame) -> DataFrame:
    return privacy.with_key(rows, person_key(rows.sparkSession))


def disguise(people: DataFrame) -> DataFrame:
    """A person's number in the run in the place of the number of a bsn; the key stays, as the rules have it."""
    bsn = F.lpad(F.col("person").cast("string"), privacy.BSN_LENGTH, "0")
    return with_key(people).withColumn("person", privacy.person(bsn))


def recognise(people: DataFrame) -> DataFrame:
    """The number of a bsn in the place of a person's number in the run; a stand-in below zero stays."""
    citizen = F.coalesce(privacy.citizen(F.col("person")), F.col("person")).cast("int")
    return with_key(people.drop(*PERSON_KEY.names)).withColumn("person", citizen).drop(*PERSON_KEY.names)


class Reached(Exception):
    """A run came as far as a test wants to see it come."""


def until(phase: str) -> Callable[[str], None]:
    """A reporter of progress that ends the run where a phase begins."""

    def report(begun: str) -> None:
        if begun == phase:
            raise Reached(phase)

    return report


def citizens(tables: Mapping[str, pa.Table]) -> set[str]:
    """Every number of nine digits in the inputs: what no message, screen or log may show."""
    columns = [table["bsn"].to_pylist() for table in tables.values() if "bsn" in table.column_names]
    return {bsn for column in columns for bsn in column if bsn and bsn.isdigit() and len(bsn) == 9 and int(bsn)}


def spark_home_in(folder: Path) -> Path:
    """A home for Spark when it plays a cluster: its workers write into the home."""
    folder.mkdir()
    for path in Path(str(pyspark.__file__)).parent.iterdir():
        (folder / path.name).symlink_to(path)
    return folder


def environment(**changes: str) -> dict[str, str]:
    """For a process of its own: nothing that the person at this machine chose counts."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OWN_CHOICES)}
    return {**kept, **changes}


class Command:
    """The command zorgstat in processes of its own; logs go to a folder of the test, nobody's own choices count."""

    script = str(Path(sys.executable).with_name("zorgstat"))

    def __init__(self, logs: Path) -> None:
        self.environment = environment(TMPDIR=str(logs))

    def start(self, *arguments: object, **changes: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.script, *map(str, arguments)],
            env={**self.environment, **changes},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: object, **changes: str) -> subprocess.CompletedProcess[str]:
        words = [self.script, *map(str, arguments)]
        return subprocess.run(
            words, env={**self.environment, **changes}, capture_output=True, text=True, timeout=600, check=False
        )
