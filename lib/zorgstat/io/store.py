"""Reads and writes declared tables in Delta, and nothing else (style: a table is declared once)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame

from zorgstat import arrow, checks
from zorgstat.errors import SettingsError, TableError
from zorgstat.io import delta_rs, locks
from zorgstat.io.engine import Engine, is_out_of_reach, name_of
from zorgstat.io.paths import in_sql, local_path, table_path
from zorgstat.io.together import only_row
from zorgstat.tables import Table

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

NOT_THERE = (
    "PATH_NOT_FOUND",
    "DELTA_PATH_DOES_NOT_EXIST",
    "DELTA_TABLE_NOT_FOUND",
    "DELTA_MISSING_DELTA_TABLE",
    "DELTA_TABLE_ONLY_OPERATION",
)
# How long Delta keeps what a new version took out of a table, and the log that tells of it: property -> its default.
RETENTION = {
    "delta.deletedFileRetentionDuration": "interval 1 week",
    "delta.logRetentionDuration": "interval 30 days",
}
# The columns of which Delta's log has the lowest and highest value of each file.
STATISTICS = "delta.dataSkippingStatsColumns"
WITHOUT_ORDER = ("boolean", "binary", "array", "map")  # types of which Spark's Delta refuses to keep them
BSN, HASH = "bsn", "row_hash"
HOURS = {"hour": 1, "day": 24, "week": 168}
RERUN_DAYS = 365  # a published figure may be asked for again until the next year's stands


@dataclass(frozen=True)
class Pin:
    """The state of an input table that a run reads from its first look on."""

    version: int
    identity: str  # the table's own id and the moment of the version: other tables have versions 0 and 1 too
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def too_short(self) -> list[str]:
        """The properties that let this version go before a run could need it again."""
        kept = {name: self.properties.get(name, default) for name, default in RETENTION.items()}
        return [name for name, duration in kept.items() if _hours(duration) < 24 * RERUN_DAYS]


@dataclass(frozen=True)
class Sums:
    """Of the rows of one run in one table."""

    rows: int
    checksum: str


def sum_up(declared: DataFrame, table: Table) -> Sums:
    """In: rows with the columns of the table."""
    row = only_row(declared.agg(*checks.sums(table)))
    return Sums(int(row["rows"]), row["checksum"])


@dataclass(frozen=True)
class Store:
    """The tables of one root."""

    engine: Engine
    root: str

    def __post_init__(self) -> None:
        self.engine.check_root(self.root)

    def path(self, table: Table) -> str:
        return table_path(self.root, table.name)

    def pin(self, tables: Sequence[Table]) -> tuple[dict[str, Pin], list[str]]:
        """The present version of every table, and a line for every table that is not there."""
        pins: dict[str, Pin] = {}
        faults = []
        for table in tables:
            try:
                pins[table.name] = _pin(self.engine, self.path(table))
            except Exception as error:  # delta-rs, Spark and the file system each have their own
                faults.append(self.why_unreadable(table, error))
        if faults:
            self.refuse_unopened()
        return pins, faults

    def read_pinned(
        self, tables: Sequence[Table], versions: Mapping[str, int]
    ) -> tuple[dict[str, DataFrame], list[str]]:
        """The declared columns of every table in its version, as far as they are there, and a line for every other."""
        frames: dict[str, DataFrame] = {}
        faults = []
        for table in tables:
            if table.name not in versions:
                continue
            try:
                frame = self.engine.read_input(self.path(table), versions[table.name], table)
                faults += checks.schema_faults(frame.schema, table)
                as_declared = set(frame.dtypes)
            except TableError as error:
                faults += error.faults
                continue
            except Exception as error:  # as in `pin`
                faults.append(self.why_unreadable(table, error))
                continue
            frames[table.name] = frame.select(*[c.name for c in table.columns if (c.name, c.type) in as_declared])
        return frames, faults

    def why_unreadable(self, table: Table, error: Exception) -> str:
        return why_unreadable(self.root, table, error)

    def read(self, table: Table) -> DataFrame:
        """All rows of an output table, of every run, published or not; none when it is not there yet."""
        if not self.has(table):
            return arrow.frame(self.engine.spark, [], table.schema)
        state = delta_rs.state(self.path(table))
        if state is not None:
            return self.engine.read(self.path(table), state.version).select(*table.names)
        return self.engine.spark.read.format("delta").load(self.path(table)).select(*table.names)

    def rows(self, table: Table) -> list[dict[str, Any]]:
        """Every row of a small table, with the columns that it has; none when it is not there yet."""
        known = rows_without_engine(self.root, table)
        if known is not None:
            return known
        if not self.has(table):
            return []
        rows = self.engine.spark.read.format("delta").load(self.path(table)).collect()
        return [{name: _in_utc(value) for name, value in row.asDict().items()} for row in rows]

    def columns(self, table: Table) -> dict[str, tuple[str, bool]]:
        """Spark's type of each column of a table that is there, and may it be null; none where it is not."""
        path = self.path(table)
        try:
            known = delta_rs.is_table(path)
            if known is None:
                return self._columns_by_engine(table) or {}
            return delta_rs.columns(path) if known else {}
        except SettingsError:
            raise
        except Exception as error:
            raise TableError([f"output {self.why_unreadable(table, error)}"]) from None

    def has(self, table: Table) -> bool:
        known = delta_rs.is_table(self.path(table))
        return self._columns_by_engine(table) is not None if known is None else known

    def _columns_by_engine(self, table: Table) -> dict[str, tuple[str, bool]] | None:
        """`columns`, of a table that only the engine can open; None where it is not there."""
        try:
            schema = self.engine.spark.read.format("delta").load(self.path(table)).schema
        except Exception as error:
            if name_of(error) in NOT_THERE:
                return None
            self.refuse_unopened()
            raise
        return {column.name: (column.dataType.simpleString(), column.nullable) for column in schema}

    def refuse_unopened(self) -> None:
        """Raises SettingsError for an address that Spark cannot open: its tables would all be called damaged.

        For after a failure.
        """
        if local_path(self.root) is not None:
            return
        try:
            _ = self.engine.spark.read.format("delta").load(self.root).schema  # Spark Connect looks no earlier
        except Exception as error:
            if name_of(error) in NOT_THERE or is_out_of_reach(error):
                return
            raise SettingsError(
                f"{self.root} cannot be opened ({name_of(error)}). Is the address right, and does Spark have the jars "
                "and the keys of that store (docs/cluster.md)?"
            ) from None

    def writing(self) -> AbstractContextManager[None]:
        """One writer at a time on a folder, whatever it writes; others wait."""
        return locks.hold(self.root, "commit", wait=True, helper=self.engine.helper)

    def append(self, frame: DataFrame, table: Table, run_id: str) -> Sums:
        """Adds rows, with the declared columns and types in their order; says what they come to, as they were computed.

        For who holds the folder (`writing`). The commit tells its run, so that `clean` knows when the run was at work.
        """
        declared = checks.as_declared(frame, table)
        if not delta_rs.can_append(self.path(table)):
            self._append_by_engine(declared, table, run_id)
            return sum_up(declared, table)
        rows = declared.select("*", checks.row_hash(table).alias(HASH)).toArrow()
        self._append_here(arrow.as_declared(rows, table), table, run_id)
        return Sums(rows.num_rows, arrow.checksum(rows.column(HASH)))

    def add_rows(self, rows: Sequence[Sequence[Any]], table: Table, run_id: str) -> None:
        """As `append`, for a few rows, in the order of the declared columns."""
        if delta_rs.can_append(self.path(table)):
            self._append_here(arrow.from_rows(rows, table.schema), table, run_id)
        else:
            self._append_by_engine(arrow.frame(self.engine.spark, rows, table.schema), table, run_id)

    def _append_here(self, rows: pa.Table, table: Table, run_id: str) -> None:
        written = delta_rs.append(self.path(table), rows, self._properties_of_output(table), run_id)
        self.engine.count_written(rows.num_rows, written)

    def _append_by_engine(self, declared: DataFrame, table: Table, run_id: str) -> None:
        writer = declared.write.format("delta").mode("append").option("userMetadata", run_id)
        try:
            writer.options(**self._properties_of_output(table)).option("mergeSchema", "true").save(self.path(table))
        except PySparkException as error:
            if not self.engine.knows_too_little(error):
                raise
            raise SettingsError(
                f"output {table.name}: the engine {self.engine.name} does not write tables with all the features of "
                "Delta that somebody gave this one; use --engine spark."
            ) from None

    def _properties_of_output(self, table: Table) -> dict[str, str]:
        """No statistics of doubles and times: where a file holds one value only, Sail takes it from there, and may lose
        its last bit.
        """
        searched = ",".join(column.name for column in table.columns if column.type in ("string", "int", "bigint"))
        return {STATISTICS: searched}

    def replace(self, frame: DataFrame, name: str) -> None:
        """Makes the rows the whole of a table, as its next version. No identifiers in the statistics of Delta's log.

        For who holds the folder (`writing`).
        """
        path = table_path(self.root, name)
        others = ",".join(name for name, of in frame.dtypes if name != BSN and not of.startswith(WITHOUT_ORDER))
        properties = {STATISTICS: others, **dict.fromkeys(RETENTION, f"interval {RERUN_DAYS} days")}
        if delta_rs.is_table(path) and _pin(self.engine, path).properties.get(STATISTICS) != others:
            self.set_properties(name, properties)  # a table that is there keeps its own, whatever is written
        writer = frame.write.format("delta").mode("overwrite").option("overwriteSchema", "true")
        writer.options(**properties).save(path)

    def set_properties(self, name: str, properties: Mapping[str, str]) -> None:
        """Of a table that is there. For who holds the folder (`writing`)."""
        path = table_path(self.root, name)
        if not delta_rs.set_properties(path, properties):
            pairs = ", ".join(f"'{key}' = '{value}'" for key, value in properties.items())
            self.engine.spark.sql(f"ALTER TABLE {in_sql(path)} SET TBLPROPERTIES ({pairs})")

    def commits(self, table: Table) -> list[tuple[str | None, datetime]]:
        """The commits that the table's log still has: the run that each tells of, and when it was made."""
        known = delta_rs.commits(self.path(table))
        if known is not None:
            return [
                (commit.get("userMetadata"), datetime.fromtimestamp(commit["timestamp"] / 1000, timezone.utc))
                for commit in known
                if "timestamp" in commit
            ]
        history = self.engine.spark.sql(f"DESCRIBE HISTORY {in_sql(self.path(table))}").select(
            "userMetadata", "timestamp"
        )
        return [(row["userMetadata"], row["timestamp"].astimezone(timezone.utc)) for row in history.collect()]

    def remove(self, table: Table, run_ids: Collection[str]) -> None:
        """Takes the rows of these runs out of a table. For who holds the folder (`writing`)."""
        names = ", ".join(f"'{run_id}'" for run_id in sorted(run_ids))
        self.engine.spark.sql(f"DELETE FROM {in_sql(self.path(table))} WHERE run_id IN ({names})").collect()


def why_unreadable(root: str, table: Table, error: Exception) -> str:
    """What a user can do something about, without the text of the error, which may quote what it read."""
    path = table_path(root, table.name)
    folder = local_path(path)
    if not folder.exists() if folder else name_of(error) in NOT_THERE:
        return f"{table.name}: the table is missing; expected a Delta table in {path}."
    if folder is not None and not (folder / "_delta_log").exists():
        return f"{table.name}: {path} is not a Delta table: it has no _delta_log. Convert the delivery to Delta first."
    return (
        f"{table.name}: {path} cannot be read as a Delta table ({name_of(error)}). "
        "Is its log or a file damaged, missing, or written in a way that this engine does not know?"
    )


def rows_without_engine(root: str, table: Table) -> list[dict[str, Any]] | None:
    """`Store.rows`, where it takes no engine; None where it does."""
    path = table_path(root, table.name)
    known = delta_rs.is_table(path)
    try:
        return None if known is None else delta_rs.rows(path) if known else []
    except Exception as error:
        raise TableError([f"output {why_unreadable(root, table, error)}"]) from None


def _pin(engine: Engine, path: str) -> Pin:
    state = delta_rs.state(path)
    if state is not None:
        return Pin(state.version, f"{state.id}@{state.moment}", state.properties)
    latest = engine.spark.sql(f"DESCRIBE HISTORY {in_sql(path)} LIMIT 1").select("version", "timestamp").collect()[0]
    detail = engine.spark.sql(f"DESCRIBE DETAIL {in_sql(path)}").select("id", "properties").collect()[0]
    moment = _in_utc(latest["timestamp"]).replace(tzinfo=None)
    return Pin(int(latest["version"]), f"{detail['id']}@{moment}", detail["properties"])


def is_same_table(identity: str, other: str) -> bool:
    """Are two identities (of a `Pin`) of one table, whatever its version?"""
    return identity.partition("@")[0] == other.partition("@")[0]


def _in_utc(value: Any) -> Any:
    """Of a moment: an engine gives the local time of this process."""
    return value.astimezone(timezone.utc) if isinstance(value, datetime) else value


def _hours(duration: str) -> float:
    """Of Delta's "interval 30 days"; what cannot be read is taken for long enough: Delta itself has accepted it."""
    parts = re.findall(r"(\d+)\s*(hour|day|week)", duration.lower())
    return sum(int(number) * HOURS[unit] for number, unit in parts) if parts else float("inf")
