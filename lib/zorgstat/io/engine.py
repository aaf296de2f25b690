"""What an engine, Spark or Sail, must provide besides a session: the one boundary between them and everything else.

Rules and pipelines see frames only; how each engine starts: `spark`, `sail`.
"""

from __future__ import annotations

import contextlib
import gc
import json
import re
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pyspark import StorageLevel
from pyspark.errors import PySparkException
from pyspark.logger import PySparkLogger
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from zorgstat.io import delta_rs

# pyspark tells of a failed query at length, with its plan and the values in its message.
for talkative in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
    PySparkLogger.getLogger(talkative).disabled = True

# Whether each column knows the line of Python that made it: half of all calls to Java are for that.
DEBUGGING = "spark.python.sql.dataFrameDebugging.enabled"
TWICE = StorageLevel.MEMORY_AND_DISK_2

OF_A_STAGE = {
    "rows_read": "inputRecords",
    "bytes_read": "inputBytes",
    "rows_written": "outputRecords",
    "bytes_written": "outputBytes",
    "shuffle_bytes": "shuffleWriteBytes",
    "spill_bytes": "diskBytesSpilled",
    "tasks": "numCompleteTasks",
}


@dataclass(frozen=True)
class Work:
    """What an engine did so far. None where it does not tell."""

    rows_read: int | None = None
    bytes_read: int | None = None
    rows_written: int | None = None
    bytes_written: int | None = None
    shuffle_bytes: int | None = None
    spill_bytes: int | None = None
    tasks: int | None = None

    def since(self, earlier: Work) -> Work:
        now, then = asdict(self), asdict(earlier)
        return Work(**{name: None if now[name] is None else now[name] - (then[name] or 0) for name in now})


@dataclass
class Engine:
    """A session, and what an engine must provide besides."""

    name: str
    spark: SparkSession
    log: Path | None = None
    helper: int | None = None  # the process that writes for this one: Java
    # inputs found to be as declared -> rows by table
    checked: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    _told_stage: int = -1
    _totals: dict[str, int] = field(default_factory=dict)
    _counting: threading.Lock = field(default_factory=threading.Lock)

    @property
    def version(self) -> str:
        return str(self.spark.version)

    def keep(self, frame: DataFrame) -> DataFrame:
        """Computes a frame that is read more than once, and holds on to it for as long as it is used.

        A checkpoint and not a cache: what follows is planned from its rows, where the plan of a cached frame would come
        along wherever it is read, and planning take longer than the work. Executors can be lost, so there each row is
        held twice.
        """
        return frame.localCheckpoint(True, StorageLevel.MEMORY_AND_DISK if self._is_alone else TWICE)

    @property
    def _is_alone(self) -> bool:
        """In one process, with nobody to hold a second copy."""
        return is_alone(self.spark.conf.get("spark.master", "") or "")

    def release(self) -> None:
        """Lets go of what is kept: Java does, when nothing refers to it any more."""
        gc.collect()

    def check_root(self, root: str) -> None:
        """Raises SettingsError for a folder that this engine cannot work in."""

    def read(self, path: str, version: int) -> DataFrame:
        """A version of a Delta table. By its files where that is the same: of each table that Spark reads by its log it
        first makes a table of files, in queries of their own that take longer than most tables (docs/performance.md).
        """
        files = delta_rs.plain_files(path, version)
        if files is None:
            return self._read_log(path, version)
        return self.spark.read.schema(StructType.fromJson(dict(files.schema))).parquet(*files.paths)

    def _read_log(self, path: str, version: int) -> DataFrame:
        return self.spark.read.format("delta").option("versionAsOf", version).load(path)

    def tasks(self) -> tuple[int, int]:
        """Tasks done and tasks in all, of what runs now."""
        tracker = self.spark.sparkContext.statusTracker()
        stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
        known = [stage for stage in stages if stage]
        return sum(stage.numCompletedTasks for stage in known), sum(stage.numTasks for stage in known)

    def work(self) -> Work:
        """Of all stages that Spark still knows; nothing where there is no Java to ask (Spark Connect)."""
        try:
            context = self.spark.sparkContext
            gateway, java = context._gateway, context._jvm
            no_quantiles = gateway.new_array(java.double, 0)  # type: ignore[union-attr]
            stages = (
                context._jsc.sc()
                .statusStore()
                .stageList(
                    None,
                    False,
                    False,
                    no_quantiles,
                    java.java.util.ArrayList(),  # type: ignore[union-attr]
                )
            )
            newest = stages.head().stageId() if stages.nonEmpty() else self._told_stage
            fresh = stages.take(newest - self._told_stage)  # the latest come first; a long session has thousands
            # Spark's own words for its REST interface: one call instead of one per figure
            mapper = java.org.apache.spark.status.api.v1.JacksonMessageWriter().mapper()  # type: ignore[union-attr]
            told = [
                stage for stage in json.loads(mapper.writeValueAsString(fresh)) if stage["stageId"] > self._told_stage
            ]
        except Exception:  # figures for an operator are not worth a run
            return Work()
        for name, key in OF_A_STAGE.items():
            self._totals[name] = self._totals.get(name, 0) + sum(stage[key] for stage in told)
        self._told_stage = newest
        return Work(**self._totals)

    def count_written(self, rows: int, written_bytes: int) -> None:
        """What was written without the engine, by threads of this process, counts as its work too."""
        with self._counting:
            for name, number in (("rows_written", rows), ("bytes_written", written_bytes)):
                self._totals[name] = self._totals.get(name, 0) + number

    def stop(self) -> None:
        self.spark.stop()


def is_alone(master: str) -> bool:
    """Does Spark work in one process?"""
    return master == "local" or master.startswith("local[")


def name_of(error: Exception) -> str:
    """What kind of error it is, without its text, which may quote a record: Spark's condition, or classes of Java."""
    with contextlib.suppress(Exception):  # Java may be gone
        if isinstance(error, PySparkException):
            return error.getCondition() or type(error).__name__
        stated = re.search(r"Exception: \[([A-Z][A-Z0-9_.]+)\]", str(error))
        if stated:
            return stated[1]
        names: list[str] = []
        cause = getattr(error, "java_exception", None)
        while cause is not None and len(names) < 5:
            names.append(cause.getClass().getSimpleName())
            cause = cause.getCause()
        return " < ".join(names) or type(error).__name__
    return type(error).__name__


def is_unreadable_file(error: Exception) -> bool:
    """Is it a data file that is damaged or gone? Sail has no conditions, so there its words must tell."""
    return name_of(error).startswith(("FAILED_READ_FILE", "DELTA_")) or any(
        words in str(error) for words in ("Parquet", "Cast error")
    )
