"""Spark, the reference engine: in this process, under spark-submit, or as a session that is there already."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

import pyspark
from pyspark import StorageLevel
from pyspark.errors import PySparkRuntimeError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from zorgstat.conf import changed, setting
from zorgstat.errors import EngineError, LockedError, SettingsError
from zorgstat.io import comet, delta_rs
from zorgstat.io.engine import DEBUGGING, Engine, Work, is_out_of_reach
from zorgstat.io.folders import log_file, quiet, work_folder
from zorgstat.io.size import Size
from zorgstat.text import as_value

TWICE = StorageLevel.MEMORY_AND_DISK_2
IN_USE = threading.RLock()  # the session of this process; what a thread begins within its own run is part of that
CONNECT_PORT = 15002  # where a server of Spark Connect listens, unless told otherwise
DELTA_PACKAGE = f"io.delta:delta-spark_{'.'.join(pyspark.__version__.split('.')[:2])}_2.13:4.4.0"

# A checkpoint (`Engine.keep`) passes on what Spark knows of columns that it does not have, and at a union Spark 4.2
# then fails ("key not found"). Without that knowledge plans are the same here, but for filters of nulls.
SOUND = {"spark.sql.constraintPropagation.enabled": "false"}

# Needed in every session, be it somebody's notebook.
ALWAYS = {
    "spark.sql.session.timeZone": "UTC",
    # A CHAR column is the text that was delivered: padded, a postcode would be foreign and a bsn invalid.
    "spark.sql.readSideCharPadding": "false",
    # Spark's own default, INT96, has no time zone for DuckDB.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    **SOUND,
}

# Where a Spark starts; Delta's own instructions.
AT_START = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    **ALWAYS,
}


# Of little data code takes longer to write and to compile than it saves (docs/performance.md). For Spark the second of
# these is a setting of its own tests, which so look at every expression in both ways.
INTERPRETED = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}


def local_settings(size: Size) -> dict[str, str]:
    """For Spark in this process: what depends on the machine follows from it, and nothing is said on the screen."""
    cores = os.cpu_count() or 2
    # A national year in partitions that fit, small ones joined by Spark itself. Little data is over before a second
    # plan is made after every stage.
    partitions, adaptive = (max(16, 4 * cores), "true") if size is Size.NATIONAL else (cores, "false")
    return {
        "spark.api.mode": "classic",  # also where SPARK_API_MODE in the environment says connect
        "spark.master": "local[*]",
        "spark.driver.memory": "4g",
        "spark.sql.shuffle.partitions": str(partitions),
        "spark.sql.adaptive.enabled": adaptive,
        # Small partitions: a count by hash that fits the cache of a processor, and never spills.
        "spark.sql.adaptive.advisoryPartitionSizeInBytes": "16m",
        # Claims take some 14 bytes each: by Spark's default, 128 MB, a national year would be four tasks.
        "spark.sql.files.maxPartitionBytes": "32m",
        # A side of a join that is small in every partition is looked up, not sorted.
        "spark.sql.adaptive.maxShuffledHashJoinLocalMapThreshold": "64m",
        # What is sorted, counted or looked up by hash takes memory by the page, a list of some rows too. With pages of
        # 64 MB, Spark's choice for two cores, a run of 1,000 claims came to 1 GB. A task has room for 8,192 pages.
        "spark.buffer.pageSize": "1m",
        # Delta's own bookkeeping: 50 tasks for the log of a table of 17 rows cost more than the rows.
        "spark.databricks.delta.snapshotPartitions": "2",
        # Files on this machine are looked up at once, without a job of Spark's.
        "spark.sql.sources.parallelPartitionDiscovery.threshold": str(delta_rs.MOST_FILES),
        # What Spark shuffles and spills goes to disk under a key that is in memory only: the log of a Delta table that
        # was delivered may hold the lowest and highest bsn of its files, and Spark shuffles that too.
        "spark.io.encryption.enabled": "true",
        DEBUGGING: "false",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "localhost",
        **(INTERPRETED if size is Size.DEMO else {}),
    }


# The parallel collector: the default one keeps books on every write, for short pauses that nobody here waits for.
# Less code in each method that is compiled well: much of Spark's runs for seconds only, and compiling it took a third
# of a run (docs/performance.md).
# Fewer rounds over loops: a stage that Spark generates is one long loop, which took 9 seconds to be compiled well, and
# rows go three times slower until then. They are options of Java 17 and 21; a Java without them passes them over.
JAVA = (
    "-XX:+UseParallelGC -XX:FreqInlineSize=100 -XX:InlineSmallCode=1000 "
    "-XX:+IgnoreUnrecognizedVMOptions -XX:-SplitIfBlocks -XX:-PartialPeelLoop -XX:-UseLoopPredicate"
)
# The code cache that goes with quick compilation is too small for the code that Spark generates.
LIGHT_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=256m"


OF_A_STAGE = {
    "rows_read": "inputRecords",
    "bytes_read": "inputBytes",
    "rows_written": "outputRecords",
    "bytes_written": "outputBytes",
    "shuffle_bytes": "shuffleWriteBytes",
    "spill_bytes": "diskBytesSpilled",
    "tasks": "numCompleteTasks",
}


@dataclass
class SparkEngine(Engine):
    """Spark, be it in this process, on a cluster or a session of Databricks."""

    _told_stage: int = -1
    _totals: dict[str, int] = field(default_factory=dict)
    _counting: threading.Lock = field(default_factory=threading.Lock)
    _kept: list[DataFrame] = field(default_factory=list)  # by Comet

    @property
    def version(self) -> str:
        return super().version + (" with Comet" if comet.is_used(self.spark) else "")

    def keep(self, frame: DataFrame) -> DataFrame:
        """A checkpoint and not a cache: what follows is planned from its rows, where the plan of a cached frame would
        come along wherever it is read, and planning take longer than the work. Executors can be lost, so there each row
        is held twice. With Comet it is a cache all the same (`comet.keep`).
        """
        if not _is_remote(self.spark) and comet.keeps_columns(self.spark):
            self._kept.append(frame)
            return comet.keep(frame)
        in_this_process = is_alone(setting(self.spark, "spark.master") or "")
        return frame.localCheckpoint(True, StorageLevel.MEMORY_AND_DISK if in_this_process else TWICE)

    def release(self) -> None:
        """Of a checkpoint Java does, when nothing refers to it any more."""
        while self._kept:
            self._kept.pop().unpersist()
        gc.collect()

    def read(self, path: str, version: int) -> DataFrame:
        """By its files where that is the same: of each table that Spark reads by its log it first makes a table of
        files, in queries of their own that take longer than most tables (docs/performance.md).
        """
        files = delta_rs.plain_files(path, version)
        if files is None:
            return super().read(path, version)
        return self.spark.read.schema(StructType.fromJson(dict(files.schema))).parquet(*files.paths)

    def tasks(self) -> tuple[int, int]:
        tracker = self.spark.sparkContext.statusTracker()
        stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
        known = [stage for stage in stages if stage]
        return sum(stage.numCompletedTasks for stage in known), sum(stage.numTasks for stage in known)

    def work(self) -> Work:
        """Of all stages that Spark still knows; nothing where there is no Java to ask (Spark Connect)."""
        try:
            context = self.spark.sparkContext
            no_quantiles = context._gateway.new_array(context._jvm.double, 0)  # type: ignore[union-attr]
            no_states = context._jvm.java.util.ArrayList()  # type: ignore[union-attr]
            stages = context._jsc.sc().statusStore().stageList(None, False, False, no_quantiles, no_states)
            figures, newest = dict.fromkeys(OF_A_STAGE, 0), self._told_stage
            for place in range(stages.size()):  # the latest come first
                stage = stages.apply(place)
                if stage.stageId() <= self._told_stage:
                    break
                newest = max(newest, stage.stageId())
                for name, figure in OF_A_STAGE.items():
                    figures[name] += getattr(stage, figure)()
        except Exception:  # figures for an operator are not worth a run
            return Work()
        self._told_stage = newest
        self._add(**figures)
        return Work(**self._totals)

    def count_written(self, rows: int, written_bytes: int) -> None:
        self._add(rows_written=rows, bytes_written=written_bytes)

    def _add(self, **figures: int) -> None:
        with self._counting:
            for name, number in figures.items():
                self._totals[name] = self._totals.get(name, 0) + number


def is_alone(master: str) -> bool:
    """Does Spark work in one process?"""
    return master == "local" or master.startswith("local[")


@contextlib.contextmanager
def start(conf: Mapping[str, str], size: Size) -> Iterator[Engine]:
    """A session of its own, or the one that is there already (Databricks, a notebook), which is left running."""
    with _alone():
        existing = _existing()
        if existing is not None:
            with changed(existing, ALWAYS), _not_waited_for_twice(existing), _told_of_ctrl_c(existing):
                yield SparkEngine("spark", existing)
            return
        running = _started(conf, size)
        try:
            with _not_waited_for_twice(running.spark), _told_of_ctrl_c(running.spark):
                yield running
        finally:
            running.spark.stop()


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One run at a time: the first that ends stops the session, or puts back settings on which figures depend."""
    if not IN_USE.acquire(blocking=False):
        raise LockedError("another run of this notebook or job has the session. Wait until it is done, or stop it.")
    try:
        yield
    finally:
        IN_USE.release()


@contextlib.contextmanager
def _not_waited_for_twice(spark: SparkSession) -> Iterator[None]:
    """From a server that did not answer for ten minutes nothing more is expected: to let go of each frame that is kept
    there, and of the session, would take as long again.
    """
    try:
        yield
    except Exception as error:
        if is_out_of_reach(error):
            spark.client.set_retry_policies([])
        raise


def _existing() -> SparkSession | None:
    """Of another thread too: whoever builds a session is given that one, and would stop it at the end."""
    try:
        found = SparkSession.active()
    except PySparkRuntimeError:  # there is none
        return None
    was_stopped = not _is_remote(found) and found.sparkContext._jsc is None  # by its context: it is still called active
    return None if was_stopped else found


def _is_remote(spark: SparkSession) -> bool:
    """Does it belong to a server of Spark Connect? Then there is no Java here."""
    return not hasattr(spark, "_jvm")


@contextlib.contextmanager
def _told_of_ctrl_c(spark: SparkSession) -> Iterator[None]:
    """Java in this process hears of Ctrl-C itself. A server does not, and what waits for it would wait on."""
    if not _is_remote(spark) or threading.current_thread() is not threading.main_thread():
        yield
        return

    def tell(number: int, frame: FrameType | None) -> None:
        # In another thread: this one may hold a lock of gRPC.
        threading.Thread(target=spark.interruptAll, daemon=True).start()
        signal.default_int_handler(number, frame)

    before = signal.signal(signal.SIGINT, tell)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _started(conf: Mapping[str, str], size: Size) -> SparkEngine:
    if "PYSPARK_GATEWAY_PORT" in os.environ:
        return _submitted(conf)
    return _connected(conf) if "SPARK_REMOTE" in os.environ else _local(conf, size)


def _submitted(conf: Mapping[str, str]) -> SparkEngine:
    """Under spark-submit: master, memory and jars are its business."""
    return SparkEngine("spark", _build({**AT_START, **conf}), helper=os.getppid())


def _connected(conf: Mapping[str, str]) -> SparkEngine:
    """Of the server of Spark Connect in SPARK_REMOTE: Delta, memory and jars are its business."""
    _tell_of_waiting(os.environ["SPARK_REMOTE"])
    try:
        return SparkEngine("spark", _build({**ALWAYS, **conf}))
    except ImportError:
        install = f"pip install 'pyspark[connect]=={pyspark.__version__}'"
        raise EngineError(f"Spark Connect is not installed: {install}.") from None


def _tell_of_waiting(address: str) -> None:
    """Where no server is, its client asks for ten minutes, without a word.

    Raises SettingsError for what is no address.
    """
    without_token = address.partition(";")[0]
    try:
        parts = urlsplit(without_token)
        host, port = parts.hostname, parts.port or CONNECT_PORT
    except ValueError:
        host, port = None, 0
    if not without_token.startswith("sc://") or not host:
        named = as_value(without_token)
        raise SettingsError(f"SPARK_REMOTE is {named}; use an address such as sc://host:{CONNECT_PORT}.")
    try:
        socket.create_connection((host, port), timeout=5).close()
    except OSError:
        told = f"zorgstat: waiting for {host}:{port} (SPARK_REMOTE), for ten minutes at most"
        print(told, file=sys.stderr, flush=True)


def _local(conf: Mapping[str, str], size: Size) -> SparkEngine:
    log, work = log_file(), work_folder()
    log4j = resources.files("zorgstat").joinpath("io/log4j2.properties")
    by_columns = size is Size.NATIONAL and comet.is_there(jars())
    java = comet.JAVA if by_columns else JAVA if size is Size.NATIONAL else LIGHT_JAVA
    asked = conf.get("spark.driver.extraJavaOptions", java)
    archive = f"-XX:SharedArchiveFile={class_archive()} -Xlog:disable" if class_archive().exists() else ""
    own = f"-Dlog4j2.configurationFile={log4j} -Dzorgstat.log={log} -Djava.io.tmpdir={work} {archive}"
    settings = {
        **AT_START,
        **local_settings(size),
        **(comet.local_settings() if by_columns else {}),
        "spark.local.dir": str(work),
        **conf,
        **delta_jars(conf),
        "spark.driver.extraJavaOptions": f"{own} {asked}",
    }
    try:
        with quiet(log):
            logging.basicConfig(filename=log)  # Py4J tells of an interrupted call at length
            spark = _build(settings)
            spark.sparkContext._accumulatorServer.handle_error = _tell_log  # type: ignore[assignment,method-assign]
            if threading.current_thread() is threading.main_thread():
                # PySpark's own handler first asks Java to cancel. A Java that heard of Ctrl-C itself may be gone, and
                # that error would take the place of KeyboardInterrupt.
                signal.signal(signal.SIGINT, signal.default_int_handler)
            return SparkEngine("spark", spark, log, helper=spark.sparkContext._gateway.proc.pid)  # type: ignore[union-attr]
    except Exception as error:  # whatever keeps Java from starting
        raise EngineError(
            f"Spark did not start ({type(error).__name__}). Is Java 17 or 21 installed? See {log}."
        ) from None


def _tell_log(*_: object) -> None:
    """Java may end, by Ctrl-C, while it tells this process of its work: otherwise that is a traceback on the screen."""
    logging.warning("What Java was telling broke off.", exc_info=True)


def delta_jars(conf: Mapping[str, str]) -> dict[str, str]:
    """Delta for a Spark that starts here. On the path of Java's own classes, as the archive of classes wants it.

    And sent to executors where there are any: they may be on other machines.
    """
    found = [str(jar) for jar in jars()]
    if not found:
        return {"spark.jars.packages": DELTA_PACKAGE}
    path = "spark.driver.extraClassPath"
    delta = {path: os.pathsep.join([*found, *filter(None, [conf.get(path)])])}
    if not is_alone(conf.get("spark.master", "local")):
        delta["spark.jars"] = ",".join([*found, *filter(None, [conf.get("spark.jars")])])
    return delta


def _build(settings: Mapping[str, str]) -> SparkSession:
    builder = SparkSession.builder.appName("zorgstat")
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def class_archive() -> Path:
    """Classes as Java has them in memory, which `make setup` keeps; without it, or of another Java, they are loaded one
    by one.
    """
    return jar_folder().parent / "classes.jsa"


def jars() -> list[Path]:
    """Those of Delta, and of Comet where this Spark has it."""
    return sorted(jar_folder().glob("*.jar"))


def jar_folder() -> Path:
    """Where `make setup` put them; without them Spark fetches those of Delta itself, at every start."""
    return Path(os.environ.get("ZORGSTAT_JARS") or Path(sys.prefix) / "share" / "zorgstat" / "jars")
