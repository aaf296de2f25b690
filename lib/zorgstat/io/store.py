"""Reads and writes declared tables in Delta, and nothing else (style: a table is declared once)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from zorgstat import checks
from zorgstat.io import locks
from zorgstat.io.paths import local_path, table_path
from zorgstat.io.session import Engine, name_of
from zorgstat.tables import RUNS, Table

NOT_THERE = ("PATH_NOT_FOUND", "DELTA_PATH_DOES_NOT_EXIST", "DELTA_TABLE_NOT_FOUND")


@dataclass(frozen=True)
class Pin:
    """The state of an input table that a run reads from its first look on."""

    version: int
    identity: str  # the table's own id and the moment of the version: other tables have versions 0 and 1 too


@dataclass(frozen=True)
class Store:
    """The tables of one root."""

    engine: Engine
    root: str

    def pin(self, tables: Sequence[Table]) -> tuple[dict[str, Pin], list[str]]:
        """The present version of every table, and a line for every table that is not there."""
        pins: dict[str, Pin] = {}
        faults = []
        for table in tables:
            try:
                pins[table.name] = _pin(self.engine, table_path(self.root, table.name))
            except Exception as error:  # delta-rs, Spark and the file system each have their own
                faults.append(self.why_unreadable(table, error))
        return pins, faults

    def read_pinned(self, tables: Sequence[Table], pins: Mapping[str, Pin]) -> tuple[dict[str, DataFrame], list[str]]:
        """The declared columns of every pinned table, as far as they are there, and a line for every other one."""
        frames: dict[str, DataFrame] = {}
        faults = []
        for table in tables:
            if table.name not in pins:
                continue
            try:
                frame = (
                    self.engine.spark.read.format("delta")
                    .option("versionAsOf", pins[table.name].version)
                    .load(table_path(self.root, table.name))
                )
                faults += checks.schema_faults(frame.schema, table)
                as_declared = set(frame.dtypes)
            except PySparkException as error:
                faults.append(self.why_unreadable(table, error))
                continue
            frames[table.name] = frame.select(*[c.name for c in table.columns if (c.name, c.type) in as_declared])
        return frames, faults

    def why_unreadable(self, table: Table, error: Exception) -> str:
        """What a user can do something about, without the text of the error, which may quote what it read."""
        path = table_path(self.root, table.name)
        folder = local_path(path)
        if folder is not None and not folder.exists():
            return f"{table.name}: the table is missing; expected a Delta table in {path}."
        if folder is not None and not (folder / "_delta_log").exists():
            return (
                f"{table.name}: {path} is not a Delta table: it has no _delta_log. Convert the delivery to Delta first."
            )
        return (
            f"{table.name}: {path} cannot be read as a Delta table ({name_of(error)}). "
            "Is its log or a file damaged, or missing?"
        )

    def read(self, table: Table) -> DataFrame:
        """All rows of an output table, of every run, published or not."""
        return self.engine.spark.read.format("delta").load(table_path(self.root, table.name)).select(*table.names)

    def writing(self) -> AbstractContextManager[None]:
        """One writer at a time on a folder, whatever it writes; others wait."""
        return locks.hold(self.root, "commit", wait=True)

    def append(self, frame: DataFrame, table: Table) -> None:
        """Adds rows, with the declared columns and types in their order. For who holds the folder (`writing`)."""
        typed = [F.col(column.name).cast(column.type).alias(column.name) for column in table.columns]
        # No statistics of doubles and times: where a file holds one value only, Sail takes it from there, and may lose
        # its last bit.
        searched = ",".join(column.name for column in table.columns if column.type in ("string", "int", "bigint"))
        writer = frame.select(*typed).write.format("delta").mode("append")
        writer.option("delta.dataSkippingStatsColumns", searched).option("mergeSchema", "true").save(
            table_path(self.root, table.name)
        )

    def replace(self, frame: DataFrame, name: str) -> None:
        """Makes the rows the whole of a table, as its next version. No identifiers in the statistics of Delta's log.

        For who holds the folder (`writing`).
        """
        path = table_path(self.root, name)
        (
            frame.write.format("delta")
            .mode("overwrite")
            .option("overwriteSchema", "true")
            .option("delta.dataSkippingStatsColumns", ",".join(column for column in frame.columns if column != "bsn"))
            .save(path)
        )

    def runs(self) -> list[dict[str, Any]]:
        """Every row of `runs`, with the columns that it has; none when nothing was ever published here."""
        try:
            rows = self.engine.spark.read.format("delta").load(table_path(self.root, RUNS.name)).collect()
        except PySparkException as error:
            if error.getCondition() in NOT_THERE or not (error.getCondition() or _has_table(self.root, RUNS.name)):
                return []
            raise
        return [row.asDict() for row in rows]


def _has_table(root: str, name: str) -> bool:
    folder = local_path(root)
    return folder is not None and (folder / name / "_delta_log").exists()


def _pin(engine: Engine, path: str) -> Pin:
    if local_path(path) is not None:
        try:
            from deltalake import DeltaTable
        except ImportError:
            pass
        else:
            table = DeltaTable(path)
            latest_commit = next(iter(table.history(1)), {})  # what a commit tells of itself is optional in Delta
            return Pin(table.version(), f"{table.metadata().id}@{latest_commit.get('timestamp')}")
    latest = engine.spark.sql(f"DESCRIBE HISTORY delta.`{path}` LIMIT 1").select("version", "timestamp").collect()[0]
    detail = engine.spark.sql(f"DESCRIBE DETAIL delta.`{path}`").select("id").collect()[0]
    return Pin(int(latest["version"]), f"{detail['id']}@{latest['timestamp']}")
