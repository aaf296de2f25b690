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
from zorgstat.errors import TableError
from zorgstat.io import locks
from zorgstat.io.paths import local_path, table_path
from zorgstat.io.session import Engine
from zorgstat.tables import RUNS, Table


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

    def pin(self, tables: Sequence[Table]) -> dict[str, Pin]:
        """The present version of every table. Raises TableError that names all tables that are not there."""
        pins: dict[str, Pin] = {}
        faults = []
        for table in tables:
            path = table_path(self.root, table.name)
            try:
                pins[table.name] = _pin(self.engine, path)
            except Exception as error:  # delta-rs, Spark and the file system each have their own
                faults.append(f"{table.name}: {_why_unreadable(path, error)}")
        if faults:
            raise TableError(faults)
        return pins

    def read_pinned(self, tables: Sequence[Table], pins: Mapping[str, Pin]) -> dict[str, DataFrame]:
        """The declared columns of every table, as of its pin. Raises TableError with every fault of every schema."""
        frames, faults = {}, []
        for table in tables:
            try:
                frame = (
                    self.engine.spark.read.format("delta")
                    .option("versionAsOf", pins[table.name].version)
                    .load(table_path(self.root, table.name))
                )
                wrong = checks.schema_faults(frame.schema, table)
            except PySparkException as error:
                wrong = [f"{table.name}: {_why_unreadable(table_path(self.root, table.name), error)}"]
            faults += wrong
            if not wrong:
                frames[table.name] = frame.select(*table.names)
        if faults:
            raise TableError(faults)
        return frames

    def read(self, table: Table) -> DataFrame:
        """All rows of an output table, of every run, published or not."""
        return self.engine.spark.read.format("delta").load(table_path(self.root, table.name)).select(*table.names)

    def writing(self) -> AbstractContextManager[None]:
        """One writer at a time on a folder, whatever it writes; others wait."""
        return locks.hold(self.root, "commit", wait=True)

    def append(self, frame: DataFrame, table: Table) -> None:
        """Adds rows, with the declared columns and types in their order. For who holds the folder (`writing`)."""
        typed = [F.col(column.name).cast(column.type).alias(column.name) for column in table.columns]
        path = table_path(self.root, table.name)
        frame.select(*typed).write.format("delta").mode("append").save(path)

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
        """Every row of `runs`; none when nothing was ever published here."""
        try:
            rows = self.read(RUNS).collect()
        except PySparkException:
            if _has_table(self.root, RUNS.name):
                raise
            return []
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
            return Pin(table.version(), f"{table.metadata().id}@{table.history(1)[0].get('timestamp')}")
    latest = engine.spark.sql(f"DESCRIBE HISTORY delta.`{path}` LIMIT 1").select("version", "timestamp").collect()[0]
    detail = engine.spark.sql(f"DESCRIBE DETAIL delta.`{path}`").select("id").collect()[0]
    return Pin(int(latest["version"]), f"{detail['id']}@{latest['timestamp']}")


def _why_unreadable(path: str, error: Exception) -> str:
    """What a user can do something about, without the text of the error, which may quote what it read."""
    folder = local_path(path)
    if folder is not None and not folder.exists():
        return f"the table is missing; expected a Delta table in {path}."
    if folder is not None and not (folder / "_delta_log").exists():
        return f"{path} is not a Delta table: it has no _delta_log. Convert the delivery to Delta first."
    return f"{path} cannot be read as a Delta table ({type(error).__name__}). Is its log or a file damaged, or missing?"
