"""The engines, Spark and Sail: the one place that builds a session and knows which engine it is.

What differs between engines and is needed above them stands in `Engine`; rules and pipelines see frames only.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import logging
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib import metadata, resources
from pathlib import Path
from types import FrameType
from typing import cast

from pyspark import StorageLevel
from pyspark.errors import PySparkException
from pyspark.logger import PySparkLogger
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from zorgstat.errors import EngineError, SettingsError
from zorgstat.io import delta_rs
from zorgstat.io.locks import is_running
from zorgstat.io.paths import local_path
from zorgstat.partitions import PARTITIONS

# pyspark tells of a failed query at length, with its plan and the values in its message.
for talkative in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
    PySparkLogger.getLogger(talkative).disabled = True

DELTA_PACKAGE = "io.delta:delta-spark_4.2_2.13:4.4.0"
ENGINES = ("spark", "sail")

DEBUGGING = "spark.python.sql.dataFrameDebugging.enabled"
TWICE = StorageLevel.MEMORY_AND_DISK_2

# A checkpoint (`Engine.keep`) passes on what Spark knows of columns that it does not have, and at a union Spark 4.2
# then fails ("key not found"). Without that knowledge plans are the same here, but for filters of nulls.
SOUND = {"spark.sql.constraintPropagation.enabled": "false"}

# Needed on every kind of Spark; the first two are Delta's own instructions.
ALWAYS = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.session.timeZone": "UTC",
    # A CHAR column is the text that was delivered: padded, a postcode would be foreign and a bsn invalid.
    "spark.sql.readSideCharPadding": "false",
    # Spark's own default, INT96, has no time zone for DuckDB.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    **SOUND,
}


def local_settings(light: bool) -> dict[str, str]:
    """For Spark in this process: what depends on the machine follows from it, and nothing is said on the screen."""
    cores = os.cpu_count() or 2
    # A national year in partitions that fit, small ones joined by Spark itself. Little data is over before a second
    # plan is made after every stage.
    partitions, adaptive = (cores, "false") if light else (max(16, 4 * cores), "true")
    return {
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
        # Where each column was written in Python: six calls to Java more for every call of a column.
        DEBUGGING: "false",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "localhost",
    }


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


class SailEngine(Engine):
    """Sail holds no frames in memory: one that is read more than once goes to a folder that ends with the session."""

    _folder: str = ""
    _kept: int = 0

    @property
    def version(self) -> str:
        return metadata.version("pysail")

    def keep(self, frame: DataFrame) -> DataFrame:
        self._folder = self._folder or tempfile.mkdtemp(prefix="sail-", dir=_work_folder())
        self._kept += 1
        path = f"{self._folder}/{self._kept}"
        frame.write.option("compression", "lz4_raw").parquet(path)
        return self.spark.read.schema(frame.schema).parquet(path)  # no rows, no file to tell the columns

    def release(self) -> None:
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = ""

    def check_root(self, root: str) -> None:
        """Sail takes a path for an address: it would write `o%20p` for `o p`, beside the folder that was asked for."""
        folder = local_path(root)
        if folder is not None and not re.fullmatch(r"[A-Za-z0-9_./+=,;&'-]+", str(folder)):
            raise SettingsError(
                f"the engine sail cannot work in {root}: use a folder with nothing but plain letters, digits and - _ . "
                "in its name and above it, or --engine spark."
            )

    def read(self, path: str, version: int) -> DataFrame:
        return self._read_log(path, version)

    def tasks(self) -> tuple[int, int]:
        return 0, 0

    def work(self) -> Work:
        return Work()


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


SAIL = {
    "RUST_LOG": "error",  # a warning for every broadcast hint otherwise
    # Memory that a query is done with is kept for the next one: given back, it would be asked for again at once.
    "MIMALLOC_PURGE_DELAY": "-1",
    # Two parts for each core: what each counts by hash is half as large.
    "SAIL_EXECUTION__DEFAULT_PARALLELISM": str(2 * (os.cpu_count() or 2)),
}


def class_archive() -> Path:
    """Classes as Java has them in memory, which `make setup` keeps; without it, or of another Java, they are loaded one
    by one.
    """
    return jar_folder().parent / "classes.jsa"


@contextlib.contextmanager
def start(engine: str = "spark", conf: Mapping[str, str] | None = None, light: bool = False) -> Iterator[Engine]:
    """A running engine. Where a session exists already (Databricks, a notebook), that one is used and left running.

    `light` is for little data: Java then compiles quickly instead of well, which halves the time of a small run and
    would more than double that of a national year.
    """
    if engine not in ENGINES:
        raise SettingsError(f"engine is {engine}; use {' or '.join(ENGINES)}.")
    if engine == "sail":
        with _sail() as running:
            yield running
        return
    existing = SparkSession.getActiveSession()
    if existing is not None:
        before = {key: existing.conf.get(key) or "" for key in SOUND}
        for key, value in SOUND.items():
            existing.conf.set(key, value)
        try:
            yield Engine("spark", existing)
        finally:
            for key, value in before.items():
                existing.conf.set(key, value)
        return
    running = _submitted(conf or {}) if "PYSPARK_GATEWAY_PORT" in os.environ else _local(conf or {}, light)
    try:
        yield running
    finally:
        running.stop()


def _submitted(conf: Mapping[str, str]) -> Engine:
    """Under spark-submit: master, memory and jars are its business."""
    return Engine("spark", _build({**ALWAYS, **conf}), helper=os.getppid())


def _local(conf: Mapping[str, str], light: bool) -> Engine:
    log, work = _log_file(), _work_folder()
    log4j = resources.files("zorgstat").joinpath("io/log4j2.properties")
    asked = conf.get("spark.driver.extraJavaOptions", LIGHT_JAVA if light else JAVA)
    archive = f"-XX:SharedArchiveFile={class_archive()} -Xlog:disable" if class_archive().exists() else ""
    own = f"-Dlog4j2.configurationFile={log4j} -Dzorgstat.log={log} -Djava.io.tmpdir={work} {archive}"
    settings = {
        **ALWAYS,
        **local_settings(light),
        "spark.local.dir": str(work),
        **conf,
        **delta_jars(conf),
        "spark.driver.extraJavaOptions": f"{own} {asked}",
    }
    try:
        with _quiet(log):
            logging.basicConfig(filename=log)  # Py4J tells of an interrupted call at length
            spark = _build(settings)
            spark.sparkContext._accumulatorServer.handle_error = _tell_log  # type: ignore[assignment,method-assign]
            return Engine("spark", spark, log, helper=spark.sparkContext._gateway.proc.pid)  # type: ignore[union-attr]
    except Exception as error:  # whatever keeps Java from starting
        raise EngineError(
            f"Spark did not start ({type(error).__name__}). Is Java 17 or 21 installed? See {log}."
        ) from None


def _tell_log(*_: object) -> None:
    """Java may end, by Ctrl-C, while it tells this process of its work: otherwise that is a traceback on the screen."""
    logging.warning("What Java was telling broke off.", exc_info=True)


def is_alone(master: str) -> bool:
    """Does Spark work in one process?"""
    return master == "local" or master.startswith("local[")


def delta_jars(conf: Mapping[str, str]) -> dict[str, str]:
    """Delta for a Spark that starts here. On the path of Java's own classes, as the archive of classes wants it.

    And sent to executors where there are any: they may be on other machines.
    """
    jars = [str(jar) for jar in sorted(jar_folder().glob("*.jar"))]
    if not jars:
        return {"spark.jars.packages": DELTA_PACKAGE}
    path = "spark.driver.extraClassPath"
    delta = {path: os.pathsep.join([*jars, *filter(None, [conf.get(path)])])}
    if not is_alone(conf.get("spark.master", "local")):
        delta["spark.jars"] = ",".join([*jars, *filter(None, [conf.get("spark.jars")])])
    return delta


def _build(settings: Mapping[str, str]) -> SparkSession:
    builder = SparkSession.builder.appName("zorgstat")
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def _connect(port: int) -> SparkSession:
    """A session of a server on this machine, whose answers come as they are: by default Sail packs them with gzip, and
    700,000 rows take five times as long.
    """
    from pyspark.sql.connect.client import DefaultChannelBuilder
    from pyspark.sql.connect.session import SparkSession as ConnectSession

    os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"  # what `SparkSession.builder.remote` does besides
    channel = DefaultChannelBuilder(f"sc://127.0.0.1:{port}", [("grpc.compression_enabled_algorithms_bitset", 1)])
    return cast(SparkSession, ConnectSession.builder.channelBuilder(channel).create())


@contextlib.contextmanager
def _sail() -> Iterator[Engine]:
    for name, value in SAIL.items():  # read when the library is loaded
        os.environ.setdefault(name, value)
    try:
        from pysail.spark import SparkConnectServer  # type: ignore[import-untyped]
    except ImportError:
        raise EngineError("The engine sail is not installed: pip install 'zorgstat[sail]'.") from None
    log = _log_file()
    warnings.filterwarnings("ignore", "WARN WindowExpression")  # as Spark's own, which go to its log
    with _quiet(log):
        server = SparkConnectServer("127.0.0.1", 0)
        server.start(background=True)
        address = server.listening_address
        session = _connect(address[1])
        session.client.set_retry_policies([])  # Ctrl-C stops the server too: no answer will come
        session.conf.set("spark.sql.session.timeZone", "UTC")
        # Where each column was written in Python: pyspark looks for IPython to know, anew for every one.
        session.conf.set(DEBUGGING, "false")
        session.conf.set(PARTITIONS, str(8 * (os.cpu_count() or 2)))
    running = SailEngine("sail", session, log)
    try:
        yield running
    finally:
        running.release()
        session.stop()
        server.stop()


@contextlib.contextmanager
def told_of_ctrl_c() -> Iterator[None]:
    """Ctrl-C ends Sail too, and its client may tell that as an error of the connection and forget about Ctrl-C."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is not signal.default_int_handler:
        yield
        return
    pressed = threading.Event()

    def press(number: int, frame: FrameType | None) -> None:
        pressed.set()
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, press)
    try:
        yield
    except PySparkException as error:
        if type(error).__name__ == "SparkConnectGrpcException" and pressed.wait(0.5):
            raise KeyboardInterrupt from None
        raise
    finally:
        signal.signal(signal.SIGINT, before)


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


def jar_folder() -> Path:
    """Where `make setup` put Delta's five jars; without them Spark fetches them itself, at every start."""
    return Path(os.environ.get("ZORGSTAT_JARS") or Path(sys.prefix) / "share" / "zorgstat" / "jars")


def own_folder() -> Path:
    """What belongs to this user alone: logs, and what an engine has on disk while it works."""
    folder = Path(tempfile.gettempdir()) / f"zorgstat-{os.getuid() if hasattr(os, 'getuid') else 'logs'}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _log_file() -> Path:
    return own_folder() / f"spark-{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}.log"


def _work_folder() -> Path:
    """Goes with the process; of a process that was killed, with the next one that starts."""
    here = f"work-{socket.gethostname()}-"
    for left in own_folder().glob(f"{here}*"):
        if not is_running(int(left.name.removeprefix(here))):
            shutil.rmtree(left, ignore_errors=True)
    folder = own_folder() / f"{here}{os.getpid()}"
    if not folder.exists():
        folder.mkdir(mode=0o700)
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@contextlib.contextmanager
def _quiet(log: Path) -> Iterator[None]:
    """What a process started here writes to the screen goes to the log: Java keeps the standard error of its birth."""
    sys.stderr.flush()
    screen = os.dup(2)
    with log.open("a") as file:
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(screen, 2)
        os.close(screen)
