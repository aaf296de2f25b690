"""Puts the rows of a person in one file of a table, with Delta's own OPTIMIZE: why and when, see docs/layout.md.

Z-order and not CLUSTER BY: that one wants statistics of the bsn in Delta's log, and a table which delta-rs cannot
write. OPTIMIZE commits once, at its end, so a reader sees the table before it or after it.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from pyspark.sql import DataFrame

from zorgstat.behandelindex.tables import INPUTS
from zorgstat.conf import changed, setting
from zorgstat.errors import TableError
from zorgstat.io.paths import in_sql
from zorgstat.io.store import BSN, STATISTICS, Store
from zorgstat.tables import Table

TABLES = {table.name: table for table in INPUTS if BSN in table.names}

# Several files per core, on a laptop and on a cluster; none too small to be worth opening.
FILES, LEAST_BYTES, MOST_BYTES = 64, 4_000_000, 128_000_000
FILE_SIZE = "spark.databricks.delta.optimize.maxFileSize"
SETTINGS = {
    # Delta refuses a column without statistics in its log. The bsn has none there, and nobody searches for one.
    "spark.databricks.delta.optimize.zorder.checkStatsCollection.enabled": "false",
    "spark.databricks.io.skipping.mdc.addNoise": "false",  # else a person may lie in two files
    # Within a file near in order too, which packs better: Delta tells apart 1,000 ranges of persons unless told.
    "spark.databricks.io.skipping.mdc.sortWithinFiles": "true",
    "spark.databricks.io.skipping.mdc.rangeId.max": "20000",
    "spark.databricks.delta.allFilesInCrc.enabled": "false",  # copies statistics, also of a bsn that was in the log
}
# What Delta calls commits that leave the rows and their files alone.
HARMLESS = {"SET TBLPROPERTIES", "UNSET TBLPROPERTIES", "VACUUM START", "VACUUM END"}


@dataclass(frozen=True)
class Layout:
    """How a version of a table lies on disk."""

    version: int
    rows: int
    files: int
    bytes: int
    since: int | None  # the version that laid it out by person; None: none, or something was written after it

    @property
    def file_size(self) -> int:
        """Bytes per file to aim at, before they are packed."""
        return min(max(self.bytes // FILES, LEAST_BYTES), MOST_BYTES)


@dataclass(frozen=True)
class Change:
    table: str
    before: Layout
    after: Layout
    seconds: float = 0.0
    was_in_log: bool = False  # nothing kept the lowest and highest bsn of each file out of Delta's log


def look(store: Store, table: Table) -> Layout:
    """The present layout. Raises TableError when the table is not there or not as declared."""
    pins, unreadable = store.pin([table])
    frames, undeclared = store.read_pinned([table], {name: pin.version for name, pin in pins.items()})
    if unreadable or undeclared:
        raise TableError([*unreadable, *undeclared])
    detail = _sql(store, table, "DESCRIBE DETAIL {}").select("numFiles", "sizeInBytes").collect()[0]
    history = _sql(store, table, "DESCRIBE HISTORY {}").select("version", "operation", "operationParameters").collect()
    latest = next((row for row in history if row["operation"] not in HARMLESS), None)
    told = latest["operationParameters"] if latest else None
    by_person = json.loads((told or {}).get("zOrderBy") or "[]") == [BSN]
    return Layout(
        version=pins[table.name].version,
        rows=frames[table.name].count(),
        files=int(detail["numFiles"]),
        bytes=int(detail["sizeInBytes"]),
        since=int(latest["version"]) if latest and by_person else None,
    )


def lay_out(store: Store, table: Table) -> Change:
    """Lays a table out by person, as its next version, unless it lies so. For who holds the folder (`writing`)."""
    before, started = look(store, table), time.monotonic()
    if before.since is not None or not before.files:
        return Change(table.name, before, before)
    spark = store.engine.spark
    size = setting(spark, FILE_SIZE) or str(before.file_size)
    with changed(spark, {**SETTINGS, FILE_SIZE: size}, must=True):
        was_in_log = _keep_bsn_out(store, table)
        _sql(store, table, f"OPTIMIZE {{}} ZORDER BY ({BSN})")
    seconds = time.monotonic() - started
    return Change(table.name, before, look(store, table), seconds, was_in_log)


def _keep_bsn_out(store: Store, table: Table) -> bool:
    """The new files' lowest and highest bsn must not come into Delta's log. Could those of the old files?"""
    pins, _ = store.pin([table])
    named = pins[table.name].properties.get(STATISTICS)
    if named is not None and BSN not in [name.strip(" `").lower() for name in named.split(",")]:
        return False
    others = ",".join(name for name in table.names if name != BSN)
    store.set_properties(table.name, {STATISTICS: others})
    return True


def _sql(store: Store, table: Table, statement: str) -> DataFrame:
    return store.engine.spark.sql(statement.replace("{}", in_sql(store.path(table))))
